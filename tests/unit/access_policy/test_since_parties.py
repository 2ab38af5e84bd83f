"""Conditions on the legal entity: dated law with gaps and overlaps, grounds, clauses and licences (S24, S57-S68)."""

from datetime import datetime, timedelta

import pytest

from access_policy.model.enums import DataKind, DocumentKind, LicenceReading, Party, Regime, Route, TransferBasis
from access_policy.model.ids import DatasetName, InstitutionName, PersonId
from access_policy.model.jurisdictions import (
    EEA,
    MODEL_CLAUSES,
    OLD_CLAUSES_REPEALED,
    Adequacy,
    AdequacyScope,
    EligibleThirdCountry,
    ModelClauses,
    Span,
)
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Finding
from access_policy.rules.particulars import EHDS_BINDS_FROM
from access_policy.rules.parties import Standing, Wanted, licence_for, standing
from access_policy.state import Entity, Signature, Transfer
from tests.unit.access_policy.findings import Asking, day
from tests.unit.access_policy.world import DAY, RESEARCHER, TICK

FULL = AdequacyScope.FULL
EEA_LICENCE, OTHER_LICENCE = DocumentKind.LICENCE_EEA, DocumentKind.LICENCE_NON_EEA
BINDS, BIOBANK_BINDS = EHDS_BINDS_FROM[DataKind.CLINICAL], EHDS_BINDS_FROM[DataKind.BIOBANK]
HOSPITAL = InstitutionName("hospital")
OLD = ModelClauses.PROCESSORS_2010
OLD_END = MODEL_CLAUSES[OLD].ends or BINDS
EXIT = EEA["GB"].ends or BINDS
KR_SINCE = datetime.fromisoformat("2021-12-17T00:00:00+00:00")


def span(begins: float, ends: float | None) -> Span:
    """Return the span of these days."""
    return Span(day(begins), None if ends is None else day(ends))


def stands(holds: bool, since: float | None, until: float | None = None, holds_from: float | None = None) -> Standing:
    """Return a standing of these days."""
    return Standing(holds, *(None if one is None else day(one) for one in (since, until, holds_from)))


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], stands(False, None)),
        ([span(1, None)], stands(True, 1)),
        ([span(1, 9)], stands(True, 1, 9)),
        ([span(5, 9)], stands(True, 5, 9)),
        ([span(1, 5)], stands(False, 5)),
        ([span(1, 3)], stands(False, 3)),
        ([span(7, 9)], stands(False, None, None, 7)),
        ([span(7, None), span(6, 6.5)], stands(False, None, None, 6)),
        ([span(1, 3), span(7, 9)], stands(False, 3, None, 7)),
        ([span(1, 2), span(3, 4)], stands(False, 4)),
        ([span(1, 2), span(3, 4), span(6, 7), span(8, 9)], stands(False, 4, None, 6)),
        ([span(1, 2), span(4, 9)], stands(True, 4, 9)),
        ([span(1, 4), span(4, 9)], stands(True, 1, 9)),
        ([span(1, None), span(1, 3)], stands(True, 1)),
        ([span(1, 3), span(1, None)], stands(True, 1)),
        ([span(1, None), span(2, 9)], stands(True, 1)),
        ([span(1, 4), span(2, 3)], stands(False, 4)),
        ([span(1, 2), span(2, 3)], stands(False, 3)),
        ([span(1, 9), span(9, 12)], stands(True, 1, 12)),
        ([span(9, 12), span(1, 9)], stands(True, 1, 12)),
        ([span(1, 9), span(9, 12), span(12, 14)], stands(True, 1, 14)),
        ([span(1, 9), span(9, 12), span(13, 14)], stands(True, 1, 12)),
        ([span(1, 9), span(10, 12)], stands(True, 1, 9)),
        ([span(1, 9), span(8, 12)], stands(True, 1, 12)),
        ([span(1, 9), span(2, 7)], stands(True, 1, 9)),
        ([span(1, 9), span(2, None)], stands(True, 1)),
        ([span(1, 9), span(9, None), span(10, 12)], stands(True, 1)),
        ([span(1, None), span(7, 9)], stands(True, 1)),
        ([span(1, None), span(2, 3)], stands(True, 1)),
    ],
)
def test_dated_law_stands_without_gaps(spans: list[Span], expected: Standing) -> None:
    """S67, REQ-08: on the fifth day: since when, until when, or from when on; in any order."""
    assert standing(spans, day(5)) == expected
    assert standing(reversed(spans), day(5)) == expected


