"""The policy's settings: the file says them, a start adopts them as a fact, and what decides has the same bounds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, get_args, get_origin, get_type_hints

import msgspec
import pytest

from access_policy.commands.installation import AdoptSettings
from access_policy.events import PolicySettingsAdopted
from access_policy.model.enums import LicenceReading
from access_policy.state import Settings as InForce
from hub_config.bootstrap import StateProblem
from hub_config.cli.settings_text import settings_text
from hub_config.settings import Policy, Settings, SettingsProblem, Size, load_settings
from hub_config.startup import adopt_settings
from spawner.workspace import DataPath, Profile
from tests.unit.hub_config.desk.seed import World, empty_world

pytestmark = pytest.mark.unit

CHANGED = Policy(
    session_hours=8, term_days_longest=700, licence_for_adequate=LicenceReading.NON_EEA, board_quorum=3,
    retention_years=7, contact_days=5, review_days=30, availability_days=3, decision_months=2,
    deferral_months=1, accelerated_months=1, reminder_days=(90, 10), idle_minutes=15,
)  # fmt: skip


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[World]:
    made = empty_world(tmp_path)
    yield made
    made.policy.store.close()


def bounds(kind: type[msgspec.Struct], name: str) -> tuple[object, ...]:
    """Return a field's type and its bounds, without its description."""
    hint = get_type_hints(kind, include_extras=True)[name]
    metas = hint.__metadata__ if get_origin(hint) is Annotated else ()
    plain = get_args(hint)[0] if metas else hint
    return plain, *[(meta.ge, meta.le) for meta in metas if meta.ge is not None]


def test_every_setting_of_a_decision_stands_in_the_file() -> None:
    """The file, the command and the state have the same names, defaults and bounds."""
    assert Policy.__struct_fields__ == AdoptSettings.__struct_fields__
    assert all(getattr(Policy(), name) == getattr(InForce(), name) for name in Policy.__struct_fields__)
    for name in Policy.__struct_fields__:
        assert bounds(Policy, name) == bounds(AdoptSettings, name), name


def test_the_file_reads_back_what_was_written(tmp_path: Path) -> None:
    """Also a choice of words and a list of numbers."""
    file, settings = tmp_path / "sluis.toml", Settings(policy=CHANGED)
    file.write_text(settings_text(settings, "A test"), encoding="utf-8")
    assert load_settings(file) == settings


def test_a_profile_of_a_cluster_reads_back_and_reaches_the_spawner(tmp_path: Path) -> None:
    """S86: what it asks for, where it runs and how it reads data; one that says nothing is what it always was."""
    size = Size(
        name="apart", label="Apart", cpus=2.0, memory_gib=4.0, data=DataPath.API, runtime_class="gvisor",
        node_selector=("pool=apart",), cpu_request=0.5, memory_request_gib=1.0,
    )  # fmt: skip
    file, settings = tmp_path / "sluis.toml", Settings(profiles=(size, Size(name="small", label="Small")))
    file.write_text(settings_text(settings, "A test"), encoding="utf-8")
    assert load_settings(file) == settings
    apart, small = settings.workspace_profiles
    assert apart == Profile(
        "apart",
        "Apart",
        2.0,
        4 << 30,
        512,
        8 << 30,
        72 * 3600,
        DataPath.API,
        "gvisor",
        (("pool", "apart"),),
        0.5,
        1 << 30,
    )
    assert small == Profile("small", "Small", 1.0, 4 << 30, 512, 8 << 30, 72 * 3600)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('runtime_class = "gvisor"', "buckets are not mounted under gVisor"),
        ("cpu_request = 2.0", "asks for more than it may use"),
        ("memory_request_gib = 5.0", "asks for more than it may use"),
        ('node_selector = ["pool"]', "node_selector"),
        ('data = "both"', "data"),
    ],
)
def test_a_profile_that_no_cluster_could_start_stops_the_start(tmp_path: Path, lines: str, says: str) -> None:
    """S86: it says so before anyone waits for it."""
    file = tmp_path / "sluis.toml"
    file.write_text(f'[[profiles]]\nname = "a"\nlabel = "A"\n{lines}\n', encoding="utf-8")
    with pytest.raises(SettingsProblem, match=says):
        load_settings(file)


@pytest.mark.parametrize("line", ["retention_years = 0", 'licence_for_adequate = "none"', "reminder_days = [0]"])
def test_a_value_out_of_bounds_stops_the_start(tmp_path: Path, line: str) -> None:
    """E48: records stay for a year at least; the other settings have their bounds too."""
    file = tmp_path / "sluis.toml"
    file.write_text(f"[policy]\n{line}\n", encoding="utf-8")
    with pytest.raises(SettingsProblem, match=line.partition(" ")[0]):
        load_settings(file)


def adopted(world: World) -> list[PolicySettingsAdopted]:
    """Return the settings that were adopted, oldest first."""
    return [fact.event for fact in world.policy.store.facts_since(0) if isinstance(fact.event, PolicySettingsAdopted)]


def test_a_start_adopts_changed_settings_once(empty: World) -> None:
    """A changed file becomes a fact, and an unchanged one none."""
    for settings in (Settings(), Settings(), Settings(policy=CHANGED), Settings(policy=CHANGED)):
        adopt_settings(settings, empty.policy)
    first, second = adopted(empty)
    assert [getattr(second, name) for name in Policy.__struct_fields__] == list(msgspec.structs.astuple(CHANGED))
    assert first != second


def test_settings_that_the_rules_refuse_stop_the_start(empty: World) -> None:
    """S41: each reminder once; the line says which part of the file to correct."""
    with pytest.raises(StateProblem, match="policy"):
        adopt_settings(Settings(policy=Policy(reminder_days=(7, 7))), empty.policy)
    assert adopted(empty) == []
