"""The worlds that histories begin with: the good world, at another time, in another country, under another regime."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from access_policy import events as e
from access_policy.events import Event, Fact
from access_policy.model.enums import Assurance, DataKind, DocumentKind, Regime, Role
from access_policy.model.ids import DatasetName, InstitutionName
from tests.oracle import conditions, request_steps, walking
from tests.oracle.conditions import Condition
from tests.oracle.walking import Pick
from tests.unit.access_policy.world import DAY, MINUTE, NOON, OPEN, STEWARD, STRANGER, World, everything_holds

_replace = msgspec.structs.replace
_LATER = (
    timedelta(0),
    timedelta(0),
    datetime(2029, 3, 25, tzinfo=UTC) - NOON,
    datetime(2031, 3, 25, tzinfo=UTC) - NOON,
)
_APPLICANTS = (None, None, None, "NL", "US", "IN")
_OTHER_LICENCE = ("US", "GB", "IN")
HOSPITAL = InstitutionName("hospital")
ELSEWHERE = InstitutionName("elsewhere")
FIRST, SECOND = DatasetName("tumours"), DatasetName("expressions")


class Beginning(NamedTuple):
    """How a world differs from the good one."""

    later: timedelta
    country: str
    regime: Regime
    kind: DataKind
    assurance: Assurance
    conditions: dict[DatasetName, set[Condition]]
    applicants_country: str | None


def begin(pick: Pick) -> World:
    """Return a world in which the researcher may open `DR-1`, unless the law of its time or country is against it."""
    country = pick(("NL", "NL", *_OTHER_LICENCE))
    assurance = pick([Assurance.LOW, *Assurance])
    own = {FIRST: conditions.some_conditions(pick), SECOND: pick([set(), conditions.some_conditions(pick)])}
    beginning = Beginning(
        pick(_LATER), country, pick(list(Regime)), pick(list(DataKind)), assurance, own, pick(_APPLICANTS)
    )
    events = [(fact, one) for fact in everything_holds().facts for one in _changed(fact, beginning)]
    facts = [
        _replace(fact, seq=seq, at=fact.at + beginning.later, event=_shifted(event, beginning.later))
        for seq, (fact, event) in enumerate(events, 1)
    ]
    world = World.of(facts, facts[-1].at + MINUTE)
    until = world.at + 1000 * DAY
    office = e.RoleAppointed(person=STRANGER, role=Role.DATA_ACCESS_OFFICE, scope=None, until=until)
    again = e.RoleAppointed(person=STEWARD, role=Role.DATA_STEWARD, scope=None, until=until)
    walking.record(world, [office, again])
    return world


def _changed(fact: Fact, beginning: Beginning) -> Sequence[Event]:
    """Return what stands in the place of a fact: country, ground, licence, regime, data and their conditions."""
    event = fact.event
    if isinstance(event, e.InstitutionRegistered) and event.institution == HOSPITAL:
        return [_replace(event, country=beginning.country)]
    if isinstance(event, e.RequestOpened):
        return _opened(event, beginning.applicants_country)
    if isinstance(event, e.RequestDescribed):
        return [_replace(event, regime=beginning.regime)]
    if isinstance(event, e.DatasetRegistered):
        changed = _replace(event, kind=beginning.kind, assurance=beginning.assurance)
        return conditions.with_conditions(changed, beginning.conditions.get(event.dataset, set()))
    return _outside_eea(event, fact.at) if beginning.country in _OTHER_LICENCE else [event]


def _outside_eea(event: Event, at: datetime) -> Sequence[Event]:
    if isinstance(event, e.LicenceSigned):
        return [_replace(event, licence=DocumentKind.LICENCE_NON_EEA)]
    if isinstance(event, e.RequestApproved):
        return [request_steps.clauses_for(event.request, HOSPITAL, at - DAY), event]
    return [event]


def _opened(opened: e.RequestOpened, country: str | None) -> Sequence[Event]:
    """Return how a request began: for an applicant in another country the hospital takes part in it."""
    if country is None or opened.request != OPEN:
        return [opened]
    return [
        e.InstitutionRegistered(institution=ELSEWHERE, name="E", country=country, domains=("e.example",), centre=False),
        _replace(opened, institution=ELSEWHERE),
        e.EntityNamed(request=opened.request, institution=HOSPITAL),
    ]


def _shifted(event: Event, by: timedelta) -> Event:
    values = {name: getattr(event, name) for name in event.__struct_fields__}
    return _replace(event, **{name: value + by for name, value in values.items() if isinstance(value, datetime)})
