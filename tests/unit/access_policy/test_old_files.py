"""Attacks on withdrawn data: old files under new names, reopening alone, workspaces that keep too much (S82, E72)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.events import FactEvent
from access_policy.model.enums import Action, RequestStatus
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.reasons import ReasonCode as R
from tests.unit.access_policy.abroad import criteria
from tests.unit.access_policy.denials import BINDS
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    OPEN,
    RESEARCHER,
    SECOND_ADMIN,
    STEWARD,
    TICK,
    World,
    appoint,
    dataset_arguments,
    description,
    everything_holds,
    find,
    kinds,
)

TUMOURS = DatasetName("tumours")
SUBJECT, OTHER = "1" * 64, "2" * 64
OLD, CUT, NEW = "a" * 64, "b" * 64, "c" * 64
EXTRACT: dict[str, Any] = {
    "request": OPEN, "dataset": "tumours", "location": "dr-1/cut", "manifest": CUT, "patients": 4,
    "attested": True,
}  # fmt: skip


def _version(name: str, location: str, manifest: str, *excluded: str) -> dict[str, Any]:
    named = {"dataset": "tumours", "version": name, "location": location, "manifest": manifest}
    return {**named, "excluded": excluded, "attested": True}


def _say(world: World, *events: FactEvent) -> None:
    for event in events:
        world.append([(person(STEWARD), event)])


def _after_a_withdrawal() -> World:
    """Return a world with two versions and an extract that held the child, and one without them."""
    world = everything_holds()
    world.do("release-version", STEWARD, **_version("2", "tumours-2", OLD))
    world.do("prepare-extract", STEWARD, **EXTRACT)
    world.do("record-consent-withdrawal", STEWARD, dataset="tumours", subject=SUBJECT)
    world.do("release-version", STEWARD, **_version("3", "tumours-3", "d" * 64, SUBJECT))
    return world


PLACES = pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"location": "tumours"}, "already_exists"),
        ({"location": "tumours-2"}, "already_exists"),
        ({"location": "tumours-2/part"}, "already_exists"),
        ({"location": "dr-1/cut"}, "already_exists"),
        ({"location": "dr-1"}, "already_exists"),
        ({"manifest": "0" * 64}, "not_allowed_value"),
        ({"manifest": OLD}, "not_allowed_value"),
        ({"manifest": CUT}, "not_allowed_value"),
    ],
    ids=[
        "the first folder", "the second folder", "within it", "the extract's folder", "around it", "the first files",
        "the second files", "the extract's files",
    ],
)  # fmt: skip


@PLACES
def test_no_version_brings_old_files_back(changed: dict[str, Any], code: str) -> None:
    """S82, S99: attack 10: a later version that claims to be without the child is not an old one's folder or files."""
    arguments = _version("4", "tumours-4", NEW, SUBJECT)
    world = _after_a_withdrawal()
    assert world.refusal("release-version", STEWARD, **arguments | changed) == code
    assert kinds(world.do("release-version", STEWARD, **arguments)) == [e.VersionReleased]


@PLACES
def test_no_new_dataset_brings_old_files_back(changed: dict[str, Any], code: str) -> None:
    """S82, S99, DAT-03: attack 10: neither a closed version nor an extract comes back under another dataset's name."""
    arguments = dataset_arguments("images") | {"manifest": NEW}
    world = _after_a_withdrawal()
    assert world.refusal("register-dataset", STEWARD, **arguments | changed) == code
    assert kinds(world.do("register-dataset", STEWARD, **arguments)) == [e.DatasetRegistered]


@pytest.mark.parametrize(
    "changed",
    [{}, {"location": "dr-1/new"}, {"manifest": NEW}, {"location": "tumours-2/cut", "manifest": NEW}],
    ids=["the same files", "the same files elsewhere", "the same folder", "in the old version's folder"],
)
def test_an_extract_of_a_new_version_is_cut_anew(changed: dict[str, Any]) -> None:
    """S3, S82: attack 10: the extract that held the child is none of the version without them."""
    world = _after_a_withdrawal()
    assert world.refusal("prepare-extract", STEWARD, **EXTRACT | changed) in ("already_exists", "not_allowed_value")
    anew = EXTRACT | {"location": "dr-1/new", "manifest": NEW}
    assert kinds(world.do("prepare-extract", STEWARD, **anew)) == [e.ExtractPrepared]


