"""`sluis dataset manifest LOCATION`: writes `manifest.json`, whose SHA-256 `register-dataset` takes (S99)."""

import argparse
import os
from pathlib import Path

from hub_config.cli.answers import say, show_json, show_line
from hub_config.cli.manifests import MANIFEST, write_manifest
from hub_config.cli.options import Call, Parser, leaf
from hub_config.settings import load_settings
from spawner.storage import check_dataset_folder, location_components, open_dataset_folder


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the command beside `dataset list`."""
    inner = commands.choices["dataset"].get_default("inner")
    parser = leaf(inner, "manifest", manifest, "write the manifest of a dataset's folder: files, sizes, SHA-256")
    parser.add_argument("location", metavar="LOCATION", help="the folder, below the datasets' folder of the settings")


def manifest(call: Call) -> int:
    """Read the whole dataset and write its manifest. Raises DatasetProblem for a folder that cannot be one."""
    location = call.arguments.location
    root = call.places.datasets(load_settings(call.places.settings).data.folder)
    folder = _checked(root, location)
    files = [path for path in folder.rglob("*") if path.is_file()]
    say(f"reading {len(files)} files, {sum(path.stat().st_size for path in files)} bytes, below {folder} …")
    written = write_manifest(folder)
    say("written")
    answer = {
        "location": location, "manifest": str(folder / MANIFEST), "files": written.files, "bytes": written.size,
        "sha256": written.digest,
    }  # fmt: skip
    if call.json:
        show_json(answer)
    else:
        show_line(f"{answer['manifest']}: {written.files} files, {written.size} bytes")
        show_line(f"register it with: sluis do register-dataset … location={location} manifest={written.digest}")
    return 0


def _checked(root: Path, location: str) -> Path:
    descriptor = open_dataset_folder(root, location)
    try:
        readable = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=descriptor)
    finally:
        os.close(descriptor)
    try:
        check_dataset_folder(readable, location)
    finally:
        os.close(readable)
    return root.joinpath(*location_components(location))
