"""Looks at an uploaded file before it is kept: its size, its name, and what it is by its content (INP-01).

PDF, PNG, JPEG and plain text are taken, each whole and with nothing before or behind it, so that no file is two things
at once. Nothing is ever decoded but the header of a picture and the object streams of a PDF, within bounds. This is no
search for viruses: what is given out again is an attachment, which no browser opens on our pages.
"""

import re
import unicodedata
import zlib
from collections.abc import Callable, Iterator

from access_policy.commands.files import LARGEST_FILE
from access_policy.model.enums import FileMedia

LONGEST_NAME = 200  # bytes in UTF-8
MOST_PIXELS = 50_000_000
_INFLATED_MOST = 50_000_000  # bytes of all object streams of a PDF
_ENDINGS = {
    FileMedia.PDF: (".pdf",),
    FileMedia.PNG: (".png",),
    FileMedia.JPEG: (".jpg", ".jpeg"),
    FileMedia.TEXT: (".txt",),
}
_ESCAPED = re.compile(r"%(?:2e|2f|5c|00)", re.IGNORECASE)


class FileRefused(ValueError):
    """A file that is not taken. The text is one line that says why and what to do."""


def inspect(name: str, content: bytes) -> FileMedia:
    """Return what a file is. Raises FileRefused for anything that is not kept."""
    if not 0 < len(content) <= LARGEST_FILE:
        raise FileRefused(f"the file has `{len(content)}` bytes; send one of 1 to {LARGEST_FILE}")
    check_name(name)
    media = next((media for media, check in _CHECKS.items() if check(content)), None)
    if media is None:
        raise FileRefused("the file is no PDF, PNG, JPEG or plain text in UTF-8; save it as one of these")
    if not name.lower().endswith(_ENDINGS[media]):
        raise FileRefused(f"the file is `{media}` but its name does not end in `{_ENDINGS[media][0]}`; rename it")
    return media


def check_name(name: str) -> None:
    """Raise FileRefused for a name that could be a path, or that does not show what it is; it is never a path here."""
    if not 0 < len(name.encode("utf-8", "surrogatepass")) <= LONGEST_NAME:
        raise FileRefused(f"the file's name is too long, or missing; give it one of at most {LONGEST_NAME} bytes")
    if name.startswith(".") or "/" in name or "\\" in name or _ESCAPED.search(name):
        raise FileRefused("the file's name looks like a path; give it a plain name")
    if any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for sign in name):
        raise FileRefused("the file's name holds a character that cannot be seen; give it a plain name")


# PDF (ISO 32000-2)

_PDF_HEAD = re.compile(rb"%PDF-[12]\.[0-9][\r\n ]")
_PDF_TAIL = re.compile(rb"%%EOF[\r\n \t]*\Z")
_HEX_IN_NAME = re.compile(rb"#([0-9A-Fa-f]{2})")
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_ACTIVE = re.compile(
    rb"/(JavaScript|JS|Launch|EmbeddedFiles?|Filespec|RichMedia\w*|XFA|SubmitForm|ImportData|GoToE|Encrypt)(?![A-Za-z])"
)


def _is_pdf(content: bytes) -> bool:
    if not _PDF_HEAD.match(content):
        return False
    if not _PDF_TAIL.search(content[-1024:]):
        raise FileRefused("the PDF was cut off, or something stands behind its end; save it anew")
    found = _ACTIVE.search(_plain_names(content)) or next(filter(None, map(_ACTIVE.search, _hidden(content))), None)
    if found is not None:
        raise FileRefused(
            f"the PDF holds `{found[1].decode()}`, which runs or carries something; print it to a new PDF"
        )
    return True


def _plain_names(content: bytes) -> bytes:
    """Undo `#4a` in names: `/J#61vaScript` is `/JavaScript` (ISO 32000-2, 7.3.5)."""
    return _HEX_IN_NAME.sub(lambda found: bytes([int(found[1], 16)]), content)


