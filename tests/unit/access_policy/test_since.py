"""Conditions on the person: since when each has its value, and when the clock changes it, where entries compete."""

import pytest

from access_policy.model.enums import Assurance, DocumentKind, FactorKind
from access_policy.model.ids import DatasetName, FactorId, InstitutionName, RequestId
from access_policy.model.instants import Term
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Finding
from access_policy.state import Acceptance, Factor, State
from tests.unit.access_policy.findings import Asking, day
from tests.unit.access_policy.world import NOBODY, TICK

ABOUT_PEOPLE = tuple(R)[: list(R).index(R.REQUEST_NOT_APPROVED)]


@pytest.mark.parametrize("code", ABOUT_PEOPLE)
def test_of_nobody_each_condition_fails_since_never(code: R) -> None:
    """POL-05: who is not known has nothing, and there is no instant to name."""
    assert Asking(who=NOBODY).found(code) == Finding(code, False)


def test_a_person_is_let_in_since_they_were_enabled() -> None:
    """S94: since the person was registered, stopped, or let act again."""
    asking = Asking()
    code = R.PERSON_DISABLED
    asking.person.since = day(1)
    assert asking.found(code) == Finding(code, True, day(1))
    asking.person.disabled = day(2)
    assert asking.found(code) == Finding(code, False, day(2))
    asking.person.disabled, asking.person.enabled = None, day(3)
    assert asking.found(code) == Finding(code, True, day(3))


def test_who_left_an_institution_is_of_none() -> None:
    """S33, S72: nobody vouches for them since they left; what asks about an institution comes later and holds."""
    asking = Asking()
    asking.person.institution, asking.person.moved = None, day(2)
    assert asking.found(R.INSTITUTION_NOT_TRUSTED) == Finding(R.INSTITUTION_NOT_TRUSTED, False, day(2))
    assert asking.found(R.EMAIL_NOT_INSTITUTIONAL) == Finding(R.EMAIL_NOT_INSTITUTIONAL, True, day(2))
    assert asking.found(R.ORGANISATION_EXCLUDED) == Finding(R.ORGANISATION_EXCLUDED, True)


@pytest.mark.parametrize(("since", "moved"), [(1, 2), (2, 1)])
def test_the_centre_is_trusted_since_the_person_is_of_it(since: int, moved: int) -> None:
    """S72: since the later of the centre's registration and the person's coming."""
    asking = Asking()
    asking.institution.centre, asking.institution.since, asking.person.moved = True, day(since), day(moved)
    assert asking.found(R.INSTITUTION_NOT_TRUSTED) == Finding(R.INSTITUTION_NOT_TRUSTED, True, day(2))


def _agreement(asking: Asking, begins: float, ends: float, ended: float | None = None) -> None:
    asking.person.moved = asking.institution.since = day(0)
    asking.institution.agreement = Term(day(begins), day(ends))
    asking.institution.agreement_ended = None if ended is None else day(ended)
    asking.institution.agreement_recorded = None


@pytest.mark.parametrize("moved", [1, 5])
def test_without_an_agreement_an_institution_was_never_trusted(moved: int) -> None:
    """S72: since it was registered, or the last agreement was over, or the person came, whichever is last."""
    asking = Asking()
    code = R.INSTITUTION_NOT_TRUSTED
    asking.institution.agreement, asking.institution.since, asking.person.moved = None, day(2), day(moved)
    assert asking.found(code, day(9)) == Finding(code, False, day(max(2, moved)))
    asking.institution.last_agreement_over = day(3)
    assert asking.found(code, day(9)) == Finding(code, False, day(max(3, moved)))


def test_an_agreement_to_come_begins_by_itself() -> None:
    """S72, REQ-08: it fails until the term begins, and holds from its first instant, unless it was ended before."""
    asking = Asking()
    code = R.INSTITUTION_NOT_TRUSTED
    _agreement(asking, 5, 9)
    assert asking.found(code, day(5) - TICK) == Finding(code, False, day(0), None, day(5))
    assert asking.found(code, day(5)) == Finding(code, True, day(5), day(9))
    _agreement(asking, 5, 9, ended=4)
    assert asking.found(code, day(5) - TICK) == Finding(code, False, day(0))
    assert asking.found(code, day(6)) == Finding(code, False, day(0))


