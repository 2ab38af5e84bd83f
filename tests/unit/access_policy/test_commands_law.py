"""The law of countries as dated facts: what is recorded, and what is refused (S57-S59, S67, E13)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.jurisdictions import Adequacy, AdequacyScope, EligibleThirdCountry
from tests.unit.access_policy.world import (
    ADMIN,
    DAY,
    RESEARCHER,
    SECOND_ADMIN,
    STRANGER,
    TICK,
    World,
    appoint,
    everything_holds,
    kinds,
)

ACT = "Implementing Decision (EU) 2027/1"
SCHREMS = datetime(2020, 7, 16, tzinfo=UTC)


def _decide(world: World, **changed: Any) -> dict[str, Any]:
    return {"country": "GE", "scope": "full", "begins": world.at, "act": ACT} | changed


def _list(world: World, **changed: Any) -> dict[str, Any]:
    return {"country": "GE", "begins": world.at, "act": ACT} | changed


def test_an_adequacy_decision_is_recorded_by_two() -> None:
    """S58: country, scope, term and act stand in the fact and in the state, beside those of the program."""
    world = everything_holds()
    before, begins, ends = world.state.adequacy, world.at, world.at + 400 * DAY
    (_, event) = world.agree("record-adequacy", **_decide(world, ends=ends))
    decided: dict[str, Any] = {"country": "GE", "scope": AdequacyScope.FULL, "begins": begins, "ends": ends, "act": ACT}
    assert event == e.AdequacyDecided(**decided)
    assert world.state.adequacy == (*before, Adequacy(**decided))


def test_a_decision_without_an_end_holds_until_it_is_ended() -> None:
    """S58, S59: most decisions name no end."""
    world = everything_holds()
    world.agree("record-adequacy", **_decide(world))
    assert world.state.adequacy[-1].ends is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"country": "XX"}, "not_allowed_value"),
        ({"country": "UK"}, "not_allowed_value"),
        ({"country": "DE"}, "not_allowed_value"),
        ({"country": "NO"}, "not_allowed_value"),
        ({"ends": timedelta(0)}, "not_allowed_value"),
        ({"ends": -DAY}, "not_allowed_value"),
        ({"begins": -9 * DAY, "ends": -DAY}, "not_allowed_value"),
        ({"begins": 9 * DAY, "ends": 8 * DAY}, "not_allowed_value"),
        ({"scope": "privacy-shield", "country": "US"}, "not_allowed_value"),
        ({"scope": "privacy-shield", "country": "CA"}, "not_allowed_value"),
        ({"country": "CH"}, "already_exists"),
        ({"country": "US", "scope": "data-privacy-framework"}, "already_exists"),
        ({"country": "BR", "begins": -900 * DAY}, "already_exists"),
    ],
    ids=[
        "no country", "a reserved code", "a member state", "a state of the EEA", "empty", "inverted", "over already",
        "inverted later on", "S59 Privacy Shield", "S59 Privacy Shield elsewhere", "decided already",
        "the framework twice", "it would begin before the one in force",
    ],
)  # fmt: skip
def test_an_adequacy_decision_is_refused(changed: dict[str, Any], code: str) -> None:
    """S57, S58, S59, REQ-11: a real country outside the EEA, a sound term, once for a time, and no Privacy Shield."""
    world = everything_holds()
    spans = {key: world.at + value if isinstance(value, timedelta) else value for key, value in changed.items()}
    assert world.refusal("record-adequacy", ADMIN, **_decide(world, **spans)) == code


@pytest.mark.parametrize("begins", [SCHREMS - DAY, SCHREMS - TICK, SCHREMS, SCHREMS + DAY])
def test_privacy_shield_is_never_adequate_again(begins: datetime) -> None:
    """S59: invalid since 16 July 2020, whatever beginning somebody writes down."""
    world = everything_holds()
    arguments = _decide(world, country="GE", scope="privacy-shield", begins=begins)
    assert world.refusal("record-adequacy", ADMIN, **arguments) == "not_allowed_value"


def test_a_country_outside_the_eea_by_then_can_be_adequate() -> None:
    """S57: the United Kingdom left; a decision for a time after the one in force follows it without a gap."""
    world = everything_holds()
    last = max(one.ends for one in world.state.adequacy if one.country == "GB" and one.ends is not None)
    early = _decide(world, country="GB", begins=last - TICK)
    assert world.refusal("record-adequacy", ADMIN, **early) == "already_exists"
    world.agree("record-adequacy", **_decide(world, country="GB", begins=last))


def test_a_decision_that_ends_where_the_next_begins_does_not_overlap() -> None:
    """S58, REQ-08: terms are half-open, on both sides of a decision that stands."""
    world = everything_holds()
    begins = world.at + 100 * DAY
    world.agree("record-adequacy", **_decide(world, begins=begins))
    assert world.refusal("record-adequacy", ADMIN, **_decide(world, ends=begins + TICK)) == "already_exists"
    world.agree("record-adequacy", **_decide(world, ends=begins))


def test_another_scope_is_another_decision() -> None:
    """S58: a decision for some recipients stands beside one for all."""
    world = everything_holds()
    world.agree("record-adequacy", **_decide(world))
    world.agree("record-adequacy", **_decide(world, scope="commercial-organisations"))
    scopes = [str(one.scope) for one in world.state.adequacy if one.country == "GE"]
    assert scopes == ["full", "commercial-organisations"]


@pytest.mark.parametrize("ends", [-30 * DAY, timedelta(0), 30 * DAY], ids=["a month ago", "now", "in a month"])
def test_an_adequacy_decision_is_ended(ends: timedelta) -> None:
    """S59, S67: from an instant on, past or to come; all others stay as they were."""
    world = everything_holds()
    others = [one for one in world.state.adequacy if one.country != "JP"]
    at = world.at + ends
    arguments = {"country": "JP", "scope": "business-operators", "ends": at, "act": "a judgment"}
    (event,) = world.do("end-adequacy", ADMIN, **arguments)
    assert event == e.AdequacyEnded(country="JP", scope=AdequacyScope.BUSINESS_OPERATORS, ends=at, act="a judgment")
    assert [one.ends for one in world.state.adequacy if one.country == "JP"] == [at]
    assert [one for one in world.state.adequacy if one.country != "JP"] == others


def test_an_ended_decision_is_only_ended_earlier() -> None:
    """S59: an ending takes something away, and never gives anything back."""
    world = everything_holds()
    ends = world.at
    arguments = {"country": "JP", "scope": "business-operators", "act": "a judgment"}
    world.do("end-adequacy", ADMIN, **arguments, ends=ends)
    assert world.refusal("end-adequacy", ADMIN, **arguments, ends=ends) == "not_found"
    assert world.refusal("end-adequacy", ADMIN, **arguments, ends=ends + DAY) == "not_found"
    world.do("end-adequacy", ADMIN, **arguments, ends=ends - TICK)


@pytest.mark.parametrize(
    "changed",
    [
        {"country": "GE"},
        {"country": "JP", "scope": "full"},
        {"country": "US", "scope": "privacy-shield"},
        {"country": "BR", "ends": datetime(2026, 1, 26, tzinfo=UTC)},
        {"country": "BR", "ends": datetime(2026, 1, 25, tzinfo=UTC)},
    ],
    ids=["no decision", "of another scope", "over already", "at its very beginning", "before it begins"],
)
def test_nothing_is_ended_that_would_not_hold(changed: dict[str, Any]) -> None:
    """S59, S67, REQ-08: there is a decision of that scope, and it began before and would still hold."""
    world = everything_holds()
    arguments = {"scope": "full", "ends": world.at, "act": "a judgment"} | changed
    assert world.refusal("end-adequacy", ADMIN, **arguments) == "not_found"


def test_after_an_ending_a_new_decision_follows() -> None:
    """S58: what was ended leaves room for the next one."""
    world = everything_holds()
    ends = world.at
    world.do("end-adequacy", ADMIN, country="CH", scope="full", ends=ends, act="a repeal")
    world.agree("record-adequacy", **_decide(world, country="CH", begins=ends))
    first, second = (one for one in world.state.adequacy if one.country == "CH")
    assert (first.ends, second.begins) == (ends, ends)


def test_a_country_is_listed_by_two() -> None:
    """E13: from an instant on, by an implementing act; the list is empty until then."""
    world = everything_holds()
    assert not world.state.eligible
    begins = world.at
    (_, event) = world.agree("list-country", **_list(world))
    assert event == e.CountryListed(country="GE", begins=begins, ends=None, act=ACT)
    assert world.state.eligible == (EligibleThirdCountry("GE", begins, None, ACT),)


@pytest.mark.parametrize(
    "changed",
    [
        {"country": "XX"}, {"country": "DE"}, {"ends": timedelta(0)}, {"ends": -DAY},
        {"begins": -9 * DAY, "ends": -DAY},
    ],
    ids=["no country", "no third country", "empty", "inverted", "over already"],
)  # fmt: skip
def test_a_listing_is_refused(changed: dict[str, Any]) -> None:
    """E13, REQ-11: a third country, for a sound term."""
    world = everything_holds()
    spans = {key: world.at + value if isinstance(value, timedelta) else value for key, value in changed.items()}
    assert world.refusal("list-country", ADMIN, **_list(world, **spans)) == "not_allowed_value"


def test_a_country_is_listed_once_for_a_time() -> None:
    """E13, REQ-08: two listings of a country do not overlap; those of two countries do."""
    world = everything_holds()
    ends = world.at + 100 * DAY
    world.agree("list-country", **_list(world, ends=ends))
    assert world.refusal("list-country", ADMIN, **_list(world, begins=ends - TICK)) == "already_exists"
    world.agree("list-country", **_list(world, begins=ends))
    world.agree("list-country", **_list(world, country="JP"))


def test_a_country_leaves_the_list() -> None:
    """E13: from an instant on; not before it was listed, and not twice."""
    world = everything_holds()
    begins = world.at
    world.agree("list-country", **_list(world))
    world.agree("list-country", **_list(world, country="JP"))
    ends = world.at + DAY
    gone = {"country": "GE", "act": "a repeal"}
    assert world.refusal("unlist-country", ADMIN, **gone, ends=begins) == "not_found"
    (event,) = world.do("unlist-country", ADMIN, **gone, ends=ends)
    assert event == e.CountryUnlisted(country="GE", ends=ends, act="a repeal")
    assert [(one.country, one.ends) for one in world.state.eligible] == [("GE", ends), ("JP", None)]
    assert world.refusal("unlist-country", ADMIN, **gone, ends=ends) == "not_found"
    assert world.refusal("unlist-country", ADMIN, **gone | {"country": "US"}, ends=ends) == "not_found"


def test_adequacy_lists_no_country() -> None:
    """E13: a country that is adequate is not listed, and cannot be taken off the list."""
    world = everything_holds()
    assert world.refusal("unlist-country", ADMIN, country="CH", ends=world.at, act="a repeal") == "not_found"


@pytest.mark.parametrize("name", ["record-adequacy", "list-country", "end-adequacy", "unlist-country"])
def test_the_data_access_office_knows_the_law_and_others_do_not_write_it(name: str) -> None:
    """S58, S67, E13: the office proposes what opens and carries out what closes; a researcher does neither."""
    world = everything_holds()
    appoint(world, STRANGER, "data-access-office")
    world.agree("list-country", **_list(world, country="JP"))
    opens = name in ("record-adequacy", "list-country")
    arguments = _list(world) if opens else {"country": "JP", "ends": world.at, "act": "a repeal"}
    scope = {"scope": "full" if opens else "business-operators"} if name.endswith("adequacy") else {}
    assert world.refusal(name, RESEARCHER, **arguments, **scope) == "not_permitted"
    events = world.do(name, STRANGER, **arguments, **scope)
    assert (kinds(events) == [e.CommandProposed]) is opens
    if opens:
        world.do("confirm-proposal", SECOND_ADMIN, proposal=world.state.last_proposal)
