"""What is refused leaves the log as long as it was: bad values, unknown things, and what is there already."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from access_policy.actor import Actor, person
from access_policy.commands.base import Command, Refusal, name_of, parse_command
from access_policy.commands.publications import ACKNOWLEDGEMENT
from access_policy.handle import handle
from access_policy.model.enums import RequestStatus
from access_policy.model.ids import PersonId
from access_policy.permissions import TABLE
from access_policy.use_cases import Policy
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.samples import FROM_TEXT, sample_arguments
from tests.unit.access_policy.test_bad_input import Bad, _bad
from tests.unit.access_policy.test_every_cell import _sampled
from tests.unit.access_policy.test_permissions import _ACTORS, CONCERNED, _cells, _name
from tests.unit.access_policy.world import (
    ADMIN,
    OPEN,
    RESEARCHER,
    SECOND_ADMIN,
    STEWARD,
    World,
    dataset_arguments,
    everything_holds,
)

BAD: dict[type[Command], list[Bad]] = {kind: [one for one in _bad() if one.kind is kind] for kind in FROM_TEXT}


class Kept(NamedTuple):
    """A world in a real log: every way to change it goes through the policy, from text."""

    policy: Policy
    world: World

    def give(self, name: str, actor: Actor, arguments: dict[str, Any]) -> str:
        """Give a command as the desk and the command line do; return the code of its refusal, or what was done."""
        before, observed = self.policy.store.newest(), self._observed()
        try:
            done = self.policy.handle(parse_command(name, arguments), actor)
        except ValueError:
            assert (self.policy.store.newest(), self._observed()) == (before, observed)
            return "unreadable"
        if isinstance(done, Refusal):
            assert self.policy.store.newest() == before
            assert self._observed() - observed in (0, 1), "one row, or none where there were too many of the same"
            return str(done.code)
        assert self.policy.store.newest() == before + len(done.facts)
        return "done"

    def _observed(self) -> int:
        return sum(1 for _ in self.policy.store.observations_since(0))


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    world, _ = _cells()
    policy, _ = keep(world, tmp_path_factory.mktemp("cells") / "log.db")
    yield Kept(policy, world)
    policy.store.close()


def _actor(kind: type[Command]) -> Actor:
    return _ACTORS[sorted(TABLE[kind].standings)[0]]


def _arguments(kind: type[Command]) -> dict[str, Any]:
    """Return the sample as text, about a request in which the command is timely."""
    statuses = TABLE[kind].statuses or {RequestStatus.DRAFT}
    given = sample_arguments(kind, CONCERNED, _cells()[1][sorted(statuses)[0]])
    values: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(given))
    return values


@pytest.mark.parametrize("kind", FROM_TEXT, ids=_name)
def test_a_bad_value_appends_nothing(kind: type[Command], cells: Kept) -> None:
    """REQ-11, REQ-14, POL-05: given by somebody who may, in any field, it leaves the log as it was."""
    for bad in BAD[kind]:
        assert cells.give(name_of(kind), _actor(kind), _arguments(kind) | {bad.field: bad.value}) == "unreadable", bad


UNKNOWN: dict[str, Any] = {
    "person": "P-999", "request": "DR-999", "dataset": "nowhere", "datasets": ["nowhere"], "institution": "nowhere",
    "course": "nowhere", "study": "nowhere", "provider": "nowhere", "hospital": "nowhere", "steward": "P-999",
    "training": 999, "invitation": 999, "proposal": 999, "amendment": 999, "people": ["P-999"],
    "factor": "nowhere", "country": "ZZ",
}  # fmt: skip
MAKING = {
    "dataset": {"register-dataset"}, "institution": {"register-institution"}, "course": {"register-course"},
    "study": {"register-study"}, "provider": {"trust-provider"}, "factor": {"enrol-factor"},
}  # fmt: skip
"""Which commands name something that is not there yet."""


def _about(field: str) -> list[type[Command]]:
    kinds = [kind for kind in FROM_TEXT if field in kind.__struct_fields__]
    return [kind for kind in kinds if name_of(kind) not in MAKING.get(field, set())]


@pytest.mark.parametrize(
    ("kind", "field"),
    [pytest.param(kind, field, id=f"{name_of(kind)} {field}") for field in UNKNOWN for kind in _about(field)],
)
def test_an_unknown_thing_appends_nothing(kind: type[Command], field: str, cells: Kept) -> None:
    """POL-05, REQ-10: a reference to what nobody registered is refused in every command that has one."""
    answer = cells.give(name_of(kind), _actor(kind), _arguments(kind) | {field: UNKNOWN[field]})
    assert answer not in ("done", "unreadable")


AGAIN = {
    "accept-document": "whoever accepts again accepts again, later",
    "certify-person": "a course is passed again",
    "confirm-protection": "a later confirmation replaces the one before",
    "declare-domains": "the list replaces the one before",
    "describe-request": "the form replaces the one before, while it is a draft",
    "name-contact": "the address replaces the one before, while it is a draft",
    "open-request": "two requests may bear one title; their number is bounded (REQ-14)",
    "propose-amendment": "each has a number of its own; their number is bounded (REQ-14)",
    "record-finding": "a later finding replaces the one before",
    "record-provider-audit": "audits happen again",
    "record-security-test": "tests happen again",
    "request-dataset": "the necessity replaces the one before, while it is a draft",
    "submit-intake": "strangers learn nothing; their number is bounded (ID-12, REQ-14)",
}
"""What may be said twice, and why."""


def _done_once(kind: type[Command]) -> tuple[World, Actor, Command] | None:
    """Return a world in which a sample was just carried out, by whom and what; None where no cell carries it out."""
    world = _cells()[0]
    for actor in _ACTORS.values():
        for command in _sampled(world, kind):
            outcome = handle(world.state, command, actor, world.at)
            if not isinstance(outcome, Refusal):
                later = world.copy()
                later.append([(actor, event) for event in outcome])
                return later, actor, command
    return None


def test_what_was_done_is_not_done_a_second_time() -> None:
    """ID-05, FLT-01: a form sent twice leaves one set of facts, but where saying it again says something."""
    again, tried = set(), 0
    for kind in FROM_TEXT:
        once = _done_once(kind)
        if once is not None:
            world, actor, command = once
            tried += 1
            again |= {name_of(kind)} - ({name_of(kind)} if _is_refused(world, command, actor) else set())
    assert again == AGAIN.keys()
    assert tried > 55, "hardly any sample is carried out"


def _is_refused(world: World, command: Command, actor: Actor) -> bool:
    return isinstance(handle(world.state, command, actor, world.at), Refusal)


_NEL = {"name": "Nel", "email": "nel@hospital.example", "institution": "hospital"}
_LATER = {"begins": "2026-11-22T12:00:00Z", "ends": "2029-01-01T00:00:00Z"}
_SHORTER = {"begins": "2026-11-22T12:00:00Z", "ends": "2027-01-01T00:00:00Z"}
_NEXT = {"begins": "2028-01-01T00:00:00Z", "ends": "2029-06-01T00:00:00Z"}
_GEORGIA = {"country": "GE", "act": "an implementing act"}
_AT_A = {"country": "DE", "domains": "a.example"}
_AT_B = {"country": "BE", "domains": "b.example"}
_STUDY = {"title": "Relapse", "purpose": "why it comes back"}
_PAPER = {"title": "Survival", "link": "https://journal.example/1", "acknowledgement": ACKNOWLEDGEMENT}

Step = tuple[str, PersonId, dict[str, Any]]
TWICE: dict[str, tuple[Step, Step, str]] = {
    "a person under another name": (
        ("register-person", ADMIN, _NEL), ("register-person", ADMIN, _NEL | {"name": "Nelly"}), "already_exists",
    ),
    "a person under another form of the address": (
        ("register-person", ADMIN, _NEL),
        ("register-person", ADMIN, _NEL | {"email": "NEL@Hospital.Example"}),
        "already_exists",
    ),
    "a study": (
        ("register-study", ADMIN, _STUDY | {"study": "relapse"}),
        ("register-study", ADMIN, {"study": "relapse", "title": "Another", "purpose": "another"}),
        "already_exists",
    ),
    "an institution under another name": (
        ("register-institution", ADMIN, {"institution": "clinic", "name": "A", **_AT_A}),
        ("register-institution", ADMIN, {"institution": "clinic", "name": "B", **_AT_B}),
        "already_exists",
    ),
    "an institution with a domain of another": (
        ("register-institution", ADMIN, {"institution": "clinic", "name": "A", **_AT_A}),
        ("register-institution", ADMIN, {"institution": "other", "name": "B", **_AT_A}),
        "already_exists",
    ),
    "a dataset with another version": (
        ("register-dataset", STEWARD, dataset_arguments("images")),
        ("register-dataset", STEWARD, dataset_arguments("images") | {"version": "2", "location": "elsewhere"}),
        "already_exists",
    ),
    "an agreement that would end before the one in force": (
        ("record-agreement", ADMIN, {"institution": "hospital"} | _NEXT | {"begins": _LATER["begins"]}),
        ("record-agreement", ADMIN, {"institution": "hospital"} | _SHORTER),
        "not_allowed_value",
    ),
    "an agreement that begins while one is in force": (
        ("record-agreement", ADMIN, {"institution": "hospital"} | _NEXT | {"begins": _LATER["begins"]}),
        ("record-agreement", ADMIN, {"institution": "hospital"} | _NEXT),
        "not_allowed_value",
    ),
    "a publication": (
        ("record-publication", RESEARCHER, {"request": OPEN} | _PAPER),
        ("record-publication", RESEARCHER, {"request": OPEN} | _PAPER),
        "already_exists",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TWICE)
def test_what_is_there_is_not_registered_again(name: str, tmp_path: Path) -> None:
    """ID-05, S72: under its name with other particulars, in another form, or over what is in force."""
    policy, _ = keep(everything_holds(), tmp_path / "log.db")
    kept = Kept(policy, everything_holds())
    (first, by, arguments), (second, again, others), code = TWICE[name]
    assert kept.give(first, person(by), arguments) == "done"
    assert kept.give(second, person(again), others) == code
    policy.store.close()


AGREED: dict[str, Step] = {
    "a country listed": ("list-country", ADMIN, _GEORGIA | {"begins": "2029-04-01T00:00:00Z"}),
    "a decision on adequacy": (
        "record-adequacy", ADMIN, _GEORGIA | {"scope": "full", "begins": "2026-11-01T00:00:00Z"},
    ),
    "a provider trusted": (
        "trust-provider", ADMIN,
        {"provider": "academy", "name": "Academy", "course": "privacy", "until": "2027-06-01T00:00:00Z"},
    ),
    "a role": ("appoint-role", ADMIN, {"person": "P-11", "role": "trainer", "until": "2027-06-01T00:00:00Z"}),
}  # fmt: skip


@pytest.mark.parametrize("name", AGREED)
def test_what_two_people_agreed_on_is_not_done_again(name: str, tmp_path: Path) -> None:
    """ID-05, S58, E13: neither while it waits, nor once it was confirmed."""
    policy, _ = keep(everything_holds(), tmp_path / "log.db")
    kept = Kept(policy, everything_holds())
    command, by, arguments = AGREED[name]
    assert kept.give(command, person(by), arguments) == "done"
    assert kept.give(command, person(by), arguments) == "already_exists"
    with policy.reading() as state:
        number = state.last_proposal
    assert kept.give("confirm-proposal", person(SECOND_ADMIN), {"proposal": number}) == "done"
    assert kept.give(command, person(by), arguments) in ("already_exists", "not_allowed_value")
    policy.store.close()


def test_every_command_that_registers_is_tried_twice() -> None:
    """ID-05: a new one has to stand in one of the lists."""
    registering = {name_of(kind) for kind in FROM_TEXT if name_of(kind).startswith("register-")}
    carried_out = {name_of(kind) for kind in FROM_TEXT if _done_once(kind) is not None}
    twice = {second[0] for _, second, _ in TWICE.values()}
    assert registering - carried_out - twice == {"register-invited"}, "which the tests of invitations try twice"
