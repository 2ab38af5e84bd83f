"""Where a browser sits, told by what our own proxies say of a request; what a browser writes itself tells nothing."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy.model.enums import Zone
from hub_config.doors import INSTITUTE, PUBLIC, door_word
from hub_config.network_settings import NetworkSettings
from hub_config.zones import Came, Inside, browser_address, place_of

pytestmark = pytest.mark.unit

SECRET = "a secret of this start"
WORD, PUBLIC_WORD = door_word(SECRET, INSTITUTE), door_word(SECRET, PUBLIC)
NETWORKS = NetworkSettings(institute=("192.0.2.0/24", "2001:db8:7::/48")).networks
WITHIN, OUTSIDE = "192.0.2.9", "198.51.100.9"

addresses = st.ip_addresses().filter(lambda one: not getattr(one, "ipv4_mapped", None))
inner = st.ip_addresses(network="192.0.2.0/24") | st.ip_addresses(network="2001:db8:7::/48")
lines = st.lists(st.text(alphabet=st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60), max_size=3)


def inside(balancers: int = 0) -> Inside:
    return Inside(NETWORKS, WORD, balancers)


def came(peer: str = WITHIN, *forwarded: str, words: tuple[str, ...] = (WORD,)) -> Came:
    return Came(words, (peer,), forwarded)


@given(peer=inner, forged=lines)
def test_a_browser_of_the_institute_is_inside_whatever_it_forwards(peer: object, forged: list[str]) -> None:
    """NET-01: without proxies of the operator's the peer of the institute's door is the browser, nothing else."""
    assert place_of(Came((WORD,), (str(peer),), forged), inside()) is Zone.INSTITUTE


@given(peer=addresses, forged=lines, balancers=st.integers(0, 3))
def test_a_line_of_the_browsers_own_brings_nobody_inside(peer: object, forged: list[str], balancers: int) -> None:
    """NET-01: what a browser wrote lies left of what the operator's proxies added, and is not looked at."""
    hops = [OUTSIDE, *("10.0.0.1" for _ in range(balancers - 1))] if balancers else []
    sender = str(peer) if balancers else OUTSIDE
    tail = ", ".join(hops)
    line = [",".join([*forged, tail]) if tail else ",".join(forged)]
    assert place_of(Came((WORD,), (sender,), line), inside(balancers)) is Zone.ANYWHERE


@given(browser=addresses, proxies=st.lists(addresses, max_size=3), forged=lines)
def test_the_browser_is_left_of_the_operators_proxies(
    browser: object, proxies: list[object], forged: list[str]
) -> None:
    """S77: of `n` proxies the last is our peer and each other was added by the next; the browser was by the first."""
    hops = [browser, *proxies]
    line = ", ".join([*(one for one in forged if one), *map(str, hops)])
    assert browser_address(("10.0.0.1",), (line,), len(hops)) == browser


@given(peers=lines, forwarded=lines, balancers=st.integers(0, 3))
def test_anything_at_all_is_read_without_a_failure(peers: list[str], forwarded: list[str], balancers: int) -> None:
    """NET-01, POL-05: what is odd is no address; what is one is written as one."""
    found = browser_address(peers, forwarded, balancers)
    texts = [peers[0]] if balancers == 0 and peers else [hop.strip(" \t") for hop in ",".join(forwarded).split(",")]
    assert found is None or found in {_folded(text) for text in texts}


def _folded(text: str) -> object:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.9", "192.0.2.9"), ("::ffff:192.0.2.9", "192.0.2.9"), ("::ffff:c000:209", "192.0.2.9"),
        ("2001:DB8:7::1", "2001:db8:7::1"), ("", None), (" 192.0.2.9", None), ("192.0.2.9:443", None),
        ("[2001:db8:7::1]", None), ("2001:db8:7::1%eth0", None), ("192.0.2.09", None), ("192.0.2", None),
        ("0xc0000209", None), ("3221225993", None), ("192.0.2.9/24", None), ("192.0.2.9\0", None), ("unknown", None),
        ("_hidden", None), ('"192.0.2.9"', None), ("for=192.0.2.9", None), ("١٩٢.0.2.9", None), ("localhost", None),
    ],
    ids=ascii,
)  # fmt: skip
def test_an_address_is_written_plainly(text: str, address: str | None) -> None:
    """NET-01: IPv4 within IPv6 counts as what it is; ports, brackets, zones, other bases and words are no address."""
    found = browser_address((text,), (), 0)
    assert (None if found is None else str(found)) == address


