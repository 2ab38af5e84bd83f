"""What if: nothing changes without a step, each effect is named to the instant, and the real state stays as it is."""

from copy import deepcopy
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.base import parse_command
from access_policy.decision import decide
from access_policy.model.enums import Action
from access_policy.model.ids import DatasetName
from access_policy.model.jurisdictions import AdequacyScope
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Query
from access_policy.simulate import Change, Step, StepRefused, simulate
from tests.unit.access_policy.abroad import abroad
from tests.unit.access_policy.denials import DENIALS, Denial
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    SIGNATORY,
    STEWARD,
    TERM_DAYS,
    TRAINER,
    World,
    everything_holds,
)

HORIZON = timedelta(days=800)
BOTH = (DatasetName("expressions"), DatasetName("tumours"))


def supposed(world: World, *steps: Step) -> tuple[Change, ...]:
    """Simulate, and check that the real state was not touched."""
    before = deepcopy(world.state)
    found = simulate(world.state, steps, world.at, world.at + HORIZON)
    assert world.state == before
    return found.changes


def command(world: World, name: str, after: timedelta = timedelta(0), **arguments: object) -> Step:
    """Return a step: an admin gives a command."""
    return Step(world.at + after, person(ADMIN), parse_command(name, arguments))


def test_simulate_with_no_change_equals_now() -> None:
    """Without a step nobody gains or loses anything, whatever lapses by itself meanwhile."""
    assert supposed(everything_holds()) == ()


@pytest.mark.parametrize("denial", [one for one in DENIALS if not one.also], ids=lambda denial: denial.name)
def test_without_steps_every_world_stays_as_it_is(denial: Denial) -> None:
    """Simulating nothing answers with nothing in each of the worlds in which somebody is denied."""
    world = everything_holds()
    denial.way(world)
    assert supposed(world) == ()


def test_a_command_takes_away_from_its_instant_on() -> None:
    """S94: ending the request in ten days takes both datasets from then on, until the term would have been over."""
    world = everything_holds()
    term = world.state.requests[OPEN].term
    assert term is not None
    (change,) = supposed(world, command(world, "end-request", 10 * DAY, request=OPEN, reason="misuse"))
    assert change == Change(
        RESEARCHER, OPEN, (), BOTH, world.at + 10 * DAY, term.ends, (R.REQUEST_ENDED,), False
    )  # fmt: skip


def test_a_running_workspace_that_would_end_is_marked() -> None:
    """S46: who loses the ground of a workspace that runs now is told apart."""
    world = everything_holds()
    world.start()
    (change,) = supposed(world, command(world, "end-request", request=OPEN, reason="misuse"))
    assert change.running


def test_a_stopped_person_loses_every_request() -> None:
    """S94: one row for each request, in their order."""
    world = everything_holds()
    found = supposed(world, command(world, "disable-person", person=RESEARCHER, reason="misuse"))
    assert [(one.request, one.codes) for one in found] == [
        (OPEN, (R.PERSON_DISABLED,)),
        (RESTRICTED, (R.PERSON_DISABLED,)),
    ]


def test_what_lapses_anyway_is_no_change() -> None:
    """Ending a request on the day on which its term ends anyway takes nothing from anybody."""
    world = everything_holds()
    term = world.state.requests[OPEN].term
    assert term is not None
    assert term.ends - term.begins == TERM_DAYS * DAY
    assert supposed(world, Step(term.ends, person(ADMIN), e.RequestEnded(request=OPEN, reason="over"))) == ()


def test_a_gain_is_named_with_its_end() -> None:
    """A colleague who becomes a contact gains the data, as long as what they have holds."""
    world = everything_holds()
    world.make_ready(COLLEAGUE)
    email = world.state.people[COLLEAGUE].email
    named = Step(world.at + DAY, person(SIGNATORY), e.ContactNamed(request=OPEN, person=COLLEAGUE, email=email))
    ready = Step(world.at + 2 * DAY, person(STEWARD), e.ContactMadeAvailable(request=OPEN, person=COLLEAGUE))
    (change,) = supposed(world, named, ready)
    assert (change.person, change.gains, change.loses) == (COLLEAGUE, ("expressions", "tumours"), ())
    assert change.at == world.at + 2 * DAY
    assert change.until == world.state.requests[OPEN].term.ends  # type: ignore[union-attr]


