"""Erasing a person: when, by whom, what it takes along, and that nothing speaks of them afterwards."""

from datetime import timedelta

import msgspec
import pytest

from access_policy import events as e
from access_policy.commands.base import Refusal, RefusalCode
from access_policy.commands.erasure import erasable_from
from access_policy.log.codec import form_of
from access_policy.model.ids import PersonId
from access_policy.model.instants import format_instant
from access_policy.model.texts import ERASED
from tests.unit.access_policy.erasing import YEARS, asked_long_ago, erase
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    MINUTE,
    OPEN,
    RESEARCHER,
    RESTRICTED,
    SECOND_ADMIN,
    SIGNATORY,
    STEWARD,
    TICK,
    World,
    everything_holds,
    of_format_2,
)


def _why(world: World, who: PersonId = RESEARCHER) -> str:
    """Return why nobody can be erased now, as the admin who proposes it reads it."""
    outcome = world.attempt("erase-person", ADMIN, person=who)
    assert isinstance(outcome, Refusal)
    assert outcome.code == RefusalCode.WRONG_STATE
    return outcome.text


def test_two_admins_erase() -> None:
    """E50: nothing goes until another admin confirms; then name, address and login identity are gone."""
    world = asked_long_ago(RESEARCHER)
    world.do("erase-person", ADMIN, person=RESEARCHER)
    assert world.state.people[RESEARCHER].name == "Rosa"
    assert world.refusal("confirm-proposal", ADMIN, proposal=world.state.last_proposal) == "four_eyes"
    world.do("confirm-proposal", SECOND_ADMIN, proposal=world.state.last_proposal)
    person = world.state.people[RESEARCHER]
    assert (person.name, person.email, person.institution) == (ERASED, ERASED, None)
    assert RESEARCHER not in world.state.emails.values()
    assert RESEARCHER not in world.state.identities.values()
    assert world.state.erased == {RESEARCHER: world.at - MINUTE}


def test_nobody_else_erases() -> None:
    """E50: neither the person alone nor anybody without the role."""
    world = asked_long_ago(RESEARCHER)
    for who in (RESEARCHER, COLLEAGUE):
        assert world.refusal("erase-person", who, person=RESEARCHER) == "not_permitted"


def test_nobody_is_erased_unasked() -> None:
    """E50: it begins with an asking, which says from when."""
    assert "give `ask-erasure` first" in _why(asked_long_ago(), COLLEAGUE)


@pytest.mark.parametrize("early", [timedelta(0), TICK, DAY], ids=["at its date", "an instant before", "a day before"])
def test_the_retention_floor_holds(early: timedelta) -> None:
    """E48, E50: refused until its date, which it says, and carried out from that instant on."""
    world = asked_long_ago(COLLEAGUE)
    date = world.at + 100 * DAY
    world.append([(world.acting(ADMIN), e.ErasureAsked(person=COLLEAGUE, not_before=date))])
    world.at = date - early
    if early:
        assert f"from `{format_instant(date)}`" in _why(world, COLLEAGUE)
    else:
        world.do("erase-person", ADMIN, person=COLLEAGUE)


def test_who_goes_on_working_waits_longer() -> None:
    """E48: access logs of a request that ended yesterday stay identifiable, however long ago somebody asked."""
    world = asked_long_ago(RESEARCHER)
    request = world.state.requests[OPEN]
    request.status_since = world.at - DAY
    assert f"from `{format_instant(world.at - DAY + YEARS)}`" in _why(world)


def test_what_rests_on_a_person_and_the_date_are_said_together() -> None:
    """E48, E50: whoever ends what is named first knows how long it takes then; asked again, the same date is said."""
    world = of_format_2(everything_holds())
    world.do("ask-erasure", ADMIN, person=RESEARCHER)
    ends = [one.term.ends for one in world.state.requests.values() if one.term is not None]
    date = f"can be erased from `{format_instant(max(ends) + YEARS)}`"
    assert "`DR-1`" in _why(world)
    assert date in _why(world)
    again = world.attempt("ask-erasure", RESEARCHER, person=RESEARCHER)
    assert isinstance(again, Refusal)
    assert date in again.text


