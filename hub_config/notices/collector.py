"""From the facts to the outbox: looks at each fact as it is taken in, and keeps what follows until it is written down.

Notices follow from facts alone, so none is written where its cause is, and no command ever fails over a notice; what a
kill leaves unwritten follows from the same facts again. Safe for threads.
"""

import logging
from threading import Lock

from access_policy.events import Fact, LossAccepted
from access_policy.log.outbox import Letter
from access_policy.notices import notices_from
from access_policy.state import State
from access_policy.use_cases import Policy
from hub_config.notices.letters import letter_of

_LOGGER = logging.getLogger("sluis.notices")


class Collector:
    """The notices of the facts after `reached`, which are in the outbox already; one for the process."""

    def __init__(self, reached: int) -> None:
        self._seen = self._written = reached
        self._letters: list[Letter] = []
        self._lost = 0
        self._lock = Lock()

    def listen(self, state: State, fact: Fact) -> None:
        """Called for each fact with the state after it, within whatever took it in: so nothing here may raise."""
        if fact.seq <= self._seen:
            return
        try:
            found = [letter_of(state, notice, fact.seq) for notice in notices_from(state, fact)]
        except Exception:  # the edge of what a command depends on: it stands, and its notice is missing
            _LOGGER.exception("the notices of fact `%d` cannot be made, nobody is told of it", fact.seq)
            found = []
        with self._lock:
            self._letters += [one for one in found if one is not None]
            self._seen = fact.seq
            if isinstance(fact.event, LossAccepted):  # the log was put back to an earlier state, and the outbox with it
                self._lost = fact.seq - 1

    def write(self, policy: Policy) -> int:
        """Write down what was found since the last time; return how many notices are new. Raises LogError."""
        with self._lock:
            letters, reached, lost = tuple(self._letters), self._seen, self._lost
        if reached == self._written:
            return 0
        added = policy.records.outbox.put(letters, reached, policy.now(), lost)
        with self._lock:
            del self._letters[: len(letters)]
            self._written = reached
        return added