class Abroad(Asking):
    """The researcher's hospital in a country of choice, with a ground of choice; it is a party since the first day."""

    def __init__(self, country: str = "KR", transfer: Transfer | None = None) -> None:
        super().__init__()
        self.institution.country = country
        self.entity = Entity(HOSPITAL, day(0), frozenset(), transfer)
        self.request.entities[HOSPITAL] = self.entity
        self.request.opened, self.request.approved = day(-2), day(-1)

    def decided(self, *spans: tuple[datetime, datetime | None], scope: AdequacyScope = FULL) -> "Abroad":
        """Let nothing but these decisions on adequacy count for the party's country."""
        country = self.institution.country
        self.state.adequacy = tuple(Adequacy(country, scope, begins, ends, "an act") for begins, ends in spans)
        return self

    def listed(self, *spans: tuple[datetime, datetime | None]) -> "Abroad":
        """Let the request run under the EHDS, and the party's country be listed for it."""
        self.request.regime = Regime.EHDS
        country = self.institution.country
        self.state.eligible = tuple(EligibleThirdCountry(country, begins, ends, "an act") for begins, ends in spans)
        return self

    def signed(self, licence: DocumentKind, *days: float) -> "Abroad":
        """Let as many parties sign as there are days, each another person."""
        self.entity.signatures.clear()
        self.entity.texts.clear()
        for number, (party, one) in enumerate(zip(Party, days, strict=False)):
            self.entity.sign(party, Signature(PersonId(f"P-{number}"), day(one), licence, "1"))
        for kind in (EEA_LICENCE, OTHER_LICENCE):
            self.state.documents[kind].binding_since = day(-9)
        return self


def ground(basis: TransferBasis = TransferBasis.ADEQUACY, measures: bool = True, recorded: float = 3) -> Transfer:
    """Return a ground on record: adequacy for the whole country."""
    return Transfer(basis, FULL if basis is TransferBasis.ADEQUACY else None, None, None, measures, day(recorded))


def clauses(version: ModelClauses | None, concluded: datetime | None) -> Transfer:
    """Return a ground on record: model clauses, recorded on the third day."""
    return Transfer(TransferBasis.MODEL_CLAUSES, None, version, concluded, True, day(3))


def test_without_an_entity_no_ground_is_there() -> None:
    """S58, POL-05: who belongs to no party of the request has no ground, since never."""
    party = Abroad()
    party.request.entities.clear()
    for code in (R.TRANSFER_BASIS_MISSING, R.TRANSFER_BASIS_LAPSED):
        assert party.found(code) == Finding(code, False)
    assert party.found(R.LICENCE_NOT_SIGNED) == Finding(R.LICENCE_NOT_SIGNED, False, day(-1))
    for code in (R.LICENCE_SUPERSEDED, R.COUNTRY_NOT_ELIGIBLE):
        assert party.found(code) == Finding(code, True, day(-2))
    party.request.regime = Regime.EHDS
    assert party.found(R.COUNTRY_NOT_ELIGIBLE, BINDS) == Finding(R.COUNTRY_NOT_ELIGIBLE, True, day(-2))


NOTHING = (None, ground(TransferBasis.NONE), ground(measures=False))


@pytest.mark.parametrize("country", ["NL", "GB", "US"])
def test_a_ground_on_record_counts_anywhere(country: str) -> None:
    """S58, S60: since it was recorded."""
    code = R.TRANSFER_BASIS_MISSING
    assert Abroad(country, ground()).found(code) == Finding(code, True, day(3))


