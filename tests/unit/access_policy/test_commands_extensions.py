"""A longer term: asked for in time, submitted, assessed anew, granted or refused; never automatic (S40-S46, E17)."""

from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import PermitStatus, RequestStatus
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.instants import Term
from tests.unit.access_policy.situations import (
    Clinical,
    another_member,
    ask_under_ehds,
    ask_with_abroad,
    basis,
    office,
)
from tests.unit.access_policy.world import (
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    MINUTE,
    OPEN,
    RESEARCHER,
    SIGNATORY,
    TICK,
    World,
    appoint,
    everything_holds,
    find,
    kinds,
)

INTAKE = {"name": "Rosa", "surname": "Rood", "email": "rosa@hospital.example"}


def _term(world: World, request: RequestId = OPEN) -> Term:
    term = world.state.requests[request].term
    assert term is not None
    return term


def _ask(world: World, request: RequestId = OPEN) -> tuple[e.FactEvent, ...]:
    return world.do("ask-extension", SIGNATORY, request=request, **INTAKE)


def _submitted(request: RequestId = OPEN, world: World | None = None) -> World:
    world = world or everything_holds()
    _ask(world, request)
    ends = _term(world, request).ends + 100 * DAY
    world.do("submit-extension", RESEARCHER, request=request, ends=ends, reason="one more year")
    return world


def _assessed(request: RequestId = OPEN, world: World | None = None) -> World:
    world = _submitted(request, world)
    world.do("assess-extension", ASSESSOR, request=request, assessment="sound")
    return world


def _permit() -> tuple[World, RequestId]:
    world = everything_holds()
    return world, ask_under_ehds(world, RequestStatus.ACTIVE)


def test_the_licensee_asks_for_an_extension() -> None:
    """S40, S43: with name, surname and e-mail address of the main applicant of the renewal."""
    world = everything_holds()
    (event,) = world.do("ask-extension", SIGNATORY, request=OPEN, **INTAKE | {"email": "Rosa@HOSPITAL.example"})
    assert event == e.ExtensionAsked(request=OPEN, name="Rosa", surname="Rood", email="rosa@hospital.example")
    extension = world.state.requests[OPEN].extension
    assert extension is not None
    assert extension.asked == world.at - MINUTE


def test_the_applicant_does_not_ask_for_one() -> None:
    """S40: the licensee does."""
    assert everything_holds().refusal("ask-extension", RESEARCHER, request=OPEN, **INTAKE) == "not_permitted"


def test_one_extension_is_open_at_a_time() -> None:
    """S40: until it is granted or refused."""
    world = _assessed()
    assert world.refusal("ask-extension", SIGNATORY, request=OPEN, **INTAKE) == "already_exists"
    world.do("refuse-extension", BOARD_MEMBER, request=OPEN, reason="no")
    assert kinds(_ask(world)) == [e.ExtensionAsked]


def test_an_extension_needs_an_address() -> None:
    """S43: that an answer can go to."""
    code = everything_holds().refusal("ask-extension", SIGNATORY, request=OPEN, **INTAKE | {"email": "rosa"})
    assert code == "not_allowed_value"


@pytest.mark.parametrize(
    ("offset", "asked"),
    [(-TICK, True), (timedelta(0), False), (TICK, False)],
    ids=["a tick before the end", "at the end", "a tick after"],
)
def test_an_extension_is_asked_for_before_the_end(offset: timedelta, asked: bool) -> None:
    """S40, S46, REQ-08: a term that is over is not extended."""
    world = everything_holds()
    world.at = _term(world).ends + offset
    if asked:
        assert kinds(_ask(world)) == [e.ExtensionAsked]
    else:
        assert world.refusal("ask-extension", SIGNATORY, request=OPEN, **INTAKE) == "wrong_state"


@pytest.mark.parametrize(
    ("offset", "asked"),
    [(-TICK, True), (timedelta(0), True), (TICK, False), (29 * DAY, False)],
    ids=["a tick more than a month", "a month", "a tick less", "a day before the end"],
)
def test_the_extension_of_a_permit_is_asked_for_a_month_before(offset: timedelta, asked: bool) -> None:
    """E17, REQ-08: thirty days before the end at the latest."""
    world, request = _permit()
    world.at = _term(world, request).ends - 30 * DAY + offset
    if asked:
        assert kinds(_ask(world, request)) == [e.ExtensionAsked]
    else:
        assert world.refusal("ask-extension", SIGNATORY, request=request, **INTAKE) == "wrong_state"


def test_a_permit_is_extended_once() -> None:
    """E17: a second extension is refused; under the institute's own rules there may be more."""
    world, request = _permit()
    _assessed(request, world)
    world.do("grant-extension", BOARD_MEMBER, request=request, reason="yes")
    assert world.refusal("ask-extension", SIGNATORY, request=request, **INTAKE) == "already_exists"
    world = _assessed()
    world.do("grant-extension", BOARD_MEMBER, request=OPEN, reason="yes")
    assert kinds(_ask(world)) == [e.ExtensionAsked]


