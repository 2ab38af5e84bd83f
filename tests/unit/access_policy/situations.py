"""Where several tests of the deciding side begin: under the EHDS, outside the EEA, on the clinical route."""

from typing import Any

from access_policy import events as e
from access_policy.commands.criteria import EHDS_CRITERIA, criteria_of
from access_policy.model.enums import Confirmation, Criterion, RequestStatus
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from access_policy.model.instants import Term
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    DAY,
    OPEN,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    World,
    appoint,
    approval,
    dataset_arguments,
    description,
    everything_holds,
    find,
    name_investigator,
)

ABROAD = InstitutionName("mercy")
INTAKE = {"name": "Rosa", "surname": "Rood", "email": "rosa@hospital.example"}


def reached(status: RequestStatus) -> tuple[World, RequestId]:
    """Return a world with a request of the researcher's that has this status."""
    world = everything_holds()
    return world, world.ask(status)


def office(world: World) -> PersonId:
    """Return somebody of the data access office, who works at the centre."""
    who = world.register("ofra", "centre")
    appoint(world, who, "data-access-office")
    return who


def another_member(world: World, name: str, institution: str = "centre") -> PersonId:
    """Return a further member of the board."""
    who = world.register(name, institution)
    appoint(world, who, "board-member")
    return who


def vote(world: World, who: PersonId, request: RequestId, approve: bool = True) -> None:
    """Let a board member vote on the form as it was sent in."""
    digest = world.state.requests[request].digest
    world.do("vote-on-request", who, request=request, approve=approve, reason="a reason", digest=digest)


def ask_under_ehds(
    world: World, status: RequestStatus, years: int = 1, datasets: tuple[str, ...] = ("tumours",)
) -> RequestId:
    """Ask under the EHDS, and bring the request as far as `status`; a permit lasts `years` of 365 days."""
    request = world.ask(RequestStatus.DRAFT, datasets)
    world.do("describe-request", RESEARCHER, request=request, **description(regime="ehds"))
    before = RequestStatus.SUBMITTED if status is RequestStatus.SUBMITTED else RequestStatus.ASSESSED
    world.bring(request, before)
    if status is not before:
        find(world, request, *EHDS_CRITERIA)
        arguments = approval(world, request, ends=world.at + years * 365 * DAY)
        world.do("approve-request", BOARD_MEMBER, request=request, **arguments)
    if world.state.requests[request].status is not status:
        world.bring(request, status)
    return request


def ask_with_abroad(world: World, status: RequestStatus, country: str = "US", **changed: Any) -> RequestId:
    """Ask together with an organisation outside the EEA that confirmed all that is asked of it."""
    world.do(
        "register-institution", ADMIN, institution=ABROAD, name="Mercy", country=country, domains="mercy.example",
        centre=False,
    )  # fmt: skip
    request = world.ask(RequestStatus.DRAFT)
    world.do("describe-request", RESEARCHER, request=request, **description(**changed))
    world.do("name-entity", RESEARCHER, request=request, institution=ABROAD)
    world.invite_signatory(request, ABROAD)
    confirmations = ",".join(Confirmation)
    world.do("confirm-protection", RESEARCHER, request=request, institution=ABROAD, confirmations=confirmations)
    world.bring(request, status)
    return request


def basis(world: World, request: RequestId, **changed: Any) -> dict[str, Any]:
    """Return what a ground for the transfer to `mercy` asks for: the model clauses in force, and all measures."""
    return {
        "request": request, "institution": ABROAD, "basis": "model-clauses", "clauses": "(EU) 2021/914",
        "concluded": world.at, "protection_adequate": True, "contractual_measures": True, "technical_measures": True,
    } | changed  # fmt: skip


class Clinical:
    """A world with a submitted clinical request: its data come from the hospital's own study."""

    def __init__(self, purpose_kind: str = "treatment") -> None:
        self.world = everything_holds()
        self.central = self.world.register("cara", "centre")
        self.local = self.world.register("loes")
        _register_study(self.world, self.central, self.local)
        self.request = self.world.ask(RequestStatus.DRAFT, ("biopsies",))
        form = description(purpose_kind=purpose_kind, physician="Dr Vos", physician_institution="hospital")
        self.world.do("describe-request", RESEARCHER, request=self.request, **form)
        self.world.bring(self.request, RequestStatus.SUBMITTED)

    def approval(self, **changed: Any) -> dict[str, Any]:
        """Return what an investigator's approval asks for, with a term that began with the world's last hour."""
        form = self.world.state.requests[self.request]
        begins = form.submitted
        assert begins is not None
        return {"request": self.request, "begins": begins, "ends": begins + 100 * DAY, "digest": form.digest} | changed


def _register_study(world: World, central: PersonId, local: PersonId) -> None:
    world.do("register-study", STEWARD, study="biopsy", title="Biopsy", purpose="markers")
    name_investigator(world, "biopsy", central)
    name_investigator(world, "biopsy", local, "hospital")
    arguments = dataset_arguments("biopsies") | {
        "study": "biopsy", "hospitals": "hospital", "routes": "clinical,data-access", "kind": "biobank",
    }  # fmt: skip
    world.do("register-dataset", STEWARD, **arguments)


def ready_to_approve(world: World | None = None) -> tuple[World, RequestId]:
    """Return a request that lacks nothing but the board's approval."""
    world = world or everything_holds()
    request = world.ask(RequestStatus.ASSESSED)
    find(world, request)
    return world, request


def approve(world: World, request: RequestId, by: PersonId = BOARD_MEMBER, **changed: Any) -> tuple[e.FactEvent, ...]:
    """Let the board approve a request."""
    return world.do("approve-request", by, request=request, **approval(world, request, **changed))


def unapproved(world: World, request: RequestId, by: PersonId = BOARD_MEMBER, **changed: Any) -> str:
    """Return why the board cannot approve a request."""
    return world.refusal("approve-request", by, request=request, **approval(world, request, **changed))


def find_one(world: World, request: RequestId, criterion: Criterion, met: bool = True, by: PersonId = ASSESSOR) -> None:
    """Record a finding about one criterion."""
    world.do("record-finding", by, request=request, criterion=criterion, met=met, reason="a reason")


def term_of(world: World, request: RequestId = OPEN) -> Term:
    """Return the term of a request that has one."""
    term = world.state.requests[request].term
    assert term is not None
    return term


def ask_extension(world: World, request: RequestId = OPEN) -> tuple[e.FactEvent, ...]:
    """Let the signatory ask for a longer term."""
    return world.do("ask-extension", SIGNATORY, request=request, **INTAKE)


def with_renewal(request: RequestId = OPEN, world: World | None = None) -> World:
    """Return a world with a renewal that was submitted."""
    world = world or everything_holds()
    ask_extension(world, request)
    ends = term_of(world, request).ends + 100 * DAY
    world.do("submit-extension", RESEARCHER, request=request, ends=ends, reason="one more year")
    return world


def with_assessed_renewal(request: RequestId = OPEN, world: World | None = None) -> World:
    """Return a world with a renewal that waits for its decision."""
    world = with_renewal(request, world)
    world.do("assess-extension", ASSESSOR, request=request, assessment="sound")
    find_about_renewal(world, request)
    return world


def find_about_renewal(world: World, request: RequestId = OPEN, by: PersonId = ASSESSOR) -> None:
    """Record that the renewal meets each criterion."""
    for criterion in criteria_of(world.state.requests[request]):
        about = {"request": request, "criterion": criterion, "extension": True}
        world.do("record-finding", by, **about, met=True, reason="it still does")