def test_an_agreement_that_ended_as_it_began_never_was() -> None:
    """S72, REQ-08: ended exactly at its beginning it held at no instant; a microsecond later it held for one."""
    asking = Asking()
    code = R.INSTITUTION_NOT_TRUSTED
    _agreement(asking, 5, 9, ended=5)
    assert asking.found(code, day(6)) == Finding(code, False, day(0))
    asking.institution.agreement_ended = day(5) + TICK
    assert asking.found(code, day(6)) == Finding(code, False, day(5) + TICK)


def test_an_agreement_is_over_at_its_end_or_when_it_was_ended() -> None:
    """S72, REQ-08: whichever comes first, whatever is recorded."""
    asking = Asking()
    code = R.INSTITUTION_NOT_TRUSTED
    _agreement(asking, 5, 9)
    assert asking.found(code, day(9)) == Finding(code, False, day(9))
    _agreement(asking, 5, 9, ended=7)
    assert asking.found(code, day(8)) == Finding(code, False, day(7))
    assert asking.found(code, day(10)) == Finding(code, False, day(7))
    _agreement(asking, 5, 9, ended=11)
    assert asking.found(code, day(12)) == Finding(code, False, day(9))


@pytest.mark.parametrize(("recorded", "since"), [(4, 5), (6, 6)])
def test_an_agreement_holds_since_it_was_recorded_where_that_is_later(recorded: int, since: int) -> None:
    """S72, REQ-09: nobody was trusted before somebody wrote it down."""
    asking = Asking()
    _agreement(asking, 5, 9)
    asking.institution.agreement_recorded = day(recorded)
    assert asking.found(R.INSTITUTION_NOT_TRUSTED, day(7)) == Finding(
        R.INSTITUTION_NOT_TRUSTED, True, day(since), day(9)
    )


def test_an_exclusion_ends_by_itself() -> None:
    """E59: shut out since then and until then; before and without one since the institution is known."""
    asking = Asking()
    code = R.ORGANISATION_EXCLUDED
    asking.institution.since = day(1)
    assert asking.found(code, day(2)) == Finding(code, True, day(1))
    asking.institution.excluded, asking.institution.excluded_until = day(2), day(4)
    assert asking.found(code, day(4) - TICK) == Finding(code, False, day(2), None, day(4))
    assert asking.found(code, day(4)) == Finding(code, True, day(4))


def _shut_out(asking: Asking, **terms: tuple[float, float]) -> None:
    """Shut institutions out for terms of days; the request comes from the centre, the person from the hospital."""
    asking.request.institution = InstitutionName("centre")
    for name, (begins, ends) in terms.items():
        institution = asking.state.institutions[InstitutionName(name)]
        institution.excluded, institution.excluded_until = day(begins), day(ends)


@pytest.mark.parametrize(
    ("terms", "since", "until"),
    [
        ({"centre": (2, 6)}, 2, 6),
        ({"hospital": (1, 6), "centre": (2, 7)}, 1, 7),
        ({"hospital": (2, 7), "centre": (1, 6)}, 1, 7),
        ({"hospital": (1, 3), "centre": (2, 6)}, 1, 6),
        ({"hospital": (1, 2), "centre": (2, 6)}, 1, 6),
        ({"hospital": (1, 1.5), "centre": (2, 6)}, 2, 6),
        ({"hospital": (3, 4), "centre": (2, 6)}, 2, 6),
    ],
)
def test_who_is_shut_out_by_two_is_until_the_last_ends(
    terms: dict[str, tuple[float, float]], since: float, until: float
) -> None:
    """E59: the person's institution and the licensee of the request; since the first of what follows without a gap."""
    asking = Asking()
    code = R.ORGANISATION_EXCLUDED
    _shut_out(asking, **terms)
    assert asking.found(code, day(5)) == Finding(code, False, day(since), None, day(until))
    assert asking.found(code, day(until)) == Finding(code, True, day(until))


@pytest.mark.parametrize("code", [R.PERSON_DISABLED, R.ORGANISATION_EXCLUDED])
def test_a_request_of_nobodys_institution_shuts_nobody_out(code: R) -> None:
    """E59, POL-05: without a request, or one that comes from no institution, only the person's own counts."""
    asking = Asking()
    asking.request.institution, asking.institution.since, asking.person.since = None, day(1), day(1)
    assert asking.found(code) == Finding(code, True, day(1))
    asking.about = RequestId("DR-999")
    assert asking.found(code) == Finding(code, True, day(1))


