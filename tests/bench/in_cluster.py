"""Warden and hub at a real API server whose nodes are fake: places compared, starts beside KubeSpawner's, memory.

`make bench-cluster` (root): brings a control plane with kwok up in a network namespace of its own, and takes it down.
No time is asserted. It is asserted that a warden with nothing to do writes nothing, as it counts itself and as every
object's version tells; that no start leaves anything; and that the hub's memory stays where it is.
"""

import argparse
import asyncio
import logging
import time

from tests.bench import on_fake_nodes, starts
from tests.bench.hub_process import hub_on
from tests.bench.on_fake_nodes import Databases
from tests.bench.reconcile import report
from tests.cluster.fake_nodes import fake_cluster
from tests.cluster.handle import Cluster
from tests.cluster.setting import Setting, say, setting

MOST_LEFT = 32 * 1024
"""Bytes of memory that a start may leave behind, on average: pools and caches go on filling for a while."""


def warden(cluster: Cluster, databases: Databases) -> None:
    """Let the warden make all places, and compare them again and again."""
    with on_fake_nodes.looking(cluster, databases.policy) as looking:
        print(f"make {len(databases.log.requests)} places: {looking.make()}")
        before = on_fake_nodes.versions(cluster)
        report(looking, len(databases.log.requests), made=False)
        assert on_fake_nodes.versions(cluster) == before, "somebody wrote an object of the places"
    print(f"{len(before)} objects, and the version of none of them moved")


async def hub(cluster: Cluster, databases: Databases, options: argparse.Namespace) -> None:
    """Let the hub start workspaces: beside KubeSpawner, in a row, at once."""
    async with hub_on(cluster, databases) as here:
        await starts.compare(here, 3)
        taken = await starts.compare(here, options.rounds)
        for some in (taken, starts.quietest(taken)):
            starts.print_compared(some)
        left = await starts.in_a_row(here, options.row)
        await starts.at_once(here, options.together)
        starts.nothing_left(here)
    assert left < MOST_LEFT, f"each start leaves {left:.0f} bytes behind"


def main() -> None:
    """Called by `make bench-cluster`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=500, help="active requests, with three people each")
    parser.add_argument("--rounds", type=int, default=100, help="starts of each kind that are compared; at least 8")
    parser.add_argument("--row", type=int, default=500, help="starts one after the other")
    parser.add_argument("--together", type=int, default=50, help="starts at once, three times")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    here, begun = setting(), time.monotonic()
    beside = Setting(here.folder.with_name(f"{here.folder.name}-fake"))
    with on_fake_nodes.databases(options.requests) as databases, fake_cluster(beside) as cluster:
        on_fake_nodes.give_homes(cluster, databases.log.requests, databases.log.people[0])
        on_fake_nodes.install(cluster)
        warden(cluster, databases)
        asyncio.run(hub(cluster, databases, options))
    say(f"done after {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
