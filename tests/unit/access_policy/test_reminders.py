"""What ends soon: who is reminded, at which instants, and each reminder exactly once."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy import events as e
from access_policy.model.enums import RequestStatus, Role, VerificationMethod
from access_policy.model.ids import CourseName, InstitutionName, PersonId
from access_policy.model.instants import format_instant
from access_policy.notices import Notice, NoticeKind, reminders
from tests.unit.access_policy.happenings import (
    HOSPITAL,
    OVERSEAS,
    happens,
    joins,
    settings_adopted,
    signs_for,
)
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    COLLEAGUE,
    DAY,
    INSTALLATION,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    RESTRICTED,
    SIGNATORY,
    STRANGER,
    TICK,
    TRAINER,
    World,
    everything_holds,
)

K = NoticeKind
THRESHOLDS = (60, 30, 14, 7, 1)
ALL_TIME = 5000 * DAY


def coming(world: World, kind: NoticeKind, about: str) -> list[Notice]:
    """Return all reminders of a kind about something, from now on."""
    found = reminders(world.state, world.at, world.at + ALL_TIME)
    return [one for one in found if (one.kind, one.about) == (kind, about)]


def instants(world: World, kind: NoticeKind, about: str, to: PersonId) -> list[datetime]:
    """Return when somebody is reminded."""
    return [one.at for one in coming(world, kind, about) if one.to == to]


def term_end(world: World) -> datetime:
    """Return when the term of `DR-1` ends."""
    term = world.state.requests[OPEN].term
    assert term is not None
    return term.ends


def before(ends: datetime, *days: int) -> list[datetime]:
    """Return the instants that lie so many days before an end."""
    return [ends - day * DAY for day in days or THRESHOLDS]


def test_the_licensee_is_reminded_of_the_end_of_the_term() -> None:
    """S41: signatory and applicant, at each threshold of the settings; a contact who is neither is not."""
    world = everything_holds()
    happens(world, e.ContactNamed(request=OPEN, person=COLLEAGUE, email="cas@hospital.example"))
    ends = term_end(world)
    for who in (SIGNATORY, RESEARCHER):
        assert instants(world, K.TERM_ENDS, OPEN, who) == before(ends)
    assert {one.to for one in coming(world, K.TERM_ENDS, OPEN)} == {SIGNATORY, RESEARCHER}


def test_a_reminder_says_what_ends_when() -> None:
    """S41: its key names the kind, the request, the person, the threshold and the end."""
    world = everything_holds()
    ends = term_end(world)
    found = next(one for one in coming(world, K.TERM_ENDS, OPEN) if one.to == SIGNATORY)
    instant = format_instant(ends)
    assert found == Notice(
        f"term_ends:DR-1:{SIGNATORY}:60:{instant}", K.TERM_ENDS, SIGNATORY, OPEN, ends - 60 * DAY,
        (("days", "60"), ("ends", instant)),
    )  # fmt: skip


def test_the_window_is_half_open() -> None:
    """S41, REQ-08: a reminder belongs to the window that begins with its instant, not to the one that ends with it."""
    world = everything_holds()
    at = term_end(world) - 7 * DAY
    assert [one.about for one in reminders(world.state, at, at + TICK)] == [OPEN, OPEN]
    assert reminders(world.state, at - TICK, at) == ()
    assert reminders(world.state, at + TICK, at + 2 * TICK) == ()
    assert reminders(world.state, at, at) == ()


def test_the_thresholds_are_a_setting() -> None:
    """S41: as the institute adopted them, each once though it stands there twice."""
    world = everything_holds()
    happens(world, settings_adopted(reminder_days=(5, 90, 5)), by=INSTALLATION)
    assert instants(world, K.TERM_ENDS, OPEN, RESEARCHER) == before(term_end(world), 90, 5)


def test_a_threshold_that_was_over_before_the_term_was_known_is_left_out() -> None:
    """S41: a term of ten days gives reminders of seven days and one."""
    world = everything_holds()
    ends = world.at + 10 * DAY
    happens(world, e.ExtensionGranted(request=OPEN, ends=ends, reason="short"))
    found = reminders(world.state, world.at - ALL_TIME, world.at + ALL_TIME)
    mine = [one.at for one in found if (one.kind, one.about, one.to) == (K.TERM_ENDS, OPEN, RESEARCHER)]
    assert mine == before(ends, 7, 1)


def test_a_threshold_at_the_very_instant_at_which_the_term_is_known_counts() -> None:
    """S41: a term of exactly seven days gives the reminder of seven days."""
    world = everything_holds()
    ends = world.at + 7 * DAY
    at = happens(world, e.ExtensionGranted(request=OPEN, ends=ends, reason="short"))
    found = reminders(world.state, at, at + TICK)
    assert {one.to for one in found} == {RESEARCHER, SIGNATORY}


def test_a_changed_term_gives_new_keys() -> None:
    """S41, S45: for the new end everybody is reminded again, and of the old one no more."""
    world = everything_holds()
    old = {one.key for one in coming(world, K.TERM_ENDS, OPEN)}
    ends = term_end(world) + 200 * DAY
    happens(world, e.ExtensionGranted(request=OPEN, ends=ends, reason="good"))
    new = {one.key for one in coming(world, K.TERM_ENDS, OPEN)}
    assert len(old) == len(new) == 2 * len(THRESHOLDS)
    assert not old & new
    assert instants(world, K.TERM_ENDS, OPEN, RESEARCHER) == before(ends)


@pytest.mark.parametrize(
    "event",
    [e.RequestEnded(request=OPEN, reason="done"), e.RequestWithdrawn(request=OPEN)],
    ids=["ended", "withdrawn"],
)
def test_nobody_is_reminded_of_a_term_that_was_cut_short(event: e.FactEvent) -> None:
    """S41, S94: what is over needs no reminder."""
    world = everything_holds()
    happens(world, event)
    assert coming(world, K.TERM_ENDS, OPEN) == []
    assert coming(world, K.TERM_ENDS, RESTRICTED) != []


def test_nobody_is_reminded_of_what_the_clock_has_ended() -> None:
    """S41: after a standstill of the sender, a term that is over gives nothing that would be too late."""
    world = everything_holds()
    begins = world.at
    world.at = term_end(world)
    happens(world, e.PersonEnabled(person=RESEARCHER))
    assert [one for one in reminders(world.state, begins, world.at) if one.about == OPEN] == []


def test_who_signs_at_the_instant_of_the_reminder_is_reminded() -> None:
    """S34, S41: not who signed when the term was set, nor who will sign later; of every organisation (S68)."""
    world = everything_holds()
    joins(world)
    ends = term_end(world)
    signs_for(world, STRANGER, OVERSEAS)
    signs_for(world, COLLEAGUE, HOSPITAL, until=ends - 14 * DAY)
    assert instants(world, K.TERM_ENDS, OPEN, STRANGER) == before(ends)
    assert instants(world, K.TERM_ENDS, OPEN, COLLEAGUE) == before(ends, 60, 30)
    happens(world, e.PersonLeft(person=SIGNATORY))
    assert instants(world, K.TERM_ENDS, OPEN, SIGNATORY) == []


def certified(world: World, who: PersonId, ends: datetime) -> e.PersonCertified:
    """Return a certification of a person in the course of everybody."""
    return e.PersonCertified(person=who, course=CourseName("privacy"), ends=ends)


def test_a_person_is_reminded_of_the_end_of_their_certification() -> None:
    """S74: of the one that counts, so a renewed one in place of the old one."""
    world = everything_holds()
    first = world.state.people[RESEARCHER].certifications[CourseName("privacy")][0].ends
    assert instants(world, K.CERTIFICATION_ENDS, "privacy", RESEARCHER) == before(first)
    later = first + 100 * DAY
    happens(world, certified(world, RESEARCHER, later), by=TRAINER)
    assert instants(world, K.CERTIFICATION_ENDS, "privacy", RESEARCHER) == before(later)


@pytest.mark.parametrize(
    "event",
    [
        e.CertificationRevoked(person=RESEARCHER, course=CourseName("privacy"), reason="because"),
        e.CourseRevised(course=CourseName("privacy"), version="2", binding=True),
    ],
    ids=["revoked", "of a version that binds no more"],
)
def test_nobody_is_reminded_of_a_certification_that_counts_no_more(event: e.FactEvent) -> None:
    """S74."""
    world = everything_holds()
    happens(world, event, by=TRAINER)
    assert instants(world, K.CERTIFICATION_ENDS, "privacy", RESEARCHER) == []


def test_a_person_is_reminded_of_the_end_of_their_verification() -> None:
    """S73: until it is renewed or withdrawn."""
    world = everything_holds()
    verification = world.state.people[RESEARCHER].verification
    assert verification is not None
    assert instants(world, K.VERIFICATION_ENDS, RESEARCHER, RESEARCHER) == before(verification.until)
    later = verification.until + 9 * DAY
    happens(world, e.PersonVerified(person=RESEARCHER, method=VerificationMethod.IN_PERSON, until=later))
    assert instants(world, K.VERIFICATION_ENDS, RESEARCHER, RESEARCHER) == before(later)
    happens(world, e.VerificationWithdrawn(person=RESEARCHER, reason="because"))
    assert coming(world, K.VERIFICATION_ENDS, RESEARCHER) == []


def appointed(role: Role, until: datetime, scope: Any = None) -> e.RoleAppointed:
    """Return an appointment of the assessor to a further role."""
    return e.RoleAppointed(person=ASSESSOR, role=role, scope=scope, until=until)


def test_a_person_is_reminded_of_the_end_of_each_role() -> None:
    """S34, E28: of a renewed one at its new end only, of each scope for itself."""
    world = everything_holds()
    ends = world.state.people[ASSESSOR].appointments[0].until
    assert instants(world, K.ROLE_ENDS, "assessor", ASSESSOR) == before(ends)
    later = ends + 50 * DAY
    happens(world, appointed(Role.ASSESSOR, later), appointed(Role.ASSESSOR, ends - 50 * DAY))
    happens(world, appointed(Role.TRAINER, ends, CourseName("privacy")), appointed(Role.TRAINER, ends))
    assert instants(world, K.ROLE_ENDS, "assessor", ASSESSOR) == before(later)
    assert instants(world, K.ROLE_ENDS, "trainer:privacy", ASSESSOR) == before(ends)
    assert instants(world, K.ROLE_ENDS, "trainer", ASSESSOR) == before(ends)


def test_a_role_that_was_taken_away_is_over() -> None:
    """S34: also for a sender who looks back."""
    world = everything_holds()
    happens(world, e.RoleEnded(person=ASSESSOR, role=Role.ASSESSOR))
    found = reminders(world.state, world.at - ALL_TIME, world.at + ALL_TIME)
    assert [one for one in found if one.about == "assessor"] == []


def test_both_sides_are_reminded_of_the_end_of_an_agreement() -> None:
    """S72: the partner's signatory and the centre's representative."""
    world = everything_holds()
    agreement = world.state.institutions[HOSPITAL].agreement
    assert agreement is not None
    for who in (SIGNATORY, REPRESENTATIVE):
        assert instants(world, K.AGREEMENT_ENDS, HOSPITAL, who) == before(agreement.ends)
    assert {one.to for one in coming(world, K.AGREEMENT_ENDS, HOSPITAL)} == {SIGNATORY, REPRESENTATIVE}
    happens(world, e.AgreementEnded(institution=HOSPITAL))
    assert coming(world, K.AGREEMENT_ENDS, HOSPITAL) == []


def test_nobody_is_reminded_of_the_end_of_an_exclusion() -> None:
    """E59: it concerns more than one person's next step."""
    world = everything_holds()
    joins(world)
    quiet = {one.key for one in reminders(world.state, world.at, world.at + ALL_TIME)}
    until = world.at + 100 * DAY
    happens(world, e.OrganisationExcluded(institution=OVERSEAS, until=until, reason="misuse"))
    assert {one.key for one in reminders(world.state, world.at, world.at + ALL_TIME)} == quiet


