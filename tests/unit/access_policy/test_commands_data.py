"""Datasets: what is recorded, and what is refused (S81-S83, S87, S99, E26)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import Assurance, ConsentBasis, DataKind, Region, RequestStatus, Route, Zone
from access_policy.model.ids import DatasetName, PersonId, StudyName
from access_policy.reasons import ReasonCode
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    DIGEST,
    NOBODY,
    REPRESENTATIVE,
    STEWARD,
    TICK,
    World,
    dataset_arguments,
    everything_holds,
    kinds,
)

IMAGES = DatasetName("images")
CLINICAL_TOO = ("data-access", "clinical")


def _with_study() -> World:
    """Return a world with a study and a second course, which datasets may speak of."""
    world = everything_holds()
    world.do("register-study", STEWARD, study="relapse", title="Relapse", purpose="why")
    world.do("register-course", ADMIN, course="genomes", title="Genomes", validity_days=90, required=False)
    return world


def _registered(**changed: Any) -> e.DatasetRegistered:
    (event,) = _with_study().do("register-dataset", STEWARD, **dataset_arguments("images") | changed)
    assert isinstance(event, e.DatasetRegistered)
    return event


def test_a_dataset_is_registered_with_all_that_is_known_of_it() -> None:
    """S81, S82, S83, S87, S99: who, what, where, checksum, attestation and consent basis stand in the fact."""
    assert _registered() == e.DatasetRegistered(
        dataset=IMAGES, title="Images", source="a PyPI package", kind=DataKind.CLINICAL, version="1",
        location="images", manifest=DIGEST, region=Region.LOCAL, zone=Zone.ANYWHERE,
        consent=ConsentBasis.INFORMED_CONSENT, attested=True, steward=STEWARD,
    )  # fmt: skip


def test_a_dataset_says_what_it_rests_on_and_what_it_asks_for() -> None:
    """S9, S10, S74, S80, E26: study, hospitals, trainings, routes, assurance and use codes stand in the fact."""
    found = _registered(
        study="relapse", hospitals=("hospital", "centre"), trainings=("genomes",), routes=CLINICAL_TOO,
        assurance="high", duo=("DUO:0000007", "DUO:0000042"),
    )  # fmt: skip
    assert (found.study, found.hospitals) == (StudyName("relapse"), ("hospital", "centre"))
    assert (found.trainings, found.routes) == (("genomes",), (Route.DATA_ACCESS, Route.CLINICAL))
    assert (found.assurance, found.duo) == (Assurance.HIGH, ("DUO:0000007", "DUO:0000042"))


def test_both_kinds_of_data_are_registered() -> None:
    """S81: data about diagnosis and treatment, and measurements on biobank material."""
    assert [_registered(kind=kind).kind for kind in ("clinical", "biobank")] == [DataKind.CLINICAL, DataKind.BIOBANK]


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
        ({"location": "gs://_"}, "not_allowed_value"),
        ({"location": "gs://centre-data/"}, "not_allowed_value"),
        ({"location": "gs://centre-data/../x"}, "not_allowed_value"),
        ({"location": "gs://centre-data/a,uid=0"}, "not_allowed_value"),
        ({"location": "gs://Centre/x"}, "not_allowed_value"),
        ({"location": "gs://10.0.0.1/x"}, "not_allowed_value"),
    ],
    ids=[
        "a name twice", "no attestation (S83)", "a short digest (S99)", "no hexadecimal digest", "DAT-05 upwards",
        "DAT-05 absolute", "DAT-05 an empty part", "DAT-05 escaped", "DAT-05 a trailing space", "DAT-05 another slash",
        "DAT-05 the folder of all", "DAT-05 every bucket", "DAT-05 an empty prefix", "DAT-05 up in a bucket",
        "DAT-05 an option of a mount", "DAT-05 no bucket's name", "DAT-05 a machine's number",
    ],
)  # fmt: skip
def test_a_dataset_is_refused(changed: dict[str, Any], code: str) -> None:
    """S83, S99, DAT-05: not without attestation and checksum, and only a plain folder of its own."""
    arguments = dataset_arguments("images") | changed
    assert everything_holds().refusal("register-dataset", STEWARD, **arguments) == code


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("tumours", "already_exists"),
        ("tumours/lung", "already_exists"),
        ("deep", "already_exists"),
        ("tumours-2", None),
    ],
    ids=["the same folder", "a folder in another's", "a folder with another's in it", "a name that begins alike"],
)  # fmt: skip
def test_no_two_datasets_share_files(location: str, code: str | None) -> None:
    """DAT-03, S75, S82: a grant of one dataset never reaches files of another, not even of a withdrawn one."""
    world = everything_holds()
    world.do("register-dataset", STEWARD, **dataset_arguments("bones") | {"location": "deep/bones"})
    world.do("withdraw-dataset", STEWARD, dataset="bones", reason="consent")
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    arguments = dataset_arguments("images") | {"location": location, "manifest": "1" * 64}
    if code is None:
        assert kinds(world.do("register-dataset", STEWARD, **arguments)) == [e.DatasetRegistered]
    else:
        assert world.refusal("register-dataset", STEWARD, **arguments) == code


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("gs://centre-data/bones", "already_exists"),
        ("gs://centre-data/bones/left", "already_exists"),
        ("gs://centre-data", "already_exists"),
        ("gs://centre-data/bones-2", None),
        ("gs://centre-data-2", None),
        ("centre-data/bones", None),
    ],
)
def test_no_two_datasets_share_a_part_of_a_bucket(location: str, code: str | None) -> None:
    """DAT-03, DAT-05, S82: a whole bucket may be one dataset's, and then nothing of it another's."""
    world = everything_holds()
    world.do("register-dataset", STEWARD, **dataset_arguments("bones") | {"location": "gs://centre-data/bones"})
    arguments = dataset_arguments("images") | {"location": location, "manifest": "1" * 64}
    if code is None:
        assert kinds(world.do("register-dataset", STEWARD, **arguments)) == [e.DatasetRegistered]
    else:
        assert world.refusal("register-dataset", STEWARD, **arguments) == code


_MANY_CODES = tuple(f"DUO:{number:07}" for number in range(21))


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"study": "unheard-of"}, "not_found"),
        ({"hospitals": ("hospital", "nowhere")}, "not_found"),
        ({"trainings": ("genomes", "cooking")}, "not_found"),
        ({"steward": NOBODY}, "not_found"),
        ({"steward": COLLEAGUE}, "not_found"),
        ({"hospitals": ("hospital", "hospital")}, "not_allowed_value"),
        ({"trainings": ("genomes", "genomes")}, "not_allowed_value"),
        ({"hospitals": tuple(f"h{number}" for number in range(21))}, "not_allowed_value"),
        ({"trainings": tuple(f"t{number}" for number in range(21))}, "not_allowed_value"),
        ({"routes": ()}, "not_complete"),
        ({"routes": ("clinical", "clinical"), "study": "relapse"}, "not_allowed_value"),
        ({"routes": CLINICAL_TOO, "study": "relapse", "consent": "published-open-data"}, "not_allowed_value"),
        ({"routes": CLINICAL_TOO}, "not_complete"),
        ({"duo": ("DUO:0000007", "DUO:0000007")}, "not_allowed_value"),
        ({"duo": _MANY_CODES}, "not_allowed_value"),
        ({"duo": ("DUO:000007",)}, "not_allowed_value"),
        ({"duo": ("DUO:00000070",)}, "not_allowed_value"),
        ({"duo": ("duo:0000007",)}, "not_allowed_value"),
        ({"duo": ("DUO:\u0660\u0660\u0660\u0660\u0660\u0660\u0667",)}, "not_allowed_value"),
    ],
    ids=[
        "an unknown study", "an unknown hospital", "an unknown course", "an unknown steward", "without the role",
        "a hospital twice", "a course twice", "too many hospitals", "too many courses", "no route", "a route twice",
        "the clinical route without consent (S82)",
        "the clinical route without a study (S49)", "a code twice", "too many codes", "a short code", "a long code",
        "small letters", "Arabic digits",
    ],
)  # fmt: skip
def test_what_a_dataset_rests_on_is_checked(changed: dict[str, Any], code: str) -> None:
    """S9, S10, S74, S80, S82: what it names is registered, each once and in bounds, and a route leads to it."""
    assert _with_study().refusal("register-dataset", STEWARD, **dataset_arguments("images") | changed) == code


def test_open_data_are_reached_by_the_data_access_route() -> None:
    """S82: published open data need no consent of their own where no clinical route leads to them."""
    assert _registered(consent="published-open-data").consent is ConsentBasis.PUBLISHED_OPEN_DATA
    assert len(_registered(duo=_MANY_CODES[:20]).duo) == 20


def test_a_steward_registers_for_another_one_who_has_the_role() -> None:
    """S99: the steward who is named acts as one up to the last microsecond of the role, and not once stopped."""
    world = everything_holds()
    sam = world.register("sam", "centre")
    until = world.at + 10 * DAY
    world.agree("appoint-role", person=sam, role="data-steward", until=until)
    arguments = dataset_arguments("images") | {"steward": sam}
    late = World.of(world.facts, until)
    assert late.refusal("register-dataset", STEWARD, **arguments) == "not_found"
    stopped = world.copy()
    stopped.do("disable-person", ADMIN, person=sam, reason="left")
    assert stopped.refusal("register-dataset", STEWARD, **arguments) == "not_found"
    world.at = until - TICK
    (event,) = world.do("register-dataset", STEWARD, **arguments)
    assert isinstance(event, e.DatasetRegistered)
    assert event.steward == sam


@pytest.mark.parametrize(
    "changed",
    [
        {"region": "us-east1"}, {"kind": "secret"}, {"consent": "none"}, {"zone": "home"}, {"location": ""},
        {"routes": ("back-door",)}, {"assurance": "none"},
    ],
    ids=[
        "S87 outside the EU", "S81 another kind", "S82 no consent", "another zone", "DAT-05 no location",
        "another route", "E26 another level",
    ],
)  # fmt: skip
def test_an_unknown_value_is_no_command(changed: dict[str, Any]) -> None:
    """POL-05, S87: a value that is not in the closed set never reaches a handler."""
    with pytest.raises(ValueError, match="register-dataset"):
        everything_holds().attempt("register-dataset", STEWARD, **dataset_arguments("images") | changed)


@pytest.mark.parametrize("who", [ADMIN, REPRESENTATIVE, COLLEAGUE], ids=["an admin", "the centre", "a researcher"])
def test_only_a_steward_registers(who: PersonId) -> None:
    """REQ-06, S99: who keeps data is appointed for it."""
    assert everything_holds().refusal("register-dataset", who, **dataset_arguments("images")) == "not_permitted"


def test_a_level_of_identity_that_a_dataset_asks_for_is_asked_of_its_users() -> None:
    """E26: who was verified on a lower level does not get in; to the other datasets they do."""
    world = everything_holds()
    world.do("register-dataset", STEWARD, **dataset_arguments("images"), assurance="high")
    request = world.ask(RequestStatus.ACTIVE, ("images",))
    assert world.decide(world.query(request=request)).codes == (ReasonCode.ASSURANCE_TOO_LOW,)
    assert world.decide().allowed


@pytest.mark.parametrize("who", [STEWARD, ADMIN, REPRESENTATIVE], ids=["its steward", "an admin", "the centre"])
def test_a_dataset_is_withdrawn_and_reopened(who: PersonId) -> None:
    """S82, S94, REQ-10: withdrawn by any of the three, once; reopened by the steward and an admin, once."""
    world = everything_holds()
    assert kinds(world.do("withdraw-dataset", who, dataset="tumours", reason="consent")) == [e.DatasetWithdrawn]
    assert world.refusal("withdraw-dataset", who, dataset="tumours", reason="consent") == "not_found"
    assert kinds(world.agree("reopen-dataset", STEWARD, dataset="tumours")) == [e.ProposalConfirmed, e.DatasetReopened]
    assert world.refusal("reopen-dataset", STEWARD, dataset="tumours") == "not_found"


@pytest.mark.parametrize("name", ["withdraw-dataset", "reopen-dataset"])
def test_an_unknown_dataset_is_not_found(name: str) -> None:
    """A name that is registered nowhere is neither withdrawn nor reopened."""
    arguments = {"reason": "consent"} if name == "withdraw-dataset" else {}
    assert everything_holds().refusal(name, STEWARD, dataset="nothing", **arguments) == "not_found"
