"""`sluis check` and `sluis dataset manifest`."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing

import msgspec
import pytest

from access_policy.actor import person
from access_policy.events import FileKept
from access_policy.model.ids import PersonId
from hub_config.bootstrap import open_policy
from hub_config.cli import checks
from hub_config.places import Places
from spawner import sandbox
from tests.unit.hub_config.cli.conftest import Sluis

CLINICAL = "datasets/gbsg2-clinical/1.0"


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with sandbox and proxy, whatever this one has."""
    monkeypatch.setattr(sandbox, "sandbox_problem", lambda: None)
    monkeypatch.setattr(checks, "proxy_command", lambda: ["node"])


def test_a_line_for_each(sluis: Sluis) -> None:
    """All well: status 0."""
    said = sluis("check", "--json")
    assert said.status == 0
    assert all(list(line) == ["check", "ok", "text"] and line["ok"] for line in said.json)
    assert [line["check"] for line in said.json] == [
        "log", "keys", "signing key", "seals", "files", "checkpoints", "clock", "settings", "mail", "network",
        "dataset gbsg2-clinical", "dataset gse7390-expression", "dataset gbsg2-demographics", "dataset gbsg2-grade",
        "sandbox", "proxy", "running",
    ]  # fmt: skip
    assert sluis("check").out.count("✓") == 17


def _sql(places: Places, statement: str) -> None:
    with closing(sqlite3.connect(places.log)) as connection, connection:
        assert connection.execute(statement).rowcount > 0


def _lose_file(places: Places) -> None:
    policy = open_policy(places)
    try:
        sealed = policy.records.seal_file("P-3", "cv.pdf", b"a letter")
        file = {"file": 1, "person": "P-3", "request": None, "digest": sealed.digest, "size": 8}
        kept = msgspec.convert(file | {"media": "application/pdf", "purpose": "cv"}, FileKept)
        policy.store.append(policy.store.newest(), lambda _at: [(person(PersonId("P-3"), "a-proof"), kept)])
    finally:
        policy.store.close()


PROBLEMS: dict[str, tuple[Callable[[Places], object], str]] = {
    "unknown settings key": (lambda places: places.settings.write_text("colour = 1\n", encoding="utf-8"), "settings"),
    "a dataset folder that is gone": (
        lambda places: (places.state / "datasets/gbsg2-clinical").rename(places.state / "gone"),
        "dataset gbsg2-clinical",
    ),
    "a file that is gone": (
        lambda places: (places.state / CLINICAL / "patients.csv").unlink(), "dataset gbsg2-clinical",
    ),
    "a file of another size": (
        lambda places: (places.state / CLINICAL / "patients.csv").write_text("x", encoding="utf-8"),
        "dataset gbsg2-clinical",
    ),
    "another manifest": (
        lambda places: (places.state / CLINICAL / "manifest.json").write_text('{"files": []}', encoding="utf-8"),
        "dataset gbsg2-clinical",
    ),
    "no manifest": (
        lambda places: (places.state / CLINICAL / "manifest.json").unlink(), "dataset gbsg2-clinical",
    ),
    "a sealing key that somebody took": (
        lambda places: _sql(places, "UPDATE sealing_keys SET wrapped = NULL WHERE owner = 'P-3'"), "seals",
    ),
    "the lookup key of another": (lambda places: (places.keys / "lookup.key").write_bytes(b"x" * 32), "keys"),
    "an uploaded file that is gone": (_lose_file, "files"),
    "a log that is none": (lambda places: places.log.write_bytes(b"x" * 5000), "log"),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "name"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_is_wrong_is_one_and_named(
    damage: Callable[[Places], object], name: str, sluis: Sluis, places: Places
) -> None:
    """The other checks still say what they found."""
    damage(places)
    said = sluis("check", "--json")
    wrong = [line["check"] for line in said.json if not line["ok"]]
    assert (said.status, name in wrong) == (1, True)
    assert "sandbox" in [line["check"] for line in said.json]


def test_a_machine_without_sandboxes_is_told(sluis: Sluis, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sandbox, no workspace."""
    monkeypatch.setattr(sandbox, "sandbox_problem", lambda: "user namespaces are forbidden")
    said = sluis("check")
    assert (said.status, "✗ sandbox: user namespaces are forbidden" in said.out) == (1, True)


def test_a_manifest_is_written_among_the_files(sluis: Sluis, places: Places) -> None:
    """Files, sizes, SHA-256; its own digest is what `register-dataset` takes, and a second time gives the same."""
    folder = places.state / "datasets/new/1.0"
    (folder / "part").mkdir(parents=True)
    (folder / "part/b.csv").write_bytes(b"1,2\n")
    (folder / "a.csv").write_bytes(b"")
    said = sluis("dataset", "manifest", "new/1.0", "--json")
    written = (folder / "manifest.json").read_bytes()
    assert (said.status, said.json["files"], said.json["bytes"]) == (0, 2, 4)
    assert said.json["sha256"] == hashlib.sha256(written).hexdigest()
    assert json.loads(written)["files"][1] == {
        "path": "part/b.csv", "bytes": 4, "sha256": hashlib.sha256(b"1,2\n").hexdigest(),
    }  # fmt: skip
    assert "reading 2 files" in said.err
    assert sluis("dataset", "manifest", "new/1.0", "--json").json["sha256"] == said.json["sha256"]


def test_a_folder_that_can_be_no_dataset_gets_no_manifest(sluis: Sluis, places: Places) -> None:
    """A FIFO, a hard link or a symlink out of it (DAT-09)."""
    folder = places.state / "datasets/odd"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    said = sluis("dataset", "manifest", "odd")
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert not (folder / "manifest.json").exists()
