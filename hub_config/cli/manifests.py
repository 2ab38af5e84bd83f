"""Manifests: the list of a dataset's files with size and SHA-256, written as `manifest.json` among them (S99).

The manifest does not list itself; its own SHA-256 is what `register-dataset` takes and the log keeps.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from access_policy.log.files import write_whole
from access_policy.state import State
from spawner.storage import ManifestEntry, manifest

MANIFEST = "manifest.json"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands in `manifest.json`."""

    files: tuple[ManifestEntry, ...]


class Written(NamedTuple):
    """A manifest as it was written: how many files and bytes it lists, and its own SHA-256 in hex."""

    files: int
    size: int
    digest: str


class Folder(NamedTuple):
    """A folder that a workspace may get to see: what it is, where it lies, and the SHA-256 of its manifest."""

    name: str
    location: str
    manifest: str


def folders_in_use(state: State) -> Iterator[Folder]:
    """Give the folder of each dataset that is offered, and of each extract of it that a request has (S3, S99)."""
    for one in state.datasets.values():
        if one.open:
            yield Folder(one.dataset, one.location, one.manifest)
    for request in state.requests.values():
        for name, extract in request.extracts.items():
            if state.datasets[name].open and state.datasets[name].version == extract.version:
                yield Folder(f"{name} for {request.request}", extract.location, extract.manifest)


def write_manifest(folder: Path) -> Written:
    """Read every file of a dataset and write its manifest, whole or not at all. Raises DatasetProblem or OSError."""
    listed = Manifest(tuple(entry for entry in manifest(folder) if entry.path != MANIFEST))
    data = msgspec.json.format(msgspec.json.encode(listed), indent=1) + b"\n"
    write_whole(folder / MANIFEST, data)
    (folder / MANIFEST).chmod(0o644)
    return Written(len(listed.files), sum(entry.bytes for entry in listed.files), hashlib.sha256(data).hexdigest())


def manifest_problem(folder: Path, digest: str) -> str | None:
    """Say how a folder differs from its registered manifest, by digest, names and sizes; contents are not read."""
    try:
        data = (folder / MANIFEST).read_bytes()
        listed = msgspec.json.decode(data, type=Manifest)
    except FileNotFoundError:
        return f"it has no `{MANIFEST}`; write it with `sluis dataset manifest`"
    except msgspec.MsgspecError:
        return f"its `{MANIFEST}` is no manifest; restore it"
    if hashlib.sha256(data).hexdigest() != digest:
        return f"its `{MANIFEST}` is not the one that was registered; restore the dataset"
    wrong = [entry.path for entry in listed.files if _size(folder / entry.path) != entry.bytes]
    return f"its file `{wrong[0]}` is missing or of another size; restore the dataset" if wrong else None


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
