"""Web origins: which addresses are refused, what follows from those that are not, and when a start is."""

import pytest

from hub_config.origins import Origins, OriginSettings, Senders, origin_problem, origins_of, start_problem
from hub_config.proxy_routes import ProxyRoutes

HUB, DESK, WORK = "https://sluis.example.org", "https://desk.example.org", "https://*.work.example.org"
OWN = OriginSettings(hub=HUB, desk=DESK, workspaces=WORK)
ORIGINS = origins_of(OWN, "http://127.0.0.1:8000")
NONE = OriginSettings()


def test_each_workspace_has_a_host_of_its_own() -> None:
    """SES-07: two workspaces of one person are two origins; routes name the host, without a port."""
    assert ORIGINS.workspace("P-3", "DR-12") == "https://p-3-dr-12.work.example.org"
    assert ORIGINS.workspace("p-3", "dr-1") != ORIGINS.workspace("p-3", "dr-12")
    assert ORIGINS.host("P-3", "DR-12") == "p-3-dr-12.work.example.org"
    assert (ORIGINS.desk_host, ORIGINS.hosts) == ("desk.example.org", ("sluis.example.org",))
    assert ORIGINS.all == (WORK, DESK, HUB)


def test_without_addresses_all_is_one_origin() -> None:
    """SES-07: a demo's; the address is the one that it listens on, or origins.hub."""
    shared = origins_of(NONE, "http://127.0.0.1:8000", told=False)
    assert shared == Origins(hub="http://127.0.0.1:8000", desk="http://127.0.0.1:8000")
    assert (shared.own, shared.host("P-3", "DR-1"), shared.desk_host) == (False, "", "")
    assert shared.workspace("P-3", "DR-1") == shared.hub
    assert shared.own_workspace("P-3", "DR-1") == ""
    assert origins_of(OriginSettings(hub=HUB, allow_shared_origin=True), "http://127.0.0.1:8000").hub == HUB


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("http://127.0.0.1:8000", ("127.0.0.1", "localhost", "[::1]")),
        ("http://localhost:8000", ("127.0.0.1", "localhost", "[::1]")),
        ("https://sluis.example.org", ("sluis.example.org",)),
        ("https://[2001:db8::1]:8443", ("[2001:db8::1]",)),
    ],
)
def test_one_origin_has_the_hosts_that_it_is_known_by(url: str, hosts: tuple[str, ...]) -> None:
    """SES-14: as a Host header names them, without a port."""
    assert origins_of(OriginSettings(hub=url, allow_shared_origin=True), "http://127.0.0.1:8000").hosts == hosts


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (OriginSettings(hub=HUB, desk=DESK), "origins.workspaces is missing"),
        (OriginSettings(hub=HUB, workspaces=WORK), "origins.desk is missing"),
        (OriginSettings(desk=DESK, workspaces=WORK), "origins.hub is missing"),
        (OriginSettings(hub=HUB, desk=DESK, workspaces=WORK, allow_shared_origin=True), "does not go with"),
        (OriginSettings(hub=HUB, desk=HUB, workspaces=WORK), "is the hub's host"),
        (OriginSettings(hub=HUB, desk=f"{HUB}:8443", workspaces=WORK), "is the hub's host"),
        (OriginSettings(hub=HUB, desk=DESK, workspaces="https://work.example.org"), "names one host"),
        (OriginSettings(hub=HUB, desk=DESK, workspaces="https://w*.example.org"), "names one host"),
        (OriginSettings(hub=HUB, desk=DESK, workspaces="https://*.*.example.org"), "names one host"),
        (OriginSettings(hub=HUB, desk=DESK, workspaces="https://*.example.org"), "stands below the workspaces'"),
        (OriginSettings(hub="http://sluis.example.org", desk=DESK, workspaces=WORK), "is not encrypted"),
        (OriginSettings(hub="http://sluis.example.org"), "is not encrypted"),
        (OriginSettings(hub="http://192.168.1.10:8000"), "is not encrypted"),
        (OriginSettings(hub="http://10.0.0.7", allow_shared_origin=True), "is not encrypted"),
        (OriginSettings(hub="http://[fd00::7]:8000"), "is not encrypted"),
        (OriginSettings(hub="http://hub.a.localhost", desk=DESK, workspaces=WORK), "partly encrypted"),
        (OriginSettings(hub=HUB, desk="https://desk.example.net", workspaces=WORK), "no domain in common"),
        (OriginSettings(hub="https://192.0.2.1", desk=DESK, workspaces=WORK), "is no address"),
        (OriginSettings(hub="https://sluis", desk=DESK, workspaces=WORK), "is no address"),
        *((OriginSettings(hub=one), "is no address") for one in (
            f"{HUB}/", f"{HUB}/hub", "https://Sluis.example.org", "https://a@sluis.example.org", "ftp://example.org",
            "https://-a.example.org", "https://slüis.example.org", "https://[::1", "https://sluis.example.org:0", "x",
        )),
    ],
)  # fmt: skip
def test_addresses_that_do_not_go_together_are_refused(settings: OriginSettings, words: str) -> None:
    """SES-07: in one line that says what to write."""
    problem = origin_problem(settings)
    assert problem is not None
    assert words in problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    "settings",
    [
        NONE,
        OWN,
        OriginSettings(hub=HUB, desk="https://desk.sluis.example.org", workspaces="https://*.w.sluis.example.org"),
        OriginSettings(hub="http://127.0.0.1:8000", allow_shared_origin=True),
        OriginSettings(hub="http://localhost:8000", allow_shared_origin=True),
        OriginSettings(
            hub="http://a.b.localhost:1", desk="http://d.b.localhost:1", workspaces="http://*.w.b.localhost:1"
        ),
    ],
)
def test_addresses_that_go_together_are_taken(settings: OriginSettings) -> None:
    """SES-07: plain text on this machine's own names only."""
    assert origin_problem(settings) is None


