"""Commands as people give them, sound and unsound: their arguments are drawn from what the world is about.

Nothing here knows what a handler wants. Of the people who may give a command one is chosen mostly, of all people
sometimes; of the values of an argument those that mean something in this world, and a few that mean nothing.
"""

import hashlib
from collections.abc import Callable
from typing import Any

from msgspec import inspect as forms

from access_policy.actor import Actor
from access_policy.actor import person as acting
from access_policy.commands.base import Command, name_of
from access_policy.commands.workspaces import StartWorkspace
from access_policy.events import DocumentPublished
from access_policy.model.ids import PersonId
from access_policy.permission_table import TABLE, Standing
from tests.oracle import history as h
from tests.oracle import walking
from tests.oracle.walking import Pick
from tests.unit.access_policy import world as w
from tests.unit.access_policy.world import World

KINDS = tuple(kind for kind in TABLE if kind is not StartWorkspace)
EVERYBODY = tuple(f"P-{number}" for number in range(1, 13))

_STANDING: dict[Standing, tuple[Actor, ...]] = {
    Standing.INSTALLATION: (w.INSTALLATION,),
    Standing.HUB: (w.HUB,),
    Standing.DESK: (w.DESK,),
    Standing.WARDEN: (w.WARDEN,),
    Standing.ADMIN: (acting(w.ADMIN), acting(w.SECOND_ADMIN)),
    Standing.TRAINER: (acting(w.TRAINER),),
    Standing.ASSESSOR: (acting(w.ASSESSOR),),
    Standing.BOARD_MEMBER: (acting(w.BOARD_MEMBER),),
    Standing.REPRESENTATIVE: (acting(w.REPRESENTATIVE),),
    Standing.DATA_STEWARD: (acting(w.STEWARD),),
    Standing.VERIFIER: (acting(w.ADMIN),),
    Standing.APPLICANT: (acting(w.RESEARCHER),),
    Standing.SIGNATORY: (acting(w.SIGNATORY),),
    Standing.INVESTIGATOR: (acting(w.STEWARD),),
}


def give(world: World, pick: Pick) -> None:
    """Give one command, as somebody; it may be refused, or not even be understood."""
    kind = pick(KINDS)
    arguments = {field.name: value for field in _fields(kind) if (value := _value(world, pick, field)) is not None}
    try:
        world.attempt(name_of(kind), _actor(pick, kind, arguments), **arguments)
    except ValueError:
        return


def _fields(kind: type[Command]) -> tuple[forms.Field, ...]:
    form = forms.type_info(kind)
    assert isinstance(form, forms.StructType)
    return form.fields


def _actor(pick: Pick, kind: type[Command], arguments: dict[str, Any]) -> Actor:
    standings = sorted(TABLE[kind].standings)
    people = [acting(who) for who in (*walking.PEOPLE, arguments.get("person", w.RESEARCHER))]
    fitting = _STANDING.get(pick(standings), tuple(people))
    anybody = [acting(PersonId(who)) for who in EVERYBODY]
    return pick([*fitting, *fitting, *fitting, pick(anybody)])


def _value(world: World, pick: Pick, field: forms.Field) -> Any:
    if not field.required and pick([True, False]):
        return None
    return _of_type(world, pick, field.name, field.type)


def _of_type(world: World, pick: Pick, name: str, kind: forms.Type) -> Any:
    """Return a value of a type; a tuple has one or two of its type, none for a choice with None."""
    if isinstance(kind, forms.Metadata):
        return _of_type(world, pick, name, kind.type)
    if isinstance(kind, forms.UnionType):
        return _of_type(world, pick, name, next(one for one in kind.types if not isinstance(one, forms.NoneType)))
    if isinstance(kind, forms.VarTupleType):
        return sorted({_of_type(world, pick, name, kind.item_type) for _ in range(pick([1, 2]))})
    if isinstance(kind, forms.EnumType):
        return pick([one.value for one in kind.cls])
    return _plain(world, pick, name, kind)


def _plain(world: World, pick: Pick, name: str, kind: forms.Type) -> Any:
    if isinstance(kind, forms.BoolType):
        return pick([True, True, False])
    if isinstance(kind, forms.IntType):
        return pick([world.state.last_proposal, 1, 2, 300]) or 1
    if isinstance(kind, forms.DateTimeType):
        return pick([world.at, world.at - w.DAY, walking.soon(world, pick)])
    return pick(_TEXTS[name](world)) if name in _TEXTS else "a text"


def _versions(world: World) -> list[str]:
    newest = h.told(world.facts, DocumentPublished)[-1][1].version
    return [newest, str(int(newest) + 1), "1", "2"]


def _digests(world: World) -> list[str]:
    asked = [request.digest for request in world.state.requests.values() if request.digest]
    return [*asked[-3:], w.DIGEST, *walking.SUBJECTS, hashlib.sha256(b"A" * 20).hexdigest()]


def _emails(world: World) -> list[str]:
    return [*(h.email_of(world.facts, who) for who in walking.PEOPLE), "new@hospital.example", "no address"]


_TEXTS: dict[str, Callable[[World], list[str]]] = {
    "person": lambda world: [w.RESEARCHER, w.RESEARCHER, *walking.PEOPLE, *EVERYBODY],
    "people": lambda world: list(walking.PEOPLE),
    "contacts": lambda world: list(walking.PEOPLE),
    "steward": lambda world: [w.STEWARD],
    "request": lambda world: [w.OPEN, *walking.requests_of(world)[-3:], w.NO_REQUEST],
    "dataset": lambda world: [*walking.datasets_of(world), "new-data"],
    "datasets": lambda world: [str(name) for name in walking.datasets_of(world)],
    "course": lambda world: [*walking.courses_of(world), "new-course"],
    "trainings": lambda world: [str(name) for name in walking.courses_of(world)],
    "institution": lambda world: ["hospital", *walking.institutions_of(world), "new-place"],
    "hospital": lambda world: ["hospital"],
    "hospitals": lambda world: ["hospital"],
    "scope": lambda world: ["hospital", "privacy"],
    "study": lambda world: ["a-study"],
    "provider": lambda world: ["a-provider"],
    "factor": lambda world: ["first", "second"],
    "factors": lambda world: ["first"],
    "vouched_by": lambda world: ["first", "nowhere"],
    "country": lambda world: list(walking.COUNTRIES),
    "domains": lambda world: ["hospital.example", "new.example"],
    "act": lambda world: [walking.ACT, walking.FRAMEWORK],
    "version": _versions,
    "language": lambda world: ["en", "nl"],
    "digest": _digests,
    "manifest": _digests,
    "subject": lambda world: list(walking.SUBJECTS),
    "excluded": lambda world: list(walking.SUBJECTS),
    "code": lambda world: [w.DIGEST, "a text", "A" * 20],
    "email": _emails,
    "location": lambda world: ["data/new", "tumours"],
    "identity": lambda world: ["id-1", "id-77"],
}