def test_a_refused_extension_of_a_permit_was_none() -> None:
    """E17: what was not granted may be asked for again."""
    world, request = _permit()
    _assessed(request, world)
    world.do("refuse-extension", BOARD_MEMBER, request=request, reason="no")
    assert kinds(_ask(world, request)) == [e.ExtensionAsked]


def test_a_clinical_request_is_not_extended() -> None:
    """S54: it has no licensee and no board; another one is sent in."""
    clinical = Clinical()
    for who in (clinical.central, clinical.local):
        clinical.world.do("approve-clinical", who, **clinical.approval())
    code = clinical.world.refusal("ask-extension", SIGNATORY, request=clinical.request, **INTAKE)
    assert code == "wrong_state"


def test_the_office_answers_once() -> None:
    """S44: how to submit the renewal; there is nothing to answer where nobody asked."""
    world = everything_holds()
    by = office(world)
    assert world.refusal("answer-extension", by, request=OPEN) == "wrong_state"
    _ask(world)
    assert world.do("answer-extension", by, request=OPEN) == (e.ExtensionAnswered(request=OPEN),)
    extension = world.state.requests[OPEN].extension
    assert extension is not None
    assert extension.answered == world.at - MINUTE
    assert world.refusal("answer-extension", by, request=OPEN) == "already_exists"


@pytest.mark.parametrize("who", [RESEARCHER, SIGNATORY], ids=["the applicant", "the signatory"])
def test_the_renewal_is_submitted_once(who: PersonId) -> None:
    """S42, REQ-04: until when and why; what was submitted is what is assessed and granted."""
    world = everything_holds()
    ends = _term(world).ends + DAY
    arguments = {"request": OPEN, "ends": ends, "reason": "one more day"}
    assert world.refusal("submit-extension", who, **arguments) == "wrong_state"
    _ask(world)
    assert world.do("submit-extension", who, **arguments) == (
        e.ExtensionSubmitted(request=OPEN, ends=ends, reason="one more day"),
    )
    assert world.refusal("submit-extension", who, **arguments | {"ends": ends + DAY}) == "already_exists"


@pytest.mark.parametrize(
    ("beyond", "taken"),
    [
        (timedelta(0), False), (-DAY, False), (TICK, True), (1096 * DAY, True), (1096 * DAY + TICK, False),
    ],
    ids=["the present end", "earlier", "a tick later", "the longest", "a tick longer"],
)  # fmt: skip
def test_an_extension_is_bounded(beyond: timedelta, taken: bool) -> None:
    """S39, REQ-11: later than the present end, and by as much as settings say."""
    world = everything_holds()
    _ask(world)
    arguments = {"request": OPEN, "ends": _term(world).ends + beyond, "reason": "more"}
    if taken:
        assert kinds(world.do("submit-extension", RESEARCHER, **arguments)) == [e.ExtensionSubmitted]
    else:
        assert world.refusal("submit-extension", RESEARCHER, **arguments) == "not_allowed_value"


@pytest.mark.parametrize(("offset", "taken"), [(timedelta(0), True), (TICK, False)], ids=["ten years", "a tick more"])
def test_a_permit_is_extended_by_ten_years_at_most(offset: timedelta, taken: bool) -> None:
    """E17: calendar years, counted from the present end."""
    world, request = _permit()
    _ask(world, request)
    ends = _term(world, request).ends
    arguments = {"request": request, "ends": ends.replace(year=ends.year + 10) + offset, "reason": "more"}
    if taken:
        assert kinds(world.do("submit-extension", RESEARCHER, **arguments)) == [e.ExtensionSubmitted]
    else:
        assert world.refusal("submit-extension", RESEARCHER, **arguments) == "not_allowed_value"


def test_a_renewal_ends_after_now() -> None:
    """S46, REQ-11: where the term ran out meanwhile, an end that is past as well extends nothing."""
    world = everything_holds()
    _ask(world)
    world.at = _term(world).ends + 10 * DAY
    arguments = {"request": OPEN, "ends": world.at, "reason": "more"}
    assert world.refusal("submit-extension", RESEARCHER, **arguments) == "not_allowed_value"
    arguments["ends"] = world.at + TICK
    assert kinds(world.do("submit-extension", RESEARCHER, **arguments)) == [e.ExtensionSubmitted]


def test_a_renewal_is_assessed_anew_and_once() -> None:
    """S42: after it was submitted, by an assessor."""
    world = everything_holds()
    arguments = {"request": OPEN, "assessment": "sound"}
    assert world.refusal("assess-extension", ASSESSOR, **arguments) == "wrong_state"
    _ask(world)
    assert world.refusal("assess-extension", ASSESSOR, **arguments) == "wrong_state"
    world = _submitted()
    assert world.do("assess-extension", ASSESSOR, **arguments) == (
        e.ExtensionAssessed(request=OPEN, assessment="sound"),
    )
    assert world.refusal("assess-extension", ASSESSOR, **arguments) == "already_exists"