@pytest.mark.parametrize(("declared", "since"), [(1, 2), (2, 1)])
@pytest.mark.parametrize("email", ["rosa@hospital.example", "rosa@mail.example"])
def test_an_address_counts_since_it_and_its_domain_are_there(declared: int, since: int, email: str) -> None:
    """S16: since the later of the declaration and the address, whether it fits or not."""
    asking = Asking()
    asking.institution.domains_since, asking.person.email_since = day(declared), day(since)
    asking.person.email = email
    expected = Finding(R.EMAIL_NOT_INSTITUTIONAL, email.endswith("hospital.example"), day(2))
    assert asking.found(R.EMAIL_NOT_INSTITUTIONAL) == expected


def test_without_a_verification_only_one_condition_fails() -> None:
    """S73: since it was withdrawn, or since the person is known; what would come later holds since then."""
    asking = Asking()
    asking.person.since, asking.person.verification, asking.person.verification_changed = day(1), None, None
    assert asking.found(R.PERSON_NOT_VERIFIED) == Finding(R.PERSON_NOT_VERIFIED, False, day(1))
    asking.person.verification_changed = day(2)
    assert asking.found(R.PERSON_NOT_VERIFIED) == Finding(R.PERSON_NOT_VERIFIED, False, day(2))
    for code in (R.VERIFICATION_EXPIRED, R.ASSURANCE_TOO_LOW):
        assert asking.found(code) == Finding(code, True, day(1))


def _verify(asking: Asking, assurance: Assurance) -> None:
    verification = asking.person.verification
    assert verification is not None
    verification.since, verification.until, verification.assurance = day(1), day(5), assurance


def test_a_verification_holds_until_its_date() -> None:
    """S73, REQ-08: half-open, to the microsecond."""
    asking = Asking()
    _verify(asking, Assurance.LOW)
    assert asking.found(R.PERSON_NOT_VERIFIED, day(9)) == Finding(R.PERSON_NOT_VERIFIED, True, day(1))
    code = R.VERIFICATION_EXPIRED
    assert asking.found(code, day(5) - TICK) == Finding(code, True, day(1), day(5))
    assert asking.found(code, day(5)) == Finding(code, False, day(5))


@pytest.mark.parametrize("proofed", Assurance)
@pytest.mark.parametrize("asked", Assurance)
@pytest.mark.parametrize("name", ["tumours", "expressions"])
def test_each_dataset_that_is_offered_asks_for_its_own_assurance(
    proofed: Assurance, asked: Assurance, name: str
) -> None:
    """E26: an identity that is proofed as surely is enough, a surer one too; who can have none lacks it for one."""
    asking = Asking()
    _verify(asking, proofed)
    for dataset in asking.state.datasets.values():
        dataset.assurance = Assurance.HIGH
    asking.state.datasets[DatasetName(name)].assurance = asked
    order = list(Assurance)
    expected = Finding(R.ASSURANCE_TOO_LOW, order.index(proofed) >= order.index(asked), day(1))
    assert asking.found(R.ASSURANCE_TOO_LOW) == expected


def _factors(asking: Asking, **enrolled_and_confirmed: tuple[float, float | None]) -> None:
    """Let the person have these factors and no others, each enrolled and confirmed on its day."""
    person = asking.person
    person.lose_factors(day(0))
    person.factors_changed = None
    enrolled = [(at, name) for name, (at, _) in enrolled_and_confirmed.items()]
    confirmed = [(at, name) for name, (_, at) in enrolled_and_confirmed.items() if at is not None]
    for at, name in sorted(enrolled + confirmed):
        factor = person.factors.setdefault(FactorId(name), Factor(FactorKind.TOTP, day(at)))
        factor.confirmed = day(at) if (at, name) in confirmed else None
        person.sum_factors_up(day(at))


@pytest.mark.parametrize("factors", [{"a": (1, 6), "b": (2, 5)}, {"b": (2, 5), "a": (1, 6)}])
def test_of_two_factors_the_first_counts(factors: dict[str, tuple[float, float | None]]) -> None:
    """S76: a factor is there since the first was enrolled, and confirmed since the first was confirmed."""
    asking = Asking()
    _factors(asking, **factors)
    assert asking.found(R.FACTOR_MISSING) == Finding(R.FACTOR_MISSING, True, day(1))
    assert asking.found(R.FACTOR_NOT_CONFIRMED) == Finding(R.FACTOR_NOT_CONFIRMED, True, day(5))


@pytest.mark.parametrize("factors", [{"a": (1, None), "b": (2, 5)}, {"b": (2, 5), "a": (1, None)}])
def test_one_confirmed_factor_is_enough(factors: dict[str, tuple[float, float | None]]) -> None:
    """S76: one that is not confirmed takes nothing from the one that is."""
    asking = Asking()
    _factors(asking, **factors)
    assert asking.found(R.FACTOR_NOT_CONFIRMED) == Finding(R.FACTOR_NOT_CONFIRMED, True, day(5))


