"""Which namespaces the hub looks at before it counts as ready."""

from pathlib import Path

import pytest

from access_policy.model.enums import RequestStatus
from hub_config.cluster_setup import _places
from spawner.warden.grants import given
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.world import OPEN, RESEARCHER
from tests.unit.spawner.warden.cluster_room import good_world

pytestmark = pytest.mark.unit


def test_the_hub_looks_where_the_warden_opens_places(tmp_path: Path) -> None:
    """DAT-15: a request that is active and gives nothing to anybody has no place, and so nothing to look at."""
    policy, _ = keep(good_world(), tmp_path / "log.db")
    with policy.reading() as state:
        wanted = [f"x-{one.request.lower()}" for one in given(state, policy.now())]
        assert "x-dr-1" in wanted
        assert _places(policy, "x-") == wanted
        for person in list(state.requests[OPEN].contacts):
            del state.requests[OPEN].contacts[person]
        assert RESEARCHER not in state.requests[OPEN].contacts
        assert state.requests[OPEN].status is RequestStatus.ACTIVE
        assert "x-dr-1" not in _places(policy, "x-")
    policy.store.close()
