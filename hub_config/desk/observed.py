"""What observations tell the admins about logins: those that belong to nobody, and addresses that differ (S73, E24).

Read from the newest observations for the page that shows it; that somebody read it is recorded by the page (E51).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from access_policy import events as e
from access_policy.arrivals import login_reference
from access_policy.log.store import LogStore
from access_policy.model.ids import PersonId
from access_policy.state import State

_WINDOW = 5_000
_UNKNOWN = ("unknown_identity", "not_registered_")


@dataclass(frozen=True)
class UnknownLogin:
    """A login that was right and belongs to nobody: when it came last, how often, and whether an account was there."""

    identity: str
    at: datetime
    times: int
    known_address: bool

    @property
    def reference(self) -> str:
        """By what the person names it."""
        return login_reference(self.identity)


def newest(store: LogStore) -> list[e.Fact]:
    """Return the newest observations, newest first."""
    after = max(0, store.observation_head().size - _WINDOW)
    return list(reversed(list(store.observations_since(after))))


def unknown_logins(rows: Iterable[e.Fact], state: State) -> list[UnknownLogin]:
    """Return the logins that nobody is known by still, newest first; a stranger leaves one row a minute."""
    found: dict[str, list[e.Fact]] = {}
    for row in rows:
        event = row.event
        if isinstance(event, e.LoginRefused) and event.identity and event.why.startswith(_UNKNOWN):
            found.setdefault(event.identity, []).append(row)
    return [
        UnknownLogin(identity, all_of_it[0].at, len(all_of_it), any(_has_account(one) for one in all_of_it))
        for identity, all_of_it in found.items()
        if identity not in state.identities
    ]


def _has_account(row: e.Fact) -> bool:
    return isinstance(row.event, e.LoginRefused) and row.event.why == "not_registered_already_exists"


def other_addresses(rows: Iterable[e.Fact], state: State) -> dict[PersonId, datetime]:
    """Return whose provider proved another address of their institution, and when last; not who was mended since."""
    found: dict[PersonId, datetime] = {}
    for row in rows:
        if isinstance(row.event, e.LoginAddressDiffered):
            found.setdefault(row.event.person, row.at)
    people = state.people
    return {one: at for one, at in found.items() if one in people and people[one].email_since < at}
