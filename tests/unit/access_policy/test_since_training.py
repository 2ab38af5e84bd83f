"""Conditions on training: since and until when, where courses and certifications compete (S74)."""

import pytest

from access_policy.model.enums import Role
from access_policy.model.ids import CourseName, DatasetName
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Finding, case_of
from access_policy.rules.particulars import newest
from access_policy.rules.training import trained_for
from access_policy.state import Certification, Course
from tests.unit.access_policy.findings import Asking, day
from tests.unit.access_policy.world import NOON, TICK

CODES = (R.TRAINING_MISSING, R.TRAINING_REVOKED, R.TRAINING_OUTDATED, R.TRAINING_EXPIRED)
PRIVACY, CLOUD, GENOMES = CourseName("privacy"), CourseName("cloud"), CourseName("genomes")


def course(name: CourseName, since: float = 0, binding_since: float = 0, required: bool = True) -> Course:
    """Return a course, by default one that binds everybody from the first noon on."""
    return Course(name, name.title(), 30, required, day(since), frozenset(), "1", day(binding_since))


def passed(begins: float, ends: float, revoked: float | None = None) -> Certification:
    """Return a certification for [begins, ends)."""
    return Certification(day(begins), day(ends), None, revoked=None if revoked is None else day(revoked))


def trained(courses: tuple[Course, ...], **certifications: list[Certification]) -> Asking:
    """Return the good world with these courses, and these certifications of the researcher's."""
    asking = Asking()
    asking.person.since = day(0)
    asking.state.courses = {one.course: one for one in courses}
    asking.state.required_courses = tuple(one for one in courses if one.required)
    asking.person.certifications = {CourseName(name): found for name, found in certifications.items()}
    return asking


def test_where_no_course_is_required_training_is_missing() -> None:
    """S74, POL-05: without a course nobody is trained; what would come later holds since the person is known."""
    asking = trained(())
    assert [asking.found(code) for code in CODES] == [
        Finding(R.TRAINING_MISSING, False),
        Finding(R.TRAINING_REVOKED, True, day(0)),
        Finding(R.TRAINING_OUTDATED, True, day(0)),
        Finding(R.TRAINING_EXPIRED, True, day(0)),
    ]


@pytest.mark.parametrize(("since", "expected"), [(0, 3), (2, 3), (4, 4)])
@pytest.mark.parametrize("days", [(1, 3), (3, 1)])
def test_training_is_missing_since_the_last_course_that_is_missing(
    since: int, expected: int, days: tuple[int, int]
) -> None:
    """S74: since the later of the person's registration and the last missing course; a passed one does not count."""
    asking = trained(
        (course(PRIVACY, days[0]), course(CLOUD, days[1]), course(GENOMES, 9)), genomes=[passed(9, 20)], cloud=[]
    )
    asking.person.since = day(since)
    assert asking.found(R.TRAINING_MISSING) == Finding(R.TRAINING_MISSING, False, day(expected))


@pytest.mark.parametrize("days", [(1, 3), (3, 1)])
def test_training_is_there_since_the_last_course_was_first_passed(days: tuple[int, int]) -> None:
    """S74: of each course the first certification counts, of the courses the last."""
    privacy, cloud = ([passed(begins, 10), passed(begins + 4, 30)] for begins in days)
    asking = trained((course(PRIVACY), course(CLOUD)), privacy=privacy, cloud=cloud)
    assert asking.found(R.TRAINING_MISSING) == Finding(R.TRAINING_MISSING, True, day(3))


@pytest.mark.parametrize(("first", "second"), [(4, 6), (6, 4), (None, 6), (6, None)])
def test_of_two_revocations_the_last_counts(first: int | None, second: int | None) -> None:
    """S74: one revoked certification is enough; it fails since the last of them."""
    asking = trained((course(PRIVACY), course(CLOUD)), privacy=[passed(1, 9, first)], cloud=[passed(2, 9, second)])
    assert asking.found(R.TRAINING_REVOKED) == Finding(R.TRAINING_REVOKED, False, day(6))


@pytest.mark.parametrize(("first", "second"), [(4, 6), (6, 4), (0, 6), (6, 0)])
def test_of_two_new_versions_the_last_counts(first: int, second: int) -> None:
    """S74: one course that was passed in an old version is enough; it fails since the last version began to bind."""
    courses = course(PRIVACY, 0, first), course(CLOUD, 0, second)
    asking = trained(courses, privacy=[passed(1, 9)], cloud=[passed(2, 9)])
    assert asking.found(R.TRAINING_OUTDATED) == Finding(R.TRAINING_OUTDATED, False, day(6))


def test_a_course_passed_as_its_version_began_to_bind_counts() -> None:
    """S74, REQ-08: at that very instant it is passed in that version, a microsecond before it is not."""
    asking = trained((course(PRIVACY, 0, 2),), privacy=[passed(2, 9)])
    assert asking.found(R.TRAINING_OUTDATED) == Finding(R.TRAINING_OUTDATED, True, day(0))
    asking.state.courses[PRIVACY].binding_since = day(2) + TICK
    assert asking.found(R.TRAINING_OUTDATED) == Finding(R.TRAINING_OUTDATED, False, day(2) + TICK)