@pytest.mark.parametrize("how", ["withdraw-dataset", "record-consent-withdrawal"])
def test_the_files_of_what_is_not_offered_are_no_other_dataset(how: str) -> None:
    """S82, REQ-10: attack 10: also the version in force, once it is withdrawn or closed, is not copied elsewhere."""
    world = everything_holds()
    arguments = {"reason": "consent"} if how == "withdraw-dataset" else {"subject": SUBJECT}
    world.do(how, STEWARD, dataset="tumours", **arguments)
    assert world.refusal("register-dataset", STEWARD, **dataset_arguments("images")) == "not_allowed_value"


@pytest.mark.parametrize(("changed", "code"), [({"location": "tumours"}, "already_exists"), ({}, "not_allowed_value")])
def test_a_new_version_is_not_the_one_in_force(changed: dict[str, Any], code: str) -> None:
    """S82, S99: files are used once: a new name for the same folder, or the same checksum, is no version."""
    arguments = _version("2", "tumours-2", "0" * 64) | ({"manifest": NEW} if changed else {}) | changed
    assert everything_holds().refusal("release-version", STEWARD, **arguments) == code


def _withdrawn() -> World:
    world = everything_holds()
    world.do("withdraw-dataset", ADMIN, dataset="tumours", reason="the centre's decision")
    return world


def test_no_steward_reopens_alone() -> None:
    """S82, REQ-10: attack 11: what was withdrawn is offered again once an admin wants it too."""
    world = _withdrawn()
    assert kinds(world.do("reopen-dataset", STEWARD, dataset="tumours")) == [e.CommandProposed]
    assert world.state.datasets[TUMOURS].withdrawn is not None
    confirmed = world.do("confirm-proposal", ADMIN, proposal=world.state.last_proposal)
    assert kinds(confirmed) == [e.ProposalConfirmed, e.DatasetReopened]


def _with_part(world: World, who: PersonId) -> None:
    """Let somebody be a contact of a request for the dataset."""
    _say(world, e.ContactNamed(request=OPEN, person=who, email=world.state.people[who].email))


def test_who_asks_for_a_dataset_does_not_reopen_it() -> None:
    """REQ-01, REQ-02: attack 11: a steward with a part in a request for it proposes nothing."""
    world = _withdrawn()
    _with_part(world, STEWARD)
    assert world.refusal("reopen-dataset", STEWARD, dataset="tumours") == "four_eyes"
    world = _withdrawn()
    appoint(world, RESEARCHER, "data-steward")
    assert world.refusal("reopen-dataset", RESEARCHER, dataset="tumours") == "four_eyes"


def test_who_asks_for_a_dataset_does_not_confirm_that_it_is_reopened() -> None:
    """REQ-01, REQ-02: attack 11: nor is an admin with a part in a request for it the second person."""
    world = _withdrawn()
    _with_part(world, SECOND_ADMIN)
    world.do("reopen-dataset", STEWARD, dataset="tumours")
    proposal = world.state.last_proposal
    assert world.refusal("confirm-proposal", SECOND_ADMIN, proposal=proposal) == "four_eyes"


KEEP = Action.KEEP_WORKSPACE


def test_a_workspace_ends_when_the_grant_becomes_an_extract() -> None:
    """S3, S75: attack 17: what is mounted is the whole dataset; the grant is four patients since then."""
    world = everything_holds()
    world.start()
    assert world.decide(world.query(KEEP)).allowed
    since = world.at
    world.do("prepare-extract", STEWARD, **EXTRACT)
    decision = world.decide(world.query(KEEP))
    assert decision.codes == (R.DATASET_WITHDRAWN,)
    assert next(one for one in decision.findings if one.code is R.DATASET_WITHDRAWN).since == since
    world.end()
    world.start()
    assert world.decide(world.query(KEEP)).allowed


@pytest.mark.parametrize(
    ("excluded", "kept"), [((SUBJECT,), True), ((), True), ((OTHER,), False), ((SUBJECT, OTHER), False)],
    ids=["the same people", "more people", "others", "fewer people"],
)  # fmt: skip
def test_a_workspace_ends_with_a_version_of_fewer_people(excluded: tuple[str, ...], kept: bool) -> None:
    """S82, E72: attack 17: what is mounted still holds whoever the new version leaves out."""
    world = everything_holds()
    world.do("release-version", STEWARD, **_version("2", "tumours-2", OLD, SUBJECT))
    world.start()
    since = world.at
    world.do("release-version", STEWARD, **_version("3", "tumours-3", NEW, *excluded))
    found = next(one for one in world.decide(world.query(KEEP)).findings if one.code is R.DATASET_WITHDRAWN)
    assert found.holds is kept
    assert kept or found.since == since
    later = _version("4", "tumours-4", "d" * 64, *excluded)
    world.do("release-version", STEWARD, **later)
    assert world.decide(world.query(KEEP)).allowed is kept


