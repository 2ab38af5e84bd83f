"""What follows from an approval: extracts, data made available, a grant suspended, reinstated and ended."""

from typing import Any

import msgspec
import pytest

from access_policy import events as e
from access_policy.model.enums import PermitStatus, RequestStatus
from access_policy.model.ids import DatasetName, PersonId
from tests.unit.access_policy.situations import office, reached
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    MINUTE,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    RESTRICTED,
    SECOND_ADMIN,
    SIGNATORY,
    STEWARD,
    appoint,
    everything_holds,
    kinds,
)

EXTRACT = {
    "request": OPEN, "dataset": "tumours", "location": "extract-dr-1", "manifest": "a" * 64, "patients": 40,
    "attested": True,
}  # fmt: skip


def test_an_extract_is_of_the_version_in_force() -> None:
    """S3, S75, S99: of one dataset for one request, with its folder, its checksum and how many patients."""
    world = everything_holds()
    (event,) = world.do("prepare-extract", STEWARD, **EXTRACT)
    assert event == e.ExtractPrepared(
        request=OPEN, dataset=DatasetName("tumours"), version="1", location="extract-dr-1", manifest="a" * 64,
        patients=40, attested=True,
    )  # fmt: skip
    extract = world.state.requests[OPEN].extracts[DatasetName("tumours")]
    assert (extract.version, extract.prepared) == ("1", world.at - MINUTE)
    assert ("tumours", "1, extract") in [(one.name, one.version) for one in world.decide().datasets]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"dataset": "nothing"}, "not_found"),
        ({"dataset": "scans"}, "not_found"),
        ({"location": "../tumours"}, "not_allowed_value"),
        ({"location": "/etc"}, "not_allowed_value"),
        ({"location": "tumours"}, "not_allowed_value"),
        ({"location": "scans"}, "already_exists"),
        ({"location": "scans/part"}, "already_exists"),
    ],
    ids=[
        "an unknown dataset", "S3 not granted", "DAT-05 a way up", "DAT-05 an absolute path", "the whole dataset",
        "another dataset", "within another dataset",
    ],
)  # fmt: skip
def test_an_extract_is_refused(changed: dict[str, Any], code: str) -> None:
    """S3, S75, DAT-05: of what is granted, in a plain folder that holds no more than the extract."""
    assert everything_holds().refusal("prepare-extract", STEWARD, **EXTRACT | changed) == code


@pytest.mark.parametrize("wrong", [{"patients": 0}, {"manifest": "a"}], ids=["no patient", "no checksum"])
def test_an_extract_of_nobody_is_no_command(wrong: dict[str, Any]) -> None:
    """S99, REQ-11: at least one patient, and a SHA-256."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        everything_holds().attempt("prepare-extract", STEWARD, **EXTRACT | wrong)


@pytest.mark.parametrize(
    "location", ["dr-1/extract", "dr-1/extract/more", "dr-1"], ids=["the same folder", "within it", "around it"]
)
def test_an_extract_is_in_reach_of_one_request_only(location: str) -> None:
    """S3, S75: what was cut out for one request is not another's."""
    world = everything_holds()
    world.do("prepare-extract", STEWARD, **EXTRACT | {"location": "dr-1/extract"})
    arguments = EXTRACT | {"request": RESTRICTED, "dataset": "scans", "location": location}
    assert world.refusal("prepare-extract", STEWARD, **arguments) == "not_allowed_value"
    arguments = EXTRACT | {"dataset": "expressions", "location": location}
    assert world.refusal("prepare-extract", STEWARD, **arguments) == "not_allowed_value"


def test_an_extract_is_replaced_and_not_repeated() -> None:
    """S3: a corrected one takes its place; the same one again is none."""
    world = everything_holds()
    world.do("prepare-extract", STEWARD, **EXTRACT)
    assert world.refusal("prepare-extract", STEWARD, **EXTRACT) == "already_exists"
    assert kinds(world.do("prepare-extract", STEWARD, **EXTRACT | {"patients": 39})) == [e.ExtractPrepared]


def test_of_what_is_not_offered_nothing_is_extracted() -> None:
    """REQ-10, S82: a withdrawn dataset has no version that anybody may use."""
    world = everything_holds()
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="an error")
    assert world.refusal("prepare-extract", STEWARD, **EXTRACT) == "wrong_state"


def test_no_steward_prepares_their_own() -> None:
    """REQ-02: who asks for data, or gets them, does not cut them out."""
    world = everything_holds()
    appoint(world, RESEARCHER, "data-steward")
    assert world.refusal("prepare-extract", RESEARCHER, **EXTRACT) == "four_eyes"


def test_making_available_is_a_step_of_its_own() -> None:
    """S100: after all signatures, by the data organisation; never by the applicant (REQ-02)."""
    world, request = reached(RequestStatus.LICENSED)
    appoint(world, RESEARCHER, "data-steward")
    assert world.refusal("make-available", RESEARCHER, request=request) == "four_eyes"
    assert world.do("make-available", STEWARD, request=request) == (
        e.RequestMadeAvailable(request=request, datasets=(DatasetName("tumours"),), contacts=(RESEARCHER,)),
    )
    assert world.decide(world.query(request=request)).allowed
    assert world.refusal("make-available", STEWARD, request=request) == "wrong_state"


