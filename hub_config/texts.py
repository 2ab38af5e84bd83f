"""The published texts as files: each lies in the folder `documents` under the SHA-256 of its bytes.

The log holds the hash alone (S25), so a file that was changed is no longer the text that somebody accepted or signed:
it is not shown. Who publishes a text puts its file there; a text whose file is missing is named, with its hash.
"""

import hashlib
from pathlib import Path


def keep_text(folder: Path, content: bytes) -> str:
    """Write a text into the folder, which is made where it is missing, and return its SHA-256."""
    digest = hashlib.sha256(content).hexdigest()
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    _file(folder, digest).write_bytes(content)
    return digest


def text_of(folder: Path, digest: str) -> str | None:
    """Return the text of a published digest (64 hexadecimal digits), or None where its file is missing or changed."""
    try:
        content = _file(folder, digest).read_bytes()
        return content.decode("utf-8") if hashlib.sha256(content).hexdigest() == digest else None
    except (OSError, UnicodeDecodeError):
        return None


def _file(folder: Path, digest: str) -> Path:
    return folder / f"{digest}.txt"