@pytest.mark.parametrize("transfer", NOTHING)
def test_inside_the_eea_no_ground_is_needed(transfer: Transfer | None) -> None:
    """S57: since the party is one, until its country leaves, half-open."""
    code = R.TRANSFER_BASIS_MISSING
    assert Abroad("NL", transfer).found(code) == Finding(code, True, day(0))
    assert Abroad("GB", transfer).found(code, EXIT - TICK) == Finding(code, True, day(0), EXIT)
    assert not Abroad("GB", transfer).found(code, EXIT).holds


@pytest.mark.parametrize("transfer", NOTHING[1:])
@pytest.mark.parametrize("since", [0, 5])
@pytest.mark.parametrize("country", ["US", "GB"])
def test_outside_a_missing_ground_counts_from_the_party_or_the_record(
    country: str, since: int, transfer: Transfer
) -> None:
    """S60: since the later of the party's coming and the record of no ground."""
    party = Abroad(country, transfer)
    party.entity.since = day(since)
    code = R.TRANSFER_BASIS_MISSING
    assert party.found(code) == Finding(code, False, day(max(3, since)))


def test_outside_a_missing_ground_counts_from_the_exit_where_that_is_later() -> None:
    """S57, S60: a party whose country left lacks a ground since then; without any record since it is a party."""
    party = Abroad("GB", ground(TransferBasis.NONE))
    code = R.TRANSFER_BASIS_MISSING
    assert party.entity.transfer is not None
    party.entity.since, party.entity.transfer.recorded = EXIT - 9 * DAY, EXIT - 3 * DAY
    assert party.found(code) == Finding(code, False, EXIT)
    assert Abroad("US").found(code) == Finding(code, False, day(0))


@pytest.mark.parametrize("transfer", NOTHING[:2])
def test_what_is_not_on_record_does_not_lapse(transfer: Transfer | None) -> None:
    """S67: a missing ground is one lack, not two."""
    code = R.TRANSFER_BASIS_LAPSED
    assert Abroad("US", transfer).found(code) == Finding(code, True, day(0))


@pytest.mark.parametrize(("begins", "since"), [(1, 3), (4, 4)])
def test_an_adequacy_decision_carries_while_it_holds(begins: int, since: int) -> None:
    """S58, S67: since the later of record and decision, until its end, and again from the next one on."""
    party = Abroad("KR", ground()).decided((day(begins), day(6)), (day(8), None))
    code = R.TRANSFER_BASIS_LAPSED
    assert party.found(code, day(6) - TICK) == Finding(code, True, day(since), day(6))
    assert party.found(code, day(6)) == Finding(code, False, day(6), None, day(8))
    assert party.found(code, day(8)) == Finding(code, True, day(8))


def test_an_adequacy_decision_to_come_carries_nothing_yet() -> None:
    """S67: since the record, until the decision begins; one of another scope or country never carries."""
    code = R.TRANSFER_BASIS_LAPSED
    party = Abroad("KR", ground()).decided((day(8), None))
    assert party.found(code, day(5)) == Finding(code, False, day(3), None, day(8))
    party.decided((day(1), None), scope=AdequacyScope.BUSINESS_OPERATORS)
    assert party.found(code, day(5)) == Finding(code, False, day(3))
    party.decided((day(1), None)).institution.country = "JP"
    assert party.found(code, day(5)) == Finding(code, False, day(3))


def test_a_ground_counts_once_the_country_leaves_the_eea() -> None:
    """S57, S67: inside until the exit, or until the ground ends that carries from then on."""
    code = R.TRANSFER_BASIS_LAPSED
    before = EXIT - 9 * DAY
    assert Abroad("NL", ground()).found(code) == Finding(code, True, day(0))
    party = Abroad("GB", ground())
    assert party.found(code, before) == Finding(code, True, day(0), EXIT)
    assert party.decided((EXIT, EXIT + DAY)).found(code, before) == Finding(code, True, day(0), EXIT + DAY)
    assert party.decided((EXIT - DAY, None)).found(code, before) == Finding(code, True, day(0))
    assert party.decided((EXIT + TICK, None)).found(code, before) == Finding(code, True, day(0), EXIT)
    old = Abroad("GB", clauses(OLD, EXIT - 100 * DAY))
    assert old.found(code, before) == Finding(code, True, day(0), OLD_END)


