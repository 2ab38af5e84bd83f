"""Refused commands leave a bounded number of rows, and each row says how many were left out before it."""

from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

from access_policy import events as e
from access_policy.actor import component, operator, person
from access_policy.commands.base import Refusal, parse_command
from access_policy.events import FORMAT
from access_policy.model.enums import Component
from access_policy.model.ids import PersonId
from access_policy.use_cases import Policy
from access_policy.use_cases.refusals import HOUR, MOST, QUIET, REMEMBERED, Refusals
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.log.samples import NOON
from tests.unit.access_policy.world import ADMIN, RESEARCHER, begun, everything_holds, of_format_2

SECOND, INSTANT = timedelta(seconds=1), timedelta(microseconds=1)
COMMANDS = [f"command-{number}" for number in range(MOST + 5)]


def test_one_a_minute_for_each_command() -> None:
    """E52: the same again within a minute is left out, to the instant; another command, or another actor, is not."""
    seen = Refusals()
    assert seen.counted("P-1", "x", NOON) == 0
    assert seen.counted("P-1", "x", NOON + QUIET - INSTANT) is None
    assert seen.counted("P-1", "y", NOON + SECOND) == 1
    assert seen.counted("P-2", "x", NOON + SECOND) == 0
    assert seen.counted("P-1", "x", NOON + QUIET) == 0


def test_so_many_an_hour() -> None:
    """E52: however many commands there are to be refused; the first row of the next hour counts what was left out."""
    seen = Refusals()
    rows = [seen.counted("P-1", command, NOON) for command in COMMANDS]
    assert rows == [0] * MOST + [None] * 5
    assert seen.counted("P-1", "x", NOON + HOUR - INSTANT) is None
    assert seen.counted("P-1", "x", NOON + HOUR) == 6
    assert seen.counted("P-1", "y", NOON + HOUR) == 0


def test_an_hour_of_trying_each_second() -> None:
    """E52: rows and what was left out add up to all that was tried, and rows stay few."""
    seen, rows = Refusals(), []
    for second in range(3 * 3_600):
        more = seen.counted("P-1", COMMANDS[second % 7], NOON + second * SECOND)
        rows += [more] if more is not None else []
    assert len(rows) <= 3 * MOST
    assert len(rows) + sum(rows) <= 3 * 3_600 < len(rows) + sum(rows) + 3_600


def test_a_clock_that_goes_back_lets_nothing_through() -> None:
    """FLT-12: an hour that has not begun yet is still this one."""
    seen = Refusals()
    assert seen.counted("P-1", "x", NOON) == 0
    assert seen.counted("P-1", "x", NOON - HOUR) is None


def test_what_is_remembered_is_bounded() -> None:
    """E52: an attacker with many accounts does not make it grow; the hour of those who came first ends."""
    seen = Refusals()
    for number in range(3 * REMEMBERED):
        assert seen.counted(f"P-{number}", "x", NOON + number * QUIET) == 0
    assert len(seen._seen) <= REMEMBERED + 1


def test_many_accounts_in_turn() -> None:
    """E52: who comes when as many are remembered as can be shares the rows of one, and makes nobody be forgotten."""
    seen, names = Refusals(), [f"P-{number}" for number in range(REMEMBERED + 30)]
    first = [seen.counted(name, "x", NOON) for name in names]
    assert first == [0] * (REMEMBERED + 1) + [None] * 29
    assert [seen.counted(name, "x", NOON + SECOND) for name in names] == [None] * len(names)
    others = [seen.counted(names[-1 - number % 30], f"{number}", NOON + SECOND) for number in range(2 * MOST)]
    assert others == [0] * (MOST - 1) + [None] * (MOST + 1), "what others left out is not counted as theirs"
    assert seen.counted(names[0], "x", NOON + QUIET) == 1
    assert seen.counted(names[-1], "x", NOON + HOUR) == 0


def test_many_threads() -> None:
    """E52: the bound holds for all of a process at once."""
    seen, rows = Refusals(), list[int | None]()

    def try_all() -> None:
        rows.extend([seen.counted("P-1", command, NOON) for command in COMMANDS])

    threads = [Thread(target=try_all) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = [more for more in rows if more is not None]
    assert len(written) == MOST
    assert len(rows) == 8 * len(COMMANDS)


def observed(policy: Policy) -> list[tuple[str, str, int]]:
    rows = [one for one in policy.store.observations_since(0) if isinstance(one.event, e.CommandRefused)]
    return [
        (str(one.actor), one.event.command, one.event.more) for one in rows if isinstance(one.event, e.CommandRefused)
    ]


def refuse(policy: Policy, who: str, name: str = "end-request") -> None:
    outcome = policy.handle(parse_command(name, {"request": "DR-1", "reason": "x"}), person(PersonId(who)))
    assert isinstance(outcome, Refusal)


def test_the_log_counts_what_it_leaves_out(tmp_path: Path) -> None:
    """E52: a person who tries again and again leaves one row a minute, which says how often."""
    policy, clock = keep(of_format_2(everything_holds()), tmp_path / "log.db")
    for _ in range(30):
        refuse(policy, "P-77")
    clock.go(60)
    refuse(policy, "P-77")
    refuse(policy, "P-78")
    assert observed(policy) == [("P-77", "end-request", 0), ("P-77", "end-request", 29), ("P-78", "end-request", 0)]
    policy.store.close()


def test_operators_and_parts_are_bounded_by_themselves(tmp_path: Path) -> None:
    """E52: who acts for somebody does not use up their rows."""
    policy, _ = keep(everything_holds(), tmp_path / "log.db")
    for actor in (person(RESEARCHER), operator("root", RESEARCHER), component(Component.WARDEN)):
        for _ in range(2):
            policy.refused(actor, "end-request", "not_permitted")
    assert [who for who, _, _ in observed(policy)] == [
        str(RESEARCHER), f"operator root, on behalf of {RESEARCHER}", "component warden",
    ]  # fmt: skip
    policy.store.close()


@pytest.mark.parametrize("log_format", [1, FORMAT])
def test_an_old_log_keeps_the_bound_and_not_the_count(log_format: int, tmp_path: Path) -> None:
    """FLT-10: the release before knows no such number."""
    policy, clock = keep(begun(), tmp_path / "log.db")
    if log_format == FORMAT:
        done = policy.handle(parse_command("finish-upgrade", {"format": FORMAT}), component(Component.INSTALLATION))
        assert not isinstance(done, Refusal)
    for seconds in (0, 30, 30):
        clock.go(seconds)
        refuse(policy, ADMIN)
    assert [more for _, _, more in observed(policy)] == [0, 1 if log_format == FORMAT else 0]
    policy.store.close()
