"""A log that is cut below a rotation: whoever has the former key signs what is left, and the key note says otherwise.

AUD-02, AUD-12: a key note is a witness of length. The checkpoints beyond it and the machine's own mark are gone here.
"""

from pathlib import Path

import pytest

from access_policy.log.checkpoints import sign_checkpoint
from access_policy.log.keys import Keys, load_keys
from hub_config.bootstrap import open_policy, open_unwitnessed
from hub_config.places import Places
from tests.unit.hub_config.cli.backing_up import desk_of
from tests.unit.hub_config.cli.conftest import Sluis
from tests.unit.hub_config.cli.rotating import (
    AGAIN,
    NOTE,
    PADDED,
    REACH,
    SHORT,
    bytes_of,
    cut,
    forge,
    key_of,
    lose,
    rotate_lost,
    rotations,
)  # fmt: skip

pytestmark = pytest.mark.unit


@pytest.fixture
def stolen(sluis: Sluis, places: Places) -> Keys:
    """Rotate; return the former key, as somebody has it who took it before."""
    found = load_keys(places.keys)
    assert sluis("keys", "rotate").status == 0
    return found


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (SHORT, f"the log is shorter than `{NOTE}` says: `601` facts, not `789`"),
        (PADDED, f"the log is different from `{NOTE}`: fact `789` is not the rotation that it tells of"),
        (AGAIN, f"the log is different from `{NOTE}`: fact `789` is not the rotation that it tells of, or follows"),
    ],
    ids=["short", "padded", "rotated again"],
)
def test_a_stolen_former_key_rewrites_nothing_below(
    count: int, said: str, sluis: Sluis, places: Places, stolen: Keys
) -> None:
    """AUD-02, AUD-12: not whole, nothing is decided, `check` says so, and no other rotation hides it."""
    forge(places, stolen, count)
    verified, asked, rotated = sluis("log", "verify"), sluis("explain", "P-12", "DR-1"), sluis("keys", "rotate")
    assert (verified.status, asked.status, rotated.status) == (1, 2, 2)
    for text in (verified.out, asked.err, rotated.err):
        assert said in text
    lines = {one["check"]: one for one in sluis("check", "--json").json}
    for name in ("log", "signing key", "checkpoints"):
        assert (lines[name]["ok"], said in lines[name]["text"]) == (False, True)


def test_nor_does_a_log_begin_anew(sluis: Sluis, places: Places, stolen: Keys) -> None:
    """AUD-02: cut to its very beginning, with no checkpoint left: the key note alone says that there was more."""
    cut(places, 7)
    for path in places.checkpoints.glob("[co]*"):
        path.unlink()
    places.signed.unlink()
    policy = open_policy(places)
    trouble = policy.trouble()
    policy.store.close()
    assert trouble is not None
    assert not list(places.checkpoints.glob("checkpoint-*"))
    assert (sluis("log", "verify").status, sluis("explain", "P-1", "DR-1").status) == (1, 2)


def test_a_lost_key_is_no_way_around(sluis: Sluis, places: Places, stolen: Keys) -> None:
    """AUD-02, AUD-12: where the newest key is gone as well, `--lost` accepts no log that is cut below its note."""
    forge(places, stolen, SHORT)
    former = lose(places)
    before = bytes_of(places)
    said = rotate_lost(sluis, former)
    assert (said.status, f"shorter than `{NOTE}` says" in said.err, bytes_of(places)) == (2, True, before)


def test_the_newest_checkpoint_is_the_lost_keys(sluis: Sluis, places: Places, stolen: Keys) -> None:
    """AUD-12: an older key's checkpoint does not speak for the one that was lost."""
    former = lose(places)
    for path in places.checkpoints.glob("checkpoint-*"):
        path.unlink()
    places.signed.unlink()
    policy = open_unwitnessed(places, stolen)
    head = policy.store.head()._replace(size=REACH, root=policy.store.root_at(REACH) or "")
    policy.store.close()
    note = sign_checkpoint(head, stolen, former.split("+")[0])
    (places.checkpoints / f"checkpoint-{REACH:012}.txt").write_text(note)
    before = bytes_of(places)
    said = rotate_lost(sluis, former)
    assert (said.status, "was not signed with that key" in said.err) == (2, True)
    assert bytes_of(places) == before