@pytest.mark.parametrize("transfer", [clauses(None, day(1)), clauses(ModelClauses.GDPR_2021, None)])
def test_clauses_without_a_version_or_a_date_carry_nothing(transfer: Transfer) -> None:
    """S101, POL-05: what is not said does not count, since it was recorded."""
    code = R.TRANSFER_BASIS_LAPSED
    assert Abroad("US", transfer).found(code, day(5)) == Finding(code, False, day(3))


def test_the_clauses_of_2021_carry_since_they_were_concluded() -> None:
    """S101, REQ-08: without an end; before the conclusion it comes by itself, unless there were no such clauses yet."""
    code = R.TRANSFER_BASIS_LAPSED
    party = Abroad("US", clauses(ModelClauses.GDPR_2021, day(6)))
    assert party.found(code, day(6) - TICK) == Finding(code, False, day(3), None, day(6))
    assert party.found(code, day(6)) == Finding(code, True, day(6))
    too_early = MODEL_CLAUSES[ModelClauses.GDPR_2021].begins - DAY
    party.entity.transfer = clauses(ModelClauses.GDPR_2021, too_early)
    for at in (too_early - TICK, too_early, too_early + 9 * DAY, day(5)):
        assert party.found(code, at) == Finding(code, False, day(3))


def test_older_clauses_carry_to_their_end() -> None:
    """S101, REQ-08: concluded in time they carry until their end; from the repeal on nothing is concluded on them."""
    code = R.TRANSFER_BASIS_LAPSED
    party = Abroad("US", clauses(OLD, OLD_CLAUSES_REPEALED - TICK))
    assert party.entity.transfer is not None
    party.entity.transfer.recorded = OLD_END - 9 * DAY
    assert party.found(code, OLD_END - TICK) == Finding(code, True, OLD_END - 9 * DAY, OLD_END)
    assert party.found(code, OLD_END) == Finding(code, False, OLD_END)
    party.entity.transfer = clauses(OLD, OLD_CLAUSES_REPEALED)
    assert party.found(code, OLD_CLAUSES_REPEALED - TICK) == Finding(code, False, day(3))
    assert party.found(code, OLD_CLAUSES_REPEALED) == Finding(code, False, OLD_CLAUSES_REPEALED)


def test_outside_the_ehds_any_country_is_eligible() -> None:
    """E13: under the own regime nothing is listed, since the request was opened."""
    code = R.COUNTRY_NOT_ELIGIBLE
    assert Abroad("US").found(code, BINDS) == Finding(code, True, day(-2))


@pytest.mark.parametrize(
    ("spans", "until"),
    [
        ([], BINDS),
        ([(BINDS, None)], None),
        ([(BINDS - DAY, BINDS)], BINDS),
        ([(BINDS - DAY, BINDS + DAY)], BINDS + DAY),
        ([(BINDS + TICK, None)], BINDS),
    ],
)
def test_before_the_rules_bind_every_country_is_eligible(
    spans: list[tuple[datetime, datetime | None]], until: datetime | None
) -> None:
    """E2, E13: until they bind, or until the listing ends that holds by then."""
    code = R.COUNTRY_NOT_ELIGIBLE
    assert Abroad("KR").listed(*spans).found(code, BINDS - TICK) == Finding(code, True, day(-2), until)


def test_once_the_rules_bind_a_country_has_to_be_listed() -> None:
    """E13, REQ-08: while it is listed, half-open; a member state always is."""
    code = R.COUNTRY_NOT_ELIGIBLE
    begins, ends, again = BINDS + DAY, BINDS + 3 * DAY, BINDS + 5 * DAY
    party = Abroad("KR").listed((begins, ends), (again, None))
    assert party.found(code, BINDS) == Finding(code, False, BINDS, None, begins)
    assert party.found(code, begins) == Finding(code, True, begins, ends)
    assert party.found(code, ends) == Finding(code, False, ends, None, again)
    assert party.listed((BINDS - 9 * DAY, BINDS - DAY)).found(code, begins) == Finding(code, False, BINDS)
    assert party.listed().found(code, begins) == Finding(code, False, BINDS)
    party.listed((BINDS, None)).institution.country = "US"
    assert party.found(code, begins) == Finding(code, False, BINDS)


