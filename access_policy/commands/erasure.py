"""Erasing a person, once the law lets their access logs become anonymous and nothing rests on them any more (E48, E50).

The fact takes the person's sealing key with it, and those of requests all of whose people are erased then. The login
identity is forgotten too: only its HMAC stays in the stored bytes, by which nobody is found. Who comes back later is a
new person with a new number, and no command ever speaks of the old one again.
"""

from datetime import datetime, timedelta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import OfPerson, Outcome, Refusal, RefusalCode
from access_policy.commands.roles import held_roles
from access_policy.model.enums import RequestStatus
from access_policy.model.ids import PersonId
from access_policy.model.instants import format_instant
from access_policy.state import Person, Request, State

_OVER = frozenset({RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED})


class AskErasure(OfPerson, frozen=True, kw_only=True):
    """Ask that a person's data be erased; the law keeps access logs identifiable for some years, so it waits."""


class ErasePerson(OfPerson, frozen=True, kw_only=True):
    """Erase a person who asked for it, once the law lets it be; another admin confirms, and there is no way back."""


def ask_erasure(state: State, c: AskErasure, actor: Actor, at: datetime) -> Outcome:
    """E48, E50: the logs stay identifiable for as long as they are kept; what happens meanwhile moves the date."""
    person = state.people[c.person]
    if person.erasure_not_before is not None:
        date = format_instant(erasable_from(state, person, at))
        return Refusal(RefusalCode.ALREADY_EXISTS, f"this was asked already; `{c.person}` can be erased from `{date}`")
    return (e.ErasureAsked(person=c.person, not_before=at + _kept(state)),)


def erase_person(state: State, c: ErasePerson, actor: Actor, at: datetime) -> Outcome:
    """E48, E50: not before its date, and not while a role, a request or a workspace rests on the person."""
    person = state.people[c.person]
    if person.erasure_not_before is None:
        return Refusal(RefusalCode.WRONG_STATE, f"nobody asked to erase `{c.person}`; give `ask-erasure` first")
    needed, date = _needed(state, person, at), erasable_from(state, person, at)
    why = [] if needed is None else [f"`{c.person}` {needed}"]
    if at < date:
        why += [f"access logs stay identifiable by law; `{c.person}` can be erased from `{format_instant(date)}`"]
    if why:
        return Refusal(RefusalCode.WRONG_STATE, "; ".join(why))
    freed = [one.request for one in requests_of_person(state, c.person) if _all_erased(state, one, c.person)]
    return (e.PersonErased(person=c.person, requests=tuple(sorted(freed))),)


def erasable_from(state: State, person: Person, at: datetime) -> datetime:
    """Return from when a person may be erased, asked for now where it was not: the floor after that, and after the last
    request, role or workspace.

    A person who goes on working after asking leaves logs that have their own years to stay (E48).
    """
    kept = _kept(state)
    ended = [_ended(one, at) + kept for one in requests_of_person(state, person.person)]
    ended += [one.until + kept for one in person.appointments]
    ended += [one.at + kept for (whose, _), one in state.endings.items() if whose == person.person]
    return max([person.erasure_not_before or at + kept, *ended])


def _kept(state: State) -> timedelta:
    return state.settings.retention


def requests_of_person(state: State, person: PersonId) -> list[Request]:
    """Return the requests that a person has or had a part in on the applicant's side, oldest first."""
    return [one for one in state.requests.values() if person in people_of(state, one)]


def people_of(state: State, request: Request) -> set[PersonId]:
    """Return who a request is about: applicant, contacts, asked and former ones, who signed, and who was invited."""
    invited = {one.person for one in state.invitations.values() if one.request == request.request and one.person}
    applicant = {request.applicant} if request.applicant is not None else set()
    parts = (request.contacts, request.contacts_asked, request.contacts_removed, request.signed_by)
    return applicant.union(invited, *parts)


def _all_erased(state: State, request: Request, person: PersonId) -> bool:
    return all(one == person or one in state.erased for one in people_of(state, request))


def _ended(request: Request, at: datetime) -> datetime:
    """Return when a request was over; one that still lives ends no earlier than now."""
    if request.status in _OVER:
        return request.status_since
    return request.term.ends if request.term is not None else at


def _lives(request: Request, at: datetime) -> bool:
    over = request.status in _OVER or (request.term is not None and request.term.ends <= at)
    return not over


def _needed(state: State, person: Person, at: datetime) -> str | None:
    """Say what still rests on a person, or None."""
    if roles := held_roles(person, at):
        return f"holds the role `{roles[0]}`; end it first"
    if kept := [one.dataset for one in state.datasets.values() if one.steward == person.person]:
        return f"keeps the dataset `{kept[0]}`; hand it over first"
    for study in state.studies.values():
        named = [study.central_investigator, *study.local_investigators.values()]
        if any(one is not None and one.person == person.person and one.holds(at) for one in named):
            return f"is investigator of the study `{study.study}`; end that place first"
    if live := [one.request for one in requests_of_person(state, person.person) if _lives(one, at)]:
        return f"has a part in `{live[0]}`, which is not over; let it end first"
    if running := [key for key in state.workspaces if key[0] == person.person]:
        return f"has a workspace for `{running[0][1]}`; let it end first"
    return None
