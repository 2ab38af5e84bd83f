"""`FLIPPED_BY` is what happens: histories are replayed fact by fact, and what each fact flipped is written down."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.flips import BY_CLOCK, FLIPPED_BY
from access_policy.fold import fold
from access_policy.model.codes import digest_of
from access_policy.model.enums import (
    Action,
    Assurance,
    ConsentBasis,
    DataKind,
    FactorKind,
    InvestigatorPlace,
    LicenceReading,
    Region,
    RequestStatus,
    Route,
    Scenario,
    TransferBasis,
    VerificationMethod,
    Zone,
)
from access_policy.model.ids import CENTRE, CourseName, DatasetName, FactorId, InstitutionName, PersonId, RequestId
from access_policy.model.jurisdictions import AdequacyScope, ModelClauses
from access_policy.reasons import ReasonCode as R
from access_policy.rules import RULES, Query, Session, case_of
from access_policy.state import State
from tests.unit.access_policy.abroad import OVERSEAS, abroad, basis, clauses
from tests.unit.access_policy.denials import BINDS, DENIALS
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    DIGEST,
    HUB,
    INSTALLATION,
    MINUTE,
    NO_REQUEST,
    NOON,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    RESTRICTED,
    RUN,
    SIGNATORY,
    STEWARD,
    TRAINER,
    World,
    begun,
    description,
    everything_holds,
    publish,
)

HOSPITAL = InstitutionName("hospital")

Flip = tuple[R, type[e.Event]]
FACTS_OF: set[Flip] = {
    (code, kind) for code, events in FLIPPED_BY.items() for kind in events if issubclass(kind, e.FactEvent)
}


def _name(flip: Flip) -> str:
    return f"{flip[0]} by {flip[1].__name__}"


IN_ORDER: list[Flip] = sorted(FACTS_OF, key=_name)
OF_THE_PERSON = list(R)[: list(R).index(R.REQUEST_NOT_APPROVED)]
DECADE = timedelta(days=3650)


def _mended(world: World) -> None:
    world.do("disable-person", ADMIN, person=RESEARCHER, reason="a question")
    world.do("enable-person", ADMIN, person=RESEARCHER)
    world.do("end-agreement", ADMIN, institution="hospital")
    world.do("record-agreement", ADMIN, institution="hospital", begins=world.at, ends=world.at + DECADE)
    world.do("declare-domains", ADMIN, institution="hospital", domains="clinic.example")
    world.do("declare-domains", ADMIN, institution="hospital", domains="hospital.example")
    world.do("revoke-certification", TRAINER, person=RESEARCHER, course="privacy", reason="copied")
    world.do("certify-person", TRAINER, person=RESEARCHER, course="privacy")


def _expired_and_mended(world: World) -> None:
    _agreement_for(world, DECADE)
    world.wait(720 * DAY).do(
        "verify-person", ADMIN, person=RESEARCHER, method="in-person", evidence="seen", until=world.at + DAY
    )
    world.do("certify-person", TRAINER, person=RESEARCHER, course="privacy")


def _expired_and_taken_back(world: World) -> None:
    _agreement_for(world, DECADE)
    world.wait(720 * DAY).do("withdraw-verification", ADMIN, person=RESEARCHER, reason="another person")
    world.do("revoke-certification", TRAINER, person=RESEARCHER, course="privacy", reason="copied")


def _unconfirmed_and_reset(world: World) -> None:
    world.agree("reset-factors", person=RESEARCHER)
    world.do("enrol-factor", HUB, person=RESEARCHER, factor="second", kind="totp")
    world.agree("reset-factors", person=RESEARCHER)


def _factors_come_and_go(world: World) -> None:
    code = "A" * 20
    for idle in (10, 60):
        world.do("adopt-settings", INSTALLATION, session_hours=10, term_days_longest=1096, idle_minutes=idle)
    world.do("enrol-factor", HUB, person=RESEARCHER, factor="second", kind="passkey", vouched_by="first")
    world.do("remove-factor", RESEARCHER, person=RESEARCHER, factor="first")
    world.agree("reset-factors", person=RESEARCHER)
    for factor, kind in (("second", "totp"), ("third", "provider")):
        world.do("enrol-factor", HUB, person=RESEARCHER, factor=factor, kind=kind)
    world.do("issue-confirmation-code", ADMIN, person=RESEARCHER, digest=digest_of(code))
    world.do("redeem-confirmation-code", RESEARCHER, person=RESEARCHER, factor="third", code=code)
    world.do("confirm-factor", ADMIN, person=RESEARCHER, factor="second")


def _contact_corrected(world: World) -> None:
    request = world.ask(RequestStatus.DRAFT, contact=COLLEAGUE)
    for email in ("rosa2@hospital.example", "rosa@hospital.example", "rosa2@hospital.example"):
        world.do("name-contact", RESEARCHER, request=request, person=RESEARCHER, email=email)
    world.do("remove-contact", SIGNATORY, request=request, person=RESEARCHER)


def _datasets_come_and_go(world: World) -> None:
    world.do("open-request", RESEARCHER, title="Scans", purpose="Which treatment helps")
    world.do("request-dataset", RESEARCHER, request="DR-3", dataset="scans", necessity="the outcome")
    world.start(RESTRICTED, Zone.INSTITUTE)
    world.do("withdraw-dataset", STEWARD, dataset="scans", reason="consent")
    world.agree("reopen-dataset", STEWARD, dataset="scans")


def _ended_after_a_withdrawal(world: World) -> None:
    world.start()
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    world.end()


def _ended_after_its_time(world: World) -> None:
    world.start()
    world.wait(RUN).end()


def _say(world: World, event: e.FactEvent) -> None:
    world.append([(person(ADMIN), event)])


def _taken_back_as_a_draft(world: World) -> None:
    request = world.ask(RequestStatus.DRAFT)
    world.do("withdraw-request", RESEARCHER, request=request)


def _agreement_for(world: World, duration: timedelta) -> None:
    world.do("record-agreement", ADMIN, institution="hospital", begins=world.at, ends=world.at + duration)


def _left_the_institution(world: World) -> None:
    _say(world, e.PersonLeft(person=RESEARCHER))


def _moved_and_back(world: World) -> None:
    for where in ("centre", "hospital"):
        _say(world, e.PersonMoved(person=RESEARCHER, institution=InstitutionName(where), email=f"rosa@{where}.example"))
    _say(world, e.PersonLeft(person=RESEARCHER))
    _say(world, e.PersonMoved(person=RESEARCHER, institution=HOSPITAL, email="rosa@hospital.example"))


def _moved_out_of_trouble(world: World) -> None:
    """Another domain than declared, an institution without an agreement, an excluded one: moving mends each."""
    world.do("declare-domains", ADMIN, institution="hospital", domains="clinic.example")
    world.do("end-agreement", ADMIN, institution="hospital")
    _say(world, e.OrganisationExcluded(institution=HOSPITAL, until=world.at + DAY, reason="misuse"))
    for where in (CENTRE, HOSPITAL):
        _say(world, e.PersonMoved(person=RESEARCHER, institution=where, email=f"rosa@{where}.example"))
    _say(world, e.PersonLeft(person=RESEARCHER))
    _say(world, e.PersonMoved(person=RESEARCHER, institution=HOSPITAL, email="rosa@hospital.example"))
    _say(world, e.ExclusionLifted(institution=HOSPITAL))


def _renewed_certification(world: World) -> None:
    _say(world, e.CourseRevised(course=CourseName("privacy"), version="2", binding=True))
    world.do("certify-person", TRAINER, person=RESEARCHER, course="privacy")
    _say(world, e.RequestSuspended(request=OPEN, reason="a question"))
    _say(world, e.RequestReinstated(request=OPEN, reason="answered"))
    _say(world, e.LossAccepted(epoch=1, kept=1, lost=9, observations=0))
    _say(world, e.RequestReinstated(request=OPEN, reason="looked at"))
    for document in ("code-of-conduct", "no-reidentification"):
        publish(world, document, "2")
        world.do("accept-document", RESEARCHER, person=RESEARCHER, document=document, version="2")


def _contacts_added(world: World) -> None:
    request = world.ask(RequestStatus.ACTIVE, contact=COLLEAGUE)
    asked: dict[str, Any] = {"name": "Rosa", "position": "postdoc", "email": "rosa@hospital.example"}
    _say(world, e.ContactAsked(request=request, person=RESEARCHER, **asked))
    _say(world, e.ContactChecked(request=request, person=RESEARCHER))
    _say(world, e.ContactMadeAvailable(request=request, person=RESEARCHER))
    world.do("remove-contact", SIGNATORY, request=request, person=RESEARCHER)
    amendment: dict[str, Any] = {"amendment": 1, "reason": "more"}
    _say(world, e.AmendmentProposed(request=request, datasets=(), contacts=(RESEARCHER,), **amendment))
    _say(world, e.AmendmentApproved(request=request, **amendment))
    _say(world, e.PersonMoved(person=RESEARCHER, institution=CENTRE, email="rosa@centre.example"))
    world.do("remove-contact", SIGNATORY, request=request, person=RESEARCHER)


def _law_changes(world: World) -> None:
    party = abroad(world)
    for record in (
        basis(party.request, basis=TransferBasis.NONE, scope=None),
        clauses(party.request, world, clauses=ModelClauses.PROCESSORS_2010, concluded=NOON - 3000 * DAY),
        basis(party.request, scope=AdequacyScope.COMMERCIAL_ORGANISATIONS),
        e.AdequacyDecided(
            country="KR", scope=AdequacyScope.COMMERCIAL_ORGANISATIONS, begins=world.at, ends=None, act="one more"
        ),
        e.AdequacyEnded(
            country="KR", scope=AdequacyScope.COMMERCIAL_ORGANISATIONS, ends=world.at + MINUTE, act="a judgment"
        ),
        basis(party.request),
    ):
        _say(world, record)
    _say(world.wait(DAY), e.AdequacyEnded(country="KR", scope=AdequacyScope.FULL, ends=world.at, act="a judgment"))
    _say(world, clauses(party.request, world))
    for who, role in (
        (party.researcher, "researcher"),
        (party.signatory, "licensee"),
        (REPRESENTATIVE, "representative"),
    ):
        world.do("sign-licence", who, request=party.request, party=role)


def _party_of_a_smaller_decision(world: World) -> None:
    """The decision for everybody goes, one for some comes, and the party is put on record as one of them."""
    party = abroad(world)
    full, some = AdequacyScope.FULL, AdequacyScope.COMMERCIAL_ORGANISATIONS
    _say(world, e.AdequacyEnded(country="KR", scope=full, ends=world.at, act="a judgment"))
    _say(world, e.AdequacyDecided(country="KR", scope=some, begins=world.at, ends=None, act="a smaller one"))
    _say(world, basis(party.request, scope=some))
    _say(world, clauses(party.request, world))
    _say(world, e.AdequacyDecided(country="KR", scope=full, begins=world.at, ends=None, act="another one"))


def _another_reading(world: World) -> None:
    abroad(world)
    for reading in (LicenceReading.NON_EEA, LicenceReading.EEA):
        _say(world, e.PolicySettingsAdopted(session_hours=10, term_days_longest=1096, licence_for_adequate=reading))


def _listed(world: World) -> None:
    world.become(everything_holds(at=BINDS - 20 * DAY))
    abroad(world, regime="ehds")
    world.wait(40 * DAY)
    _say(world, e.CountryListed(country="KR", begins=world.at, ends=None, act="an implementing act"))
    _say(world, e.CountryUnlisted(country="KR", ends=world.at + MINUTE, act="another one"))
    _say(world.wait(DAY), e.CountryListed(country="KR", begins=world.at, ends=None, act="a third one"))
    world.wait(DAY)
    _say(world, e.CountryUnlisted(country="KR", ends=world.at, act="a fourth one"))
    _say(world, _corrected(OVERSEAS, "NL"))


def _corrected(institution: InstitutionName, country: str) -> e.InstitutionCorrected:
    return e.InstitutionCorrected(institution=institution, name="Another name", country=country, reason="misread")


def _country_corrected(world: World) -> None:
    """What a country has no decision for, and no member state either, was recorded as one that has."""
    abroad(world)
    for institution in (OVERSEAS, HOSPITAL):
        _say(world, _corrected(institution, "US"))


def _opted_out_and_back(world: World) -> None:
    """Before a grant the opt-outs count that stand now."""
    tumours, subject = DatasetName("tumours"), "0" * 64
    world.become(everything_holds(at=BINDS - 20 * DAY))
    request = world.ask(RequestStatus.DRAFT)
    world.do("describe-request", RESEARCHER, request=request, **description(regime="ehds"))
    world.at = BINDS
    _say(world, e.OptedOut(dataset=tumours, subject=subject))
    _say(world, e.OptOutReversed(dataset=tumours, subject=subject))


def _versions(world: World) -> None:
    """A consent withdrawn closes, a release opens; an extract of an old version is none."""
    tumours = DatasetName("tumours")
    request = world.ask(RequestStatus.ACTIVE, ("tumours",))
    world.start(request)
    version: dict[str, Any] = {"location": "tumours-2", "manifest": DIGEST}
    _say(world, e.ExtractPrepared(request=request, dataset=tumours, version="1", patients=3, **version))
    world.end(request)
    world.start(request)
    _say(world, e.VersionReleased(dataset=tumours, version="2", excluded=(), **version))
    world.end(request)
    _say(world, e.ExtractPrepared(request=request, dataset=tumours, version="2", patients=3, **version))
    world.start(request)
    _say(world, e.ConsentWithdrawn(dataset=tumours, subject="0" * 64))
    _say(world, e.VersionReleased(dataset=tumours, version="3", excluded=("0" * 64,), **version))
    _say(world, e.ExtractPrepared(request=request, dataset=tumours, version="3", patients=3, **version))


def _opted_out_and_left_out(world: World) -> None:
    next(denial for denial in DENIALS if denial.code is R.OPT_OUT_IGNORED).way(world)
    world.at = BINDS
    version: dict[str, Any] = {"version": "2", "location": "tumours-2", "manifest": DIGEST, "excluded": ("0" * 64,)}
    _say(world, e.VersionReleased(dataset=DatasetName("tumours"), **version))


GENOMES = DatasetName("genomes")
VERSION: dict[str, Any] = {"location": "genomes-2", "manifest": DIGEST}


def _genomes(world: World) -> None:
    """Register a dataset that is for the institute's network and for surely proofed identities."""
    _say(
        world,
        e.DatasetRegistered(
            dataset=GENOMES, title="Genomes", source="a hospital", kind=DataKind.BIOBANK, version="1",
            location="genomes", manifest=DIGEST, region=Region.LOCAL, zone=Zone.INSTITUTE,
            consent=ConsentBasis.INFORMED_CONSENT, attested=True, assurance=Assurance.HIGH,
        ),
    )  # fmt: skip


