"""While the log is silent workspaces end after their bounds, and why is on record once it answers again (POL-04)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from access_policy import events as e
from access_policy.log import LogUnavailable
from spawner.warden.silence import STORE_SILENCE, Endings, Silence
from tests.unit.spawner.warden.cluster_room import POD, SPACE, Room, ended

BOUNDS = Silence(open=300.0, restricted=30.0)


@pytest.fixture
def silent(here: Room, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """A workspace runs, was seen to, and from then on the log does not answer."""
    here.look()
    here.start()
    here.look()
    with monkeypatch.context() as context:
        context.setattr(here.policy, "_refresh", _away)
        here.look()  # from here on it is counted
        yield context


def _away() -> None:
    raise LogUnavailable("away")


def is_ended(here: Room) -> bool:
    """Say whether the warden has told the pod to end."""
    return "deletionTimestamp" in here.cluster.found("Pod", SPACE, POD)["metadata"]


def test_an_open_workspace_ends_after_its_bound(here: Room, silent: pytest.MonkeyPatch) -> None:
    """POL-04: not at the bound of restricted ones."""
    here.look(after=BOUNDS.open - 1)
    assert not is_ended(here)
    here.look(after=1)
    assert is_ended(here)


def test_a_warden_that_knows_nothing_takes_it_for_restricted(here: Room, silent: pytest.MonkeyPatch) -> None:
    """POL-04, POL-05: one that was started in the silence cannot know what a workspace holds."""
    here.again()
    here.look()
    here.look(after=BOUNDS.restricted - 1)
    assert not is_ended(here)
    here.look(after=1)
    assert is_ended(here)


def test_the_end_is_on_record_with_its_reason_once_the_log_answers(here: Room, silent: pytest.MonkeyPatch) -> None:
    """POL-04: and once, with nothing left to tell."""
    here.look(after=BOUNDS.open)
    here.cluster.gone("Pod", SPACE, POD)
    silent.undo()
    here.look(3)
    assert ended(here) == [STORE_SILENCE]
    (end,) = here.facts(e.WorkspaceEnded)
    assert isinstance(end, e.WorkspaceEnded)
    assert end.after_ms == BOUNDS.open * 1000


@pytest.mark.parametrize("restricted", [True, False])
def test_each_has_its_bound(restricted: bool) -> None:
    """POL-04."""
    assert BOUNDS.bound(restricted) == (30.0 if restricted else 300.0)


def test_endings_outlive_the_warden(tmp_path: Path) -> None:
    """POL-04, FLT-01: what was kept is there for the next warden, private, and each once."""
    file = tmp_path / "warden" / "endings.jsonl"
    first = Endings(file)
    for start in (7, 9, 7):
        first.add(start, 300_000)
    assert file.read_text() == '{"start": 7, "after_ms": 300000}\n{"start": 9, "after_ms": 300000}\n'
    assert file.stat().st_mode & 0o777 == 0o600
    again = Endings(file)
    assert again.causes() == {7: STORE_SILENCE, 9: STORE_SILENCE}
    assert (again.after_ms(7), again.after_ms(8)) == (300_000, None)
    again.keep_only({9, 11})
    assert Endings(file).causes() == {9: STORE_SILENCE}
    again.keep_only({11})
    assert not file.exists()


@pytest.mark.parametrize(
    "rest",
    ['{"sta', '{"start": "x", "after_ms": 1}', '{"start": 8}', "[]", "null"],
    ids=["cut off", "no number", "no time", "list", "null"],
)
def test_a_line_that_cannot_be_read_takes_no_other_along(tmp_path: Path, rest: str) -> None:
    """FLT-01: a warden that was killed while it wrote."""
    file = tmp_path / "endings.jsonl"
    file.write_text(f'{{"start": 7, "after_ms": 5}}\n{rest}')
    endings = Endings(file)
    assert set(endings.causes()) == {7}
    endings.add(9, 30_000)
    assert set(Endings(file).causes()) == {7, 9}


def test_a_note_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """POL-04: the caller ends the workspace all the same, and says so."""
    endings = Endings(tmp_path / "warden" / "endings.jsonl")
    (tmp_path / "warden").write_text("in the way")
    with pytest.raises(OSError, match=os.strerror(17)):
        endings.add(7, 30_000)
    assert endings.causes() == {}


def test_a_warden_that_stood_still_ends_nothing_for_that(here: Room, silent: pytest.MonkeyPatch) -> None:
    """POL-04, FLT-03: what nobody asked the log in that time it did not leave without an answer."""
    silent.undo()
    here.look()
    with silent.context() as again:
        again.setattr(here.policy, "_refresh", _away)
        here.look(after=10 * BOUNDS.open)
        assert not is_ended(here)


def test_one_that_stands_by_does_the_same_in_a_silence(here: Room, silent: pytest.MonkeyPatch) -> None:
    """POL-04: nobody can take over then, so whoever looks ends what has to end."""
    here.warden.stand_by()
    here.seconds.now += BOUNDS.open
    here.warden.stand_by()
    assert is_ended(here)
