"""What a notice is, and whom one can be told to."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import msgspec

from access_policy.model.enums import Role
from access_policy.model.ids import PersonId
from access_policy.overview import signatories
from access_policy.state import Request, State


class NoticeKind(StrEnum):
    """What a notice is about; a page or a mail has one text for each."""

    INVITED = "invited"
    REQUEST_RETURNED = "request_returned"
    DECISION_DEFERRED = "decision_deferred"
    REQUEST_APPROVED = "request_approved"
    REQUEST_REFUSED = "request_refused"
    REQUEST_MADE_AVAILABLE = "request_made_available"
    REQUEST_SUSPENDED = "request_suspended"
    REQUEST_REINSTATED = "request_reinstated"
    REQUEST_ENDED = "request_ended"
    CONTACT_RECEIVED = "contact_received"
    CONTACT_CHECKED = "contact_checked"
    CONTACT_REFUSED = "contact_refused"
    CONTACT_MADE_AVAILABLE = "contact_made_available"
    AMENDMENT_APPROVED = "amendment_approved"
    AMENDMENT_REFUSED = "amendment_refused"
    EXTENSION_RECEIVED = "extension_received"
    EXTENSION_ANSWERED = "extension_answered"
    EXTENSION_GRANTED = "extension_granted"
    EXTENSION_REFUSED = "extension_refused"
    ADEQUACY_ENDED = "adequacy_ended"
    ORGANISATION_EXCLUDED = "organisation_excluded"
    AGREEMENT_ENDED = "agreement_ended"
    PERSON_DISABLED = "person_disabled"
    DOCUMENT_PUBLISHED = "document_published"
    LICENCE_PUBLISHED = "licence_published"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    DATASET_WITHDRAWN = "dataset_withdrawn"
    CERTIFICATION_REVOKED = "certification_revoked"
    NO_SIGNATORY = "no_signatory"
    TERM_ENDS = "term_ends"
    CERTIFICATION_ENDS = "certification_ends"
    VERIFICATION_ENDS = "verification_ends"
    ROLE_ENDS = "role_ends"
    AGREEMENT_ENDS = "agreement_ends"
    ADEQUACY_ENDS = "adequacy_ends"
    CLOCK_BREACHED = "clock_breached"
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTORS_RESET = "factors_reset"
    FACTOR_CONFIRMED = "factor_confirmed"
    LOGIN_ADDED = "login_added"
    PERSON_VERIFIED = "person_verified"


class Notice(msgspec.Struct, frozen=True):
    """A message to one recipient.

    `to` is a person's id, or the e-mail address of an invitation (it has an `@`). `about` is the id of a request or
    person, or the name of a course, role, institution or text; `at` the instant (UTC) from which it is due; `values`
    what its text names. `key` is the same whenever the same is to be said, and never holds an address.
    """

    key: str
    kind: NoticeKind
    to: str
    about: str
    at: datetime
    values: tuple[tuple[str, str], ...] = ()


def reachable(state: State, people: Iterable[PersonId | None]) -> tuple[PersonId, ...]:
    """Return each once; who left their institution has no address any more that is theirs (S73)."""
    known = ((one, state.people.get(one)) for one in people if one is not None)
    return tuple(dict.fromkeys(one for one, found in known if found is not None and found.institution is not None))


def licensee(state: State, request: Request, at: datetime) -> list[PersonId | None]:
    """Return the signatories of every organisation of a request at `at`, and its applicant (S41, S45)."""
    signing = signatories(state, at)
    return [*[one for name in request.entities for one in signing.get(name, ())], request.applicant]


def holders(state: State, role: Role, at: datetime) -> list[PersonId]:
    """Return who holds a role at `at`."""
    found = state.people.values()
    return [one.person for one in found if any(held.role is role and held.holds(at) for held in one.appointments)]
