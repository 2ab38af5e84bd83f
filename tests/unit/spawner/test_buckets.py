"""Locations in buckets, read in one way by the core and by the spawner (DAT-05)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy.commands.data import _is_location, _overlap
from spawner.buckets import Bucket, bucket_of
from spawner.storage import DatasetProblem, location_components

pytestmark = pytest.mark.unit

GOOD = {
    "gs://centre-data/trial/v1": Bucket("centre-data", "trial/v1"),
    "gs://centre-data": Bucket("centre-data", ""),
    "gs://abc/T": Bucket("abc", "T"),
    "gs://a_b.c-1/x_y/z.1": Bucket("a_b.c-1", "x_y/z.1"),
    "gs://" + "a" * 63: Bucket("a" * 63, ""),
}
BAD = [
    "gs://", "gs:///x", "gs://_", "gs://_/x", "gs://ab", "gs://" + "a" * 64, "gs://Centre/x", "gs://centre-data/",
    "gs://centre-data/../other", "gs://centre-data/..", "gs://centre-data//abs", "gs://centre-data/a//b",
    "gs://centre-data/a/%2e%2e/b", "gs://centre-data/a ", "gs://centre-data/a\uff0fb", "gs://centre-data/a\u2215b",
    "gs://centre-data/./b", "gs://centre-data/.b", "gs://centre-data/a,uid=0", "gs://centre-data/a\n", "gs://a..b/x",
    "gs://10.0.0.1/x", "gs://-abc/x", "gs://abc-/x", "gs://abc/-x", "gs://abc/x*", "gs://abc/x?", "gs://abc/x#1",
    "gs://abc/{x}", "gs://abc/" + "a" * 129, "gs://" + "a" * 63 + "/b" * 600,
]  # fmt: skip
ELSEWHERE = [
    "trial/v1",
    "GS://abc/x",
    "gs:/abc/x",
    "s3://abc/x",
    "https://storage.googleapis.com/abc/x",
    " gs://abc",
    "",
]


@pytest.mark.parametrize("location", GOOD)
def test_a_plain_location_is_read(location: str) -> None:
    """DAT-05: bucket and prefix, and back."""
    assert (bucket_of(location), bucket_of(location).url, _is_location(location)) == (GOOD[location], location, True)


@pytest.mark.parametrize("location", BAD)
def test_every_other_spelling_is_refused_at_registration_and_at_the_pod(location: str) -> None:
    """DAT-05: never `_`, no way up, no empty part, no second option of a mount, no template."""
    with pytest.raises(DatasetProblem, match="write it as `gs://bucket/prefix`"):
        bucket_of(location)
    assert not _is_location(location) or len(location) > 1024


@pytest.mark.parametrize("location", ELSEWHERE)
def test_a_folder_is_no_bucket(location: str) -> None:
    """DAT-05: a cluster mounts no folders, and says what to do."""
    with pytest.raises(DatasetProblem, match="register a version that lies at `gs://"):
        bucket_of(location)


def test_a_bucket_is_no_folder() -> None:
    """DAT-05: a sandbox mounts no buckets, and says so."""
    with pytest.raises(DatasetProblem, match="is a bucket's; workspaces here mount folders only"):
        location_components("gs://centre-data/trial")


@given(st.text(st.sampled_from("abZ09._-/_ \n%{,é"), max_size=12))
def test_core_and_spawner_agree(rest: str) -> None:
    """DAT-05: what may be registered is what can be mounted, and nothing else."""
    location = f"gs://{rest}"
    try:
        assert bucket_of(location).url == location
        mountable = True
    except DatasetProblem:
        mountable = False
    assert _is_location(location) == mountable


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ("gs://abc", "gs://abc/x", True),
        ("gs://abc/x", "gs://abc/x/y", True),
        ("gs://abc/x", "gs://abc/x", True),
        ("gs://abc/x", "gs://abc/xy", False),
        ("gs://abc/x", "gs://abcd/x", False),
        ("gs://abc/x", "abc/x", False),
    ],
)
def test_one_dataset_holds_no_part_of_another(one: str, other: str, overlap: bool) -> None:
    """DAT-03, S82: a whole bucket overlaps every part of it."""
    assert (_overlap(one, other), _overlap(other, one)) == (overlap, overlap)


@pytest.mark.parametrize(
    ("location", "good"),
    [
        ("trial", True),
        ("trial/v1", True),
        ("-a/_b", True),
        ("a.b", True),
        (".a", False),
        ("a//b", False),
        ("/a", False),
    ],
)
def test_folders_are_what_they_were(location: str, good: bool) -> None:
    """DAT-05: nothing changes for an installation on one machine."""
    assert _is_location(location) is good
