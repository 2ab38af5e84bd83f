"""One function per reason about the person and their training: true where it denies."""

from collections.abc import Sequence

from access_policy import events as e
from access_policy.events import Fact
from access_policy.model.enums import DocumentKind
from access_policy.rules import Query
from tests.oracle import history as h
from tests.oracle import law, matters


def person_disabled(facts: Sequence[Fact], query: Query) -> bool:
    """S94: the newest word on it counts."""
    stopped = h.last_seq(facts, e.PersonDisabled, person=query.person)
    return stopped > h.last_seq(facts, e.PersonEnabled, person=query.person)


def institution_not_trusted(facts: Sequence[Fact], query: Query) -> bool:
    """S72, S73: the centre's own, or an agreement in force with the partner."""
    institution = h.institution_of(facts, query.person)
    if any(one.centre for _, one in h.told(facts, e.InstitutionRegistered, institution=institution)):
        return False
    recorded = h.told(facts, e.AgreementRecorded, institution=institution)
    if not recorded or recorded[-1][0] < h.last_seq(facts, e.AgreementEnded, institution=institution):
        return True
    return not law.lies_in(query.at, recorded[-1][1].begins, recorded[-1][1].ends)


def organisation_excluded(facts: Sequence[Fact], query: Query) -> bool:
    """E59: until its date, unless it was lifted; the person's organisation, and the one that asked for the data."""
    asked = [one.institution for _, one in h.told(facts, e.RequestOpened, request=query.request)]
    return any(_shut_out(facts, one, query) for one in (h.institution_of(facts, query.person), *asked))


def _shut_out(facts: Sequence[Fact], institution: str | None, query: Query) -> bool:
    lifted = h.last_seq(facts, e.ExclusionLifted, institution=institution)
    excluded = h.told(facts, e.OrganisationExcluded, institution=institution)
    return any(query.at < one.until for seq, one in excluded if seq > lifted)


def email_not_institutional(facts: Sequence[Fact], query: Query) -> bool:
    """S16, S73: the whole domain is one that the institution declares now."""
    institution = h.institution_of(facts, query.person)
    domain = h.email_of(facts, query.person).rpartition("@")[2]
    return institution is not None and domain not in h.domains_of(facts, institution)


def person_not_verified(facts: Sequence[Fact], query: Query) -> bool:
    """S73."""
    return h.verification_of(facts, query.person) is None


def verification_expired(facts: Sequence[Fact], query: Query) -> bool:
    """S73: a verification has an end."""
    verification = h.verification_of(facts, query.person)
    return verification is not None and verification.until <= query.at


def assurance_too_low(facts: Sequence[Fact], query: Query) -> bool:
    """E26: no dataset that matters asks for a level above that of the verification."""
    needed = [what.assurance for what in matters.that_matter(facts, query)]
    return not all(matters.is_sure_enough(facts, query.person, one) for one in needed)


def factor_missing(facts: Sequence[Fact], query: Query) -> bool:
    """S17, S76."""
    return not h.factors_of(facts, query.person)


def factor_not_confirmed(facts: Sequence[Fact], query: Query) -> bool:
    """S76: one that the verifier confirmed is enough."""
    factors = h.factors_of(facts, query.person)
    return bool(factors) and not any(factors.values())


def conduct_not_accepted(facts: Sequence[Fact], query: Query) -> bool:
    """S79, REQ-09."""
    return not h.has_accepted(facts, query.person, DocumentKind.CODE_OF_CONDUCT)


def reidentification_not_accepted(facts: Sequence[Fact], query: Query) -> bool:
    """S84, E30, REQ-09."""
    return not h.has_accepted(facts, query.person, DocumentKind.NO_REIDENTIFICATION)


def courses_needed(facts: Sequence[Fact], query: Query) -> set[str]:
    """S74: the courses that bind everybody, and those that the data ask for that matter."""
    needed = {str(one.course) for _, one in h.told(facts, e.CourseRegistered) if one.required}
    for what in matters.that_matter(facts, query):
        needed |= set(what.trainings)
    return needed


def _courses(facts: Sequence[Fact], query: Query) -> list[h.Course | None]:
    return [h.course_of(facts, query.person, course) for course in courses_needed(facts, query)]


def training_missing(facts: Sequence[Fact], query: Query) -> bool:
    """S74: no valid training, no workspace of any kind: not even where no course is registered."""
    courses = _courses(facts, query)
    return not courses or any(one is None for one in courses)


def training_revoked(facts: Sequence[Fact], query: Query) -> bool:
    """S74."""
    return any(one is not None and one.revoked for one in _courses(facts, query))


def training_outdated(facts: Sequence[Fact], query: Query) -> bool:
    """S74."""
    return any(one is not None and one.outdated for one in _courses(facts, query))


def training_expired(facts: Sequence[Fact], query: Query) -> bool:
    """S74: an end is half-open (REQ-08)."""
    return any(one is not None and one.ends <= query.at for one in _courses(facts, query))
