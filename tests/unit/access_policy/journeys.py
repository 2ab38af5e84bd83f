"""All journeys: what happens to the good world, one history each; tests replay them."""

from collections.abc import Callable

from tests.unit.access_policy.denials import DENIALS
from tests.unit.access_policy.journeys_of_people import OF_PEOPLE
from tests.unit.access_policy.journeys_of_requests import OF_REQUESTS
from tests.unit.access_policy.world import World

JOURNEYS: tuple[Callable[[World], object], ...] = (*(denial.way for denial in DENIALS), *OF_PEOPLE, *OF_REQUESTS)
