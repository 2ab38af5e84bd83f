"""The run of mutants covers the whole decision core, leaves out nothing without a reason, and finds what is changed.

`make mutation` tests every mutant, for many minutes. Here is only what can be said at once.
"""

import sys
from datetime import timedelta
from types import ModuleType

import pytest

from access_policy.model.enums import Action
from access_policy.reasons import ReasonCode
from access_policy.rules import RULES, Finding, Query, case_of
from access_policy.rules.case import Case
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.run import ROOT, files_of, read_accepted, read_settings
from tests.unit.access_policy.world import NO_REQUEST, OPEN, RESEARCHER, TICK, World, everything_holds

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def mutants() -> list[Mutant]:
    files = [file for module in read_settings().modules for file in files_of(module, ROOT)]
    return mutants_of(files, ROOT)


def test_the_whole_decision_is_mutated(mutants: list[Mutant]) -> None:
    """POL-11: every file of the rules and the decision itself, and every single rule, have mutants."""
    files = {file.relative_to(ROOT).as_posix() for file in (ROOT / "access_policy" / "rules").glob("*.py")}
    assert files | {"access_policy/decision.py"} <= {mutant.path for mutant in mutants} | {
        "access_policy/rules/__init__.py"
    }
    assert {str(rule.code) for rule in RULES} <= {mutant.where for mutant in mutants}
    assert {str(code) for code in ReasonCode} == {str(rule.code) for rule in RULES}


def test_every_mutant_that_may_survive_has_a_reason_and_is_one(mutants: list[Mutant]) -> None:
    """POL-11: none survives but those few of the list, and each says why no test could tell it from the program."""
    accepted = read_accepted(ROOT / read_settings().accepted)
    assert accepted.keys() <= {mutant.name for mutant in mutants}
    assert len(accepted) < 30
    assert all(len(line.partition(": ")[2]) > 20 for line in accepted.values())


def _changed(mutant: Mutant) -> ModuleType:
    """Return the module of a mutant, beside the one that the program uses."""
    module = ModuleType("access_policy.rules.mutated")
    module.__package__ = "access_policy.rules"
    sys.modules[module.__name__] = module
    try:
        exec(compile(mutant.code, mutant.path, "exec"), vars(module))
    finally:
        del sys.modules[module.__name__]
    return module


def _asked(world: World) -> dict[str, Case]:
    """Return questions around the end of the good world's term, about a request of nobody, and about a draft."""
    term = world.state.requests[OPEN].term
    assert term is not None
    world.do("open-request", RESEARCHER, title="A draft", purpose="None yet")
    draft = list(world.state.requests)[-1]
    of = {
        "long before": (OPEN, term.ends - DAY), "a tick before": (OPEN, term.ends - TICK), "at it": (OPEN, term.ends),
        "long after": (OPEN, term.ends + DAY), "no request": (NO_REQUEST, world.at),
        "no term": (draft, world.at),
    }  # fmt: skip
    return {
        name: case_of(world.state, Query(RESEARCHER, request, Action.KEEP_WORKSPACE, at))
        for name, (request, at) in of.items()
    }


def _expected(world: World) -> dict[str, Finding]:
    """S39, S46: what the requirement says of each of them."""
    code, term = ReasonCode.TERM_OVER, world.state.requests[OPEN].term
    assert term is not None
    holds = Finding(code, True, world.state.requests[OPEN].term_set, term.ends)
    over = Finding(code, False, term.ends)
    opened = list(world.state.requests.values())[-1].opened
    return {
        "long before": holds, "a tick before": holds, "at it": over, "long after": over,
        "no request": Finding(code, False), "no term": Finding(code, True, opened),
    }  # fmt: skip


def _answers(module: ModuleType, cases: dict[str, Case]) -> dict[str, object]:
    try:
        return {name: module.term_over(case) for name, case in cases.items()}
    except Exception as error:  # a mutant may do anything
        return {"failed": error}


def test_no_mutant_of_a_rule_survives(mutants: list[Mutant]) -> None:
    """POL-11: whatever is changed in the rule on the end of a term, one of six questions is answered otherwise."""
    world = everything_holds()
    cases = _asked(world)
    tried = [mutant for mutant in mutants if mutant.where == "term_over"]
    assert len(tried) >= 8
    survivors = [str(mutant) for mutant in tried if _answers(_changed(mutant), cases) == _expected(world)]
    assert survivors == []
    assert _answers(sys.modules["access_policy.rules.requests"], cases) == _expected(world)