@pytest.mark.parametrize("asked", [False, True], ids=["not asked yet", "asked"])
def test_the_first_date_counts_the_end_of_a_live_request(asked: bool) -> None:
    """E48: its access logs stay for years after its end, so nobody is told a date that cannot hold."""
    world = of_format_2(everything_holds())
    person, term = world.state.people[RESEARCHER], world.state.requests[OPEN].term
    assert term is not None
    if asked:
        world.do("ask-erasure", ADMIN, person=RESEARCHER)
    assert erasable_from(world.state, person, world.at) >= term.ends + YEARS > world.at + YEARS
    world.do("end-request", ADMIN, request=OPEN, reason="it is over")
    world.do("end-request", ADMIN, request=RESTRICTED, reason="it is over")
    assert erasable_from(world.state, person, world.at) <= world.at + YEARS


def test_a_live_request_role_place_or_workspace_stands_in_the_way() -> None:
    """E50: what rests on a person ends first; the refusal names it."""
    world = of_format_2(everything_holds())
    world.start()
    for who in (RESEARCHER, STEWARD, SIGNATORY):
        world.do("ask-erasure", ADMIN, person=who)
    assert "`DR-1`" in _why(world)
    for request in (OPEN, RESTRICTED):
        world.do("end-request", ADMIN, request=request, reason="it is over")
    assert "workspace for `DR-1`" in _why(world)
    assert "role `data-steward`" in _why(world, STEWARD)
    assert "role `signatory`" in _why(world, SIGNATORY)
    world.do("end-role", ADMIN, person=STEWARD, role="data-steward")
    assert "hand it over" in _why(world, STEWARD)


def test_a_request_goes_with_its_last_person() -> None:
    """E50: the key of a request opens its texts as long as one of its people is not erased."""
    world = asked_long_ago(RESEARCHER, SIGNATORY)
    assert erase(world).requests == ()
    assert erase(world, SIGNATORY).requests == (OPEN, RESTRICTED)
    assert set(world.state.erased) == {RESEARCHER, SIGNATORY, OPEN, RESTRICTED}


def test_nothing_is_recorded_about_who_was_erased() -> None:
    """E50: no key is left to seal with, so every command that names them is refused, and they act no more."""
    world = asked_long_ago(RESEARCHER, SIGNATORY)
    for who in (RESEARCHER, SIGNATORY):
        erase(world, who)
    for name in ("ask-erasure", "erase-person", "enable-person"):
        assert world.refusal(name, ADMIN, person=RESEARCHER) == "wrong_state"
    assert world.refusal("disable-person", ADMIN, person=RESEARCHER, reason="again") == "wrong_state"
    published = {"title": "Survival", "link": "https://journal.example/1", "acknowledgement": "thanks"}
    assert world.refusal("record-publication", ADMIN, request=OPEN, **published) == "not_permitted"
    assert world.refusal("open-request", RESEARCHER, title="Survival", purpose="again") == "not_permitted"


def test_who_comes_back_is_somebody_new() -> None:
    """E50: neither the address nor the login identity leads to the old number, and both can be registered anew."""
    world = asked_long_ago(RESEARCHER)
    address = world.state.people[RESEARCHER].email
    erase(world)
    world.do("register-person", ADMIN, name="Rosa", email=address, institution="hospital")
    assert world.state.emails[address] not in (RESEARCHER, "")
    assert world.state.people[RESEARCHER].name == ERASED


def test_waiting_proposals_about_or_by_the_person_go() -> None:
    """E50: arguments that were sealed with the person's key wait no more."""
    world = asked_long_ago(RESEARCHER)
    world.do("reset-factors", ADMIN, person=RESEARCHER)
    erase(world)
    assert [one for one in world.state.proposals.values() if RESEARCHER in (one.about, one.by)] == []


def test_reading_erased_texts_gives_the_same_people() -> None:
    """POL-05, E50: who folds the log after the key is gone gets the people of who folded it before."""
    world = asked_long_ago(RESEARCHER)
    erase(world)
    assert World.of([_blank(fact) for fact in world.facts], world.at).state.people == world.state.people


def _blank(fact: e.Fact) -> e.Fact:
    """Return a fact as it reads once the researcher's key is gone."""

    seals = form_of(type(fact.event)).seals
    gone = {n: ERASED for n, seal in seals.items() if getattr(fact.event, seal.value) == RESEARCHER}
    return msgspec.structs.replace(fact, event=msgspec.structs.replace(fact.event, **gone))