@pytest.mark.parametrize(
    ("peers", "forwarded", "balancers"),
    [
        ((), (WITHIN,), 0), ((WITHIN, WITHIN), (), 0), ((), (WITHIN,), 1), (("", ), (WITHIN,), 1),
        (("10.0.0.1",), (), 1), (("10.0.0.1",), ("",), 1), (("10.0.0.1",), (WITHIN,), 2),
        (("10.0.0.1",), (f"{WITHIN}, unknown",), 2), (("10.0.0.1",), (f"{WITHIN},,10.0.0.2",), 3),
        (("10.0.0.1",), (f"{'1,' * 2000}{WITHIN}",), 1),
    ],
    ids=[
        "no peer", "two peers", "no peer behind a balancer", "an empty peer", "nothing forwarded", "an empty line",
        "a proxy too few", "an odd proxy", "an empty hop", "a line too long",
    ],
)  # fmt: skip
def test_what_does_not_fit_is_no_address(peers: tuple[str, ...], forwarded: tuple[str, ...], balancers: int) -> None:
    """NET-01, POL-05: in doubt nobody is inside."""
    assert browser_address(peers, forwarded, balancers) is None


def test_several_lines_are_read_as_one() -> None:
    """RFC 9110, 5.3: a proxy may add its line instead of lengthening the one that came."""
    assert str(browser_address(("10.0.0.1",), ("192.0.2.9", "198.51.100.1, 203.0.113.7"), 2)) == "198.51.100.1"


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("",),
        (PUBLIC_WORD,),
        (WORD, WORD),
        (PUBLIC_WORD, WORD),
        (f"{WORD} ",),
        (WORD.upper(),),
        (WORD[:-1],),
        ("ü",),
    ],
    ids=["none", "empty", "public", "twice", "both", "with a space", "upper case", "cut", "odd"],
)
def test_without_the_institutes_door_nobody_is_inside(words: tuple[str, ...]) -> None:
    """NET-03: not from an address of the institute either; a forged header, and the public door's, say nothing."""
    assert place_of(came(words=words), inside()) is Zone.ANYWHERE


@pytest.mark.parametrize(
    ("peer", "zone"),
    [
        ("192.0.2.0", Zone.INSTITUTE), ("192.0.2.255", Zone.INSTITUTE), ("::ffff:192.0.2.1", Zone.INSTITUTE),
        ("2001:db8:7::1", Zone.INSTITUTE), ("192.0.1.255", Zone.ANYWHERE), ("192.0.3.0", Zone.ANYWHERE),
        ("2001:db8:8::1", Zone.ANYWHERE), ("::192.0.2.1", Zone.ANYWHERE), ("", Zone.ANYWHERE),
    ],
)  # fmt: skip
def test_a_network_reaches_as_far_as_it_is_written(peer: str, zone: Zone) -> None:
    """S77: its first and its last address are in it."""
    assert place_of(came(peer), inside()) is zone


def test_without_a_network_everybody_is_anywhere() -> None:
    """S77: an installation that names no network has nobody inside."""
    assert place_of(came(), None) is Zone.ANYWHERE


def test_a_word_belongs_to_a_door_and_a_start() -> None:
    """NET-03: neither another door's nor another start's is it, and the secret cannot be read from it."""
    assert len({WORD, PUBLIC_WORD, door_word("another secret", INSTITUTE)}) == 3
    assert (len(WORD), SECRET in WORD) == (64, False)