def test_what_is_not_offered_is_not_made_available() -> None:
    """REQ-10: a request whose datasets were all withdrawn waits."""
    world, request = reached(RequestStatus.LICENSED)
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    assert world.refusal("make-available", STEWARD, request=request) == "wrong_state"


def test_what_is_offered_and_granted_again_is_made_available_then() -> None:
    """S100, REQ-10: each dataset by a step that somebody took while it was offered."""
    world = everything_holds()
    request = world.ask(RequestStatus.LICENSED, ("tumours", "expressions"))
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="an error")
    (event,) = world.do("make-available", STEWARD, request=request)
    datasets = (DatasetName("expressions"),)
    assert event == e.RequestMadeAvailable(request=request, datasets=datasets, contacts=(RESEARCHER,))
    world.agree("reopen-dataset", STEWARD, dataset="tumours")
    assert world.refusal("make-available", STEWARD, request=request) == "wrong_state"
    more = {"datasets": "tumours", "necessities": "the outcome", "reason": "offered again"}
    world.do("propose-amendment", RESEARCHER, request=request, **more)
    world.do("approve-amendment", BOARD_MEMBER, request=request, amendment=1, reason="yes")
    assert [one.name for one in world.decide(world.query(request=request)).datasets] == ["expressions"]
    (event,) = world.do("make-available", STEWARD, request=request)
    assert event == e.RequestMadeAvailable(request=request, datasets=(DatasetName("tumours"),))


def test_what_an_amendment_added_is_made_available_too() -> None:
    """S100, E19: a dataset that was granted later is a step of its own; those before stay as they are."""
    world = everything_holds()
    world.do("propose-amendment", RESEARCHER, request=OPEN, reason="more", datasets="scans", necessities="size")
    world.do("approve-amendment", BOARD_MEMBER, request=OPEN, amendment=1, reason="yes")
    assert "scans" not in [one.name for one in world.decide().datasets]
    (event,) = world.do("make-available", STEWARD, request=OPEN)
    assert event == e.RequestMadeAvailable(request=OPEN, datasets=(DatasetName("scans"),))


SUSPENDERS = [ADMIN, REPRESENTATIVE, "the office"]


@pytest.mark.parametrize("who", SUSPENDERS, ids=["an admin", "the representative", "the office"])
def test_a_grant_is_suspended_at_once_and_once(who: str) -> None:
    """E58, S94: with the reason; access ends, and the permit is not revoked."""
    world = everything_holds()
    by = office(world) if who == "the office" else PersonId(who)
    (event,) = world.do("suspend-request", by, request=OPEN, reason="a question")
    assert event == e.RequestSuspended(request=OPEN, reason="a question")
    assert world.decide().codes == ("request_suspended",)
    assert [one.status for one in world.state.requests[OPEN].permits] == [PermitStatus.GRANTED]
    assert world.refusal("suspend-request", by, request=OPEN, reason="again") == "wrong_state"


def test_two_people_reinstate_what_is_suspended() -> None:
    """E58: one proposes, another confirms; then the grant holds again."""
    world = everything_holds()
    arguments = {"request": OPEN, "reason": "answered"}
    assert world.refusal("reinstate-request", ADMIN, **arguments) == "wrong_state"
    world.do("suspend-request", ADMIN, request=OPEN, reason="a question")
    assert kinds(world.do("reinstate-request", ADMIN, **arguments)) == [e.CommandProposed]
    assert not world.decide().allowed
    confirmed = world.do("confirm-proposal", SECOND_ADMIN, proposal=world.state.last_proposal)
    assert confirmed[1:] == (e.RequestReinstated(request=OPEN, reason="answered"),)
    assert world.decide().allowed


@pytest.mark.parametrize("who", [ADMIN, REPRESENTATIVE, SIGNATORY], ids=["admin", "representative", "signatory"])
def test_a_request_is_ended_at_once(who: PersonId) -> None:
    """S94, E18: by the centre or the licensee; an ended request is not ended again, and no dataset is left."""
    world = everything_holds()
    assert world.do("end-request", who, request=OPEN, reason="over") == (e.RequestEnded(request=OPEN, reason="over"),)
    assert world.refusal("end-request", who, request=OPEN, reason="over") == "wrong_state"
    assert msgspec.structs.asdict(world.decide())["datasets"] == ()
    assert world.state.requests[OPEN].permits[-1].status is PermitStatus.REVOKED


def test_a_suspended_request_can_be_ended() -> None:
    """E58, S94: where what was looked into turns out to be so."""
    world = everything_holds()
    world.do("suspend-request", ADMIN, request=OPEN, reason="a question")
    assert kinds(world.do("end-request", ADMIN, request=OPEN, reason="misuse")) == [e.RequestEnded]


@pytest.mark.parametrize("name", ["assess-request", "make-available", "prepare-extract", "end-request"])
def test_a_missing_request_is_not_found(name: str) -> None:
    """Somebody who may is told that there is no such request."""
    world = everything_holds()
    who = {"assess-request": ASSESSOR, "end-request": ADMIN}.get(name, STEWARD)
    given: dict[str, dict[str, Any]] = {
        "assess-request": {"assessment": "sound"}, "end-request": {"reason": "over"}, "prepare-extract": EXTRACT,
    }  # fmt: skip
    arguments = given.get(name, {})
    assert world.refusal(name, who, **arguments | {"request": "DR-999"}) == "not_found"
