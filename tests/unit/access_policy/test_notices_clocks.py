"""Notices of clocks that are breached: to whom, at which instant, once."""

from datetime import datetime

import pytest

from access_policy import events as e
from access_policy.clocks import ClockKind
from access_policy.model.enums import PauseReason, Regime, Role
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.instants import format_instant
from access_policy.notices import Notice, NoticeKind, reminders
from tests.unit.access_policy.happenings import ASKED, NEW, approved_clinical, happens, intake, submitted
from tests.unit.access_policy.world import (
    ASSESSOR,
    BOARD_MEMBER,
    DAY,
    NOON,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    STRANGER,
    TICK,
    World,
    everything_holds,
)

K = ClockKind
LONG = 400 * DAY
FAR = NOON + 900 * DAY


def overdue(world: World, request: RequestId = NEW, begins: datetime | None = None) -> list[Notice]:
    """Return every notice of a breach from `begins` on, or ever; the office is appointed by then."""
    if not any(one.role is Role.DATA_ACCESS_OFFICE for one in world.state.people[STRANGER].appointments):
        happens(world, e.RoleAppointed(person=STRANGER, role=Role.DATA_ACCESS_OFFICE, scope=None, until=FAR))
    found = reminders(world.state, begins or datetime.min.replace(tzinfo=world.at.tzinfo), world.at + LONG)
    return [one for one in found if one.kind is NoticeKind.CLOCK_BREACHED and one.about == request]


def _intake() -> tuple[World, RequestId, datetime]:
    world = everything_holds()
    return world, NEW, intake(world) + 7 * DAY


def _review() -> tuple[World, RequestId, datetime]:
    world, at = submitted()
    return world, NEW, at + 42 * DAY


def _clinical() -> tuple[World, RequestId, datetime]:
    world, at = approved_clinical()
    return world, NEW, at + 7 * DAY


def _extension() -> tuple[World, RequestId, datetime]:
    world = everything_holds()
    return world, OPEN, happens(world, ASKED, by=SIGNATORY) + 7 * DAY


def _hearing() -> tuple[World, RequestId, datetime]:
    world = everything_holds()
    return world, OPEN, happens(world, e.RequestSuspended(request=OPEN, reason="why")) + 28 * DAY


def _completion() -> tuple[World, RequestId, datetime]:
    world, _ = submitted(Regime.EHDS)
    return world, NEW, happens(world.wait(DAY), e.RequestReturned(request=NEW, reason="the term")) + 28 * DAY


@pytest.mark.parametrize(
    ("made", "kind", "told"),
    [
        (_intake, K.INTAKE, {STRANGER}),
        (_review, K.REVIEW, {ASSESSOR, BOARD_MEMBER, STRANGER, RESEARCHER}),
        (_clinical, K.AVAILABILITY, {STEWARD, STRANGER, RESEARCHER}),
        (_extension, K.EXTENSION, {STRANGER, RESEARCHER}),
        (_hearing, K.HEARING, {REPRESENTATIVE, STRANGER, RESEARCHER}),
        (_completion, K.COMPLETION, {STRANGER, RESEARCHER}),
    ],
)
def test_a_breach_is_told_once_to_who_acts_and_who_waits(made: object, kind: ClockKind, told: set[PersonId]) -> None:
    """S13, S21, S44, S52, E7, E58: at the instant of the breach; windows that follow each other tell it once."""
    assert callable(made)
    world, request, due = made()
    found = overdue(world, request)
    assert {one.to for one in found} == told
    assert len(found) == len(told)
    assert {one.at for one in found} == {due}
    assert {one.values for one in found} == {(("clock", str(kind)), ("due", format_instant(due)))}
    assert len({one.key for one in found}) == len(found)
    windows = [(due - DAY, due), (due, due + TICK), (due + TICK, due + DAY)]
    counts = [len([one for one in reminders(world.state, *window) if one in found]) for window in windows]
    assert counts == [0, len(found), 0]


def test_a_clock_that_stands_still_or_stopped_is_told_to_nobody() -> None:
    """S21: neither while it is paused, nor after the decision; a pause moves the instant."""
    world, at = submitted()
    paused = happens(world, e.ClockPaused(request=NEW, why=PauseReason.WAITING_FOR_ADVICE, note="asked"))
    assert overdue(world) == []
    world.at = paused + 10 * DAY
    happens(world, e.ClockResumed(request=NEW))
    assert {one.at for one in overdue(world)} == {at + 52 * DAY}
    happens(world, e.RequestRefused(request=NEW, reason="no"))
    assert overdue(world) == []


def test_who_no_longer_holds_the_role_is_not_told() -> None:
    """S73: who sits on the board at the instant of the breach, and nobody who left."""
    world, _, _ = _review()
    happens(world, e.RoleEnded(person=BOARD_MEMBER, role=Role.BOARD_MEMBER))
    happens(world, e.PersonLeft(person=RESEARCHER))
    assert {one.to for one in overdue(world)} == {ASSESSOR, STRANGER}
