"""Histories of people: what comes and goes of their grounds, their institutions and the law."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.codes import digest_of
from access_policy.model.enums import (
    LicenceReading,
    RequestStatus,
    TransferBasis,
    Zone,
)
from access_policy.model.ids import CENTRE, CourseName, InstitutionName
from access_policy.model.jurisdictions import AdequacyScope, ModelClauses
from tests.unit.access_policy.abroad import OVERSEAS, abroad, basis, clauses
from tests.unit.access_policy.denials import BINDS
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    HUB,
    INSTALLATION,
    MINUTE,
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
    everything_holds,
    publish,
)

HOSPITAL = InstitutionName("hospital")
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


def say(world: World, event: e.FactEvent) -> None:
    """Append a fact to a world."""
    world.append([(person(ADMIN), event)])


def _taken_back_as_a_draft(world: World) -> None:
    request = world.ask(RequestStatus.DRAFT)
    world.do("withdraw-request", RESEARCHER, request=request)


def _agreement_for(world: World, duration: timedelta) -> None:
    world.do("record-agreement", ADMIN, institution="hospital", begins=world.at, ends=world.at + duration)


def _left_the_institution(world: World) -> None:
    say(world, e.PersonLeft(person=RESEARCHER))


def _moved_and_back(world: World) -> None:
    for where in ("centre", "hospital"):
        say(world, e.PersonMoved(person=RESEARCHER, institution=InstitutionName(where), email=f"rosa@{where}.example"))
    say(world, e.PersonLeft(person=RESEARCHER))
    say(world, e.PersonMoved(person=RESEARCHER, institution=HOSPITAL, email="rosa@hospital.example"))


def _moved_out_of_trouble(world: World) -> None:
    """Another domain than declared, an institution without an agreement, an excluded one: moving mends each."""
    world.do("declare-domains", ADMIN, institution="hospital", domains="clinic.example")
    world.do("end-agreement", ADMIN, institution="hospital")
    say(world, e.OrganisationExcluded(institution=HOSPITAL, until=world.at + DAY, reason="misuse"))
    for where in (CENTRE, HOSPITAL):
        say(world, e.PersonMoved(person=RESEARCHER, institution=where, email=f"rosa@{where}.example"))
    say(world, e.PersonLeft(person=RESEARCHER))
    say(world, e.PersonMoved(person=RESEARCHER, institution=HOSPITAL, email="rosa@hospital.example"))
    say(world, e.ExclusionLifted(institution=HOSPITAL))


def _renewed_certification(world: World) -> None:
    say(world, e.CourseRevised(course=CourseName("privacy"), version="2", binding=True))
    world.do("certify-person", TRAINER, person=RESEARCHER, course="privacy")
    say(world, e.RequestSuspended(request=OPEN, reason="a question"))
    say(world, e.RequestReinstated(request=OPEN, reason="answered"))
    say(world, e.LossAccepted(epoch=1, kept=1, lost=9, observations=0))
    say(world, e.RequestReinstated(request=OPEN, reason="looked at"))
    for document in ("code-of-conduct", "no-reidentification"):
        publish(world, document, "2")
        world.do("accept-document", RESEARCHER, person=RESEARCHER, document=document, version="2")


def _contacts_added(world: World) -> None:
    request = world.ask(RequestStatus.ACTIVE, contact=COLLEAGUE)
    asked: dict[str, Any] = {"name": "Rosa", "position": "postdoc", "email": "rosa@hospital.example"}
    say(world, e.ContactAsked(request=request, person=RESEARCHER, **asked))
    say(world, e.ContactChecked(request=request, person=RESEARCHER))
    say(world, e.ContactMadeAvailable(request=request, person=RESEARCHER))
    world.do("remove-contact", SIGNATORY, request=request, person=RESEARCHER)
    amendment: dict[str, Any] = {"amendment": 1, "reason": "more"}
    say(world, e.AmendmentProposed(request=request, datasets=(), contacts=(RESEARCHER,), **amendment))
    say(world, e.AmendmentApproved(request=request, **amendment))
    say(world, e.PersonMoved(person=RESEARCHER, institution=CENTRE, email="rosa@centre.example"))
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
        say(world, record)
    say(world.wait(DAY), e.AdequacyEnded(country="KR", scope=AdequacyScope.FULL, ends=world.at, act="a judgment"))
    say(world, clauses(party.request, world))
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
    say(world, e.AdequacyEnded(country="KR", scope=full, ends=world.at, act="a judgment"))
    say(world, e.AdequacyDecided(country="KR", scope=some, begins=world.at, ends=None, act="a smaller one"))
    say(world, basis(party.request, scope=some))
    say(world, clauses(party.request, world))
    say(world, e.AdequacyDecided(country="KR", scope=full, begins=world.at, ends=None, act="another one"))


def _another_reading(world: World) -> None:
    abroad(world)
    for reading in (LicenceReading.NON_EEA, LicenceReading.EEA):
        say(world, e.PolicySettingsAdopted(session_hours=10, term_days_longest=1096, licence_for_adequate=reading))


def _listed(world: World) -> None:
    world.become(everything_holds(at=BINDS - 20 * DAY))
    abroad(world, regime="ehds")
    world.wait(40 * DAY)
    say(world, e.CountryListed(country="KR", begins=world.at, ends=None, act="an implementing act"))
    say(world, e.CountryUnlisted(country="KR", ends=world.at + MINUTE, act="another one"))
    say(world.wait(DAY), e.CountryListed(country="KR", begins=world.at, ends=None, act="a third one"))
    world.wait(DAY)
    say(world, e.CountryUnlisted(country="KR", ends=world.at, act="a fourth one"))
    say(world, _corrected(OVERSEAS, "NL"))


def _corrected(institution: InstitutionName, country: str) -> e.InstitutionCorrected:
    return e.InstitutionCorrected(institution=institution, name="Another name", country=country, reason="misread")


def _country_corrected(world: World) -> None:
    """What a country has no decision for, and no member state either, was recorded as one that has."""
    abroad(world)
    for institution in (OVERSEAS, HOSPITAL):
        say(world, _corrected(institution, "US"))


OF_PEOPLE: tuple[Callable[[World], object], ...] = (
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
)
