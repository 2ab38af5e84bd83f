"""What one dataset may ask for besides the others of its request: so that a person can have some of them only."""

from enum import Enum, auto

import msgspec

from access_policy import events as e
from access_policy.model.enums import Assurance, Zone
from access_policy.model.ids import CourseName
from tests.oracle.walking import SUBJECTS, Event, Pick


class Condition(Enum):
    """A condition that a dataset sets (S74, S77, E26), or somebody in it (E72)."""

    COURSE = auto()
    ASSURANCE = auto()
    INSTITUTE = auto()
    OPT_OUT = auto()


def some_conditions(pick: Pick) -> set[Condition]:
    """Choose none, one or two."""
    one, other = pick(list(Condition)), pick(list(Condition))
    return pick([set(), {one}, {one}, {one, other}])


def with_conditions(what: e.DatasetRegistered, conditions: set[Condition]) -> list[Event]:
    """Return what registers a dataset with its conditions, its course before it and its opt-out after it."""
    events: list[Event] = []
    if Condition.COURSE in conditions:
        course = CourseName(f"about-{what.dataset}")
        events.append(e.CourseRegistered(course=course, title="A course", validity_days=30, required=False))
        what = msgspec.structs.replace(what, trainings=(course,))
    if Condition.ASSURANCE in conditions:
        what = msgspec.structs.replace(what, assurance=Assurance.HIGH)
    if Condition.INSTITUTE in conditions:
        what = msgspec.structs.replace(what, zone=Zone.INSTITUTE)
    out = [e.OptedOut(dataset=what.dataset, subject=SUBJECTS[0])] if Condition.OPT_OUT in conditions else []
    return [*events, what, *out]
