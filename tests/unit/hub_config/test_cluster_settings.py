"""The table `[cluster]`: read back as written, and each wrong value or combination refused in one line."""

from pathlib import Path

import msgspec
import pytest

from access_policy.model.enums import Region
from hub_config.cli.settings_text import settings_text
from hub_config.cluster_settings import host_alias
from hub_config.login_settings import Login
from hub_config.origins import is_private
from hub_config.settings import Log, Settings, SettingsProblem, load_settings, login_problem
from spawner.warden.grants import Metadata
from tests.unit.hub_config.clusters import CLUSTER, SETTINGS, with_cluster

pytestmark = pytest.mark.unit


def loaded(folder: Path, settings: Settings) -> Settings:
    """Return the settings after a way through the file."""
    file = folder / "sluis.toml"
    file.write_text(settings_text(settings, "A test"), encoding="utf-8")
    return load_settings(file)


def test_without_the_table_workspaces_are_sandboxes_here(tmp_path: Path) -> None:
    """The file that `sluis init` writes has no such table, and an installation of before goes on as it was."""
    assert "[cluster]" not in settings_text(Settings(), "A test")
    assert loaded(tmp_path, Settings()).cluster is None


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        with_cluster(url="http://10.96.0.7:8000", storage_class="fast", home_gib=2),
        with_cluster(metadata_server=Metadata.IPTABLES, namespace_prefix="dr-", namespace="parts"),
    ],
    ids=["usual", "private address", "other names"],
)
def test_the_table_reads_back_what_was_written(tmp_path: Path, settings: Settings) -> None:
    """Also where a choice of words and lists of texts stand in it."""
    assert loaded(tmp_path, settings) == settings


WRONG = {
    "no database": (msgspec.structs.replace(SETTINGS, log=Log(checkpoints="/c")), "log.database"),
    "checkpoints in the pod": (
        msgspec.structs.replace(SETTINGS, log=Log(database="postgresql://db.example.org/sluis")), "log.checkpoints",
    ),
    "secret by file": (
        msgspec.structs.replace(SETTINGS, login=Login(client_secret_file="/s")), "login.client_secret_file",
    ),
    "no region": (with_cluster(region=Region.LOCAL), "cluster.region"),
    "image by tag": (with_cluster(image="registry.example.org/workspace:latest"), "cluster.image"),
    "image with a brace": (with_cluster(image="x{y}@" + CLUSTER.image.partition("@")[2]), "cluster.image"),
    "plain http": (with_cluster(url="http://sluis.example.org"), "not encrypted"),
    "plain http, public address": (with_cluster(url="http://8.8.8.8"), "not encrypted"),
    "url with a path": (with_cluster(url="https://sluis.example.org/hub"), "cluster.url"),
    "url with a user": (with_cluster(url="https://a@sluis.example.org"), "cluster.url"),
    "url that is none": (with_cluster(url="https://[sluis"), "cluster.url"),
    "hub's database with a password": (
        with_cluster(hub_database="postgresql://hub:secret@db.example.org/hub"), "holds a password",
    ),
    "hub's database without user": (with_cluster(hub_database="postgresql://db.example.org/hub"), "with a user"),
    "hub's database is a file": (with_cluster(hub_database="sqlite:///hub.sqlite"), "no URL of a database"),
    "hub's database is the log's": (
        with_cluster(hub_database="postgresql://jupyterhub@db.example.org/sluis"), "the log's database",
    ),
    "prefix": (with_cluster(namespace_prefix="Sluis--"), "namespace prefix"),
    "parts among the requests": (with_cluster(namespace="sluis-dr-1"), "named like a request's"),
    "alias": (with_cluster(host_aliases=("storage.example.org",)), "cluster.host_aliases"),
    "alias with a brace": (with_cluster(host_aliases=("10.0.0.1 {username}",)), "cluster.host_aliases"),
    "network": (with_cluster(storage_cidrs=("storage.example.org",)), "cluster.storage_cidrs"),
    "every address": (with_cluster(storage_cidrs=("0.0.0.0/0",)), "too wide; write networks of /24"),
    "a wide network": (with_cluster(storage_cidrs=("199.36.153.8/30", "2600:2d00::/32")), "networks of /56"),
    "namespace": (with_cluster(namespace="Sluis"), "cluster.namespace"),
}  # fmt: skip


@pytest.mark.parametrize(("settings", "words"), WRONG.values(), ids=[name.replace(" ", "-") for name in WRONG])
def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path, settings: Settings, words: str) -> None:
    """DEP-01: the line names the key and what to write instead."""
    with pytest.raises(SettingsProblem) as refused:
        loaded(tmp_path, settings)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_unknown_key_stops_the_start(tmp_path: Path) -> None:
    """DEP-01: a misspelt key is not left out in silence."""
    file = tmp_path / "sluis.toml"
    file.write_text(settings_text(SETTINGS, "A test").replace("home_gib", "home_gb"), encoding="utf-8")
    with pytest.raises(SettingsProblem, match="home_gb"):
        load_settings(file)


def test_an_alias_is_an_address_and_a_name() -> None:
    """As a line of a hosts file; anything else has no place in a pod."""
    assert host_alias("199.36.153.8 storage.example.org") == ("199.36.153.8", "storage.example.org")
    for line in ("", "199.36.153.8", "199.36.153.8  x", "199.36.153.8 a b", "300.1.1.1 a", "1.1.1.1 A", "1.1.1.1 a_b"):
        with pytest.raises(ValueError, match="host_aliases"):
            host_alias(line)


def test_a_private_address_is_one_by_its_number() -> None:
    """A name may lead anywhere, so it is none."""
    assert [is_private(url) for url in ("http://10.96.0.7:8000", "http://127.0.0.1", "http://[::1]:8000")] == [True] * 3
    assert not any(is_private(url) for url in ("http://localhost", "http://8.8.8.8", "https://sluis.example.org"))


@pytest.mark.parametrize("host", ["0.0.0.0", "169.254.169.254", "192.0.2.7", "100.64.0.1", "172.32.0.1", "[fe80::1]"])
def test_an_address_that_is_only_odd_is_not_private(host: str) -> None:
    """SES-14: of the machine's links, of documents, of carriers: what a cluster gives its Services is none of these."""
    assert not is_private(f"http://{host}:8000")


def test_the_secret_of_the_login_is_mounted(tmp_path: Path) -> None:
    """In a cluster no file has to be named for it."""
    assert login_problem(loaded(tmp_path, SETTINGS)) is None
