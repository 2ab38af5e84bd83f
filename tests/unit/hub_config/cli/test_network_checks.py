"""`sluis check` on the institute's network: restricted datasets that nobody could open are said to be so."""

import msgspec
import pytest

from access_policy.model.enums import Zone
from access_policy.state import State
from hub_config.bootstrap import open_policy
from hub_config.cli.network_checks import network_state
from hub_config.network_settings import NetworkSettings
from hub_config.places import Places
from hub_config.settings import Settings, Size
from tests.unit.hub_config.cli.conftest import Sluis

pytestmark = pytest.mark.unit

NETWORK = NetworkSettings(institute=("192.0.2.0/24",), institute_url="https://inside.example.org", balancers=1)
INSIDE = Size(name="inside", label="At the institute", zone=Zone.INSTITUTE)


@pytest.fixture
def state(places: Places) -> State:
    """Return the demo's state, which has one restricted dataset."""
    policy = open_policy(places)
    with policy.reading() as found:
        policy.store.close()
        return found


def test_a_restricted_dataset_without_a_network_is_told(state: State) -> None:
    """S77: nobody can open it, and the line says what to write."""
    ok, text = network_state(Settings(), state)
    assert not ok
    assert "dataset `gbsg2-demographics`" in text
    assert "[network]" in text


def test_a_restricted_profile_without_a_network_is_told() -> None:
    """S78: also where no dataset is restricted."""
    ok, text = network_state(Settings(profiles=(INSIDE,)), State())
    assert (ok, "profile `inside`" in text) == (False, True)


def test_without_anything_restricted_no_network_is_needed() -> None:
    """S96: then all of it opens from anywhere."""
    ok, text = network_state(Settings(), State())
    assert (ok, "nobody is inside" in text) == (True, True)


def test_a_network_is_named_with_what_is_for_it(state: State) -> None:
    """S77: its networks, its address, and how long a look counts."""
    ok, text = network_state(Settings(network=NETWORK, profiles=(INSIDE,)), state)
    assert ok
    assert all(word in text for word in ("192.0.2.0/24", "https://inside.example.org", "60 seconds", "2 datasets and"))
    assert (
        "the port that `sluis run` says"
        in network_state(Settings(network=msgspec.structs.replace(NETWORK, institute_url="")), State())[1]
    )


def test_the_line_stands_among_the_others(sluis: Sluis, places: Places) -> None:
    """S77: a demo has a network; without its table the check fails."""
    (line,) = [one for one in sluis("check", "--json").json if one["check"] == "network"]
    assert line["ok"]
    text = places.settings.read_text(encoding="utf-8")
    before, _, behind = text.partition("[network]\n")
    rest = behind.partition("\n[")[2]
    places.settings.write_text(before + (f"[{rest}" if rest else ""), encoding="utf-8")
    (line,) = [one for one in sluis("check", "--json").json if one["check"] == "network"]
    assert (line["ok"], "gbsg2-demographics" in line["text"]) == (False, True)
