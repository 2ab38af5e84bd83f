"""A big world for the benches: people, datasets and requests in every state, folded from events; a seed fixes it."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from access_policy import events as e
from access_policy.actor import component
from access_policy.fold import fold
from access_policy.model.enums import (
    Action,
    Component,
    ConsentBasis,
    DataKind,
    DocumentKind,
    FactorKind,
    Party,
    Region,
    VerificationMethod,
    Zone,
)
from access_policy.model.ids import CourseName, DatasetName, FactorId, InstitutionName, PersonId, RequestId
from access_policy.rules import Query, Session
from access_policy.state import State

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
COURSES = (CourseName("privacy"), CourseName("cloud"))
TEXTS = (DocumentKind.CODE_OF_CONDUCT, DocumentKind.NO_REIDENTIFICATION)
LICENCE = DocumentKind.LICENCE_EEA
INSTITUTIONS = 20
_ACTOR = component(Component.INSTALLATION)


class Size(msgspec.Struct, frozen=True):
    """How big a world is."""

    people: int
    datasets: int
    requests: int


class BigWorld:
    """The state, and what is needed to ask about it."""

    def __init__(self, size: Size, seed: int = 1) -> None:
        self.size = size
        self.state = State()
        self._random = random.Random(seed)
        self._add(self._installation())
        self._add(self._datasets())
        self._add(event for number in range(1, size.people + 1) for event in self._person(number))
        self._add(event for number in range(1, size.requests + 1) for event in self._request(number))

    def queries(self, count: int) -> list[Query]:
        """Return questions at one instant, of which about half are allowed."""
        return [self._query() for _ in range(count)]

    def _add(self, events: Iterable[e.FactEvent]) -> None:
        for event in events:
            fold(self.state, e.Fact(self.state.seq + 1, BEGAN, _ACTOR, event))

    def _rarely(self, share: float) -> bool:
        return self._random.random() < share

    def _installation(self) -> Iterable[e.FactEvent]:
        yield e.InstallationBegun(installation="bench", demo=False)
        for number in range(INSTITUTIONS):
            name = InstitutionName(f"hospital-{number}")
            domains = (f"hospital-{number}.example",)
            yield e.InstitutionRegistered(
                institution=name, name=name, country="NL", domains=domains, centre=number == 0
            )
            yield e.AgreementRecorded(institution=name, begins=BEGAN, ends=BEGAN + (YEAR if number % 10 else YEAR / 2))
        for course in COURSES:
            yield e.CourseRegistered(course=course, title=course, validity_days=365, required=True)
        for document in (*TEXTS, LICENCE):
            yield e.DocumentPublished(
                document=document, version="1", language="en", title=document, digest="0" * 64, binding=True
            )

    def _datasets(self) -> Iterable[e.FactEvent]:
        for number in range(self.size.datasets):
            name = DatasetName(f"dataset-{number}")
            yield e.DatasetRegistered(
                dataset=name, title=name, source="bench", kind=DataKind.CLINICAL, version="1", location=name,
                manifest="0" * 64, region=Region.LOCAL, zone=Zone.INSTITUTE if number % 20 == 0 else Zone.ANYWHERE,
                consent=ConsentBasis.INFORMED_CONSENT, attested=True,
            )  # fmt: skip
            if self._rarely(0.05):
                yield e.DatasetWithdrawn(dataset=name, writer=PersonId("P-1"), reason="consent")

    def _person(self, number: int) -> Iterable[e.FactEvent]:
        person, home = PersonId(f"P-{number}"), number % INSTITUTIONS
        email = f"p{number}@hospital-{home}.example" if not self._rarely(0.01) else f"p{number}@gmail.example"
        yield e.PersonRegistered(person=person, name="x", email=email, institution=InstitutionName(f"hospital-{home}"))
        if not self._rarely(0.03):
            until = BEGAN + (YEAR if not self._rarely(0.03) else YEAR / 2)
            yield e.PersonVerified(person=person, method=VerificationMethod.IN_PERSON, until=until)
        if not self._rarely(0.03):
            yield e.FactorEnrolled(person=person, factor=FactorId("first"), kind=FactorKind.TOTP)
            if not self._rarely(0.03):
                yield e.FactorConfirmed(person=person, factor=FactorId("first"))
        for course in COURSES:
            if not self._rarely(0.03):
                ends = BEGAN + (YEAR if not self._rarely(0.03) else YEAR / 2)
                yield e.PersonCertified(person=person, course=course, ends=ends)
                if self._rarely(0.02):
                    yield e.CertificationRevoked(person=person, course=course, reason="copied")
        for document in TEXTS:
            if not self._rarely(0.02):
                yield e.DocumentAccepted(person=person, document=document, version="1")
        if self._rarely(0.02):
            yield e.PersonDisabled(person=person, reason="left")

    def _request(self, number: int) -> Iterable[e.FactEvent]:
        request = RequestId(f"DR-{number}")
        applicant = PersonId(f"P-{self._random.randint(1, self.size.people)}")
        institution = InstitutionName(f"hospital-{int(applicant[2:]) % INSTITUTIONS}")
        yield e.RequestOpened(request=request, applicant=applicant, institution=institution, title="x", purpose="x")
        for dataset in self._random.sample(range(self.size.datasets), 3):
            yield e.DatasetRequested(request=request, dataset=DatasetName(f"dataset-{dataset}"), necessity="x")
        for person in {self._random.randint(1, self.size.people) for _ in range(3)}:
            contact = self._colleague(person, institution) if not self._rarely(0.1) else PersonId(f"P-{person}")
            email = self.state.people[contact].email if not self._rarely(0.02) else "other@hospital.example"
            yield e.ContactNamed(request=request, person=contact, email=email)
        if self._rarely(0.03):
            return
        yield e.RequestSubmitted(request=request, digest="0" * 64)
        yield from self._decided(request, applicant, institution)

    def _colleague(self, number: int, institution: InstitutionName) -> PersonId:
        """Return somebody of the institution, near a number."""
        home = int(institution.rpartition("-")[2])
        near = number - number % INSTITUTIONS + home
        return PersonId(f"P-{near if 1 <= near <= self.size.people else home + INSTITUTIONS}")

    def _decided(self, request: RequestId, applicant: PersonId, institution: InstitutionName) -> Iterable[e.FactEvent]:
        if self._rarely(0.03):
            yield e.RequestRefused(request=request, reason="no")
            return
        begins = BEGAN if not self._rarely(0.03) else NOW + YEAR
        ends = begins + (YEAR if not self._rarely(0.03) else YEAR / 2)
        yield e.RequestApproved(
            request=request, improves_treatment=True, public_interest=True, reason="good",
            begins=begins, ends=ends,
        )  # fmt: skip
        signers = {Party.RESEARCHER: applicant, Party.LICENSEE: PersonId("P-s"), Party.REPRESENTATIVE: PersonId("P-r")}
        for party, person in signers.items():
            if not self._rarely(0.01):
                yield e.LicenceSigned(
                    request=request, institution=institution, party=party, person=person, licence=LICENCE,
                    version="1", digest="0" * 64,
                )  # fmt: skip
        if not self._rarely(0.03):
            yield e.RequestMadeAvailable(request=request)
        if self._rarely(0.03):
            yield e.RequestEnded(request=request, reason="over")
        elif self._rarely(0.02):
            yield e.RequestSuspended(request=request, reason="a question")

    def _query(self) -> Query:
        request = self.state.requests[RequestId(f"DR-{self._random.randint(1, self.size.requests)}")]
        person = self._random.choice(list(request.contacts))
        if self._rarely(0.05):
            person = PersonId(f"P-{self._random.randint(1, self.size.people + 5)}")
        begun = NOW - timedelta(hours=1 if not self._rarely(0.03) else 20)
        zone = Zone.INSTITUTE if self._rarely(0.5) else Zone.ANYWHERE
        factor = FactorKind.TOTP if not self._rarely(0.02) else None
        session = Session("s", person, begun, begun + timedelta(hours=12), factor, zone)
        return Query(person, request.request, Action.OPEN_WORKSPACE, NOW, session)
