"""Steps that a history may take: facts as the desks, the offices and the clock would record them, near a good world.

Each step looks at the world only to stay sound (nobody signs what does not exist); which rules it touches is not its
concern. `MENDS` are the steps that take a failing reason away, so that a history stays near an allow.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

import msgspec

from access_policy import events as e
from access_policy.actor import person as acting
from access_policy.events import Fact, FactEvent
from access_policy.model import enums as m
from access_policy.model.ids import CourseName, DatasetName, FactorId, InstitutionName, PersonId, RequestId
from access_policy.model.jurisdictions import AdequacyScope, ModelClauses
from tests.oracle import history as h
from tests.oracle import law, naive
from tests.unit.access_policy import world as w
from tests.unit.access_policy.world import DAY, DIGEST, World

T = TypeVar("T")
Event = FactEvent

PEOPLE = (w.RESEARCHER, w.COLLEAGUE, w.SIGNATORY)
SUBJECTS = ("a" * 64, "b" * 64)
COUNTRIES = ("NL", "US", "GB", "JP", "IN", "NO")
ACT = "Implementing Decision (EU) 2030/1"
FRAMEWORK = "Implementing Decision (EU) 2023/1795"


class Pick(Protocol):
    """Who chooses: Hypothesis, or a seeded generator."""

    def __call__(self, options: Sequence[T], /) -> T:
        """Return one of them."""
        ...


Step = Callable[[World, Pick], list[Event]]


def record(world: World, events: list[Event]) -> None:
    """Append what a step records, as one append of an admin's."""
    if events:
        world.append([(acting(w.ADMIN), event) for event in events])


def requests_of(world: World) -> list[RequestId]:
    """Return every request that was opened."""
    return [one.request for _, one in h.told(world.facts, e.RequestOpened)]


def institutions_of(world: World) -> list[InstitutionName]:
    """Return every institution."""
    return [one.institution for _, one in h.told(world.facts, e.InstitutionRegistered)]


def datasets_of(world: World) -> list[DatasetName]:
    """Return every dataset."""
    return [one.dataset for _, one in h.told(world.facts, e.DatasetRegistered)]


def courses_of(world: World) -> list[CourseName]:
    """Return every course."""
    return [one.course for _, one in h.told(world.facts, e.CourseRegistered)]


def soon(world: World, pick: Pick) -> datetime:
    """Return an instant that some fact speaks of, or one at a usual distance."""
    ahead = [one for one in naive.instants(world.facts) if one > world.at][:6]
    usual = [world.at + timedelta(minutes=3), world.at + DAY, world.at + 400 * DAY]
    return pick(ahead + usual)


# --- people ---


def move(world: World, pick: Pick) -> list[Event]:
    """Somebody works elsewhere, or has another address."""
    who, institution = pick(PEOPLE), pick(institutions_of(world))
    domain = pick([*h.domains_of(world.facts, institution), "elsewhere.example"])
    email = f"{who.lower()}@{domain}"
    if h.institution_of(world.facts, who) == institution:
        return [e.EmailCorrected(person=who, email=email)]
    return [e.PersonMoved(person=who, institution=institution, email=email)]


def leave(world: World, pick: Pick) -> list[Event]:
    """Somebody leaves."""
    who = pick(PEOPLE)
    return [e.PersonLeft(person=who)] if h.institution_of(world.facts, who) else []


def verify(world: World, pick: Pick) -> list[Event]:
    """Somebody is verified, perhaps with a look at the second factor."""
    method, level = m.VerificationMethod.IN_PERSON, pick(list(m.Assurance))
    factors = pick([(), (FactorId("first"),)])
    who, until = pick(PEOPLE), soon(world, pick)
    return [e.PersonVerified(person=who, method=method, until=until, assurance=level, factors=factors)]


def doubt(world: World, pick: Pick) -> list[Event]:
    """A verification turns out wrong."""
    who = pick(PEOPLE)
    verified = h.verification_of(world.facts, who) is not None
    return [e.VerificationWithdrawn(person=who, reason="wrong")] if verified else []


