"""Ten thousand people, 500 datasets and 5,000 requests, and one person with thousands: what is looked at, not how long.

No test asserts a time, for a machine is as fast as it is: counted is what a question and a list look at, with which
their time grows. `make bench` says how long they take.
"""

import sys
from collections.abc import Callable, Iterator
from functools import cache
from types import FrameType
from typing import Any

import pytest

from access_policy.actor import person
from access_policy.commands.base import Refusal, RefusalCode, parse_command
from access_policy.decision import decide
from access_policy.handle import handle
from access_policy.model.enums import Action
from access_policy.model.ids import PersonId
from access_policy.rules import Query
from access_policy.state import State
from tests.bench import decide as decide_bench
from tests.bench.listing import main, openable, session_of, some_people, with_many
from tests.bench.world import NOW, BigWorld, Size

SMALL, LARGE = Size(1_000, 50, 500), Size(10_000, 500, 5_000)
MANY = 5_000


@cache
def _big(size: Size) -> BigWorld:
    return BigWorld(size)


def _steps(call: Callable[[], object]) -> int:
    """Count the calls of Python functions that a call makes: the same on every machine."""
    counted = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(before)
    return counted


def _most(state: State, calls: Iterator[Callable[[], object]]) -> int:
    """Return the most that one of some calls takes, each as the first one after a fact."""
    most = 0
    for call in calls:
        state.memo.clear()
        most = max(most, _steps(call))
    return most


def _decisions(size: Size) -> int:
    world = _big(size)
    asked = world.queries(300)
    return _most(world.state, (lambda query=query: decide(world.state, query) for query in asked))  # type: ignore[misc]


def _lists(size: Size) -> int:
    state = _big(size).state
    people = some_people(state, 20)
    assert len(people) == 20
    return _most(state, (lambda who=who: openable(state, who, session_of(who)) for who in people))  # type: ignore[misc]


@pytest.mark.parametrize("measure", [_decisions, _lists], ids=["decide", "list"])
def test_a_world_ten_times_as_large_costs_no_more(measure: Callable[[Size], int]) -> None:
    """POL-10: at 10,000 people, 500 datasets and 5,000 requests an answer looks at what it does at a tenth of that."""
    small, large = measure(SMALL), measure(LARGE)
    assert large <= 1.2 * small
    assert large < 3_000


@cache
def _rich() -> tuple[State, PersonId]:
    return with_many(MANY)


def test_a_person_with_five_thousand_grants_gets_the_list_of_them() -> None:
    """POL-10: each of the 5,000 is decided once, at the cost of one decision, and one alone costs no more."""
    state, who = _rich()
    session = session_of(who)
    state.memo.clear()
    found = openable(state, who, session)
    assert len(found) >= MANY
    few = _most(state, iter([lambda: openable(state, who, session)]))
    asked = (Query(who, request, Action.OPEN_WORKSPACE, NOW, session) for request in found[-50:])
    one = _most(state, (lambda query=query: decide(state, query) for query in asked))  # type: ignore[misc]
    assert few <= 1.1 * one * len(state.requests_of[who])
    assert one < 3_000


def test_nobody_with_thousands_of_requests_in_progress_opens_another() -> None:
    """REQ-14: an applicant of 5,000 is refused by the bound of those in progress; others are served as before."""
    state, who = _rich()
    command = parse_command("open-request", {"title": "One more", "purpose": "to flood the board"})
    refused = handle(state, command, person(who), NOW)
    assert isinstance(refused, Refusal)
    assert refused.code == RefusalCode.NOT_ALLOWED_VALUE


@pytest.mark.parametrize("field", ["title", "purpose"])
def test_a_megabyte_is_refused_before_anything_is_read(field: str) -> None:
    """REQ-14: a text of a megabyte is no command, whoever sends it."""
    with pytest.raises(ValueError, match=field):
        parse_command("open-request", {"title": "a", "purpose": "b"} | {field: "x" * 1_000_000})


def test_the_bench_lists_for_a_person_with_many_requests(capsys: pytest.CaptureFixture[str]) -> None:
    """POL-10, REQ-14: what the list of such a person takes stands in the bench, for each number that is asked for."""
    main(["--datasets", "50", "--requests", "200", "--own", "30", "60", "--lists", "2", "--scans", "1"])
    assert "one person with so many" in capsys.readouterr().out


def test_the_engines_of_the_bench_agree(capsys: pytest.CaptureFixture[str]) -> None:
    """POL-10: Cedar and Casbin, given the same facts, answer as `decide` does, or the bench says nothing."""
    decide_bench.main(["--scales", "0.05", "--questions", "100"])
    assert "all agree" in capsys.readouterr().out
