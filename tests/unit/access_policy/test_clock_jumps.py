"""While the time cannot be told nobody is let in anew, and everybody can be stopped; then all goes on by itself."""

import secrets
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import component, person
from access_policy.commands.base import Refusal, parse_command
from access_policy.log import LogStore
from access_policy.log.clock import ClockWatch, SteadyClock
from access_policy.log.postgres import PostgresDatabase
from access_policy.log.rights import OPERATOR
from access_policy.model.enums import Action, Component
from access_policy.model.ids import PersonId
from access_policy.use_cases import Beginning, Done, FirstAdmin, Policy, begin
from hub_config.clock_alarm import ClockAlarm
from tests.postgres import new_database
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.log.samples import KEYS, SetClock
from tests.unit.access_policy.world import ADMIN, COLLEAGUE, OPEN, RESEARCHER, everything_holds, of_format_2

HOUR = 3600
JUMPS = (-HOUR, -30, 30, HOUR)


class Watched:
    """A policy on a real log, with clocks that a test sets."""

    def __init__(self, path: Path) -> None:
        kept, self.wall = keep(of_format_2(everything_holds()), path)
        kept.store.close()
        self.seconds, self.begun = 0.0, self.wall.at
        self.path = path
        self.start()

    def start(self) -> None:
        """Start a process on the log."""
        clock = SteadyClock(self.wall, lambda: self.seconds)
        store = LogStore.open(self.path, KEYS, clock, secrets.token_bytes)
        self.policy = Policy(store, watch=ClockWatch(store.now, clock))

    def runs(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds
        self.wall.go(seconds)

    def do(self, name: str, **arguments: Any) -> Done | Refusal:
        return self.policy.handle(parse_command(name, arguments), person(ADMIN, "a-proof"))


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched(tmp_path / "log.db")


@pytest.mark.parametrize("seconds", JUMPS)
def test_nobody_is_let_in_anew_while_the_clock_is_off(watched: Watched, seconds: int) -> None:
    """FLT-12, MFA-14: what may widen access is refused, what takes it away is done at the right time."""
    assert isinstance(watched.do("disable-person", person=COLLEAGUE, reason="a question"), Done)
    watched.wall.go(seconds)
    watched.runs(10)
    refused = watched.do("enable-person", person=COLLEAGUE)
    assert isinstance(refused, Refusal)
    assert refused.code == "clock_jumped"
    assert f"`{abs(seconds)}` seconds" in refused.text
    done = watched.do("disable-person", person=RESEARCHER, reason="a question")
    assert isinstance(done, Done)
    assert done.facts[0].at == watched.begun + timedelta(seconds=10)
    assert not watched.policy.decide(RESEARCHER, OPEN, Action.KEEP_WORKSPACE).allowed


def test_an_observation_tells_that_the_clock_was_set_back_meanwhile(watched: Watched) -> None:
    """FLT-12: a grant that lapsed does not hold again after a restart with an earlier clock, also without a fact."""
    assert isinstance(watched.do("disable-person", person=COLLEAGUE, reason="a question"), Done)
    watched.wall.go(200 * 365 * 24 * HOUR)
    watched.start()
    assert not watched.policy.suppose(RESEARCHER, OPEN, Action.OPEN_WORKSPACE).allowed
    watched.policy.observe(person(RESEARCHER), e.CommandRefused(command="x", code="y"))
    observed = watched.wall()
    watched.wall.go(-200 * 365 * 24 * HOUR)
    watched.start()
    assert not watched.policy.suppose(RESEARCHER, OPEN, Action.OPEN_WORKSPACE).allowed
    assert watched.policy.now() == observed
    refused = watched.do("enable-person", person=COLLEAGUE)
    assert isinstance(refused, Refusal)
    assert (refused.code, "the newest row lies" in refused.text) == ("clock_jumped", True)
    assert isinstance(watched.do("disable-person", person=RESEARCHER, reason="a question"), Done)


@pytest.mark.parametrize("seconds", JUMPS)
def test_it_goes_on_by_itself_once_the_clock_is_right(watched: Watched, seconds: int) -> None:
    """FLT-12: no restart is needed where the clock comes back into line."""
    watched.do("disable-person", person=COLLEAGUE, reason="a question")
    watched.wall.go(seconds)
    assert isinstance(watched.do("enable-person", person=COLLEAGUE), Refusal)
    watched.wall.go(-seconds)
    assert isinstance(watched.do("enable-person", person=COLLEAGUE), Done)


def test_a_restart_believes_a_clock_that_was_set_forward(watched: Watched) -> None:
    """FLT-12: the operator who set the clock right restarts, and the present is what it says."""
    watched.do("disable-person", person=COLLEAGUE, reason="a question")
    watched.wall.go(HOUR)
    watched.policy.store.close()
    watched.start()
    done = watched.do("enable-person", person=COLLEAGUE)
    assert isinstance(done, Done)
    assert done.facts[0].at == watched.wall.at


def test_a_restart_with_a_clock_that_was_set_back_is_noticed(watched: Watched) -> None:
    """FLT-12: the newest fact is later than the present; what is over does not hold again, nothing is given."""
    watched.runs(HOUR)
    watched.do("disable-person", person=COLLEAGUE, reason="a question")
    watched.policy.store.close()
    watched.wall.go(-HOUR)
    watched.start()
    with watched.policy.reading():
        assert watched.policy.now() == watched.begun + timedelta(hours=1)
    refused = watched.do("enable-person", person=COLLEAGUE)
    assert isinstance(refused, Refusal)
    assert refused.text.startswith("the newest row lies `3600` seconds in the future")
    watched.runs(HOUR)
    assert isinstance(watched.do("enable-person", person=COLLEAGUE), Done)


def test_a_stranger_learns_nothing_of_the_clock(watched: Watched) -> None:
    """A command is authorised first: who may not give it is told so, whatever the clock is."""
    watched.wall.go(HOUR)
    refused = watched.policy.handle(
        parse_command("enable-person", {"person": COLLEAGUE}), person(RESEARCHER, "a-proof")
    )
    assert isinstance(refused, Refusal)
    assert refused.code == "not_permitted"


def test_a_withdrawal_that_needs_two_goes_through(watched: Watched) -> None:
    """FLT-12: its proposal and its confirmation are no obstacle; a confirmation of something else is."""
    watched.wall.go(HOUR)
    reset = {"person": RESEARCHER}
    assert isinstance(watched.do("reset-factors", **reset), Done)
    with watched.policy.reading() as state:
        (number,) = state.proposals
        other = next(who for who, one in state.people.items() if who != ADMIN and _is_admin(one, state.at))
    confirmed = watched.policy.handle(parse_command("confirm-proposal", {"proposal": number}), person(other, "a-proof"))
    assert isinstance(confirmed, Done)
    assert [type(fact.event) for fact in confirmed.facts] == [e.ProposalConfirmed, e.FactorsReset]


def _is_admin(one: Any, at: Any) -> bool:
    return any(appointment.role == "admin" and appointment.holds(at) for appointment in one.appointments)


def _alarms(policy: Policy) -> list[tuple[int, str]]:
    found = (fact.event for fact in policy.store.observations_since(0))
    return [(event.seconds, event.what) for event in found if isinstance(event, e.ClockJumped)]


def test_one_alarm_for_each_jump(watched: Watched) -> None:
    """FLT-12, MFA-14: the audit holds it once, however long it lasts, and again for the next one."""
    alarm = ClockAlarm(watched.policy, component(Component.WARDEN))
    for seconds in (HOUR, -30):
        alarm.look()
        watched.wall.go(seconds)
        for _ in range(3):
            alarm.look()
            watched.runs(1)
        watched.wall.go(-seconds)
    alarm.look()
    assert [seconds for seconds, _ in _alarms(watched.policy)] == [HOUR, -30]
    assert all(what.startswith("the clock of this machine jumped") for _, what in _alarms(watched.policy))


def test_an_alarm_waits_for_a_log_that_does_not_answer(watched: Watched) -> None:
    """AUD-05: what cannot be written down now is written down when the log is there again."""
    alarm = ClockAlarm(watched.policy, component(Component.WARDEN))
    watched.wall.go(HOUR)
    hidden = watched.path.rename(watched.path.with_name("hidden.db"))
    alarm.look()
    hidden.rename(watched.path)
    assert _alarms(watched.policy) == []
    alarm.look()
    assert [seconds for seconds, _ in _alarms(watched.policy)] == [HOUR]


def test_without_a_watch_nothing_is_refused(tmp_path: Path) -> None:
    """Where nobody passes a watch in, as in the demo's chronicle, the clock is what it is told."""
    policy, clock = keep(everything_holds(), tmp_path / "log.db")
    assert isinstance(clock, SetClock)
    clock.go(-HOUR)
    assert policy.clock_trouble() is None


def test_the_databases_clock_decides_where_this_machines_is_another() -> None:
    """FLT-12: five minutes between hub and database: one clock is decided by, the database's, and it is an alarm."""
    database = PostgresDatabase(new_database(), OPERATOR.name, time.monotonic)
    store = LogStore(database, KEYS, secrets.token_bytes)
    one, two = (FirstAdmin(f"Admin {n}", f"admin{n}@centre.example", f"id-{n}", "iss", f"sub{n}") for n in "12")
    begin(store, Beginning("an-installation", demo=False, admins=(one, two)))
    wrong = SteadyClock(lambda: datetime.now(UTC) + timedelta(minutes=5), time.monotonic)
    policy = Policy(store, watch=ClockWatch(store.now, wrong))
    with closing(store):
        course = {"course": "privacy", "title": "Privacy", "validity_days": 365}
        refused = policy.handle(parse_command("register-course", course), person(PersonId("P-1"), "a-proof"))
        assert isinstance(refused, Refusal)
        assert refused.text.startswith("the database's clock is `300` seconds behind that of this machine")
        asked = policy.handle(parse_command("ask-erasure", {"person": "P-2"}), person(PersonId("P-2"), "a-proof"))
        assert isinstance(asked, Done), asked
        assert asked.facts[0].at < wrong() - timedelta(minutes=4)
        right = SteadyClock(lambda: datetime.now(UTC), time.monotonic)
        policy = Policy(store, watch=ClockWatch(store.now, right))
        done = policy.handle(parse_command("register-course", course), person(PersonId("P-1"), "a-proof"))
        assert isinstance(done, Done), done
