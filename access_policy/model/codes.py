"""Codes that people copy by hand: the one form of what was typed, and its digest.

A code of `CODE_LENGTH` signs of base 32 has 100 random bits: too many to be guessed from its digest, which stands in
the log.
"""

import hashlib
import re

CODE_LENGTH = 20
_GAPS = re.compile(r"[\s-]+", re.ASCII)
_CODE = re.compile(rf"[A-Z2-7]{{{CODE_LENGTH}}}", re.ASCII)


def normal_code(typed: str) -> str | None:
    """Return the one form of a typed code: upper case, without gaps; None for what is no code."""
    code = _GAPS.sub("", typed).upper()
    return code if typed.isascii() and _CODE.fullmatch(code) else None


def digest_of(code: str) -> str:
    """Return the SHA-256 in hex by which the log knows a code in its one form."""
    return hashlib.sha256(code.encode()).hexdigest()


def shown_code(code: str) -> str:
    """Return a code in groups of four, as people read it."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
