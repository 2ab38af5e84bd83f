"""Checks of the controls: whether they hold, since when and until when, from the state alone."""

from datetime import UTC, datetime, timedelta

import pytest

from access_policy.controls import CHECKS, Held, Shown, agreement, check, held
from access_policy.model.enums import DocumentKind, Role
from access_policy.model.ids import InstitutionName, PersonId
from access_policy.model.instants import Term
from access_policy.state import Appointment, Document, Institution, Person, State
from access_policy.state.data import DocumentVersion

pytestmark = pytest.mark.unit

AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def appointed(number: int, role: Role, since: datetime, until: datetime, scope: str | None = None) -> Person:
    person = PersonId(f"P-{number}")
    made = Person(person, "A", f"a{number}@centre.example", InstitutionName("centre"), since, since, since)
    made.appointments.append(Appointment(role, scope, since, until))
    return made


def state_of(*people: Person) -> State:
    return State(begun=AT - 100 * DAY, people={one.person: one for one in people})


def test_a_control_holds_where_all_does_since_the_last_until_the_first() -> None:
    """S92."""
    two = (Shown("a", True, AT - 3 * DAY, AT + DAY), Shown("b", True, AT - DAY, AT + 5 * DAY))
    assert held(two) == Held(True, AT - DAY, AT + DAY, two)
    failing = (Shown("c", False, AT - 2 * DAY), Shown("d", False, AT - DAY))
    assert held((*two, *failing)) == Held(False, AT - 2 * DAY, None, (*failing, *two))
    assert held(()) == Held(True, None, None, ())


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_reads_a_state_without_anything(name: str) -> None:
    """S92: on the first day too."""
    check(name, State(), AT)


def test_a_security_test_is_overdue_from_the_first_instant_after_a_year() -> None:
    """S95: half-open; with no test at all, since the log began."""
    state = state_of()
    assert check("security-test", state, AT).since == state.begun
    state.security_tested = AT
    over = AT + 366 * DAY
    before, after = (check("security-test", state, at) for at in (over - timedelta(microseconds=1), over))
    assert (before.holds, before.since, before.until) == (True, AT, over)
    assert (after.holds, after.since) == (False, over)


def test_a_second_person_is_there_since_the_second_and_until_the_first_of_two_leaves() -> None:
    """E37: the earlier of the two ends is the end."""
    state = state_of(
        appointed(1, Role.ADMIN, AT - 9 * DAY, AT + 9 * DAY), appointed(2, Role.ADMIN, AT - 4 * DAY, AT + 2 * DAY)
    )
    now = check("second-person", state, AT)
    assert (now.holds, now.since, now.until) == (True, AT - 4 * DAY, AT + 2 * DAY)
    then = check("second-person", state, AT + 2 * DAY)
    assert (then.holds, then.since) == (False, AT + 2 * DAY)


def test_who_is_stopped_fills_no_place() -> None:
    """S92, S94."""
    auditor = appointed(1, Role.AUDITOR, AT - DAY, AT + DAY)
    assert check("auditor", state_of(auditor), AT).holds
    auditor.disabled = AT
    stopped = check("auditor", state_of(auditor), AT)
    assert (stopped.holds, stopped.since) == (False, AT)


def test_each_missing_text_is_named() -> None:
    """S65: one licence of two is not enough."""
    state = state_of()
    version = DocumentVersion("1", "Licence", AT, True, {"en": "0" * 64})
    state.documents[DocumentKind.LICENCE_EEA] = Document(DocumentKind.LICENCE_EEA, [version], AT)
    found = check("licences", state, AT)
    assert not found.holds
    assert [(one.about, one.holds) for one in found.evidence] == [
        ("licence-non-eea", False), ("licence-eea, version 1", True),
    ]  # fmt: skip


def test_an_agreement_counts_up_to_its_end() -> None:
    """S72, S91: half-open; ended before, it ends then."""
    one = Institution(InstitutionName("uni"), "Uni", "NL", frozenset(), AT, False, AT - 9 * DAY)
    assert agreement(one, AT) == Shown("uni", False, AT - 9 * DAY)
    one.agreement = Term(AT - DAY, AT + DAY)
    assert agreement(one, AT) == Shown("uni", True, AT - DAY, AT + DAY)
    assert agreement(one, AT + DAY) == Shown("uni", False, AT + DAY)
    one.agreement_ended = AT
    assert agreement(one, AT) == Shown("uni", False, AT)
