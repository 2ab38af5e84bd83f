"""A longer term: asked for in time, answered, submitted within bounds (S40, S43, S44, E17)."""

from datetime import datetime, timedelta

import pytest

from access_policy import events as e
from access_policy.model.enums import DataKind, RequestStatus
from access_policy.model.ids import PersonId, RequestId
from access_policy.rules.particulars import EHDS_BINDS_FROM
from tests.unit.access_policy.situations import (
    INTAKE,
    Clinical,
    ask_extension,
    ask_under_ehds,
    office,
    term_of,
    with_assessed_renewal,
)
from tests.unit.access_policy.world import (
    BOARD_MEMBER,
    DAY,
    MINUTE,
    NOON,
    OPEN,
    RESEARCHER,
    SIGNATORY,
    TICK,
    World,
    everything_holds,
    kinds,
)

BINDS = EHDS_BINDS_FROM[DataKind.CLINICAL]


def _permit(at: datetime = NOON) -> tuple[World, RequestId]:
    world = everything_holds(at=at)
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
    world = with_assessed_renewal()
    assert world.refusal("ask-extension", SIGNATORY, request=OPEN, **INTAKE) == "already_exists"
    world.do("refuse-extension", BOARD_MEMBER, request=OPEN, reason="no")
    assert kinds(ask_extension(world)) == [e.ExtensionAsked]


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
    world.at = term_of(world).ends + offset
    if asked:
        assert kinds(ask_extension(world)) == [e.ExtensionAsked]
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
    world.at = term_of(world, request).ends - 30 * DAY + offset
    if asked:
        assert kinds(ask_extension(world, request)) == [e.ExtensionAsked]
    else:
        assert world.refusal("ask-extension", SIGNATORY, request=request, **INTAKE) == "wrong_state"


def test_a_permit_is_extended_once() -> None:
    """E17: a second extension is refused; under the institute's own rules there may be more."""
    world, request = _permit()
    with_assessed_renewal(request, world)
    world.do("grant-extension", BOARD_MEMBER, request=request, reason="yes")
    assert world.refusal("ask-extension", SIGNATORY, request=request, **INTAKE) == "already_exists"
    world = with_assessed_renewal()
    world.do("grant-extension", BOARD_MEMBER, request=OPEN, reason="yes")
    assert kinds(ask_extension(world)) == [e.ExtensionAsked]


def test_a_refused_extension_of_a_permit_was_none() -> None:
    """E17: what was not granted may be asked for again."""
    world, request = _permit()
    with_assessed_renewal(request, world)
    world.do("refuse-extension", BOARD_MEMBER, request=request, reason="no")
    assert kinds(ask_extension(world, request)) == [e.ExtensionAsked]


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
    ask_extension(world)
    assert world.do("answer-extension", by, request=OPEN) == (e.ExtensionAnswered(request=OPEN),)
    extension = world.state.requests[OPEN].extension
    assert extension is not None
    assert extension.answered == world.at - MINUTE
    assert world.refusal("answer-extension", by, request=OPEN) == "already_exists"


@pytest.mark.parametrize("who", [RESEARCHER, SIGNATORY], ids=["the applicant", "the signatory"])
def test_the_renewal_is_submitted_once(who: PersonId) -> None:
    """S42, REQ-04: until when and why; what was submitted is what is assessed and granted."""
    world = everything_holds()
    ends = term_of(world).ends + DAY
    arguments = {"request": OPEN, "ends": ends, "reason": "one more day"}
    assert world.refusal("submit-extension", who, **arguments) == "wrong_state"
    ask_extension(world)
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
    ask_extension(world)
    arguments = {"request": OPEN, "ends": term_of(world).ends + beyond, "reason": "more"}
    if taken:
        assert kinds(world.do("submit-extension", RESEARCHER, **arguments)) == [e.ExtensionSubmitted]
    else:
        assert world.refusal("submit-extension", RESEARCHER, **arguments) == "not_allowed_value"


@pytest.mark.parametrize(("offset", "taken"), [(timedelta(0), True), (TICK, False)], ids=["ten years", "a tick more"])
def test_a_permit_is_extended_by_ten_years_at_most(offset: timedelta, taken: bool) -> None:
    """E17: calendar years, counted from the present end, once the law binds."""
    world, request = _permit(BINDS)
    ask_extension(world, request)
    ends = term_of(world, request).ends
    arguments = {"request": request, "ends": ends.replace(year=ends.year + 10) + offset, "reason": "more"}
    if taken:
        assert kinds(world.do("submit-extension", RESEARCHER, **arguments)) == [e.ExtensionSubmitted]
    else:
        assert world.refusal("submit-extension", RESEARCHER, **arguments) == "not_allowed_value"


def test_a_renewal_comes_before_the_end() -> None:
    """S46, REQ-08: where the term ran out meanwhile nothing is extended; a tick before it, it is."""
    world = everything_holds()
    ask_extension(world)
    world.at = term_of(world).ends
    arguments = {"request": OPEN, "ends": world.at + 10 * DAY, "reason": "more"}
    assert world.refusal("submit-extension", RESEARCHER, **arguments) == "wrong_state"
    world.at -= TICK
    assert kinds(world.do("submit-extension", RESEARCHER, **arguments)) == [e.ExtensionSubmitted]
