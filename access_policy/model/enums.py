"""The closed sets of words that events, commands and rules use. An unknown value never parses (POL-05)."""

from enum import StrEnum


class Role(StrEnum):
    """What a person is appointed as. The relational roles of `permissions.py` come on top and are never appointed."""

    ADMIN = "admin"
    TRAINER = "trainer"
    ASSESSOR = "assessor"
    BOARD_MEMBER = "board-member"
    DATA_ACCESS_OFFICE = "data-access-office"
    REPRESENTATIVE = "representative"
    DATA_STEWARD = "data-steward"
    SIGNATORY = "signatory"
    AUDITOR = "auditor"


class Zone(StrEnum):
    """Where a browser sits (S77)."""

    ANYWHERE = "anywhere"
    INSTITUTE = "institute"


class ResourceType(StrEnum):
    """What other systems ask about: the workspace of a request, or a dataset for the purpose of one."""

    REQUEST = "request"
    DATASET = "dataset"


class DataKind(StrEnum):
    """The two kinds of data that are registered (S81)."""

    CLINICAL = "clinical"
    BIOBANK = "biobank"


class ConsentBasis(StrEnum):
    """On what ground a dataset may be used (S82)."""

    INFORMED_CONSENT = "informed-consent"
    PUBLISHED_OPEN_DATA = "published-open-data"


class Region(StrEnum):
    """Where data may lie: this machine in the EU, or one of the EU regions (S87, S88). There is no other value."""

    LOCAL = "local"
    EUROPE_WEST4 = "europe-west4"
    EUROPE_WEST1 = "europe-west1"
    EUROPE_NORTH1 = "europe-north1"


class VerificationMethod(StrEnum):
    """How a person's identity was checked (S73)."""

    IN_PERSON = "in-person"
    VIDEO_CALL = "video-call"
    SIGNATORY_LETTER = "signatory-letter"
    PROVIDER = "provider"


class Assurance(StrEnum):
    """How surely an identity was proofed: the levels of eIDAS, lowest first (E26)."""

    LOW = "low"
    SUBSTANTIAL = "substantial"
    HIGH = "high"


class CertificationKind(StrEnum):
    """On what ground a course counts as passed (S74)."""

    CERTIFIED = "certified"
    ATTENDED = "attended"
    EXEMPTED = "exempted"
    OUTSIDE = "outside"


class DocumentKind(StrEnum):
    """The texts that people are bound by or sent to, one of each kind (S4, S14, S29, S65, S70)."""

    GUIDING_PRINCIPLES = "guiding-principles"
    RULES_OF_PROCEDURE = "rules-of-procedure"
    DATA_GUIDE = "data-guide"
    FAQ = "faq"
    ACCOUNT_HELP = "account-help"
    REQUEST_INSTRUCTIONS = "request-instructions"
    CLINICAL_FORM = "clinical-form"
    PUBLICATION_POLICY = "publication-policy"
    CODE_OF_CONDUCT = "code-of-conduct"
    NO_REIDENTIFICATION = "no-reidentification"
    PRIVACY_NOTICE = "privacy-notice"
    LICENCE_EEA = "licence-eea"
    LICENCE_NON_EEA = "licence-non-eea"


class Regime(StrEnum):
    """Under which rules a request runs: the institute's own, or the European Health Data Space (E1)."""

    OWN = "own"
    EHDS = "ehds"


class Route(StrEnum):
    """The two ways of a request (S5)."""

    DATA_ACCESS = "data-access"
    CLINICAL = "clinical"


class Scenario(StrEnum):
    """The four scenarios that decide the route (S5-S10)."""

    SEVERAL_HOSPITALS = "several-hospitals"
    OWN_HOSPITAL_REUSE = "own-hospital-reuse"
    TREATMENT = "treatment"
    ORIGINAL_STUDY = "original-study"


class PurposeKind(StrEnum):
    """What the data are wanted for, as far as the route depends on it (S6-S10, S48)."""

    RESEARCH = "research"
    TREATMENT = "treatment"
    ORIGINAL_STUDY = "original-study"


class TransferBasis(StrEnum):
    """On what ground a party outside the EEA may get data (S58-S60, S101)."""

    ADEQUACY = "adequacy"
    MODEL_CLAUSES = "model-clauses"
    NONE = "none"


class LicenceReading(StrEnum):
    """Which licence binds a party in a country with an adequacy decision; the sources leave it open (S64)."""

    EEA = "eea"
    NON_EEA = "non-eea"


