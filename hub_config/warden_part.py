"""The warden as a process of its own: the loop of `spawner/warden`, with `/livez` and `/readyz` on a port of its own.

It signs checkpoints of the log as well, and cuts observations after their years, since it is the part that is never
idle. SIGTERM ends it between two looks.
"""

import contextlib
import logging
import math
import secrets
import signal
import time
from collections.abc import Callable

from access_policy.actor import component
from access_policy.log.errors import LogError
from access_policy.model.enums import Component
from access_policy.use_cases import Policy
from hub_config.bootstrap import await_policy
from hub_config.clock_alarm import ClockAlarm
from hub_config.cutting import Cutting
from hub_config.gate import Gate
from hub_config.metrics import Metrics
from hub_config.places import Places
from hub_config.probes import serve_probes
from hub_config.proxy_routes import ProxyRoutes
from hub_config.running import load_running
from hub_config.settings import Settings, load_settings
from spawner.homes import FolderHomes
from spawner.warden.homes import HomeKeeper, Homes
from spawner.warden.lease import Lease
from spawner.warden.machine import LocalMachine, Machine
from spawner.warden.silence import Endings
from spawner.warden.warden import Leash, Warden

PERIOD = 0.5
"""Seconds between two looks."""

_PERIOD_BEHIND = 2.0  # nothing runs then, and each look is a line in the part's log
_LATE = 15.0
_LOST = 300.0  # far beyond the silence of the log that ends workspaces: a restart would begin to count it anew


class _Heart:
    """When the loop last came round, for the probes."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self.beat = -math.inf

    def beats(self) -> bool:
        """Say whether the loop came round lately."""
        return time.monotonic() - self.beat < _LATE

    def lives(self) -> bool:
        """Say whether to leave the process alone; a log that does not answer is no reason to start it again."""
        return time.monotonic() - max(self.beat, self._started) < _LOST


def serve(places: Places) -> None:
    """Run the warden until the process is ended."""
    running, settings = load_running(places), load_settings(places.settings)
    policy = await_policy(places, Component.WARDEN)
    gate = Gate(policy, settings.workspace_profiles)
    routes = [ProxyRoutes(door.api, running.proxy_token, running.web.host, door.zone) for door in running.doors]
    machine, homes, not_ready = _machine(places, settings, policy)
    heart, metrics, ending = _Heart(), Metrics(policy), _Ending()
    lease = Lease(policy.store.leases, secrets.token_hex(16), time.monotonic)
    leash = Leash(time.monotonic, Endings(places.endings), settings.leash.silence, metrics.failed, lease.still)
    warden = Warden(policy, machine, routes, gate.may_reach, leash)
    keeper = HomeKeeper(policy, homes, time.monotonic, metrics.failed)
    duties = _Duties(policy, keeper, settings.log.checkpoint_minutes * 60.0)
    address = running.listening(running.warden)
    # one that stands by makes no places, and is ready to take over all the same
    serve_probes(address, heart.lives, lambda: heart.beats() and not (lease.held and not_ready()), metrics.text)
    logging.getLogger("sluis.warden").info("watching")
    warden.stand_by()  # a long log is folded before the lease is taken
    while not ending.asked:
        _look(warden, lease, duties)
        metrics.look(lease.held, warden.silent_seconds())
        heart.beat = time.monotonic()
        time.sleep(PERIOD if policy.is_whole else _PERIOD_BEHIND)
    if lease.held:
        duties.signed.now()
        _give_up(lease)


def _look(warden: Warden, lease: Lease, duties: "_Duties") -> None:
    trouble = _trouble(lease)
    if lease.held:
        warden.tick()
        duties.keep_up(time.monotonic())
    else:
        warden.stand_by(trouble)


class _Duties:
    """What the warden that acts does beside its workspaces. Nothing of it raises: what fails is tried again."""

    def __init__(self, policy: Policy, homes: HomeKeeper, checkpoint_seconds: float) -> None:
        self.signed = _Signed(policy, checkpoint_seconds)
        self._homes = homes
        self._alarm = ClockAlarm(policy, component(Component.WARDEN))
        self._cutting = Cutting(policy)

    def keep_up(self, now: float) -> None:
        """Do what is due."""
        self._homes.look()
        self._alarm.look()
        self.signed.keep_up(now)
        self._cutting.keep_up(now)


def _trouble(lease: Lease) -> LogError | None:
    """Keep the lease, or say why nobody knows. In a silence each warden does what it did: no other can take over."""
    try:
        lease.keep()
    except LogError as error:
        return error
    return None


def _give_up(lease: Lease) -> None:
    with contextlib.suppress(LogError):  # it lapses by itself
        lease.give_up()


def _machine(places: Places, settings: Settings, policy: Policy) -> tuple[Machine, Homes, Callable[[], list[str]]]:
    """Return the machine, where homes lie, and what tells why nobody should rely on the warden yet (DAT-15)."""
    if settings.cluster is None:
        return LocalMachine(places.run), FolderHomes(places.homes), list
    from hub_config.machines import in_cluster

    found = in_cluster(settings.cluster, policy, settings.network is not None)
    return found.machine, found.homes, found.machine.not_ready


class _Ending:
    """Whether SIGTERM came: the first process of a container would not even end by it without a word of its own."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGTERM, self._ask)

    def _ask(self, _number: int, _frame: object) -> None:
        self.asked = True


class _Signed:
    """Signs the log's heads every few minutes, where they have moved on (AUD-02)."""

    def __init__(self, policy: Policy, seconds: float) -> None:
        self._policy = policy
        self._seconds = seconds
        self._sizes = (0, 0)
        self._next = 0.0

    def keep_up(self, now: float) -> None:
        """Write checkpoints where they are due, and scrub what was erased meanwhile (E50).

        What keeps it from doing so is said and tried again.
        """
        if now < self._next:
            return
        self._next = now + self._seconds
        self._policy.store.scrub()
        self.now()

    def now(self) -> None:
        """Write checkpoints where the heads have moved on."""
        problem = self._sign()
        if problem is not None:
            logging.getLogger("sluis.warden").error("the log's head is not signed: %s", problem)

    def _sign(self) -> str | None:
        try:
            sizes = self._policy.store.head().size, self._policy.store.observation_head().size
        except LogError as error:
            return str(error)
        if sizes == self._sizes:
            return None
        problem = self._policy.sign()
        self._sizes = sizes if problem is None else (0, 0)
        return problem