def test_in_a_cluster_the_hub_is_where_the_cluster_says() -> None:
    """SES-07: one address is written once."""
    own = OriginSettings(desk=DESK, workspaces=WORK)
    assert origin_problem(own, HUB) is None
    assert origin_problem(OWN, HUB) is None
    assert origin_problem(OWN, "https://other.example.org") == f"origins.hub `{HUB}` is not cluster.url; leave it out"
    assert origins_of(own, HUB).hub == HUB


def test_one_origin_has_to_be_allowed_outside_a_demo() -> None:
    """SES-07: a start is refused, with what to write; a demo on loopback, and who wrote it, may."""
    refused = start_problem(NONE, demo=False, port=8000)
    assert refused is not None
    assert "allow_shared_origin = true" in refused
    assert start_problem(NONE, demo=True, port=8000) is None
    assert start_problem(OriginSettings(allow_shared_origin=True), demo=False, port=8000) is None
    assert start_problem(OWN, demo=False, port=8000) is None


def test_without_tls_the_port_is_the_one_that_browsers_come_to() -> None:
    """SES-07: with TLS something else listens before the proxy."""
    plain = OriginSettings(hub="http://localhost:8000", allow_shared_origin=True)
    assert start_problem(plain, demo=False, port=8000) is None
    assert start_problem(plain, demo=True, port=9000) == "origins.hub is on port 8000; start with `--port 8000`"


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        (HUB, True),
        ("https://p-3-dr-12.work.example.org", True),
        (DESK, False),
        ("http://p-3-dr-12.work.example.org", False),
        ("https://x.p-3-dr-12.work.example.org", False),
        ("https://p-3-dr-12.work.example.org.evil.example", False),
        ("https://p-3.work.example.org", False),
        ("https://evil.example", False),
        ("null", False),
        (None, False),
    ],
)
def test_who_may_tell_the_hub_that_somebody_is_there(origin: str | None, may: bool) -> None:
    """SES-12: pages of workspaces, and the hub's own."""
    assert (origin in Senders(frozenset({HUB}), ORIGINS.is_workspace)) is may


def test_where_all_is_one_origin_no_other_is_a_workspaces() -> None:
    """SES-12: an empty pattern fits nothing."""
    shared = origins_of(NONE, "http://127.0.0.1:8000")
    assert not any(map(shared.is_workspace, ("", ".", "p-3-dr-1", "https://p-3-dr-1.work.example.org")))


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/p-3-dr-12.work.example.org/user/p-3/dr-12", ("P-3", "DR-12")),
        ("/p-3-dr-1.work.example.org/user/p-3/dr-12", None),
        ("/user/p-3/dr-12", None),
        ("/desk.example.org/services/desk", None),
        ("/", None),
    ],
)
def test_the_warden_knows_a_workspaces_route_by_its_host(path: str, key: tuple[str, str] | None) -> None:
    """S78: one that the hub did not make is the hub's to take away."""
    assert ProxyRoutes("http://127.0.0.1:1", "token", ORIGINS.host)._key(path) == key
    assert ProxyRoutes("http://127.0.0.1:1", "token")._key("/user/p-3/dr-12") == ("P-3", "DR-12")
