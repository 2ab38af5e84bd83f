"""The table `[network]`: read back as written, and each network that would let in too many stops the start."""

from pathlib import Path

import msgspec
import pytest

from access_policy.model.enums import Zone
from hub_config.cli.settings_text import settings_text
from hub_config.network_settings import NetworkSettings, door_problem, network_problem
from hub_config.origins import OriginSettings
from hub_config.settings import Settings, SettingsProblem, Size, load_settings
from tests.unit.hub_config.clusters import with_cluster

pytestmark = pytest.mark.unit

WHOLE = NetworkSettings(
    institute=("192.0.2.0/24", "2001:db8:7::/48", "198.51.100.7/32"), balancers=2, recheck_seconds=30,
    institute_url="https://sluis.inside.example.org",
)  # fmt: skip


def written(folder: Path, text: str) -> Path:
    file = folder / "sluis.toml"
    file.write_text(text, encoding="utf-8")
    return file


def network(**changes: object) -> NetworkSettings:
    return msgspec.structs.replace(WHOLE, **changes)


def test_without_the_table_nobody_is_inside(tmp_path: Path) -> None:
    """S77: the file that `sluis init` writes has none, and an installation of before goes on as it was."""
    text = settings_text(Settings(), "A test")
    assert "[network]" not in text
    assert load_settings(written(tmp_path, text)).network is None


@pytest.mark.parametrize("table", [WHOLE, NetworkSettings(institute=("10.0.0.0/8",))], ids=["whole", "shortest"])
def test_the_table_reads_back_what_was_written(tmp_path: Path, table: NetworkSettings) -> None:
    """Also with networks of both families."""
    settings = Settings(network=table)
    assert load_settings(written(tmp_path, settings_text(settings, "A test"))) == settings


def test_the_networks_are_those_of_the_table() -> None:
    """S77: as the parser of addresses takes them, in their order."""
    assert [str(one) for one in WHOLE.networks] == list(WHOLE.institute)


def test_a_profile_may_belong_to_the_institute(tmp_path: Path) -> None:
    """S78: it reads back and reaches the spawner."""
    size = Size(name="inside", label="At the institute", zone=Zone.INSTITUTE)
    read = load_settings(written(tmp_path, settings_text(Settings(network=WHOLE, profiles=(size,)), "A test")))
    assert [profile.zone for profile in read.workspace_profiles] == [Zone.INSTITUTE]


WRONG = {
    "half of the internet, twice": (
        network(institute=("0.0.0.0/1", "128.0.0.0/1")),
        "together these are the whole internet",
    ),
    "half of the internet by IPv6, twice": (
        network(institute=("2000::/3", "::/3", "4000::/2", "8000::/1")),
        "is IPv4 within IPv6",
    ),
    "more than IPv4 within IPv6": (network(institute=("::/64",)), "is IPv4 within IPv6"),
    "a mask": (network(institute=("10.0.0.0/255.0.0.0",)), "`10.0.0.0/255.0.0.0` is no network"),
    "a host mask": (network(institute=("10.0.0.0/0.255.255.255",)), "is no network"),
    "bits with a zero before": (network(institute=("10.0.0.0/08",)), "is no network"),
    "a scope": (network(institute=("fe80::%eth0/64",)), "is no network"),
    "multicast": (network(institute=("224.0.0.0/4",)), "is nobody's own address"),
    "no network": (network(institute=()), "network.institute is empty"),
    "the whole internet": (network(institute=("0.0.0.0/0",)), "`0.0.0.0/0` is the whole internet"),
    "the whole internet, IPv6": (network(institute=("192.0.2.0/24", "::/0")), "`::/0` is the whole internet"),
    "host bits": (network(institute=("192.0.2.1/24",)), "`192.0.2.1/24` is no network"),
    "an address": (network(institute=("192.0.2.1",)), "`192.0.2.1` is no network"),
    "a word": (network(institute=("institute/8",)), "`institute/8` is no network"),
    "an empty text": (network(institute=("",)), "`` is no network"),
    "a network twice": (network(institute=("192.0.2.0/24", "192.0.2.0/24")), "overlap"),
    "a network in another": (
        network(institute=("10.1.0.0/16", "10.0.0.0/8")),
        "`10.1.0.0/16` and `10.0.0.0/8` overlap",
    ),
    "an IPv6 network in another": (network(institute=("2001:db8::/32", "2001:db8:7::/48")), "overlap"),
    "IPv4 within IPv6": (
        network(institute=("::ffff:192.0.2.0/120",)),
        "is IPv4 within IPv6; write it as an IPv4 network",
    ),
    "all IPv4 within IPv6": (network(institute=("::ffff:0:0/96",)), "is IPv4 within IPv6"),
    "plain http": (network(institute_url="http://sluis.inside.example.org"), "network.institute_url"),
    "plain http in a private network": (network(institute_url="http://192.168.1.10:8001"), "is not encrypted"),
    "a path": (network(institute_url="https://sluis.inside.example.org/hub"), "network.institute_url"),
    "a user": (network(institute_url="https://ada@sluis.inside.example.org"), "network.institute_url"),
    "upper case": (network(institute_url="https://Sluis.inside.example.org"), "network.institute_url"),
    "a wrong port": (network(institute_url="https://sluis.inside.example.org:99999"), "network.institute_url"),
    "an odd host": (network(institute_url="https://inside example.org"), "network.institute_url"),
    "TLS that nothing ends": (network(balancers=0), "network.balancers is 0"),
    "no host": (network(institute_url="https://"), "network.institute_url"),
}


