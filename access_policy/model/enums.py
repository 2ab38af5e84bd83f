"""The closed sets of words that events, commands and rules use. An unknown value never parses (POL-05)."""

from enum import StrEnum


class Role(StrEnum):
    """What a person is appointed as. The relational roles of `permissions.py` come on top and are never appointed."""

    ADMIN = "admin"
    TRAINER = "trainer"
    ASSESSOR = "assessor"
    BOARD_MEMBER = "board-member"
    REPRESENTATIVE = "representative"
    DATA_STEWARD = "data-steward"
    SIGNATORY = "signatory"


class Zone(StrEnum):
    """Where a browser sits (S77)."""

    ANYWHERE = "anywhere"
    INSTITUTE = "institute"


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


class FactorKind(StrEnum):
    """The kinds of second factor (S76)."""

    TOTP = "totp"


class Party(StrEnum):
    """Who signs a licence: three distinct people (S23)."""

    RESEARCHER = "researcher"
    LICENSEE = "licensee"
    REPRESENTATIVE = "representative"


class RequestStatus(StrEnum):
    """How far a data access request has come. Whether its term is over is not a status but a matter of the clock."""

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
