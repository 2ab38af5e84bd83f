"""How a history is walked on: who chooses, what is there to choose from, and how a step is recorded."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from access_policy import events as e
from access_policy.actor import person as acting
from access_policy.events import FactEvent
from access_policy.model import enums as m
from access_policy.model.ids import CourseName, DatasetName, InstitutionName, RequestId
from tests.oracle import history as h
from tests.oracle import holdings as d
from tests.oracle import naive
from tests.unit.access_policy import world as w
from tests.unit.access_policy.world import DAY, World

T = TypeVar("T")


Event = FactEvent


PEOPLE = (w.RESEARCHER, w.COLLEAGUE, w.SIGNATORY)
OFTEN = (w.RESEARCHER, *PEOPLE)


SUBJECTS = ("a" * 64, "b" * 64)


COUNTRIES = ("NL", "US", "GB", "JP", "IN", "NO")


ACT = "Implementing Decision (EU) 2030/1"


FRAMEWORK = "Implementing Decision (EU) 2023/1795"


class Pick(Protocol):
    """Who chooses: Hypothesis, or a seeded generator."""

    def __call__(self, options: Sequence[T], /) -> T:
        """Return one of them."""
        ...


Step = Callable[[World, Pick], list[Event]]


def record(world: World, events: list[Event]) -> None:
    """Append what a step records, as one append of an admin's."""
    if events:
        world.append([(acting(w.ADMIN), event) for event in events])


def requests_of(world: World) -> list[RequestId]:
    """Return every request that was opened."""
    return [one.request for _, one in h.told(world.facts, e.RequestOpened)]


def institutions_of(world: World) -> list[InstitutionName]:
    """Return every institution."""
    return [one.institution for _, one in h.told(world.facts, e.InstitutionRegistered)]


def datasets_of(world: World) -> list[DatasetName]:
    """Return every dataset."""
    return [one.dataset for _, one in h.told(world.facts, e.DatasetRegistered)]


def some_dataset(world: World, pick: Pick) -> DatasetName:
    """Choose a dataset, mostly one of `DR-1`."""
    near = [DatasetName(name) for name in sorted(d.datasets_of(world.facts, w.OPEN))]
    return pick([*near, *near, pick(datasets_of(world))])


def courses_of(world: World) -> list[CourseName]:
    """Return every course."""
    return [one.course for _, one in h.told(world.facts, e.CourseRegistered)]


def soon(world: World, pick: Pick) -> datetime:
    """Return an instant that some fact speaks of, or one at a usual distance."""
    ahead = [one for one in naive.instants(world.facts) if one > world.at][:6]
    usual = [world.at + timedelta(minutes=3), world.at + DAY, world.at + 400 * DAY]
    return pick(ahead + usual)


def version_of(world: World, document: m.DocumentKind) -> str:
    """Return the newest version of a text."""
    return h.told(world.facts, e.DocumentPublished, document=document)[-1][1].version
