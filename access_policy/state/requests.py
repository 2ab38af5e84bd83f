"""What is known of data access requests, from intake to end."""

from dataclasses import dataclass, field
from datetime import datetime

from access_policy.model.enums import (
    Capacity,
    Confirmation,
    Criterion,
    DocumentKind,
    InvestigatorPlace,
    Party,
    PausableClock,
    PauseReason,
    PermitStatus,
    PurposeKind,
    Regime,
    RequestStatus,
    Route,
    Scenario,
    TransferBasis,
)
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from access_policy.model.instants import Term
from access_policy.model.jurisdictions import AdequacyScope, ModelClauses
from access_policy.state.signatures import Signature, Signed, Text, summed_up
from access_policy.state.workspaces import Emergency


@dataclass(slots=True)
class Contact:
    """A download contact, with the address and the institution that stand in the form (S15, S16, S33).

    `left` is when they left that institution: coming back does not revive the grant.
    """

    email: str
    since: datetime
    institution: InstitutionName | None
    available: datetime | None = None
    left: datetime | None = None


@dataclass(slots=True)
class AskedContact:
    """A new contact that the signatory asked for and that is not a contact yet (S31-S38)."""

    name: str
    position: str
    email: str
    asked_by: PersonId | None
    asked: datetime


@dataclass(slots=True)
class Transfer:
    """On what ground a party may get data, and the measures (S60). `recorded` is when somebody wrote it down."""

    basis: TransferBasis
    scope: AdequacyScope | None
    clauses: ModelClauses | None
    concluded: datetime | None
    measures: bool
    recorded: datetime


@dataclass(slots=True)
class Entity:
    """A legal entity of a request: its own country test, confirmations and licence (S61, S68).

    `signatures` are the newest ones of the parties, `texts` those under each text. `signed` is what counts: of each
    licence the newest text that all three signed; until there is one, the newest signatures.
    """

    institution: InstitutionName
    since: datetime
    confirmations: frozenset[Confirmation] = frozenset()
    transfer: Transfer | None = None
    signatures: dict[Party, Signature] = field(default_factory=dict)
    texts: dict[Text, dict[Party, Signature]] = field(default_factory=dict)
    signed: tuple[Signed, ...] = ()

    def sign(self, party: Party, signature: Signature) -> None:
        """Take a party's signature, and sum up all that there are. What is complete under another text stays (S24)."""
        self.signatures[party] = signature
        text = signature.licence, signature.version, signature.digest
        self.texts.setdefault(text, {})[party] = signature
        complete: dict[DocumentKind | None, Signed] = {}
        for one in sorted(map(summed_up, self.texts.values()), key=lambda one: one.first):
            if one.complete:
                complete[one.licence] = one
        self.signed = tuple(complete.values()) or (summed_up(self.signatures),)


@dataclass(slots=True)
class Recorded:
    """A finding about one criterion."""

    met: bool
    by: PersonId | None
    at: datetime
    reason: str = ""


@dataclass(slots=True)
class Extract:
    """An extract of one version of a dataset for one request."""

    version: str
    location: str
    manifest: str
    patients: int
    prepared: datetime


@dataclass(slots=True)
class Permit:
    """One version of a permit, since when it has its status, and what it was about (E15, E18)."""

    identifier: str
    status: PermitStatus
    since: datetime
    datasets: tuple[DatasetName, ...]
    contacts: tuple[PersonId, ...]


@dataclass(slots=True)
class Amendment:
    """A change of a permit that waits for the board (E19). `necessities` say why each dataset is needed (S3)."""

    number: int
    datasets: tuple[DatasetName, ...]
    contacts: tuple[PersonId, ...]
    proposed_by: PersonId | None
    necessities: dict[DatasetName, str] = field(default_factory=dict)
    votes: dict[PersonId, bool] = field(default_factory=dict)


@dataclass(slots=True)
class Extension:
    """A renewal from intake to decision (S40-S45). `email` is of the main applicant of the renewal (S43).

    `findings` are those about the renewal, beside those about the request (S42).
    """

    asked: datetime
    email: str = ""
    answered: datetime | None = None
    submitted: datetime | None = None
    ends: datetime | None = None
    assessed: datetime | None = None
    assessed_by: PersonId | None = None
    findings: dict[Criterion, Recorded] = field(default_factory=dict)
    votes: dict[PersonId, bool] = field(default_factory=dict)