def test_who_left_is_reminded_of_nothing() -> None:
    """S73: neither of a certification nor of a verification; the address is theirs no more."""
    world = everything_holds()
    happens(world, e.PersonLeft(person=RESEARCHER))
    assert [one for one in reminders(world.state, world.at, world.at + ALL_TIME) if one.to == RESEARCHER] == []


def test_a_request_that_is_not_approved_has_no_end() -> None:
    """S39: no term, no reminder."""
    world = everything_holds()
    world.state.requests[OPEN].status = RequestStatus.ASSESSED
    assert coming(world, K.TERM_ENDS, OPEN) == []


CUTS = st.lists(st.integers(0, int(1200 * DAY / timedelta(hours=1))), max_size=30)


@given(cuts=CUTS, exact=st.lists(st.sampled_from(THRESHOLDS), max_size=5))
def test_every_reminder_goes_out_exactly_once(cuts: list[int], exact: list[int]) -> None:
    """S41: however the time is cut into windows, also at the instants of reminders: the same keys, each once."""
    world = everything_holds()
    begins, ends = world.at, world.at + 1200 * DAY
    inner = {begins + timedelta(hours=cut) for cut in cuts} | set(before(term_end(world), *exact) if exact else [])
    edges = sorted({begins, ends, *inner})
    keys = [one.key for left, right in pairwise(edges) for one in reminders(world.state, left, right)]
    whole = [one.key for one in reminders(world.state, begins, ends)]
    assert sorted(keys) == sorted(whole)
    assert len(set(whole)) == len(whole) > 50


def test_reminders_come_in_the_order_of_their_instants() -> None:
    """S41: so that who stops in between knows how far they came."""
    world = everything_holds()
    happens(world, e.AgreementRecorded(institution=InstitutionName("centre"), begins=world.at, ends=world.at + 9 * DAY))
    found = [(one.at, one.key) for one in reminders(world.state, world.at, world.at + ALL_TIME)]
    assert found == sorted(found)
    assert ADMIN not in {one.to for one in reminders(world.state, world.at, world.at + 9 * DAY)}
