"""Looks at an uploaded file before it is kept: its size, its name, and what it is by its content (INP-01).

PDF, PNG, JPEG and plain text are taken, each whole, with nothing before or behind it, and without what is easily found
to be another thing at once. Nothing is ever decoded but the header of a picture and the object streams of a PDF, within
bounds. This is no search for viruses, and what a picture holds may still be read as something else: what is given out
again is an attachment, which no browser opens on our pages.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator

from access_policy.commands.files import LARGEST_FILE
from access_policy.model.enums import FileMedia
from hub_config.pdf import PdfRefused, is_pdf

LONGEST_NAME = 200  # bytes in UTF-8
MOST_PIXELS = 50_000_000
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
    _check_one(content)
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


# Two kinds at once

_ARCHIVE_END = b"PK\x05\x06"  # at most a comment stands behind it (APPNOTE.TXT, 4.3.16)
_ARCHIVE_END_MOST = 22 + 65_535
_CARRIED = re.compile(rb"<\s*(?:!doctype|html|svg|script|iframe|object|embed)\b|<\?php|%PDF-[12]\.", re.IGNORECASE)


def _check_one(content: bytes) -> None:
    """INP-01: a ZIP is read from its end, so it may hide in anything."""
    if _ARCHIVE_END in content[-_ARCHIVE_END_MOST:]:
        raise FileRefused("the file is a ZIP as well; save it anew")


def _check_beside(kind: str, data: bytes) -> None:
    """INP-01: comments and other things beside a picture hold nothing that a browser would run."""
    if _CARRIED.search(data):
        raise FileRefused(f"the {kind} holds markup, or a PDF, beside the picture; save it anew without comments")


# PDF (ISO 32000-2)


def _is_pdf(content: bytes) -> bool:
    try:
        return is_pdf(content)
    except PdfRefused as refused:
        raise FileRefused(str(refused)) from None


# PNG (https://www.w3.org/TR/png-3/)

_PNG = b"\x89PNG\r\n\x1a\n"


def _is_png(content: bytes) -> bool:
    if not content.startswith(_PNG):
        return False
    if content[8:16] != b"\x00\x00\x00\rIHDR" or len(content) < 33:
        raise FileRefused("the PNG has no header; save it anew")
    _check_pixels(int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big"))
    place, kind, size = len(_PNG), b"", 0
    while place + 12 <= len(content) and kind != b"IEND":
        size, kind = int.from_bytes(content[place : place + 4], "big"), content[place + 4 : place + 8]
        if kind != b"IDAT":
            _check_beside("PNG", content[place + 8 : place + 8 + size])
        place += 12 + size
    if kind != b"IEND" or size != 0 or place != len(content):
        raise FileRefused("the PNG was cut off, or something stands behind its end; save it anew")
    return True


# JPEG (ITU-T T.81)

_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BESIDE = frozenset(range(0xE0, 0xF0)) | {0xFE}  # of applications, and comments
_SCAN, _END = 0xDA, 0xD9  # start of a scan, end of the picture
_MOST_SEGMENTS = 10_000
_FILLED = re.compile(rb"\xff+")  # before any marker (B.1.1.2)
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # neither stuffed nor a restart (B.1.1.5)


def _is_jpeg(content: bytes) -> bool:
    if not content.startswith(b"\xff\xd8\xff"):
        return False
    sized = scanned = False
    for marker, data in _segments(content):
        if marker in _FRAMES:
            _check_pixels(int.from_bytes(data[3:5], "big"), int.from_bytes(data[1:3], "big"))
        if marker in _BESIDE:
            _check_beside("JPEG", data)
        sized, scanned = sized or marker in _FRAMES, scanned or marker == _SCAN
    if not (sized and scanned):
        raise FileRefused("the JPEG says no size, or holds no picture; save it anew")
    return True


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Give each marker with its data, up to the first end, which has to be the end of the file."""
    place = 2
    for _ in range(_MOST_SEGMENTS):
        found = _FILLED.match(content, place)
        place = found.end() - 1 if found is not None else len(content)
        if place + 4 > len(content) or content[place + 1] == _END:
            break
        marker, size = content[place + 1], int.from_bytes(content[place + 2 : place + 4], "big")
        yield marker, content[place + 4 : place + 2 + size]
        place += 2 + max(size, 2)
        if marker == _SCAN:
            after = _AFTER_SCAN.search(content, place)
            place = after.start() if after is not None else len(content)
    if content[place:] != b"\xff\xd9":
        raise FileRefused("the JPEG was cut off, has too many parts, or something stands behind its end; save it anew")


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
