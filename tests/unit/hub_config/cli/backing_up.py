"""What the tests of backups share: a demo with recipients, and what happens to its log in between."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyrage

from access_policy.actor import Actor
from access_policy.events import FactEvent, LogRead, PersonErased, RoleAppointed
from access_policy.log.archive import read_archive
from access_policy.log.checkpoints import Series, Signing, log_origin, write_checkpoint
from access_policy.log.keys import load_keys
from access_policy.model.ids import PersonId
from access_policy.use_cases import Policy
from hub_config.backups import IN_BACKUP
from hub_config.bootstrap import open_policy
from hub_config.places import Places
from tests.unit.hub_config.cli.conftest import Said, Sluis

BACKUP, KEYS = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
ACTOR = Actor(operator="tests", person=PersonId("P-1"))
Step = Callable[[Policy], Any]


def set_recipients(places: Places, backup: Any = BACKUP, keys: Any = KEYS) -> None:
    text = places.settings.read_text(encoding="utf-8")
    text = text.replace("\nrecipients = []", f'\nrecipients = ["{backup.to_public()}"]')
    text = text.replace("\nkey_recipients = []", f'\nkey_recipients = ["{keys.to_public()}"]')
    places.settings.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Desk:
    """A demo with recipients, and where its backups, identities and restored states lie."""

    sluis: Sluis
    places: Places
    folder: Path

    @property
    def elsewhere(self) -> Path:
        """The folder of another machine where each backup's checkpoints lie as well."""
        return self.folder / "elsewhere"

    def back_up(self, name: str = "1") -> Path:
        self.sign(self.elsewhere)
        said = self.sluis("backup", str(self.folder / f"backup-{name}.age"))
        assert said.status == 0, said.err
        return self.folder / f"backup-{name}.age"

    def export(self, name: str = "1") -> Path:
        said = self.sluis("keys", "export", str(self.folder / f"keys-{name}.age"))
        assert said.status == 0, said.err
        return self.folder / f"keys-{name}.age"

    def restore(self, backup: Path, keys: Path, *options: str, state: str = "new") -> Said:
        """Restore, beside the checkpoints that lie elsewhere unless options say otherwise."""
        if not {"--checkpoints", "--unwitnessed"} & set(options):
            options = (*options, "--checkpoints", str(self.elsewhere))
        return self.restore_alone(backup, keys, *options, state=state)

    def restore_alone(self, backup: Path, keys: Path, *options: str, state: str = "new") -> Said:
        identities = ["--identity", str(self.folder / "backup.txt"), "--identity", str(self.folder / "keys.txt")]
        return self.sluis("restore", str(backup), "--keys", str(keys), *identities, *options, state=self.folder / state)

    def new(self, state: str = "new") -> Places:
        return Places(self.folder / state)

    def open(self, backup: Path) -> Path:
        """Return a folder with what stands in a backup, as who has its key sees it."""
        folder = self.folder / "seen"
        folder.mkdir()
        read_archive(backup, "backup", [BACKUP], folder, IN_BACKUP)
        return folder

    def change(self, step: Step) -> None:
        change(self.places, step)

    def sign(self, where: Path | None = None) -> None:
        """Write checkpoints of both streams."""

        def write(policy: Policy) -> None:
            store, keys = policy.store, load_keys(self.places.keys)
            folder, origin = where or self.places.checkpoints, self.origin
            folder.mkdir(parents=True, exist_ok=True)
            write_checkpoint(folder, store.head(), Signing(keys, origin), store.root_at)
            signing = Signing(keys, origin, series=Series.OBSERVATIONS)
            write_checkpoint(folder, store.observation_head(), signing, store.observation_root_at)

        self.change(write)

    @property
    def origin(self) -> str:
        found: list[str] = []
        self.change(lambda policy: found.append(installation_of(policy)))
        return log_origin(found[0])


def installation_of(policy: Policy) -> str:
    with policy.reading_behind() as state:
        return state.installation


def change(places: Places, step: Step) -> None:
    policy = open_policy(places)
    try:
        step(policy)
    finally:
        policy.store.close()


def erase(person: str) -> Step:
    """Append an erasure as `erase-person` does; the keys go with it."""

    def step(policy: Policy) -> None:
        append(policy, PersonErased(person=PersonId(person)))

    return step


def append(policy: Policy, fact: FactEvent) -> None:
    policy.store.append(policy.store.newest(), lambda _at: [(ACTOR, fact)])


def add_fact(policy: Policy) -> None:
    role = {"person": "P-1", "role": "assessor", "scope": None, "until": "2040-01-01T00:00:00Z"}
    append(policy, msgspec.convert(role, RoleAppointed))


@contextmanager
def appends(places: Places) -> Iterator[list[int]]:
    """Append facts and observations in a thread meanwhile, once the first is there; give the facts' numbers."""
    made: list[int] = []
    begun, stop = threading.Event(), threading.Event()

    def go_on(policy: Policy) -> None:
        while not stop.is_set() and len(made) < 20_000:
            add_fact(policy)
            policy.observe(ACTOR, LogRead(what="log head"))
            made.append(policy.store.newest())
            begun.set()

    writer = threading.Thread(target=change, args=(places, go_on))
    writer.start()
    try:
        assert begun.wait(30)
        yield made
    finally:
        stop.set()
        writer.join(60)


def desk_of(sluis: Sluis, places: Places, folder: Path) -> Desk:
    """Give a demo recipients, and lay their private keys beside it."""
    set_recipients(places)
    (folder / "backup.txt").write_text(f"# created: today\n{BACKUP}\n", encoding="ascii")
    (folder / "keys.txt").write_text(f"{KEYS}\n", encoding="ascii")
    return Desk(sluis, places, folder)


def names(desk: Desk, state: Path) -> dict[str, str]:
    return {one["person"]: one["name"] for one in desk.sluis("person", "list", "--json", state=state).json}


def rows(file: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchall()