def test_a_contact_who_is_removed_loses() -> None:
    """S27: who is no contact any more in the supposed history has nothing there."""
    world = everything_holds()
    (change,) = supposed(world, Step(world.at, person(SIGNATORY), e.ContactRemoved(request=OPEN, person=RESEARCHER)))
    assert (change.loses, change.codes) == (("expressions", "tumours"), (R.NOT_A_CONTACT,))


def test_a_withdrawn_adequacy_decision_lists_who_loses_and_when() -> None:
    """S67: what if the decision for a country is withdrawn on a date? The parties there lose from that date on."""
    world = everything_holds()
    party = abroad(world)
    ends = world.at + 30 * DAY
    gone = e.AdequacyEnded(country="KR", scope=AdequacyScope.FULL, ends=ends, act="a judgment")
    (change,) = supposed(world, Step(world.at, person(ADMIN), gone))
    assert (change.person, change.request, change.at) == (party.researcher, party.request, ends)
    assert change.codes == (R.TRANSFER_BASIS_LAPSED, R.LICENCE_SUPERSEDED)


def test_a_withdrawn_adequacy_decision_lists_the_letters() -> None:
    """S67: the parties in that country would be told, and nobody else."""
    world = everything_holds()
    party = abroad(world)
    gone = e.AdequacyEnded(country="KR", scope=AdequacyScope.FULL, ends=world.at + 30 * DAY, act="a judgment")
    found = simulate(world.state, [Step(world.at, person(ADMIN), gone)], world.at, world.at + HORIZON)
    assert {(letter.to, letter.about) for letter in found.letters} == {
        (party.researcher, party.request),
        (party.signatory, party.request),
    }


def test_a_refused_command_says_which_step_and_why() -> None:
    """A what-if that the rules refuse is refused like the command itself, and nothing is answered."""
    world = everything_holds()
    refused = Step(world.at, person(STEWARD), parse_command("end-request", {"request": OPEN, "reason": "x"}))
    with pytest.raises(StepRefused, match="step 2") as caught:
        supposed(world, command(world, "disable-person", person=COLLEAGUE, reason="x"), refused)
    assert caught.value.refusal.code == "not_permitted"


def test_two_people_are_supposed_to_agree() -> None:
    """What needs a second person is supposed to be confirmed."""
    world = everything_holds()
    found = supposed(world, command(world, "reset-factors", person=RESEARCHER))
    assert {one.codes for one in found} == {(R.FACTOR_MISSING,)}


@pytest.mark.parametrize("after", [-DAY, HORIZON], ids=["before now", "after the look ahead"])
def test_a_step_lies_in_the_look_ahead(after: timedelta) -> None:
    """REQ-11: an instant outside is refused, not ignored."""
    world = everything_holds()
    with pytest.raises(ValueError, match="step 1"):
        supposed(world, Step(world.at + after, person(TRAINER), e.RequestEnded(request=OPEN, reason="x")))


@given(days=st.integers(0, 799), seconds=st.integers(0, 86_399), which=st.sampled_from([OPEN, RESTRICTED]))
@settings(max_examples=40)
def test_a_change_is_what_two_decisions_say(days: int, seconds: int, which: str) -> None:
    """At any instant, what is reported equals the difference of `decide` on both histories."""
    world = everything_holds()
    at = world.at + timedelta(days=days, seconds=seconds)
    step = command(world, "withdraw-dataset", 20 * DAY, dataset="tumours", reason="consent")
    found = [one for one in supposed(world, step) if one.request == which and one.at <= at]
    now_lost = {name for one in found if one.until is None or at < one.until for name in one.loses}
    with_step = everything_holds()
    with_step.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    query = Query(RESEARCHER, which, Action.KEEP_WORKSPACE, at)  # type: ignore[arg-type]
    before = {one.name for one in decide(world.state, query).datasets}
    after = {one.name for one in decide(with_step.state, query).datasets}
    assert now_lost == (before - after if at >= world.at + 20 * DAY else set())
