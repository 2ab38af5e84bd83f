"""The bench of the leash in small: how long what is inside still reads.

`make bench BENCHES=leash` does the same with many of each kind, and prints the seconds; `test_endings.py` has them all.
"""

import pytest

from tests.bench.leash import CLOCK_TARGET, FACT_TARGET, Bench, plan, table
from tests.bench.leash_kinds import KINDS
from tests.bench.leash_sandbox import sandboxes

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
_ANYWHERE = [kind for kind in KINDS if kind.room is None]
_FEW = [next(kind for kind in _ANYWHERE if kind.clock), next(kind for kind in _ANYWHERE if not kind.clock)]
_AT_ONCE = 4


def test_no_byte_is_read_after_a_ground_is_gone() -> None:
    """POL-03, S46, S94: each ends its own workspace with its own reason, within what is promised."""
    with sandboxes(_AT_ONCE) as running:
        (todo,) = plan(_FEW, running.rooms.all, 1)
        found = Bench(running).stretch(todo)
    bounds = {one: CLOCK_TARGET if one.kind.clock else FACT_TARGET for one in found}
    assert {one.kind.name: one.seconds for one, most in bounds.items() if not -0.5 < one.seconds <= most} == {}
    assert {one.kind.name for one in found} == {kind.name for kind in _FEW}
    assert len(table(found)) == 1 + len(_FEW) + 2
