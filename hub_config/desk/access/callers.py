"""Who asks: a registered program, by its name and secret (RFC 6750). Nobody else learns anything, not even that."""

import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import JSONResponse

from access_policy.actor import component
from access_policy.commands.clients import live_client
from access_policy.evaluation import Evaluation
from access_policy.events import AccessSearched
from access_policy.model.enums import Component
from access_policy.state import Client
from hub_config.desk.access.secrets import digest_of
from hub_config.desk.desk import Desk, desk_of
from hub_config.desk.errors import Refused
from hub_config.sessions import live_session

_BEARER = re.compile(r"Bearer ([a-z0-9-]{1,41})\.([A-Za-z0-9_-]{20,100})")
_VISIBLE = re.compile(r"[\x21-\x7e]{1,200}")


class NotRegistered(Exception):
    """No program with that name and secret is registered."""


@dataclass(frozen=True)
class Caller:
    """One message of one program. `message` is its own mark for it, which the answer carries (section 10.1.1)."""

    desk: Desk
    client: Client
    message: str

    @contextmanager
    def asking(self) -> Iterator[Evaluation]:
        """Give the newest facts to ask. Raises LogError, and NotRegistered where the program ended meanwhile."""
        policy = self.desk.policy
        with policy.reading() as state:
            client = live_client(state, self.client.client)
            if client is None:
                raise NotRegistered
            yield Evaluation(state, client, partial(live_session, policy), policy.now())

    def need_search(self) -> None:
        """Raise Refused unless the program may search, and not too often."""
        if not self.client.searches:
            raise Refused(403, "not_permitted", "this program is not registered to search")
        if not self.desk.searches.admits(self.client.client, self.desk.policy.now()):
            raise Refused(429, "too_often", "this program searched too often; try again in an hour")

    def observe(self, event: AccessSearched) -> None:
        """Record what the program looked for."""
        self.desk.policy.observe(component(Component.DESK), event)

    def answer(self, body: dict[str, Any]) -> JSONResponse:
        """Return an answer, with the mark of its question."""
        return JSONResponse(body, headers={"X-Request-ID": self.message} if self.message else {})


def calling(request: Request) -> Caller:
    """Return who asks. Raises NotRegistered."""
    found = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if found is None:
        raise NotRegistered
    desk, (name, secret) = desk_of(request), found.groups()
    with desk.policy.reading() as state:
        client = live_client(state, name)
    known = client.digest if client is not None else "0" * 64
    if not hmac.compare_digest(digest_of(secret), known) or client is None:
        raise NotRegistered
    return Caller(desk, client, mark_of(request))


def mark_of(request: Request) -> str:
    """Return the mark that a message came with, or nothing where it could not stand in a header."""
    mark = request.headers.get("x-request-id", "")
    return mark if _VISIBLE.fullmatch(mark) else ""


Calling = Annotated[Caller, Depends(calling)]
