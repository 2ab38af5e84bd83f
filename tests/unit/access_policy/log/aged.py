"""A log whose first observations are six years old, and the warden that cuts them; on either database."""

import secrets
import time
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from access_policy.actor import component
from access_policy.events import FORMAT, LogRead
from access_policy.log import LogStore
from access_policy.log.checkpoints import log_origin
from access_policy.log.clock import ClockWatch
from access_policy.log.merkle import Frontier
from access_policy.log.postgres import PostgresDatabase
from access_policy.log.rights import WARDEN, Role
from access_policy.log.rows import leaves_of
from access_policy.log.targets import Folder
from access_policy.log.verify import Verification, verify
from access_policy.log.witness import Witness
from access_policy.model.enums import Component
from access_policy.use_cases import Beginning, FirstAdmin, Policy, begin
from tests.unit.access_policy.log.samples import ADMIN, KEYS, NOON, SetClock, Where, open_log

INSTALLATION = "an-installation"
ORIGIN = log_origin(INSTALLATION)
DAY = timedelta(days=1)
YEARS = timedelta(days=5 * 366)
"""For how long observations are kept, by the settings that a log begins with."""

OLD, SIGNED = 10, (3, 6, 9)
"""How many observations are old, a day apart, and after which of them the heads were signed."""

HUB = component(Component.HUB)


class Aged(NamedTuple):
    """A log that somebody observes, the warden's way to it, its checkpoints, and all leaves that it ever held."""

    where: Where
    clock: SetClock
    store: LogStore
    policy: Policy
    folder: Path
    leaves: list[bytes]

    def observe(self, count: int = 1) -> None:
        """Observe so many things, a second apart."""
        for _ in range(count):
            self.clock.go(1)
            self.store.observe(ADMIN, LogRead(what="all"))
            size = self.store.observation_head().size
            self.leaves.extend(leaves_of(self.store.database, "observations")(size - 1, size))

    def sign(self) -> None:
        """Sign the heads; it works."""
        assert self.policy.sign() is None

    def verified(self, compared: bool = True) -> Verification:
        """Verify the log, with its checkpoints."""
        log = self.where if isinstance(self.where, Path) else self.store.database
        return verify(log, self.folder if compared else None, KEYS, ORIGIN)

    def seqs(self) -> list[int]:
        """Return the numbers of the observations that stand."""
        return [one.seq for one in self.store.observations_since(0)]

    def root(self) -> str:
        """Return the root of all leaves that the log ever held, worked out anew."""
        tree = Frontier()
        for leaf in self.leaves:
            tree.append(leaf)
        return tree.root().hex()


def as_role(where: Where, clock: SetClock, role: Role = WARDEN) -> LogStore:
    """Open a log as a part of the program does: on PostgreSQL with its own rights only."""
    if isinstance(where, Path):
        return open_log(where, clock)
    return LogStore(PostgresDatabase(where, role.name, time.monotonic, clock), KEYS, secrets.token_bytes)


def warden(where: Where, clock: SetClock, folder: Path, watch: ClockWatch | None = None) -> Policy:
    """Return the warden's policy."""
    store = as_role(where, clock)
    return Policy(store, clock, watch, Witness(store, Folder(folder), KEYS))


def begin_log(store: LogStore, log_format: int = FORMAT) -> None:
    """Write what a log begins with."""
    admins = tuple(FirstAdmin(f"admin {one}", f"a{one}@centre.example", f"id-{one}", "i", str(one)) for one in (1, 2))
    begin(store, Beginning(INSTALLATION, False, (admins[0], admins[1]), log_format))


def aged(where: Where, clock: SetClock, store: LogStore, folder: Path, log_format: int = FORMAT) -> Aged:
    """Let a log begin six years ago, with ten observations of ten days; one of now follows, and all is signed."""
    clock.at = NOON - 6 * 366 * DAY
    begin_log(store, log_format)
    found = Aged(where, clock, store, warden(where, clock, folder), folder, [])
    for number in range(1, OLD + 1):
        clock.go(DAY.total_seconds())
        found.observe()
        if number in SIGNED:
            found.sign()
    clock.at = NOON
    found.observe()
    found.sign()
    return found