@pytest.mark.parametrize("at", [BINDS - DAY, BINDS, BINDS + DAY])
def test_who_is_eligible_as_the_rules_begin_to_bind_always_was(at: datetime) -> None:
    """E2, E13: a member state, or a country that is listed by then, is eligible since the request was opened."""
    code = R.COUNTRY_NOT_ELIGIBLE
    expected = Finding(code, True, day(-2))
    assert Abroad("NL").listed().found(code, at) == expected
    assert Abroad("KR").listed((BINDS - DAY, None)).found(code, at) == expected
    assert Abroad("KR").listed((BINDS, None)).found(code, at) == expected
    later = Abroad("KR").listed((BINDS + TICK, None)).found(code, BINDS + DAY)
    assert later == Finding(code, True, BINDS + TICK)


def test_the_rules_bind_by_the_kind_of_the_data() -> None:
    """E2: the first kind among the datasets decides; of a request without any the earliest."""
    code = R.COUNTRY_NOT_ELIGIBLE
    party = Abroad("KR").listed()
    kinds = [party.state.datasets[DatasetName(name)] for name in ("tumours", "expressions")]
    kinds[0].kind = DataKind.BIOBANK
    assert party.found(code, BINDS - TICK).until == BINDS
    kinds[1].kind = DataKind.BIOBANK
    assert party.found(code, BINDS).until == BIOBANK_BINDS
    assert not party.found(code, BIOBANK_BINDS).holds
    party.request.granted.clear()
    assert party.found(code, BINDS - TICK).until == BINDS


