"""Datasets and licence texts: what is recorded, and what is refused (S24, S25, S81-S83, S87, S99)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.ids import DatasetName, PersonId
from tests.unit.access_policy.world import (
    ADMIN,
    DIGEST,
    REPRESENTATIVE,
    STEWARD,
    dataset_arguments,
    everything_holds,
    kinds,
)


def test_a_dataset_is_registered_with_all_that_is_known_of_it() -> None:
    """S81, S82, S83, S87, S99: kind, consent, attestation, region and checksum stand in the fact."""
    world = everything_holds()
    assert kinds(world.do("register-dataset", STEWARD, **dataset_arguments("images"))) == [e.DatasetRegistered]
    dataset = world.state.datasets[DatasetName("images")]
    assert (dataset.kind, dataset.consent, dataset.region, dataset.manifest) == (
        "clinical", "informed-consent", "local", DIGEST,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"dataset": "tumours"}, "already_exists"),
        ({"attested": False}, "not_complete"),
        ({"manifest": "0" * 63}, "not_allowed_value"),
        ({"manifest": "G" * 64}, "not_allowed_value"),
        ({"location": "../other"}, "not_allowed_value"),
        ({"location": "/etc"}, "not_allowed_value"),
        ({"location": "a//b"}, "not_allowed_value"),
        ({"location": "a/%2e%2e/b"}, "not_allowed_value"),
        ({"location": "a "}, "not_allowed_value"),
        ({"location": "a\u2215b"}, "not_allowed_value"),
        ({"location": "."}, "not_allowed_value"),
    ],
    ids=[
        "a name twice", "no attestation (S83)", "a short digest (S99)", "no hexadecimal digest", "DAT-05 upwards",
        "DAT-05 absolute", "DAT-05 an empty part", "DAT-05 escaped", "DAT-05 a trailing space", "DAT-05 another slash",
        "DAT-05 the folder of all",
    ],
)  # fmt: skip
def test_a_dataset_is_refused(changed: dict[str, Any], code: str) -> None:
    """S83, S99, DAT-05: not without attestation and checksum, and only a plain folder of its own."""
    arguments = dataset_arguments("images") | changed
    assert everything_holds().refusal("register-dataset", STEWARD, **arguments) == code


@pytest.mark.parametrize(
    "changed",
    [{"region": "us-east1"}, {"kind": "secret"}, {"consent": "none"}, {"zone": "home"}, {"location": ""}],
    ids=["S87 outside the EU", "S81 another kind", "S82 no consent", "another zone", "DAT-05 no location"],
)
def test_an_unknown_value_is_no_command(changed: dict[str, Any]) -> None:
    """POL-05, S87: a value that is not in the closed set never reaches a handler."""
    with pytest.raises(ValueError, match="register-dataset"):
        everything_holds().attempt("register-dataset", STEWARD, **dataset_arguments("images") | changed)


@pytest.mark.parametrize("who", [STEWARD, ADMIN, REPRESENTATIVE], ids=["its steward", "an admin", "the centre"])
def test_a_dataset_is_withdrawn_and_reopened(who: PersonId) -> None:
    """S82, S94, REQ-10: withdrawn by any of the three, once; reopened by the steward, once."""
    world = everything_holds()
    assert kinds(world.do("withdraw-dataset", who, dataset="tumours", reason="consent")) == [e.DatasetWithdrawn]
    assert world.refusal("withdraw-dataset", who, dataset="tumours", reason="consent") == "not_found"
    assert kinds(world.do("reopen-dataset", STEWARD, dataset="tumours")) == [e.DatasetReopened]
    assert world.refusal("reopen-dataset", STEWARD, dataset="tumours") == "not_found"


@pytest.mark.parametrize("name", ["withdraw-dataset", "reopen-dataset"])
def test_an_unknown_dataset_is_not_found(name: str) -> None:
    """A name that is registered nowhere is neither withdrawn nor reopened."""
    arguments = {"reason": "consent"} if name == "withdraw-dataset" else {}
    assert everything_holds().refusal(name, STEWARD, dataset="nothing", **arguments) == "not_found"


def test_a_licence_is_published_by_version_and_hash() -> None:
    """S25: a text has a name of its own, and never changes under it."""
    world = everything_holds()
    arguments = {"licence": "eea-2", "title": "EEA licence", "digest": DIGEST}
    assert kinds(world.do("publish-licence", ADMIN, **arguments)) == [e.LicencePublished]
    assert world.refusal("publish-licence", ADMIN, **arguments) == "already_exists"
    assert world.refusal("publish-licence", ADMIN, **arguments | {"licence": "x", "digest": "?"}) == "not_allowed_value"
