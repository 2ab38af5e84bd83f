"""What `sluis restore` says that it compared: how many checkpoints, up to where, and how old (AUD-02)."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from access_policy.log.times import from_text
from hub_config.bootstrap import present
from hub_config.compared import Compared, dated, in_words
from hub_config.places import Places
from tests.unit.hub_config.cli.backing_up import Desk, add_fact, desk_of
from tests.unit.hub_config.cli.conftest import Sluis

pytestmark = pytest.mark.unit

OLDER = "the checkpoints are older than the backup, so nothing shows that no later facts are missing"


@pytest.fixture
def desk(sluis: Sluis, places: Places, tmp_path: Path) -> Desk:
    return desk_of(sluis, places, tmp_path)


def appended(log: Path, seq: int) -> str:
    with closing(sqlite3.connect(log)) as raw:
        (text,) = raw.execute("SELECT at FROM facts WHERE seq = ?", (seq,)).fetchone()
    return str(text)


def test_a_restore_says_what_it_was_compared_with(desk: Desk) -> None:
    """AUD-02: the folder, how many checkpoints, up to where, and how many days old the newest is."""
    backup, keys, folder = desk.back_up(), desk.export(), desk.places.checkpoints
    size = desk.sluis("log", "head", "--json").json["size"]
    assert len(list(folder.glob("checkpoint-*.txt"))) == 1
    said = desk.restore(backup, keys, "--checkpoints", str(folder))
    (one,) = dated(desk.places.log, present, (Compared(folder, 1, size),))
    assert in_words(one).startswith(f"compared with 1 checkpoint of `{folder}`, newest {size}, ")
    assert (said.status, f"{in_words(one)}\n" in said.out, OLDER in said.err) == (0, True, False)


def test_a_restore_says_that_it_found_old_checkpoints_only(desk: Desk) -> None:
    """AUD-02: they prove nothing about what came after them, which is said; the status stays 0."""
    desk.sign(desk.elsewhere)
    for _ in range(2):
        desk.change(add_fact)
    size = desk.sluis("log", "head", "--json").json["size"]
    assert desk.sluis("backup", str(desk.folder / "b.age")).status == 0
    options = ("--checkpoints", str(desk.elsewhere))
    said = desk.restore_alone(desk.folder / "b.age", desk.export(), *options)
    assert (said.status, f", newest {size - 2}, " in said.out) == (0, True)
    assert f"the newest 2 facts of the backup are signed by none of these: {OLDER}" in said.err
    said = desk.restore_alone(desk.folder / "b.age", desk.export("2"), *options, "--json", state="other")
    (told,) = said.json["compared"]
    days = (present() - from_text(appended(desk.places.log, size - 2))).days
    assert told == {"folder": str(desk.elsewhere), "checkpoints": 1, "newest": size - 2, "days": days}


@pytest.mark.parametrize(("days", "age"), [(0, "less than a day old"), (1, "1 day old"), (41, "41 days old")])
def test_how_old_a_checkpoint_is(days: int, age: str, desk: Desk) -> None:
    """AUD-02: as old as the newest fact that it signs; one of a fact that the log lacks says that instead."""
    at = from_text(appended(desk.places.log, 9)) + timedelta(days=days, hours=23)
    one, lacking = dated(desk.places.log, lambda: at, (Compared(desk.folder, 2, 9), Compared(desk.folder, 1, 99_999)))
    assert in_words(one) == f"compared with 2 checkpoints of `{desk.folder}`, newest 9, {age}"
    assert in_words(lacking) == f"compared with 1 checkpoint of `{desk.folder}`, newest 99999, which this log lacks"