class Confirmation(StrEnum):
    """What a party confirms about privacy protection in its jurisdiction (S61)."""

    NO_DISPROPORTIONATE_ACCESS = "no-disproportionate-government-access"
    EFFECTIVE_REMEDY = "effective-remedy-for-patients"
    INDEPENDENT_SUPERVISION = "independent-supervision"
    NO_ONWARD_TRANSFER = "no-onward-transfer"
    DEMANDS_REPORTED = "demands-of-authorities-are-reported"


class Criterion(StrEnum):
    """What a request gets a finding for before it is approved.

    The first four are the fields of the guiding principles (S55), the next two belong to reuse within one hospital
    (S8), the others are points (a) to (h) of Article 68(1) and the risks of 68(2) of Regulation (EU) 2025/327 (E10).
    """

    SOCIAL = "social"
    ETHICAL = "ethical"
    LEGAL = "legal"
    CONTRACTUAL = "contractual"
    LEGAL_CONSTRAINTS = "legal-constraints"
    CONSENT_TERMS = "consent-terms"
    PERMITTED_PURPOSE = "permitted-purpose"
    DATA_NECESSARY = "data-necessary"
    LAWFUL_BASIS = "lawful-basis"
    QUALIFIED_APPLICANT = "qualified-applicant"
    SAFEGUARDS = "safeguards"
    ETHICAL_REVIEW = "ethical-review"
    OPT_OUT_EXCEPTION = "opt-out-exception"
    OTHER_REQUIREMENTS = "other-requirements"
    RISK_TO_SECURITY = "risk-to-security"
    RISK_TO_CONFIDENTIALITY = "risk-to-confidentiality"


class Capacity(StrEnum):
    """As what an e-mail address is invited to one request (S12, S15, S31)."""

    APPLICANT = "applicant"
    CONTACT = "contact"
    SIGNATORY = "signatory"


class PauseReason(StrEnum):
    """Why a clock of a request stands still."""

    QUESTION_TO_APPLICANT = "question-to-applicant"
    WAITING_FOR_ADVICE = "waiting-for-advice"
    WAITING_FOR_LEGAL = "waiting-for-legal"


class PausableClock(StrEnum):
    """Which clocks of a request can stand still (S13, S21, S44, S52); that of a decision under the EHDS cannot (E8)."""

    INTAKE = "intake"
    REVIEW = "review"
    AVAILABILITY = "availability"
    EXTENSION = "extension"


class InvestigatorPlace(StrEnum):
    """Which of the two investigators of a study approves a clinical request (S49, S50)."""

    CENTRAL = "central"
    LOCAL = "local"


class PermitStatus(StrEnum):
    """The status of one version of a permit (E18)."""

    GRANTED = "granted"
    AMENDED = "amended"
    RENEWED = "renewed"
    REVOKED = "revoked"
    EXPIRED = "expired"


class FactorKind(StrEnum):
    """The kinds of second factor (S76): one-time codes, a passkey, recovery codes, what the provider proved."""

    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY = "recovery"
    PROVIDER = "provider"


class FileMedia(StrEnum):
    """What an uploaded file may be (INP-01)."""

    PDF = "application/pdf"
    PNG = "image/png"
    JPEG = "image/jpeg"
    TEXT = "text/plain"


class FilePurpose(StrEnum):
    """What an uploaded file is for: evidence about a person (S73, E24), or a letter or a CV with a request (S18)."""

    EVIDENCE = "evidence"
    LETTER = "letter"
    CV = "cv"


class Party(StrEnum):
    """Who signs a licence: three distinct people (S23)."""

    RESEARCHER = "researcher"
    LICENSEE = "licensee"
    REPRESENTATIVE = "representative"


class RequestStatus(StrEnum):
    """How far a data access request has come. Whether its term is over is not a status but a matter of the clock."""

    INTAKE = "intake"
    INVITED = "invited"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    ASSESSED = "assessed"
    APPROVED = "approved"
    LICENSED = "licensed"
    ACTIVE = "active"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class Action(StrEnum):
    """The three questions that `decide` answers."""

    OPEN_WORKSPACE = "open_workspace"
    REACH_WORKSPACE = "reach_workspace"
    KEEP_WORKSPACE = "keep_workspace"


class Component(StrEnum):
    """The parts of the program that act in their own name."""

    INSTALLATION = "installation"
    HUB = "hub"
    DESK = "desk"
    WARDEN = "warden"