def stop(world: World, pick: Pick) -> list[Event]:
    """Somebody is stopped, or may act again."""
    who = pick(PEOPLE)
    stopped = h.last_seq(world.facts, e.PersonDisabled, person=who)
    free = stopped <= h.last_seq(world.facts, e.PersonEnabled, person=who)
    return [e.PersonDisabled(person=who, reason="misuse") if free else e.PersonEnabled(person=who)]


def enrol(world: World, pick: Pick) -> list[Event]:
    """A second factor is enrolled."""
    return [e.FactorEnrolled(person=pick(PEOPLE), factor=FactorId("first"), kind=m.FactorKind.TOTP)]


def confirm(world: World, pick: Pick) -> list[Event]:
    """A second factor is confirmed."""
    who = pick(PEOPLE)
    return [e.FactorConfirmed(person=who, factor=FactorId(one)) for one in h.factors_of(world.facts, who)]


def reset(world: World, pick: Pick) -> list[Event]:
    """All second factors are taken away."""
    return [e.FactorsReset(person=pick(PEOPLE))]


def accept(world: World, pick: Pick) -> list[Event]:
    """Both texts are accepted in the version in force."""
    who = pick(PEOPLE)
    texts = pick(
        [(m.DocumentKind.CODE_OF_CONDUCT,), (m.DocumentKind.CODE_OF_CONDUCT, m.DocumentKind.NO_REIDENTIFICATION)]
    )
    return [e.DocumentAccepted(person=who, document=one, version=version_of(world, one)) for one in texts]


def version_of(world: World, document: m.DocumentKind) -> str:
    """Return the newest version of a text."""
    return h.told(world.facts, e.DocumentPublished, document=document)[-1][1].version


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
    return [e.PersonCertified(person=pick(PEOPLE), course=pick(courses_of(world)), ends=soon(world, pick), kind=kind)]


def revoke(world: World, pick: Pick) -> list[Event]:
    """Certifications are taken back."""
    return [e.CertificationRevoked(person=pick(PEOPLE), course=pick(courses_of(world)), reason="misuse")]


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


# --- institutions and the law ---


def found_institution(world: World, pick: Pick) -> list[Event]:
    """There is a new partner, with its agreement."""
    name = InstitutionName(f"institute-{len(institutions_of(world))}")
    country, domains = pick(COUNTRIES), (f"{name}.example",)
    return [
        e.InstitutionRegistered(institution=name, name="An institute", country=country, domains=domains, centre=False),
        e.AgreementRecorded(institution=name, begins=world.at, ends=soon(world, pick)),
    ]


def declare(world: World, pick: Pick) -> list[Event]:
    """An institution declares other domains."""
    name = pick(institutions_of(world))
    return [e.DomainsDeclared(institution=name, domains=pick([(f"{name}.example",), (f"new-{name}.example",)]))]


def agree(world: World, pick: Pick) -> list[Event]:
    """An agreement is recorded, or ended."""
    name, begins = pick(institutions_of(world)), pick([world.at, world.at + DAY])
    ends = begins + pick([timedelta(minutes=2), DAY, 700 * DAY])
    recorded = e.AgreementRecorded(institution=name, begins=begins, ends=ends)
    standing = h.last_seq(world.facts, e.AgreementRecorded, institution=name)
    ended = h.last_seq(world.facts, e.AgreementEnded, institution=name)
    return [pick([recorded, *([e.AgreementEnded(institution=name)] if standing > ended else [])])]


def exclude(world: World, pick: Pick) -> list[Event]:
    """An organisation is shut out, or let in again."""
    name = pick(institutions_of(world))
    excluded = e.OrganisationExcluded(institution=name, until=soon(world, pick), reason="misuse")
    return [pick([excluded, e.ExclusionLifted(institution=name)])]


def decide_adequacy(world: World, pick: Pick) -> list[Event]:
    """The Commission decides on a country, or a decision ceases to hold."""
    country, scope = pick([("IN", AdequacyScope.FULL), ("US", AdequacyScope.DATA_PRIVACY_FRAMEWORK)])
    begins = pick([world.at, soon(world, pick)])
    ends = pick([None, begins + DAY])
    act = pick([ACT, FRAMEWORK])
    decided = e.AdequacyDecided(country=country, scope=scope, begins=begins, ends=ends, act=ACT)
    return [pick([decided, e.AdequacyEnded(country=country, scope=scope, ends=begins, act=act)])]


