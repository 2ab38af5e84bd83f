"""The fold of facts about uploaded files."""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.state import State, Upload


def _file_kept(s: State, f: e.Fact, v: e.FileKept) -> None:
    s.last_upload = v.file
    s.uploads[v.file] = Upload(
        v.file, v.person, v.request, v.digest, v.size, v.media, v.purpose, f.actor.person, f.at
    )  # fmt: skip


def _file_dropped(s: State, f: e.Fact, v: e.FileDropped) -> None:
    s.uploads.pop(v.file, None)


APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {
    e.FileKept: _file_kept,
    e.FileDropped: _file_dropped,
}