def _approved(request: RequestId, world: World, *datasets: str) -> e.RequestApproved:
    names = tuple(DatasetName(name) for name in datasets)
    return e.RequestApproved(
        request=request, improves_treatment=True, public_interest=True, reason="good", begins=world.at,
        ends=world.at + DAY, datasets=names,
    )  # fmt: skip


def _offers_of_a_draft(world: World) -> None:
    _genomes(world)
    request = world.ask(RequestStatus.DRAFT, ("tumours",))
    _say(world, e.DatasetRequested(request=request, dataset=GENOMES, necessity="the outcome"))
    _say(world, e.DatasetDropped(request=request, dataset=DatasetName("tumours")))
    _say(world, e.DatasetRequested(request=request, dataset=DatasetName("tumours"), necessity="the outcome"))
    _say(world, e.DatasetDropped(request=request, dataset=DatasetName("tumours")))
    world.do("withdraw-dataset", STEWARD, dataset="genomes", reason="consent")
    world.agree("reopen-dataset", STEWARD, dataset="genomes")
    until, method = world.at + 700 * DAY, VerificationMethod.IN_PERSON
    for verified in (Assurance.HIGH, Assurance.LOW):
        _say(world, e.PersonVerified(person=RESEARCHER, method=method, until=until, assurance=verified))
    _say(world, e.VerificationWithdrawn(person=RESEARCHER, reason="another person"))
    _say(world, e.PersonVerified(person=RESEARCHER, method=VerificationMethod.VIDEO_CALL, until=until))
    _say(world, e.DatasetDropped(request=request, dataset=GENOMES))


