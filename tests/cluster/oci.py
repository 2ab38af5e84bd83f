"""OCI images from folders, with standard tools only: layers are packed once and kept, images are streamed.

Format: OCI Image Specification 1.1, image layout. Layers are not compressed: importing is a copy and a hash.
"""

import hashlib
import io
import json
import os
import platform
import subprocess
import tarfile
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from tests.cluster.setting import LAYERS

_OCI = "application/vnd.oci.image"
_ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}
_LEFT_OUT = (
    "proc",
    "sys",
    "dev",
    "var/cache/apt",
    "var/lib/apt/lists",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
)


@dataclass(frozen=True)
class Layer:
    """A packed folder: its tar file, named after its SHA-256."""

    digest: str
    size: int

    @property
    def path(self) -> Path:
        return LAYERS / self.digest


@dataclass(frozen=True)
class Image:
    """A name without tag, layers from the lowest up, and the configuration as the specification spells it."""

    name: str
    layers: tuple[Layer, ...]
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def tagged(self) -> str:
        return f"{self.name}:test"

    @property
    def pinned(self) -> str:
        """The name by digest, as a chart gives it."""
        return f"{self.name}@sha256:{_digest(self.manifest)}"

    @property
    def configuration(self) -> bytes:
        return _json(
            {
                "architecture": _ARCHITECTURE[platform.machine()],
                "os": "linux",
                "config": dict(self.config),
                "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in self.layers]},
            }
        )

    @property
    def manifest(self) -> bytes:
        layers = [_descriptor(f"{_OCI}.layer.v1.tar", each.digest, each.size) for each in self.layers]
        config = _descriptor(f"{_OCI}.config.v1+json", _digest(self.configuration), len(self.configuration))
        kind = f"{_OCI}.manifest.v1+json"
        return _json({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers})


def _json(thing: object) -> bytes:
    return json.dumps(thing, sort_keys=True).encode()


def _digest(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()


def _descriptor(kind: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": kind, "digest": f"sha256:{digest}", "size": size}


def pack(folder: Path) -> Layer:
    """Packs a folder as a layer; times are kept, or Python would compile everything again at each start."""
    LAYERS.mkdir(parents=True, exist_ok=True)
    partial = LAYERS / f".partial-{os.getpid()}-{threading.get_native_id()}"
    left_out = [f"--exclude=./{each}/*" for each in _LEFT_OUT]
    command = ["tar", "-C", str(folder), "--numeric-owner", "--one-file-system", "--sort=name", *left_out]
    try:
        subprocess.run([*command, "-cf", str(partial), "."], timeout=600, check=True)
        with partial.open("rb") as packed:
            layer = Layer(hashlib.file_digest(packed, "sha256").hexdigest(), partial.stat().st_size)
        partial.replace(layer.path)
    finally:
        partial.unlink(missing_ok=True)
    return layer


def write(images: Iterable[Image], known: frozenset[str], out: IO[bytes]) -> None:
    """An image layout as a tar stream, each blob once, without those layers that the reader has already."""
    index: list[dict[str, Any]] = []
    blobs: dict[str, bytes] = {}
    layers: dict[str, Layer] = {}
    for image in images:
        manifest = _descriptor(f"{_OCI}.manifest.v1+json", _digest(image.manifest), len(image.manifest))
        names = [{"io.containerd.image.name": name} for name in (image.tagged, image.pinned)]
        index += [{**manifest, "annotations": each} for each in names]
        blobs |= {_digest(blob): blob for blob in (image.manifest, image.configuration)}
        layers |= {layer.digest: layer for layer in image.layers if layer.digest not in known}
    with tarfile.open(fileobj=out, mode="w|") as archive:
        _add(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        kind = f"{_OCI}.index.v1+json"
        _add(archive, "index.json", _json({"schemaVersion": 2, "mediaType": kind, "manifests": index}))
        for digest, blob in blobs.items():
            _add(archive, f"blobs/sha256/{digest}", blob)
        for layer in layers.values():
            with layer.path.open("rb") as packed:
                archive.addfile(_entry(f"blobs/sha256/{layer.digest}", layer.size), packed)


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size = size
    return entry


def _add(archive: tarfile.TarFile, name: str, blob: bytes) -> None:
    archive.addfile(_entry(name, len(blob)), io.BytesIO(blob))
