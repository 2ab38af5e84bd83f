"""Enforces NetworkPolicy on the tests' node with nftables, as `render` reads the specification.

python -m tests.cluster.netpol.serve KUBECONFIG
"""

import subprocess
import sys
import time
from pathlib import Path

from tests.cluster.api import Api
from tests.cluster.netpol.render import render, world
from tests.cluster.setting import POD_RANGE, say
from tests.cluster.watching import Objects, Watched

KINDS = {
    "pods": "/api/v1/pods",
    "namespaces": "/api/v1/namespaces",
    "policies": "/apis/networking.k8s.io/v1/networkpolicies",
}


def main(kubeconfig: Path) -> None:
    """Renders anew after each change; what nftables refuses is said and tried again."""
    watched = Watched(Api.of(kubeconfig), KINDS)
    last = ""

    def put(objects: Objects) -> None:
        nonlocal last
        text = render(world(objects["pods"], objects["namespaces"], objects["policies"]), POD_RANGE)
        if text == last:
            return
        done = subprocess.run(["nft", "-f", "-"], input=text, text=True, capture_output=True, timeout=30, check=False)
        last = text if done.returncode == 0 else ""
        if done.returncode:
            say(f"nft: {done.stderr}\n{text}")
            time.sleep(0.5)
            watched.again()

    while True:
        watched.turn(put)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