def _offers_of_a_grant(world: World) -> None:
    _genomes(world)
    request = world.ask(RequestStatus.ASSESSED, ("tumours", "genomes"))
    _say(world, _approved(request, world, "genomes"))
    _say(world, e.ConsentWithdrawn(dataset=GENOMES, subject="0" * 64))
    _say(world, e.VersionReleased(dataset=GENOMES, version="2", excluded=("0" * 64,), **VERSION))
    _say(world, e.ExtractPrepared(request=request, dataset=GENOMES, version="1", patients=3, **VERSION))
    _say(world, e.ExtractPrepared(request=request, dataset=GENOMES, version="2", patients=3, **VERSION))
    _say(world, e.VersionReleased(dataset=GENOMES, version="3", excluded=("0" * 64,), **VERSION))
    _say(world, e.ExtractPrepared(request=request, dataset=GENOMES, version="3", patients=3, **VERSION))
    amendment: dict[str, Any] = {"amendment": 1, "reason": "more"}
    _say(world, e.AmendmentProposed(request=request, datasets=(DatasetName("tumours"),), contacts=(), **amendment))
    _say(world, e.AmendmentApproved(request=request, **amendment))
    _say(world, e.RequestMadeAvailable(request=request, datasets=(GENOMES,)))


def _offers_of_what_is_closed(world: World) -> None:
    """A grant of a closed dataset alone, an amendment that adds an open one, and only the closed one made available."""
    _genomes(world)
    request = world.ask(RequestStatus.ASSESSED, ("tumours", "genomes"))
    world.do("withdraw-dataset", STEWARD, dataset="genomes", reason="consent")
    _say(world, _approved(request, world, "genomes"))
    amendment: dict[str, Any] = {"amendment": 1, "reason": "more"}
    _say(world, e.AmendmentProposed(request=request, datasets=(DatasetName("tumours"),), contacts=(), **amendment))
    _say(world, e.AmendmentApproved(request=request, **amendment))
    _say(world, e.RequestMadeAvailable(request=request, datasets=(GENOMES,)))


