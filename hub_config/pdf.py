"""Looks into a PDF that somebody uploads: whether it is whole, and whether it holds what runs or carries (INP-01).

The file is read once from front to back as ISO 32000-2 has it. Names are looked for in all of its bytes, and in the
objects that stand in compressed object streams. A file that this cannot look into is refused, and so is one that a
reader could read another way: no honest program writes those. What a picture or a font decodes to is not looked at.
"""

import re
import zlib
from dataclasses import dataclass, field

_HEAD = re.compile(rb"%PDF-[12]\.[0-9][\r\n ]")
_HEADS = re.compile(rb"%PDF-[0-9]\.[0-9]")
_TAIL = re.compile(rb"%%EOF[\r\n \t]*\Z")
_END = rb"(?=[\0\t\n\f\r ()<>\[\]{}/%]|\Z)"
_CARRIES = rb"JavaScript|Rendition|Launch|EmbeddedFiles?|Filespec|RichMedia\w*|SubmitForm|ImportData|GoToE|Encrypt"
_ANYWHERE = re.compile(rb"/(" + _CARRIES + rb")" + _END)
_IN_OBJECTS = re.compile(rb"/(" + _CARRIES + rb"|JS|XFA)" + _END)  # so short that pictures hold them by chance
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_TOKEN = re.compile(
    rb"(?P<space>[\0\t\n\f\r ]+)|(?P<comment>%[^\r\n]*)|(?P<begins><<)|(?P<ends>>>)|(?P<text>\()"
    rb"|(?P<hex><[0-9A-Fa-f\0\t\n\f\r ]*>)|(?P<word>/?[^\0\t\n\f\r ()<>\[\]{}/%]+)|(?P<other>.)",
    re.DOTALL,
)
_IN_TEXT = re.compile(rb"\\.|[()]", re.DOTALL)
_MARK = re.compile(rb"\r?\n")
_INDIRECT = re.compile(rb"/(?:Type|Filter) [0-9]")
_OF_OBJECTS = re.compile(rb"/(?:ObjStm|First|N) ")
_FLATE = re.compile(rb"/Filter (?:\[ )?/FlateDecode (?:\] )?(?=/|>>)")
_FILTERS = re.compile(rb"/(?:Filter|FFilter|F|DecodeParms|DP) ")
_MOST_PARTS = 1_000_000
_MOST_STREAMS = 1_000  # with objects in them
_MOST_INFLATED = 10_000_000  # bytes of all of them together
_ANEW = "print it to a new PDF"


class PdfRefused(ValueError):
    """A PDF that is not taken. The text is one line that says why and what to do."""


def is_pdf(content: bytes) -> bool:
    """Say whether these bytes are a PDF, whole and passive. Raises PdfRefused for one that is not taken."""
    if not _HEAD.match(content):
        return False
    if not _TAIL.search(content[-1024:]):
        raise PdfRefused("the PDF was cut off, or something stands behind its end; save it anew")
    if len(_HEADS.findall(content)) > 1:
        raise PdfRefused(f"the PDF holds another PDF; {_ANEW}")
    _search(_ANYWHERE, content)
    _search(_IN_OBJECTS, _Reading(content).objects())
    return True


def _search(names: re.Pattern[bytes], content: bytes) -> None:
    """Look for names, also where they are written as `/J#61vaScript` (7.3.5)."""
    plain = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content)
    found = names.search(plain)
    if found is not None:
        raise PdfRefused(f"the PDF holds `{found[1].decode()}`, which runs or carries something; {_ANEW}")


