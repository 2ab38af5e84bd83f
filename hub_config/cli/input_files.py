"""Reads the JSON files that commands of the line take: bounded, each key once, and in words what is wrong with one."""

import json
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from hub_config.cli.answers import quoted
from hub_config.cli.options import UsageProblem

T = TypeVar("T")

LARGEST_INPUT = 1_000_000  # bytes


def read_json(path: Path, kind: type[T], what: str) -> T:
    """Return what a file holds; `what` says in words what that should be. Raises UsageProblem or OSError."""
    with path.open("rb") as file:
        data = file.read(LARGEST_INPUT + 1)
    if len(data) > LARGEST_INPUT:
        raise UsageProblem(f"{quoted(str(path))} is too large: more than {LARGEST_INPUT} bytes; give less at a time")
    try:
        _check(data.decode())
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UsageProblem(f"{quoted(str(path))} is no {what} ({error})") from None


def _check(text: str) -> None:
    """Raise ValueError for what msgspec takes without a word, or says unclearly. Numbers stay text: none is read."""
    value = json.loads(text, object_pairs_hook=_each_once, parse_int=str, parse_float=str)
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = f"\\u{ord(str(error.object)[error.start]):04x}"
        raise ValueError(f"`{half}` is half of a surrogate pair and no character; write both halves") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{quoted(name)} is given twice; leave one out")
        found[name] = value
    return found
