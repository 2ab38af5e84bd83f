"""Two admins of the centre stay able to act: who would stop being one is counted before a command is carried out (S94).

Without two admins nobody is appointed, exempted or let act again; no single person brings that about for the others.
"""

from collections.abc import Collection
from datetime import datetime

from access_policy.commands.base import Refusal, RefusalCode
from access_policy.model.enums import Role
from access_policy.model.ids import CENTRE, CourseName, PersonId
from access_policy.model.instants import days
from access_policy.rules.particulars import passed
from access_policy.standing import acts_as
from access_policy.state import Course, State

ADMINS_LEFT = 2
LASTING_DAYS = 30


def acting_admins(state: State, at: datetime) -> frozenset[PersonId]:
    """Return the people of the centre who act as admins at `at`: appointed, trained in all that binds, not stopped."""
    centre = (one.person for one in state.people.values() if one.institution == CENTRE)
    return frozenset(person for person in centre if acts_as(state, person, Role.ADMIN, at))


def admins_lost(state: State, lost: Collection[PersonId], at: datetime) -> Refusal | None:
    """Refuse where too few admins would be left without `lost`: now, or of those who are admins a month from now.

    What takes no admin away is never refused, however few there are.
    """
    for instant in (at, at + days(LASTING_DAYS)):
        before = acting_admins(state, instant)
        if len(before.difference(lost)) < min(ADMINS_LEFT, len(before)):
            text = f"two admins of the centre must be left who act for {LASTING_DAYS} days more; appoint another first"
            return Refusal(RefusalCode.FOUR_EYES, text)
    return None


def certifications_lost(state: State, lost: Collection[tuple[PersonId, CourseName]], at: datetime) -> Refusal | None:
    """Refuse where too few admins would be left without these certifications (S74, E28)."""
    return admins_lost(state, {person for person, course in lost if Role.ADMIN in state.courses[course].roles}, at)


def admins_untrained(state: State, course: Course | None, at: datetime) -> Refusal | None:
    """Refuse to bind admins to a course that too few have passed, and will have a month from now; None: nobody has."""
    soon = at + days(LASTING_DAYS)
    people = state.people.values()
    return admins_lost(state, {one.person for one in people if course is None or not passed(one, course, soon)}, at)