@dataclass
class _Reading:
    """One walk through a file; each byte is read once, and what is read is bounded."""

    content: bytes
    _place: int = 0
    _depth: int = 0
    _parts: int = 0
    _streams: int = 0
    _inflated: int = 0
    _found: list[bytes] = field(default_factory=list)
    _dictionary: list[bytes] = field(default_factory=list)

    def objects(self) -> bytes:
        """Return all names, numbers and words that stand outside of streams, and in object streams."""
        while token := _TOKEN.match(self.content, self._place):
            self._place = token.end()
            self._count()
            kind, text = token.lastgroup, token[0]
            if kind == "word":
                self._word(text)
            elif kind == "text":
                self._text()
            elif kind == "comment":
                _hides_nothing(text)
            elif kind in {"begins", "ends", "other"}:
                self._mark(text)
        return b" ".join(self._found)

    def _count(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise PdfRefused(f"the PDF has more than `{_MOST_PARTS}` parts; {_ANEW}")

    def _word(self, text: bytes) -> None:
        if text.startswith(b"/"):
            text = _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), text)
        self._note(text)
        if text == b"stream":
            self._stream()
        elif text in {b"obj", b"endobj"}:
            if self._depth:
                raise PdfRefused(f"the PDF has an object within another; {_ANEW}")
            self._dictionary.clear()

    def _note(self, text: bytes) -> None:
        self._found.append(text)
        if self._depth == 1:
            self._dictionary.append(text)

    def _mark(self, text: bytes) -> None:
        self._depth += {b"<<": 1, b">>": -1}.get(text, 0)
        if self._depth < 0:
            raise PdfRefused(f"the PDF is damaged; {_ANEW}")
        self._note(text)

    def _text(self) -> None:
        """Pass over `(a text (in brackets) \\) like this)`; names in it are none."""
        begins, open_brackets = self._place, 1
        while open_brackets:
            found = _IN_TEXT.search(self.content, self._place)
            if found is None:
                raise PdfRefused("the PDF was cut off within a text; save it anew")
            self._count()
            self._place = found.end()
            open_brackets += {b"(": 1, b")": -1}.get(found[0], 0)
        _hides_nothing(self.content[begins : self._place])
        self._note(b"()")

    def _stream(self) -> None:
        """Pass over a stream, which ends at the first `endstream`; look into it where it may hold objects."""
        mark = _MARK.match(self.content, self._place)
        ends = self.content.find(b"endstream", self._place)
        if mark is None or ends < 0 or self._depth:
            raise PdfRefused(f"the PDF has a stream that is cut off or oddly marked; {_ANEW}")
        data = self.content[mark.end() : ends]
        self._place = ends + len(b"endstream")
        _hides_nothing(data)
        dictionary = b" ".join([*self._dictionary, b">> "])
        self._dictionary.clear()
        if _INDIRECT.search(dictionary):
            raise PdfRefused(f"the PDF says only elsewhere what a stream is; {_ANEW}")
        if _OF_OBJECTS.search(dictionary):
            self._found.append(self._packed(data, dictionary))

    def _packed(self, data: bytes, dictionary: bytes) -> bytes:
        self._streams += 1
        if self._streams > _MOST_STREAMS:
            raise PdfRefused(f"the PDF has more than `{_MOST_STREAMS}` streams of objects; {_ANEW}")
        filters = len(_FILTERS.findall(dictionary))
        if filters and not (filters == 1 and _FLATE.search(dictionary)):
            raise PdfRefused(f"the PDF hides its objects behind an unusual filter; {_ANEW}")
        objects = self._inflate(data) if filters else data
        self._inflated += len(objects)
        return objects

    def _inflate(self, data: bytes) -> bytes:
        inflating = zlib.decompressobj()
        try:
            objects = inflating.decompress(data, _MOST_INFLATED - self._inflated + 1)
        except zlib.error:
            raise PdfRefused("the PDF holds a damaged stream; save it anew") from None
        if len(objects) > _MOST_INFLATED - self._inflated:
            raise PdfRefused(f"the PDF holds far more than it seems to; {_ANEW}")
        if not inflating.eof:
            raise PdfRefused("the PDF holds a damaged stream; save it anew")
        return objects


def _hides_nothing(passed_over: bytes) -> None:
    """Refuse a stream within a text, a comment or a stream: a reader that jumps there would read it."""
    if b"stream" in passed_over.partition(b">>")[2]:
        raise PdfRefused(f"the PDF hides a stream within something else; {_ANEW}")
