"""Events about people: registration, identities, verification, roles, second factors, leaving, erasure."""

from datetime import datetime

from access_policy.events.base import FactEvent
from access_policy.model.enums import Assurance, DocumentKind, FactorKind, Role, VerificationMethod
from access_policy.model.ids import CourseName, FactorId, InstitutionName, PersonId, RequestId
from access_policy.model.texts import CodeText, DigestText, OrganisationText, PersonText, VersionText


class PersonRegistered(FactEvent, frozen=True, kw_only=True):
    """A person and the institution that they work at; position and field of work as they said at their first login."""

    v: int = 2
    person: PersonId
    name: PersonText
    email: PersonText
    institution: InstitutionName
    position: PersonText = ""
    field: PersonText = ""


class NameCorrected(FactEvent, frozen=True, kw_only=True):
    """A person's name was put right, or is another one now (S16)."""

    person: PersonId
    name: PersonText


class EmailCorrected(FactEvent, frozen=True, kw_only=True):
    """A person's wrong or missing address was put right; they work where they worked (S16)."""

    person: PersonId
    email: PersonText


class PersonMoved(FactEvent, frozen=True, kw_only=True):
    """A person works at another institution from now on, with its address; grants that rest on the old one end."""

    person: PersonId
    institution: InstitutionName
    email: PersonText


class PersonLeft(FactEvent, frozen=True, kw_only=True):
    """A person left their institution: every grant and every signing right that rests on it ends (S33, S73)."""

    person: PersonId


class IdentityLinked(FactEvent, frozen=True, kw_only=True):
    """A login identity of a person: the HMAC of `iss` and `sub`, by which a login finds the person.

    A second identity of a person has `evidence`, and two admins wanted it (E24).
    """

    person: PersonId
    identity: DigestText
    issuer: OrganisationText
    subject: PersonText
    evidence: PersonText = ""


class PersonVerified(FactEvent, frozen=True, kw_only=True):
    """Somebody checked who a person is; good until `until` (S73). The actor is the verifier.

    `factors` are the second factors that were looked at, `assurance` how surely the identity was proofed (E26),
    `evidence` what it rests on in the verifier's words.
    """

    v: int = 2
    person: PersonId
    method: VerificationMethod
    until: datetime
    assurance: Assurance = Assurance.SUBSTANTIAL
    factors: tuple[FactorId, ...] = ()
    evidence: PersonText = ""


class VerificationWithdrawn(FactEvent, frozen=True, kw_only=True):
    """A verification turned out to be wrong (S73)."""

    person: PersonId
    reason: PersonText


class PersonDisabled(FactEvent, frozen=True, kw_only=True):
    """The centre stops a person at once (S94, ID-15)."""

    person: PersonId
    reason: PersonText


class PersonEnabled(FactEvent, frozen=True, kw_only=True):
    """The centre lets a stopped person act again."""

    person: PersonId


class RoleAppointed(FactEvent, frozen=True, kw_only=True):
    """A role with its end. `scope` is the institution of a signatory, or the course of a trainer."""

    person: PersonId
    role: Role
    scope: InstitutionName | CourseName | None
    until: datetime


class RoleEnded(FactEvent, frozen=True, kw_only=True):
    """A role taken away before its end."""

    person: PersonId
    role: Role


class FactorEnrolled(FactEvent, frozen=True, kw_only=True):
    """A second factor that the person proved to hold (S17). Its secret is a record.

    `vouched_by` is another one of theirs, freshly given: where that one is confirmed, so is this one from now on.
    """

    v: int = 2
    person: PersonId
    factor: FactorId
    kind: FactorKind
    vouched_by: FactorId = FactorId("")


class FactorRemoved(FactEvent, frozen=True, kw_only=True):
    """A person took one of their second factors away; sessions that began with it end (S76)."""

    person: PersonId
    factor: FactorId


class FactorConfirmed(FactEvent, frozen=True, kw_only=True):
    """The verifier confirmed with the person that the factor is theirs."""

    person: PersonId
    factor: FactorId


class ConfirmationCodeIssued(FactEvent, frozen=True, kw_only=True):
    """The verifier has a code to hand over to the person, good once and up to `until`; the newest one counts (S76).

    `digest` is the SHA-256 of its 100 random bits.
    """

    person: PersonId
    digest: DigestText
    until: datetime


class ConfirmationCodeRedeemed(FactEvent, frozen=True, kw_only=True):
    """The person gave the code that their verifier handed over: that factor of theirs counts from now on (S76).

    The code itself stands here, since it is spent, so that nobody who reads its digest in the log can make this up.
    """

    person: PersonId
    factor: FactorId
    code: CodeText


class FactorsReset(FactEvent, frozen=True, kw_only=True):
    """All factors of a person were taken away; the next one needs a confirmation again. Sessions end."""

    person: PersonId


class DocumentAccepted(FactEvent, frozen=True, kw_only=True):
    """A person accepted a version of a text that binds everybody (S79, S84, E30)."""

    person: PersonId
    document: DocumentKind
    version: VersionText


class ErasureAsked(FactEvent, frozen=True, kw_only=True):
    """A person asked to be erased; the law keeps access logs identifiable until `not_before` (E48, E50)."""

    person: PersonId
    not_before: datetime


class PersonErased(FactEvent, frozen=True, kw_only=True):
    """What identifies a person is erased: their sealing key went with this fact, their factors, sessions and files too.

    The keys of `requests` went as well, since all their people are erased now (E48, E50).
    """

    person: PersonId
    requests: tuple[RequestId, ...] = ()
