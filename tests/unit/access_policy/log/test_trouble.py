"""A running process whose database is in trouble: a bounded wait, one clear line, nothing written, nothing allowed that
is not known, and everything goes on by itself when the trouble ends. Each trouble is a real one, for both databases.
"""

import threading
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.base import Command, parse_command
from access_policy.log import LogError, LogUnavailable, UnreadableLog
from access_policy.model.enums import Action
from access_policy.use_cases import Done, Policy
from tests.postgres import new_database, server
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.log.samples import Where, open_log
from tests.unit.access_policy.log.troubles import (
    FILE_TROUBLES,
    SERVER_TROUBLES,
    Trouble,
    backends,
    file_locked,
    line_held,
    slow_commit,
    standing_still,
)
from tests.unit.access_policy.world import ADMIN, COLLEAGUE, OPEN, RESEARCHER, everything_holds, of_format_2

ASKED = (RESEARCHER, OPEN, Action.KEEP_WORKSPACE)
WORLD = of_format_2(everything_holds())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a fraction of a second where one waits for five."""
    monkeypatch.setattr("access_policy.log.database.BUSY_SECONDS", 0.2)
    monkeypatch.setattr("access_policy.log.postgres._patience", lambda: 1.5)


def _command(name: str) -> Command:
    reason = {"reason": "a question"} if name == "disable-person" else {}
    return parse_command(name, {"person": COLLEAGUE, **reason})


def _do(policy: Policy, name: str) -> Any:
    return policy.handle(_command(name), person(ADMIN, "a-proof"))


def _suffer(policy: Policy, where: Where, trouble: Trouble) -> int:
    """Go into a trouble, see that it fails closed in one line, and out of it again without a restart.

    Returns how many facts stand in the log of all that was tried.
    """
    assert policy.decide(*ASKED).allowed
    before = policy.store.newest()
    with trouble.around(where):
        for _ in range(2):
            with pytest.raises(LogError) as caught:
                _do(policy, "disable-person")
            assert trouble.line in str(caught.value)
            assert "\n" not in str(caught.value)
        if trouble.readable:
            assert policy.decide(*ASKED).allowed
        else:
            with pytest.raises(LogError):
                policy.decide(*ASKED)
    assert policy.store.newest() == before
    assert policy.decide(*ASKED).allowed
    assert isinstance(_do(policy, "disable-person"), Done)
    return policy.store.newest() - before


@pytest.mark.parametrize("trouble", FILE_TROUBLES, ids=lambda trouble: trouble.name)
def test_a_file_in_trouble(tmp_path: Path, trouble: Trouble) -> None:
    """AUD-05, POL-04, FLT-10: fails closed, says what to do, and goes on by itself."""
    policy, _ = keep(WORLD, tmp_path / "log.db")
    with closing(policy.store):
        assert _suffer(policy, tmp_path / "log.db", trouble) == 1


def test_a_slow_disk(where: Where) -> None:
    """AUD-05: while one append waits for the disk, another gives up in one line, in this process and in the next; the
    slow one is acknowledged once it is there, and then all goes on."""
    policy, clock = keep(WORLD, where)
    other, done = Policy(open_log(where, clock), clock), []
    with closing(policy.store), closing(other.store):
        before = policy.store.newest()
        with slow_commit() as (standing, enough):
            slow = threading.Thread(target=lambda: done.append(_do(policy, "disable-person")))
            slow.start()
            assert standing.wait(30)
            for asked in (policy, other):
                with pytest.raises(LogUnavailable, match="try again") as caught:
                    asked.store.append(before, lambda _at: [])
                assert "\n" not in str(caught.value)
            assert (done, other.store.newest(), other.decide(*ASKED).allowed) == ([], before, True)
            enough.set()
            slow.join(30)
        assert isinstance(done[0], Done)
        assert isinstance(_do(other, "enable-person"), Done)
        assert policy.store.newest() == before + 2


@pytest.mark.parametrize("trouble", SERVER_TROUBLES, ids=lambda trouble: trouble.name)
def test_a_server_in_trouble(trouble: Trouble) -> None:
    """AUD-05, POL-04, FLT-02, FLT-10: fails closed, says what to do, and goes on by itself."""
    url = new_database()
    policy, _ = keep(WORLD, url)
    with closing(policy.store):
        assert _suffer(policy, url, trouble) == 1


def test_a_server_whose_connections_hang_is_left_for_new_ones() -> None:
    """FLT-02: what serves us stands still; after one bounded wait another connection takes its place."""
    url = new_database()
    policy, _ = keep(WORLD, url)
    with closing(policy.store), standing_still(backends(url)):
        with pytest.raises(LogUnavailable, match="the server does not answer"):
            policy.decide(*ASKED)
        assert policy.decide(*ASKED).allowed
        assert isinstance(_do(policy, "disable-person"), Done)


def test_a_server_that_does_not_answer() -> None:
    """FLT-02: nobody answers at all, though the connections are there: a bounded wait, then one line; and back."""
    url = new_database()
    policy, _ = keep(WORLD, url)
    with closing(policy.store):
        with standing_still([server().pid, *backends(url)]), pytest.raises(LogUnavailable, match="goes on by itself"):
            _do(policy, "disable-person")
        assert isinstance(_do(policy, "disable-person"), Done)


def test_an_append_waits_for_its_turn(where: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    """AUD-05: a lock that another holds for a moment costs that moment, and nothing else."""
    monkeypatch.setattr("access_policy.log.database.BUSY_SECONDS", 30.0)
    monkeypatch.setattr("access_policy.log.postgres._patience", lambda: 31.0)
    policy, _ = keep(WORLD, where)
    held, enough = threading.Event(), threading.Event()

    def hold() -> None:
        with file_locked(where) if isinstance(where, Path) else line_held(where):
            held.set()
            enough.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(30)
    release = threading.Timer(0.2, enough.set)
    release.start()
    with closing(policy.store):
        assert isinstance(_do(policy, "disable-person"), Done)
    assert enough.is_set()
    holder.join(30)


def test_a_kind_of_a_later_release_stops_the_decisions(where: Where, monkeypatch: pytest.MonkeyPatch) -> None:
    """POL-05: a process of this release that meets a fact it does not know allows nothing more, and goes on after."""
    policy, clock = keep(WORLD, where)
    newer = Policy(open_log(where, clock), clock)
    with closing(policy.store), closing(newer.store):
        assert isinstance(_do(newer, "disable-person"), Done)
        with monkeypatch.context() as older:
            older.setitem(cast(dict[str, object], e.FACTS), "PersonDisabled", None)  # keeps its place among the kinds
            for _ in range(2):
                with pytest.raises(UnreadableLog, match="PersonDisabled"):
                    policy.decide(*ASKED)
                with pytest.raises(LogError):
                    _do(policy, "enable-person")
        assert policy.decide(*ASKED).allowed
        assert isinstance(_do(policy, "enable-person"), Done)
