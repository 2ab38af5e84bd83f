"""Versions of a dataset, withdrawn consents and opt-outs: what is recorded, and what is refused (S82, S99, E72)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import Action
from access_policy.model.ids import DatasetName, PersonId
from access_policy.reasons import ReasonCode
from access_policy.state import Dataset, OptOut
from tests.unit.access_policy.world import (
    ADMIN,
    MINUTE,
    REPRESENTATIVE,
    RESEARCHER,
    RESTRICTED,
    STEWARD,
    World,
    everything_holds,
)

TUMOURS = DatasetName("tumours")
ONE, TWO, THREE = "1" * 64, "2" * 64, "3" * 64


def _version(version: str, *excluded: str, **changed: Any) -> dict[str, Any]:
    """Return what releasing a version asks for; its files have a checksum of their own."""
    location, manifest = f"tumours-{version}", version.encode().hex().ljust(64, "f")
    return {
        "dataset": "tumours", "version": version, "location": location, "manifest": manifest, "excluded": excluded,
        "attested": True,
    } | changed  # fmt: skip


def _release(world: World, version: str, *excluded: str) -> None:
    world.do("release-version", STEWARD, **_version(version, *excluded))


def _withdraw(world: World, subject: str, dataset: str = "tumours") -> None:
    world.do("record-consent-withdrawal", STEWARD, dataset=dataset, subject=subject)


def _opt_out(world: World, subject: str) -> None:
    world.do("record-opt-out", STEWARD, dataset="tumours", subject=subject)


def _tumours(world: World) -> Dataset:
    return world.state.datasets[TUMOURS]


def _inside(world: World) -> list[OptOut]:
    return list(_tumours(world).opt_outs_inside)


def test_a_version_is_released_in_the_place_of_the_one_before() -> None:
    """S99, S82: name, folder, checksum and who was taken out stand in the fact."""
    world = everything_holds()
    arguments = _version("2", ONE)
    assert world.do("release-version", STEWARD, **arguments) == (
        e.VersionReleased(
            dataset=TUMOURS, version="2", location="tumours-2", manifest=str(arguments["manifest"]), excluded=(ONE,),
            attested=True,
        ),
    )  # fmt: skip
    found = _tumours(world)
    assert (found.version, found.location, found.versions) == ("2", "tumours-2", ("1", "2"))
    assert (found.manifest, found.excluded) == (arguments["manifest"], frozenset({ONE}))
    assert world.decide().allowed


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"dataset": "nothing"}, "not_found"),
        ({"dataset": "scans"}, "wrong_state"),
        ({"version": "2"}, "already_exists"),
        ({"version": "1"}, "already_exists"),
        ({"location": "../tumours"}, "not_allowed_value"),
        ({"location": "expressions"}, "already_exists"),
        ({"location": "scans/3"}, "already_exists"),
        ({"excluded": (ONE, TWO, TWO)}, "not_allowed_value"),
        ({"excluded": (TWO,)}, "not_complete"),
        ({"excluded": ()}, "not_complete"),
        ({"excluded": (ONE, TWO, THREE), "manifest": "32".ljust(64, "f")}, "not_allowed_value"),
    ],
    ids=[
        "an unknown dataset", "a withdrawn dataset", "the name in force", "a name of before", "DAT-05 upwards",
        "another dataset's folder", "a folder in that of a withdrawn one", "a subject twice",
        "S82 another subject only", "S82 nobody left out", "S82 the files of the version in force",
    ],
)  # fmt: skip
def test_a_version_is_refused(changed: dict[str, Any], code: str) -> None:
    """S82, S99, DAT-03, DAT-05: new name, files of its own, and without those whose consent is withdrawn."""
    world = everything_holds()
    _withdraw(world, ONE)
    _release(world, "2", ONE)
    world.do("withdraw-dataset", STEWARD, dataset="scans", reason="superseded")
    arguments = _version("3", ONE, TWO) | changed
    assert world.refusal("release-version", STEWARD, **arguments) == code


def test_as_many_are_taken_out_as_a_list_holds() -> None:
    """S82: the list is bounded, but longer than others, since it only ever grows."""
    world = everything_holds()
    many = tuple(f"{number:064x}" for number in range(10_000))
    _release(world, "2", *many)
    assert _tumours(world).excluded == frozenset(many)
    with pytest.raises(ValueError, match="excluded"):
        world.attempt("release-version", STEWARD, **_version("3", *many, ONE))


@pytest.mark.parametrize("manifest", ["0" * 63, "G" * 64], ids=["short", "no hexadecimal digits"])
def test_a_checksum_that_is_none_is_no_command(manifest: str) -> None:
    """S99: the manifest's SHA-256 is what a version stands for."""
    with pytest.raises(ValueError, match="manifest"):
        everything_holds().attempt("release-version", STEWARD, **_version("2", manifest=manifest))


