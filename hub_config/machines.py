"""Which machine the warden looks after: this one's sandboxes, or with `[cluster]` the pods of a cluster."""

import time
from typing import NamedTuple

from kubernetes import config
from kubernetes.client import ApiClient

from access_policy.use_cases import Policy
from hub_config.bootstrap import StateProblem
from hub_config.cluster_settings import Cluster, site_of
from spawner.warden.api import Api
from spawner.warden.claims import ClaimHomes
from spawner.warden.cluster import ClusterMachine


class InCluster(NamedTuple):
    """The cluster as the warden sees it: its pods, and the homes of its requests."""

    machine: ClusterMachine
    homes: ClaimHomes


def in_cluster(cluster: Cluster, policy: Policy, institute: bool) -> InCluster:
    """Return the cluster with the pod's own account. Raises StateProblem, LogError."""
    with policy.reading_behind() as state:
        installation = state.installation
    api = cluster_api()
    machine = ClusterMachine(api, site_of(cluster, institute), installation, time.monotonic)
    return InCluster(machine, ClaimHomes(api, cluster.namespace_prefix, installation))


def cluster_api() -> Api:
    """Return the cluster's API: in a pod as its account, elsewhere by KUBECONFIG. Raises StateProblem."""
    try:
        config.load_incluster_config()
    except config.ConfigException:
        _by_file()
    return Api(ApiClient(), time.monotonic)


def _by_file() -> None:
    try:
        config.load_kube_config()
    except (config.ConfigException, OSError) as error:
        raise StateProblem(f"no way to the cluster's API ({' '.join(str(error).split())}); set KUBECONFIG") from None
