"""The installation's key files: made once, and refused in any doubtful state."""

import os
import secrets
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy.log import UnusableKeys, create_keys, identity_digest, load_keys
from tests.unit.access_policy.log.samples import KEYS

FILES = ["master.key", "lookup.key", "checkpoint.key"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_keys(tmp_path / "keys", secrets.token_bytes)
    return tmp_path / "keys"


def test_read_back(tmp_path: Path) -> None:
    """The keys that were made are the keys that are loaded, in files that nobody else reads."""
    made = create_keys(tmp_path / "keys", secrets.token_bytes)
    loaded = load_keys(tmp_path / "keys")
    assert (loaded.master, loaded.lookup) == (made.master, made.lookup)
    assert loaded.checkpoint.private_bytes_raw() == made.checkpoint.private_bytes_raw()
    assert len({loaded.master, loaded.lookup, loaded.checkpoint.private_bytes_raw()}) == 3
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_made_once(folder: Path) -> None:
    """Keys are never made over existing ones."""
    before = [(folder / name).read_bytes() for name in FILES]
    with pytest.raises(UnusableKeys, match="exists already"):
        create_keys(folder, secrets.token_bytes)
    assert [(folder / name).read_bytes() for name in FILES] == before


def test_keys_do_not_show() -> None:
    """The representation of the keys holds none of them (AUD-09)."""
    assert repr(KEYS) == "Keys()"


@pytest.mark.parametrize("name", FILES)
def test_missing_file(folder: Path, name: str) -> None:
    """A missing key file is named."""
    (folder / name).unlink()
    with pytest.raises(UnusableKeys, match=rf"{name}` cannot be read \(No such file"):
        load_keys(folder)


def test_missing_folder(tmp_path: Path) -> None:
    """Without a key folder the error says how to make one."""
    with pytest.raises(UnusableKeys, match="run `sluis init`"):
        load_keys(tmp_path / "keys")


@pytest.mark.parametrize("length", [0, 31, 33])
def test_wrong_length(folder: Path, length: int) -> None:
    """A key of another length than 32 bytes is refused."""
    (folder / "master.key").write_bytes(bytes(length))
    with pytest.raises(UnusableKeys, match="does not hold `32` bytes"):
        load_keys(folder)


@pytest.mark.parametrize("name", ["", *FILES])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o710, 0o701])
def test_open_to_others(folder: Path, name: str, mode: int) -> None:
    """A key file or folder that the group or others may enter is refused."""
    (folder / name).chmod(mode | 0o100)
    with pytest.raises(UnusableKeys, match="chmod go="):
        load_keys(folder)


def test_wrong_owner(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that belong to another user are refused."""
    owner = folder.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(UnusableKeys, match=f"belongs to user `{owner}`"):
        load_keys(folder)


def test_symbolic_link(folder: Path, tmp_path: Path) -> None:
    """A key file that is a symbolic link is refused."""
    (folder / "master.key").rename(tmp_path / "elsewhere")
    (folder / "master.key").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnusableKeys, match="cannot be read"):
        load_keys(folder)


@given(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.text(max_size=5))
def test_identities_never_share_a_digest(iss: str, sub: str, other_iss: str, other_sub: str) -> None:
    """Two identities have one digest only where issuer and subject are both the same (ID-04)."""
    same = identity_digest(KEYS, iss, sub) == identity_digest(KEYS, other_iss, other_sub)
    assert same == ((iss, sub) == (other_iss, other_sub))
