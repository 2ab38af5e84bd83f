"""Steps about people, their training and the texts that bind them, as the desks would record them."""

import hashlib

from access_policy import events as e
from access_policy.model import enums as m
from access_policy.model.ids import CourseName, FactorId
from tests.oracle import history as h
from tests.oracle.walking import OFTEN, Event, Pick, courses_of, institutions_of, soon, version_of
from tests.unit.access_policy.world import DAY, DIGEST, World


def move(world: World, pick: Pick) -> list[Event]:
    """Somebody works elsewhere, or has another address."""
    who, institution = pick(OFTEN), pick(institutions_of(world))
    domain = pick([*h.domains_of(world.facts, institution), "elsewhere.example"])
    email = f"{who.lower()}@{domain}"
    if h.institution_of(world.facts, who) == institution:
        return [e.EmailCorrected(person=who, email=email)]
    return [e.PersonMoved(person=who, institution=institution, email=email)]


def leave(world: World, pick: Pick) -> list[Event]:
    """Somebody leaves."""
    who = pick(OFTEN)
    return [e.PersonLeft(person=who)] if h.institution_of(world.facts, who) else []


def verify(world: World, pick: Pick) -> list[Event]:
    """Somebody is verified, perhaps with a look at the second factor."""
    method, level = m.VerificationMethod.IN_PERSON, pick(list(m.Assurance))
    factors = pick([(), (FactorId("first"),)])
    who, until = pick(OFTEN), soon(world, pick)
    return [e.PersonVerified(person=who, method=method, until=until, assurance=level, factors=factors)]


def doubt(world: World, pick: Pick) -> list[Event]:
    """A verification turns out wrong."""
    who = pick(OFTEN)
    verified = h.verification_of(world.facts, who) is not None
    return [e.VerificationWithdrawn(person=who, reason="wrong")] if verified else []


def stop(world: World, pick: Pick) -> list[Event]:
    """Somebody is stopped, or may act again."""
    who = pick(OFTEN)
    stopped = h.last_seq(world.facts, e.PersonDisabled, person=who)
    free = stopped <= h.last_seq(world.facts, e.PersonEnabled, person=who)
    return [e.PersonDisabled(person=who, reason="misuse") if free else e.PersonEnabled(person=who)]


def enrol(world: World, pick: Pick) -> list[Event]:
    """A second factor is enrolled, perhaps vouched for by another one, or by one that is not there."""
    who, factor = pick(OFTEN), FactorId(pick(["first", "first", "second"]))
    vouched_by = FactorId(pick(["", "first", "second", "nowhere"]))
    return [e.FactorEnrolled(person=who, factor=factor, kind=pick(list(m.FactorKind)), vouched_by=vouched_by)]


def remove(world: World, pick: Pick) -> list[Event]:
    """A second factor is taken away."""
    who = pick(OFTEN)
    there = list(h.factors_of(world.facts, who))
    return [e.FactorRemoved(person=who, factor=FactorId(pick(there)))] if there else []


def hand_over(world: World, pick: Pick) -> list[Event]:
    """The verifier's code is handed over and given back at once; the one before it is dead by then."""
    who, code, until = pick(OFTEN), pick(["A" * 20, "B" * 20]), world.at + 7 * DAY
    there = list(h.factors_of(world.facts, who))
    issued = [
        e.ConfirmationCodeIssued(person=who, digest=hashlib.sha256(one.encode()).hexdigest(), until=until)
        for one in ("C" * 20, code)
    ]
    redeemed = [e.ConfirmationCodeRedeemed(person=who, factor=FactorId(pick(there)), code=code)] if there else []
    return [*issued, *redeemed]


def rename(world: World, pick: Pick) -> list[Event]:
    """Somebody has another name."""
    return [e.NameCorrected(person=pick(OFTEN), name="Another Name")]


def confirm(world: World, pick: Pick) -> list[Event]:
    """A second factor is confirmed."""
    who = pick(OFTEN)
    return [e.FactorConfirmed(person=who, factor=FactorId(one)) for one in h.factors_of(world.facts, who)]


def reset(world: World, pick: Pick) -> list[Event]:
    """All second factors are taken away."""
    return [e.FactorsReset(person=pick(OFTEN))]


def accept(world: World, pick: Pick) -> list[Event]:
    """Both texts are accepted in the version in force."""
    who = pick(OFTEN)
    texts = pick(
        [(m.DocumentKind.CODE_OF_CONDUCT,), (m.DocumentKind.CODE_OF_CONDUCT, m.DocumentKind.NO_REIDENTIFICATION)]
    )
    return [e.DocumentAccepted(person=who, document=one, version=version_of(world, one)) for one in texts]


def publish(world: World, pick: Pick) -> list[Event]:
    """A text gets a new version, or its newest version another language."""
    kinds = [m.DocumentKind.CODE_OF_CONDUCT, m.DocumentKind.LICENCE_EEA, m.DocumentKind.LICENCE_NON_EEA]
    document = pick([*kinds, m.DocumentKind.NO_REIDENTIFICATION])
    now = version_of(world, document)
    version, language = pick([(str(int(now) + 1), "en"), (now, "nl")])
    binding = pick([True, False])
    return [
        e.DocumentPublished(
            document=document, version=version, language=language, title="A text", digest=DIGEST, binding=binding
        )
    ]


def certify(world: World, pick: Pick) -> list[Event]:
    """Somebody passes a course."""
    kind = pick(list(m.CertificationKind))
    return [e.PersonCertified(person=pick(OFTEN), course=pick(courses_of(world)), ends=soon(world, pick), kind=kind)]


def revoke(world: World, pick: Pick) -> list[Event]:
    """Certifications are taken back."""
    return [e.CertificationRevoked(person=pick(OFTEN), course=pick(courses_of(world)), reason="misuse")]


def revise(world: World, pick: Pick) -> list[Event]:
    """A course gets a new version."""
    course = pick(courses_of(world))
    version = str(len(h.told(world.facts, e.CourseRevised, course=course)) + 2)
    return [e.CourseRevised(course=course, version=version, binding=pick([True, False]))]


def found_course(world: World, pick: Pick) -> list[Event]:
    """There is a new course, for everybody or for some data only."""
    name = CourseName(f"course-{len(courses_of(world))}")
    required = pick([False, False, True])
    return [e.CourseRegistered(course=name, title="A course", validity_days=30, required=required)]
