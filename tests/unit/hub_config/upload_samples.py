"""Small files of each kind, sound and not, made here byte by byte."""

import zlib


def png(width: int = 2, height: int = 2, behind: bytes = b"") -> bytes:
    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    rows = zlib.compress(b"\x00" + b"\x00" * 6)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"") + behind


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def jpeg(width: int = 2, height: int = 2, behind: bytes = b"") -> bytes:
    frame = b"\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + b"\x01\x01\x11\x00"
    head = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    return head + b"\xff\xc0" + (len(frame) + 2).to_bytes(2, "big") + frame + b"\xff\xd9" + behind


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
