"""A renewal: assessed anew, granted or refused by another person, never automatic (S42, S45, S46, E18)."""

from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import PermitStatus, RequestStatus
from access_policy.model.instants import Term
from tests.unit.access_policy.situations import (
    another_member,
    ask_extension,
    ask_with_abroad,
    basis,
    office,
    term_of,
    with_assessed_renewal,
    with_renewal,
)
from tests.unit.access_policy.world import (
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    OPEN,
    TICK,
    appoint,
    everything_holds,
    find,
    kinds,
)


def test_a_renewal_is_assessed_anew_and_once() -> None:
    """S42: after it was submitted, by an assessor."""
    world = everything_holds()
    arguments = {"request": OPEN, "assessment": "sound"}
    assert world.refusal("assess-extension", ASSESSOR, **arguments) == "wrong_state"
    ask_extension(world)
    assert world.refusal("assess-extension", ASSESSOR, **arguments) == "wrong_state"
    world = with_renewal()
    assert world.do("assess-extension", ASSESSOR, **arguments) == (
        e.ExtensionAssessed(request=OPEN, assessment="sound"),
    )
    assert world.refusal("assess-extension", ASSESSOR, **arguments) == "already_exists"


def test_an_assessor_with_a_tie_does_not_assess_it() -> None:
    """S20, S42: as for the request itself."""
    world = with_renewal()
    appoint(world, COLLEAGUE, "assessor")
    assert world.refusal("assess-extension", COLLEAGUE, request=OPEN, assessment="sound") == "four_eyes"


def test_a_granted_extension_moves_the_end() -> None:
    """S42, S45, E18: as it was submitted; a renewed version of the permit with an id of its own."""
    world = with_assessed_renewal()
    term = term_of(world)
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
    world = with_assessed_renewal()
    term = term_of(world)
    (event,) = world.do("refuse-extension", BOARD_MEMBER, request=OPEN, reason="no")
    assert event == e.ExtensionRefused(request=OPEN, reason="no")
    assert (term_of(world), world.state.requests[OPEN].extension) == (term, None)


BOTH = pytest.mark.parametrize("name", ["grant-extension", "refuse-extension"])


@BOTH
def test_what_is_not_submitted_and_assessed_is_not_decided(name: str) -> None:
    """S42: never automatic, in each step that is missing."""
    world = everything_holds()
    arguments = {"request": OPEN, "reason": "x"}
    assert world.refusal(name, BOARD_MEMBER, **arguments) == "wrong_state"
    ask_extension(world)
    assert world.refusal(name, BOARD_MEMBER, **arguments) == "wrong_state"
    world = with_renewal()
    assert world.refusal(name, BOARD_MEMBER, **arguments) == "wrong_state"


@BOTH
def test_who_assessed_it_does_not_decide(name: str) -> None:
    """S42: two people; another member of the board decides."""
    world = with_assessed_renewal()
    appoint(world, ASSESSOR, "board-member")
    assert world.refusal(name, ASSESSOR, request=OPEN, reason="x") == "four_eyes"
    assert kinds(world.do(name, BOARD_MEMBER, request=OPEN, reason="x")) != []


@BOTH
def test_who_has_a_tie_does_not_decide_on_an_extension(name: str) -> None:
    """S20: who works there, and who declared a tie to the request."""
    world = with_assessed_renewal()
    appoint(world, COLLEAGUE, "board-member")
    assert world.refusal(name, COLLEAGUE, request=OPEN, reason="x") == "four_eyes"
    other = another_member(world, "bea")
    world.do("declare-conflict", other, request=OPEN, reason="my sister")
    assert world.refusal(name, other, request=OPEN, reason="x") == "four_eyes"


@pytest.mark.parametrize(
    ("offset", "granted"), [(-TICK, True), (timedelta(0), False)], ids=["a tick before the old end", "at it"]
)
def test_a_late_extension_revives_nothing(offset: timedelta, granted: bool) -> None:
    """S46, REQ-08: once the term is over it is not granted; it can be refused."""
    world = with_assessed_renewal()
    world.at = term_of(world).ends + offset
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
    with_assessed_renewal(request, world)
    none: dict[str, Any] = {"basis": "none", "clauses": None, "concluded": None}
    world.do("record-transfer-basis", by, **basis(world, request, **none))
    assert world.refusal("grant-extension", BOARD_MEMBER, request=request, reason="yes") == "not_complete"
    world.do("record-transfer-basis", by, **basis(world, request))
    assert kinds(world.do("grant-extension", BOARD_MEMBER, request=request, reason="yes")) == [e.ExtensionGranted]