def test_without_a_factor_only_one_condition_fails() -> None:
    """S76: since the factors were reset, or the person is known; without one there is none to confirm."""
    asking = Asking()
    _factors(asking)
    asking.person.since, asking.person.factors_changed = day(1), None
    assert asking.found(R.FACTOR_MISSING) == Finding(R.FACTOR_MISSING, False, day(1))
    asking.person.factors_changed = day(2)
    assert asking.found(R.FACTOR_MISSING) == Finding(R.FACTOR_MISSING, False, day(2))
    assert asking.found(R.FACTOR_NOT_CONFIRMED) == Finding(R.FACTOR_NOT_CONFIRMED, True, day(1))
    _factors(asking, a=(1, None), b=(2, None))
    assert asking.found(R.FACTOR_NOT_CONFIRMED) == Finding(R.FACTOR_NOT_CONFIRMED, False, day(1))


def test_what_is_left_counts_since_there_was_one() -> None:
    """S76: a factor that is removed changes since when there is one only where it was the last."""
    asking = Asking()
    _factors(asking, a=(1, 3), b=(2, 5), c=(2, None))
    person = asking.person
    del person.factors[FactorId("a")]
    person.sum_factors_up(day(6))
    assert asking.found(R.FACTOR_NOT_CONFIRMED) == Finding(R.FACTOR_NOT_CONFIRMED, True, day(3))
    del person.factors[FactorId("b")]
    person.sum_factors_up(day(7))
    assert asking.found(R.FACTOR_MISSING) == Finding(R.FACTOR_MISSING, True, day(1))
    assert asking.found(R.FACTOR_NOT_CONFIRMED) == Finding(R.FACTOR_NOT_CONFIRMED, False, day(7))
    person.lose_factors(day(8))
    assert asking.found(R.FACTOR_MISSING) == Finding(R.FACTOR_MISSING, False, day(8))
    assert person.factors_removed[FactorId("c")] == day(8)


TEXTS = (
    (R.CONDUCT_NOT_ACCEPTED, DocumentKind.CODE_OF_CONDUCT),
    (R.REIDENTIFICATION_NOT_ACCEPTED, DocumentKind.NO_REIDENTIFICATION),
)


@pytest.mark.parametrize(("code", "kind"), TEXTS)
def test_a_text_that_nobody_published_is_not_accepted(code: R, kind: DocumentKind) -> None:
    """S79, S84, POL-05: where there is no text, nobody accepted it, since they are known."""
    asking = Asking()
    asking.person.since = day(1)
    del asking.state.documents[kind]
    assert asking.found(code) == Finding(code, False, day(1))
    empty = Asking(who=NOBODY)
    empty.state.documents.clear()
    assert empty.found(code) == Finding(code, False)


@pytest.mark.parametrize(("code", "kind"), TEXTS)
def test_a_text_counts_as_accepted_in_the_version_that_binds(code: R, kind: DocumentKind) -> None:
    """S79, S84: accepted at the very instant at which it began to bind it counts, a microsecond before not."""
    asking = Asking()
    asking.person.since, asking.state.documents[kind].binding_since = day(1), day(3)
    asking.person.accepted[kind] = Acceptance("1", day(3))
    assert asking.found(code) == Finding(code, True, day(3))
    asking.person.accepted[kind] = Acceptance("1", day(3) - TICK)
    assert asking.found(code) == Finding(code, False, day(3))
    del asking.person.accepted[kind]
    assert asking.found(code) == Finding(code, False, day(3))
    asking.person.since = day(4)
    assert asking.found(code) == Finding(code, False, day(4))


def test_an_unknown_institution_is_none() -> None:
    """POL-05: a person of an institution that is not known is of none."""
    asking = Asking()
    asking.person.institution, asking.person.moved = InstitutionName("elsewhere"), day(2)
    assert asking.found(R.INSTITUTION_NOT_TRUSTED) == Finding(R.INSTITUTION_NOT_TRUSTED, False, day(2))


def test_an_empty_state_knows_nobody() -> None:
    """POL-05: before the first fact nobody gets in."""
    asking = Asking()
    asking.state = State()
    assert {asking.found(code) for code in ABOUT_PEOPLE} == {Finding(code, False) for code in ABOUT_PEOPLE}
