"""Names in a cluster: from numbers only, and different for different numbers."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spawner import cluster_names as names

pytestmark = pytest.mark.unit

NUMBERS = st.integers(1, 999_999_999)
DNS_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


def test_the_names_are_these() -> None:
    """SPW-07: as hub, warden and chart write them."""
    assert (names.namespace("DR-12"), names.account("P-3"), names.pod("P-3"), names.home("P-3"), names.volume(1)) == (
        "sluis-dr-12",
        "p-3",
        "p-3",
        "home-p-3",
        "ds-1",
    )


@given(NUMBERS, NUMBERS)
def test_different_numbers_give_different_names(one: int, other: int) -> None:
    """SPW-07, DAT-02: no two persons share a pod, an account or a home, no two requests a namespace."""
    for name in (names.account, names.pod, names.home):
        assert (name(f"P-{one}") == name(f"P-{other}")) is (one == other)
    assert (names.namespace(f"DR-{one}") == names.namespace(f"DR-{other}")) is (one == other)


def test_a_million_numbers_give_a_million_names() -> None:
    """SPW-07: all of a range, not only what a search comes across."""
    made = {name(f"P-{number}") for number in range(1, 500_001) for name in (names.pod, names.home)}
    assert len(made) == 1_000_000


@given(NUMBERS)
def test_every_name_is_a_dns_label_and_is_found_again(number: int) -> None:
    """SPW-07: nothing is escaped or cut."""
    made = [names.namespace(f"DR-{number}"), names.account(f"P-{number}"), names.home(f"P-{number}")]
    assert all(DNS_LABEL.fullmatch(name) and len(name) <= 24 for name in made)
    assert names.request_of(made[0]) == f"DR-{number}"


@pytest.mark.parametrize(
    "name", ["sluis", "sluis-dr-", "sluis-dr-01", "sluis-dr-1\n", "dr-1", "sluis-dr-1-x", "a-dr-1", ""]
)
def test_another_name_is_no_requests_namespace(name: str) -> None:
    """SPW-07: what looks alike is not ours."""
    assert names.request_of(name) is None


@pytest.mark.parametrize("text", ["", "Sluis-", "-", "sl uis-", "sluis", "a--", "9-", "a" * 17 + "-", "sluis-\n"])
def test_a_prefix_that_could_mix_names_up_is_refused(text: str) -> None:
    """SPW-07: the operator's prefix too."""
    with pytest.raises(ValueError, match="prefix"):
        names.namespace("DR-12", text)


@pytest.mark.parametrize("text", ["P-0", "p-3", "DR-3", "P-3/../x", "P-3\n", "P-٣", ""])
def test_what_is_no_id_gives_no_name(text: str) -> None:
    """SPW-07, CVE-2020-15110: text that someone typed never reaches a name."""
    with pytest.raises(ValueError, match="no id of the form"):
        names.account(text)


def test_the_labels_of_a_pod_say_whose_start_it_is() -> None:
    """SPW-14: by which it is found again, and told from every other."""
    assert names.pod_labels("5a5a", "DR-12", "P-3", 7) == {
        "sluis.dev/installation": "5a5a",
        "sluis.dev/request": "12",
        "sluis.dev/person": "3",
        "sluis.dev/part": "workspace",
        "sluis.dev/start": "7",
    }


def test_a_requests_namespace_asks_for_the_restricted_standard() -> None:
    """SPW-10: enforced by the cluster as well."""
    assert names.namespace_labels("5a5a", "DR-12", "v1.36") == {
        "sluis.dev/installation": "5a5a",
        "sluis.dev/request": "12",
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/enforce-version": "v1.36",
    }
