"""What about a request needs attention, from which instant until when."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.clocks import ClockKind
from access_policy.model.enums import PermitStatus, Role
from access_policy.model.ids import RequestId
from access_policy.overview import (
    Flag,
    FlagKind,
    flags,
    signatories,
)
from tests.unit.access_policy.happenings import (
    HOSPITAL,
    NEW,
    OVERSEAS,
    adequacy_ended,
    approved_clinical,
    happens,
    joins,
    signs_for,
    submitted,
)
from tests.unit.access_policy.world import (
    COLLEAGUE,
    DAY,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    SIGNATORY,
    STRANGER,
    TICK,
    World,
    begun,
    everything_holds,
)

K = FlagKind
P = PermitStatus


def term_end(world: World, request: RequestId = OPEN) -> datetime:
    """Return when the term of a request ends."""
    term = world.state.requests[request].term
    assert term is not None
    return term.ends


def flags_of(world: World, at: datetime | None = None, request: RequestId = OPEN) -> tuple[Flag, ...]:
    """Return the flags of a request, now or at another instant."""
    return flags(world.state, world.state.requests[request], at or world.at)


def test_nothing_needs_attention_in_the_good_world() -> None:
    """S34, S67, E19: no flag where everything holds, and none once it is over."""
    world = everything_holds()
    assert flags_of(world) == flags_of(world, term_end(world)) == ()


def test_an_organisation_that_nobody_signs_for_is_flagged() -> None:
    """S34: from the very end of the last signatory's role, until the end of the term."""
    world = everything_holds()
    happens(world, e.RoleEnded(person=SIGNATORY, role=Role.SIGNATORY))
    signs_for(world, STRANGER, HOSPITAL, world.at + 10 * DAY)
    until = world.at + 10 * DAY - timedelta(minutes=1)
    assert flags_of(world, until - TICK) == ()
    assert flags_of(world, until) == (Flag(K.NO_SIGNATORY, HOSPITAL),)
    assert flags_of(world, term_end(world)) == ()


@pytest.mark.parametrize(
    "event",
    [
        e.PersonLeft(person=SIGNATORY),
        e.PersonDisabled(person=SIGNATORY, reason="a question"),
        e.RoleEnded(person=SIGNATORY, role=Role.SIGNATORY),
    ],
    ids=["left", "stopped", "role ended"],
)
def test_who_signs_for_nobody_any_more(event: Any) -> None:
    """S34, ID-15: who left, was stopped or lost the role; another one for the same organisation is enough."""
    world = everything_holds()
    assert signatories(world.state, world.at) == {HOSPITAL: (SIGNATORY,)}
    happens(world, event)
    assert signatories(world.state, world.at) == {}
    assert flags_of(world) == (Flag(K.NO_SIGNATORY, HOSPITAL),)
    signs_for(world, STRANGER, HOSPITAL)
    assert flags_of(world) == ()


def test_each_organisation_is_looked_at_for_itself() -> None:
    """S68, S34: a second one needs a signatory of its own; the trainer of a course of that name is none."""
    world = everything_holds()
    joins(world)
    happens(world, e.RoleAppointed(person=COLLEAGUE, role=Role.TRAINER, scope=OVERSEAS, until=world.at + DAY))
    assert flags_of(world) == (Flag(K.NO_SIGNATORY, OVERSEAS),)


def test_the_clinical_route_needs_no_signatory() -> None:
    """S54: there is no licence that somebody would sign."""
    world, _ = approved_clinical()
    happens(world, e.PersonLeft(person=SIGNATORY))
    assert flags_of(world, request=NEW) == ()
    assert flags_of(world, request=OPEN) == (Flag(K.NO_SIGNATORY, HOSPITAL),)


def test_an_amendment_is_flagged_until_it_is_decided() -> None:
    """E19."""
    world = everything_holds()
    proposed = e.AmendmentProposed(request=OPEN, amendment=1, datasets=(), contacts=(COLLEAGUE,), reason="help")
    happens(world, proposed)
    assert flags_of(world) == (Flag(K.AMENDMENT_OPEN, "1"),)
    happens(world, e.AmendmentRefused(request=OPEN, amendment=1, reason="no"))
    assert flags_of(world) == ()


def test_a_breached_clock_is_flagged_while_it_goes_on() -> None:
    """S21: from its due instant on; a request that was refused late has none."""
    world, at = submitted()
    due = at + 42 * DAY
    assert flags_of(world, due - TICK, NEW) == ()
    assert flags_of(world, due, NEW) == (Flag(K.CLOCK_BREACHED, ClockKind.REVIEW),)
    world.at = due
    happens(world, e.RequestRefused(request=NEW, reason="no"))
    assert flags_of(world, request=NEW) == ()


def test_a_lapsed_transfer_basis_is_flagged_from_its_instant() -> None:
    """S67: an adequacy decision that ends is found at each grant that rests on it, also ahead of time not before."""
    world = everything_holds()
    joins(world)
    signs_for(world, STRANGER, OVERSEAS)
    ends = world.at + 30 * DAY
    happens(world, adequacy_ended(world, ends=ends))
    assert flags_of(world, ends - TICK) == ()
    assert flags_of(world, ends) == (Flag(K.TRANSFER_BASIS_LAPSED, OVERSEAS),)
    assert flags_of(world, ends, RESTRICTED) == ()
    assert flags_of(world, term_end(world)) == ()


def test_a_live_grant_without_a_transfer_basis_is_flagged() -> None:
    """S60, S67: outside the EEA a ground is needed; in a draft that it is not there yet is no news."""
    world = everything_holds()
    happens(
        world,
        e.InstitutionRegistered(
            institution=OVERSEAS, name="Overseas", country="US", domains=("overseas.example",), centre=False
        ),
        e.EntityNamed(request=OPEN, institution=OVERSEAS),
    )
    signs_for(world, STRANGER, OVERSEAS)
    assert flags_of(world) == (Flag(K.TRANSFER_BASIS_MISSING, OVERSEAS),)
    opened = e.RequestOpened(request=NEW, applicant=RESEARCHER, institution=OVERSEAS, title="T", purpose="P")
    happens(world, opened, by=RESEARCHER)
    assert flags_of(world, request=NEW) == ()


def test_an_organisation_that_is_not_registered_is_no_obstacle() -> None:
    """S12: what is not known yet raises nothing, and no error."""
    world = begun()
    opened = e.RequestOpened(request=OPEN, applicant=RESEARCHER, institution=HOSPITAL, title="T", purpose="P")
    world.state.requests_of[RESEARCHER] = {}
    happens(world, opened, by=RESEARCHER)
    assert flags_of(world) == (Flag(K.NO_SIGNATORY, HOSPITAL),)
