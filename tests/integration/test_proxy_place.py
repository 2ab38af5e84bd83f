"""Who gets to a workspace by the institute's door: the proxy's own rule is the hub's, for whatever a browser sends."""

import json
import os
import random
import subprocess
from collections.abc import Sequence

import pytest

from access_policy.model.enums import Zone
from hub_config.network_settings import NetworkSettings
from hub_config.proxy import HERE, node_binary
from hub_config.zones import Came, Inside, place_of

pytestmark = pytest.mark.integration

NETWORKS = ("192.0.2.0/24", "10.0.0.0/9", "198.51.100.7/32", "2001:db8:7::/48")
ASK = """
import { isOutside } from "./place.mjs";
const cases = JSON.parse(process.argv[1]);
const asked = ([peer, line]) => isOutside({ socket: { remoteAddress: peer }, headers: { "x-forwarded-for": line } });
console.log(JSON.stringify(cases.map(asked)));
"""
TEXTS = (
    "192.0.2.0", "192.0.2.255", "192.0.3.0", "192.0.1.255", "10.127.255.255", "10.128.0.0", "198.51.100.7",
    "198.51.100.8", "2001:db8:7::1", "2001:db8:7:ffff::", "2001:db8:8::", "2001:DB8:7::A", "::ffff:192.0.2.9",
    "::ffff:c000:209", "::192.0.2.9", "::ffff:203.0.113.9", "::1", "::", "", " ", "192.0.2.9:443", "[2001:db8:7::1]",
    "2001:db8:7::1%eth0", "192.0.2.09", "192.0.2", "0xc0000209", "3221225993", "192.0.2.9/24", "unknown", "_x",
    '"192.0.2.9"', "for=192.0.2.9", "\x1c192.0.2.9", "\xa0192.0.2.9", "\t192.0.2.9 ", "192.0.2.9\x00", "1" * 2100,
)  # fmt: skip


def told(cases: Sequence[tuple[str, str]], balancers: int, networks: Sequence[str] = NETWORKS) -> list[bool]:
    """Ask the proxy's module about peers and forwarded lines: who is outside."""
    env = os.environ | {"SLUIS_INSTITUTE_NETWORKS": " ".join(networks), "SLUIS_BALANCERS": str(balancers)}
    command = [str(node_binary()), "--input-type=module", "--eval", ASK, json.dumps(cases)]
    ran = subprocess.run(command, cwd=HERE, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return list(json.loads(ran.stdout))


def expected(cases: Sequence[tuple[str, str]], balancers: int) -> list[bool]:
    inside = Inside(NetworkSettings(institute=NETWORKS).networks, "the word", balancers)
    asked = [Came(("the word",), (peer,), (line,)) for peer, line in cases]
    return [place_of(one, inside) is Zone.ANYWHERE for one in asked]


@pytest.mark.parametrize("balancers", [0, 1, 2])
def test_the_proxy_and_the_hub_tell_the_same(balancers: int) -> None:
    """NET-01, NET-04: each text as a peer and as a hop, and a thousand lines of them."""
    draw = random.Random(balancers)
    cases = [(text, other) for text in TEXTS for other in ("", "192.0.2.9", "203.0.113.9")]
    cases += [(other, text) for other in ("10.0.0.1", "203.0.113.9", "") for text in TEXTS]
    cases += [
        (draw.choice(TEXTS[:8]), draw.choice([",", ", "]).join(draw.choices(TEXTS[:-1], k=draw.randint(1, 4))))
        for _ in range(1000)
    ]
    answers = told(cases, balancers)
    assert answers == expected(cases, balancers)
    assert set(answers) == {True, False}


def test_another_door_asks_nobody() -> None:
    """S96: without networks everybody gets through, as ever."""
    assert told([("203.0.113.9", ""), ("", "")], 0, ()) == [False, False]
