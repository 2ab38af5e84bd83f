"""One ending of each kind, by real processes: how long what is inside still reads, and that plain JupyterHub lets it.

The bench (`make bench BENCHES=leash`) does the same with more of each, and prints the seconds.
"""

from pathlib import Path

import pytest

from tests.bench.leash import CLOCK_TARGET, FACT_TARGET, Bench, plan, table
from tests.bench.leash_kinds import KINDS
from tests.bench.leash_sandbox import sandboxes
from tests.bench.plain_hub import peer

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]  # eleven workspaces at once
_AT_ONCE = len(KINDS)
_TIMEOUT = 10


def test_no_byte_is_read_after_a_ground_is_gone_whichever_it_is() -> None:
    """POL-03, S46, S94, REQ-10: each ends its own workspace with its own reason, within what is promised."""
    with sandboxes(_AT_ONCE) as running:
        (todo,) = plan(KINDS, running.rooms.all, 1)
        found = Bench(running).stretch(todo)
    assert [one.kind.name for one in found if one.seconds > (CLOCK_TARGET if one.kind.clock else FACT_TARGET)] == []
    assert {one.kind.name for one in found} == {kind.name for kind in KINDS}
    assert len(table(found)) == 1 + len(KINDS) + 2


def test_plain_jupyterhub_ends_who_is_idle_and_nobody_else(tmp_path: Path) -> None:
    """The bench's peer: a right that ended ends nothing; the idle culler does, and not where a cell prints."""
    found = peer(tmp_path, _TIMEOUT, 1, 1)
    assert (len(found.idle), len(found.busy), found.ended) == (1, 1, False)
    assert found.idle[0] > _TIMEOUT / 2