def list_country(world: World, pick: Pick) -> list[Event]:
    """A third country is listed, or unlisted."""
    country, begins = pick(("US", "IN")), pick([world.at, soon(world, pick)])
    listed = e.CountryListed(country=country, begins=begins, ends=pick([None, begins + DAY]), act=ACT)
    return [pick([listed, e.CountryUnlisted(country=country, ends=begins, act=ACT)])]


def adopt(world: World, pick: Pick) -> list[Event]:
    """The other reading of the licence for adequate countries is adopted."""
    reading = pick(list(m.LicenceReading))
    return [e.PolicySettingsAdopted(session_hours=10, term_days_longest=1096, licence_for_adequate=reading)]


# --- data ---


def register_dataset(world: World, pick: Pick) -> list[Event]:
    """There is a new dataset."""
    name = DatasetName(f"data-{len(datasets_of(world))}")
    like = pick([one for _, one in h.told(world.facts, e.DatasetRegistered)])
    level, courses = pick(list(m.Assurance)), pick([(), tuple(courses_of(world)[-1:])])
    kind, zone = pick(list(m.DataKind)), pick([m.Zone.ANYWHERE, m.Zone.ANYWHERE, m.Zone.INSTITUTE])
    return [msgspec.structs.replace(like, dataset=name, assurance=level, trainings=courses, kind=kind, zone=zone)]


def release(world: World, pick: Pick) -> list[Event]:
    """A dataset gets a new version, without some subjects."""
    name = pick(datasets_of(world))
    never_back = {one.subject for _, one in h.told(world.facts, e.ConsentWithdrawn, dataset=name)}
    out = tuple(sorted({*pick([(), SUBJECTS[:1], SUBJECTS]), *never_back}))
    version = next_version(world, name)
    return [e.VersionReleased(dataset=name, version=version, location=name, manifest=DIGEST, excluded=out)]


def next_version(world: World, name: DatasetName) -> str:
    """Return a name for a version that the dataset never had."""
    return f"release-{len(h.told(world.facts, e.VersionReleased, dataset=name)) + 2}"


def subject_speaks(world: World, pick: Pick) -> list[Event]:
    """A child or parent withdraws consent, opts out, or takes that back."""
    name, subject = pick(datasets_of(world)), pick(SUBJECTS)
    opted_out = h.last_seq(world.facts, e.OptedOut, dataset=name, subject=subject)
    is_out = opted_out > h.last_seq(world.facts, e.OptOutReversed, dataset=name, subject=subject)
    kinds = [e.ConsentWithdrawn, *(2 * [e.OptOutReversed if is_out else e.OptedOut])]
    return [pick(kinds)(dataset=name, subject=subject)]


def withdraw_dataset(world: World, pick: Pick) -> list[Event]:
    """A dataset is offered no more, or again."""
    name = pick(datasets_of(world))
    return reopened(world, name) or [e.DatasetWithdrawn(dataset=name, reason="misuse")]


def reopened(world: World, name: DatasetName) -> list[Event]:
    """Offer a dataset again, if it is withdrawn."""
    withdrawn = h.last_seq(world.facts, e.DatasetWithdrawn, dataset=name)
    offered = withdrawn <= h.last_seq(world.facts, e.DatasetReopened, dataset=name)
    return [] if offered else [e.DatasetReopened(dataset=name)]


# --- requests ---


