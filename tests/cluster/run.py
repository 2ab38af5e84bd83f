"""`make test-cluster`: builds what is missing, brings a cluster up, runs the tests of this folder, takes it down.

    python -m tests.cluster.run [pytest's words]

A cluster that is up already is used and left up. Without words it runs everything here: first what needs a module proxy
(`notes`), outside, then the rest, in the cluster's network namespace.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.cluster import down, node, up
from tests.cluster.processes import pids
from tests.cluster.setting import HERE, ROOT, Setting, say, setting

OUTSIDE = HERE / "notes"


def pytest(*words: str) -> int:
    """One run of pytest over these words, in a process of its own."""
    return subprocess.run([sys.executable, "-m", "pytest", *words], cwd=ROOT, check=False).returncode


@contextmanager
def a_cluster() -> Iterator[Setting]:
    """Give the cluster that is up, which is left up; or bring one up, and take it down."""
    here = setting()
    there = bool(pids(here, "kube-apiserver")) and here.images.exists()
    packed = up.prepare()  # before the network namespace is entered: it needs registries
    if there:
        say(f"using the cluster that is up in {here.folder}")
        node.load(here, packed)
    try:
        if not there:
            up.bring_up(here, packed)
        yield here
    finally:
        if not there:
            down.take_down(here)


def inside(words: list[str]) -> int:
    """The tests that need the cluster."""
    with a_cluster() as here:
        os.environ["CLUSTER"] = str(here.folder)
        return pytest(*(words or [str(HERE), f"--ignore={OUTSIDE}"]))


def main(words: list[str]) -> int:
    """Everything, or what is asked for; the first failure's code."""
    signal.signal(signal.SIGTERM, up.interrupted)
    outside = pytest(str(OUTSIDE)) if not words else 0
    return inside(words) or outside


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
