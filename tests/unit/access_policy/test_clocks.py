"""The clocks of a request: when each starts, is due and stops, exact to the instant."""

from datetime import timedelta

import pytest

from access_policy import events as e
from access_policy.clocks import Clock, ClockKind, ClockState, breaches, clocks_of
from access_policy.model.enums import Regime, Route
from tests.unit.access_policy.clock_reading import assert_due, clock, kinds_of
from tests.unit.access_policy.happenings import (
    ASKED,
    INVITATION,
    NEW,
    OPENED,
    SUBMITTED,
    approved_clinical,
    drafted,
    happens,
    intake,
    settings_adopted,
    submitted,
)
from tests.unit.access_policy.world import (
    COLLEAGUE,
    DAY,
    INSTALLATION,
    NOON,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    TICK,
    begun,
    everything_holds,
)

K = ClockKind
S = ClockState
ZERO = timedelta(0)
LATER = NOON + 700 * DAY


def test_an_intake_is_answered_within_a_week() -> None:
    """S13: the week begins with the intake, and is over at its very end."""
    world = everything_holds()
    at = intake(world)
    assert clock(world, K.INTAKE) == Clock(K.INTAKE, NEW, "S13", at, at + 7 * DAY, None, ZERO, S.RUNNING)
    assert_due(world, K.INTAKE, at + 7 * DAY)


@pytest.mark.parametrize(("wait", "state"), [(7 * DAY - TICK, S.MET), (7 * DAY, S.BREACHED)], ids=["in time", "late"])
def test_the_invitation_answers_an_intake(wait: timedelta, state: ClockState) -> None:
    """S13: the first invitation stops the clock; what comes after it changes nothing."""
    world = everything_holds()
    at = intake(world)
    world.at = at + wait
    answered = happens(world, INVITATION)
    happens(world, OPENED, by=COLLEAGUE)
    happens(world.wait(30 * DAY), INVITATION)
    happens(world.wait(DAY), e.RequestWithdrawn(request=NEW))
    found = clock(world, K.INTAKE)
    assert (found.starts, found.stopped, found.state) == (at, answered, state)


def test_an_intake_that_was_taken_back_waits_for_nobody() -> None:
    """S13: a withdrawal stops the clock."""
    world = everything_holds()
    intake(world)
    withdrawn = happens(world, e.RequestWithdrawn(request=NEW))
    assert clock(world, K.INTAKE).stopped == withdrawn


def test_a_request_without_an_intake_has_no_clock_for_one() -> None:
    """S13, S18: a draft that somebody opened has no clock at all."""
    assert kinds_of(drafted()) == []
    assert kinds_of(drafted(Regime.EHDS)) == []


def test_clinical_data_are_available_within_a_week() -> None:
    """S52, S54: from the second approval; no board is waited for, so no review has a clock."""
    assert kinds_of(submitted(route=Route.CLINICAL)[0]) == []
    world, at = approved_clinical()
    assert kinds_of(world) == [K.AVAILABILITY]
    assert clock(world, K.AVAILABILITY).requirement == "S52"
    assert_due(world, K.AVAILABILITY, at + 7 * DAY)
    happens(world, settings_adopted(availability_days=2), by=INSTALLATION)
    assert_due(world, K.AVAILABILITY, at + 2 * DAY)


def test_making_available_stops_the_week() -> None:
    """S52, S100: the step of its own; that the request ends later changes nothing, and a withdrawal stops it too."""
    world, _ = approved_clinical()
    withdrawn = world.copy()
    at = happens(world, e.RequestMadeAvailable(request=NEW), by=STEWARD)
    happens(world, e.RequestEnded(request=NEW, reason="done"))
    assert (clock(world, K.AVAILABILITY).stopped, clock(world, K.AVAILABILITY).state) == (at, S.MET)
    at = happens(withdrawn, e.RequestWithdrawn(request=NEW), by=RESEARCHER)
    assert clock(withdrawn, K.AVAILABILITY).stopped == at


def test_a_licensed_request_has_no_clock_for_availability() -> None:
    """S52: the week is of the clinical route."""
    assert K.AVAILABILITY not in kinds_of(everything_holds(), OPEN)


def test_a_question_for_an_extension_is_answered_within_a_week() -> None:
    """S44: from the licensee's question; the days are the same setting as those of the intake."""
    world = everything_holds()
    at = happens(world, ASKED, by=SIGNATORY)
    assert clock(world, K.EXTENSION, request=OPEN).requirement == "S44"
    assert_due(world, K.EXTENSION, at + 7 * DAY, OPEN)
    happens(world, settings_adopted(contact_days=3), by=INSTALLATION)
    assert_due(world, K.EXTENSION, at + 3 * DAY, OPEN)


