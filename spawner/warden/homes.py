"""Homes that had a dataset which left their live request are set aside, and deleted where an admin ordered that.

A start that finds such a home sets it aside by itself; the warden does so where nobody starts, so that whoever looks
after the data sees it (S46, S94, E62).
"""

import logging
from collections.abc import Callable
from typing import Protocol

from access_policy.actor import component
from access_policy.commands.base import Refusal, name_of
from access_policy.commands.homes import RecordHomeDeleted, SetHomeAside
from access_policy.events.homes import SINCE
from access_policy.homes import stale, to_delete
from access_policy.log.errors import LogError
from access_policy.model.enums import Component
from access_policy.model.ids import PersonId, RequestId
from access_policy.state import Home
from access_policy.use_cases import Policy
from spawner.warden.news import Failing, News

_WARDEN = component(Component.WARDEN)
_LOGGER = logging.getLogger("sluis.warden")
_SECONDS = 10.0


class Homes(Protocol):
    """Where homes lie: folders of this machine, or claims of a cluster."""

    def delete(self, home: Home, /) -> bool:
        """Delete a home, and say whether it is gone; False: ask again. Raises OSError for no answer."""


class HomeKeeper:
    """Looks every ten seconds; `look` is called again and again. A log that knows of one home only it leaves alone."""

    def __init__(
        self, policy: Policy, homes: Homes, monotonic: Callable[[], float], failed: Callable[[Failing], None]
    ) -> None:
        """`failed` is told each time that something could not be done."""
        self._policy = policy
        self._homes = homes
        self._monotonic = monotonic
        self._failed = failed
        self._news = News(monotonic)
        self._next = 0.0

    def look(self) -> None:
        """Set aside and delete what is due. Never raises for what does not answer: it is tried again."""
        if self._monotonic() < self._next:
            return
        self._next = self._monotonic() + _SECONDS
        try:
            self._keep()
        except LogError as error:
            self._tell("the log does not answer about homes", f": {error}")

    def _keep(self) -> None:
        with self._policy.reading() as state:
            if state.format < SINCE:
                return
            aside, doomed = stale(state, self._policy.now()), to_delete(state)
        for home, _ in aside:
            self._record(SetHomeAside(person=home.person, request=home.request, home=home.number))
        for home in doomed:
            self._delete(home)

    def _delete(self, home: Home) -> None:
        name = _name(home.number, home.person, home.request)
        try:
            gone = self._homes.delete(home)
        except OSError as error:
            self._tell(f"no answer about the deletion of {name}", f": {error}")
            return
        if not gone:
            self._tell(f"cannot confirm the deletion of {name}", "; trying again")
            return
        if self._record(RecordHomeDeleted(person=home.person, request=home.request, home=home.number)):
            _LOGGER.info("deleted %s", name)

    def _record(self, command: SetHomeAside | RecordHomeDeleted) -> bool:
        """Say whether it went on record; a refusal is told, and the next look tries again."""
        outcome = self._policy.handle(command, _WARDEN)
        if not isinstance(outcome, Refusal):
            return True
        about = _name(command.home, command.person, command.request)
        self._tell(f"refused to `{name_of(type(command))}` {about}", f": {outcome.text}")
        return False

    def _tell(self, trouble: str, more: str) -> None:
        self._failed(Failing.HOME)
        if self._news.is_new(trouble):
            _LOGGER.error("%s%s", trouble, more)


def _name(number: int, person: PersonId, request: RequestId) -> str:
    return f"home {number} of {person} for {request}"
