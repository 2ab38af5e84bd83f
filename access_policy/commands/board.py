"""The Data Access Board: ties declared, votes given, a request approved or refused (S20, S22)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.amendments import amendment_for
from access_policy.commands.base import Digest, Instant, Line, Name, OfRequest, Outcome, Refusal, RefusalCode, Text
from access_policy.commands.completeness import organisations
from access_policy.commands.conditions import another_form, applicant_gone, grounds_missing
from access_policy.commands.criteria import findings_missing
from access_policy.commands.data import not_offered
from access_policy.commands.extensions import extension_for
from access_policy.commands.independence import assessed_it, has_tie, tie
from access_policy.commands.quorum import Votes, against, quorum_missing
from access_policy.commands.review import for_the_board
from access_policy.commands.terms import term_problem
from access_policy.model.enums import RequestStatus, Role, Route
from access_policy.model.ids import DatasetName
from access_policy.model.instants import Term
from access_policy.standing import acts_as, places_of
from access_policy.state import Request, State


class DeclareConflict(OfRequest, frozen=True, kw_only=True):
    """Declare, as a board member or an assessor, your tie to a request: you stay out of it."""

    reason: Text


class VoteOnRequest(OfRequest, frozen=True, kw_only=True):
    """Vote as a board member on the form that you read; `digest` is its hash.

    After the approval: on an `amendment` that waits, or on the `extension` that is open.
    """

    approve: bool
    reason: Text
    digest: Digest
    amendment: int | None = None
    extension: bool = False


class ApproveRequest(OfRequest, frozen=True, kw_only=True):
    """Approve for a term, with the two findings. `digest` is the hash of the form that you read.

    `datasets` are those that are granted, all that are asked for where it is left out.
    """

    improves_treatment: bool
    public_interest: bool
    reason: Text
    begins: Instant
    ends: Instant
    digest: Digest
    datasets: tuple[Name, ...] | None = None
    conditions: Text | None = None
    fees: Line | None = None
    opt_out_exception: bool = False


class RefuseRequest(OfRequest, frozen=True, kw_only=True):
    """Refuse, with the reasons of the board, or of an investigator where the request is a clinical one."""

    reason: Text


def declare_conflict(state: State, c: DeclareConflict, actor: Actor, at: datetime) -> Outcome:
    """S20: once. A vote that was given before counts no more, and neither do findings."""
    if actor.person is None or actor.person in state.requests[c.request].conflicts:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"you declared your tie to `{c.request}` already")
    return (e.ConflictDeclared(request=c.request, person=actor.person, reason=c.reason),)


def vote_on_request(state: State, c: VoteOnRequest, actor: Actor, at: datetime) -> Outcome:
    """S20, REQ-04: by a member without a tie, on the form that was read; a changed vote takes the old one's place.

    E19, S42: a change of what was granted is voted on as the request itself was.
    """
    request = state.requests[c.request]
    problem = for_the_board(request) or tie(state, request, actor)
    votes = problem or _voted_on(state, request, c, actor)
    if isinstance(votes, Refusal) or actor.person is None:
        return votes if isinstance(votes, Refusal) else Refusal(RefusalCode.NOT_PERMITTED, "a vote has a voter")
    if votes.get(actor.person) is c.approve:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"you voted so on `{c.request}` already")
    return another_form(request, c.digest) or (
        e.BoardVoted(
            request=c.request, person=actor.person, approve=c.approve, reason=c.reason, amendment=c.amendment,
            extension=c.extension,
        ),
    )  # fmt: skip


def _voted_on(state: State, request: Request, c: VoteOnRequest, actor: Actor) -> Votes | Refusal:
    """Return the votes on what the vote is about, or why the actor does not vote on it."""
    if c.amendment is not None and c.extension:
        return Refusal(
            RefusalCode.NOT_ALLOWED_VALUE, "a vote is about an `amendment` or the `extension`, not about both"
        )
    if c.amendment is not None:
        amendment = amendment_for(state, request, c.amendment, actor)
        return amendment if isinstance(amendment, Refusal) else amendment.votes
    if c.extension:
        extension = extension_for(state, request, actor)
        return extension if isinstance(extension, Refusal) else extension.votes
    if request.status is not RequestStatus.ASSESSED:
        text = f"`{request.request}` is decided; name the `amendment`, or say that it is about the `extension`"
        return Refusal(RefusalCode.WRONG_STATE, text)
    return assessed_it(request, actor) or request.votes


def approve_request(state: State, c: ApproveRequest, actor: Actor, at: datetime) -> Outcome:
    """S1, S2, S3, S20, S22, S39: independent, with every finding and vote, for a bounded term (REQ-04, REQ-11).

    S8, S55, E10: the findings; S60, S101, E13: each party's ground; S61: its confirmations; E15: what the permit holds.
    """
    request = state.requests[c.request]
    problem = _undecidable(state, request, c, actor) or _lacking(state, request, c, actor, at)
    if problem is not None:
        return problem
    datasets = c.datasets if c.datasets is not None else tuple(request.datasets)
    return (
        e.RequestApproved(
            request=c.request, improves_treatment=True, public_interest=True, reason=c.reason, begins=c.begins,
            ends=c.ends, datasets=tuple(DatasetName(name) for name in datasets), conditions=c.conditions or "",
            fees=c.fees or "", opt_out_exception=c.opt_out_exception,
        ),
    )  # fmt: skip


def _undecidable(state: State, request: Request, c: ApproveRequest, actor: Actor) -> Refusal | None:
    problem = for_the_board(request) or tie(state, request, actor) or assessed_it(request, actor)
    return problem or another_form(request, c.digest) or applicant_gone(state, request)


def _lacking(state: State, request: Request, c: ApproveRequest, actor: Actor, at: datetime) -> Refusal | None:
    return (
        _findings(state, request, c)
        or _assessment(state, request)
        or term_problem(state, request, Term(c.begins, c.ends), at, c.datasets)
        or _granted(state, request, c)
        or grounds_missing(state, request, at)
        or organisations(state, request, at)
        or quorum_missing(state, request, request.votes, actor, at)
    )


def _findings(state: State, request: Request, c: ApproveRequest) -> Refusal | None:
    """S1, S2, S55: the board's own two findings, and one for each criterion."""
    if not (c.improves_treatment and c.public_interest):
        text = "an approval needs both findings: better treatment of cancer, and public interest"
        return Refusal(RefusalCode.NOT_COMPLETE, text)
    return findings_missing(state, request, request.findings)