def test_an_older_key_is_not_the_one_that_was_lost(sluis: Sluis, places: Places) -> None:
    """AUD-12: what is wrong is what was typed, and that is said."""
    older = key_of(places)
    for _ in range(2):
        assert sluis("keys", "rotate").status == 0
    lose(places)
    said = rotate_lost(sluis, older)
    assert (said.status, said.err.count("\n")) == (2, 1)
    assert f"that key was retired by `{NOTE}`; name the newest" in said.err


@pytest.mark.parametrize("count", [SHORT, AGAIN], ids=["short", "rotated again"])
def test_two_admins_accept_it(count: int, sluis: Sluis, places: Places, stolen: Keys) -> None:
    """AUD-02, AUD-12: a log that was lost below a rotation goes on as another history, and rotates again.

    What the former key signed of it proves nothing, so nothing counts as kept.
    """
    forge(places, stolen, count)
    policy = open_policy(places)
    trouble = policy.trouble()
    policy.store.close()
    assert trouble is not None
    assert trouble.gap is not None
    assert (trouble.gap.kept, trouble.gap.lost, trouble.gap.epoch) == (0, 789, 1)
    numbers = [f"{name}={value}" for name, value in trouble.gap._asdict().items()]
    proposed = sluis("do", "accept-loss", *numbers, "--as", "P-1", "--json").json["events"]
    assert sluis("log", "verify").status == 1
    assert sluis("do", "confirm-proposal", f"proposal={proposed[-1]['proposal']}", "--as", "P-2").status == 0
    assert (sluis("log", "verify").status, len(rotations(sluis))) == (0, int(count == AGAIN))
    assert all(one["ok"] for one in sluis("check", "--json").json if one["check"] in ("log", "signing key"))
    assert sluis("keys", "rotate", "--json").json["rotation"] == 2
    assert sluis("log", "verify").status == 0


def test_a_restore_knows_another_root(sluis: Sluis, places: Places, tmp_path: Path) -> None:
    """AUD-02, AUD-12: a former key's backup of a log that was rewritten, just as long, is not put back at all."""
    desk = desk_of(sluis, places, tmp_path)
    file = places.keys / "checkpoint.key"
    former = file.read_bytes()
    stolen = load_keys(places.keys)
    for name in ("a", "b", "c"):
        desk.export(name)
    assert sluis("keys", "rotate").status == 0
    keys, note = desk.export(), (places.checkpoints / NOTE).read_bytes()
    forge(places, stolen, AGAIN)
    cut(places, REACH)
    cut(places, 0, "observations")
    for path in places.checkpoints.glob("[ok]*"):
        path.unlink()
    file.write_bytes(former)
    backup = desk.back_up()
    (desk.elsewhere / NOTE).write_bytes(note)
    said = desk.restore(backup, keys, "--behind")
    assert (said.status, f"different from `{NOTE}`" in said.err) == (2, True), said.err
    assert "do not trust this backup" in said.err


def test_a_restore_knows_it(sluis: Sluis, places: Places, tmp_path: Path) -> None:
    """AUD-02, AUD-12: a backup of before a rotation lacks it, though only the key note is left to say so."""
    desk = desk_of(sluis, places, tmp_path)
    backup = desk.back_up()
    assert sluis("keys", "rotate").status == 0
    desk.elsewhere.mkdir(exist_ok=True)
    for path in places.checkpoints.iterdir():
        if path.name != "checkpoint-000000000789.txt":
            (desk.elsewhere / path.name).write_bytes(path.read_bytes())
    keys = desk.export()
    said = desk.restore(backup, keys)
    assert (said.status, "log_behind: this backup lacks `1` facts" in said.err) == (3, True)
    assert desk.restore(backup, keys, "--behind").status == 0
    asked = sluis("explain", "P-12", "DR-1", state=desk.new().state)
    assert (asked.status, f"shorter than `{NOTE}` says" in asked.err) == (2, True)