def fill_in(world: World, pick: Pick) -> list[Event]:
    """A form is begun, described, filled, and often sent in."""
    request = RequestId(f"DR-{len(requests_of(world)) + 1}")
    applicant = pick(PEOPLE)
    institution = h.institution_of(world.facts, applicant)
    if institution is None:
        return []
    form = e.RequestDescribed(
        request=request, purpose_kind=m.PurposeKind.RESEARCH, field_of_work="leukaemia", tests_treatment=False,
        regime=pick(list(m.Regime)), controller="it", processor="the centre", physician="", tools="",
    )  # fmt: skip
    begun = e.RequestOpened(
        request=request, applicant=applicant, institution=InstitutionName(institution), title="A", purpose="B"
    )
    wanted = {pick(datasets_of(world)), pick(datasets_of(world))}
    asked = [e.DatasetRequested(request=request, dataset=one, necessity="it is") for one in sorted(wanted)]
    events: list[Event] = [begun, form, *asked, *_parties(world, pick, request, institution)]
    route = pick([m.Route.DATA_ACCESS, m.Route.DATA_ACCESS, m.Route.CLINICAL])
    return [*events, *pick([[], [e.RequestSubmitted(request=request, digest=DIGEST, route=route)]])]


def _parties(world: World, pick: Pick, request: RequestId, institution: str) -> list[Event]:
    others = [one for one in institutions_of(world) if one not in (institution, "centre")]
    entity: list[Event] = pick([[], [e.EntityNamed(request=request, institution=one) for one in others[-1:]]])
    taking_part = {institution, *(one.institution for one in entity if isinstance(one, e.EntityNamed))}
    named = [one for one in PEOPLE if h.institution_of(world.facts, one) in taking_part]
    emails = {one: h.email_of(world.facts, one) for one in named[: pick([1, 2, 3])]}
    return [*entity, *(e.ContactNamed(request=request, person=who, email=one) for who, one in emails.items())]


def _waiting(world: World) -> list[RequestId]:
    facts = world.facts
    over = (e.RequestWithdrawn, e.RequestRefused, e.RequestEnded)
    open_ones = [one for one in requests_of(world) if not any(h.told(facts, kind, request=one) for kind in over)]
    return [one for one in open_ones if not h.approvals_of(facts, one)]


def _live(world: World) -> list[RequestId]:
    facts = world.facts
    approved = [one for one in requests_of(world) if h.approvals_of(facts, one)]
    return [one for one in approved if not h.told(facts, e.RequestEnded, request=one)]


def decide_request(world: World, pick: Pick) -> list[Event]:
    """A request that came in is approved, refused, returned or withdrawn."""
    waiting = [one for one in _waiting(world) if h.told(world.facts, e.RequestSubmitted, request=one)]
    if not waiting:
        return []
    request = pick(waiting)
    if h.last_seq(world.facts, e.RequestReturned, request=request) > h.last_seq(
        world.facts, e.RequestSubmitted, request=request
    ):
        return []
    refused = e.RequestRefused(request=request, reason="no")
    return pick([_approval(world, pick, request), _approval(world, pick, request), [refused]])


def _approval(world: World, pick: Pick, request: RequestId) -> list[Event]:
    begins, ends = pick([world.at, world.at + DAY]), world.at + pick([2, 300]) * DAY
    if h.route_of(world.facts, request) is m.Route.CLINICAL:
        return [
            e.InvestigatorApproved(request=request, place=place, person=w.STEWARD, begins=begins, ends=ends)
            for place in pick([tuple(m.InvestigatorPlace), (m.InvestigatorPlace.LOCAL,)])
        ]
    asked = sorted(h.asked_datasets(world.facts, request))
    granted = pick([None, tuple(DatasetName(one) for one in asked[:1])])
    return [
        e.RequestApproved(
            request=request, improves_treatment=True, public_interest=True, reason="good", begins=begins, ends=ends,
            datasets=granted, opt_out_exception=pick([False, False, True]),
        )
    ]  # fmt: skip


def withdraw_request(world: World, pick: Pick) -> list[Event]:
    """A request is taken back by its applicant, or goes back to them."""
    waiting = _waiting(world)
    return [e.RequestWithdrawn(request=pick(waiting))] if waiting else []


def _entities(world: World, request: RequestId) -> list[InstitutionName]:
    opened = [one.institution for _, one in h.told(world.facts, e.RequestOpened, request=request)]
    return [*opened, *(one.institution for _, one in h.told(world.facts, e.EntityNamed, request=request))]