@pytest.mark.parametrize("who", [STEWARD, ADMIN], ids=["the steward", "an admin"])
def test_a_withdrawn_consent_closes_the_version_at_once(who: PersonId) -> None:
    """S82: for every request, from the next question on; other datasets stay open."""
    world = everything_holds()
    events = world.do("record-consent-withdrawal", who, dataset="tumours", subject=ONE)
    assert events == (e.ConsentWithdrawn(dataset=TUMOURS, subject=ONE),)
    assert [one.name for one in world.decide().datasets] == ["expressions"]
    _withdraw(world, ONE, "scans")
    closed = world.decide(world.query(request=RESTRICTED))
    assert ReasonCode.NO_DATASET_OPEN in closed.codes


def test_a_running_workspace_ends_with_the_consent_and_stays_ended() -> None:
    """S82: what was mounted before holds the child's data still; the new version is mounted by a new workspace."""
    world = everything_holds()
    world.start()
    assert world.decide(world.query(Action.KEEP_WORKSPACE)).allowed
    _withdraw(world, ONE)
    assert ReasonCode.DATASET_WITHDRAWN in world.decide(world.query(Action.KEEP_WORKSPACE)).codes
    _release(world, "2", ONE)
    assert ReasonCode.DATASET_WITHDRAWN in world.decide(world.query(Action.KEEP_WORKSPACE)).codes
    assert world.decide().allowed


@pytest.mark.parametrize("released", [False, True], ids=["of the version in force", "of an earlier version"])
def test_a_consent_is_withdrawn_once(released: bool) -> None:
    """S82: a second time is refused, also when the subject is out of the data already."""
    world = everything_holds()
    _withdraw(world, ONE)
    if released:
        _release(world, "2", ONE)
    arguments = {"dataset": "tumours", "subject": ONE}
    assert world.refusal("record-consent-withdrawal", STEWARD, **arguments) == "already_exists"
    _withdraw(world, TWO)


def test_a_child_whose_consent_is_withdrawn_never_comes_back() -> None:
    """S82: every later version is without them too, however many lie in between."""
    world = everything_holds()
    _withdraw(world, ONE)
    _release(world, "2", ONE)
    _withdraw(world, TWO)
    _release(world, "3", ONE, TWO)
    for excluded in ((), (ONE,), (TWO,), (THREE,)):
        assert world.refusal("release-version", STEWARD, **_version("4", *excluded)) == "not_complete"
    _release(world, "4", TWO, ONE)


def test_only_a_new_version_opens_what_a_withdrawn_consent_closed() -> None:
    """S82: withdrawing the dataset and offering it again does not."""
    world = everything_holds()
    _withdraw(world, ONE)
    assert world.refusal("reopen-dataset", STEWARD, dataset="tumours") == "not_found"
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="looking into it")
    world.agree("reopen-dataset", STEWARD, dataset="tumours")
    assert not _tumours(world).open
    _release(world, "2", ONE)
    assert _tumours(world).open
    assert _tumours(world).since == world.at - MINUTE