def _hidden(content: bytes) -> Iterator[bytes]:
    """Give the objects that stand in compressed object streams, within a bound."""
    left = _INFLATED_MOST
    for found in _STREAM.finditer(content):
        begins = content.rfind(b"obj", max(0, found.start() - 4096), found.start())
        dictionary = _plain_names(content[max(begins, 0) : found.start()])
        if b"/ObjStm" not in dictionary:
            continue
        objects = _inflated(content[found.end() :], dictionary, left)
        left -= len(objects)
        yield _plain_names(objects)


def _inflated(data: bytes, dictionary: bytes, most: int) -> bytes:
    filters = re.findall(rb"/\w+Decode\w*|/(?:Fl|AHx|A85|LZW|RL)(?![A-Za-z])", dictionary)
    if not filters:
        return data[: max(data.find(b"endstream"), 0)]
    if filters != [b"/FlateDecode"]:
        raise FileRefused("the PDF hides its objects behind an unusual filter; print it to a new PDF")
    try:
        inflating = zlib.decompressobj()
        objects = inflating.decompress(data, max(most, 1))
    except zlib.error:
        raise FileRefused("the PDF holds a damaged stream; save it anew") from None
    if inflating.unconsumed_tail or len(objects) >= most:
        raise FileRefused("the PDF holds far more than it seems to; print it to a new PDF")
    return objects


# PNG (https://www.w3.org/TR/png-3/)

_PNG = b"\x89PNG\r\n\x1a\n"


def _is_png(content: bytes) -> bool:
    if not content.startswith(_PNG):
        return False
    if content[8:16] != b"\x00\x00\x00\rIHDR" or len(content) < 33:
        raise FileRefused("the PNG has no header; save it anew")
    _check_pixels(int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big"))
    place, kind = len(_PNG), b""
    while place + 12 <= len(content) and kind != b"IEND":
        kind = content[place + 4 : place + 8]
        place += 12 + int.from_bytes(content[place : place + 4], "big")
    if kind != b"IEND" or place != len(content):
        raise FileRefused("the PNG was cut off, or something stands behind its end; save it anew")
    return True


# JPEG (ITU-T T.81)

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _is_jpeg(content: bytes) -> bool:
    if not content.startswith(b"\xff\xd8\xff"):
        return False
    if not content.endswith(b"\xff\xd9"):
        raise FileRefused("the JPEG was cut off, or something stands behind its end; save it anew")
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF and content[place + 1] != 0xDA:
        if content[place + 1] in _FRAMES:
            height, width = content[place + 5 : place + 7], content[place + 7 : place + 9]
            _check_pixels(int.from_bytes(width, "big"), int.from_bytes(height, "big"))
            return True
        place += 2 + max(int.from_bytes(content[place + 2 : place + 4], "big"), 2)
    raise FileRefused("the JPEG says no size; save it anew")


def _check_pixels(width: int, height: int) -> None:
    """INP-01: counted in the header, before anybody decodes it."""
    if width < 1 or height < 1 or width * height > MOST_PIXELS:
        raise FileRefused(f"the picture has `{width}` by `{height}` pixels; send one of at most {MOST_PIXELS} in all")


# Plain text

_MARKUP = re.compile(r"<\s*(?:!doctype|\?xml|html|svg|script|iframe|object|embed)\b", re.IGNORECASE)


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    if any(unicodedata.category(sign) == "Cc" and sign not in "\n\r\t\f" for sign in text):
        return False
    if _MARKUP.search(text) or content.lstrip().startswith(b"%PDF-"):
        raise FileRefused("the text is markup that a browser would run; send plain text")
    return True


_CHECKS: dict[FileMedia, Callable[[bytes], bool]] = {
    FileMedia.PDF: _is_pdf,
    FileMedia.PNG: _is_png,
    FileMedia.JPEG: _is_jpeg,
    FileMedia.TEXT: _is_text,
}
