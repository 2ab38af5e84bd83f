"""The tables of countries: to the microsecond, and without two answers to one question (S57-S64, S101, E13)."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from access_policy.model.jurisdictions import (
    ADEQUACY,
    COUNTRIES,
    EEA,
    ELIGIBLE_THIRD_COUNTRIES,
    MODEL_CLAUSES,
    OLD_CLAUSES_REPEALED,
    Adequacy,
    AdequacyScope,
    EligibleThirdCountry,
    ModelClauses,
    Span,
    clauses_carry,
    in_eea,
    is_country,
)

TICK = timedelta(microseconds=1)
TODAY = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
# fmt: off
EEA_TODAY = {
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT",
    "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
}
# fmt: on
FULLY_ADEQUATE_TODAY = ["AD", "AR", "BR", "CH", "FO", "GB", "GG", "IL", "IM", "JE", "KR", "NZ", "UY"]
OLD_CLAUSES = [version for version in ModelClauses if version is not ModelClauses.GDPR_2021]

SPANS = {
    **{f"EEA {country}": span for country, span in EEA.items()},
    **{f"{row.act} {row.country}": Span(row.begins, row.ends) for row in ADEQUACY},
    **{f"clauses {version}": span for version, span in MODEL_CLAUSES.items()},
    **{f"{row.act} {row.country}": Span(row.begins, row.ends) for row in ELIGIBLE_THIRD_COUNTRIES},
}


def utc(text: str) -> datetime:
    """Read an instant that is written in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def adequacies(country: str, at: datetime) -> list[Adequacy]:
    """Return the decisions for a country that counted at an instant."""
    return [decision for decision in ADEQUACY if decision.country == country and decision.holds(at)]


def scopes(country: str, at: datetime) -> list[AdequacyScope]:
    """Return for whom in `country` there was a decision at `at`."""
    return [decision.scope for decision in adequacies(country, at)]


@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS.keys())
def test_every_span_is_aware_utc_ends_after_it_begins_and_is_half_open(span: Span) -> None:
    """REQ-08: the beginning is in, the end is out, one microsecond to either side of both tells the difference."""
    assert span.begins.utcoffset() == timedelta(0)
    assert [span.holds(span.begins - TICK), span.holds(span.begins), span.holds(span.begins + TICK)] == [
        False,
        True,
        True,
    ]
    if span.ends is None:
        assert span.holds(datetime.max.replace(tzinfo=UTC))
        return
    assert span.ends.utcoffset() == timedelta(0)
    assert span.begins < span.ends
    assert [span.holds(span.ends - TICK), span.holds(span.ends), span.holds(span.ends + TICK)] == [True, False, False]


def test_a_country_is_an_assigned_code_of_iso_3166_in_upper_case() -> None:
    """S57: 249 codes, and neither the EU's own `EL` and `UK` nor a reserved, lower-case, padded or longer one."""
    assert len(COUNTRIES) == 249
    assert all(len(code) == 2 and code.isascii() and code.isalpha() and code.isupper() for code in COUNTRIES)
    assert all(is_country(code) for code in ("NL", "GR", "GB", "US", "SS", "AX"))
    assert not any(is_country(code) for code in ("EL", "UK", "XK", "EU", "AN", "SU", "nl", "NL ", "NLD", "N", ""))


def test_every_table_names_real_countries_only() -> None:
    """S57, S58, E13: no table has a code that no organisation can be registered with."""
    named = {*EEA, *(row.country for row in ADEQUACY), *(row.country for row in ELIGIBLE_THIRD_COUNTRIES)}
    assert named <= COUNTRIES


def test_the_eea_of_today_is_the_27_and_iceland_liechtenstein_and_norway() -> None:
    """S57, S62: thirty states; the United Kingdom and Switzerland are not among them."""
    assert len(EEA_TODAY) == 30
    assert {country for country in COUNTRIES if in_eea(country, TODAY)} == EEA_TODAY


