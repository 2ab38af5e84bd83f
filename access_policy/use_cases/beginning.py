"""What a new log begins with: which installation it is, and its first two admins, in one append."""

from datetime import datetime

import msgspec

from access_policy import events as e
from access_policy.actor import Actor, component
from access_policy.log.store import LogStore
from access_policy.model.enums import Component, Role
from access_policy.model.ids import CENTRE, PersonId
from access_policy.model.instants import days

_FIRST_ROLE_DAYS = 1827


class FirstAdmin(msgspec.Struct, frozen=True):
    """One of the two admins that a new installation begins with."""

    name: str
    email: str
    identity: str
    issuer: str
    subject: str


class Beginning(msgspec.Struct, frozen=True):
    """What a new log begins with: which installation, a demo or not, the first two admins, and the format."""

    installation: str
    demo: bool
    admins: tuple[FirstAdmin, FirstAdmin]
    format: int = e.FORMAT


def begin(store: LogStore, beginning: Beginning) -> None:
    """Write the first facts of a new log, in one append. Raises StaleState where the log has begun already."""
    actor = component(Component.INSTALLATION)

    def build(at: datetime) -> list[tuple[Actor, e.FactEvent]]:
        first = e.InstallationBegun(installation=beginning.installation, demo=beginning.demo, format=beginning.format)
        facts: list[e.FactEvent] = [first]
        for number, admin in enumerate(beginning.admins, 1):
            facts += _first_admin(PersonId(f"P-{number}"), admin, at)
        return [(actor, fact) for fact in facts]

    store.append(0, build, log_format=beginning.format)


def _first_admin(person: PersonId, admin: FirstAdmin, at: datetime) -> list[e.FactEvent]:
    until = at + days(_FIRST_ROLE_DAYS)
    return [
        e.PersonRegistered(person=person, name=admin.name, email=admin.email, institution=CENTRE),
        e.IdentityLinked(person=person, identity=admin.identity, issuer=admin.issuer, subject=admin.subject),
        e.RoleAppointed(person=person, role=Role.ADMIN, scope=None, until=until),
    ]
