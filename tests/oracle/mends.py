"""What takes a failing reason away, so that a history stays near an allow: one small step per reason."""

from collections.abc import Callable, Iterable

from access_policy import events as e
from access_policy.events import FactEvent
from access_policy.model import enums as m
from access_policy.model.ids import DatasetName, FactorId, InstitutionName
from access_policy.reasons import ReasonCode
from tests.oracle import grant_steps, law, matters, place_steps, questions, request_steps, walking
from tests.oracle import history as h
from tests.oracle import holdings as d
from tests.unit.access_policy.world import DAY, DIGEST, OPEN, RESEARCHER, World

HOSPITAL = InstitutionName("hospital")
_R = ReasonCode
Mend = Callable[[World], list[FactEvent]]


def mend(world: World, failing: Iterable[ReasonCode]) -> None:
    """Take away what keeps the researcher from `DR-1`, as far as anything can; each step once."""
    mends = dict.fromkeys(_MENDS[code] for code in sorted(failing, key=list(_R).index) if code in _MENDS)
    for one in mends:
        walking.record(world, one(world))


def _enable(world: World) -> list[FactEvent]:
    return [e.PersonEnabled(person=RESEARCHER)]


def _bring_home(world: World) -> list[FactEvent]:
    """The researcher works at the hospital, at the address in the form."""
    contact = d.contact_of(world.facts, OPEN, RESEARCHER)
    email = contact.email if contact and "@" in contact.email else "rosa@hospital.example"
    domains = (email.rpartition("@")[2],)
    moved: FactEvent = e.EmailCorrected(person=RESEARCHER, email=email)
    if h.institution_of(world.facts, RESEARCHER) != HOSPITAL:
        moved = e.PersonMoved(person=RESEARCHER, institution=HOSPITAL, email=email)
    return [moved, e.DomainsDeclared(institution=HOSPITAL, domains=domains)]


def _agree(world: World) -> list[FactEvent]:
    agreed = e.AgreementRecorded(institution=HOSPITAL, begins=world.at, ends=world.at + 900 * DAY)
    return [agreed] if h.institution_of(world.facts, RESEARCHER) == HOSPITAL else _bring_home(world)


def _lift(world: World) -> list[FactEvent]:
    return [e.ExclusionLifted(institution=HOSPITAL)]


def _verify(world: World, level: m.Assurance = m.Assurance.LOW) -> list[FactEvent]:
    method = m.VerificationMethod.IN_PERSON
    return [e.PersonVerified(person=RESEARCHER, method=method, until=world.at + 700 * DAY, assurance=level)]


def _assure(world: World) -> list[FactEvent]:
    return _verify(world, m.Assurance.HIGH)


def _enrol(world: World) -> list[FactEvent]:
    first = FactorId("first")
    enrolled = e.FactorEnrolled(person=RESEARCHER, factor=first, kind=m.FactorKind.TOTP)
    there = [FactorId(one) for one in h.factors_of(world.facts, RESEARCHER)]
    return [*([] if there else [enrolled]), e.FactorConfirmed(person=RESEARCHER, factor=(there or [first])[0])]


def _accept(world: World) -> list[FactEvent]:
    texts = (m.DocumentKind.CODE_OF_CONDUCT, m.DocumentKind.NO_REIDENTIFICATION)
    return [
        e.DocumentAccepted(person=RESEARCHER, document=one, version=walking.version_of(world, one)) for one in texts
    ]


def _certify(world: World) -> list[FactEvent]:
    """The researcher passes what binds everybody; where that is not it, what the data ask for too."""
    query, ends = questions.plain(world), world.at + 365 * DAY
    required = [one.course for _, one in h.told(world.facts, e.CourseRegistered) if one.required]
    lacking = [one for one in required if not matters.has_passed(world.facts, query, one)]
    return [e.PersonCertified(person=RESEARCHER, course=one, ends=ends) for one in lacking or walking.courses_of(world)]


def _reinstate(world: World) -> list[FactEvent]:
    return [e.RequestReinstated(request=OPEN, reason="no doubt")]