@pytest.mark.parametrize("days", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_a_licence_is_signed_with_the_last_of_three_signatures(days: tuple[int, int, int]) -> None:
    """S23, S26: three people, one for each party; since the last of them signed."""
    code = R.LICENCE_NOT_SIGNED
    party = Abroad("NL").signed(EEA_LICENCE, *days)
    assert party.found(code) == Finding(code, True, day(3))
    assert party.found(R.LICENCE_SUPERSEDED) == Finding(R.LICENCE_SUPERSEDED, True, day(3))


def test_two_signatures_or_two_people_are_not_three() -> None:
    """S23: since the approval, or since the request was opened where there is none."""
    code = R.LICENCE_NOT_SIGNED
    party = Abroad("NL").signed(EEA_LICENCE, 1, 2)
    assert party.found(code) == Finding(code, False, day(-1))
    party.signed(EEA_LICENCE, 1, 2, 3).entity.sign(Party.RESEARCHER, Signature(RESEARCHER, day(1), EEA_LICENCE, "1"))
    party.entity.sign(Party.LICENSEE, Signature(RESEARCHER, day(2), EEA_LICENCE, "1"))
    assert party.found(code) == Finding(code, False, day(-1))
    party.request.approved = None
    assert party.found(code) == Finding(code, False, day(-2))


def test_the_clinical_route_has_no_licence_of_three() -> None:
    """S54: nothing is waited for since the form was submitted, and nothing can be superseded."""
    party = Abroad("NL").signed(OTHER_LICENCE, 1)
    party.request.route, party.request.submitted = Route.CLINICAL, day(-3)
    assert party.found(R.LICENCE_NOT_SIGNED) == Finding(R.LICENCE_NOT_SIGNED, True, day(-3))
    assert party.found(R.LICENCE_SUPERSEDED) == Finding(R.LICENCE_SUPERSEDED, True, day(-2))


def test_a_licence_that_nobody_signed_is_not_superseded() -> None:
    """S25: one lack, since the request was opened."""
    assert Abroad("KR").found(R.LICENCE_SUPERSEDED) == Finding(R.LICENCE_SUPERSEDED, True, day(-2))


@pytest.mark.parametrize("days", [(1, 4), (4, 1)])
def test_a_version_that_binds_supersedes_what_was_signed_before(days: tuple[int, int]) -> None:
    """S25, REQ-09: one signature from before is enough; one of that very instant counts."""
    code = R.LICENCE_SUPERSEDED
    party = Abroad("NL").signed(EEA_LICENCE, *days)
    document = party.state.documents[EEA_LICENCE]
    document.binding_since = day(1)
    assert party.found(code) == Finding(code, True, day(4))
    for binding in (day(1) + TICK, day(3), day(5)):
        document.binding_since = binding
        assert party.found(code) == Finding(code, False, binding)


@pytest.mark.parametrize("days", [(1, 4), (4, 1)])
def test_the_wrong_licence_never_was_the_one(days: tuple[int, int]) -> None:
    """S62, S64: since the first signature, or since another licence binds where that is later."""
    code = R.LICENCE_SUPERSEDED
    assert Abroad("US").signed(EEA_LICENCE, *days).found(code) == Finding(code, False, day(1))
    party = Abroad("KR").decided((day(0), day(3))).signed(EEA_LICENCE, *days)
    assert party.found(code, day(5)) == Finding(code, False, day(3))
    party = Abroad("NL").signed(EEA_LICENCE, *days)
    del party.state.documents[EEA_LICENCE]
    assert party.found(code) == Finding(code, False, day(1))


def test_a_superseded_licence_may_come_back_by_itself() -> None:
    """S63, S64: where the other licence binds again what was signed counts again, in a version that binds."""
    code = R.LICENCE_SUPERSEDED
    party = Abroad("KR").decided((day(0), day(3)), (day(6), None)).signed(EEA_LICENCE, 1, 1, 2)
    assert party.found(code, day(2)) == Finding(code, True, day(2), day(3))
    assert party.found(code, day(4)) == Finding(code, False, day(3), None, day(6))
    assert party.found(code, day(6)) == Finding(code, True, day(6))
    party.state.documents[EEA_LICENCE].binding_since = day(1) + TICK
    assert party.found(code, day(4)) == Finding(code, False, day(3))
    party.decided((day(0), day(3)))
    assert party.found(code, day(4)) == Finding(code, False, day(3))


def test_a_stricter_licence_is_never_the_wrong_one() -> None:
    """S63, S64, E13: a decision on adequacy that comes later takes nothing away; a new binding version does."""
    code = R.LICENCE_SUPERSEDED
    party = Abroad("KR").decided((day(3), None)).signed(OTHER_LICENCE, 1, 1, 2)
    for at in (2, 3, 5):
        assert party.found(code, day(at)) == Finding(code, True, day(2))
    party.state.documents[OTHER_LICENCE].binding_since = day(1) + TICK
    assert party.found(code, day(5)) == Finding(code, False, day(1) + TICK)


def test_the_licence_of_a_member_binds_while_it_is_one() -> None:
    """S62: since it joined; after its exit another one binds, unless a decision follows at once."""
    before: datetime = EXIT - 9 * DAY
    joined = EEA["GB"].begins
    party = Abroad("GB").decided()
    assert licence_for(Abroad("NL").state, Abroad("NL").entity, day(1)) == Wanted(EEA_LICENCE, joined, None)
    assert licence_for(party.state, party.entity, before) == Wanted(EEA_LICENCE, joined, EXIT)
    assert licence_for(party.state, party.entity, EXIT) == Wanted(OTHER_LICENCE, EXIT, None)
    party.decided((EXIT, EXIT + DAY))
    assert licence_for(party.state, party.entity, before) == Wanted(EEA_LICENCE, joined, EXIT + DAY)
    assert licence_for(party.state, party.entity, EXIT) == Wanted(EEA_LICENCE, EXIT, EXIT + DAY)
    party.decided((EXIT, None))
    assert licence_for(party.state, party.entity, before) == Wanted(EEA_LICENCE, joined, None)
    party.decided((EXIT + DAY, None))
    assert licence_for(party.state, party.entity, before) == Wanted(EEA_LICENCE, joined, EXIT)
    assert licence_for(party.state, party.entity, EXIT) == Wanted(OTHER_LICENCE, EXIT, EXIT + DAY)


def test_a_decision_makes_the_licence_of_the_eea_bind() -> None:
    """S63, S64: since and until it holds; outside of it the other one, since it ended and until it comes back."""
    party = Abroad("KR").decided((day(3), day(6)), (day(8), day(9)))
    expected = {
        2: Wanted(OTHER_LICENCE, None, day(3)),
        3: Wanted(EEA_LICENCE, day(3), day(6)),
        6: Wanted(OTHER_LICENCE, day(6), day(8)),
        8: Wanted(EEA_LICENCE, day(8), day(9)),
        9: Wanted(OTHER_LICENCE, day(9), None),
    }
    assert {at: licence_for(party.state, party.entity, day(at)) for at in expected} == expected


def test_the_settings_may_read_adequacy_as_non_eea() -> None:
    """S64: then only membership makes the licence of the EEA bind, by its own dates."""
    party = Abroad("KR").decided((day(3), day(6)))
    party.state.settings.licence_for_adequate = LicenceReading.NON_EEA
    assert licence_for(party.state, party.entity, day(4)) == Wanted(OTHER_LICENCE, None, None)
    party.institution.country = "GB"
    assert licence_for(party.state, party.entity, EXIT - DAY) == Wanted(EEA_LICENCE, EEA["GB"].begins, EXIT)
    assert licence_for(party.state, party.entity, EXIT) == Wanted(OTHER_LICENCE, EXIT, None)
    party.institution.country = "HR"
    joins = EEA["HR"].begins
    assert licence_for(party.state, party.entity, joins - TICK) == Wanted(OTHER_LICENCE, None, joins)
    assert licence_for(party.state, party.entity, joins) == Wanted(EEA_LICENCE, joins, None)


@pytest.mark.parametrize(
    ("transfer", "licence"),
    [
        (None, OTHER_LICENCE),
        (Transfer(TransferBasis.ADEQUACY, FULL, None, None, True, day(1)), OTHER_LICENCE),
        (Transfer(TransferBasis.ADEQUACY, AdequacyScope.DATA_PRIVACY_FRAMEWORK, None, None, True, day(1)), EEA_LICENCE),
        (Transfer(TransferBasis.ADEQUACY, AdequacyScope.PRIVACY_SHIELD, None, None, True, day(1)), OTHER_LICENCE),
        (
            Transfer(TransferBasis.MODEL_CLAUSES, AdequacyScope.DATA_PRIVACY_FRAMEWORK, None, None, True, day(1)),
            OTHER_LICENCE,
        ),
    ],
)
def test_a_decision_for_some_counts_for_those_on_record(transfer: Transfer | None, licence: DocumentKind) -> None:
    """S58, S64: a decision of another scope than the whole country counts only for a party recorded as one of those."""
    party = Abroad("US", transfer)
    assert licence_for(party.state, party.entity, day(5)).licence is licence


def test_a_decision_for_all_counts_besides_one_for_some() -> None:
    """S63: a party on record under a narrower decision keeps what holds for the whole country."""
    narrow = Transfer(TransferBasis.ADEQUACY, AdequacyScope.BUSINESS_OPERATORS, None, None, True, day(1))
    party = Abroad("KR", narrow)
    assert licence_for(party.state, party.entity, day(5)) == Wanted(EEA_LICENCE, KR_SINCE, None)
    scope = AdequacyScope.BUSINESS_OPERATORS
    party.state.adequacy = (
        Adequacy("KR", FULL, day(1), day(6), "one"),
        Adequacy("KR", scope, day(6), day(6) + timedelta(days=1), "other"),
    )
    assert licence_for(party.state, party.entity, day(5)) == Wanted(EEA_LICENCE, day(1), day(7))
