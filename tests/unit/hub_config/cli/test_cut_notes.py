"""What the command line says where checkpoints end before a cut: an auditor's old copy, or files that went (AUD-02)."""

from pathlib import Path

import pytest

from hub_config.places import Places
from tests.unit.hub_config.aged_places import SIGNED, cut, grow_old
from tests.unit.hub_config.cli.conftest import Sluis

pytestmark = pytest.mark.unit
GONE = SIGNED[-1]
BARE = f"the observations up to `{GONE}` were cut, and no checkpoint of more is there: put the folder's files back"
COPIES = {"the cut's own": SIGNED, "below the cut": SIGNED[:1], "of facts alone": ()}


@pytest.fixture
def gone(places: Places) -> Places:
    """A demo with ten observations of six years ago, of which eight were cut."""
    grow_old(places)
    cut(places)
    return places


def copied(places: Places, into: Path, sizes: tuple[int, ...]) -> Path:
    """Copy the checkpoints of the facts, and of so many observations."""
    into.mkdir()
    names = [f"observations-{size:012}.txt" for size in sizes]
    for path in places.checkpoints.iterdir():
        if path.name.startswith("checkpoint-") or path.name in names:
            (into / path.name).write_bytes(path.read_bytes())
    return into


@pytest.mark.parametrize("of", COPIES)
def test_an_older_copy_is_no_fault(gone: Places, sluis: Sluis, tmp_path: Path, of: str) -> None:
    """AUD-02: a log is whole against an honest copy from before its cut; that it says nothing of the cut is told."""
    copy = str(copied(gone, tmp_path / "copy", COPIES[of]))
    said = sluis("log", "verify", "--checkpoints", copy)
    assert (said.status, said.err) == (0, "")
    assert f"its observations 1 to {GONE} were cut after their years; a fact says so" in said.out
    assert f"nothing in `{copy}` speaks for that cut: it holds no checkpoint of more observations" in said.out
    found = sluis("log", "verify", "--checkpoints", copy, "--json").json
    assert (found["ok"], found["problem"], found["cut"]) == (True, None, GONE)
    assert found["checkpoints"]["observations"] == (GONE if GONE in COPIES[of] else 0)


def test_a_whole_copy_speaks_for_the_cut(gone: Places, sluis: Sluis, tmp_path: Path) -> None:
    """AUD-02: one that holds a later checkpoint does."""
    copy = str(copied(gone, tmp_path / "copy", (*SIGNED, 10)))
    said = sluis("log", "verify", "--checkpoints", copy)
    assert (said.status, "speaks for" in said.out) == (0, False)
    found = sluis("log", "verify", "--checkpoints", copy, "--json").json["checkpoints"]["observations"]
    assert found > GONE


def test_an_older_copy_excuses_no_change(gone: Places, sluis: Sluis, tmp_path: Path) -> None:
    """AUD-02: what does not fit it is found as before."""
    copy = copied(gone, tmp_path / "copy", SIGNED)
    (note,) = copy.glob("observations-*8.txt")
    note.rename(copy / "observations-000000000009.txt")
    said = sluis("log", "verify", "--checkpoints", str(copy))
    assert (said.status, "holds the checkpoint of size `8`" in said.out) == (1, True)


@pytest.mark.parametrize("of", COPIES)
def test_its_own_folder_without_them(gone: Places, sluis: Sluis, of: str) -> None:
    """AUD-02: everything says the same, offers no loss and no backup, and goes on once the files are back."""
    away = [path for path in gone.checkpoints.glob("observations-*") if int(path.stem[-12:]) not in COPIES[of]]
    kept = {path: path.read_bytes() for path in away}
    for path in away:
        path.unlink()
    said = {one: sluis(*one) for one in (("log", "verify"), ("check",), ("explain", "P-23", "DR-10"))}
    own = sluis("log", "verify", "--checkpoints", str(gone.checkpoints))
    assert [one.status for one in (*said.values(), own)] == [1, 1, 2, 1]
    for one in (*said.values(), own):
        assert BARE in one.out + one.err
        assert "accept-loss" not in one.out + one.err
        assert "restore a backup" not in one.out + one.err
        assert "speaks for" not in one.out
    lines = {line["check"]: line["ok"] for line in sluis("check", "--json").json}
    assert (lines["log"], lines["checkpoints"]) == (False, False)
    for path, text in kept.items():
        path.write_bytes(text)
    assert (sluis("log", "verify").status, sluis("explain", "P-23", "DR-10").status) == (0, 0)
    assert BARE not in sluis("check").out