@pytest.mark.parametrize(
    ("country", "first"),
    [
        ("NL", "1994-01-01"),
        ("AT", "1994-01-01"),
        ("NO", "1994-01-01"),
        ("LI", "1995-05-01"),
        ("PL", "2004-05-01"),
        ("BG", "2007-08-01"),
        ("RO", "2007-08-01"),
        ("HR", "2014-04-12"),
    ],
)
def test_a_state_is_in_the_eea_from_its_accession_was_applied(country: str, first: str) -> None:
    """S57: the first instant of that day in UTC is in, and the microsecond before is not."""
    assert not in_eea(country, utc(first) - TICK)
    assert in_eea(country, utc(first))


def test_the_united_kingdom_leaves_at_midnight_in_brussels() -> None:
    """S57: the transition period ended with 31 December 2020, which is 23:00 in UTC."""
    assert in_eea("GB", utc("2020-12-31T22:59:59.999999"))
    assert not in_eea("GB", utc("2020-12-31T23:00:00"))


@pytest.mark.parametrize("country", ["CH", "US", "UK", "nl", ""])
def test_what_is_no_state_of_the_eea_never_was_in_it(country: str) -> None:
    """S57: an unknown code is outside, whatever the instant."""
    assert not in_eea(country, TODAY)


def test_an_instant_without_a_zone_is_refused_and_not_guessed() -> None:
    """REQ-11: a naive time has no place in any of these tables."""
    with pytest.raises(TypeError):
        in_eea("NL", datetime(2026, 11, 22))  # noqa: DTZ001 - the naive time is what is tested


def test_no_two_decisions_count_for_one_country_and_scope_at_once() -> None:
    """S58: there is never a choice between two acts for one question."""
    same = [(a, b) for a, b in combinations(ADEQUACY, 2) if (a.country, a.scope) == (b.country, b.scope)]
    assert len(same) == 3  # those of the United Kingdom
    assert not [pair for pair in same if pair[0].holds(pair[1].begins) or pair[1].holds(pair[0].begins)]


def test_no_decision_counts_for_a_state_while_it_is_in_the_eea() -> None:
    """S57, S58: adequacy is a question about other countries only."""
    assert not [row for row in ADEQUACY if in_eea(row.country, row.begins)]


def test_the_decisions_of_today() -> None:
    """S58: as of 22 November 2026, with whom each is for."""
    today = {country: scopes(country, TODAY) for country in sorted(COUNTRIES) if adequacies(country, TODAY)}
    assert today == {country: [AdequacyScope.FULL] for country in FULLY_ADEQUATE_TODAY} | {
        "CA": [AdequacyScope.COMMERCIAL_ORGANISATIONS],
        "JP": [AdequacyScope.BUSINESS_OPERATORS],
        "US": [AdequacyScope.DATA_PRIVACY_FRAMEWORK],
    }


def test_each_decision_is_named_by_one_act() -> None:
    """S58: what determined an answer can be looked up."""
    acts = [row.act for row in ADEQUACY]
    assert len(set(acts)) == len(acts)
    assert all(act.startswith(("Decision ", "Implementing Decision ")) for act in acts)


def test_the_privacy_shield_is_over_from_the_day_of_the_judgment() -> None:
    """S59: the end is 16 July 2020 at 00:00 UTC, and nothing takes its place before the Data Privacy Framework."""
    assert scopes("US", utc("2016-07-11T23:59:59.999999")) == []
    assert scopes("US", utc("2016-07-12T00:00:00")) == [AdequacyScope.PRIVACY_SHIELD]
    assert scopes("US", utc("2020-07-15T23:59:59.999999")) == [AdequacyScope.PRIVACY_SHIELD]
    assert scopes("US", utc("2020-07-16T00:00:00")) == []
    assert scopes("US", utc("2023-07-09T23:59:59.999999")) == []
    assert scopes("US", utc("2023-07-10T00:00:00")) == [AdequacyScope.DATA_PRIVACY_FRAMEWORK]


def test_no_decision_ever_counts_for_every_recipient_in_canada_japan_or_the_united_states() -> None:
    """S58: there the country alone is never enough."""
    assert not [row for row in ADEQUACY if row.country in {"CA", "JP", "US"} and row.scope is AdequacyScope.FULL]