@pytest.mark.parametrize(("table", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_table_stops_the_start(tmp_path: Path, table: NetworkSettings, words: str) -> None:
    """S77: in one line that names the value and says what to write."""
    assert words in (network_problem(table) or "")
    with pytest.raises(SettingsProblem) as refused:
        load_settings(written(tmp_path, settings_text(Settings(network=table), "A test")))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("balancers = -1", "balancers"), ("balancers = 6", "balancers"), ("recheck_seconds = 5", "recheck_seconds"),
        ("recheck_seconds = 601", "recheck_seconds"), ("believe = true", "believe"),
        ("institute_url = 3", "institute_url"),
    ],
)  # fmt: skip
def test_a_value_out_of_its_bounds_stops_the_start(tmp_path: Path, line: str, words: str) -> None:
    """S77: also an unknown key."""
    with pytest.raises(SettingsProblem, match=words):
        load_settings(written(tmp_path, f'[network]\ninstitute = ["192.0.2.0/24"]\n{line}\n'))


def test_the_table_names_its_networks(tmp_path: Path) -> None:
    """S77: a table without them is no table."""
    with pytest.raises(SettingsProblem, match="institute"):
        load_settings(written(tmp_path, "[network]\nbalancers = 1\n"))


@pytest.mark.parametrize(
    "url", ["", "http://127.0.0.1:8001", "http://localhost:8001", "https://inside.example:8443", "https://192.0.2.7"]
)
def test_an_address_is_encrypted_or_this_machines_own(url: str) -> None:
    """SES-14: as any other address of this installation."""
    assert network_problem(network(institute_url=url)) is None


@pytest.mark.parametrize(
    ("cluster", "url", "taken"),
    [
        ("http://10.96.0.7", "http://10.96.0.8", True),
        ("http://10.96.0.7", "http://[fd00::8]", True),
        ("http://10.96.0.7", "http://8.8.8.8", False),
        ("http://10.96.0.7", "http://169.254.0.8", False),
        ("http://10.96.0.7", "http://inside.example.org", False),
        ("https://sluis.example.org", "http://10.96.0.8", False),
        ("https://10.96.0.7", "http://10.96.0.8", False),
        ("", "http://10.96.0.8", False),
    ],
)
def test_only_beside_a_hub_that_is_neither_is_a_private_address_unencrypted(
    cluster: str, url: str, taken: bool
) -> None:
    """SES-14: a cluster of tests has no names and no certificates; on one machine, and where the hub has TLS, never."""
    problem = network_problem(network(institute_url=url), cluster)
    assert (problem is None) if taken else "network.institute_url" in str(problem)


def test_the_file_of_a_cluster_without_names_is_read(tmp_path: Path) -> None:
    """SES-14: the address of the cluster is told to the check of the table."""
    table = network(institute_url="http://10.96.0.8", balancers=0)
    settings = msgspec.structs.replace(with_cluster(url="http://10.96.0.7"), network=table)
    assert load_settings(written(tmp_path, settings_text(settings, "A test"))) == settings


OWN = OriginSettings(
    hub="https://sluis.example.org", desk="https://desk.sluis.example.org", workspaces="https://*.work.example.org"
)
NAMELESS = network(institute_url="", balancers=1)


@pytest.mark.parametrize(
    ("table", "origins", "cluster", "words"),
    [
        (NAMELESS, OWN, "", None),
        (network(institute_url="https://a.example.org", balancers=1), OWN, "", "does not go with addresses"),
        (network(institute_url="", balancers=0), OWN, "", "network.balancers is 0"),
        (NAMELESS, msgspec.structs.replace(OWN, hub=""), "https://sluis.example.org", None),
        (
            network(institute_url="", balancers=0), msgspec.structs.replace(OWN, hub=""), "https://sluis.example.org",
            "network.balancers is 0",
        ),
        (NAMELESS, OriginSettings(), "https://sluis.example.org", "network.institute_url is empty"),
        (network(institute_url="", balancers=0), OriginSettings(), "", None),
    ],
)  # fmt: skip
def test_the_door_has_a_name_of_its_own_or_the_names_of_the_rest(
    table: NetworkSettings, origins: OriginSettings, cluster: str, words: str | None
) -> None:
    """S78, SES-07: never both, and whatever ends TLS before it is counted."""
    problem = door_problem(table, origins, cluster)
    assert (problem is None) if words is None else words in str(problem)
