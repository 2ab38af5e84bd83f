"""Commands that wait for a second person: how long, for what, how many, and who takes them back."""

from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.base import Refusal, name_of
from access_policy.commands.erasure import ErasePerson
from access_policy.handle import MOST_WAITING, WAITS, handle
from access_policy.model.enums import RequestStatus
from access_policy.model.ids import PersonId
from access_policy.permissions import TABLE, FourEyes, authorise
from access_policy.subjects import of_arguments, of_event
from tests.unit.access_policy.samples import sample_arguments
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    HUB,
    NOON,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SECOND_ADMIN,
    STEWARD,
    STRANGER,
    THIRD_ADMIN,
    TICK,
    TRAINER,
    World,
    everything_holds,
    kinds,
    on_behalf_of,
)

TWO_PEOPLE = tuple(kind for kind, row in TABLE.items() if row.four_eyes is FourEyes.SECOND_PERSON)


def _propose(world: World, name: str, by: PersonId = ADMIN, /, **arguments: Any) -> int:
    events = world.do(name, by, **arguments)
    assert isinstance(events[-1], e.CommandProposed)
    return world.state.last_proposal


def _confirm(world: World, number: int) -> str:
    return world.refusal("confirm-proposal", SECOND_ADMIN, proposal=number)


def _role(world: World, who: PersonId = STRANGER) -> dict[str, Any]:
    return {"person": who, "role": "trainer", "until": world.at + 300 * DAY}


@pytest.mark.parametrize("early", [TICK, timedelta(0)], ids=["a tick before", "at the end"])
def test_a_proposal_lapses_after_fourteen_days(early: timedelta) -> None:
    """REQ-08, S73: it can be confirmed for fourteen days, half-open; then it is proposed anew, in place of the old."""
    world = everything_holds()
    number = _propose(world, "appoint-role", ADMIN, **_role(world))
    world.at = world.state.proposals[number].at + WAITS - early
    assert WAITS == 14 * DAY
    if early:
        world.do("confirm-proposal", SECOND_ADMIN, proposal=number)
        return
    outcome = world.attempt("confirm-proposal", SECOND_ADMIN, proposal=number)
    assert outcome == Refusal("changed_meanwhile", "this waited for more than 14 days; propose it again")


def test_what_lapsed_is_proposed_again() -> None:
    """Four eyes: the lapsed proposal of the same is dropped in the same append, and the new one can be confirmed."""
    world = everything_holds()
    arguments = _role(world)
    old = _propose(world, "appoint-role", ADMIN, **arguments)
    world.wait(WAITS)
    assert kinds(world.do("appoint-role", ADMIN, **arguments)) == [e.ProposalDropped, e.CommandProposed]
    assert list(world.state.proposals) == [old + 1]
    world.do("confirm-proposal", SECOND_ADMIN, proposal=old + 1)


def _suspended(world: World) -> dict[str, Any]:
    world.do("suspend-request", ADMIN, request=OPEN, reason="a question")
    return {"request": OPEN, "reason": "answered"}


def _excluded(world: World) -> dict[str, Any]:
    world.do("exclude-organisation", ADMIN, institution="hospital", until=world.at + 90 * DAY, reason="misuse")
    return {"institution": "hospital"}


def _exclude_again(world: World) -> None:
    ends = e.ExclusionLifted(institution=world.state.requests[OPEN].institution)  # type: ignore[arg-type]
    world.append([(person(THIRD_ADMIN), ends)])
    _excluded(world)


def _exempt(world: World) -> dict[str, Any]:
    return {"person": RESEARCHER, "course": "privacy", "until": world.at + 90 * DAY, "reason": "teaches it"}


def _revoke(world: World) -> None:
    world.do("revoke-certification", TRAINER, person=RESEARCHER, course="privacy", reason="cheated")


def _stop_and_go(world: World) -> None:
    world.do("disable-person", ADMIN, person=STRANGER, reason="a lost key")
    world.do("enable-person", ADMIN, person=STRANGER)


def _reset(world: World) -> dict[str, Any]:
    return {"person": RESEARCHER}