@pytest.mark.parametrize(
    ("at", "acts"),
    [
        ("2020-12-31T23:00:00", []),
        ("2021-06-27T23:59:59.999999", []),
        ("2021-06-28T00:00:00", ["Implementing Decision (EU) 2021/1772"]),
        ("2025-06-27T21:59:59.999999", ["Implementing Decision (EU) 2021/1772"]),
        ("2025-06-27T22:00:00", ["Implementing Decision (EU) 2025/1226"]),
        ("2025-12-27T22:59:59.999999", ["Implementing Decision (EU) 2025/1226"]),
        ("2025-12-27T23:00:00", ["Implementing Decision (EU) 2025/2574"]),
        ("2031-12-27T22:59:59.999999", ["Implementing Decision (EU) 2025/2574"]),
        ("2031-12-27T23:00:00", []),
    ],
)
def test_the_decisions_on_the_united_kingdom_follow_each_other_without_a_gap(at: str, acts: list[str]) -> None:
    """S58, S67: extended twice; over with the last hour of 27 December 2031 in Brussels unless extended again."""
    assert [decision.act for decision in adequacies("GB", utc(at))] == acts


def test_every_version_of_the_model_clauses_has_its_dates() -> None:
    """S101: from when to when each can carry a transfer."""
    last = utc("2022-12-27T23:00:00")
    expected = {
        ModelClauses.CONTROLLERS_2001: (utc("2001-09-03"), last),
        ModelClauses.CONTROLLERS_2004: (utc("2005-04-01"), last),
        ModelClauses.PROCESSORS_2010: (utc("2010-05-15"), last),
        ModelClauses.GDPR_2021: (utc("2021-06-27"), None),
    }
    assert dict(MODEL_CLAUSES) == expected
    assert set(MODEL_CLAUSES) == set(ModelClauses)


@pytest.mark.parametrize("version", OLD_CLAUSES)
def test_old_clauses_carry_contracts_from_before_their_repeal_until_27_december_2022(version: ModelClauses) -> None:
    """S101: one microsecond decides, both for the day of the contract and for the day of the transfer."""
    last = utc("2022-12-27T23:00:00")
    before = OLD_CLAUSES_REPEALED - TICK
    assert utc("2021-09-26T22:00:00") == OLD_CLAUSES_REPEALED
    assert clauses_carry(version, before, last - TICK)
    assert not clauses_carry(version, before, last)
    assert not clauses_carry(version, OLD_CLAUSES_REPEALED, last - TICK)
    assert not clauses_carry(version, before, TODAY)


@pytest.mark.parametrize("version", ModelClauses)
def test_a_contract_carries_nothing_before_it_is_concluded_nor_before_its_clauses_exist(version: ModelClauses) -> None:
    """S101: no basis is dated back."""
    begins = MODEL_CLAUSES[version].begins
    assert clauses_carry(version, begins, begins)
    assert not clauses_carry(version, begins + TICK, begins)
    assert not clauses_carry(version, begins - TICK, begins)


def test_a_contract_of_today_rests_on_the_clauses_of_2021_alone() -> None:
    """S101: the one version left."""
    assert [version for version in ModelClauses if clauses_carry(version, TODAY, TODAY)] == [ModelClauses.GDPR_2021]


def test_no_third_country_is_listed_for_health_data_yet() -> None:
    """E13: adequacy does not stand in for a listing under Article 91(1), so nobody outside is eligible."""
    assert ELIGIBLE_THIRD_COUNTRIES == ()


def test_a_listed_third_country_is_listed_from_when_to_when_its_act_says() -> None:
    """E13: a listing is dated, half-open."""
    begins, ends = utc("2029-03-26"), utc("2031-03-26")
    listed = EligibleThirdCountry("CH", begins, ends, "an act that does not exist")
    assert [listed.holds(at) for at in (begins - TICK, begins, ends - TICK, ends)] == [False, True, True, False]


def test_a_row_of_a_table_cannot_be_changed() -> None:
    """S67: what counted on a day stays what counted on it."""
    decision: Adequacy = ADEQUACY[0]
    with pytest.raises(AttributeError):
        decision.ends = TODAY  # type: ignore[misc]
