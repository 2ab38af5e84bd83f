"""The hub's own time for the start of a pod: our spawner beside plain KubeSpawner, in turn, against one API server.

The API server is the tests' fake one, in a process of its own, and its pods run at once: what is left is the hub's
work. Each start is of a request of its own, so both make their watches anew. Printed: processor time of the hub for
each start (the time on the clock is KubeSpawner's random waits), then starts in a row and at once, with the hub's
memory. The decision here is a stand-in; `decide` has the real one's time. Asserts that nothing is left behind, and no
time.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiohttp import web
from kubernetes_asyncio.client import Configuration
from kubespawner import KubeSpawner

from spawner.manifest import Server, expected_pod
from spawner.pod_traits import baseline, pod_traits
from spawner.reflectors import WatchingSpawner
from tests.bench.timing import p50
from tests.unit.spawner.fake_cluster import AT, CLUSTER, FakeCluster, FakePolicy, made, workspace

ROOT = Path(__file__).parents[2]


async def serve() -> None:
    """The API server's process: print the port, and answer until the other end goes away."""
    cluster, application = FakeCluster(), web.Application()
    application.router.add_route("*", "/{anything:.*}", cluster.answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


@contextlib.asynccontextmanager
async def api_server() -> AsyncIterator[None]:
    """Such a process, and a client that finds it; ended by closing what it reads."""
    command = [sys.executable, "-m", "tests.bench.start_pod", "--serve"]
    server = await asyncio.to_thread(_process, command)
    try:
        assert server.stdin is not None
        assert server.stdout is not None
        port = await asyncio.to_thread(server.stdout.readline)
        configuration = Configuration(host=f"http://127.0.0.1:{int(port)}")
        found = lambda: Configuration.set_default(configuration)  # noqa: E731
        setattr(sys.modules["kubernetes_asyncio"].config, "load_incluster_config", found)  # noqa: B010
        yield
    finally:
        await WatchingSpawner._stop_all_reflectors()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)
        server.stdin.close()  # type: ignore[union-attr]
        server.wait(timeout=10)


def _process(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ours(number: int) -> Any:
    """Our spawner for request `number`."""
    return made(FakePolicy(), server=f"dr-{number}")


def plain(number: int) -> Any:
    """KubeSpawner as it is, with the settings of the same pod."""
    spawner = made(FakePolicy(), server=f"dr-{number}", kind=_Plain)
    pod = expected_pod(workspace(request=f"DR-{number}"), CLUSTER, Server({}), AT)
    for name, value in (baseline(CLUSTER) | pod_traits(pod)).items():
        setattr(spawner, name, value)
    spawner.pod_name = "p-3"
    spawner.user_options = {}
    return spawner


class _Plain(KubeSpawner):  # type: ignore[misc]  # kubespawner ships no types
    """KubeSpawner under another name."""


async def one_start(spawner: Any) -> float:
    """Milliseconds of this process for one start; its end is not counted."""
    gc.collect()
    before = time.process_time_ns()
    await spawner.start()
    taken = (time.process_time_ns() - before) / 1e6
    await spawner.stop(now=True)
    await type(spawner)._stop_all_reflectors()
    return taken


async def compare(rounds: int) -> None:
    """In turn, and print the two beside each other."""
    taken: dict[str, list[float]] = {"KubeSpawner": [], "ours": []}
    for number in range(1, rounds + 1):
        taken["KubeSpawner"].append(await one_start(plain(2 * number)))
        taken["ours"].append(await one_start(ours(2 * number + 1)))
    print(f"{'hub, ms a start':24}{'p50':>8}{'p99':>8}{'ratio':>8}")
    for name, values in taken.items():
        ratio = p50(values) / p50(taken["KubeSpawner"])
        print(f"{name:24}{p50(values):8.2f}{statistics.quantiles(values, n=100)[98]:8.2f}{ratio:8.3f}")


async def added(rounds: int) -> None:
    """What of a start is ours alone: decision taken, values made, settings set, pod compared; without waiting."""
    taken = []
    for number in range(1, rounds + 1):
        spawner = ours(number)

        async def at_once() -> bool:
            return True

        spawner._place = at_once
        gc.collect()
        before = time.process_time_ns()
        await spawner.load_user_options()
        pod = await spawner.get_pod_manifest()
        spawner.api.create_namespaced_pod = _made
        await spawner._make_create_pod_request(pod, 1)
        taken.append((time.process_time_ns() - before) / 1e6)
        del spawner.api.create_namespaced_pod
    high = statistics.quantiles(taken, n=100)[98]
    print(f"{'decided to sent, ms':24}{p50(taken):8.2f}{high:8.2f}")


async def _made(*_: Any) -> None:
    """The pod was made."""


def memory() -> float:
    """Resident memory of this process in MiB."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def in_a_row(count: int) -> None:
    """Start and stop one after the other; the memory after each fifth of them."""
    read = []
    for number in range(1, count + 1):
        spawner = ours(10_000 + number)
        await spawner.start()
        await spawner.stop(now=True)
        if number % max(1, count // 5) == 0:
            read.append(memory())
    assert WatchingSpawner.reflectors == {}
    print(f"{count} in a row, MiB after each fifth: {' '.join(f'{one:.1f}' for one in read)}")


async def at_once(count: int) -> None:
    """Start that many together, then stop them together, three times."""
    read = []
    for turn in range(3):
        spawners = [ours(20_000 + turn * count + number) for number in range(count)]
        await asyncio.gather(*(one.start() for one in spawners))
        await asyncio.gather(*(one.stop(now=True) for one in spawners))
        read.append(memory())
    assert WatchingSpawner.reflectors == {}
    print(f"{count} at once, three times, MiB after each: {' '.join(f'{one:.1f}' for one in read)}")


async def bench(rounds: int, row: int, together: int) -> None:
    """All of it against one API server."""
    async with api_server():
        await one_start(ours(1))
        await compare(rounds)
        await added(rounds)
        await in_a_row(row)
        await at_once(together)


def main() -> None:
    """Called by `make bench`."""
    parser = argparse.ArgumentParser(description=json.dumps(__doc__.splitlines()[0] if __doc__ else ""))
    parser.add_argument("--rounds", type=int, default=100, help="starts of each kind that are compared")
    parser.add_argument("--row", type=int, default=500, help="starts one after the other")
    parser.add_argument("--together", type=int, default=50, help="starts at once")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    asyncio.run(serve() if asked.serve else bench(asked.rounds, asked.row, asked.together))


if __name__ == "__main__":
    main()
