"""Who may have a workspace of a request now and with which data, whatever their session: what is prepared for a start.

No rule of its own: it is `decide`'s ground of an opening from the institute's network, without what a session adds. So
it covers every start that `decide` allows, from wherever, and what runs is asked about by itself.
"""

from datetime import datetime

import msgspec

from access_policy.decision import decide, supposed_session
from access_policy.homes import next_number, openable
from access_policy.model.enums import Action, Zone
from access_policy.model.ids import DatasetName, PersonId
from access_policy.rules import Query
from access_policy.state import Request, State

MOST_HOMES = 2 * len(Zone) + 1
"""As many as a person may open of one request: the next and a fresh one in each zone, and that of what runs."""


class Place(msgspec.Struct, frozen=True):
    """A dataset, where it lies for one request, and from where it is used (S77); always read-only."""

    dataset: DatasetName
    location: str
    zone: Zone


class Openable(msgspec.Struct, frozen=True):
    """A home by its number, and from where the workspace is reached that may open it (S78)."""

    number: int
    zone: Zone


class Entitlement(msgspec.Struct, frozen=True):
    """What one person may be given for a request; `until` is the first instant at which a condition lapses, UTC.

    `homes` are those that there are and that a start may open, or a first one to come; `fresh` is the number of the one
    that is made where a start opens none of these. What is not there yet may become a home of either zone.
    """

    person: PersonId
    until: datetime | None
    places: tuple[Place, ...]
    homes: tuple[Openable, ...]
    fresh: int


def entitlements(state: State, request: Request, at: datetime) -> tuple[Entitlement, ...]:
    """Return what each contact may be given at `at`, in the order of their numbers; nobody where nothing holds (S75).

    Until the session that is supposed here would end nobody looks: a login gives the next one.
    """
    found = (_of_person(state, request, person, at) for person in request.contacts)
    return tuple(sorted(filter(None, found), key=lambda one: (len(one.person), one.person)))


def _of_person(state: State, request: Request, person: PersonId, at: datetime) -> Entitlement | None:
    session = supposed_session(state, person, at, Zone.INSTITUTE)
    decision = decide(state, Query(person, request.request, Action.OPEN_WORKSPACE, at, session))
    if not decision.allowed:
        return None
    until = min([one.until for one in decision.ground if one.until is not None], default=None)
    places = tuple(_place(state, request, one.name) for one in decision.datasets)
    ordered = tuple(sorted(places, key=lambda one: one.dataset))
    homes, fresh = openable(state, person, request.request, at), next_number(state, person, request.request)
    if not homes:
        return Entitlement(person, until, ordered, in_either_zone(fresh), fresh + 1)
    return Entitlement(person, until, ordered, tuple(Openable(one.number, one.zone) for one in homes), fresh)


def in_either_zone(number: int) -> tuple[Openable, ...]:
    """Return a home that is not there yet: it becomes one of the zone whose workspace opens it first."""
    return tuple(Openable(number, zone) for zone in Zone)


def _place(state: State, request: Request, name: DatasetName) -> Place:
    return Place(name, location_of(state, request, name), state.datasets[name].zone)


def location_of(state: State, request: Request, name: DatasetName) -> str:
    """Return where a dataset lies for a request: where an extract was made for it, that one and nothing more (S3)."""
    extract = request.extracts.get(name)
    return extract.location if extract is not None else state.datasets[name].location
