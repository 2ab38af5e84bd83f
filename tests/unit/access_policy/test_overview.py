"""What the pages show: the versions of a permit, the yearly test, the register."""

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from access_policy import events as e
from access_policy.model.enums import PermitStatus, RequestStatus, Route
from access_policy.model.ids import DatasetName, RequestId
from access_policy.overview import (
    FlagKind,
    PermitVersion,
    RegisterEntry,
    approved_requests,
    is_live,
    is_open,
    permit_status,
    permit_versions,
    security_test_overdue,
)
from tests.unit.access_policy.happenings import (
    HOSPITAL,
    NEW,
    approval,
    approved_clinical,
    drafted,
    happens,
    submitted,
)
from tests.unit.access_policy.world import (
    COLLEAGUE,
    DAY,
    INSTALLATION,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    TICK,
    World,
    begun,
    everything_holds,
)

K = FlagKind
P = PermitStatus


def status(world: World, at: datetime, request: RequestId = OPEN) -> PermitStatus | None:
    """Return the status of a request's permit at an instant."""
    return permit_status(world.state.requests[request], at)


def term_end(world: World, request: RequestId = OPEN) -> datetime:
    """Return when the term of a request ends."""
    term = world.state.requests[request].term
    assert term is not None
    return term.ends


def test_a_permit_is_granted_until_it_expires_by_the_clock() -> None:
    """E18, S46: GRANTED from the approval, EXPIRED at the very end of the term; before there is none."""
    world = everything_holds()
    approved, ends = world.state.requests[OPEN].approved, term_end(world)
    assert approved is not None
    at = {approved - TICK: None, approved: P.GRANTED, ends - TICK: P.GRANTED, ends: P.EXPIRED, ends + TICK: P.EXPIRED}
    assert {one: status(world, one) for one in at} == at


def test_a_request_that_is_not_approved_has_no_permit() -> None:
    """E18."""
    world = drafted()
    assert status(world, world.at, NEW) is None
    assert permit_versions(world.state.requests[NEW], world.at) == ()


def test_every_version_of_a_permit_and_its_dates_can_be_read() -> None:
    """E15, E18: an amended and a renewed permit has an id of its own; each says what it granted, and to whom."""
    world = everything_holds()
    data, before = (DatasetName("tumours"), DatasetName("expressions")), (RESEARCHER,)
    granted = world.state.requests[OPEN].approved
    assert granted is not None
    happens(world, e.AmendmentProposed(request=OPEN, amendment=1, datasets=(), contacts=(COLLEAGUE,), reason="help"))
    amended = happens(world, e.AmendmentApproved(request=OPEN, amendment=1, reason="good"))
    longer = term_end(world) + 100 * DAY
    renewed = happens(world, e.ExtensionGranted(request=OPEN, ends=longer, reason="good"))
    versions = (
        PermitVersion("DR-1/1", P.GRANTED, granted, amended, data, before),
        PermitVersion("DR-1/2", P.AMENDED, amended, renewed, data, (*before, COLLEAGUE)),
        PermitVersion("DR-1/3", P.RENEWED, renewed, longer, data, (*before, COLLEAGUE)),
    )
    request = world.state.requests[OPEN]
    assert permit_versions(request, world.at) == versions
    assert permit_versions(request, longer)[-1] == replace(versions[2], status=P.EXPIRED)
    assert [status(world, one) for one in (granted, amended, renewed)] == [P.GRANTED, P.AMENDED, P.RENEWED]
    assert permit_versions(request, amended - TICK) == (replace(versions[0], until=longer),)


def test_a_revoked_permit_stays_revoked() -> None:
    """E18, S94: it does not expire on top of that, and has no end."""
    world = everything_holds()
    ended = happens(world, e.RequestEnded(request=OPEN, reason="misuse"))
    request = world.state.requests[OPEN]
    for at in (ended, term_end(world), term_end(world) + DAY):
        assert permit_status(request, at) is P.REVOKED
    newest = permit_versions(request, ended)[-1]
    assert (newest.since, newest.until) == (ended, None)


@pytest.mark.parametrize(("early", "expected"), [(TICK, P.REVOKED), (timedelta(0), P.EXPIRED)], ids=["before", "at"])
def test_what_has_expired_is_revoked_no_more(early: timedelta, expected: PermitStatus) -> None:
    """E18, E61: a request that is closed at or after the end of its term expired."""
    world = everything_holds()
    world.at = term_end(world) - early
    happens(world, e.RequestEnded(request=OPEN, reason="done"))
    assert status(world, world.at) is expected