def _name(world: World) -> list[FactEvent]:
    if h.institution_of(world.facts, RESEARCHER) != HOSPITAL:
        return _bring_home(world)
    email = h.email_of(world.facts, RESEARCHER)
    return [
        e.ContactAsked(request=OPEN, person=RESEARCHER, name="Rosa", position="PhD", email=email),
        e.ContactChecked(request=OPEN, person=RESEARCHER),
        e.ContactMadeAvailable(request=OPEN, person=RESEARCHER),
    ]


def _list(world: World) -> list[FactEvent]:
    return place_steps.listed(world, h.country_of(world.facts, HOSPITAL), world.at, None)


def _ground(world: World) -> list[FactEvent]:
    return [request_steps.clauses_for(OPEN, HOSPITAL, world.at - DAY)]


def _sign(world: World) -> list[FactEvent]:
    licence = law.licence_that_binds(world.facts, OPEN, HOSPITAL, world.at)
    return grant_steps.signatures(world, OPEN, HOSPITAL, licence, list(m.Party))


def _make_available(world: World) -> list[FactEvent]:
    return [e.ContactMadeAvailable(request=OPEN, person=RESEARCHER)]


def _extend(world: World) -> list[FactEvent]:
    return [e.ExtensionGranted(request=OPEN, ends=world.at + 300 * DAY, reason="more")]


def _release(world: World) -> list[FactEvent]:
    """Every dataset of the request is offered again, in a version without anybody who went, and so is its extract."""
    events: list[FactEvent] = []
    for name in (DatasetName(one) for one in sorted(d.datasets_of(world.facts, OPEN))):
        version = place_steps.next_version(world, name)
        events += [
            *place_steps.reopened(world, name),
            e.VersionReleased(
                dataset=name, version=version, location=name, manifest=DIGEST, excluded=walking.SUBJECTS
            ),
        ]  # fmt: skip
        if h.told(world.facts, e.ExtractPrepared, request=OPEN, dataset=name):
            events.append(grant_steps.extract(OPEN, name, version))
    return events


def _end_workspace(world: World) -> list[FactEvent]:
    return [e.WorkspaceEnded(person=RESEARCHER, request=OPEN, why="stopped", after_ms=None)]


_MENDS: dict[ReasonCode, Mend] = {
    _R.PERSON_DISABLED: _enable,
    _R.INSTITUTION_NOT_TRUSTED: _agree,
    _R.ORGANISATION_EXCLUDED: _lift,
    _R.EMAIL_NOT_INSTITUTIONAL: _bring_home,
    _R.PERSON_NOT_VERIFIED: _verify,
    _R.VERIFICATION_EXPIRED: _verify,
    _R.ASSURANCE_TOO_LOW: _assure,
    _R.FACTOR_MISSING: _enrol,
    _R.FACTOR_NOT_CONFIRMED: _enrol,
    _R.CONDUCT_NOT_ACCEPTED: _accept,
    _R.REIDENTIFICATION_NOT_ACCEPTED: _accept,
    _R.TRAINING_MISSING: _certify,
    _R.TRAINING_REVOKED: _certify,
    _R.TRAINING_OUTDATED: _certify,
    _R.TRAINING_EXPIRED: _certify,
    _R.REQUEST_SUSPENDED: _reinstate,
    _R.NOT_A_CONTACT: _name,
    _R.CONTACT_EMAIL_DIFFERS: _bring_home,
    _R.CONTACT_MOVED: _bring_home,
    _R.COUNTRY_NOT_ELIGIBLE: _list,
    _R.TRANSFER_BASIS_MISSING: _ground,
    _R.TRANSFER_BASIS_LAPSED: _ground,
    _R.LICENCE_NOT_SIGNED: _sign,
    _R.LICENCE_SUPERSEDED: _sign,
    _R.NOT_MADE_AVAILABLE: _make_available,
    _R.TERM_OVER: _extend,
    _R.NO_DATASET_OPEN: _release,
    _R.OPT_OUT_IGNORED: _release,
    _R.DATASET_WITHDRAWN: _end_workspace,
    _R.RUN_TIME_OVER: _end_workspace,
}
