"""The warden behind a network that fails: its API server and its database, over real connections (FLT-02, FLT-04)."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from access_policy.log import database as database_module
from access_policy.log.errors import LogError, LogUnavailable
from access_policy.use_cases import Policy
from spawner.warden import api as api_module
from spawner.warden.api import Api, Trouble
from tests.faults import Fault, FaultProxy, within
from tests.integration.sandbox_hub import holds
from tests.postgres import drop_database, new_database, server
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.log.samples import SetClock, open_log
from tests.unit.access_policy.world import ADMIN, OPEN
from tests.unit.spawner.warden.cluster_room import (
    KEY,
    POD,
    SPACE,
    WHY,
    FakeRoutes,
    Room,
    ended,
    good_world,
    lets_in,
    write_log,
)
from tests.unit.spawner.warden.fake_api import FakeCluster, Seconds, api_of, serving

pytestmark = pytest.mark.integration

OF_THE_API = {
    "late": Fault(late=3.0),
    "reset": Fault(reset=True),
    "half-open": Fault(half_open=True),
    "409": Fault(status=409),
    "410": Fault(status=410),
    "429": Fault(status=429, headers=(("Retry-After", "3"),)),
    "500": Fault(status=500),
}
OF_A_CALL = {"late": 0, "reset": 0, "half-open": 0, "409": 409, "410": 410, "429": 429, "500": 500}
SHORT = 0.3  # seconds that the API may be silent, and that the database may be


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The good world's log."""
    return write_log(tmp_path_factory.mktemp("log"))


@contextmanager
def behind_faults(log: Path, folder: Path) -> Iterator[tuple[Room, FaultProxy]]:
    """A room whose warden reaches its API server by a proxy."""
    world, cluster = good_world(), FakeCluster()
    shutil.copytree(log, folder / "log")
    clock = SetClock(world.at)
    policy = Policy(open_log(folder / "log" / "log.db", clock), clock)
    with serving(cluster) as url, FaultProxy.before(int(url.rpartition(":")[2])) as proxy:
        yield Room(cluster, f"http://127.0.0.1:{proxy.port}", policy, clock, Seconds(), FakeRoutes(), world), proxy
    policy.store.close()


@pytest.mark.parametrize("name", OF_THE_API)
def test_a_withdrawal_goes_on_behind_an_api_server_that_fails(
    name: str, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLT-04, FLT-06: routes go at once, nothing counts as gone, each look takes its time; and it is carried out."""
    with behind_faults(log, tmp_path) as (here, proxy):
        here.look()
        here.start()
        here.look()
        monkeypatch.setattr(api_module, "_SECONDS", (SHORT, SHORT))
        here.do("end-request", ADMIN, request=OPEN, **WHY)
        proxy.fault = OF_THE_API[name]
        with within(10.0):
            here.look(2, after=2.5)
        assert here.routes.closed == [KEY]
        assert (here.runs(), here.cluster.has("Pod", SPACE, POD)) == (True, True)
        proxy.fault = Fault()
        monkeypatch.undo()
        here.look(6, after=2.0)
        assert not lets_in(here)
        here.cluster.gone("Pod", SPACE, POD)
        here.look()
        assert ended(here) == ["request_ended"]


@pytest.mark.parametrize("name", OF_THE_API)
def test_a_call_that_fails_says_how(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-04: by HTTP's status, 0 where nothing answers in time, with the wait that was asked for; then it goes on."""
    monkeypatch.setattr(api_module, "_SECONDS", (SHORT, SHORT))
    seconds = Seconds()
    with serving(FakeCluster()) as url, FaultProxy.before(int(url.rpartition(":")[2])) as proxy:
        api = api_of(f"http://127.0.0.1:{proxy.port}", seconds)
        assert len(api.list("Node")) == 1
        proxy.fault = OF_THE_API[name]
        with within(5.0), pytest.raises(Trouble) as caught:
            api.list("Node")
        assert (caught.value.status, caught.value.wait) == (OF_A_CALL[name], 3.0 if name == "429" else 0.0)
        _asked_again_in_time(api, proxy, seconds, left_alone=caught.value.status in (0, 429))


def _asked_again_in_time(api: Api, proxy: FaultProxy, seconds: Seconds, *, left_alone: bool) -> None:
    """Nothing is sent before its time where the API is to be left alone, and what is sent then is answered."""
    asked, proxy.fault = proxy.pieces, Fault()
    if left_alone:
        with pytest.raises(Trouble, match="left alone"):
            api.list("Node")
        assert proxy.pieces == asked
    seconds.now += 5.0
    assert len(api.list("Node")) == 1


def test_a_look_behind_a_silent_api_server_waits_once(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLT-04: not once a call, however many there were to make."""
    with behind_faults(log, tmp_path) as (here, proxy):
        monkeypatch.setattr(api_module, "_SECONDS", (1.0, 1.0))
        proxy.fault = Fault(half_open=True)
        with within(2.5):
            here.look()
        assert proxy.pieces == 1


OF_THE_DATABASE = {"reset": Fault(reset=True), "half-open": Fault(half_open=True)}


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Policy, FaultProxy]]:
    """The good world's log on a server that is reached by a proxy."""
    url = new_database()
    name = url.partition("///")[2].partition("?")[0]
    with FaultProxy.before(server().folder / ".s.PGSQL.5432") as proxy:
        policy, _ = keep(good_world(), f"postgresql:///{name}?host=127.0.0.1&port={proxy.port}")
        monkeypatch.setattr(database_module, "BUSY_SECONDS", SHORT)
        yield policy, proxy
        policy.store.close()
    drop_database(url)


@pytest.mark.parametrize("name", OF_THE_DATABASE)
def test_a_database_that_does_not_answer_is_no_answer_in_time(name: str, behind: tuple[Policy, FaultProxy]) -> None:
    """FLT-02, POL-04: asked and written to, a refusal within seconds; used again by itself, and nothing half."""
    policy, proxy = behind
    before = policy.store.head()
    proxy.fault = OF_THE_DATABASE[name]
    with within(8.0), pytest.raises(LogUnavailable), policy.reading():
        pass
    with within(8.0), pytest.raises(LogError):
        policy.store.append(before.size, lambda _at: [])
    proxy.fault = Fault()
    assert holds(lambda: _reads(policy))
    assert policy.store.head() == before


def test_a_database_that_answers_late_is_waited_for(behind: tuple[Policy, FaultProxy]) -> None:
    """FLT-02: late is no trouble as long as it is in time."""
    policy, proxy = behind
    proxy.fault = Fault(late=0.02)
    with within(8.0), policy.reading() as state:
        assert OPEN in state.requests


def _reads(policy: Policy) -> bool:
    try:
        with policy.reading():
            return True
    except LogError:
        return False