@pytest.mark.parametrize("certifications", [((1, 9), (2, 8)), ((2, 8), (1, 9)), ((2, 9), (1, 8)), ((1, 8), (2, 9))])
def test_of_two_certifications_the_first_end_counts(certifications: tuple[tuple[int, int], tuple[int, int]]) -> None:
    """S74, REQ-08: in force since the last began and until the first ends, half-open."""
    first, second = (passed(*one) for one in certifications)
    asking = trained((course(PRIVACY), course(CLOUD)), privacy=[first], cloud=[second])
    code = R.TRAINING_EXPIRED
    assert asking.found(code, day(8) - TICK) == Finding(code, True, day(2), day(8))
    assert asking.found(code, day(8)) == Finding(code, False, day(8))


@pytest.mark.parametrize("worse", [passed(4, 99, 5), passed(1, 99), passed(4, 8), passed(1, 99, 5)])
@pytest.mark.parametrize("first", [True, False])
def test_the_certification_that_counts(worse: Certification, first: bool) -> None:
    """S74: valid before revoked, in the binding version before longer, and else what ends last, in any order."""
    best = passed(3, 9)
    found = [best, worse] if first else [worse, best]
    assert newest(found, course(PRIVACY, 0, 3)) is best
    asking = trained((course(PRIVACY, 0, 3),), privacy=found)
    assert [asking.found(code, day(7)).holds for code in CODES] == [True] * 4
    assert asking.found(R.TRAINING_EXPIRED, day(7)) == Finding(R.TRAINING_EXPIRED, True, day(3), day(9))


def test_an_old_version_that_is_valid_counts_before_a_revoked_new_one() -> None:
    """S74: a certification that was revoked is the last to be looked at."""
    old, revoked = passed(1, 9), passed(4, 99, 5)
    assert newest([revoked, old], course(PRIVACY, 0, 3)) is old
    assert newest([revoked], course(PRIVACY, 0, 3)) is revoked


def test_of_two_certifications_that_end_together_the_first_counts() -> None:
    """S74: the order of the log decides where nothing else does."""
    one, other = passed(1, 9), passed(1, 9)
    assert newest([one, other], course(PRIVACY)) is one


def test_a_dataset_may_ask_for_a_course_of_its_own() -> None:
    """S74: a course that a dataset asks for binds who wants it, once, and only where it exists."""
    asking = trained(
        (course(PRIVACY), course(GENOMES, 3, 0, False), course(CLOUD, 9, 0, False)), privacy=[passed(1, 9)]
    )
    assert asking.found(R.TRAINING_MISSING).holds
    for name in ("tumours", "expressions"):
        asking.state.datasets[DatasetName(name)].trainings = (GENOMES, PRIVACY, CourseName("unknown"))
    case = case_of(asking.state, asking.query())
    assert [one.course for one in case.courses] == [PRIVACY, GENOMES]
    assert [one.course for one, _ in case.trained] == [PRIVACY]
    assert asking.found(R.TRAINING_MISSING) == Finding(R.TRAINING_MISSING, False, day(3))
    asking.person.certifications[GENOMES] = [passed(4, 9)]
    assert asking.found(R.TRAINING_MISSING) == Finding(R.TRAINING_MISSING, True, day(4))


def _steward(*certifications: Certification, binding_since: float = 0) -> Asking:
    asking = trained((), genomes=list(certifications))
    asking.state.role_courses = {Role.DATA_STEWARD: (course(GENOMES, 0, binding_since), course(PRIVACY))}
    asking.person.certifications[PRIVACY] = [passed(0, 99)]
    return asking


@pytest.mark.parametrize(
    ("asking", "at", "expected"),
    [
        (_steward(), 2, False),
        (_steward(passed(1, 9)), 2, True),
        (_steward(passed(1, 9, 2)), 2, False),
        (_steward(passed(1, 9), binding_since=1), 2, True),
        (_steward(passed(1, 9), binding_since=1.5), 2, False),
        (_steward(passed(1, 9)), 9, False),
        (_steward(passed(1, 9), passed(2, 12)), 9, True),
        (_steward(passed(1, 9, 3), passed(4, 8)), 7, True),
    ],
)
def test_who_acts_in_a_role_passed_every_course_of_it(asking: Asking, at: float, expected: bool) -> None:
    """E28, REQ-08: each course of the role, not revoked, in the version that binds, and not over."""
    assert trained_for(asking.state, asking.person, Role.DATA_STEWARD, day(at)) is expected


def test_a_role_without_courses_asks_for_nothing() -> None:
    """E28: a course of one role does not bind who acts in another; the last instant before an end still counts."""
    asking = _steward()
    assert trained_for(asking.state, asking.person, Role.TRAINER, NOON)
    asking = _steward(passed(1, 9))
    assert trained_for(asking.state, asking.person, Role.DATA_STEWARD, day(9) - TICK)
    del asking.person.certifications[PRIVACY]
    assert not trained_for(asking.state, asking.person, Role.DATA_STEWARD, day(2))
