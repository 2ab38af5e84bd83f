"""The four scenarios and the two routes: a truth table, written out, and that there is no combination beside it."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy.commands.base import Refusal, RefusalCode
from access_policy.model.enums import PurposeKind, Route, Scenario
from access_policy.model.ids import InstitutionName
from access_policy.scenarios import ROUTES, Choice, Facts, choose, scenario_of

OWN = InstitutionName("hospital")
OTHER = InstitutionName("clinic")
NONE: frozenset[InstitutionName] = frozenset()
BOTH_ROUTES = frozenset(Route)

_P = PurposeKind
_S = Scenario
_DAR, _CLINICAL = Route.DATA_ACCESS, Route.CLINICAL
_FIRST, _REUSE = (_S.SEVERAL_HOSPITALS, _DAR), (_S.OWN_HOSPITAL_REUSE, _DAR)
_TREATMENT, _ORIGINAL = (_S.TREATMENT, _CLINICAL), (_S.ORIGINAL_STUDY, _CLINICAL)

Hospitals = Sequence[AbstractSet[InstitutionName]]

TABLE: list[tuple[str, Hospitals, PurposeKind, tuple[Scenario, Route]]] = [
    ("S7 own hospital, research", [{OWN}], _P.RESEARCH, _REUSE),
    ("S9 own hospital, treatment", [{OWN}], _P.TREATMENT, _TREATMENT),
    ("S10 own hospital, original study", [{OWN}], _P.ORIGINAL_STUDY, _ORIGINAL),
    ("S7 two datasets of the own hospital, research", [{OWN}, {OWN}], _P.RESEARCH, _REUSE),
    ("S9 two datasets of the own hospital, treatment", [{OWN}, {OWN}], _P.TREATMENT, _TREATMENT),
    ("S10 two datasets of the own hospital, original study", [{OWN}, {OWN}], _P.ORIGINAL_STUDY, _ORIGINAL),
    ("S6 another hospital, research", [{OTHER}], _P.RESEARCH, _FIRST),
    ("S11 another hospital, treatment", [{OTHER}], _P.TREATMENT, _FIRST),
    ("S11 another hospital, original study", [{OTHER}], _P.ORIGINAL_STUDY, _FIRST),
    ("S6 several hospitals in one dataset, research", [{OWN, OTHER}], _P.RESEARCH, _FIRST),
    ("S11 several hospitals in one dataset, treatment", [{OWN, OTHER}], _P.TREATMENT, _FIRST),
    ("S11 several hospitals in one dataset, original study", [{OWN, OTHER}], _P.ORIGINAL_STUDY, _FIRST),
    ("S6 one dataset of the own hospital and one of another, research", [{OWN}, {OTHER}], _P.RESEARCH, _FIRST),
    ("S11 one dataset of the own hospital and one of another, treatment", [{OWN}, {OTHER}], _P.TREATMENT, _FIRST),
    ("S11 one of the own hospital and one of another, original study", [{OWN}, {OTHER}], _P.ORIGINAL_STUDY, _FIRST),
    ("S6 open data, research", [NONE], _P.RESEARCH, _FIRST),
    ("S11 open data, treatment", [NONE], _P.TREATMENT, _FIRST),
    ("S11 open data, original study", [NONE], _P.ORIGINAL_STUDY, _FIRST),
    ("S6 open data beside those of the own hospital, research", [{OWN}, NONE], _P.RESEARCH, _FIRST),
    ("S11 open data beside those of the own hospital, treatment", [{OWN}, NONE], _P.TREATMENT, _FIRST),
    ("S11 open data beside those of the own hospital, original study", [{OWN}, NONE], _P.ORIGINAL_STUDY, _FIRST),
    ("S6 no data at all", [], _P.TREATMENT, _FIRST),
]


def _facts(hospitals: Hospitals, purpose: PurposeKind) -> Facts:
    """Return facts under which nothing but the scenario matters."""
    return Facts(
        institution=OWN, hospitals=tuple(frozenset(one) for one in hospitals),
        routes=tuple(BOTH_ROUTES for _ in hospitals), purpose=purpose, physician=True, alone=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("hospitals", "purpose", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_the_facts_choose_the_scenario_and_the_route(
    hospitals: Hospitals, purpose: PurposeKind, expected: tuple[Scenario, Route]
) -> None:
    """S5, S6, S7, S9, S10, S11: the whole truth table."""
    assert choose(_facts(hospitals, purpose)) == Choice(*expected)


def test_the_table_has_every_combination_of_where_from_and_for_what() -> None:
    """S5: all kinds of origin of up to two datasets, by all purposes, are rows of the table above or equal to one."""
    rows = {(frozenset(frozenset(one) for one in hospitals), purpose) for _, hospitals, purpose, _ in TABLE}
    origins = [frozenset({OWN}), frozenset({OTHER}), frozenset({OWN, OTHER}), NONE]
    pairs = [frozenset({one}) for one in origins] + [frozenset({origins[0], other}) for other in (origins[1], NONE)]
    assert set(product(pairs, PurposeKind)) <= rows


def test_each_scenario_has_one_route() -> None:
    """S5, S6, S7, S9, S10: two scenarios lead to the board, two to the investigators."""
    assert ROUTES == {
        _S.SEVERAL_HOSPITALS: _DAR, _S.OWN_HOSPITAL_REUSE: _DAR, _S.TREATMENT: _CLINICAL, _S.ORIGINAL_STUDY: _CLINICAL,
    }  # fmt: skip


HOSPITALS = st.frozensets(st.sampled_from([OWN, OTHER, InstitutionName("ward")]), max_size=3)
SETS_OF_ROUTES = st.frozensets(st.sampled_from(Route))


@st.composite
def every_facts(draw: st.DrawFn) -> Facts:
    """Draw any combination of facts, sound or not."""
    datasets = draw(st.lists(st.tuples(HOSPITALS, SETS_OF_ROUTES), max_size=4))
    return Facts(
        institution=draw(st.sampled_from([OWN, OTHER, None])), hospitals=tuple(one for one, _ in datasets),
        routes=tuple(one for _, one in datasets), purpose=draw(st.sampled_from(PurposeKind)),
        physician=draw(st.booleans()), alone=draw(st.booleans()),
    )  # fmt: skip


def _scenarios_that_fit(facts: Facts) -> list[Scenario]:
    """Say anew, one by one, for which scenarios the facts are as they are described."""
    own = bool(facts.hospitals) and set(facts.hospitals) == {frozenset([facts.institution])}
    fits = {
        _S.SEVERAL_HOSPITALS: not own,
        _S.OWN_HOSPITAL_REUSE: own and facts.purpose is _P.RESEARCH,
        _S.TREATMENT: own and facts.purpose is _P.TREATMENT,
        _S.ORIGINAL_STUDY: own and facts.purpose is _P.ORIGINAL_STUDY,
    }
    return [scenario for scenario, fit in fits.items() if fit]


@given(facts=every_facts())
def test_every_combination_of_facts_is_exactly_one_scenario(facts: Facts) -> None:
    """S5: never none, never two."""
    assert _scenarios_that_fit(facts) == [scenario_of(facts)]


@given(facts=every_facts())
def test_a_choice_is_the_scenario_and_a_route_that_all_data_accept(facts: Facts) -> None:
    """S5, S9, S80: what is chosen is the one scenario with its one route; where a dataset refuses that, nothing is."""
    choice = choose(facts)
    route = ROUTES[scenario_of(facts)]
    refuses = any(route not in accepted for accepted in facts.routes)
    if isinstance(choice, Refusal):
        assert refuses or (route is _CLINICAL and not (facts.alone and facts.physician))
    else:
        assert choice == (scenario_of(facts), route)
        assert not refuses


@given(facts=every_facts(), purpose=st.sampled_from([_P.TREATMENT, _P.ORIGINAL_STUDY]))
def test_data_of_another_hospital_never_take_the_clinical_route(facts: Facts, purpose: PurposeKind) -> None:
    """S11: whatever else is said, such a request goes to the board."""
    foreign = msgspec.structs.replace(
        facts, hospitals=(*facts.hospitals, frozenset({InstitutionName("far-away")})), routes=(), purpose=purpose
    )
    assert choose(foreign) == (_S.SEVERAL_HOSPITALS, _DAR)


def _changed(purpose: PurposeKind, **changed: Any) -> Choice | str:
    choice = choose(msgspec.structs.replace(_facts([{OWN}, {OWN}], purpose), **changed))
    return choice.code if isinstance(choice, Refusal) else choice


def test_a_treatment_names_its_physician() -> None:
    """S9: nobody asks on behalf of a physician who is not named; the other purposes need none."""
    assert _changed(_P.TREATMENT, physician=False) == RefusalCode.NOT_COMPLETE
    assert _changed(_P.ORIGINAL_STUDY, physician=False) == _ORIGINAL
    assert _changed(_P.RESEARCH, physician=False) == _REUSE


@pytest.mark.parametrize("purpose", [_P.TREATMENT, _P.ORIGINAL_STUDY])
def test_a_clinical_request_has_no_further_organisation(purpose: PurposeKind) -> None:
    """S11, S54: nobody of another organisation gets data on the route that has no licence."""
    assert _changed(purpose, alone=False) == RefusalCode.NOT_ALLOWED_VALUE
    assert _changed(_P.RESEARCH, alone=False) == _REUSE


@pytest.mark.parametrize(
    ("purpose", "route"), [(_P.RESEARCH, _DAR), (_P.TREATMENT, _CLINICAL), (_P.ORIGINAL_STUDY, _CLINICAL)]
)
def test_every_dataset_accepts_the_route(purpose: PurposeKind, route: Route) -> None:
    """S9, S80: one dataset that does not is enough to refuse; a further route that it has changes nothing."""
    only, other = frozenset({route}), BOTH_ROUTES - {route}
    assert _changed(purpose, routes=(only, only)) == choose(_facts([{OWN}], purpose))
    assert _changed(purpose, routes=(only, other)) == RefusalCode.NOT_ALLOWED_VALUE
    assert _changed(purpose, routes=(BOTH_ROUTES, frozenset())) == RefusalCode.NOT_ALLOWED_VALUE
