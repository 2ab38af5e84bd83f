"""The composition root: time, randomness and the files of one installation enter here and nowhere below."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from access_policy.log.keys import create_keys, identity_digest, load_keys
from access_policy.log.store import LogStore
from access_policy.use_cases import Beginning, Policy, begin
from hub_config.places import Places


class StateProblem(Exception):
    """The state folder cannot be used. The text is one line that says what and what to do."""


def present() -> datetime:
    """Return the present instant, UTC."""
    return datetime.now(UTC)


def open_policy(places: Places) -> Policy:
    """Open an installation's log. Raises StateProblem where there is none, LogError where it cannot be used."""
    if not places.log.exists():
        raise StateProblem(f"there is no Sluis in `{places.state}`; run `sluis init`, or `sluis run --demo`")
    store = LogStore.open(places.log, load_keys(places.keys), present, secrets.token_bytes)
    return Policy(store, present)


def create_state(places: Places, settings_text: str) -> None:
    """Make an empty state folder with its keys and settings. Raises StateProblem where there is one already."""
    if places.log.exists() or places.keys.exists() or places.settings.exists():
        raise StateProblem(f"`{places.state}` holds a Sluis already; choose another folder with --state")
    places.state.mkdir(parents=True, exist_ok=True, mode=0o711)
    create_keys(places.keys, secrets.token_bytes)
    _write_private(places.settings, settings_text)


def begin_log(places: Places, beginning: Beginning) -> None:
    """Make the log with its first facts."""
    store = LogStore.create(places.log, load_keys(places.keys), present, secrets.token_bytes)
    try:
        begin(store, beginning)
    finally:
        store.close()


def identity_of(places: Places, issuer: str, subject: str) -> str:
    """Return the HMAC by which a login with this issuer and subject finds its person."""
    return identity_digest(load_keys(places.keys), issuer, subject)


def log_origin(installation: str) -> str:
    """Return the name under which an installation's checkpoints are signed (C2SP signed note)."""
    return f"sluis.dev/{installation}"


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
