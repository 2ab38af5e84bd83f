"""The published texts as files: each under its own hash, and shown only while it still has it."""

import hashlib
from pathlib import Path

import pytest

from hub_config.texts import keep_text, text_of

pytestmark = pytest.mark.unit


def test_a_text_is_found_by_its_hash(tmp_path: Path) -> None:
    """S25: the log keeps the hash alone."""
    digest = keep_text(tmp_path / "documents", "Größe".encode())
    assert digest == hashlib.sha256("Größe".encode()).hexdigest()
    assert text_of(tmp_path / "documents", digest) == "Größe"


def test_a_changed_or_missing_file_is_not_that_text(tmp_path: Path) -> None:
    """S25: nobody reads something else than what they accept or sign."""
    digest = keep_text(tmp_path, b"as published")
    (tmp_path / f"{digest}.txt").write_bytes(b"as somebody likes it")
    assert text_of(tmp_path, digest) is None
    assert text_of(tmp_path, "0" * 64) is None
