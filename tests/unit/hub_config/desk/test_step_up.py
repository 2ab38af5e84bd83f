"""What people do at the desk names the second factor of the login under which they did it."""

from pathlib import Path

from access_policy import events as e
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from hub_config.login.sessions import Given, begin_session
from tests.unit.hub_config.desk.seed import World, asked_by, empty_world
from tests.unit.hub_config.desk.test_links import REFUSING, SUBMITTED


def test_a_decision_names_the_second_factor_that_was_given_for_it(world: World) -> None:
    """MFA-11: a fact of a step-up command carries the id of the factor given for it, not of the login's."""
    world.do("assess-request", "assessor", request=SUBMITTED, assessment="sound")
    board = world.client("board")
    assert board.post("/do/refuse-request", REFUSING).status_code == 303
    fact = list(world.policy.store.facts_since(0))[-1]
    assert isinstance(fact.event, e.RequestRefused)
    assert fact.actor.step_up == "fresh of board"
    assert "step-up fresh of board" in world.client("auditor").get("/log").text


def test_without_one_nothing_is_decided(world: World) -> None:
    """MFA-11, S76: the browser is sent to the hub for it; drafts take none."""
    world.do("assess-request", "assessor", request=SUBMITTED, assessment="sound")
    board, researcher = world.client("board"), world.client("researcher")
    before = world.policy.store.newest()
    asked = board.send("/do/refuse-request", REFUSING)
    assert asked.status_code == 303
    assert asked_by(asked)
    again = board.get(f"/step-up?ask={asked_by(asked)}")
    assert asked_by(again) == asked_by(asked)
    assert world.policy.store.newest() == before
    drafted = {"title": "Another", "purpose": "To be written, too"}
    assert researcher.send("/do/open-request", drafted).status_code == 303
    assert world.policy.store.newest() > before


def test_a_login_records_its_second_factor(tmp_path: Path) -> None:
    """MFA-11, S76: a random id of 128 bits, new for each login, in the record and in the observation alike."""
    world, tokens = empty_world(tmp_path), iter(["a", "b", "c", "d"])
    person = PersonId("P-1")
    given = Given(factor=FactorId("f"), kind=FactorKind.TOTP, at=world.policy.now(), provider="umc")
    for _ in range(2):
        begin_session(world.policy, person, given, lambda: next(tokens))
    observed = [fact.event for fact in world.policy.store.observations_since(0)]
    begun = [event for event in observed if isinstance(event, e.SessionBegun)]
    kept = [world.policy.records.session(event.session) for event in begun]
    assert [one and one.proof for one in kept] == [event.proof for event in begun]
    assert len({event.proof for event in begun}) == 2
    assert all(len(event.proof) == 32 and int(event.proof, 16) >= 0 for event in begun)
    world.policy.store.close()
