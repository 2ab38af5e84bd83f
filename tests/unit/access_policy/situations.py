"""Where several tests of the deciding side begin: under the EHDS, outside the EEA, on the clinical route."""

from typing import Any

from access_policy.commands.board import EHDS_CRITERIA
from access_policy.model.enums import Confirmation, RequestStatus
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    DAY,
    RESEARCHER,
    STEWARD,
    World,
    appoint,
    approval,
    dataset_arguments,
    description,
    everything_holds,
    find,
)

ABROAD = InstitutionName("mercy")


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


def ask_under_ehds(world: World, status: RequestStatus, years: int = 1) -> RequestId:
    """Ask under the EHDS, and bring the request as far as `status`; a permit lasts `years` of 365 days."""
    request = world.ask(RequestStatus.DRAFT)
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
        form = description(purpose_kind=purpose_kind, physician="Dr Loes")
        self.world.do("describe-request", RESEARCHER, request=self.request, **form)
        self.world.bring(self.request, RequestStatus.SUBMITTED)

    def approval(self, **changed: Any) -> dict[str, Any]:
        """Return what an investigator's approval asks for, with a term that began with the world's last hour."""
        form = self.world.state.requests[self.request]
        begins = form.submitted
        assert begins is not None
        return {"request": self.request, "begins": begins, "ends": begins + 100 * DAY, "digest": form.digest} | changed


def _register_study(world: World, central: PersonId, local: PersonId) -> None:
    world.do("register-study", STEWARD, study="biopsy", title="Biopsy", purpose="markers", central_investigator=central)
    world.do("name-investigator", STEWARD, study="biopsy", person=local, hospital="hospital")
    arguments = dataset_arguments("biopsies") | {
        "study": "biopsy", "hospitals": "hospital", "routes": "clinical,data-access", "kind": "biobank",
    }  # fmt: skip
    world.do("register-dataset", STEWARD, **arguments)
