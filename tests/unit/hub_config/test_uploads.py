"""What may be uploaded, found by looking at the bytes (INP-01)."""

import contextlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy.commands.files import LARGEST_FILE
from hub_config.uploads import FileRefused, inspect
from tests.unit.hub_config.upload_samples import SOUND, chunk, jpeg, packed_pdf, pdf, png

ZIP = b"PK\x03\x04" + bytes(60) + b"PK\x05\x06" + bytes(18)
SCRIPT = zlib.compress(b"<< /S /JS >>")
BOMB = b"<< /Type /Page >>" + bytes(60_000_000)


@pytest.mark.parametrize("name", SOUND)
def test_sound_files_are_taken(name: str) -> None:
    """S18: letters, CVs and evidence, as people have them."""
    kinds = {"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "txt": "text/plain"}
    assert inspect(name, SOUND[name]) == kinds[name.rpartition(".")[2]]
    assert inspect(name.upper(), SOUND[name]) == kinds[name.rpartition(".")[2]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b""),
        ("a.txt", b"x" * (LARGEST_FILE + 1)),
        ("a.pdf", ZIP),
        ("a.zip", ZIP),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'),
        ("a.txt", b"<!DOCTYPE html><p>hello"),
        ("a.txt", b"hello <ScRiPt>alert(1)"),
        ("a.png", png(60_000, 60_000)),
        ("a.jpg", jpeg(60_000, 60_000)),
        ("a.png", png(0, 2)),
        ("a.png", png(behind=ZIP)),
        ("a.jpg", jpeg(behind=ZIP)),
        ("a.jpg", jpeg(behind=ZIP + b"\xff\xd9")),
        ("a.jpg", jpeg(behind=jpeg())),
        ("a.jpg", jpeg(behind=b"\xff\xfe\x00\x02" * 10_000 + b"\xff\xd9")[:-2].replace(b"\xff\xd9", b"") + b"\xff\xd9"),
        ("a.jpg", jpeg(beside=b"<script>alert(1)</script>")),
        ("a.jpg", jpeg(beside=b"a view <HTML onload=x>")),
        ("a.jpg", jpeg(beside=ZIP)),
        ("a.jpg", jpeg(beside=pdf())),
        ("a.jpg", jpeg()[:-2] + b"\xff\xd8\xff\xd9"),
        ("a.jpg", jpeg().split(b"\xff\xda")[0] + b"\xff\xd9"),
        ("a.png", png(beside=b"<svg onload=alert(1)>")),
        ("a.png", png(beside=ZIP)),
        ("a.png", png(behind=chunk(b"tEXt", b"a\x00b") + chunk(b"IEND", b""))),
        ("a.png", png()[:-12] + chunk(b"IEND", b"a script")),
        ("a.pdf", pdf(behind=ZIP)),
        ("a.pdf", pdf(behind=ZIP + b"%%EOF\n")),
        ("a.pdf", pdf(behind=pdf())),
        ("a.pdf", pdf(b"<< >>\nstream\n" + ZIP + b"\nendstream")),
        ("a.txt", b"PK\x05\x06 Dear all"),
        ("a.pdf", b"MZ" + pdf()),
        ("a.png", png()[:-3]),
        ("a.jpg", jpeg()[:-1]),
        ("a.jpg", b"\xff\xd8\xff\xe0\x00\x04ab\xff\xd9"),
        ("a.pdf", pdf()[:-8]),
        ("a.pdf", pdf(b"<< /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>")),
        ("a.pdf", pdf(b"<< /S /J#61vaScript >>")),
        ("a.pdf", pdf(b"<< /S/JS(app.alert(1)) >>")),
        ("a.pdf", pdf(b"<< /Names << /EmbeddedFiles 3 0 R >> >>")),
        ("a.pdf", pdf(b"<< /S /Launch /F (calc.exe) >>")),
        ("a.pdf", pdf(b"<< /Encrypt 4 0 R >>")),
        ("a.pdf", packed_pdf(b"<< /S /JavaScript >>")),
        ("a.pdf", packed_pdf(b"<< /S /J#61vaScript >>")),
        ("a.pdf", packed_pdf(b"<< >>", b"[/ASCIIHexDecode /FlateDecode]")),
        ("a.pdf", packed_pdf(BOMB)),
        ("a.pdf", pdf(b"<< /Type /Obj#53tm /Filter /FlateDecode >>\nstream\n" + SCRIPT + b"\nendstream")),
        ("a.pdf", pdf(b"<< /Type /ObjStm /Filter /FlateDecode >>\nstream\nno zlib\nendstream")),
        ("a.txt", b"\xff\xfe\x00h"),
        ("a.txt", b"a\x00b"),
        ("a.txt", b"\x1b[31mred"),
        ("a.png", pdf()),
        ("a.pdf", png()),
    ],
    ids=str,
)  # fmt: skip
def test_anything_else_is_refused(name: str, content: bytes) -> None:
    """INP-01: bombs, scripts, files in files, two kinds at once, cut off, disguised, with a line that says why."""
    with pytest.raises(FileRefused) as refused:
        inspect(name, content)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "name",
    [
        "", "..", "../a.txt", "..%2fa.txt", "..%5Ca.txt", "a%00.txt", "/etc/a.txt", "c:\\a.txt", ".a.txt", "a\x00.txt",
        "a\n.txt", "a\u202etxt.exe.txt", "a\u200b.txt", "\ud800.txt", "é" * 120 + ".txt", "a" * 256 + ".txt",
    ],
    ids=ascii,
)  # fmt: skip
def test_names_that_are_no_plain_names_are_refused(name: str) -> None:
    """INP-01: paths, escapes, NUL, control, direction and zero-width marks, and more than 255 bytes."""
    with pytest.raises(FileRefused, match="name"):
        inspect(name, b"Dear all")


@pytest.mark.parametrize("name", ["Lettre d'été.txt", "CV (final) 2.txt", "報告.txt", "50% done.txt"])
def test_names_of_people_are_taken(name: str) -> None:
    """INP-01: a name in any script is a name."""
    assert inspect(name, b"Dear all") == inspect("letter.txt", b"Dear all")


@given(st.sampled_from(sorted(SOUND)), st.binary(max_size=200), st.integers(0, 400))
def test_damaged_files_are_refused_or_read(name: str, damage: bytes, place: int) -> None:
    """INP-01: whatever the bytes, the answer is a kind or a refusal, and no other error."""
    content = SOUND[name][:place] + damage + SOUND[name][place + len(damage) :]
    found = None
    with contextlib.suppress(FileRefused):
        found = inspect(name, content)
    assert found in (None, inspect(name, SOUND[name]))