def test_a_permit_that_was_given_back_is_revoked() -> None:
    """E18: an approved request that its applicant withdrew leaves no permit that would still be granted."""
    world, _ = submitted()
    happens(world, approval(world))
    assert status(world, world.at, NEW) is P.GRANTED
    at = happens(world, e.RequestWithdrawn(request=NEW), by=RESEARCHER)
    assert status(world, at - TICK, NEW) is P.GRANTED
    assert status(world, at, NEW) is P.REVOKED
    newest = permit_versions(world.state.requests[NEW], at)[-1]
    assert (newest.identifier, newest.status, newest.since, newest.until) == ("DR-3/1", P.REVOKED, at, None)


@pytest.mark.parametrize(
    ("request_status", "live", "in_progress"),
    [
        (RequestStatus.DRAFT, False, True),
        (RequestStatus.SUBMITTED, False, True),
        (RequestStatus.APPROVED, True, True),
        (RequestStatus.LICENSED, True, True),
        (RequestStatus.ACTIVE, True, True),
        (RequestStatus.REFUSED, False, False),
        (RequestStatus.WITHDRAWN, False, False),
        (RequestStatus.ENDED, False, False),
    ],
)
def test_which_requests_are_live(request_status: RequestStatus, live: bool, in_progress: bool) -> None:
    """S46: from the approval to the end of the term, if nothing ended it before."""
    world = everything_holds()
    request = world.state.requests[OPEN]
    request.status = request_status
    assert (is_live(request, world.at), is_open(request, world.at)) == (live, in_progress)
    ends = term_end(world)
    assert (is_live(request, ends - TICK), is_open(request, ends - TICK)) == (live, in_progress)
    assert (is_live(request, ends), is_open(request, ends)) == (False, False)


def test_the_yearly_security_test_is_overdue_after_366_days() -> None:
    """S95: where there is none, and at exactly 366 days after the last one."""
    world = begun()
    assert security_test_overdue(world.state, world.at)
    on = world.at - 10 * DAY
    happens(world, e.SecurityTested(tester="a firm", scope="all", on=on), by=INSTALLATION)
    happens(world, e.SecurityTested(tester="a firm", scope="all", on=on - 300 * DAY), by=INSTALLATION)
    assert not security_test_overdue(world.state, on + 366 * DAY - TICK)
    assert security_test_overdue(world.state, on + 366 * DAY)


def test_approved_requests_are_listed() -> None:
    """S47, E64, E66: with title, institution, datasets, term, status and permit, in the order of their numbers."""
    world = everything_holds()
    first, second = approved_requests(world.state, world.at)
    request = world.state.requests[OPEN]
    assert request.approved is not None
    assert request.term is not None
    datasets = (DatasetName("tumours"), DatasetName("expressions"))
    assert first == RegisterEntry(
        OPEN,
        "Survival",
        "Which treatment helps",
        HOSPITAL,
        datasets,
        request.term,
        request.approved,
        "DR-1/1",
        P.GRANTED,
    )
    assert (second.request, second.datasets) == (RESTRICTED, ("scans",))


def test_the_register_lists_what_was_granted_only() -> None:
    """S3, S47: neither what was asked for in vain nor who is still waiting or was refused."""
    world, _ = submitted()
    happens(world, e.DatasetRequested(request=NEW, dataset=DatasetName("tumours"), necessity="n"))
    assert [one.request for one in approved_requests(world.state, world.at)] == [OPEN, RESTRICTED]
    happens(world, e.RequestRefused(request=NEW, reason="no"))
    assert [one.request for one in approved_requests(world.state, world.at)] == [OPEN, RESTRICTED]


def test_the_register_keeps_what_has_ended() -> None:
    """S47, E18, E66: who had access stays public, with what became of it."""
    world = everything_holds()
    happens(world, e.RequestEnded(request=OPEN, reason="done"))
    ends = term_end(world, RESTRICTED)
    assert [one.status for one in approved_requests(world.state, ends)] == [P.REVOKED, P.EXPIRED]


def test_the_register_is_sorted_by_number() -> None:
    """S47: DR-10 follows DR-9."""
    world = everything_holds()
    ten = RequestId("DR-10")
    request = world.state.requests.pop(OPEN)
    request.request = ten
    world.state.requests = {ten: request, **world.state.requests}
    assert [one.request for one in approved_requests(world.state, world.at)] == [RESTRICTED, ten]


def test_clinical_requests_are_not_in_the_register() -> None:
    """S47: it lists data access requests; a clinical one can be about a single patient."""
    world, _ = approved_clinical()
    assert world.state.requests[NEW].route is Route.CLINICAL
    assert status(world, world.at, NEW) is P.GRANTED
    assert [one.request for one in approved_requests(world.state, world.at)] == [OPEN, RESTRICTED]