def test_an_assessor_with_a_tie_does_not_assess_it() -> None:
    """S20, S42: as for the request itself."""
    world = _submitted()
    appoint(world, COLLEAGUE, "assessor")
    assert world.refusal("assess-extension", COLLEAGUE, request=OPEN, assessment="sound") == "four_eyes"


def test_a_granted_extension_moves_the_end() -> None:
    """S42, S45, E18: as it was submitted; a renewed version of the permit with an id of its own."""
    world = _assessed()
    term = _term(world)
    (event,) = world.do("grant-extension", BOARD_MEMBER, request=OPEN, reason="yes")
    assert event == e.ExtensionGranted(request=OPEN, ends=term.ends + 100 * DAY, reason="yes")
    found = world.state.requests[OPEN]
    assert (found.term, found.extension, found.extensions_granted) == (
        Term(term.begins, term.ends + 100 * DAY),
        None,
        1,
    )
    assert [one.status for one in found.permits] == [PermitStatus.GRANTED, PermitStatus.RENEWED]


def test_a_refused_extension_leaves_the_end() -> None:
    """S42, S45, S46: the term stays, and access ends with it."""
    world = _assessed()
    term = _term(world)
    (event,) = world.do("refuse-extension", BOARD_MEMBER, request=OPEN, reason="no")
    assert event == e.ExtensionRefused(request=OPEN, reason="no")
    assert (_term(world), world.state.requests[OPEN].extension) == (term, None)


BOTH = pytest.mark.parametrize("name", ["grant-extension", "refuse-extension"])


@BOTH
def test_what_is_not_submitted_and_assessed_is_not_decided(name: str) -> None:
    """S42: never automatic, in each step that is missing."""
    world = everything_holds()
    arguments = {"request": OPEN, "reason": "x"}
    assert world.refusal(name, BOARD_MEMBER, **arguments) == "wrong_state"
    _ask(world)
    assert world.refusal(name, BOARD_MEMBER, **arguments) == "wrong_state"
    world = _submitted()
    assert world.refusal(name, BOARD_MEMBER, **arguments) == "wrong_state"


@BOTH
def test_who_assessed_it_does_not_decide(name: str) -> None:
    """S42: two people; another member of the board decides."""
    world = _assessed()
    appoint(world, ASSESSOR, "board-member")
    assert world.refusal(name, ASSESSOR, request=OPEN, reason="x") == "four_eyes"
    assert kinds(world.do(name, BOARD_MEMBER, request=OPEN, reason="x")) != []


@BOTH
def test_who_has_a_tie_does_not_decide_on_an_extension(name: str) -> None:
    """S20: who works there, and who declared a tie to the request."""
    world = _assessed()
    appoint(world, COLLEAGUE, "board-member")
    assert world.refusal(name, COLLEAGUE, request=OPEN, reason="x") == "four_eyes"
    other = another_member(world, "bea")
    world.do("declare-conflict", other, request=OPEN, reason="my sister")
    assert world.refusal(name, other, request=OPEN, reason="x") == "four_eyes"


@pytest.mark.parametrize(
    ("offset", "granted"), [(-TICK, True), (timedelta(0), False)], ids=["a tick before the new end", "at it"]
)
def test_an_extension_whose_end_is_past_is_not_granted(offset: timedelta, granted: bool) -> None:
    """S46, REQ-08: there is nothing left to use; it can be refused."""
    world = _assessed()
    world.at = _term(world).ends + 100 * DAY + offset
    if granted:
        assert kinds(world.do("grant-extension", BOARD_MEMBER, request=OPEN, reason="yes")) == [e.ExtensionGranted]
    else:
        assert world.refusal("grant-extension", BOARD_MEMBER, request=OPEN, reason="yes") == "wrong_state"
        assert kinds(world.do("refuse-extension", BOARD_MEMBER, request=OPEN, reason="no")) == [e.ExtensionRefused]


def test_an_extension_needs_each_partys_ground_anew() -> None:
    """S42, S60, S101: where the ground of a party was taken back meanwhile the longer term waits for another."""
    world = everything_holds()
    request = ask_with_abroad(world, RequestStatus.ASSESSED)
    by = office(world)
    world.do("record-transfer-basis", by, **basis(world, request))
    find(world, request)
    world.bring(request, RequestStatus.APPROVED)
    _assessed(request, world)
    none: dict[str, Any] = {"basis": "none", "clauses": None, "concluded": None}
    world.do("record-transfer-basis", by, **basis(world, request, **none))
    assert world.refusal("grant-extension", BOARD_MEMBER, request=request, reason="yes") == "not_complete"
    world.do("record-transfer-basis", by, **basis(world, request))
    assert kinds(world.do("grant-extension", BOARD_MEMBER, request=request, reason="yes")) == [e.ExtensionGranted]
