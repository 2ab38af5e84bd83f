"""Questions of other systems: every answer is that of `decide` or of the permission table."""

import pytest

from access_policy.actor import Actor
from access_policy.decision import decide, supposed_session
from access_policy.evaluation import COMMANDS, Answer, Asked, Evaluation, probe
from access_policy.model.enums import Action, ResourceType, Zone
from access_policy.model.ids import ClientName, PersonId
from access_policy.permissions import permits
from access_policy.rules import Query
from access_policy.state import Client
from tests.unit.access_policy.world import NOON, OPEN, RESEARCHER, RESTRICTED, World, everything_holds

pytestmark = pytest.mark.unit


def _asking(world: World, *, tells_zone: bool = False, seen: Zone = Zone.ANYWHERE) -> Evaluation:
    """Return a program's questions, for people who are all logged in and whose browsers were seen in `seen`."""
    types = frozenset(ResourceType)
    client = Client(ClientName("gateway"), "A gateway", types, True, True, tells_zone, "0" * 64, NOON)

    def present(person: PersonId) -> object:
        return supposed_session(world.state, person, world.at, seen)

    return Evaluation(world.state, client, present, world.at)  # type: ignore[arg-type]


def _opening(zone: str = "") -> Asked:
    return Asked("person", RESEARCHER, "open_workspace", "request", RESTRICTED, zone=zone)


@pytest.mark.parametrize(
    ("tells_zone", "seen", "told", "allowed"),
    [(True, Zone.ANYWHERE, "institute", True), (True, Zone.INSTITUTE, "", False), (True, Zone.ANYWHERE, "moon", False),
     (False, Zone.ANYWHERE, "institute", False), (False, Zone.INSTITUTE, "", False),
     (False, Zone.INSTITUTE, "institute", False)],
    ids=["an authority tells", "an authority says nothing", "an authority says a word of its own",
         "another tells", "seen inside by another browser", "both"],
)  # fmt: skip
def test_a_place_counts_from_who_is_registered_to_tell(tells_zone: bool, seen: Zone, told: str, allowed: bool) -> None:
    """S77: and from nobody else; where a browser of the person was seen says nothing of the one that asks here."""
    answer = _asking(everything_holds(), tells_zone=tells_zone, seen=seen).answer(_opening(told))
    assert (answer.allowed, answer.codes) == (allowed, () if allowed else ("zone",))


@pytest.mark.parametrize("request_id", [OPEN, RESTRICTED, "DR-99"])
def test_every_answer_about_a_workspace_is_that_of_decide(request_id: str) -> None:
    """POL-01: for everybody and every action, also where it is no."""
    world = everything_holds()
    asking = _asking(world)
    for person in (*world.state.people, PersonId("P-99")):
        for action in Action:
            answer = asking.answer(Asked("person", person, action, "request", request_id))
            here = supposed_session(world.state, person, world.at, Zone.ANYWHERE)
            session = None if action is Action.KEEP_WORKSPACE else here
            expected = decide(world.state, Query(person, request_id, action, world.at, session))  # type: ignore[arg-type]
            assert answer == Answer(expected.allowed, tuple(map(str, expected.codes)), expected)


def test_every_answer_about_a_command_is_that_of_the_permission_table() -> None:
    """REQ-06: every command about a request, for everybody."""
    world = everything_holds()
    asking, seen = _asking(world), set()
    for person in world.state.people:
        for name, kind in COMMANDS.items():
            refusal = permits(world.state, probe(kind, OPEN), Actor(person=person), world.at)
            answer = asking.answer(Asked("person", person, name, "request", OPEN))
            assert (answer.allowed, answer.codes) == (refusal is None, () if refusal is None else (str(refusal.code),))
            seen.add(answer.allowed)
    assert seen == {True, False}


def test_a_search_finds_what_an_evaluation_allows_and_nothing_else() -> None:
    """POL-01: people, requests, datasets and actions."""
    world = everything_holds()
    asking, state = _asking(world), world.state
    asked = Asked("person", RESEARCHER, "keep_workspace", "request", OPEN)

    def kept(person: str, request: str) -> bool:
        return asking.answer(Asked("person", person, "keep_workspace", "request", request)).allowed

    one_by_one = [who for who in state.people if kept(who, OPEN)]
    assert list(asking.people(asked)) == one_by_one == [RESEARCHER]
    assert list(asking.resources(asked)) == [one for one in state.requests if kept(RESEARCHER, one)]
    datasets = Asked("person", RESEARCHER, "keep_workspace", "dataset", "", request=OPEN)
    assert list(asking.resources(datasets)) == sorted(state.requests[OPEN].datasets)
    assert "keep_workspace" in list(asking.actions(asked))