def test_a_consent_is_withdrawn_for_a_dataset_that_is_withdrawn() -> None:
    """S82: it may be offered again, and then the child is not in it."""
    world = everything_holds()
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="looking into it")
    _withdraw(world, ONE)
    world.agree("reopen-dataset", STEWARD, dataset="tumours")
    assert not _tumours(world).open


@pytest.mark.parametrize("who", [STEWARD, ADMIN], ids=["the steward", "an admin"])
def test_an_opt_out_is_recorded_and_taken_back(who: PersonId) -> None:
    """E72: each once; the dataset stays open, since an opt-out leaves earlier permits as they are."""
    world = everything_holds()
    arguments = {"dataset": "tumours", "subject": ONE}
    assert world.do("record-opt-out", who, **arguments) == (e.OptedOut(dataset=TUMOURS, subject=ONE),)
    assert _inside(world) == [OptOut(world.at - MINUTE)]
    assert world.decide().allowed
    assert world.refusal("record-opt-out", who, **arguments) == "already_exists"
    assert world.do("reverse-opt-out", who, **arguments) == (e.OptOutReversed(dataset=TUMOURS, subject=ONE),)
    assert not _tumours(world).is_opted_out(ONE)
    assert world.refusal("reverse-opt-out", who, **arguments) == "wrong_state"


def test_who_opted_out_is_in_no_version_that_they_were_taken_out_of() -> None:
    """E72: the opt-out stands when a version is without them, and counts again when a later one holds them."""
    world = everything_holds()
    _opt_out(world, ONE)
    opted = _inside(world)
    _release(world, "2", ONE)
    assert not _inside(world)
    assert world.refusal("record-opt-out", STEWARD, dataset="tumours", subject=ONE) == "already_exists"
    _release(world, "3")
    assert _inside(world) == opted


def test_an_opt_out_is_taken_back_while_no_version_holds_the_person() -> None:
    """E72: reversible at any time; the next version may hold them without an opt-out to heed."""
    world = everything_holds()
    _release(world, "2", ONE)
    _opt_out(world, ONE)
    assert not _inside(world)
    world.do("reverse-opt-out", STEWARD, dataset="tumours", subject=ONE)
    _release(world, "3")
    assert all(one.ends is not None for one in _inside(world))


def test_a_withdrawn_consent_is_not_taken_back_with_the_opt_out() -> None:
    """S82, E72: two facts, two rules: who did both is out for good, though the opt-out is reversed."""
    world = everything_holds()
    _opt_out(world, ONE)
    _withdraw(world, ONE)
    world.do("reverse-opt-out", STEWARD, dataset="tumours", subject=ONE)
    assert world.refusal("release-version", STEWARD, **_version("2")) == "not_complete"


@pytest.mark.parametrize("name", ["record-consent-withdrawal", "record-opt-out", "reverse-opt-out"])
def test_a_subject_of_an_unknown_dataset_is_not_found(name: str) -> None:
    """S82, E72: what is not registered has no subjects."""
    assert everything_holds().refusal(name, STEWARD, dataset="nothing", subject=ONE) == "not_found"


@pytest.mark.parametrize("name", ["record-consent-withdrawal", "record-opt-out", "reverse-opt-out"])
def test_a_subject_is_a_digest_and_never_a_name(name: str) -> None:
    """S82, S83: who can be traced by what is written is refused before anything is written."""
    with pytest.raises(ValueError, match="subject"):
        everything_holds().attempt(name, STEWARD, dataset="tumours", subject="Jan Jansen")


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("release-version", ADMIN), ("release-version", RESEARCHER), ("record-consent-withdrawal", REPRESENTATIVE),
        ("record-opt-out", RESEARCHER), ("reverse-opt-out", RESEARCHER),
    ],
)  # fmt: skip
def test_others_do_not_speak_for_the_data(name: str, who: PersonId) -> None:
    """REQ-06: stewards do, and for what patients decided an admin as well."""
    arguments = _version("2") if name == "release-version" else {"dataset": "tumours", "subject": ONE}
    assert everything_holds().refusal(name, who, **arguments) == "not_permitted"
