"""The state folder of one part that runs in a pod: assembled at each start from what the pod has mounted.

Nothing in it outlives the pod: the log and JupyterHub's own tables are in PostgreSQL, checkpoints on a volume that the
parts share. Each part is given the secrets that it needs and no others; what is missing is named in one line.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec

from access_policy.log.files import write_whole
from access_policy.log.keys import NAMES
from hub_config.bootstrap import StateProblem
from hub_config.cluster_settings import Cluster
from hub_config.institute_door import DoorAddress
from hub_config.login_settings import LoginProvider, first_issuer
from hub_config.network_settings import NetworkSettings
from hub_config.origins import origins_of
from hub_config.places import Places
from hub_config.running import Running
from hub_config.settings import Settings

HUB, DESK, WARDEN, PREPARE = "hub", "desk", "warden", "prepare"
_CLIENT = "client-secret"

SECRETS: Mapping[str, tuple[str, ...]] = {
    HUB: ("proxy-token", "desk-token", "warden-token", "client-secret", "cookie-secret"),
    DESK: ("desk-token",),
    WARDEN: ("proxy-token",),
    PREPARE: (),
}
"""The files below `secrets` that each part has to have; `pgpass` is one more where the database asks for a password."""

_SERVICES: Mapping[str, tuple[str, ...]] = {
    HUB: ("hub", "proxy-api", "desk"), DESK: ("hub", "desk"), WARDEN: ("hub", "proxy-api"), PREPARE: (),
}  # fmt: skip
_AT_DOORS = (HUB, WARDEN)
"""The parts that give routes to the proxies, or take them away."""
_PORTS = {"hub": 8081, "proxy-api": 8001, "proxy-institute-api": 8001, "desk": 8082}
_PROBES = {DESK: 8083, WARDEN: 8084}
_TOKEN = re.compile(r"[!-~]{32,64}")
_COOKIE_SECRET = re.compile(r"[0-9a-f]{64}")
_MOST = 100_000  # bytes of a mounted file


class Pod(msgspec.Struct, frozen=True, kw_only=True):
    """What a pod says to its part: where the sources are mounted, and the addresses of the Services (`environment`)."""

    part: str
    places: Places
    sources: Path
    environment: Mapping[str, str]

    @property
    def listen(self) -> str:
        """The address that a part listens on: all of the pod's; NetworkPolicies say who comes to it."""
        return self.environment.get("SLUIS_LISTEN") or "0.0.0.0"  # noqa: S104

    @property
    def password_file(self) -> Path:
        """Where libpq finds the passwords (PGPASSFILE)."""
        return self.places.state / "pgpass"


def copy_sources(pod: Pod) -> None:
    """Write settings, keys and passwords into the state folder, 0600 each, anew at each start. Raises StateProblem."""
    places = pod.places
    for folder in (places.state, places.keys, places.hub):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(places.settings, _read(pod, "sluis.toml"))
    for name in NAMES:
        write_whole(places.keys / name, _read(pod, f"keys/{name}"))
    if (pod.sources / "secrets" / "pgpass").exists():
        write_whole(pod.password_file, _read(pod, "secrets/pgpass"))
    if (pod.sources / "documents").is_dir() and not places.documents.exists():
        places.documents.symlink_to(pod.sources / "documents")


def running_of(pod: Pod, settings: Settings, cluster: Cluster, identity_issuer: str) -> Running:
    """Return what a part knows of the others, and write the hub's cookie secret. Raises StateProblem."""
    secrets = {name: _secret(pod, name) for name in _secret_names(pod.part, settings)}
    if "cookie-secret" in secrets:
        write_whole(pod.places.hub / "cookie_secret", secrets["cookie-secret"].encode())
    hub, proxy_api, desk = (
        _service(pod, name) if name in _SERVICES[pod.part] else "" for name in ("hub", "proxy-api", "desk")
    )
    return Running(
        url=cluster.url, demo=False, hub=hub, proxy_api=proxy_api, desk=desk,
        desk_probes=_probes(pod, DESK), warden=_probes(pod, WARDEN),
        issuer=first_issuer(settings.login), identity_issuer=identity_issuer, client_id=settings.login.client_id,
        client_secret=secrets.get("client-secret", ""), proxy_token=secrets.get("proxy-token", ""),
        desk_token=secrets.get("desk-token", ""), warden_token=secrets.get("warden-token", ""),
        client_secrets={one.name: secrets[f"{_CLIENT}-{one.name}"] for one in _providers(pod.part, settings)},
        supervisor_pid=0, listen=pod.listen, origins=origins_of(settings.origins, cluster.url),
        mail_password=_mail_password(pod, settings), **_institute_door(pod, settings.network),
    )  # fmt: skip


def _institute_door(pod: Pod, network: NetworkSettings | None) -> DoorAddress:
    """Return what a part knows of the institute's proxy (S78)."""
    if network is None:
        return {}
    return {
        "institute_url": network.institute_url,
        "institute_api": _service(pod, "proxy-institute-api") if pod.part in _AT_DOORS else "",
    }


def _providers(part: str, settings: Settings) -> tuple[LoginProvider, ...]:
    return settings.login.providers if part == HUB else ()


def _secret_names(part: str, settings: Settings) -> list[str]:
    """Return the secrets that a part has to have: with several login providers a client secret of each."""
    several = [f"{_CLIENT}-{one.name}" for one in _providers(part, settings)]
    return [*(name for name in SECRETS[part] if name != _CLIENT or not several), *several]


def _read(pod: Pod, name: str) -> bytes:
    path = pod.sources / name
    try:
        with path.open("rb") as file:
            return file.read(_MOST)
    except OSError as error:
        raise StateProblem(f"`{path}` cannot be read ({error.strerror}); mount it, see docs/kubernetes.md") from None


def _secret(pod: Pod, name: str) -> str:
    """Return a secret. One that can be guessed is none: tokens have 32 characters at least (DEP-01)."""
    text = _read(pod, f"secrets/{name}").decode("ascii", "replace").strip()
    if name.startswith(_CLIENT):
        return text
    if name == "cookie-secret":
        known, wanted = _COOKIE_SECRET.fullmatch(text), "64 digits of 0-9 and a-f; make it with `openssl rand -hex 32`"
    else:
        known, wanted = _TOKEN.fullmatch(text), "32 to 64 plain characters; make it with `openssl rand -hex 32`"
    if known is None:
        raise StateProblem(f"secret `{name}` does not hold {wanted}")
    return text


def _mail_password(pod: Pod, settings: Settings) -> str:
    """Return the password for the mail server: for the desk alone, which sends, and where a user logs in there."""
    if pod.part != DESK or settings.mail is None or not settings.mail.user:
        return ""
    return _read(pod, "secrets/mail-password").decode("utf-8", "replace").strip()


def _service(pod: Pod, name: str) -> str:
    """Return the address of a Service, which Kubernetes writes into the environment: no name has to be looked up."""
    variable = name.upper().replace("-", "_")
    host = pod.environment.get(f"{variable}_SERVICE_HOST", "")
    if not host:
        way_out = "make the Services before the pods, and leave enableServiceLinks on"
        raise StateProblem(f"there is no `{variable}_SERVICE_HOST` for the Service `{name}`; {way_out}")
    port = pod.environment.get(f"{variable}_SERVICE_PORT") or _PORTS[name]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _probes(pod: Pod, part: str) -> str:
    """Return where a part's own probes are; another port for the tests, where all pods are one machine."""
    return f"http://127.0.0.1:{pod.environment.get('SLUIS_PROBES_PORT') or _PROBES[part]}" if part == pod.part else ""
