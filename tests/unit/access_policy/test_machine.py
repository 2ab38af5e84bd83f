"""POL-01: random histories, and after each step the decision, its reasons, its data and its end beside two oracles.

A history begins with the good world at some time and place. A step is a command that somebody gives, a fact, time that
passes, or what mends the researcher's access. The oracle of `tests/oracle/naive.py` reads the whole list of facts for
every question; Cedar combines what stands on record once more.
"""

import os
from datetime import timedelta
from random import Random
from typing import ClassVar

import pytest
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from access_policy.commands.workspaces import StartWorkspace
from access_policy.decision import decide
from access_policy.handle import handle
from access_policy.model.enums import Action, Zone
from access_policy.rules import Query
from access_policy.state import State
from tests.oracle import beginnings, mends, orders, questions, steps, walking
from tests.oracle.cedar import cedar_allows
from tests.oracle.naive import NaiveAnswer, instants, naive_decide, naive_list
from tests.unit.access_policy.world import HUB, MINUTE, OPEN, RESEARCHER, TICK, World

pytestmark = [pytest.mark.unit, pytest.mark.counted]

LONG = os.environ.get("SLUIS_LONG") == "1" or settings.get_current_profile_name() == "long"
PARTS = 4 if LONG else 1
"""Histories of their own, so that processors can share the work."""
STEPS = (5_000 if LONG else 300) // PARTS
STEPS_OF_ONE = 50
QUESTIONS = 3
SEEDS = st.integers(0, 2**32 - 1)


def answer(state: State, query: Query) -> NaiveAnswer:
    """Return the program's answer in the oracle's words."""
    decision = decide(state, query)
    failing = frozenset(one.code for one in decision.findings if not one.holds)
    names = tuple(sorted(str(one.name) for one in decision.datasets))
    return NaiveAnswer(str(decision.effect), failing, names, decision.until)


class Histories(RuleBasedStateMachine):
    """One history; `asked` are the last questions, asked once more when it is folded anew."""

    taken: ClassVar[int] = 0
    allows: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.last_login = self.world.at
        self.asked: list[Query] = []

    @initialize(seed=SEEDS)
    def begin(self, seed: int) -> None:
        """The good world, somewhere and some time."""
        self.world = beginnings.begin(_picker(seed))
        self.last_login = self.world.at
        self._compare(seed)

    @rule(seed=SEEDS)
    def record(self, seed: int) -> None:
        """A fact, or the few that one act records."""
        pick = _picker(seed)
        walking.record(self.world, pick(steps.STEPS)(self.world, pick))
        self._step(seed)

    @rule(seed=SEEDS)
    def command(self, seed: int) -> None:
        """Somebody gives a command, sound or not."""
        orders.give(self.world, _picker(seed))
        self._step(seed)

    @rule(seed=SEEDS)
    def mend(self, seed: int) -> None:
        """What keeps the researcher from the data is taken away."""
        keep, plain = (questions.plain(self.world, action) for action in (Action.KEEP_WORKSPACE, Action.OPEN_WORKSPACE))
        failing = answer(self.world.state, keep).failing | answer(self.world.state, plain).failing
        mends.mend(self.world, failing)
        self._step(seed)

    @rule(seed=SEEDS)
    def start(self, seed: int) -> None:
        """The hub starts the researcher's workspace, if it may: from inside, or with what opens from anywhere."""
        world, pick = self.world, _picker(seed)
        session = questions.plain(world, zone=pick(list(Zone))).session
        seconds = pick([120, *3 * [8 * 3600]])
        command = StartWorkspace(
            person=RESEARCHER, request=OPEN, profile="small", max_run_seconds=seconds,
            session=session,
        )  # fmt: skip
        outcome = handle(world.state, command, HUB, world.at)
        if isinstance(outcome, tuple):
            world.append([(HUB, event) for event in outcome])
        self._step(seed)

    @rule(seed=SEEDS)
    def wait(self, seed: int) -> None:
        """Time passes: a little, or to the end of something, or to the instant beside it."""
        pick = _picker(seed)
        ahead = [one for one in instants(self.world.facts) if one > self.world.at][:3]
        until = pick([self.world.at + 2 * MINUTE, *ahead]) + pick([-TICK, timedelta(0), TICK])
        self.world.at = max(self.world.at, until)
        self._step(seed)

    @rule()
    def log_in(self) -> None:
        """The session that later questions come with begins now, or with the newest fact."""
        self.last_login = self.world.facts[-1].at if self.last_login < self.world.facts[-1].at else self.world.at

    def teardown(self) -> None:
        """The same facts, folded anew, give the same answers."""
        folded = World.of(self.world.facts, self.world.at)
        for query in self.asked:
            assert answer(folded.state, query) == answer(self.world.state, query)

    def _step(self, seed: int) -> None:
        type(self).taken += 1
        self._compare(seed)

    def _compare(self, seed: int) -> None:
        world, pick = self.world, _picker(seed + 1)
        self.asked = [questions.plain(world, pick(list(Action)), pick(list(Zone)))]
        self.asked += [questions.any_question(world, pick, self.last_login) for _ in range(QUESTIONS)]
        for query in self.asked:
            self._agree(query)
        self._agree_on_list(self.asked[-1])

    def _agree(self, query: Query) -> None:
        facts = self.world.facts
        ours, naive = answer(self.world.state, query), naive_decide(facts, query)
        type(self).allows += ours.effect == "allow"
        assert ours == naive, query
        assert cedar_allows(self.world.facts, query) == (ours.effect == "allow"), query

    def _agree_on_list(self, query: Query) -> None:
        state = self.world.state
        asked = state.requests_of.get(query.person, ())
        mine = [Query(query.person, one, Action.OPEN_WORKSPACE, query.at, query.session) for one in asked]
        opened = sorted(str(one.request) for one in mine if decide(state, one).allowed)
        assert opened == sorted(naive_list(self.world.facts, query)), query


def _picker(seed: int) -> walking.Pick:
    """Choose by a seed: one draw for a step, which Hypothesis can leave out as a whole."""
    return Random(seed).choice


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_decision_is_what_both_oracles_say_after_each_step(part: int) -> None:
    """POL-01: effect, reasons, data, end and list agree after every step of every history."""
    histories: type[Histories] = type(f"Histories{part}", (Histories,), {"taken": 0, "allows": 0})
    if PARTS > 1:  # else a profile that explores would tell the same histories each time
        histories = seed(part)(histories)
    examples = STEPS * 5 // (STEPS_OF_ONE * 2)  # many histories are short: 23 steps on average were seen
    run_state_machine_as_test(histories, settings=settings(max_examples=examples, stateful_step_count=STEPS_OF_ONE))
    assert histories.taken >= STEPS
    assert histories.allows
