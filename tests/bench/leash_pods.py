"""How long a pod still reads data after its ground is gone: the bench of the leash, in the tests' cluster.

The kinds of endings, the readers and the table are those of `tests.bench.leash`. The workspaces are pods: their data
come by the storage driver, their ends by the API server and the kubelet.
"""

import argparse
import logging
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import cast

from hub_config.bootstrap import open_policy
from hub_config.places import Places
from spawner import cluster_names as names
from tests.bench.leash import ours, table, told
from tests.bench.leash_rooms import Room, Rooms, Shelf
from tests.bench.leash_sandbox import Guest, Sandboxes
from tests.cluster import store, up
from tests.cluster.api import Api, close
from tests.cluster.handle import Cluster
from tests.cluster.installed import BUCKET, Installed, provider
from tests.cluster.run import a_cluster
from tests.cluster.setting import Setting
from tests.integration.whole import RunningSluis

_AHEAD = timedelta(seconds=100)
_WORKSPACES = f"{names.PART}={names.WORKSPACE}"


class Pods(Sandboxes):
    """The rooms with their workspaces, as they run in the cluster."""

    profile = "tiny"

    def __init__(self, installed: Installed, rooms: Rooms) -> None:
        super().__init__(cast(RunningSluis, installed), rooms)
        self._cluster = installed.cluster

    def home(self, guest: Guest, room: Room) -> Path:
        """Return where the volume of a workspace's home lies; the cluster's node is this machine."""
        space = names.namespace(room.request)
        pod = self._cluster.pod(space, names.pod(guest.person))
        assert pod is not None, f"no pod in {space}"
        (home,) = [one["persistentVolumeClaim"] for one in pod["spec"]["volumes"] if one["name"] == "home"]
        bound = self._cluster.admin.read(f"/api/v1/namespaces/{space}/persistentvolumeclaims/{home['claimName']}")
        volume = self._cluster.admin.read(f"/api/v1/persistentvolumes/{bound['spec']['volumeName']}")
        return Path(volume["spec"]["local"]["path"])

    def running(self) -> int:
        """Return how many pods of workspaces there are and are not being deleted."""
        found = self._cluster.admin.read("/api/v1/pods", labelSelector=_WORKSPACES)["items"]
        return len([one for one in found if "deletionTimestamp" not in one["metadata"]])


@contextmanager
def pods(here: Setting, number: int) -> Iterator[Pods]:
    """Give a Sluis in a cluster with so many rooms, in each a workspace and its reader."""
    folder = Path(tempfile.mkdtemp(prefix="sluis-leash-"))
    up.enter(here)
    installed = Installed(Cluster(here, Api.of(here.kubeconfig("admin"))), folder)
    with ExitStack() as stack:
        stack.callback(close)
        stack.callback(shutil.rmtree, folder)
        stack.callback(installed.remove)
        installed.remove()  # what a killed run has left
        installed.install()
        places = Places(installed.state)
        rooms = Rooms(open_policy(places), places, number, Shelf(BUCKET, store.put_folder))
        rooms.ahead = _AHEAD
        stack.callback(rooms.policy.store.close)
        rooms.make()
        stack.enter_context(provider(installed))
        made = Pods(installed, rooms)
        stack.callback(made.close)
        made.start(rooms.all)
        yield made


def main() -> None:
    """Print a line for each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspaces", type=int, default=6, help="how many run all the time; 3 at least")
    parser.add_argument("--endings", type=int, default=5, help="how many of each kind")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, up.interrupted)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with a_cluster() as here, pods(here, options.workspaces) as running:
        print("\n".join(table(told(ours(running, options.endings)))), flush=True)


if __name__ == "__main__":
    main()
