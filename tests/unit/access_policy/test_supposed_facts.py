"""Facts that `simulate` is asked to suppose, and logs that cannot be read: bad ones are no step, with a sentence."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, cast

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.fold import APPLIERS
from access_policy.log.errors import UnreadableLog
from access_policy.log.store import Head, LogStore
from access_policy.model.enums import Role
from access_policy.model.ids import RequestId
from access_policy.model.jurisdictions import AdequacyScope
from access_policy.notices import NoticeKind
from access_policy.simulate import Step
from access_policy.supposed import read_fact
from access_policy.use_cases import Policy
from tests.unit.access_policy.abroad import abroad
from tests.unit.access_policy.supposing import supposed
from tests.unit.access_policy.world import (
    ADMIN,
    DAY,
    OPEN,
    RESEARCHER,
    STRANGER,
    World,
    everything_holds,
)

K = NoticeKind


ADEQUACY = {"country": "KR", "scope": "full", "act": "a judgment"}


@pytest.mark.parametrize(
    ("name", "fields", "says"),
    [
        ("AdequacyEnded", ADEQUACY | {"ends": "2027-01-01T00:00:00"}, "no time zone"),
        ("AdequacyEnded", ADEQUACY | {"ends": "9999-01-01T00:00:00Z"}, "outside the years"),
        ("AdequacyEnded", ADEQUACY | {"ends": 5}, "no RFC 3339 time"),
        ("AdequacyEnded", ADEQUACY | {"ends": "2027-01-01T00:00:00Z", "act": "\ud800"}, "cannot be seen"),
        ("AdequacyEnded", ADEQUACY | {"ends": "2027-01-01T00:00:00Z", "country": "K\x00"}, "cannot be seen"),
        ("PersonVerified", {"person": "P-3", "method": "in-person", "until": "2027-01-01T00:00:00"}, "no time zone"),
        ("ExtensionGranted", {"request": "DR-1", "ends": "2028-01-01T00:00:00", "reason": "x"}, "no time zone"),
        ("ProposalConfirmed", {"proposal": 10**13}, "is no number"),
        ("ProposalConfirmed", {}, "`proposal` is missing"),
        ("SessionBegun", {}, "no fact is named"),
    ],
    ids=[
        "an end without a zone", "the year 9999", "a number for a time", "half a character", "a NUL in a country",
        "a verification without a zone", "an extension without a zone", "a number without bounds", "a field too few",
        "no fact",
    ],
)  # fmt: skip
def test_a_supposed_fact_is_read_as_strictly_as_a_command(name: str, fields: dict[str, Any], says: str) -> None:
    """REQ-11: times have a zone and a year that counts, texts no hidden character; else a ValueError says so."""
    with pytest.raises(ValueError, match=says):
        read_fact(name, fields)


def _approved(world: World, begins: datetime, ends: datetime) -> e.FactEvent:
    return e.RequestApproved(
        request=OPEN, improves_treatment=True, public_interest=True, reason="x", begins=begins, ends=ends
    )


MISFITS: dict[str, tuple[Callable[[World], e.FactEvent], str]] = {
    "an inverted term": (lambda w: _approved(w, w.at + 9 * DAY, w.at + 8 * DAY), "after `begins`"),
    "an empty term": (lambda w: _approved(w, w.at + 9 * DAY, w.at + 9 * DAY), "after `begins`"),
    "a term that is over": (lambda w: _approved(w, w.at - 9 * DAY, w.at), "over already"),
    "a role that is over": (
        lambda w: e.RoleAppointed(person=STRANGER, role=Role.ADMIN, scope=None, until=w.at), "over already",
    ),
    "an extension that shortens": (
        lambda w: e.ExtensionGranted(request=OPEN, ends=w.at + DAY, reason="x"), "after the term",
    ),
    "an unknown proposal": (lambda _: e.ProposalConfirmed(proposal=99), "no such proposal"),
    "an unknown country": (
        lambda w: e.AdequacyEnded(country="K\x00", scope=AdequacyScope.FULL, ends=w.at, act="x"), "no country",
    ),
    "a clock that goes on without a pause": (lambda _: e.ClockResumed(request=OPEN), "not stand still"),
    "an unknown request": (
        lambda _: e.RequestEnded(request=RequestId("DR-9"), reason="x"),
        "there is no request `DR-9`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISFITS)
def test_a_fact_that_no_command_could_leave_is_no_step(name: str) -> None:
    """REQ-11, S39: it is refused with the number of the step, and not silently taken for something else."""
    world = everything_holds()
    make, says = MISFITS[name]
    with pytest.raises(ValueError, match=f"step 2.*{says}"):
        supposed(
            world,
            Step(world.at, person(ADMIN), e.PersonEnabled(person=RESEARCHER)),
            Step(world.at, person(ADMIN), make(world)),
        )


def test_an_end_of_law_can_lie_in_the_past() -> None:
    """S59: as a judgment that makes a decision void from before."""
    world = everything_holds()
    party = abroad(world)
    gone = e.AdequacyEnded(country="KR", scope=AdequacyScope.FULL, ends=world.at - DAY, act="a judgment")
    assert [one.person for one in supposed(world, Step(world.at, person(ADMIN), gone))] == [party.researcher]


class _Log:
    """A log that holds these facts."""

    def __init__(self, facts: list[e.Fact]) -> None:
        self._facts = facts

    def facts_since(self, seq: int) -> Iterator[e.Fact]:
        return iter(self._facts[seq:])

    def observation_head(self) -> Head:
        return Head(0, "", None)


@pytest.mark.parametrize("error", [KeyError, IndexError, ValueError, TypeError], ids=lambda error: error.__name__)
def test_a_log_whose_facts_do_not_follow_cannot_be_read(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """POL-05: whatever a fact looks for in vain, the reader stops with an error of the log, which denies."""

    def fails(*_: object) -> None:
        raise error("nothing there")

    world = everything_holds()
    monkeypatch.setitem(cast(dict[Any, Any], APPLIERS), e.PersonEnabled, fails)
    fact = e.Fact(len(world.facts) + 1, world.at, person(ADMIN), e.PersonEnabled(person=RESEARCHER))
    policy = Policy(cast(LogStore, _Log([*world.facts, fact])), lambda: world.at)
    with pytest.raises(UnreadableLog, match="does not fit"):
        policy.state_at(world.at)
