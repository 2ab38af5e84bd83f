"""A longer term: asked for by the licensee, submitted, assessed again, granted or refused (S40-S45, E17)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Instant, Line, OfRequest, Outcome, Refusal, RefusalCode, Text
from access_policy.commands.conditions import grounds_missing, not_running, party_excluded
from access_policy.commands.criteria import findings_missing
from access_policy.commands.independence import has_tie, tie
from access_policy.commands.quorum import against, quorum_missing
from access_policy.commands.review import for_the_board
from access_policy.commands.terms import latest_end
from access_policy.email import domain_of, normal_email
from access_policy.model.enums import Regime
from access_policy.model.instants import days
from access_policy.state import Extension, Request, State

EHDS_DAYS_BEFORE_END = 30
"""How long before its end a permit's extension is asked for, and submitted (E17; R 68(12): a month)."""


class AskExtension(OfRequest, frozen=True, kw_only=True):
    """Ask, for the licensee, for a longer term; name, surname and e-mail address are those of its main applicant."""

    name: Line
    surname: Line
    email: Line


class AnswerExtension(OfRequest, frozen=True, kw_only=True):
    """Record that the applicant was told how to submit the renewal."""


class SubmitExtension(OfRequest, frozen=True, kw_only=True):
    """Submit the renewal: until when, and why."""

    ends: Instant
    reason: Text


class AssessExtension(OfRequest, frozen=True, kw_only=True):
    """Record the new assessment of the renewal."""

    assessment: Text


class GrantExtension(OfRequest, frozen=True, kw_only=True):
    """Grant the renewal that was submitted and assessed."""

    reason: Text


class RefuseExtension(OfRequest, frozen=True, kw_only=True):
    """Refuse the renewal: the term stays as it was."""

    reason: Text


def ask_extension(state: State, c: AskExtension, actor: Actor, at: datetime) -> Outcome:
    """S40, S43, E17: one at a time, before the end of the term; under the EHDS a month before it, and only once.

    One that is not submitted yet gives way to one of another main applicant.
    S16, S73: its main applicant has an address of the licensee, which is not shut out (E59).
    """
    request = state.requests[c.request]
    try:
        email = normal_email(c.email)
    except ValueError as error:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, str(error))
    problem = for_the_board(request) or _open_already(request, email) or _too_late(request, at)
    problem = problem or party_excluded(state, request, at) or _not_the_licensees(state, request, email)
    return problem or (e.ExtensionAsked(request=c.request, name=c.name, surname=c.surname, email=email),)


def _not_the_licensees(state: State, request: Request, email: str) -> Refusal | None:
    licensee = state.institutions[request.institution] if request.institution is not None else None
    if licensee is not None and domain_of(email) in licensee.domains:
        return None
    text = f"`{email}` is no address of `{request.institution}`; name one of the licensee's own"
    return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)


def _open_already(request: Request, email: str) -> Refusal | None:
    extension = request.extension
    if extension is not None and (extension.submitted is not None or extension.email == email):
        return Refusal(RefusalCode.ALREADY_EXISTS, f"an extension of `{request.request}` is open already")
    if request.regime is Regime.EHDS and request.extensions_granted:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"the permit `{request.request}` was extended; once is all")
    return None


