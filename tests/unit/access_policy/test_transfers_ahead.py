"""Transfers: the parties outside the EEA, and who would lose what if a decision ended (S60, S67)."""

from copy import deepcopy
from datetime import timedelta

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import TransferBasis
from access_policy.model.jurisdictions import AdequacyScope
from access_policy.simulate import Step, simulate
from access_policy.transfers_ahead import if_it_ended, parties_outside
from tests.unit.access_policy.abroad import abroad
from tests.unit.access_policy.world import ADMIN, DAY, World, everything_holds

pytestmark = pytest.mark.unit


def ended(world: World, country: str = "KR", after: timedelta = 30 * DAY) -> e.AdequacyEnded:
    return e.AdequacyEnded(country=country, scope=AdequacyScope.FULL, ends=world.at + after, act="a judgment")


def test_the_answer_is_that_of_the_simulator() -> None:
    """S67: the same people, data and reasons; and the state stays as it is."""
    world = everything_holds()
    party, gone = abroad(world), ended(world)
    before = deepcopy(world.state)
    (lost,) = if_it_ended(world.state, gone, person(ADMIN), world.at)
    assert world.state == before
    step = Step(world.at, person(ADMIN), gone)
    (change,) = simulate(world.state, [step], world.at, gone.ends + DAY).changes
    assert (lost.person, lost.request) == (party.researcher, party.request)
    assert (lost.person, lost.request, lost.codes) == (change.person, change.request, change.codes)
    assert set(lost.datasets) == set(change.loses)


def test_another_countrys_decision_takes_nothing() -> None:
    """S67, S68."""
    world = everything_holds()
    abroad(world)
    assert if_it_ended(world.state, ended(world, "GB"), person(ADMIN), world.at) == []


@pytest.mark.parametrize(
    ("country", "after", "says"),
    [
        ("KR", -DAY, "in the past"), ("US", DAY, "no decision"), ("XX", DAY, "no country"), ("NL", DAY, "no decision"),
    ],
)  # fmt: skip
def test_an_end_that_cannot_be_is_refused(country: str, after: timedelta, says: str) -> None:
    """REQ-11: in one line."""
    world = everything_holds()
    with pytest.raises(ValueError, match=says):
        if_it_ended(world.state, ended(world, country, after), person(ADMIN), world.at)


def test_parties_outside_the_eea_are_listed_with_their_ground() -> None:
    """S57, S60: those inside need none, and are not listed."""
    world = everything_holds()
    assert parties_outside(world.state, world.at) == []
    party = abroad(world)
    (one,) = parties_outside(world.state, world.at)
    assert (one.request, one.country, one.basis, one.holds) == (party.request, "KR", TransferBasis.ADEQUACY, True)
