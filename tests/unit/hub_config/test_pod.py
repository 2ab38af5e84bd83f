"""A part's state folder from what its pod has mounted: whole, private, and with the secrets of that part alone."""

import stat
from pathlib import Path

import msgspec
import pytest

from access_policy.log.keys import load_keys
from hub_config.bootstrap import StateProblem
from hub_config.in_cluster import become
from hub_config.login_settings import Login, LoginProvider
from hub_config.origins import Origins, OriginSettings
from hub_config.places import Places
from hub_config.pod import DESK, HUB, SECRETS, WARDEN, Pod, copy_sources, running_of
from hub_config.running import Running
from hub_config.settings import load_settings
from tests.unit.hub_config.clusters import CLUSTER, SETTINGS, TOKENS, mount_sources
from tests.unit.hub_config.clusters import SECRETS as ALL

pytestmark = pytest.mark.unit

SERVICES = {"HUB_SERVICE_HOST": "10.96.0.1", "DESK_SERVICE_HOST": "10.96.0.2", "PROXY_API_SERVICE_HOST": "fd00::3"}


def pod(folder: Path, part: str, secrets: dict[str, str] = ALL, **environment: str) -> Pod:
    """Return a pod with its sources in a folder."""
    mount_sources(folder / "etc", SETTINGS, secrets)
    return Pod(part=part, places=Places(folder / "state"), sources=folder / "etc", environment=SERVICES | environment)


def assembled(one: Pod) -> Running:
    """Assemble the state folder of a pod."""
    copy_sources(one)
    assert SETTINGS.cluster is not None
    return running_of(one, load_settings(one.places.settings), SETTINGS.cluster, SETTINGS.login.issuer)


def test_the_hub_knows_the_services_and_listens_everywhere(tmp_path: Path) -> None:
    """Addresses come from the environment that Kubernetes gives, so no name is looked up (NET-10)."""
    running = assembled(pod(tmp_path, HUB))
    assert (running.hub, running.desk) == ("http://10.96.0.1:8081", "http://10.96.0.2:8082")
    assert running.proxy_api == "http://[fd00::3]:8001"
    assert running.listening(running.hub) == ("0.0.0.0", 8081)
    assert running.url == CLUSTER.url
    assert running.client_secret == "given by the provider"
    assert (tmp_path / "state/hub/cookie_secret").read_text(encoding="utf-8") == "0f" * 32


@pytest.mark.parametrize("part", [HUB, DESK, WARDEN])
def test_a_part_gets_its_own_secrets_and_no_others(tmp_path: Path, part: str) -> None:
    """SPW-11: the desk cannot change routes, the warden cannot be the desk."""
    running = assembled(pod(tmp_path, part))
    known = {running.proxy_token, running.desk_token, running.warden_token, running.client_secret} - {""}
    assert known == {ALL[name] for name in SECRETS[part] if name != "cookie-secret"}
    assert (tmp_path / "state/hub/cookie_secret").exists() is (part == HUB)


def test_the_hub_has_a_secret_of_each_login_provider_and_the_others_have_none(tmp_path: Path) -> None:
    """SPW-11: with several providers, each one's own, and no single one."""
    providers = tuple(
        LoginProvider(name=name, title=name, issuer=f"https://{name}.nl", client_id="x", domains=(f"{name}.nl",))
        for name in ("rug", "umcg")
    )
    settings = msgspec.structs.replace(SETTINGS, login=Login(providers=providers))
    secrets = {name: ALL[name] for name in ALL if name != "client-secret"}
    for part, expected in ((HUB, {"rug": "one", "umcg": "two"}), (DESK, {}), (WARDEN, {})):
        folder = tmp_path / part
        mount_sources(folder / "etc", settings, secrets | {"client-secret-rug": "one", "client-secret-umcg": "two"})
        one = Pod(part=part, places=Places(folder / "state"), sources=folder / "etc", environment=SERVICES)
        copy_sources(one)
        running = running_of(one, settings, CLUSTER, "https://rug.nl")
        assert (running.client_secrets, running.client_secret, running.issuer) == (expected, "", "https://rug.nl")
    (tmp_path / HUB / "etc" / "secrets" / "client-secret-umcg").unlink()
    with pytest.raises(StateProblem, match="client-secret-umcg"):
        running_of(Pod(part=HUB, places=Places(tmp_path / HUB / "state"), sources=tmp_path / HUB / "etc",
                       environment=SERVICES), settings, CLUSTER, "")  # fmt: skip


