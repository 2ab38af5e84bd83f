"""What one dataset asks for by itself: its courses, an assurance level, nobody who opted out (S74, E26, E72).

These bind whoever would get that dataset, and nobody else: a dataset that cannot be had is left out, and takes nothing
of the others away. Where none can be had, they are the reasons why.
"""

from collections.abc import Iterable
from datetime import datetime

from access_policy.model.enums import Assurance, DataKind, Regime
from access_policy.state import Certification, Course, Dataset, OptOut, Person, Request, State

EHDS_BINDS_FROM: dict[DataKind, datetime] = {
    DataKind.CLINICAL: datetime.fromisoformat("2029-03-26T00:00:00+00:00"),
    DataKind.BIOBANK: datetime.fromisoformat("2031-03-26T00:00:00+00:00"),
}
"""From when the rules of the EHDS bind, by what kind of data a request is about (E2; R 105)."""

_EHDS = Regime.EHDS
_LEVELS = {level: number for number, level in enumerate(Assurance)}
_LOWEST = Assurance.LOW


def binds_from(request: Request | None, datasets: Iterable[Dataset]) -> datetime | None:
    """Return from when the rules of the EHDS bind a request, None where it runs under another regime (E1, E2)."""
    if request is None or request.regime is not _EHDS:
        return None
    kinds = {dataset.kind for dataset in datasets} or set(DataKind)
    return min(EHDS_BINDS_FROM[kind] for kind in kinds)


def admitted(state: State, person: Person, dataset: Dataset, at: datetime) -> bool:
    """Say whether a person meets, at `at`, what a dataset asks of whoever would read it (S74, E26)."""
    return assured(person, dataset) and all(passed(person, course, at) for course in courses_of(state, dataset))


def courses_of(state: State, dataset: Dataset) -> list[Course]:
    """Return the courses that a dataset asks for."""
    return [state.courses[name] for name in dataset.trainings if name in state.courses]


def assured(person: Person, dataset: Dataset) -> bool:
    """Say whether an identity was proofed as surely as a dataset asks; who was never verified has another reason."""
    if dataset.assurance is _LOWEST or person.verification is None:
        return True
    return _LEVELS[dataset.assurance] <= _LEVELS[person.verification.assurance]


def ignored_from(request: Request, dataset: Dataset) -> datetime | None:
    """Return from when a dataset may not be had for its opt-outs, by the date that binds its kind; None: never, E72."""
    if request.regime is not _EHDS or request.opt_out_exception or not opted_out(request, dataset):
        return None
    return EHDS_BINDS_FROM[dataset.kind]


def opted_out(request: Request, dataset: Dataset) -> list[datetime]:
    """Return since when those in a dataset were opted out who stood so when it was granted (E72)."""
    granted = request.granted.get(dataset.dataset)
    return [one.begins for one in dataset.opt_outs_inside if _stood(one, granted)]


def _stood(opt_out: OptOut, granted: datetime | None) -> bool:
    """Say whether an opt-out stood when the data were granted; where they are not yet, whether it stands."""
    if granted is None:
        return opt_out.ends is None
    return opt_out.begins < granted and (opt_out.ends is None or granted <= opt_out.ends)


def passed(person: Person, course: Course, at: datetime) -> bool:
    """Say whether a person has passed a course, in a version that counts, and not too long ago at `at` (S74)."""
    certifications = person.certifications.get(course.course)
    if not certifications:
        return False
    best = newest(certifications, course)
    return best.revoked is None and best.begins >= course.binding_since and at < best.ends


def newest(certifications: list[Certification], course: Course) -> Certification:
    """Return the certification that counts: not revoked before revoked, of the binding version, ending last."""
    if len(certifications) == 1:
        return certifications[0]
    since = course.binding_since
    return max(certifications, key=lambda one: (one.revoked is None, one.begins >= since, one.ends))
