"""The file that backups are made of: encrypted, signed, whole or refused (FLT-10)."""

import io
import re
import tarfile
from pathlib import Path
from typing import Any

import msgspec
import pyrage
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access_policy.log.age import ArchiveProblem, identities_of, recipients_of
from access_policy.log.archive import Archive, Manifest, Source, TreeHead, read_archive, write_archive
from tests.unit.access_policy.log.samples import KEYS
from tests.unit.room import room_for

pytestmark = pytest.mark.unit

IDENTITY = pyrage.x25519.Identity.generate()
TO = [IDENTITY.to_public()]
EMPTY = TreeHead(0, "00")
MANIFEST = Manifest(
    kind="backup", release="0.1", schema="2", format=2, installation="i", origin="sluis.dev/i",
    made_at="2026-11-22T12:00:00.000000Z", facts=EMPTY, observations=EMPTY,
)  # fmt: skip
ALLOWED = re.compile(r"a|folder/b|log")


def write(path: Path, *sources: Source, keys: Any = KEYS) -> Manifest:
    return write_archive(path, MANIFEST, list(sources), keys, TO)


def read(path: Path, folder: Path, identity: Any = IDENTITY) -> Archive:
    folder.mkdir(exist_ok=True)
    return read_archive(path, "backup", [identity], folder, ALLOWED)


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """An archive of three files, one of them larger than what age encrypts at once."""
    (tmp_path / "large").write_bytes(bytes(range(256)) * 1_000)
    write(tmp_path / "x.age", Source("a", b""), Source("folder/b", b"B"), Source("log", tmp_path / "large"))
    return tmp_path / "x.age"


