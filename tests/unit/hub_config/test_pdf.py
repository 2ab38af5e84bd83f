"""What a PDF may hold, and what it costs to find out (INP-01)."""

import zlib

import pytest

from hub_config import pdf as checked
from hub_config.pdf import PdfRefused, is_pdf
from tests.unit.hub_config.upload_samples import pdf

SCRIPT = b"7 0 << /S /JavaScript /JS (app.alert(1)) >>"
PACKED = zlib.compress(SCRIPT)
OBJECTS = b"/Type /ObjStm /N 1 /First 4 "


def stream(dictionary: bytes, data: bytes = PACKED, mark: bytes = b"stream\n") -> bytes:
    return b"<< " + dictionary + b" >>\n" + mark + data + b"\nendstream"


def hexed(data: bytes) -> bytes:
    return data.hex().encode() + b">"


HIDDEN_FROM_SIGHT = stream(OBJECTS + b"/Filter [/AHx /Fl]", hexed(PACKED))


@pytest.mark.parametrize(
    "inside",
    [
        stream(OBJECTS + b"/Filter 5 0 R"),
        stream(OBJECTS + b"/Filter [5 0 R]"),
        stream(OBJECTS + b"/Filter %\n 5 0 R"),
        stream(b"/Type 6 0 R /N 1 /First 4 /Filter /FlateDecode"),
        stream(b"/N 1 /First 4 /Filter /FlateDecode"),
        stream(b"/N 1 /Filter /FlateDecode"),
        stream(OBJECTS + b"/X (obj) /Filter /FlateDecode"),
        stream(OBJECTS + b"/X (endstream endobj 5 0 obj <<) /Filter /FlateDecode"),
        stream(OBJECTS + b"/X (\\) /Y (>>) /Filter /FlateDecode"),
        stream(OBJECTS + b"/X (" + b"x" * 100_000 + b") /Filter /FlateDecode"),
        stream(b"/Type /Obj#53tm /#4e 1 /Firs#74 4 /Fi#6cter /FlateDecod#65"),
        stream(OBJECTS + b"/Filter /FlateDecode", mark=b"stream \n"),
        stream(OBJECTS + b"/Filter /FlateDecode", mark=b"stream\r"),
        stream(OBJECTS + b"/Filter /FlateDecode", mark=b"%\nstream x\n"),
        stream(OBJECTS + b"/Filter /FlateDecode /Filter /ASCIIHexDecode"),
        stream(OBJECTS + b"/Filter /FlateDecode /DecodeParms << /Predictor 12 >>"),
        stream(OBJECTS + b"/Filter /FlateDecode /DP 9 0 R"),
        stream(OBJECTS + b"/F /FlateDecode"),
        stream(OBJECTS + b"/Filter /FlateDecode", PACKED[:-6]),
        stream(OBJECTS, b"7 0 << /S /J#61vaScript >>"),
        stream(OBJECTS + b"/X (>>stream\nendstream) /Filter [/AHx /Fl]", hexed(PACKED)),
        HIDDEN_FROM_SIGHT,
        b"(" + HIDDEN_FROM_SIGHT + b")",
        b"%" + HIDDEN_FROM_SIGHT.replace(b">>\nstream", b">> stream").replace(b"\n", b"\r", 1),
        stream(b"/Filter /DCTDecode", HIDDEN_FROM_SIGHT.removesuffix(b"endstream")),
        stream(b"/Filter /DCTDecode", b"x\nendstream\n(" + HIDDEN_FROM_SIGHT + b")"),
        b"<< /X 7 0 obj " + HIDDEN_FROM_SIGHT + b" >>",
        b"<< /S /J#61vaScript >>",
        b"<< /S /Rendition /JS 8 0 R >>",
        b"<< /J#53(app.alert(1)) >>",
        b"<< /X (never ends >>",
        b">>",
        b"<< /X 1 >> stream",
    ],
)
def test_what_runs_is_found_or_refused(inside: bytes) -> None:
    """INP-01: no way of writing a script is taken, and a PDF that cannot be looked into neither."""
    with pytest.raises(PdfRefused) as refused:
        is_pdf(pdf(inside))
    assert "\n" not in str(refused.value)


