"""Who is told that something is lost: organisations shut out, withdrawn datasets, decisions that end by their date."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import Role, TransferBasis
from access_policy.model.ids import DatasetName, InstitutionName
from access_policy.model.jurisdictions import AdequacyScope
from access_policy.notices import NoticeKind, reminders
from tests.unit.access_policy.happenings import HOSPITAL, OVERSEAS, happens, joins
from tests.unit.access_policy.telling import EVERYBODY, three_parts, told
from tests.unit.access_policy.world import (
    COLLEAGUE,
    DAY,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    SIGNATORY,
    World,
    everything_holds,
)

HORIZON = timedelta(days=800)
K = NoticeKind


def test_an_organisation_that_is_shut_out_learns_it() -> None:
    """E59: the parties and the contacts of each open request that it takes part in, with the end and the reason."""
    world = three_parts()
    until = world.at + 100 * DAY
    shut = e.OrganisationExcluded(institution=HOSPITAL, until=until, reason="misuse")
    found = told(world, shut)
    assert {one.to for one in found if one.about == OPEN} == EVERYBODY
    assert {one.to for one in found if one.about == RESTRICTED} == {RESEARCHER, SIGNATORY}
    assert {(one.kind, dict(one.values)["reason"]) for one in found} == {(K.ORGANISATION_EXCLUDED, "misuse")}


def test_the_contacts_of_another_organisation_are_not_shut_out() -> None:
    """E59, S68: a further organisation that is shut out takes nothing from the licensee's own contacts."""
    world = three_parts()
    joins(world)
    shut = e.OrganisationExcluded(institution=OVERSEAS, until=world.at + DAY, reason="misuse")
    assert {one.to for one in told(world, shut)} == {RESEARCHER, SIGNATORY}
    gone = e.OrganisationExcluded(institution=InstitutionName("centre"), until=world.at + DAY, reason="misuse")
    assert told(world, gone) == ()


def test_a_withdrawn_dataset_is_told_to_those_who_have_it() -> None:
    """S82, S94: the contacts of live requests that hold it, with the reason."""
    world = three_parts()
    (letter,) = told(world, e.DatasetWithdrawn(dataset=DatasetName("tumours"), reason="consent"))
    assert (letter.kind, letter.to, letter.about) == (K.DATASET_WITHDRAWN, COLLEAGUE, OPEN)
    assert dict(letter.values) == {"dataset": "tumours", "reason": "consent"}
    happens(world, e.RequestEnded(request=OPEN, reason="done"))
    assert told(world, e.DatasetWithdrawn(dataset=DatasetName("expressions"), reason="consent")) == ()


def _resting_on(world: World, ends: datetime) -> None:
    """Let an organisation of a country take part, whose decision was made until `ends`."""
    decided = e.AdequacyDecided(country="JP", scope=AdequacyScope.FULL, begins=world.at, ends=ends, act="an act")
    happens(world, decided)
    joins(world, country="JP")


def _adequacy_reminders(world: World) -> list[tuple[str, str, datetime]]:
    found = reminders(world.state, world.at, world.at + HORIZON)
    return [(one.to, one.about, one.at) for one in found if one.kind is K.ADEQUACY_ENDS]


def test_a_decision_that_ends_by_its_own_date_is_reminded_of() -> None:
    """S67: the office and the licensee of each request that rests on it, at each threshold before the end."""
    world = everything_holds()
    office = world.register("ofra", "centre")
    role = e.RoleAppointed(person=office, role=Role.DATA_ACCESS_OFFICE, scope=None, until=world.at + 900 * DAY)
    happens(world, role)
    ends = world.at + 40 * DAY
    _resting_on(world, ends)
    expected = {(who, OPEN, ends - days * DAY) for days in (30, 14, 7, 1) for who in (office, RESEARCHER, SIGNATORY)}
    found = _adequacy_reminders(world)
    assert set(found) == expected
    assert len(found) == len(expected)


def _another_ground(world: World) -> None:
    happens(
        world,
        e.TransferBasisRecorded(
            request=OPEN, institution=OVERSEAS, basis=TransferBasis.NONE, scope=None, clauses=None, concluded=None,
            protection_adequate=False, contractual_measures=False, technical_measures=False,
        ),
    )  # fmt: skip


def _another_decision(world: World) -> None:
    again = e.AdequacyDecided(
        country="JP", scope=AdequacyScope.FULL, begins=world.at + DAY, ends=None, act="another act"
    )
    happens(world, again)


@pytest.mark.parametrize(
    ("then", "days"),
    [
        (_another_ground, 40),
        (_another_decision, 40),
        (lambda world: happens(world, e.RequestEnded(request=OPEN, reason="done")), 40),
        (lambda _: None, 700),
    ],
    ids=["another ground", "a decision that follows", "an ended request", "a term that ends before"],
)
def test_nobody_is_reminded_of_a_decision_that_takes_nothing(then: Callable[[World], Any], days: int) -> None:
    """S67: where nothing rests on it any more, or it goes on, or the term is over first."""
    world = everything_holds()
    _resting_on(world, world.at + days * DAY)
    then(world)
    assert _adequacy_reminders(world) == []
