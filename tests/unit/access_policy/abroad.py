"""The good world with an organisation outside the EEA and its active request: to try the law of countries on."""

from typing import Any, NamedTuple

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import Action, Confirmation, Criterion, Regime, TransferBasis
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from access_policy.model.jurisdictions import AdequacyScope, ModelClauses
from access_policy.rules import Query
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    DAY,
    REPRESENTATIVE,
    STEWARD,
    World,
    appoint,
    approval,
    description,
    find,
)

OVERSEAS = InstitutionName("overseas")


class Abroad(NamedTuple):
    """Who takes part: the researcher, the signatory, the data access office, and the request."""

    researcher: PersonId
    signatory: PersonId
    office: PersonId
    request: RequestId

    def query(self, world: World, action: Action = Action.OPEN_WORKSPACE) -> Query:
        """Return the researcher's question now, coming with a fresh session."""
        return Query(self.researcher, self.request, action, world.at, world.login(self.researcher))


def basis(request: RequestId, **changed: Any) -> e.TransferBasisRecorded:
    """Return the record of a ground: the adequacy decision for the whole country, with all measures."""
    values: dict[str, Any] = {
        "basis": TransferBasis.ADEQUACY, "scope": AdequacyScope.FULL, "clauses": None, "concluded": None,
        "protection_adequate": True, "contractual_measures": True, "technical_measures": True,
    }  # fmt: skip
    return e.TransferBasisRecorded(request=request, institution=OVERSEAS, **values | changed)


def clauses(request: RequestId, world: World, **changed: Any) -> e.TransferBasisRecorded:
    """Return the record of a ground: the EU model clauses of 2021, concluded today."""
    values = {"scope": None, "clauses": ModelClauses.GDPR_2021, "concluded": world.at} | changed
    return basis(request, basis=TransferBasis.MODEL_CLAUSES, **values)


def abroad(world: World, country: str = "KR", regime: str = "own", dataset: str = "tumours") -> Abroad:
    """Bring an organisation of a country into the world, with a request that is active on an adequacy decision."""
    party = _people(world, country)
    _form(world, party, regime, dataset)
    _reviewed(world, party)
    for who, role in (
        (party.researcher, "researcher"),
        (party.signatory, "licensee"),
        (REPRESENTATIVE, "representative"),
    ):
        world.do("sign-licence", who, request=party.request, party=role)
    world.do("make-available", STEWARD, request=party.request)
    return party


def _people(world: World, country: str) -> Abroad:
    world.do(
        "register-institution",
        ADMIN,
        institution=OVERSEAS,
        name="Overseas",
        country=country,
        domains="overseas.example",
    )
    world.do("record-agreement", ADMIN, institution=OVERSEAS, begins=world.at, ends=world.at + 3000 * DAY)
    researcher, signatory = world.register("mina", OVERSEAS), world.register("sun", OVERSEAS)
    office = world.register("odin", "centre")
    appoint(world, signatory, "signatory", OVERSEAS)
    appoint(world, office, "data-access-office")
    world.let_sign(signatory)
    world.make_ready(researcher)
    return Abroad(researcher, signatory, office, RequestId(f"DR-{len(world.state.requests) + 1}"))


def _form(world: World, party: Abroad, regime: str, dataset: str) -> None:
    request, who = party.request, party.researcher
    world.do("open-request", who, title="Relapse", purpose="Who relapses")
    world.do("describe-request", who, request=request, **description(regime=regime))
    world.do("request-dataset", who, request=request, dataset=dataset, necessity="the outcome")
    world.do("name-contact", who, request=request, person=who, email="mina@overseas.example")
    confirmed = e.ProtectionConfirmed(request=request, institution=OVERSEAS, confirmations=tuple(Confirmation))
    world.append([(person(who), confirmed)])
    world.do("submit-request", who, request=request)


def _reviewed(world: World, party: Abroad) -> None:
    request = party.request
    world.do("assess-request", ASSESSOR, request=request, assessment="sound")
    world.append([(person(party.office), basis(request))])
    find(world, request, *criteria(world, request))
    world.do("approve-request", BOARD_MEMBER, request=request, **approval(world, request))


def criteria(world: World, request: RequestId) -> tuple[str, ...]:
    """Return the criteria beyond the guiding principles that a request needs a finding for (E10)."""
    if world.state.requests[request].regime is not Regime.EHDS:
        return ()
    names = list(Criterion)
    return tuple(names[names.index(Criterion.PERMITTED_PURPOSE) :])
