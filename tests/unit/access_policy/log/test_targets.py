"""A folder to which several pods add checkpoints: their process ids are the same, their drafts are not."""

import os
from pathlib import Path

import pytest

from access_policy.log.targets import Folder

pytestmark = pytest.mark.unit


def test_a_draft_of_another_machine_is_left_to_it(tmp_path: Path) -> None:
    """AUD-02: in pods every part is process 1; a half-written draft of one is never taken for another's, or removed."""
    drafts = [tmp_path / f".c.txt.{os.getpid()}", tmp_path / f".c.txt.another-pod.{os.getpid()}"]
    for draft in drafts:
        draft.write_bytes(b"half of")
    Folder(tmp_path).write("c.txt", b"all of it")
    assert (tmp_path / "c.txt").read_bytes() == b"all of it"
    assert sorted(tmp_path.iterdir()) == sorted([*drafts, tmp_path / "c.txt"])
