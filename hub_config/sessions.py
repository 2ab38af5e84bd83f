"""Sessions of our own: from the records of full logins to what a decision is asked with (S76)."""

from access_policy.log.records import Session as Record
from access_policy.model.ids import PersonId
from access_policy.rules import Session
from access_policy.use_cases import Policy


def live_session(policy: Policy, person: PersonId) -> Session | None:
    """Return the person's newest session that is neither ended nor over, or None."""
    record = policy.records.newest_live_session(person, policy.now())
    return None if record is None else as_session(record)


def as_session(record: Record) -> Session:
    """Return a record as a decision is asked with it."""
    return Session(
        session=record.session, person=record.person, begun=record.begun, ends=record.ends,
        factor=record.factor_kind, zone=record.zone, ended=record.ended_at, given=record.factor,
        active=record.last_activity,
    )  # fmt: skip
