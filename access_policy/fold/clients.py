"""The fold of facts about registered programs."""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.state import Client, State


def _client_registered(s: State, f: e.Fact, v: e.ClientRegistered) -> None:
    types = frozenset(v.resource_types)
    s.clients[v.client] = Client(v.client, v.title, types, v.searches, v.reads_reasons, v.tells_zone, v.digest, f.at)


def _client_ended(s: State, f: e.Fact, v: e.ClientEnded) -> None:
    s.clients[v.client].ended = f.at


APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {
    e.ClientRegistered: _client_registered,
    e.ClientEnded: _client_ended,
}