def _another_address(world: World) -> None:
    for email in ("rosa@clinic.example", "rosa@hospital.example"):
        _say(world, e.EmailCorrected(person=RESEARCHER, email=email))


def _centre_of_another_domain(world: World) -> None:
    world.become(begun())
    world.do(
        "register-institution", ADMIN, institution="centre", name="Centre", country="NL", domains="other.example",
        centre=True,
    )  # fmt: skip


def _clinical(world: World) -> None:
    request = world.ask(RequestStatus.DRAFT)
    _say(world, e.RequestSubmitted(request=request, digest=DIGEST, scenario=Scenario.TREATMENT, route=Route.CLINICAL))
    term: dict[str, Any] = {"begins": world.at + DAY, "ends": world.at + 9 * DAY}
    for place, who in ((InvestigatorPlace.LOCAL, COLLEAGUE), (InvestigatorPlace.CENTRAL, ADMIN)):
        _say(world, e.InvestigatorApproved(request=request, place=place, person=who, **term))


def _extended(world: World) -> None:
    term = world.state.requests[OPEN].term
    assert term is not None
    world.at = term.ends
    _say(world, e.ExtensionGranted(request=OPEN, ends=term.ends + DAY, reason="more time"))


JOURNEYS: tuple[Callable[[World], object], ...] = (
    *(denial.way for denial in DENIALS),
    _mended,
    _expired_and_mended,
    _expired_and_taken_back,
    _unconfirmed_and_reset,
    _factors_come_and_go,
    _contact_corrected,
    _datasets_come_and_go,
    _ended_after_a_withdrawal,
    _ended_after_its_time,
    _taken_back_as_a_draft,
    _left_the_institution,
    _moved_and_back,
    _moved_out_of_trouble,
    _renewed_certification,
    _contacts_added,
    _law_changes,
    _party_of_a_smaller_decision,
    _another_reading,
    _listed,
    _country_corrected,
    _opted_out_and_back,
    _opted_out_and_left_out,
    _versions,
    _offers_of_a_draft,
    _offers_of_a_grant,
    _offers_of_what_is_closed,
    _another_address,
    _centre_of_another_domain,
    _clinical,
    _extended,
)


