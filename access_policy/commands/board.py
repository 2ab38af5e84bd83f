"""The request on the organisation's side: assessed, decided, licensed, made available, ended (S19-S26, S94, S100)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Instant, Line, Name, OfRequest, Outcome, Refusal, RefusalCode, Text
from access_policy.model.enums import Party
from access_policy.model.ids import LicenceName, PersonId
from access_policy.model.instants import days
from access_policy.state import Request, State


class AssessRequest(OfRequest, frozen=True, kw_only=True):
    """Record the scientific assessment."""

    assessment: Text


class ApproveRequest(OfRequest, frozen=True, kw_only=True):
    """Approve for a term, with the two findings. `digest` is the hash of the form that you read, where you give it."""

    improves_treatment: bool
    public_interest: bool
    reason: Text
    licence: Name
    begins: Instant
    ends: Instant
    digest: Line | None = None


class RefuseRequest(OfRequest, frozen=True, kw_only=True):
    """Refuse, with the board's reasons."""

    reason: Text


class SignLicence(OfRequest, frozen=True, kw_only=True):
    """Sign the licence for the party that you stand for."""

    party: Party


class MakeAvailable(OfRequest, frozen=True, kw_only=True):
    """Make the data available to the download contacts."""


class EndRequest(OfRequest, frozen=True, kw_only=True):
    """End an approved request at once: no grant follows from it any more, and its workspaces end."""

    reason: Text


def assess_request(state: State, c: AssessRequest, actor: Actor, at: datetime) -> Outcome:
    """S19."""
    return (e.RequestAssessed(request=c.request, assessment=c.assessment),)


def approve_request(state: State, c: ApproveRequest, actor: Actor, at: datetime) -> Outcome:
    """S1, S2, S20, S22, S39: independent, with both findings, for a bounded term (REQ-04, REQ-11)."""
    request = state.requests[c.request]
    problem = _tie(state, request, actor) or _findings(c) or _term(state, c, at)
    if problem is not None:
        return problem
    if c.digest is not None and c.digest != request.digest:
        return Refusal(RefusalCode.CHANGED_MEANWHILE, "the form is not the one that you read; read it again")
    if LicenceName(c.licence) not in state.licences:
        return Refusal(RefusalCode.NOT_FOUND, f"no licence is named `{c.licence}`")
    return (
        e.RequestApproved(
            request=c.request, improves_treatment=True, public_interest=True, reason=c.reason,
            licence=LicenceName(c.licence), begins=c.begins, ends=c.ends,
        ),
    )  # fmt: skip


def _tie(state: State, request: Request, actor: Actor) -> Refusal | None:
    member = state.people[actor.person] if actor.person is not None else None
    if member is None or member.institution == request.institution or member.person in request.contacts:
        return Refusal(RefusalCode.FOUR_EYES, "a board member with a tie to the applicant's organisation cannot decide")
    return None


def _findings(c: ApproveRequest) -> Refusal | None:
    if c.improves_treatment and c.public_interest:
        return None
    return Refusal(
        RefusalCode.NOT_COMPLETE, "an approval needs both findings: better treatment of cancer, and public interest"
    )


def _term(state: State, c: ApproveRequest, at: datetime) -> Refusal | None:
    longest = state.settings.term_days_longest
    if c.begins < c.ends <= c.begins + days(longest) and c.ends > at and c.begins >= at - days(1):
        return None
    return Refusal(
        RefusalCode.NOT_ALLOWED_VALUE,
        f"the term begins now or later, ends after it begins, and is {longest} days at most",
    )


def refuse_request(state: State, c: RefuseRequest, actor: Actor, at: datetime) -> Outcome:
    """S20, S22."""
    problem = _tie(state, state.requests[c.request], actor)
    return problem or (e.RequestRefused(request=c.request, reason=c.reason),)


def sign_licence(state: State, c: SignLicence, actor: Actor, at: datetime) -> Outcome:
    """S23, S26: three parties, three distinct people; the licence in force is the one that was approved (S25)."""
    request = state.requests[c.request]
    if actor.person is None or c.party not in parties_of(state, request, actor.person, at):
        return Refusal(RefusalCode.NOT_PERMITTED, f"you do not stand for the {c.party} of `{c.request}`")
    if c.party in request.signatures:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"the {c.party} has signed already")
    if any(signature.person == actor.person for signature in request.signatures.values()):
        return Refusal(RefusalCode.FOUR_EYES, "you signed for another party; the three parties are three people")
    if request.licence is None:
        return Refusal(RefusalCode.WRONG_STATE, "no licence is chosen yet")
    return (e.LicenceSigned(request=c.request, party=c.party, person=actor.person, licence=request.licence),)


def parties_of(state: State, request: Request, person: PersonId, at: datetime) -> frozenset[Party]:
    """Return the parties that a person stands for at `at`: applicant, the institution's signatory, representative."""
    roles = [(one.role, one.scope) for one in state.people[person].appointments if one.holds(at)]
    parties = {
        Party.RESEARCHER: person == request.applicant,
        Party.LICENSEE: ("signatory", request.institution) in roles,
        Party.REPRESENTATIVE: any(role == "representative" for role, _ in roles),
    }
    return frozenset(party for party, stands in parties.items() if stands)


def make_available(state: State, c: MakeAvailable, actor: Actor, at: datetime) -> Outcome:
    """S100: after all parties have signed, while a dataset is offered."""
    request = state.requests[c.request]
    if not any(name in state.datasets and state.datasets[name].open for name in request.datasets):
        return Refusal(RefusalCode.WRONG_STATE, f"no dataset of `{c.request}` is offered now")
    return (e.RequestMadeAvailable(request=c.request),)


def end_request(state: State, c: EndRequest, actor: Actor, at: datetime) -> Outcome:
    """S94: the centre, or the licensee, ends it at once."""
    return (e.RequestEnded(request=c.request, reason=c.reason),)
