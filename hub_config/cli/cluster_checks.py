"""The lines of `sluis check` about a cluster: is its API there, does it refuse, is every place of a request ours?

It asks as whoever runs the command: in a pod as its account, elsewhere by KUBECONFIG. Whoever may not look is told so.
"""

from collections.abc import Iterator
from datetime import datetime

from access_policy.state import State
from hub_config.cli.checks import Line
from hub_config.cluster_settings import Cluster
from spawner import cluster_names as names
from spawner.warden.api import Api, Trouble
from spawner.warden.grants import given
from spawner.warden.locks import Locks


def cluster_lines(api: Api, cluster: Cluster, state: State, at: datetime) -> Iterator[Line]:
    """Look at the cluster as it has to be at `at`; nothing more is asked once its API does not answer."""
    try:
        spaces = {one["metadata"]["name"]: one for one in api.list("Namespace", names.REQUEST)}
    except Trouble as trouble:
        yield Line("cluster", False, _silent(trouble))
        return
    yield Line("cluster", True, "its API answers, and lets this account look")
    yield _locks(Locks(api, lambda: 0.0))
    wanted = {names.namespace(one.request, cluster.namespace_prefix) for one in given(state, at)}
    yield _places(wanted, state.installation, {name: one["metadata"]["labels"] for name, one in spaces.items()})


def _silent(trouble: Trouble) -> str:
    if trouble.status in (401, 403):
        return "this account may not look at it; run this with one that reads namespaces and admission policies"
    return f"{trouble}; nothing starts meanwhile, and what was withdrawn is tried again"


def _locks(locks: Locks) -> Line:
    try:
        found = locks.problems()
    except Trouble as trouble:
        return Line("admission", False, _silent(trouble))
    return Line("admission", not found, found[0] if found else "its policies stand")


def _places(wanted: set[str], installation: str, labels: dict[str, dict[str, str]]) -> Line:
    """Name the first namespace that is not there, or is another's: the warden never touches that one."""
    others = [name for name in wanted & labels.keys() if labels[name].get(names.INSTALLATION) != installation]
    if others:
        return Line("places", False, f"namespace `{min(others)}` is not of this installation; take it away, or rename")
    missing = wanted - labels.keys()
    if missing:
        return Line("places", False, f"namespace `{min(missing)}` is not made yet; look into the warden's log")
    return Line("places", True, f"all {len(wanted)} requests that give something have their namespace")
