"""Facts that happen to the good world as they are, for situations that many commands would have to lead to."""

from datetime import UTC, datetime
from typing import Any

from access_policy import events as e
from access_policy.actor import Actor, person
from access_policy.model.enums import (
    Capacity,
    InvestigatorPlace,
    LicenceReading,
    PurposeKind,
    Regime,
    Role,
    Route,
    TransferBasis,
)
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from access_policy.model.jurisdictions import AdequacyScope
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    COLLEAGUE,
    DAY,
    DESK,
    DIGEST,
    OPEN,
    RESEARCHER,
    World,
    everything_holds,
)

NEW = RequestId("DR-3")
HOSPITAL = InstitutionName("hospital")

INVITATION = e.InvitationSent(
    invitation=1, request=NEW, capacity=Capacity.APPLICANT, email="nel@hospital.example", institution=HOSPITAL
)
OPENED = e.RequestOpened(request=NEW, applicant=COLLEAGUE, institution=HOSPITAL, title="Survival", purpose="Why")


ASKED = e.ExtensionAsked(request=OPEN, name="Rosa", surname="Berg", email="rosa@hospital.example")


SUBMITTED = e.ExtensionSubmitted(request=OPEN, ends=datetime(2028, 1, 1, tzinfo=UTC), reason="more")


def happens(world: World, *events: e.FactEvent, by: PersonId | Actor = ADMIN) -> datetime:
    """Append facts as they are, and return their instant."""
    at = world.at
    actor = by if isinstance(by, Actor) else person(by)
    world.append([(actor, event) for event in events])
    return at


def drafted(regime: Regime = Regime.OWN) -> World:
    """Return a world with a draft of the researcher's, `DR-3`."""
    world = everything_holds()
    happens(
        world,
        e.RequestOpened(request=NEW, applicant=RESEARCHER, institution=HOSPITAL, title="Survival", purpose="Why"),
        e.RequestDescribed(
            request=NEW, purpose_kind=PurposeKind.RESEARCH, field_of_work="leukaemia", tests_treatment=False,
            regime=regime, controller="the hospital", processor="the centre", physician="", tools="",
        ),
    )  # fmt: skip
    return world


def submitted(regime: Regime = Regime.OWN, route: Route = Route.DATA_ACCESS) -> tuple[World, datetime]:
    """Return a world in which `DR-3` was submitted, and when."""
    world = drafted(regime)
    return world, happens(world, e.RequestSubmitted(request=NEW, digest=DIGEST, route=route), by=RESEARCHER)


def approval(world: World) -> e.RequestApproved:
    """Return the board's approval of `DR-3`."""
    return e.RequestApproved(
        request=NEW, improves_treatment=True, public_interest=True, reason="good", begins=world.at,
        ends=world.at + 300 * DAY,
    )  # fmt: skip


def settings_adopted(**changed: Any) -> e.PolicySettingsAdopted:
    """Return settings that differ from those of the good world."""
    values: dict[str, Any] = {
        "session_hours": 10,
        "term_days_longest": 1096,
        "licence_for_adequate": LicenceReading.EEA,
    } | changed
    return e.PolicySettingsAdopted(**values)


def intake(world: World) -> datetime:
    """Let somebody ask to apply."""
    event = e.IntakeReceived(request=NEW, name="Nel", surname="Berg", email="nel@hospital.example")
    return happens(world, event, by=DESK)


def approved_clinical() -> tuple[World, datetime]:
    """Return a world in which both investigators approved `DR-3`, and when the second did."""
    world, _ = submitted(route=Route.CLINICAL)
    at = world.at
    for place in InvestigatorPlace:
        event = e.InvestigatorApproved(
            request=NEW, place=place, person=ASSESSOR, begins=world.at, ends=world.at + 300 * DAY
        )
        at = happens(world, event, by=ASSESSOR)
    return world, at


OVERSEAS = InstitutionName("overseas")


def joins(world: World, country: str = "KR", request: RequestId = OPEN) -> None:
    """Let an organisation of a country take part in a request, on an adequacy decision with all measures."""
    happens(
        world,
        e.InstitutionRegistered(
            institution=OVERSEAS, name="Overseas", country=country, domains=("overseas.example",), centre=False
        ),
        e.EntityNamed(request=request, institution=OVERSEAS),
        e.TransferBasisRecorded(
            request=request, institution=OVERSEAS, basis=TransferBasis.ADEQUACY, scope=AdequacyScope.FULL,
            clauses=None, concluded=None, protection_adequate=True, contractual_measures=True, technical_measures=True,
        ),
    )  # fmt: skip


def adequacy_ended(world: World, country: str = "KR", ends: datetime | None = None) -> e.AdequacyEnded:
    """Return the end of a country's adequacy decision, now where no instant is given."""
    return e.AdequacyEnded(country=country, scope=AdequacyScope.FULL, ends=ends or world.at, act="a judgment")


def signs_for(world: World, who: PersonId, institution: InstitutionName, until: datetime | None = None) -> None:
    """Appoint a person as signatory of an institution."""
    end = until or world.at + 1000 * DAY
    happens(world, e.RoleAppointed(person=who, role=Role.SIGNATORY, scope=institution, until=end))
