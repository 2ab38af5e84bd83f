"""Where the browser of a session sits, noted with each of its requests to the hub (S77, S78, NET-05).

A session counts as inside for a while after it was seen there, so that one whose browser goes home, or stays silent,
loses what may be reached from the institute's network only. What is not seen is not believed.
"""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from access_policy import events as e
from access_policy.log.records import Session as Record
from access_policy.log.records import token_digest
from access_policy.model.enums import Zone
from access_policy.use_cases import Policy
from hub_config.doors import INSTITUTE, PEER_HEADER, WORD_HEADER, door_word
from hub_config.login.sessions import HUB, Stay
from hub_config.network_settings import NetworkSettings
from hub_config.running import Running
from hub_config.zones import Came, Inside, came_by, place_of


class Network(msgspec.Struct, frozen=True):
    """What the hub knows of places: who is inside, if anybody can be, and for how many seconds a look counts.

    `public` and `institute` are the doors' addresses; the institute's is empty where its door has the public one's.
    """

    inside: Inside | None = None
    seconds: int = 60
    public: str = ""
    institute: str = ""

    def place(self, request: Any) -> Zone:
        """Return the place of the browser behind a request of tornado's."""
        headers = request.headers
        came = Came(headers.get_list(WORD_HEADER), headers.get_list(PEER_HEADER), headers.get_list("X-Forwarded-For"))
        return place_of(came, self.inside)

    def address(self, request: Any) -> str:
        """Return the address by which a browser came in, never its `Host` (SES-14); the public one in doubt."""
        return (self.institute if self.is_by_it(request) else "") or self.public

    def is_by_it(self, request: Any) -> bool:
        """Say whether a browser came in by the institute's door, wherever it sits."""
        return came_by(request.headers.get_list(WORD_HEADER), self.inside)

    def stay(self, request: Any) -> Stay:
        """Return the place, with how long it counts."""
        return Stay(self.place(request), self.seconds)


def network_of(running: Running, settings: NetworkSettings | None) -> Network:
    """Return what one start knows of places; without an institute's door everybody is anywhere."""
    if settings is None or not running.institute_api:
        return Network(public=running.url)
    inside = Inside(settings.networks, door_word(running.proxy_token, INSTITUTE), settings.balancers)
    return Network(inside, settings.recheck_seconds, running.url, running.institute_url)


def note_stay(policy: Policy, token: str, stay: Stay) -> None:
    """Note where the browser of a session is seen now; a move is put on record."""
    record = policy.records.session(token_digest(token)) if token else None
    if record is None or not _is_news(policy, record, stay):
        return
    at = policy.now()
    if policy.records.note_place(record.session, at, stay.until(at)):
        for zone in _moves(record, at, stay.zone):
            policy.observe(HUB, e.SessionMoved(person=record.person, session=record.session, zone=zone))


def _moves(record: Record, at: datetime, zone: Zone) -> list[Zone]:
    """Return the moves that are not on record yet: also one by silence, which the sweep has not seen so far."""
    inside = record.inside_until is not None
    silent = record.inside_until is not None and record.inside_until <= at
    if silent:
        return [Zone.ANYWHERE, Zone.INSTITUTE] if zone is Zone.INSTITUTE else [Zone.ANYWHERE]
    return [zone] if inside != (zone is Zone.INSTITUTE) else []


def _is_news(policy: Policy, record: Record, stay: Stay) -> bool:
    """Say whether there is something to write: a look that counts for two thirds of its time yet is not repeated."""
    if stay.zone is Zone.ANYWHERE:
        return record.inside_until is not None
    return record.inside_until is None or record.inside_until - policy.now() < timedelta(seconds=stay.seconds * 2 / 3)