def test_warden_and_desk_have_probes_of_their_own(tmp_path: Path) -> None:
    """Kubernetes asks them; browsers never reach these ports."""
    desk, warden = assembled(pod(tmp_path / "d", DESK)), assembled(pod(tmp_path / "w", WARDEN))
    assert desk.listening(desk.desk_probes) == ("0.0.0.0", 8083)
    assert warden.listening(warden.warden) == ("0.0.0.0", 8084)


def test_all_that_is_assembled_is_private(tmp_path: Path) -> None:
    """A Secret is mounted readable by the group; libpq and the keys' own check want 0600."""
    one = pod(tmp_path, HUB, ALL | {"pgpass": "db:5432:sluis:sluis_hub:secret"})
    assembled(one)
    files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert len(files) == 6
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert load_keys(one.places.keys).master == bytes([1]) * 32
    assert one.password_file.read_text(encoding="utf-8") == "db:5432:sluis:sluis_hub:secret\n"


def test_a_container_that_starts_again_takes_what_is_mounted_now(tmp_path: Path) -> None:
    """Its folder may hold what an earlier start left, whole or not."""
    one = pod(tmp_path, HUB)
    assembled(one)
    changed = one.sources / "secrets" / "desk-token"
    changed.chmod(0o640)
    changed.write_text("y" * 40, encoding="utf-8")
    (one.places.state / "running.json").write_text("half of", encoding="utf-8")
    assert assembled(one).desk_token == "y" * 40


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("proxy-token", "short", "`proxy-token` does not hold 32 to 64"),
        ("desk-token", "x" * 65, "`desk-token` does not hold"),
        ("warden-token", "with a space in it " * 2, "`warden-token` does not hold"),
        ("cookie-secret", "x" * 64, "openssl rand -hex 32"),
    ],
)
def test_a_secret_that_can_be_guessed_is_none(tmp_path: Path, name: str, text: str, words: str) -> None:
    """DEP-01: a part does not start with it; the secret itself is not in the line (TOK-04)."""
    with pytest.raises(StateProblem, match=words) as refused:
        assembled(pod(tmp_path, HUB, ALL | {name: text}))
    assert text not in str(refused.value)


def test_what_is_not_mounted_is_named(tmp_path: Path) -> None:
    """One line, with where it was looked for."""
    with pytest.raises(StateProblem, match="client-secret` cannot be read"):
        assembled(pod(tmp_path / "a", HUB, TOKENS))
    one = pod(tmp_path / "b", DESK)
    (one.sources / "keys" / "lookup.key").unlink()
    with pytest.raises(StateProblem, match=r"lookup\.key` cannot be read"):
        copy_sources(one)


def test_a_service_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Kubernetes gives a pod the addresses of Services that were there before it."""
    with pytest.raises(StateProblem, match="HUB_SERVICE_HOST"):
        assembled(pod(tmp_path, WARDEN, HUB_SERVICE_HOST=""))


def test_the_texts_are_read_where_they_are_mounted(tmp_path: Path) -> None:
    """S25: a text that is put there later is found, and its hash says whether it is the right one."""
    one = pod(tmp_path, DESK)
    (one.sources / "documents").mkdir()
    copy_sources(one)
    (one.sources / "documents" / "new.txt").write_text("a text", encoding="utf-8")
    assert (one.places.documents / "new.txt").read_text(encoding="utf-8") == "a text"


OWN = OriginSettings(desk="https://desk.example.org", workspaces="https://*.work.example.org")


@pytest.mark.parametrize("part", [HUB, DESK, WARDEN])
def test_each_part_knows_where_browsers_find_the_others(tmp_path: Path, part: str) -> None:
    """SES-07: the hub at `cluster.url`, and the others where the settings say."""
    one = pod(tmp_path, part)
    copy_sources(one)
    web = running_of(one, msgspec.structs.replace(SETTINGS, origins=OWN), CLUSTER, "").web
    assert (web.hub, web.desk) == (CLUSTER.url, "https://desk.example.org")
    assert web.host("P-3", "DR-12") == "p-3-dr-12.work.example.org"
    assert assembled(pod(tmp_path / "shared", part)).web == Origins(hub=CLUSTER.url, desk=CLUSTER.url, told=True)


@pytest.mark.parametrize("part", SECRETS)
def test_no_part_starts_on_one_shared_address_that_nobody_allowed(
    tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SES-07: a cluster is no demo on loopback; `prepare` says so before a release."""
    monkeypatch.setenv("SLUIS_STATE", "")
    mount_sources(tmp_path / "etc", msgspec.structs.replace(SETTINGS, origins=OriginSettings()), ALL)
    one = Pod(part=part, places=Places(tmp_path / "state"), sources=tmp_path / "etc", environment=SERVICES)
    with pytest.raises(StateProblem, match="allow_shared_origin = true"):
        become(one)