def found_transfer(world: World, pick: Pick) -> list[Event]:
    """A ground for a transfer is recorded: a decision, a contract, or none; with its measures, or not."""
    request = pick(requests_of(world))
    institution = pick(_entities(world, request))
    scope = pick([AdequacyScope.FULL, AdequacyScope.DATA_PRIVACY_FRAMEWORK])
    contract = clauses_for(request, institution, pick([world.at - DAY, datetime(2021, 7, 1, tzinfo=UTC)]))
    none = msgspec.structs.replace(contract, basis=m.TransferBasis.NONE, clauses=None, concluded=None)
    ground = pick(
        [
            contract,
            msgspec.structs.replace(contract, clauses=ModelClauses.PROCESSORS_2010),
            msgspec.structs.replace(none, basis=m.TransferBasis.ADEQUACY, scope=scope),
            none,
        ]
    )
    return [msgspec.structs.replace(ground, contractual_measures=pick([True, True, False]))]


def clauses_for(request: RequestId, institution: InstitutionName, concluded: datetime) -> e.TransferBasisRecorded:
    """Return a contract on the model clauses, with everything that belongs to it."""
    return e.TransferBasisRecorded(
        request=request, institution=institution, basis=m.TransferBasis.MODEL_CLAUSES, scope=None,
        clauses=ModelClauses.GDPR_2021, concluded=concluded, protection_adequate=True, contractual_measures=True,
        technical_measures=True,
    )  # fmt: skip


SIGNERS = {m.Party.RESEARCHER: w.RESEARCHER, m.Party.LICENSEE: w.SIGNATORY, m.Party.REPRESENTATIVE: w.REPRESENTATIVE}


def sign(world: World, pick: Pick) -> list[Event]:
    """One party of an entity signs, or all three."""
    live = [one for one in _live(world) if h.route_of(world.facts, one) is m.Route.DATA_ACCESS]
    if not live:
        return []
    request = pick(live)
    institution = pick(_entities(world, request))
    licence = law.licence_that_binds(world.facts, request, institution, world.at)
    parties = pick([list(SIGNERS), list(SIGNERS), list(SIGNERS)[:1], list(SIGNERS)[1:]])
    return signatures(world, request, institution, licence, parties)


def signatures(
    world: World, request: RequestId, institution: InstitutionName, licence: m.DocumentKind, parties: Sequence[m.Party]
) -> list[Event]:
    """Return the signatures of parties under the newest version of a licence."""
    version = version_of(world, licence)
    return [
        e.LicenceSigned(
            request=request, institution=institution, party=party, person=SIGNERS[party], licence=licence,
            version=version, digest=DIGEST,
        )
        for party in parties
    ]  # fmt: skip


def make_available(world: World, pick: Pick) -> list[Event]:
    """What was granted is made available, all of it or what is new."""
    live = _live(world)
    if not live:
        return []
    request = pick(live)
    granted, there = h.granted_datasets(world.facts, request), h.available_datasets(world.facts, request)
    fresh = tuple(DatasetName(one) for one in sorted(granted - there))
    return [e.RequestMadeAvailable(request=request, datasets=pick([None, fresh]))] if fresh else []


def prepare(world: World, pick: Pick) -> list[Event]:
    """An extract of a granted dataset is prepared from the version in force."""
    live = _live(world)
    granted = sorted(h.granted_datasets(world.facts, request := pick(live))) if live else []
    if not granted:
        return []
    name = DatasetName(pick(granted))
    return [extract(request, name, h.version_of(world.facts, name))]


def extract(request: RequestId, name: DatasetName, version: str) -> e.ExtractPrepared:
    """Return an extract for a request from a version of a dataset."""
    return e.ExtractPrepared(request=request, dataset=name, version=version, location="x", manifest=DIGEST, patients=9)


def add_contact(world: World, pick: Pick) -> list[Event]:
    """A new contact is asked for, checked, and made available: one step, two or three."""
    live, who = _live(world), pick(PEOPLE)
    here = [one for one in live if h.institution_of(world.facts, who) in _entities(world, one)]
    new = [one for one in here if h.contact_of(world.facts, one, who) is None]
    if not new:
        return []
    request, email = pick(new), h.email_of(world.facts, who)
    steps: list[Event] = [
        e.ContactAsked(request=request, person=who, name="N", position="PhD", email=email),
        e.ContactChecked(request=request, person=who),
    ]
    if h.told(world.facts, e.RequestMadeAvailable, request=request):
        steps.append(e.ContactMadeAvailable(request=request, person=who))
    return steps[: pick([1, 2, 3, 3])]