def _too_late(request: Request, at: datetime) -> Refusal | None:
    if request.term is None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{request.request}` has no term")
    if request.regime is Regime.EHDS and at > request.term.ends - days(EHDS_DAYS_BEFORE_END):
        text = f"an extension of a permit comes in `{EHDS_DAYS_BEFORE_END}` days before its end; send in a new request"
        return Refusal(RefusalCode.WRONG_STATE, text)
    return _over(request) if at >= request.term.ends else None


def _over(request: Request) -> Refusal:
    """S46: a grant that ended is not revived."""
    return Refusal(RefusalCode.WRONG_STATE, f"the term of `{request.request}` is over; send in a new request")


def answer_extension(state: State, c: AnswerExtension, actor: Actor, at: datetime) -> Outcome:
    """S44: once for each extension."""
    extension = state.requests[c.request].extension
    if extension is None:
        return _none_open(state.requests[c.request])
    if extension.answered is not None:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"the extension of `{c.request}` was answered already")
    return (e.ExtensionAnswered(request=c.request),)


def _none_open(request: Request) -> Refusal:
    text = f"no extension of `{request.request}` is open; the licensee's signatory asks for one"
    return Refusal(RefusalCode.WRONG_STATE, text)


def submit_extension(state: State, c: SubmitExtension, actor: Actor, at: datetime) -> Outcome:
    """S42, S46, E17: once, before the end of the term, under the EHDS a month before it, for a later end in bounds."""
    request = state.requests[c.request]
    if request.extension is None or request.term is None:
        return _none_open(request)
    if request.extension.submitted is not None:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"the extension of `{c.request}` was submitted already")
    late = _too_late(request, at)
    if late is not None:
        return late
    latest = latest_end(state, request, request.term.ends, at)
    if not max(request.term.ends, at) < c.ends <= latest:
        text = f"`ends` is later than the present end and now, and at latest `{latest:%Y-%m-%d}`"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return (e.ExtensionSubmitted(request=c.request, ends=c.ends, reason=c.reason),)


def assess_extension(state: State, c: AssessExtension, actor: Actor, at: datetime) -> Outcome:
    """S42, S20: anew, once, by an assessor without a tie; again where who assessed it has a tie by now."""
    request = state.requests[c.request]
    if request.extension is None:
        return _none_open(request)
    if request.extension.submitted is None:
        return Refusal(RefusalCode.WRONG_STATE, f"the extension of `{c.request}` is not submitted yet")
    if request.extension.assessed is not None and not has_tie(state, request, request.extension.assessed_by):
        return Refusal(RefusalCode.ALREADY_EXISTS, f"the extension of `{c.request}` was assessed already")
    problem = tie(state, request, actor)
    return problem or (e.ExtensionAssessed(request=c.request, assessment=c.assessment),)


def grant_extension(state: State, c: GrantExtension, actor: Actor, at: datetime) -> Outcome:
    """S42, S45, E17, E18: what was submitted, assessed and found sound; S60, S101, E59: while each ground stands.

    S20: by the board's quorum, on an assessment of somebody without a tie. S46, E58: before the term is over, and not
    while the grant is suspended.
    """
    request = state.requests[c.request]
    extension = extension_for(state, request, actor)
    if isinstance(extension, Refusal):
        return extension
    if extension.ends is None or request.term is None:
        return _over(request)
    if has_tie(state, request, extension.assessed_by):
        text = f"who assessed the extension of `{c.request}` has a tie by now; an assessor without one assesses it anew"
        return Refusal(RefusalCode.NOT_COMPLETE, text)
    problem = not_running(request, at) or findings_missing(state, request, extension.findings)
    problem = problem or grounds_missing(state, request, at)
    problem = problem or quorum_missing(state, request, extension.votes, actor, at)
    return problem or (e.ExtensionGranted(request=c.request, ends=extension.ends, reason=c.reason),)


def refuse_extension(state: State, c: RefuseExtension, actor: Actor, at: datetime) -> Outcome:
    """S42, S45, S20: by the board's quorum; the term stays as it was."""
    request = state.requests[c.request]
    extension = extension_for(state, request, actor)
    if isinstance(extension, Refusal):
        return extension
    problem = quorum_missing(state, request, against(extension.votes), actor, at)
    return problem or (e.ExtensionRefused(request=c.request, reason=c.reason),)


def extension_for(state: State, request: Request, actor: Actor) -> Extension | Refusal:
    """Return the extension that waits for a decision, or why the actor does not take it (S20, S42)."""
    extension = request.extension
    if extension is None:
        return _none_open(request)
    if extension.assessed is None:
        return Refusal(RefusalCode.WRONG_STATE, f"the extension of `{request.request}` is not assessed yet")
    if actor.person == extension.assessed_by:
        return Refusal(RefusalCode.FOUR_EYES, "who assessed the extension does not decide on it")
    return tie(state, request, actor) or extension
