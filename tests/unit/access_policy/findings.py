"""Ask one rule by itself, of a good world in which single facts are put in place without a command."""

from datetime import datetime, timedelta

from access_policy.model.enums import Action
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from access_policy.reasons import ReasonCode
from access_policy.rules import RULES, Finding, Query, Session, case_of
from access_policy.state import Institution, Person, Request
from tests.unit.access_policy.world import NOON, OPEN, RESEARCHER, World, everything_holds

_RULES = {rule.code: rule.evaluate for rule in RULES}


def day(number: float) -> datetime:
    """Return an instant so many days from the noon at which the good world begins."""
    return NOON + timedelta(days=number)


class Asking:
    """The good world, whose researcher asks about `DR-1`; what they are and have is a test's to change."""

    def __init__(self, world: World | None = None, who: PersonId = RESEARCHER, request: RequestId = OPEN) -> None:
        self.world = world or everything_holds()
        self.state = self.world.state
        self.who, self.about = who, request

    @property
    def person(self) -> Person:
        """Return who asks."""
        return self.state.people[self.who]

    @property
    def institution(self) -> Institution:
        """Return the hospital that the researcher is of."""
        return self.state.institutions[InstitutionName("hospital")]

    @property
    def request(self) -> Request:
        """Return the request that is asked about."""
        return self.state.requests[self.about]

    def query(self, at: datetime | None = None, session: Session | None = None) -> Query:
        """Return the question; without an instant it is asked now."""
        return Query(self.who, self.about, Action.REACH_WORKSPACE, at or self.world.at, session)

    def found(self, code: ReasonCode, at: datetime | None = None, session: Session | None = None) -> Finding:
        """Return what one rule finds, without anything that was kept."""
        return _RULES[code](case_of(self.state, self.query(at, session)))
