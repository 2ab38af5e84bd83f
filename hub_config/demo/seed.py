"""Makes a demo's state from nothing, whole or not at all: data, keys, log, two years of history, who can log in."""

import os
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

import msgspec

from access_policy.log.keys import identity_digest, load_keys
from access_policy.log.store import LogStore
from access_policy.log.times import Clock, RandomBytes
from access_policy.model.ids import PersonId
from access_policy.use_cases import Beginning, FirstAdmin, Policy, begin
from hub_config.bootstrap import create_state, present, sign_first
from hub_config.cli.new_state import carry_on, new_state
from hub_config.cli.settings_text import settings_text
from hub_config.databases import create_database
from hub_config.demo.chronicle import Chronicle, DemoClock
from hub_config.demo.data import DemoData, write_datasets
from hub_config.demo.documents import keep_texts
from hub_config.demo.history import history
from hub_config.demo.people import ADMINS, CAST, DEMO_ISSUER, DemoPerson
from hub_config.login_settings import Login
from hub_config.network_settings import NetworkSettings
from hub_config.places import Places
from hub_config.settings import Contact, Log, Settings

_HEADING = "A demo: its people, its history and its login provider are invented; its data are real and published."

SETTINGS = Settings(
    login=Login(issuer=DEMO_ISSUER),
    contact=Contact(name="the demo's data access desk", email="desk@centre.example"),
    network=NetworkSettings(institute=("127.0.0.0/8", "::1/128")),  # on one machine the door alone tells
)

Progress = Callable[[str], None]


class Elsewhere(NamedTuple):
    """What of a demo is not to lie in its state folder: `database` is the URL of the PostgreSQL that gets the log,
    `bucket` the bucket in which its datasets are registered; who fills it takes them from the folder.
    """

    database: str = ""
    bucket: str = ""


_HERE = Elsewhere()


def seed(
    places: Places,
    progress: Progress,
    clock: Clock = present,
    random_bytes: RandomBytes = secrets.token_bytes,
    elsewhere: Elsewhere = _HERE,
) -> None:
    """Make the demo. Raises StateProblem where a Sluis is there already; a killed seeding leaves none (see new_state).

    `progress` is given a line of text now and then; `clock` says when the demo's two years end.
    """
    if carry_on(places):
        return
    with new_state(places) as draft:
        create_state(
            draft, settings_text(msgspec.structs.replace(SETTINGS, log=Log(database=elsewhere.database)), _HEADING)
        )
        progress("writing the demo's datasets (real, published data)")
        keep_texts(draft.documents)
        data = DemoData(write_datasets(draft.datasets(SETTINGS.data.folder)), elsewhere.bucket)
        progress("writing the demo's two years of history")
        _write_log(draft, data, clock(), random_bytes)


def _write_log(draft: Places, data: DemoData, now: datetime, random_bytes: RandomBytes) -> None:
    keys, clock = load_keys(draft.keys), DemoClock(now)
    store = LogStore(create_database(draft, present, clock), keys, random_bytes)
    try:

        def identity_of(login: str) -> str:
            return identity_digest(keys, DEMO_ISSUER, login)

        first, second = (_first_admin(admin, identity_of(admin.login)) for admin in ADMINS)
        installation = random_bytes(16).hex()
        begin(store, Beginning(installation=installation, demo=True, admins=(first, second)))
        people = {admin.login: PersonId(f"P-{number}") for number, admin in enumerate(ADMINS, 1)}
        chronicle = Chronicle(Policy(store, clock), clock, random_bytes, identity_of, people)
        chronicle.write(history(chronicle, data))
        sign_first(draft, store, keys, installation)
    finally:
        store.close()
    _save_people(draft, chronicle)


def _first_admin(admin: DemoPerson, identity: str) -> FirstAdmin:
    return FirstAdmin(admin.name, admin.email, identity, DEMO_ISSUER, admin.login)


def _save_people(draft: Places, chronicle: Chronicle) -> None:
    """Write `demo.json` (0600): who there is, with the secrets of their second factors."""
    rows = [
        {
            "person": chronicle.people[one.login],
            "login": one.login,
            "name": one.name,
            "email": one.present_email,
            "roles": [str(role) for role in one.roles],
            "institution": one.present_institution,
            "totp_secret": chronicle.secrets.get(one.login),
        }
        for one in CAST
    ]
    with os.fdopen(os.open(draft.demo, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")
