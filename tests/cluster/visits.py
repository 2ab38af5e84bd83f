"""What a person does with workspaces in an installed Sluis, and what is to be seen of it in the cluster."""

from collections.abc import Iterator

import httpx
import msgspec

from spawner import cluster_names as names
from tests.cluster import processes
from tests.cluster.handle import Cluster
from tests.cluster.installed import Installed
from tests.integration.whole import Visitor, until

BOUND = 180.0


def start(visitor: Visitor, request: str, profile: str = "small") -> None:
    """Ask for a workspace, and wait until its server answers through the proxy."""
    ask(visitor, request, profile)
    until(lambda: visitor.reaches(request), BOUND)


def ask(visitor: Visitor, request: str, profile: str = "small") -> None:
    """Ask for a workspace; who is told that it cannot be just now asks again, as a person does.

    So does who finds nobody there: a cluster whose API was away calls its node lost for some seconds when it is back.
    """
    until(lambda: _asked(visitor, request, profile) or visitor.reaches(request))


def _asked(visitor: Visitor, request: str, profile: str) -> bool:
    try:
        return "spawn-pending" in visitor.spawn(request, profile=profile).url.path
    except httpx.ConnectError:
        return False


def told(visitor: Visitor, request: str, seconds: int = 60) -> Iterator[str]:
    """Read what the page of a start is told, until nothing more comes."""
    stream = f"/hub/api/users/{visitor.person.lower()}/servers/{request.lower()}/progress"
    with visitor.http.stream("GET", stream, timeout=seconds) as answer:
        for line in answer.iter_lines():
            if line.startswith("data:"):
                yield msgspec.json.decode(line.removeprefix("data:")).get("message", "")


def uid(cluster: Cluster, visitor: Visitor, request: str) -> str | None:
    """Return the uid of a person's pod for a request, None where there is none."""
    found = cluster.pod(names.namespace(request), names.pod(visitor.person))
    return None if found is None else str(found["metadata"]["uid"])


def stop(cluster: Cluster, installed: Installed, visitor: Visitor, request: str) -> None:
    """Ask for the end of a workspace, and wait until it is gone and on record."""
    installed.do("stop-workspace", visitor.person, person=visitor.person, request=request)
    await_end(cluster, installed, visitor, request)


def await_end(cluster: Cluster, installed: Installed, visitor: Visitor, request: str) -> None:
    """Wait until a person's only workspace is gone and on record.

    After a trouble its node may be called lost for a moment: the end then counts as seen a minute after it is back.
    """
    try:
        processes.until("the pod is gone", lambda: uid(cluster, visitor, request) is None, 60)
    except processes.GaveUpError as gave_up:
        place = names.namespace(request)
        raise AssertionError(f"{gave_up}; {cluster.told(place, names.PERSON)}") from gave_up
    processes.until("the end is on record", lambda: installed.workspaces() == [], BOUND)


def suspend(installed: Installed, request: str) -> str:
    """Take the ground of a request away; return the fact's own time."""
    installed.do("suspend-request", "P-2", request=request, reason="a question")
    return str(installed.facts("RequestSuspended")[-1]["at"])


def reinstate(installed: Installed, request: str) -> None:
    """Give the ground of a suspended request back."""
    installed.agree("reinstate-request", "P-2", request=request, reason="answered")