def _flips_of(world: World) -> Iterator[Flip]:
    """Replay a world's facts; before and after each, look at every condition of every question at its instant."""
    replayed = State()
    for fact in world.facts:
        people = (RESEARCHER, ADMIN, PersonId("P-13"))  # the third one is the researcher abroad
        subjects = [(who, request) for who in people for request in (*world.state.requests, NO_REQUEST)]
        before = {subject: _values(replayed, subject, fact) for subject in subjects}
        fold(replayed, fact)
        for subject, values in before.items():
            after = _values(replayed, subject, fact)
            yield from ((code, type(fact.event)) for code, held in values.items() if held != after[code])


def _flips_of_sessions(world: World) -> Iterator[Flip]:
    """As `_flips_of`, for sessions of which it is known what was given, and when something was done in them."""
    replayed, subject = State(), (RESEARCHER, OPEN)
    for fact in world.facts:
        sessions = [_early(RESEARCHER, given=FactorId(one)) for one in ("first", "second", "third")]
        sessions.append(_early(RESEARCHER, active=fact.at - 30 * MINUTE))
        before = [_values(replayed, subject, fact, one) for one in sessions]
        fold(replayed, fact)
        for session, values in zip(sessions, before, strict=True):
            after = _values(replayed, subject, fact, session)
            yield from ((code, type(fact.event)) for code, held in values.items() if held != after[code])


