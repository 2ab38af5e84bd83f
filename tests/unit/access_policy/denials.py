"""For each reason code, the ways to lose the good world's access by it. The tests of rules, flips and laws share them.

A way changes one fact of a world and returns the question that is then denied, and since when it has been.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from access_policy import events as e
from access_policy.actor import Actor, person
from access_policy.model.enums import Action, DataKind, RequestStatus, TransferBasis, Zone
from access_policy.model.ids import CENTRE, CourseName, DatasetName, FactorId, InstitutionName, PersonId
from access_policy.model.jurisdictions import MODEL_CLAUSES, AdequacyScope, ModelClauses
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Query
from access_policy.rules.particulars import EHDS_BINDS_FROM
from tests.unit.access_policy.abroad import abroad, basis, clauses, criteria
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    HUB,
    NOON,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    RESTRICTED,
    RUN,
    SECOND_ADMIN,
    SIGNATORY,
    STEWARD,
    TERM_DAYS,
    TRAINER,
    World,
    approval,
    dataset_arguments,
    description,
    everything_holds,
    find,
    publish,
    sign,
)

BINDS = EHDS_BINDS_FROM[DataKind.CLINICAL]

Way = Callable[[World], tuple[Query, datetime | None]]


class Denial(NamedTuple):
    """A way to lose access, the code that says so, and the codes of the steps that a request then has before it too."""

    code: R
    way: Way
    also: tuple[R, ...] = ()

    @property
    def name(self) -> str:
        """Return a readable id: `training_revoked by revoked`."""
        return f"{self.code} by {self.way.__name__.strip('_')}"

    @property
    def codes(self) -> tuple[R, ...]:
        """Return all codes of the denial, in order."""
        return tuple(code for code in R if code in (self.code, *self.also))


def _stopped(world: World) -> tuple[Query, datetime | None]:
    return _after(world, "disable-person", REPRESENTATIVE, person=RESEARCHER, reason="misuse")


def _agreement_ended(world: World) -> tuple[Query, datetime | None]:
    return _after(world, "end-agreement", ADMIN, institution="hospital")


def _agreement_over(world: World) -> tuple[Query, datetime | None]:
    world.do("end-agreement", ADMIN, institution="hospital")
    ends = world.at + 5 * DAY
    world.do("record-agreement", ADMIN, institution="hospital", begins=world.at, ends=ends)
    return _at(world, ends)


def _domain_given_up(world: World) -> tuple[Query, datetime | None]:
    return _after(world, "declare-domains", ADMIN, institution="hospital", domains="clinic.example")


def _verification_withdrawn(world: World) -> tuple[Query, datetime | None]:
    return _after(world, "withdraw-verification", ADMIN, person=RESEARCHER, reason="another person")


def _verification_over(world: World) -> tuple[Query, datetime | None]:
    world.do("withdraw-verification", ADMIN, person=RESEARCHER, reason="to be checked again")
    until = world.at + 5 * DAY
    world.do("verify-person", ADMIN, person=RESEARCHER, method="in-person", evidence="seen", until=until)
    return _at(world, until)


def _factors_reset(world: World) -> tuple[Query, datetime | None]:
    world.do("reset-factors", ADMIN, person=RESEARCHER)
    since = world.at
    world.do("confirm-proposal", SECOND_ADMIN, proposal=world.state.last_proposal)
    return world.query(), since


def _new_factor(world: World) -> tuple[Query, datetime | None]:
    world.agree("reset-factors", person=RESEARCHER)
    return _after(world, "enrol-factor", HUB, person=RESEARCHER, factor="second", kind="totp")


def _new_course(world: World) -> tuple[Query, datetime | None]:
    return _after(world, "register-course", ADMIN, course="cloud", title="Cloud", validity_days=30)


def _certification_revoked(world: World) -> tuple[Query, datetime | None]:
    return _after(world, "revoke-certification", TRAINER, person=RESEARCHER, course="privacy", reason="copied answers")


def _certification_over(world: World) -> tuple[Query, datetime | None]:
    world.do("register-course", ADMIN, course="refresher", title="Refresher", validity_days=5)
    ends = world.at + 5 * DAY
    world.do("certify-person", TRAINER, person=RESEARCHER, course="refresher")
    return _at(world, ends)


def _only_submitted(world: World) -> tuple[Query, datetime | None]:
    since = world.at
    request = world.ask(RequestStatus.SUBMITTED)
    return world.query(request=request), since


def _refused(world: World) -> tuple[Query, datetime | None]:
    request = world.ask(RequestStatus.ASSESSED)
    since = world.at
    world.bring(request, RequestStatus.REFUSED)
    return world.query(request=request), since


def _withdrawn(world: World) -> tuple[Query, datetime | None]:
    request = world.ask(RequestStatus.LICENSED)
    since = world.at
    world.bring(request, RequestStatus.WITHDRAWN)
    return world.query(request=request), since


def _ended(world: World) -> tuple[Query, datetime | None]:
    return _after(world, "end-request", SIGNATORY, request=OPEN, reason="project over")


def _contact_removed(world: World) -> tuple[Query, datetime | None]:
    return _after(world, "remove-contact", SIGNATORY, request=OPEN, person=RESEARCHER)


def _applicant_only(world: World) -> tuple[Query, datetime | None]:
    since = world.at
    request = world.ask(RequestStatus.ACTIVE, contact=COLLEAGUE)
    return world.query(request=request), since


def _another_address(world: World) -> tuple[Query, datetime | None]:
    request = world.ask(RequestStatus.DRAFT)
    since = world.at
    world.do("name-contact", RESEARCHER, request=request, person=RESEARCHER, email="rosa2@hospital.example")
    world.bring(request, RequestStatus.ACTIVE)
    return world.query(request=request), since


def _two_signatures(world: World) -> tuple[Query, datetime | None]:
    request = world.ask(RequestStatus.ASSESSED)
    find(world, request)
    since = world.at
    world.bring(request, RequestStatus.APPROVED)
    sign(world, request, "researcher", "licensee")
    return world.query(request=request), since


def _only_licensed(world: World) -> tuple[Query, datetime | None]:
    request = world.ask(RequestStatus.APPROVED)
    sign(world, request, "licensee", "researcher")
    since = world.at
    sign(world, request, "representative")
    return world.query(request=request), since


def _term_in_future(world: World) -> tuple[Query, datetime | None]:
    request = world.ask(RequestStatus.ASSESSED)
    find(world, request)
    since = world.at
    begins = world.at + 10 * DAY
    world.do("approve-request", BOARD_MEMBER, request=request, **approval(world, request, begins=begins))
    world.bring(request, RequestStatus.ACTIVE)
    return world.query(request=request), since


def _term_over(world: World) -> tuple[Query, datetime | None]:
    term = world.state.requests[OPEN].term
    assert term is not None
    assert term.ends - term.begins == TERM_DAYS * DAY
    return _at(world, term.ends)


def _all_datasets_withdrawn(world: World) -> tuple[Query, datetime | None]:
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    return _after(world, "withdraw-dataset", STEWARD, dataset="expressions", reason="consent")


def _mounted_dataset_withdrawn(world: World) -> tuple[Query, datetime | None]:
    world.start()
    since = world.at
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="consent")
    return world.query(Action.KEEP_WORKSPACE), since


def _run_over(world: World) -> tuple[Query, datetime | None]:
    ends = world.at + RUN
    world.start()
    query, since = _at(world, ends)
    return msgspec.structs.replace(query, action=Action.REACH_WORKSPACE), since


def _excluded(world: World) -> tuple[Query, datetime | None]:
    since = world.at
    shut = e.OrganisationExcluded(institution=InstitutionName("hospital"), until=world.at + DAY, reason="misuse")
    world.append([(person(ADMIN), shut)])
    return world.query(), since


def _wants_a_surer_identity(world: World) -> tuple[Query, datetime | None]:
    world.do("register-dataset", STEWARD, **dataset_arguments("genomes") | {"assurance": "high"})
    verification = world.state.people[RESEARCHER].verification
    assert verification is not None
    request = world.ask(RequestStatus.ACTIVE, ("genomes",))
    return world.query(request=request), verification.since


def _new_conduct(world: World) -> tuple[Query, datetime | None]:
    publish(world, "code-of-conduct", "2")
    return world.query(), world.facts[-1].at


def _new_ban(world: World) -> tuple[Query, datetime | None]:
    publish(world, "no-reidentification", "2")
    return world.query(), world.facts[-1].at


def _course_revised(world: World) -> tuple[Query, datetime | None]:
    since = world.at
    world.append([(person(ADMIN), e.CourseRevised(course=CourseName("privacy"), version="2", binding=True))])
    return world.query(), since


def _suspended(world: World) -> tuple[Query, datetime | None]:
    since = world.at
    world.append([(person(ADMIN), e.RequestSuspended(request=OPEN, reason="a question"))])
    return world.query(), since


def _moved(world: World) -> tuple[Query, datetime | None]:
    since = world.at
    moved = e.PersonMoved(person=RESEARCHER, institution=CENTRE, email="rosa@centre.example")
    world.append([(person(ADMIN), moved)])
    return world.query(), since


def _country_not_listed(world: World) -> tuple[Query, datetime | None]:
    world.become(everything_holds(at=BINDS - 20 * DAY))
    party = abroad(world, regime="ehds")
    world.at = BINDS
    return party.query(world), BINDS


def _no_basis(world: World) -> tuple[Query, datetime | None]:
    party = abroad(world)
    since = world.at
    nothing = basis(party.request, basis=TransferBasis.NONE, scope=None)
    world.append([(person(party.office), nothing)])
    return party.query(world), since


def _a_measure_is_missing(world: World) -> tuple[Query, datetime | None]:
    party = abroad(world)
    since = world.at
    world.append([(person(party.office), basis(party.request, technical_measures=False))])
    return party.query(world), since


def _adequacy_withdrawn(world: World) -> tuple[Query, datetime | None]:
    party = abroad(world)
    ends = world.at + 5 * DAY
    ended = e.AdequacyEnded(country="KR", scope=AdequacyScope.FULL, ends=ends, act="a judgment")
    world.append([(person(party.office), ended)])
    world.at = ends
    return party.query(world), ends


def _old_clauses(world: World) -> tuple[Query, datetime | None]:
    party = abroad(world)
    old = clauses(party.request, world, clauses=ModelClauses.PROCESSORS_2010, concluded=NOON - 3000 * DAY)
    world.append([(person(party.office), old)])
    return party.query(world), MODEL_CLAUSES[ModelClauses.PROCESSORS_2010].ends


def _new_licence(world: World) -> tuple[Query, datetime | None]:
    publish(world, "licence-eea", "2")
    return world.query(), world.facts[-1].at


def _opted_out(world: World) -> tuple[Query, datetime | None]:
    world.become(everything_holds(at=BINDS - 20 * DAY))
    world.append([(person(STEWARD), e.OptedOut(dataset=DatasetName("tumours"), subject="0" * 64))])
    request = world.ask(RequestStatus.DRAFT)
    world.do("describe-request", RESEARCHER, request=request, **description(regime="ehds"))
    world.bring(request, RequestStatus.ASSESSED)
    find(world, request, *criteria(world, request))
    world.bring(request, RequestStatus.ACTIVE)
    world.at = BINDS
    return world.query(request=request), BINDS


def _no_session(world: World) -> tuple[Query, datetime | None]:
    return msgspec.structs.replace(world.query(), session=None), None


def _session_of_another(world: World) -> tuple[Query, datetime | None]:
    return msgspec.structs.replace(world.query(), session=world.login(COLLEAGUE)), None


def _logged_out(world: World) -> tuple[Query, datetime | None]:
    session = world.login()
    world.wait(DAY / 24)
    session = msgspec.structs.replace(session, ended=world.at)
    return msgspec.structs.replace(world.query(), session=session), world.at


def _session_too_old(world: World) -> tuple[Query, datetime | None]:
    session = world.login()
    world.wait(timedelta(hours=10))
    return msgspec.structs.replace(world.query(), session=session), session.ends


def _stopped_meanwhile(world: World) -> tuple[Query, datetime | None]:
    session = world.login()
    since = world.at
    world.do("disable-person", ADMIN, person=RESEARCHER, reason="a question")
    world.do("enable-person", ADMIN, person=RESEARCHER)
    return msgspec.structs.replace(world.query(), session=session), since


def _one_factor_only(world: World) -> tuple[Query, datetime | None]:
    session = msgspec.structs.replace(world.login(), factor=None)
    return msgspec.structs.replace(world.query(), session=session), session.begun


def _idle(world: World) -> tuple[Query, datetime | None]:
    session = msgspec.structs.replace(world.login(), active=world.at)
    world.wait(timedelta(minutes=60))
    return msgspec.structs.replace(world.query(), session=session), world.at


def _factor_removed(world: World) -> tuple[Query, datetime | None]:
    session = msgspec.structs.replace(world.login(), given=FactorId("first"))
    vouched = {"factor": "second", "kind": "passkey", "vouched_by": "first"}
    world.do("enrol-factor", HUB, person=RESEARCHER, **vouched)
    query, since = _after(world, "remove-factor", RESEARCHER, person=RESEARCHER, factor="first")
    return msgspec.structs.replace(query, session=session), since


def _with_another_factor(world: World) -> tuple[Query, datetime | None]:
    world.do("enrol-factor", HUB, person=RESEARCHER, factor="provider-new", kind="provider")
    session = msgspec.structs.replace(world.login(), given=FactorId("provider-new"))
    return msgspec.structs.replace(world.query(), session=session), session.begun


def _outside_the_institute(world: World) -> tuple[Query, datetime | None]:
    return world.query(request=RESTRICTED, zone=Zone.ANYWHERE), world.at


def _after(world: World, name: str, actor: PersonId | Actor, **arguments: Any) -> tuple[Query, datetime | None]:
    since = world.at
    world.do(name, actor, **arguments)
    return world.query(), since


def _at(world: World, end: datetime) -> tuple[Query, datetime | None]:
    world.wait(end - world.at)
    return world.query(), end


DENIALS = (
    Denial(R.PERSON_DISABLED, _stopped),
    Denial(R.INSTITUTION_NOT_TRUSTED, _agreement_ended),
    Denial(R.INSTITUTION_NOT_TRUSTED, _agreement_over),
    Denial(R.EMAIL_NOT_INSTITUTIONAL, _domain_given_up),
    Denial(R.PERSON_NOT_VERIFIED, _verification_withdrawn),
    Denial(R.VERIFICATION_EXPIRED, _verification_over),
    Denial(R.FACTOR_MISSING, _factors_reset),
    Denial(R.FACTOR_NOT_CONFIRMED, _new_factor),
    Denial(R.TRAINING_MISSING, _new_course),
    Denial(R.TRAINING_REVOKED, _certification_revoked),
    Denial(R.TRAINING_EXPIRED, _certification_over),
    Denial(R.REQUEST_NOT_APPROVED, _only_submitted, (R.LICENCE_NOT_SIGNED, R.NOT_MADE_AVAILABLE)),
    Denial(R.REQUEST_REFUSED, _refused, (R.LICENCE_NOT_SIGNED, R.NOT_MADE_AVAILABLE)),
    Denial(R.REQUEST_WITHDRAWN, _withdrawn, (R.NOT_MADE_AVAILABLE,)),
    Denial(R.REQUEST_ENDED, _ended),
    Denial(R.NOT_A_CONTACT, _contact_removed),
    Denial(R.NOT_A_CONTACT, _applicant_only),
    Denial(R.CONTACT_EMAIL_DIFFERS, _another_address),
    Denial(R.LICENCE_NOT_SIGNED, _two_signatures, (R.NOT_MADE_AVAILABLE,)),
    Denial(R.NOT_MADE_AVAILABLE, _only_licensed),
    Denial(R.TERM_NOT_BEGUN, _term_in_future),
    Denial(R.TERM_OVER, _term_over),
    Denial(R.NO_DATASET_OPEN, _all_datasets_withdrawn),
    Denial(R.DATASET_WITHDRAWN, _mounted_dataset_withdrawn),
    Denial(R.RUN_TIME_OVER, _run_over),
    Denial(R.SESSION_MISSING, _no_session),
    Denial(R.SESSION_MISSING, _session_of_another),
    Denial(R.SESSION_OVER, _logged_out),
    Denial(R.SESSION_OVER, _session_too_old),
    Denial(R.SESSION_OVER, _stopped_meanwhile),
    Denial(R.SESSION_OVER, _idle),
    Denial(R.SESSION_OVER, _factor_removed, (R.SESSION_FACTOR_NOT_CONFIRMED,)),
    Denial(R.SESSION_WITHOUT_FACTOR, _one_factor_only),
    Denial(R.SESSION_FACTOR_NOT_CONFIRMED, _with_another_factor),
    Denial(R.ZONE, _outside_the_institute),
    Denial(R.ORGANISATION_EXCLUDED, _excluded),
    Denial(R.ASSURANCE_TOO_LOW, _wants_a_surer_identity),
    Denial(R.CONDUCT_NOT_ACCEPTED, _new_conduct),
    Denial(R.REIDENTIFICATION_NOT_ACCEPTED, _new_ban),
    Denial(R.TRAINING_OUTDATED, _course_revised),
    Denial(R.REQUEST_SUSPENDED, _suspended),
    Denial(R.CONTACT_MOVED, _moved, (R.CONTACT_EMAIL_DIFFERS,)),
    Denial(R.COUNTRY_NOT_ELIGIBLE, _country_not_listed),
    Denial(R.TRANSFER_BASIS_MISSING, _no_basis),
    Denial(R.TRANSFER_BASIS_MISSING, _a_measure_is_missing),
    Denial(R.TRANSFER_BASIS_LAPSED, _adequacy_withdrawn, (R.LICENCE_SUPERSEDED,)),
    Denial(R.TRANSFER_BASIS_LAPSED, _old_clauses),
    Denial(R.LICENCE_SUPERSEDED, _new_licence),
    Denial(R.OPT_OUT_IGNORED, _opted_out),
)