def make_available_to_contact(world: World, pick: Pick) -> list[Event]:
    """A contact who came later gets the data."""
    pairs = [(one, who) for one in requests_of(world) for who in PEOPLE if _waits_for_data(world, one, who)]
    if not pairs:
        return []
    request, who = pick(pairs)
    return [e.ContactMadeAvailable(request=request, person=who)]


def _waits_for_data(world: World, request: RequestId, who: PersonId) -> bool:
    available = h.told(world.facts, e.RequestMadeAvailable, request=request)
    return bool(available) and h.contact_of(world.facts, request, who) is not None


def remove_contact(world: World, pick: Pick) -> list[Event]:
    """A contact is removed."""
    request, who = pick(requests_of(world)), pick(PEOPLE)
    is_one = h.contact_of(world.facts, request, who) is not None
    return [e.ContactRemoved(request=request, person=who)] if is_one else []


def amend(world: World, pick: Pick) -> list[Event]:
    """A permit is amended by data and people; or the amendment waits, or is refused."""
    live = _live(world)
    if not live:
        return []
    request, data = pick(live), pick([(), (pick(datasets_of(world)),)])
    here = [one for one in PEOPLE if h.institution_of(world.facts, one) in _entities(world, request)]
    people = pick([(), tuple(here[-1:])])
    number = 1 + sum(len(h.told(world.facts, e.AmendmentProposed, request=one)) for one in requests_of(world))
    answers: list[type[e.AmendmentApproved | e.AmendmentRefused]] = [e.AmendmentApproved, e.AmendmentRefused]
    return [
        e.AmendmentProposed(request=request, amendment=number, datasets=data, contacts=people, reason="more"),
        pick(answers)(request=request, amendment=number, reason="so"),
    ]


def change_grant(world: World, pick: Pick) -> list[Event]:
    """A grant is extended, suspended, reinstated; seldom ended."""
    live = _live(world)
    if not live:
        return []
    request = pick(live)
    term = h.term_of(world.facts, request)
    later = max(world.at, term[1] if term else world.at) + pick([DAY, 200 * DAY])
    extended = e.ExtensionGranted(request=request, ends=later, reason="more")
    suspended = e.RequestSuspended(request=request, reason="a doubt")
    reinstated = e.RequestReinstated(request=request, reason="no doubt")
    return [pick([extended, extended, suspended, reinstated, reinstated, e.RequestEnded(request=request, reason="x")])]


# --- workspaces ---


def start(world: World, pick: Pick) -> list[Event]:
    """A workspace is started with what opens."""
    request, who = pick(requests_of(world)), pick(PEOPLE)
    names = tuple(one.dataset for one in h.open_datasets(world.facts, request))
    if h.workspace_of(world.facts, request, who) is not None or not names:
        return []
    run_ends = world.at + pick([timedelta(minutes=3), timedelta(hours=8)])
    return [
        e.WorkspaceStarted(
            person=who, request=request, profile="small", datasets=names, run_ends=run_ends, until=run_ends,
            decision="{}",
        )
    ]  # fmt: skip


def end(world: World, pick: Pick) -> list[Event]:
    """A workspace ends."""
    pairs = [(one, who) for one in requests_of(world) for who in PEOPLE if h.workspace_of(world.facts, one, who)]
    if not pairs:
        return []
    request, who = pick(pairs)
    return [e.WorkspaceEnded(person=who, request=request, why="stopped", after_ms=None)]


STEPS: tuple[Step, ...] = (
    move, leave, verify, verify, doubt, stop, enrol, confirm, reset, accept, publish, certify, revoke, revise,
    found_course, found_institution, declare, agree, exclude, decide_adequacy, list_country, adopt, register_dataset,
    release, subject_speaks, withdraw_dataset, fill_in, fill_in, decide_request, withdraw_request, found_transfer, sign,
    make_available, prepare, add_contact, make_available_to_contact, remove_contact, amend, change_grant, start, end,
)  # fmt: skip
