"""A cluster's settings and what its pods have mounted, for tests that need no cluster."""

from pathlib import Path

import msgspec

from access_policy.model.enums import Region
from hub_config.cli.settings_text import settings_text
from hub_config.cluster_settings import Cluster
from hub_config.login_settings import Login
from hub_config.origins import OriginSettings
from hub_config.settings import Log, Settings

DIGEST = f"sha256:{'a1' * 32}"
CLUSTER = Cluster(
    url="https://sluis.example.org",
    region=Region.EUROPE_WEST4,
    image=f"registry.example.org/sluis/workspace@{DIGEST}",
    hub_database="postgresql://jupyterhub@db.example.org/jupyterhub",
    host_aliases=("199.36.153.8 storage.example.org",),
    storage_cidrs=("199.36.153.8/30",),
)
SETTINGS = Settings(
    login=Login(issuer="https://login.example.org", client_id="sluis"),
    log=Log(database="postgresql://db.example.org/sluis", checkpoints="/var/lib/sluis-checkpoints"),
    origins=OriginSettings(allow_shared_origin=True),
    cluster=CLUSTER,
)
TOKENS = {name: f"{name}-{'x' * 32}" for name in ("proxy-token", "desk-token", "warden-token")}
SECRETS = TOKENS | {"client-secret": "given by the provider", "cookie-secret": "0f" * 32}


def with_cluster(**changes: object) -> Settings:
    """Return the settings with some of the cluster's changed."""
    return msgspec.structs.replace(SETTINGS, cluster=msgspec.structs.replace(CLUSTER, **changes))


def mount_sources(folder: Path, settings: Settings, secrets: dict[str, str]) -> None:
    """Lay out what a pod has below `/etc/sluis`, readable by its group as Kubernetes does it."""
    (folder / "keys").mkdir(parents=True)
    (folder / "secrets").mkdir()
    (folder / "sluis.toml").write_text(settings_text(settings, "A test"), encoding="utf-8")
    for number, name in enumerate(("master.key", "lookup.key", "checkpoint.key"), 1):
        (folder / "keys" / name).write_bytes(bytes([number]) * 32)
    for name, text in secrets.items():
        (folder / "secrets" / name).write_text(text + "\n", encoding="utf-8")
    for path in folder.rglob("*"):
        path.chmod(0o750 if path.is_dir() else 0o440)