def _early(who: PersonId, **known: Any) -> Session:
    return Session("early", who, NOON - DAY, NOON + DECADE, FactorKind.TOTP, Zone.ANYWHERE, **known)


def _values(
    state: State, subject: tuple[PersonId, RequestId], fact: e.Fact, coming: Session | None = None
) -> dict[R, bool]:
    """Return whether each condition holds, of those that have something to speak of yet."""
    who, request = subject
    session = coming or _early(who)
    case = case_of(state, Query(who, request, Action.REACH_WORKSPACE, fact.at, session))
    known = [] if case.person is None else OF_THE_PERSON if case.request is None else list(R)
    return {rule.code: rule.evaluate(case).holds for rule in RULES if rule.code in known}


@pytest.fixture(scope="module")
def seen() -> set[Flip]:
    """Return which facts flipped which conditions in any journey."""
    found: set[Flip] = set()
    for journey in JOURNEYS:
        world = everything_holds()
        journey(world)
        found |= {*_flips_of(world), *_flips_of_sessions(world)}
    return found


@pytest.mark.parametrize("flip", IN_ORDER, ids=_name)
def test_each_listed_fact_flips_its_condition(flip: Flip, seen: set[Flip]) -> None:
    """What `FLIPPED_BY` lists for a condition was seen to flip it."""
    assert flip in seen


def test_no_other_fact_flips_a_condition(seen: set[Flip]) -> None:
    """What was seen to flip a condition is listed: the table is whole."""
    assert seen - FACTS_OF == set()


def test_every_condition_can_flip() -> None:
    """Each condition has an event, or the clock, that changes it."""
    assert set(FLIPPED_BY) == set(R)
    assert {code for code in R if not FLIPPED_BY[code]} <= BY_CLOCK


def test_sessions_flip_the_conditions_of_sessions_only() -> None:
    """SessionBegun and SessionEnded stand where a rule looks at the session, and nowhere else (S76, S77)."""
    of_sessions = {code for code, kinds in FLIPPED_BY.items() if e.SessionBegun in kinds}
    assert of_sessions == {
        R.SESSION_MISSING, R.SESSION_OVER, R.SESSION_WITHOUT_FACTOR, R.SESSION_FACTOR_NOT_CONFIRMED, R.ZONE,
    }  # fmt: skip
    assert {code for code, kinds in FLIPPED_BY.items() if e.SessionEnded in kinds} == {R.SESSION_OVER}
