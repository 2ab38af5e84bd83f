"""Sessions of our own: from the records of full logins to what a decision is asked with; what keeps one awake (S76).

Activity is what a person does: a page that they open, or a form that they send. What a page's script, a notebook or a
token asks for by itself is none (SES-12).
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from access_policy.log.records import Session as Record
from access_policy.model.enums import Zone
from access_policy.model.ids import PersonId
from access_policy.rules import Session
from access_policy.use_cases import Policy

NOTED_EVERY = timedelta(minutes=1)
"""At most one write in so long for each session, so that a session may end by so much too early."""

_SAME = ("same-origin", "none")


def live_session(policy: Policy, person: PersonId) -> Session | None:
    """Return the person's newest session that is neither ended nor over, or None."""
    at = policy.now()
    record = policy.records.newest_live_session(person, at)
    return None if record is None else as_session(record, at)


def live_sessions(policy: Policy, person: PersonId) -> list[Session]:
    """Return the person's sessions that are neither ended nor over, the newest first."""
    at = policy.now()
    return [as_session(record, at) for record in reversed(policy.records.live_sessions(at, person))]


def as_session(record: Record, at: datetime) -> Session:
    """Return a record as a decision is asked with it at `at`: inside while it was seen there of late (S78, NET-05)."""
    inside = record.inside_until is not None and at < record.inside_until
    return Session(
        session=record.session, person=record.person, begun=record.begun, ends=record.ends,
        factor=record.factor_kind, zone=Zone.INSTITUTE if inside else Zone.ANYWHERE, ended=record.ended_at,
        given=record.factor, active=record.last_activity,
    )  # fmt: skip


def is_activity(method: str, header: Callable[[str], str | None]) -> bool:
    """Say whether a request is something that a person does (W3C Fetch Metadata): a page of ours opened in a tab.

    A page of another site counts only where the person clicked there. A browser that says nothing of all this can
    still send a form.
    """
    mode, site = header("Sec-Fetch-Mode"), header("Sec-Fetch-Site")
    if mode is None:
        return method == "POST"
    here = site in _SAME or header("Sec-Fetch-User") == "?1"
    return mode == "navigate" and header("Sec-Fetch-Dest") == "document" and method in ("GET", "POST") and here


def note_activity(policy: Policy, session: str, last: datetime | None) -> None:
    """Note that the person of a session, by its token's digest, did something now; `last` is when that was before."""
    at = policy.now()
    if last is not None and at - last < NOTED_EVERY:
        return
    policy.records.note_activity(session, at, idle_end(policy, at))


def idle_end(policy: Policy, at: datetime) -> datetime:
    """Return when a session is over in which nothing is done from `at` on (S76)."""
    with policy.reading_behind() as state:
        return at + timedelta(minutes=state.settings.idle_minutes)
