"""What of the hub's part of the composition root is different in a cluster: its database, its addresses, its spawner.

The hub's pod may end at any time: JupyterHub's own tables are in PostgreSQL, and workspaces run on without it.
"""

import time
from functools import partial
from typing import Any, NamedTuple

from access_policy.use_cases import Policy
from hub_config.admission import Admission
from hub_config.cluster_settings import Cluster, host_alias
from hub_config.cluster_spawner import ClusterHubSpawner, send_dry
from hub_config.gate import Gate
from hub_config.hub_pages import ReadyPage
from hub_config.running import Running
from hub_config.settings import Settings
from spawner import cluster_names
from spawner.manifest import Cluster as Shared
from spawner.warden.grants import given


class Wired(NamedTuple):
    """What the spawner is wired with."""

    settings: Settings
    cluster: Cluster
    running: Running
    policy: Policy
    gate: Gate


START_SECONDS = 300
_MOST_LOOKED_AT = 20
_WAITS = {"connect_timeout": 5, "tcp_user_timeout": 5000, "target_session_attrs": "read-write"}


def shared(cluster: Cluster, hub: str) -> Shared:
    """Return what all workspaces of the cluster share; `hub` is the hub's address as they reach it."""
    return Shared(
        image=cluster.image,
        hub_url=hub,
        prefix=cluster.namespace_prefix,
        host_aliases=tuple(host_alias(line) for line in cluster.host_aliases),
    )


def addresses_in_cluster(c: Any, cluster: Cluster, running: Running) -> None:
    """Put JupyterHub's tables into PostgreSQL, and let it listen for the other pods."""
    host, port = running.listening(running.hub)
    c.JupyterHub.db_url = "postgresql+psycopg://" + cluster.hub_database.partition("://")[2]
    c.JupyterHub.db_kwargs = {"connect_args": _WAITS | {"options": "-c statement_timeout=5000 -c lock_timeout=5000"}}
    c.JupyterHub.hub_bind_url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    c.JupyterHub.hub_connect_url = running.hub


def workspaces_in_cluster(c: Any, wired: Wired) -> None:
    """Start workspaces as pods; they outlive the hub, which finds them again."""
    settings, cluster, running, policy, gate = wired
    admission = Admission(send_dry, time.monotonic)
    ClusterHubSpawner.gate = ClusterHubSpawner.policy = gate
    ClusterHubSpawner.admission = admission
    ClusterHubSpawner.profiles = settings.workspace_profiles
    ClusterHubSpawner.now = policy.now
    ClusterHubSpawner.cluster = shared(cluster, running.hub)
    ReadyPage.ready = partial(admission.ready, partial(_places, policy, cluster.namespace_prefix))
    c.JupyterHub.spawner_class = ClusterHubSpawner
    c.JupyterHub.cleanup_servers = False
    c.Spawner.start_timeout = START_SECONDS


def _places(policy: Policy, prefix: str) -> list[str]:
    """Return some of the namespaces in which the hub may be able to make pods. Raises LogError."""
    with policy.reading() as state:
        open_now = [one.request for one in given(state, policy.now())]
    return [cluster_names.namespace(request, prefix) for request in open_now[-_MOST_LOOKED_AT:]]