def test_what_goes_in_comes_out(made: Path, tmp_path: Path) -> None:
    """Bytes and names; the folder holds nothing else; all private."""
    archive = read(made, tmp_path / "out")
    archive.check_signature(KEYS.checkpoint.public_key())
    found = {path.name: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert found == {"a": b"", "b": b"B", "log": bytes(range(256)) * 1_000}
    assert {path.stat().st_mode & 0o077 for path in [made, *(tmp_path / "out").rglob("*")]} == {0}
    assert list(archive.manifest.files) == ["a", "folder/b", "log"]


def test_one_changed_byte_is_found(made: Path, tmp_path: Path) -> None:
    """Wherever it is, also in the head."""
    whole = made.read_bytes()
    for place in [*range(0, 300, 7), *range(300, len(whole), len(whole) // 40), len(whole) - 1]:
        made.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ArchiveProblem):
            read(made, tmp_path / f"out-{place}")


def test_a_cut_off_file_is_found(made: Path, tmp_path: Path) -> None:
    """Also where it is cut at the border of what age encrypts at once, or to nothing; so is one that goes on."""
    whole = made.read_bytes()
    header = len(whole) % 65_552
    for number, part in enumerate((whole[:-1], whole[: header + 65_552], whole[:100], b"", whole + b"x")):
        made.write_bytes(part)
        with pytest.raises(ArchiveProblem, match=r"cut off|another key"):
            read(made, tmp_path / f"out-{number}")


def test_another_key_does_not_open_it(made: Path, tmp_path: Path) -> None:
    """And the error says what to give."""
    with pytest.raises(ArchiveProblem, match="--identity"):
        read(made, tmp_path / "out", pyrage.x25519.Identity.generate())


def test_a_forged_archive_has_no_signature(tmp_path: Path) -> None:
    """Anybody can encrypt to a public key; only the installation can sign."""
    forged = type(KEYS)(KEYS.master, KEYS.lookup, Ed25519PrivateKey.from_private_bytes(b"x" * 32))
    write(tmp_path / "x.age", Source("a", b"A"), keys=forged)
    with pytest.raises(ArchiveProblem, match="is not of the Sluis"):
        read(tmp_path / "x.age", tmp_path / "out").check_signature(KEYS.checkpoint.public_key())


def tar_of(manifest: Manifest, *members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in (("manifest.json", msgspec.json.encode(manifest)), ("manifest.sig", b"s" * 64)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


NOTHING = {"size": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}


@pytest.mark.parametrize(
    ("listed", "members", "said"),
    [
        pytest.param("../a", [member("../a")], "do not trust", id="out of the folder"),
        pytest.param("/etc/a", [member("/etc/a")], "do not trust", id="absolute"),
        pytest.param("a", [member("a", tarfile.SYMTYPE, "/etc/passwd")], "missing", id="link"),
        pytest.param("a", [], "missing", id="less than listed"),
        pytest.param("a", [member("a"), member("log")], "more than it says", id="more than listed"),
        pytest.param("a", [member("log")], "missing", id="another name"),
    ],
)
def test_an_archive_that_nobody_of_us_wrote(tmp_path: Path, listed: str, members: list[Any], said: str) -> None:
    """Nothing is written outside the folder; what does not fit its manifest is refused (INP-01)."""
    manifest = msgspec.convert(msgspec.to_builtins(MANIFEST) | {"files": {listed: NOTHING}}, Manifest)
    (tmp_path / "x.age").write_bytes(pyrage.encrypt(tar_of(manifest, *members), TO))
    with pytest.raises(ArchiveProblem, match=said):
        read(tmp_path / "x.age", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "x.age"]


@pytest.mark.parametrize("content", [b"", b"no tar", b"\0" * 2048])
def test_what_is_encrypted_but_no_archive(tmp_path: Path, content: bytes) -> None:
    """One line, whatever it is."""
    (tmp_path / "x.age").write_bytes(pyrage.encrypt(content, TO))
    with pytest.raises(ArchiveProblem):
        read(tmp_path / "x.age", tmp_path / "out")


def test_a_later_form_and_another_kind_are_refused(tmp_path: Path) -> None:
    """Each says what to do."""
    for changed, said in ((Manifest(**(_fields() | {"form": 99})), "later release"), (_of_kind("keys"), "other file")):
        (tmp_path / "x.age").write_bytes(pyrage.encrypt(tar_of(changed), TO))
        with pytest.raises(ArchiveProblem, match=said):
            read(tmp_path / "x.age", tmp_path / "out")


def _fields() -> dict[str, Any]:
    return {name: getattr(MANIFEST, name) for name in MANIFEST.__struct_fields__}


def _of_kind(kind: str) -> Manifest:
    return Manifest(**(_fields() | {"kind": kind}))


def test_nothing_is_left_where_writing_fails(tmp_path: Path) -> None:
    """A full disk, a read-only folder, a file that shrinks: one line, no half file; and no file is replaced."""
    full = tmp_path / "full.age"
    (tmp_path / "full.age.part").symlink_to("/dev/full")  # it is taken away, not written through
    write(full, Source("a", b"A"))
    assert full.is_file()
    with pytest.raises(ArchiveProblem, match="exists already"):
        write(full, Source("a", b"A"))
    with pytest.raises(ArchiveProblem, match="cannot be written"):
        write(tmp_path / "nowhere" / "x.age", Source("a", b"A"))
    with pytest.raises(ArchiveProblem, match="cannot be written"):
        write(tmp_path / "y.age", Source("a", tmp_path / "gone"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["full.age"]


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    """Neither where an archive is made, nor where one is opened (AUD-05)."""
    content = Source("a", b"A" * 500_000)
    write(tmp_path / "x.age", content)
    with room_for(100_000), pytest.raises(ArchiveProblem, match="cannot be written"):
        write(tmp_path / "y.age", content)
    with room_for(100_000), pytest.raises(ArchiveProblem, match="nothing was restored"):
        read(tmp_path / "x.age", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["out", "x.age"]


@pytest.mark.parametrize("texts", [[], ["age1nonsense"], [str(IDENTITY)], [f"{TO[0]}x"]])
def test_recipients_have_to_be_age_public_keys(texts: list[str]) -> None:
    """None at all is refused, too; the line names the setting."""
    with pytest.raises(ArchiveProblem, match=r"below \[backup\]"):
        recipients_of(texts, "`recipients` below [backup]")


def test_identities_are_read_as_age_keygen_writes_them(tmp_path: Path) -> None:
    """Comments and empty lines are left out; a file without a key is refused."""
    file = tmp_path / "key.txt"
    file.write_text(f"# created: today\n# public key: {TO[0]}\n\n{IDENTITY}\n", encoding="ascii")
    assert [str(one) for one in identities_of(file)] == [str(IDENTITY)]
    for text in ("", "# nothing\n", "AGE-SECRET-KEY-1NONSENSE\n", "\N{EURO SIGN}"):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(ArchiveProblem, match="private key"):
            identities_of(file)
    with pytest.raises(ArchiveProblem, match="private key"):
        identities_of(tmp_path / "gone")
