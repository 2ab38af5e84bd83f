"""Small files of each kind, sound and not, made here byte by byte."""

import zlib


def png(width: int = 2, height: int = 2, behind: bytes = b"", beside: bytes = b"") -> bytes:
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    rows = zlib.compress(b"\x00" + b"\x00" * 6)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"tEXt", b"Comment\x00" + beside)
    return start + chunk(b"IDAT", rows) + chunk(b"IEND", b"") + behind


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def jpeg(width: int = 2, height: int = 2, behind: bytes = b"", beside: bytes = b"a view") -> bytes:
    frame = b"\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + b"\x01\x01\x11\x00"
    head = b"\xff\xd8" + segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00") + segment(0xFE, beside)
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
    return head + segment(0xC2, frame) + scan + b"\xff" + segment(0xC4, b"\x00" * 17) + scan + b"\xff\xd9" + behind


def segment(marker: int, data: bytes) -> bytes:
    return b"\xff" + marker.to_bytes(1, "big") + (len(data) + 2).to_bytes(2, "big") + data


def pdf(inside: bytes = b"<< /Type /Catalog >>", behind: bytes = b"") -> bytes:
    return b"%PDF-1.7\n1 0 obj\n" + inside + b"\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n" + behind


def packed_pdf(hidden: bytes, filters: bytes = b"/FlateDecode") -> bytes:
    """Return a PDF whose objects stand in a compressed object stream."""
    stream = zlib.compress(hidden)
    return pdf(b"<< /Type /ObjStm /Filter " + filters + b" >>\nstream\n" + stream + b"\nendstream")


SOUND = {
    "a.pdf": pdf(),
    "b.pdf": packed_pdf(b"<< /Type /Page >>"),
    "c.png": png(),
    "d.jpg": jpeg(),
    "e.txt": b"Dear all",
}