def _new_factor(world: World) -> None:
    world.append([(person(THIRD_ADMIN), e.FactorsReset(person=RESEARCHER))])
    world.do("enrol-factor", HUB, person=RESEARCHER, factor="second", kind="totp")


@pytest.mark.parametrize(
    ("name", "prepare", "change"),
    [
        ("lift-exclusion", _excluded, _exclude_again),
        ("exempt-person", _exempt, _revoke),
        ("appoint-role", _role, _stop_and_go),
        ("reset-factors", _reset, _new_factor),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_an_old_proposal_undoes_no_later_decision(name: str, prepare: Any, change: Any) -> None:
    """Four eyes, S74, S94, E59: what was wanted before a fact about the same is not wanted after it."""
    world = everything_holds()
    number = _propose(world, name, ADMIN, **prepare(world))
    change(world)
    assert _confirm(world, number) == "changed_meanwhile"


def test_an_old_reinstatement_ends_no_later_suspension() -> None:
    """E58: a request that was reinstated otherwise and suspended anew stays suspended."""
    world = everything_holds()
    number = _propose(world, "reinstate-request", ADMIN, **_suspended(world))
    world.append([(person(THIRD_ADMIN), e.RequestReinstated(request=OPEN, reason="answered by letter"))])
    world.do("suspend-request", ADMIN, request=OPEN, reason="a new finding")
    assert _confirm(world, number) == "changed_meanwhile"
    assert not world.decide().allowed


def test_what_is_news_about_others_holds_nothing_up() -> None:
    """Four eyes: facts about another person and request do not lapse a proposal."""
    world = everything_holds()
    number = _propose(world, "appoint-role", ADMIN, **_role(world))
    world.do("verify-person", ADMIN, person=COLLEAGUE, method="in-person", evidence="seen", until=world.at + 90 * DAY)
    world.ask(RequestStatus.DRAFT)
    events = world.do("confirm-proposal", SECOND_ADMIN, proposal=number)
    assert kinds(events) == [e.ProposalConfirmed, e.RoleAppointed]


def test_nobody_holds_up_what_is_about_themselves() -> None:
    """E58: a running workspace and an accepted text are no change, so a proposal about their person stands."""
    world = everything_holds()
    number = _propose(world, "reset-factors", ADMIN, person=RESEARCHER)
    world.start()
    world.end()
    world.append([(person(RESEARCHER), e.DocumentAccepted(person=RESEARCHER, document="faq", version="1"))])  # type: ignore[arg-type]
    events = world.do("confirm-proposal", SECOND_ADMIN, proposal=number)
    assert kinds(events) == [e.ProposalConfirmed, e.FactorsReset]


def test_what_a_fact_is_news_about() -> None:
    """A certification is about its person, not about the course; a proposal is no news about anybody."""
    certified = e.PersonCertified(person=RESEARCHER, course="privacy", ends=NOON)  # type: ignore[arg-type]
    proposed = e.CommandProposed(proposal=1, command="reset-factors", person=RESEARCHER, arguments="{}")
    assert of_event(certified) == [f"person {RESEARCHER}"]
    assert of_event(proposed) == []
    assert of_event(e.CourseRevised(course="privacy", version="2", binding=True)) == ["course privacy"]  # type: ignore[arg-type]
    assert of_arguments({"person": "P-3", "course": "privacy", "until": "x"}) == ["person P-3", "course privacy"]


def test_the_same_is_proposed_once_whatever_the_reason() -> None:
    """Four eyes: another reason or evidence makes no other proposal."""
    world = everything_holds()
    arguments = _suspended(world)
    _propose(world, "reinstate-request", ADMIN, **arguments)
    assert world.refusal("reinstate-request", THIRD_ADMIN, **arguments | {"reason": "else"}) == "already_exists"
    identity = sample_arguments(_kind("join-identity"), RESEARCHER)
    link = sample_arguments(_kind("link-identity"), RESEARCHER)
    world.do("link-identity", SECOND_ADMIN, **link | {"subject": "rosa"})
    _propose(world, "join-identity", ADMIN, **identity)
    assert world.refusal("join-identity", THIRD_ADMIN, **identity | {"evidence": "another"}) == "already_exists"


def _kind(name: str) -> Any:
    return next(kind for kind in TABLE if name_of(kind) == name)


def test_at_most_fifty_wait() -> None:
    """REQ-11: nobody fills the list that admins read; what lapsed does not count."""
    world = everything_holds()
    until = world.at + 90 * DAY
    for number in range(MOST_WAITING):
        _propose(world, "appoint-role", ADMIN, person=STRANGER, role="trainer", until=until + number * DAY)
    one_more = {"person": STRANGER, "role": "assessor", "until": until}
    assert world.refusal("appoint-role", ADMIN, **one_more) == "wrong_state"
    first = min(world.state.proposals)
    world.do("drop-proposal", SECOND_ADMIN, proposal=first)
    _propose(world, "appoint-role", ADMIN, **one_more)
    assert world.refusal("appoint-role", ADMIN, **one_more | {"role": "board-member"}) == "wrong_state"
    world.wait(WAITS)
    _propose(world, "appoint-role", ADMIN, **one_more | {"role": "board-member"})


@pytest.mark.parametrize("kind", [kind for kind in TWO_PEOPLE if kind is not ErasePerson], ids=name_of)
def test_an_operator_is_no_second_person(kind: Any) -> None:
    """S35, four eyes: neither the proposal nor the confirmation is given on behalf of an admin, outside a demo.

    Of an erasure the proposal is, by `sluis person erase`; no operator confirms it.
    """
    assert TABLE[kind].personal
    world = everything_holds()
    number = _propose(world, "appoint-role", ADMIN, **_role(world))
    for name, arguments in ((kind, sample_arguments(kind, RESEARCHER)), (_kind("confirm-proposal"), None)):
        command = name(**(arguments or {"proposal": number}))
        standing = {"reopen-dataset": STEWARD}.get(name_of(name), SECOND_ADMIN)
        refused = authorise(world.state, command, on_behalf_of(standing), world.at)
        assert refused is not None
        assert refused.code == "personal_command"


@pytest.mark.parametrize("who", [REPRESENTATIVE, STEWARD], ids=["a representative", "a steward"])
def test_who_proposed_can_take_it_back(who: PersonId) -> None:
    """Four eyes: the proposer drops their own; to anybody else who is no admin it is as if nothing waited (REQ-03)."""
    world = everything_holds()
    if who == REPRESENTATIVE:
        name, arguments = "lift-exclusion", _excluded(world)
    else:
        world.do("register-study", ADMIN, study="relapse", title="Relapse", purpose="why it comes back")
        arguments = {"study": "relapse", "person": STRANGER, "until": world.at + 90 * DAY}
        name = "name-investigator"
    number = _propose(world, name, who, **arguments)
    other = STEWARD if who == REPRESENTATIVE else REPRESENTATIVE
    assert world.refusal("drop-proposal", other, proposal=number) == "not_found"
    assert world.refusal("drop-proposal", RESEARCHER, proposal=number) == "not_permitted"
    assert kinds(world.do("drop-proposal", who, proposal=number)) == [e.ProposalDropped]


def test_an_admin_turns_down_what_another_proposed() -> None:
    """Four eyes: either of the two can say no."""
    world = everything_holds()
    number = _propose(world, "lift-exclusion", REPRESENTATIVE, **_excluded(world))
    assert kinds(world.do("drop-proposal", SECOND_ADMIN, proposal=number)) == [e.ProposalDropped]


def test_a_proposal_that_can_be_read_no_more_is_refused() -> None:
    """REQ-11: what stands in an old log and is no command today is refused, and stops nothing."""
    world = everything_holds()
    number = world.state.last_proposal + 1
    text = '{"country":"GE","scope":"full","begins":"1969-12-31T10:00:00Z","act":"an act"}'
    old = e.CommandProposed(proposal=number, command="record-adequacy", person=ADMIN, arguments=text)
    world.append([(person(ADMIN), old)])
    command = _kind("confirm-proposal")(proposal=number)
    outcome = handle(world.state, command, person(SECOND_ADMIN), world.at)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "changed_meanwhile"
    assert "drop it" in outcome.text
    world.do("drop-proposal", SECOND_ADMIN, proposal=number)