@pytest.mark.parametrize("answered", [True, False], ids=["the answer", "a renewal that came in unasked"])
def test_what_stops_the_week_of_an_extension(answered: bool) -> None:
    """S44: who was answered, or submitted the renewal, knows how to; the answer counts where there was one."""
    world = everything_holds()
    happens(world, ASKED, by=SIGNATORY)
    at = happens(world, e.ExtensionAnswered(request=OPEN)) if answered else world.at
    happens(world, SUBMITTED, by=SIGNATORY)
    found = clock(world, K.EXTENSION, request=OPEN)
    assert (found.stopped, found.state) == (at, S.MET)


@pytest.mark.parametrize(
    "closing",
    [e.ExtensionGranted(request=OPEN, ends=LATER, reason="good"), e.ExtensionRefused(request=OPEN, reason="no")],
)
def test_a_closed_extension_still_says_whether_it_was_answered_in_time(closing: e.FactEvent) -> None:
    """S44: a late answer stays on record, also beside the next extension."""
    world = everything_holds()
    asked = happens(world, ASKED, by=SIGNATORY)
    world.at = asked + 8 * DAY
    answered = happens(world, e.ExtensionAnswered(request=OPEN))
    happens(world, SUBMITTED, by=SIGNATORY)
    happens(world.wait(DAY), closing)
    found = clock(world, K.EXTENSION, request=OPEN)
    assert (found.starts, found.stopped, found.state) == (asked, answered, S.BREACHED)
    happens(world, ASKED, by=SIGNATORY)
    both = [one for one in clocks_of(world.state, world.state.requests[OPEN], world.at) if one.kind is K.EXTENSION]
    assert [one.state for one in both] == [S.BREACHED, S.RUNNING]


def test_an_extension_of_a_request_that_ended_waits_for_nobody() -> None:
    """S44: its clock stops with the end."""
    world = everything_holds()
    happens(world, ASKED, by=SIGNATORY)
    at = happens(world, e.RequestEnded(request=OPEN, reason="done"))
    assert clock(world, K.EXTENSION, request=OPEN).stopped == at


def test_a_user_is_heard_within_four_weeks_of_a_suspension() -> None:
    """E58: until it is reinstated or ended."""
    world = everything_holds()
    at = happens(world, e.RequestSuspended(request=OPEN, reason="a question"), by=REPRESENTATIVE)
    assert clock(world, K.HEARING, request=OPEN).requirement == "E58"
    assert_due(world, K.HEARING, at + 28 * DAY, OPEN)
    ended = world.copy()
    lifted = happens(world, e.RequestReinstated(request=OPEN, reason="answered"), by=REPRESENTATIVE)
    assert clock(world, K.HEARING, request=OPEN).stopped == lifted
    assert clock(world, K.HEARING, request=OPEN, at=world.at + 100 * DAY).state is S.MET
    again = happens(world.wait(DAY), e.RequestSuspended(request=OPEN, reason="another"), by=REPRESENTATIVE)
    both = [one for one in clocks_of(world.state, world.state.requests[OPEN], again) if one.kind is K.HEARING]
    assert [(one.starts, one.state) for one in both] == [(at, S.MET), (again, S.RUNNING)]
    at = happens(ended, e.RequestEnded(request=OPEN, reason="misuse"), by=REPRESENTATIVE)
    assert clock(ended, K.HEARING, request=OPEN).stopped == at


def test_breaches_are_those_that_go_on() -> None:
    """S13, S21, E58: of all requests, the longest overdue first; what was stopped, late or not, is on record only."""
    world = everything_holds()
    assert breaches(world.state, world.at + 10_000 * DAY) == ()
    suspended = happens(world, e.RequestSuspended(request=OPEN, reason="a question"))
    received = intake(world)
    found = [(one.request, one.kind) for one in breaches(world.state, world.at + 30 * DAY)]
    assert found == [(NEW, K.INTAKE), (OPEN, K.HEARING)]
    assert breaches(world.state, received + 7 * DAY - TICK) == ()
    assert [one.kind for one in breaches(world.state, received + 7 * DAY)] == [K.INTAKE]
    world.at = suspended + 60 * DAY
    happens(world, INVITATION)
    assert [one.kind for one in breaches(world.state, world.at)] == [K.HEARING]


def test_an_empty_log_has_no_clocks() -> None:
    """S13: nothing is overdue where nothing was asked."""
    world = begun()
    assert breaches(world.state, world.at) == ()