def test_an_encrypted_one_is_refused() -> None:
    """INP-01: nobody can look into it."""
    with pytest.raises(PdfRefused, match="`Encrypt`"):
        is_pdf(pdf().replace(b"/Root", b"/Encrypt 4 0 R /Root"))


@pytest.mark.parametrize(
    "inside",
    [
        stream(OBJECTS + b"/Filter /FlateDecode", zlib.compress(b"7 0 << /Type /Page >>")),
        stream(OBJECTS + b"/Filter[/FlateDecode]", zlib.compress(b"7 0 << /Type /Page >>")),
        stream(OBJECTS, b"7 0 << /Type /Page >>"),
        stream(b"/Type /XRef /W [1 2 1] /Filter /FlateDecode /DecodeParms << /Predictor 12 /Columns 4 >>"),
        stream(b"/Subtype /Image /Filter /DCTDecode", b"\xff\xd8 ( << /JS (x) %"),
        stream(b"/Filter [/ASCII85Decode /FlateDecode]", b"GhQ~>"),
        stream(b"/ColorSpace [/Separation /Black << /N 1 >>] /Filter /DCTDecode", b"x"),
        b"<< /Title (a \\( data stream, an obj and its endobj) /Author <feff0041> >>",
        b"<< /Title (with (its) >> brackets) /JSON 1 >> % a remark",
    ],
)
def test_what_honest_programs_write_is_taken(inside: bytes) -> None:
    """S18: pictures, compressed pages, tables of references, and any text."""
    assert is_pdf(pdf(inside))


def many(count: int, one: bytes) -> bytes:
    return pdf(b"\nendobj\n1 0 obj ".join([one] * count))


def test_each_byte_is_inflated_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """INP-01: a file of many streams costs what it holds, whatever their number."""
    handed: list[int] = []
    inflater = zlib.decompressobj

    class Counting:
        def __init__(self) -> None:
            self._inflating = inflater()
            self.eof = False

        def decompress(self, data: bytes, most: int) -> bytes:
            handed.append(len(data))
            given = self._inflating.decompress(data, most)
            self.eof = self._inflating.eof
            return given

    monkeypatch.setattr(checked.zlib, "decompressobj", Counting)  # type: ignore[attr-defined]
    content = many(900, stream(OBJECTS + b"/Filter /FlateDecode", zlib.compress(b"7 0 <</X 1>>")))
    assert is_pdf(content)
    assert (len(handed), sum(handed) < len(content)) == (900, True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (many(1_001, stream(OBJECTS + b"/Filter /FlateDecode", zlib.compress(b"7 0"))), "streams of objects"),
        (many(1_001, stream(OBJECTS, b"7 0")), "streams of objects"),
        (pdf(b"[" + b"/A" * 1_000_001 + b"]"), "parts"),
        (pdf(b"(" + b"()" * 500_001 + b")"), "parts"),
        (many(3, stream(OBJECTS + b"/Filter /FlateDecode", zlib.compress(bytes(4_000_000)))), "far more"),
    ],
    ids=["packed", "plain", "names", "brackets", "bomb"],
)
def test_the_work_is_bounded(content: bytes, why: str) -> None:
    """INP-01: how much there is to look into is limited, however small the file."""
    with pytest.raises(PdfRefused, match=why):
        is_pdf(content)


def test_a_walk_reads_no_byte_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """INP-01: what is passed over adds up to the file at most."""
    passed: list[int] = []
    monkeypatch.setattr(checked, "_hides_nothing", lambda part: passed.append(len(part)))
    content = many(5_000, stream(b"/X 1", b"stream\n" * 20))
    assert is_pdf(content)
    assert sum(passed) < len(content)
