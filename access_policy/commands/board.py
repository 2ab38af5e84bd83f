"""The Data Access Board: ties declared, votes given, a request approved or refused (S20, S22)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Digest, Instant, Line, Name, OfRequest, Outcome, Refusal, RefusalCode, Text
from access_policy.commands.conditions import another_form, grounds_missing
from access_policy.commands.independence import assessed_it, has_tie, tie
from access_policy.commands.review import for_the_board
from access_policy.commands.terms import term_problem
from access_policy.model.enums import Criterion, Regime, Role, Route, Scenario
from access_policy.model.ids import DatasetName, PersonId
from access_policy.model.instants import Term
from access_policy.standing import acts_as, places_of
from access_policy.state import Request, State

GUIDING_PRINCIPLES = (Criterion.SOCIAL, Criterion.ETHICAL, Criterion.LEGAL, Criterion.CONTRACTUAL)
REUSE_CRITERIA = (Criterion.LEGAL_CONSTRAINTS, Criterion.CONSENT_TERMS)
EHDS_CRITERIA = tuple(one for one in Criterion if one not in (*GUIDING_PRINCIPLES, *REUSE_CRITERIA))


class DeclareConflict(OfRequest, frozen=True, kw_only=True):
    """Declare, as a board member, your tie to a request: you stay out of its decision."""

    reason: Text


class VoteOnRequest(OfRequest, frozen=True, kw_only=True):
    """Vote as a board member on the form that you read; `digest` is its hash."""

    approve: bool
    reason: Text
    digest: Digest


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
    """S20, REQ-04: by a member without a tie, on the form that was read; a changed vote takes the old one's place."""
    request = state.requests[c.request]
    problem = for_the_board(request) or tie(state, request, actor) or assessed_it(request, actor)
    problem = problem or another_form(request, c.digest)
    if problem is not None or actor.person is None:
        return problem or Refusal(RefusalCode.NOT_PERMITTED, "a vote has a voter")
    if request.votes.get(actor.person) is c.approve:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"you voted so on `{c.request}` already")
    return (e.BoardVoted(request=c.request, person=actor.person, approve=c.approve, reason=c.reason),)


def approve_request(state: State, c: ApproveRequest, actor: Actor, at: datetime) -> Outcome:
    """S1, S2, S3, S20, S22, S39: independent, with every finding and vote, for a bounded term (REQ-04, REQ-11).

    S8, S55, E10: the findings; S60, S101, E13: each party's ground; E15: what the permit holds.
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
    return problem or another_form(request, c.digest)


def _lacking(state: State, request: Request, c: ApproveRequest, actor: Actor, at: datetime) -> Refusal | None:
    return (
        _findings(request, c)
        or term_problem(state, request, Term(c.begins, c.ends), at)
        or _granted(request, c)
        or grounds_missing(state, request, at)
        or _quorum(state, request, actor, at)
    )


def criteria_of(request: Request) -> tuple[Criterion, ...]:
    """Return what a request needs a finding for before it is approved (S8, S55, E10)."""
    reuse = REUSE_CRITERIA if request.scenario is Scenario.OWN_HOSPITAL_REUSE else ()
    ehds = EHDS_CRITERIA if request.regime is Regime.EHDS else ()
    return (*GUIDING_PRINCIPLES, *reuse, *ehds)


def _findings(request: Request, c: ApproveRequest) -> Refusal | None:
    """S20: what a member found who declared a tie since does not count."""
    if not (c.improves_treatment and c.public_interest):
        text = "an approval needs both findings: better treatment of cancer, and public interest"
        return Refusal(RefusalCode.NOT_COMPLETE, text)
    met = {criterion for criterion, one in request.findings.items() if one.met and one.by not in request.conflicts}
    missing = [one for one in criteria_of(request) if one not in met]
    if missing:
        return Refusal(RefusalCode.NOT_COMPLETE, f"findings are missing or not met: `{', '.join(missing)}`")
    return None


def _granted(request: Request, c: ApproveRequest) -> Refusal | None:
    """S3: each dataset once, and none that was not asked for."""
    named = c.datasets
    if named is None or (named and set(named) <= set(request.datasets) and len(set(named)) == len(named)):
        return None
    return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "`datasets` names what was not asked for, one twice, or nothing")


def counted_votes(state: State, request: Request, at: datetime) -> dict[PersonId, bool]:
    """Return the votes that count: of those who sit on the board at `at`, and have no tie to the request (S20)."""
    return {
        member: vote
        for member, vote in request.votes.items()
        if acts_as(state, member, Role.BOARD_MEMBER, at) and not has_tie(state, request, member)
    }


def _quorum(state: State, request: Request, actor: Actor, at: datetime) -> Refusal | None:
    """S20: who approves votes for it by that. As many for it as settings say, and more than against."""
    others = [vote for member, vote in counted_votes(state, request, at).items() if member != actor.person]
    needed, in_favour, given = state.settings.board_quorum, sum(others) + 1, len(others) + 1
    if in_favour >= needed and in_favour > given - in_favour:
        return None
    text = f"`{in_favour}` of `{given}` votes are for it; it needs `{needed}`, and more for it than against"
    return Refusal(RefusalCode.NOT_COMPLETE, text)


def refuse_request(state: State, c: RefuseRequest, actor: Actor, at: datetime) -> Outcome:
    """S20, S22, E10: with its reasons, by the board, or by an investigator of the study on the clinical route."""
    problem = _no_decider(state, state.requests[c.request], actor, at)
    return problem or (e.RequestRefused(request=c.request, reason=c.reason),)


def _no_decider(state: State, request: Request, actor: Actor, at: datetime) -> Refusal | None:
    if request.route is Route.CLINICAL:
        decides = actor.person is not None and bool(places_of(state, request, actor.person, at))
        return None if decides else for_the_board(request)
    if acts_as(state, actor.person, Role.BOARD_MEMBER, at):
        return tie(state, request, actor)
    return Refusal(RefusalCode.NOT_PERMITTED, f"the Data Access Board decides on `{request.request}`")