@dataclass(slots=True)
class Pause:
    """A stretch in which one clock stands still; open while `ends` is None."""

    why: PauseReason
    begins: datetime
    ends: datetime | None = None
    note: str = ""
    clock: PausableClock = PausableClock.REVIEW


@dataclass(slots=True)
class Invitation:
    """An e-mail address that is invited to one request in one capacity."""

    invitation: int
    request: RequestId
    capacity: Capacity
    email: str
    institution: InstitutionName
    sent: datetime
    person: PersonId | None = None
    accepted: datetime | None = None


@dataclass(slots=True)
class Form:
    """What the form says beyond title and purpose (S71, S80, E1, E15, E70)."""

    purpose_kind: PurposeKind
    field_of_work: str
    tests_treatment: bool
    controller: str
    processor: str
    agreement: str
    physician: str
    tools: str
    physician_person: PersonId | None = None
    physician_institution: InstitutionName | None = None


@dataclass(slots=True)
class Request:
    """A data access request from intake to end. An intake has no applicant yet.

    `lapsed` are datasets whose grant died with their withdrawal, and when (REQ-10); a new grant takes them out of it.
    `signed_by` is who ever signed a licence of it for the researcher or a licensee.

    `past_extensions` are the stretches from a question to its answer, `past_suspensions` those from a suspension
    that was lifted to its hearing, or to its end where nobody was heard.
    `emergencies` are the last ones of each operator, by the user name that the cluster's API knows (E37).
    `deciders` assessed, made a finding, voted or decided on it or a change of it: they hand out no data of it (E11).
    """

    request: RequestId
    applicant: PersonId | None
    institution: InstitutionName | None
    title: str
    purpose: str
    opened: datetime
    status: RequestStatus
    status_since: datetime
    intake: datetime | None = None
    intake_email: str = ""
    answered: datetime | None = None
    form: Form | None = None
    regime: Regime = Regime.OWN
    scenario: Scenario | None = None
    route: Route = Route.DATA_ACCESS
    datasets: dict[DatasetName, str] = field(default_factory=dict)
    granted: dict[DatasetName, datetime] = field(default_factory=dict)
    lapsed: dict[DatasetName, datetime] = field(default_factory=dict)
    available_datasets: dict[DatasetName, datetime] = field(default_factory=dict)
    extracts: dict[DatasetName, Extract] = field(default_factory=dict)
    entities: dict[InstitutionName, Entity] = field(default_factory=dict)
    contacts: dict[PersonId, Contact] = field(default_factory=dict)
    contacts_removed: dict[PersonId, datetime] = field(default_factory=dict)
    contacts_asked: dict[PersonId, AskedContact] = field(default_factory=dict)
    digest: str | None = None
    signatories: str = ""
    submitted: datetime | None = None
    returned: datetime | None = None
    assessed_by: PersonId | None = None
    findings: dict[Criterion, Recorded] = field(default_factory=dict)
    conflicts: dict[PersonId, datetime] = field(default_factory=dict)
    signed_by: set[PersonId] = field(default_factory=set)
    votes: dict[PersonId, bool] = field(default_factory=dict)
    investigators: dict[InvestigatorPlace, PersonId] = field(default_factory=dict)
    investigators_term: Term | None = None
    pauses: list[Pause] = field(default_factory=list)
    accelerated: datetime | None = None
    deferred: datetime | None = None
    approved: datetime | None = None
    term: Term | None = None
    term_set: datetime | None = None
    opt_out_exception: bool = False
    decided_by: PersonId | None = None
    deciders: set[PersonId] = field(default_factory=set)
    decision_reason: str = ""
    conditions: str = ""
    fees: str = ""
    available: datetime | None = None
    suspended: datetime | None = None
    heard: datetime | None = None
    past_suspensions: list[Term] = field(default_factory=list)
    reinstated: datetime | None = None
    amendments: dict[int, Amendment] = field(default_factory=dict)
    last_amendment: int = 0
    extension: Extension | None = None
    past_extensions: list[Term] = field(default_factory=list)
    extensions_granted: int = 0
    permits: list[Permit] = field(default_factory=list)
    publications: list[str] = field(default_factory=list)
    publication_links: list[str] = field(default_factory=list)
    end_reason: str | None = None
    emergencies: dict[str, Emergency] = field(default_factory=dict)

    def open_pause(self, clock: PausableClock) -> Pause | None:
        """Return the pause in which a clock stands still now, if it does."""
        return next((one for one in self.pauses if one.clock is clock and one.ends is None), None)
