"""The composition root: time, randomness and the files of one installation enter here and nowhere below."""

import itertools
import logging
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from access_policy.events import IdentityLinked
from access_policy.log.checkpoints import log_origin
from access_policy.log.clock import ClockWatch, Monotonic, SteadyClock
from access_policy.log.errors import LogDamaged, LogUnavailable
from access_policy.log.keys import Keys, create_keys, identity_digest, load_keys
from access_policy.log.mark import Mark
from access_policy.log.store import LogStore
from access_policy.log.times import Clock
from access_policy.log.witness import Named, Witness
from access_policy.model.enums import Component
from access_policy.model.texts import ERASED
from access_policy.use_cases import Beginning, Policy, begin
from hub_config.anchor import load_anchor
from hub_config.checkpoint_folder import checkpoint_target
from hub_config.databases import create_database, log_exists, open_database, upgrade_database
from hub_config.places import Places

_ASKED_AGAIN = 1.0
_LOGGER = logging.getLogger("sluis")
_FIRST_FACTS = 100
"""Among these the first admins' login identities stand."""


class StateProblem(Exception):
    """The state folder cannot be used. The text is one line that says what and what to do."""


def present() -> datetime:
    """Return the present instant, UTC."""
    return datetime.now(UTC)


def since_boot() -> float:
    """Return the seconds since this machine started, sleep included; nobody can set them (FLT-12)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def open_policy(
    places: Places, part: Component | None = None, *, wall: Clock = present, monotonic: Monotonic = since_boot
) -> Policy:
    """Open an installation's log, as one part of Sluis or, for None, as the command line.

    While `sluis run` runs, the time is its time, whatever the wall clock says by now (FLT-12). Raises
    StateProblem where there is none, SettingsProblem or LogError where it cannot be used.
    """
    check_presence(places)
    clock, keys = SteadyClock(wall, monotonic, load_anchor(places)), load_keys(places.keys)
    store = LogStore(open_database(places, part, clock, monotonic), keys, secrets.token_bytes)
    witness = Witness(store, checkpoint_target(places), keys).with_mark(Mark(places.signed))
    return Policy(store, watch=ClockWatch(store.now, clock), witness=witness)


def await_policy(places: Places, part: Component, wall: Clock = present) -> Policy:
    """Open the log as a part that serves, which waits where it does not answer: it would only die of it (FLT-02).

    Raises what `open_policy` does but for that.
    """
    told = False
    while True:
        try:
            return open_policy(places, part, wall=wall)
        except LogDamaged:
            raise
        except LogUnavailable as error:
            if not told:
                _LOGGER.warning("waiting for the log: %s", error)
            told = True
        time.sleep(_ASKED_AGAIN)


def open_unwitnessed(places: Places, keys: Keys) -> Policy:
    """Open the log with other keys than those in the files; the caller compares it with what was signed (AUD-12)."""
    check_presence(places)
    clock = SteadyClock(present, since_boot, load_anchor(places))
    store = LogStore(open_database(places, None, clock, since_boot), keys, secrets.token_bytes)
    return Policy(store, watch=ClockWatch(store.now, clock))


def check_presence(places: Places) -> None:
    """Raise StateProblem where there is no Sluis."""
    if not log_exists(places):
        raise StateProblem(f"there is no Sluis in `{places.state}`; run `sluis init`, or `sluis run --demo`")


class Tables(NamedTuple):
    """The form of the log's tables before an upgrade, and now; `0` where there were none."""

    before: str
    now: str


def upgrade_tables(places: Places) -> Tables:
    """Bring the log's tables to this release's form. Raises StateProblem where there is no log, or LogError."""
    check_presence(places)
    return Tables(*upgrade_database(places))


def create_state(places: Places, settings_text: str) -> None:
    """Make an empty state folder with its keys and settings. Raises StateProblem where there is one already."""
    if places.log.exists() or places.keys.exists() or places.settings.exists():
        raise StateProblem(f"`{places.state}` holds a Sluis already; choose another folder with --state")
    places.state.mkdir(parents=True, exist_ok=True, mode=0o711)
    create_keys(places.keys, secrets.token_bytes)
    _write_private(places.settings, settings_text)


def begin_log(places: Places, beginning: Beginning) -> None:
    """Make the log with its first facts and its first checkpoint. Raises LogError."""
    keys = load_keys(places.keys)
    store = LogStore(create_database(places, present), keys, secrets.token_bytes)
    try:
        begin(store, beginning)
        sign_first(places, store, keys, beginning.installation)
    finally:
        store.close()


def sign_first(places: Places, store: LogStore, keys: Keys, installation: str) -> None:
    """Write the first checkpoints of a log that was made here: without any nobody believes it (AUD-02)."""
    witness = Witness(store, checkpoint_target(places), keys).with_mark(Mark(places.signed))
    problem = witness.export(Named(log_origin(installation), ()))
    if problem is not None:
        raise LogUnavailable(problem)


def identity_of(places: Places, issuer: str, subject: str) -> str:
    """Return the HMAC by which a login with this issuer and subject finds its person."""
    return identity_digest(load_keys(places.keys), issuer, subject)


def lookup_problem(places: Places, store: LogStore) -> str | None:
    """Say that `lookup.key` is that of another log: with it nobody who logs in would be found. None where it fits."""
    keys = load_keys(places.keys)
    for fact in itertools.islice(store.facts_since(0), _FIRST_FACTS):
        one = fact.event
        if isinstance(one, IdentityLinked) and ERASED not in (one.issuer, one.subject):
            if identity_digest(keys, one.issuer, one.subject) == one.identity:
                return None
            return f"`{places.keys / 'lookup.key'}` is not the key of this log; put the right one back"
    return None


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
