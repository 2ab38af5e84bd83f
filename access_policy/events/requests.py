"""Events on the applicant's side of a data access request: intake, invitation, form, submission."""

from access_policy.events.base import FactEvent
from access_policy.model.enums import Capacity, Confirmation, PurposeKind, Regime, Route, Scenario
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from access_policy.model.texts import DigestText, PersonText, RequestText


class IntakeReceived(FactEvent, frozen=True, kw_only=True):
    """Somebody asks to apply: name, surname and e-mail address of the main applicant (S12). The week of S13 begins."""

    request: RequestId
    name: RequestText
    surname: RequestText
    email: RequestText


class InvitationSent(FactEvent, frozen=True, kw_only=True):
    """An e-mail address is invited to one request, in one capacity, for one institution (S13, S31)."""

    invitation: int
    request: RequestId
    capacity: Capacity
    email: RequestText
    institution: InstitutionName


class InvitationAccepted(FactEvent, frozen=True, kw_only=True):
    """The invited person logged in with both factors and took the invitation up."""

    invitation: int
    request: RequestId
    person: PersonId


class RequestOpened(FactEvent, frozen=True, kw_only=True):
    """An applicant began a request (S12-S14)."""

    request: RequestId
    applicant: PersonId
    institution: InstitutionName
    title: RequestText
    purpose: RequestText


class RequestDescribed(FactEvent, frozen=True, kw_only=True):
    """The form beyond title and purpose: for what, in which field, under which regime (S48, S71, S80, E1, E70).

    `tests_treatment` is the declaration of S80; `agreement` the one between controller and processor. The treating
    physician, on whose behalf it is asked (S9), is `physician_person`, or `physician` by name and institution.
    """

    request: RequestId
    purpose_kind: PurposeKind
    field_of_work: RequestText
    tests_treatment: bool
    regime: Regime
    controller: RequestText
    processor: RequestText
    agreement: RequestText = ""
    physician: RequestText
    tools: RequestText
    physician_person: PersonId | None = None
    physician_institution: InstitutionName | None = None


class DatasetRequested(FactEvent, frozen=True, kw_only=True):
    """A dataset that the request needs, and why (S3)."""

    request: RequestId
    dataset: DatasetName
    necessity: RequestText


class DatasetDropped(FactEvent, frozen=True, kw_only=True):
    """The applicant does not need a dataset after all (S3)."""

    request: RequestId
    dataset: DatasetName


class EntityNamed(FactEvent, frozen=True, kw_only=True):
    """A further legal entity takes part: it gets its own country test and licence (S68)."""

    request: RequestId
    institution: InstitutionName


class EntityDropped(FactEvent, frozen=True, kw_only=True):
    """An organisation is taken out of the form again (S68)."""

    request: RequestId
    institution: InstitutionName


class ProtectionConfirmed(FactEvent, frozen=True, kw_only=True):
    """What a party confirms about privacy protection in its jurisdiction (S61)."""

    request: RequestId
    institution: InstitutionName
    confirmations: tuple[Confirmation, ...]


class ContactNamed(FactEvent, frozen=True, kw_only=True):
    """A download contact of the request, with the institutional e-mail address in the form (S15, S16)."""

    request: RequestId
    person: PersonId
    email: PersonText


class ContactRemoved(FactEvent, frozen=True, kw_only=True):
    """A download contact who no longer is one (S27)."""

    request: RequestId
    person: PersonId


class RequestSubmitted(FactEvent, frozen=True, kw_only=True):
    """The completed and signed form came in, with the hash of what was signed (S18, REQ-04).

    The scenario follows from what stands in it, and the route from the scenario (S5, S51). `signatories` has a line
    for each organisation, with the addresses of who signs for it (S23, S34).
    """

    request: RequestId
    digest: DigestText
    scenario: Scenario = Scenario.SEVERAL_HOSPITALS
    route: Route = Route.DATA_ACCESS
    signatories: RequestText = ""


class RequestWithdrawn(FactEvent, frozen=True, kw_only=True):
    """The applicant took the request back, or the office closed an intake that nobody took up."""

    request: RequestId
