"""What belongs to the visitor alone: what waits for them, their publications, sessions, and all that the log holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from access_policy import events as e
from access_policy.log.records import Session
from access_policy.model.enums import Action
from access_policy.model.ids import RequestId
from access_policy.own_data import own_account, own_entry, owner_of
from access_policy.rules import Query
from access_policy.state import Request
from access_policy.waiting import Wait, waits
from hub_config.desk.ahead import OF_PERSON
from hub_config.desk.desk import View, Visit

_SHOWN = 12


@dataclass(frozen=True)
class Publication:
    """A publication of a grant. It is recorded only where its acknowledgement was found whole (S69)."""

    request: RequestId
    title: str
    link: str


def my_requests(view: View) -> list[Request]:
    """Return the requests in which the visitor is applicant or contact, or was, the newest first."""
    numbers: dict[RequestId, None] = view.state.requests_of.get(view.visit.person, {})
    return sorted((view.state.requests[number] for number in numbers), key=lambda one: one.opened, reverse=True)


def my_waits(view: View) -> list[Wait]:
    """Return what each request of the visitor's waits for, the newest request first (S97)."""
    person, session = view.visit.person, view.visit.session
    asked = (Query(person, one.request, Action.OPEN_WORKSPACE, view.at, session) for one in my_requests(view))
    found = (waits(view.state, query, OF_PERSON) for query in asked)
    return [one for one in found if one is not None]


def my_publications(view: View) -> list[Publication]:
    """Return the publications of the visitor's requests, the newest request first."""
    return [
        Publication(one.request, title, link)
        for one in my_requests(view)
        for title, link in zip(one.publications, one.publication_links, strict=True)
    ]


@dataclass(frozen=True)
class OwnSession:
    """A session of the visitor's. `session` is the beginning of its id, `here` whether it is the one that asks."""

    session: str
    begun: datetime
    last_activity: datetime | None
    ends: datetime
    idle_ends: datetime | None
    provider: str
    factor: str
    zone: str
    here: bool


def my_sessions(visit: Visit) -> list[OwnSession]:
    """Return the visitor's live sessions, the newest first."""
    policy = visit.desk.policy
    found = policy.records.live_sessions(policy.now(), visit.person)
    return [_session(visit, one) for one in reversed(found)]


def _session(visit: Visit, one: Session) -> OwnSession:
    return OwnSession(
        one.session[:_SHOWN], one.begun, one.last_activity, one.ends, one.idle_ends, one.provider or "",
        one.factor_kind.value, one.zone.value, one.session == visit.session.session,
    )  # fmt: skip


def own_data(visit: Visit) -> Iterator[bytes]:
    """Give all that the log holds of the visitor as one JSON document (GDPR Article 15). That it is read is recorded.

    Line by line, so that a long log is never held at once. Raises LogError at its first line.
    """
    policy = visit.desk.policy
    policy.observe(visit.actor, e.LogRead(what=f"own data of {visit.person}"))
    with visit.reading() as view:
        owner, account = owner_of(view.state, visit.person), own_account(view.state, visit.person)
        at, last = view.at, view.state.seq
    head = {"person": visit.person, "at": at, "account": account, "sessions": my_sessions(visit),
            "drafts": policy.records.drafts_of(visit.person)}  # fmt: skip
    yield msgspec.json.encode(head)[:-1]
    streams = {"facts": policy.store.facts_since(0), "observations": policy.store.observations_since(0)}
    for name, rows in streams.items():
        yield f',"{name}":['.encode()
        upto = last if name == "facts" else policy.store.observation_head().size
        yield from _listed(own_entry(owner, row) for row in rows if row.seq <= upto)
        yield b"]"
    yield b"}\n"


def _listed(entries: Iterator[dict[str, Any] | None]) -> Iterator[bytes]:
    found = (entry for entry in entries if entry is not None)
    for number, entry in enumerate(found):
        yield (b"\n" if number == 0 else b",\n") + msgspec.json.encode(entry)