def test_who_becomes_a_contact_later_waits_for_a_step_of_their_own() -> None:
    """S38, S100: attack 20: making a further dataset available gives nothing to a contact who came in between."""
    world = everything_holds()
    request = world.ask(RequestStatus.LICENSED, ("tumours", "expressions"))
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="an error")
    world.do("make-available", STEWARD, request=request)
    asked: dict[str, Any] = {"name": "Cas", "position": "PhD", "email": world.state.people[COLLEAGUE].email}
    _say(world, e.ContactAsked(request=request, person=COLLEAGUE, **asked))
    _say(world, e.ContactChecked(request=request, person=COLLEAGUE))
    world.agree("reopen-dataset", STEWARD, dataset="tumours")
    more = {"datasets": "tumours", "necessities": "the outcome", "reason": "offered again"}
    world.do("propose-amendment", RESEARCHER, request=request, **more)
    world.do("approve-amendment", BOARD_MEMBER, request=request, amendment=1, reason="yes")
    world.do("make-available", STEWARD, request=request)
    contacts = world.state.requests[request].contacts
    assert contacts[COLLEAGUE].available is None
    assert contacts[RESEARCHER].available is not None
    world.make_ready(COLLEAGUE)
    world.do("make-available-to-contact", STEWARD, request=request, person=COLLEAGUE)
    assert contacts[COLLEAGUE].available == world.facts[-1].at


@pytest.mark.parametrize("over", [False, True], ids=["a tick before its end", "at its end"])
def test_nothing_is_made_available_after_the_term(over: bool) -> None:
    """S39, S46: attack 20: a grant that is over gives nothing, at the very instant of its end."""
    world = everything_holds()
    request = world.ask(RequestStatus.LICENSED)
    term = world.state.requests[request].term
    assert term is not None
    world.at = term.ends if over else term.ends - TICK
    if over:
        assert world.refusal("make-available", STEWARD, request=request) == "wrong_state"
    else:
        assert kinds(world.do("make-available", STEWARD, request=request)) == [e.RequestMadeAvailable]


def _under_ehds(*before: FactEvent) -> tuple[World, RequestId]:
    """Return a world with a permit of the EHDS that was issued after these facts, when the rules bind."""
    world = everything_holds(at=BINDS - 20 * DAY)
    _say(world, *before)
    request = world.ask(RequestStatus.DRAFT)
    world.do("describe-request", RESEARCHER, request=request, **description(regime="ehds"))
    world.bring(request, RequestStatus.ASSESSED)
    find(world, request, *criteria(world, request))
    world.bring(request, RequestStatus.ACTIVE)
    world.at = BINDS
    return world, request


OUT, BACK = e.OptedOut(dataset=TUMOURS, subject=SUBJECT), e.OptOutReversed(dataset=TUMOURS, subject=SUBJECT)


@pytest.mark.parametrize(
    ("before", "after", "ignored"),
    [
        ((OUT,), (), True), ((OUT,), (BACK,), True), ((OUT,), (BACK, OUT), True), ((OUT, BACK, OUT), (BACK,), True),
        ((OUT, BACK), (), False), ((OUT, BACK), (OUT,), False), ((), (OUT,), False), ((), (OUT, BACK, OUT), False),
    ],
    ids=[
        "it stands", "taken back later", "taken back and given again", "it stood the second time", "taken back before",
        "taken back before, given again later", "only later", "twice later",
    ],
)  # fmt: skip
def test_the_opt_outs_that_stood_at_the_grant_count(
    before: tuple[FactEvent, ...], after: tuple[FactEvent, ...], ignored: bool
) -> None:
    """E72: attack 22: taking an opt-out back and recording it anew does not make it later than the permit."""
    world, request = _under_ehds(*before)
    _say(world, *after)
    found = world.decide(world.query(request=request)).codes
    assert (R.OPT_OUT_IGNORED in found) is ignored