def _assessment(state: State, request: Request) -> Refusal | None:
    """S19, S20: an assessment by somebody who has a tie by now does not count either."""
    if not has_tie(state, request, request.assessed_by):
        return None
    text = f"who assessed `{request.request}` has a tie to it by now; an assessor without one assesses it anew"
    return Refusal(RefusalCode.NOT_COMPLETE, text)


def _granted(state: State, request: Request, c: ApproveRequest) -> Refusal | None:
    """S3: each dataset once, and none that was not asked for. REQ-10, S82, S83: nor one that is not offered now."""
    named = tuple(request.datasets) if c.datasets is None else c.datasets
    if c.datasets is not None and not (named and set(named) <= set(request.datasets) and len(set(named)) == len(named)):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "`datasets` names what was not asked for, one twice, or nothing")
    return not_offered(state, tuple(DatasetName(name) for name in named))


def refuse_request(state: State, c: RefuseRequest, actor: Actor, at: datetime) -> Outcome:
    """S20, S22, E10: with its reasons, by the board, or by an investigator of the study on the clinical route."""
    problem = _no_decider(state, state.requests[c.request], actor, at)
    return problem or (e.RequestRefused(request=c.request, reason=c.reason),)


def _no_decider(state: State, request: Request, actor: Actor, at: datetime) -> Refusal | None:
    if request.route is Route.CLINICAL:
        decides = actor.person is not None and bool(places_of(state, request, actor.person, at))
        return None if decides else for_the_board(request)
    if acts_as(state, actor.person, Role.BOARD_MEMBER, at):
        return tie(state, request, actor) or quorum_missing(state, request, against(request.votes), actor, at)
    return Refusal(RefusalCode.NOT_PERMITTED, f"the Data Access Board decides on `{request.request}`")
