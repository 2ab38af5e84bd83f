"""Which machine the warden looks after: this one's sandboxes, or with `[cluster]` the pods of a cluster."""

import time

from kubernetes import config
from kubernetes.client import ApiClient

from access_policy.use_cases import Policy
from hub_config.bootstrap import StateProblem
from hub_config.cluster_settings import Cluster, site_of
from spawner.warden.api import Api
from spawner.warden.cluster import ClusterMachine


def cluster_machine(cluster: Cluster, policy: Policy) -> ClusterMachine:
    """Return the cluster as the warden sees it, with the pod's own account. Raises StateProblem, LogError."""
    with policy.reading_behind() as state:
        installation = state.installation
    return ClusterMachine(cluster_api(), site_of(cluster), installation, time.monotonic)


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
