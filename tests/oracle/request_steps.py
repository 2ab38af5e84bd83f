"""Steps of a request up to its decision, and the ground of a transfer."""

from datetime import UTC, datetime

import msgspec

from access_policy import events as e
from access_policy.model import enums as m
from access_policy.model.ids import DatasetName, InstitutionName, RequestId
from access_policy.model.jurisdictions import AdequacyScope, ModelClauses
from tests.oracle import history as h
from tests.oracle import holdings as d
from tests.oracle.walking import OFTEN, PEOPLE, Event, Pick, institutions_of, requests_of, some_dataset
from tests.unit.access_policy import world as w
from tests.unit.access_policy.world import DAY, DIGEST, World


def fill_in(world: World, pick: Pick) -> list[Event]:
    """A form is begun, described, filled, and often sent in."""
    request = RequestId(f"DR-{len(requests_of(world)) + 1}")
    applicant = pick(OFTEN)
    institution = h.institution_of(world.facts, applicant)
    if institution is None:
        return []
    form = e.RequestDescribed(
        request=request, purpose_kind=m.PurposeKind.RESEARCH, field_of_work="leukaemia", tests_treatment=False,
        regime=pick(list(m.Regime)), controller="it", processor="the centre", physician="", tools="",
    )  # fmt: skip
    begun = e.RequestOpened(
        request=request, applicant=applicant, institution=InstitutionName(institution), title="A", purpose="B"
    )
    wanted = {some_dataset(world, pick), some_dataset(world, pick)}
    asked = [e.DatasetRequested(request=request, dataset=one, necessity="it is") for one in sorted(wanted)]
    events: list[Event] = [begun, form, *asked, *_parties(world, pick, request, institution)]
    route = pick([m.Route.DATA_ACCESS, m.Route.DATA_ACCESS, m.Route.CLINICAL])
    submitted = [e.RequestSubmitted(request=request, digest=DIGEST, route=route)]
    return [*events, *pick([[], submitted, submitted, submitted])]


def _parties(world: World, pick: Pick, request: RequestId, institution: str) -> list[Event]:
    others = [one for one in institutions_of(world) if one not in (institution, "centre")]
    entity: list[Event] = pick([[], [e.EntityNamed(request=request, institution=one) for one in others[-1:]]])
    taking_part = {institution, *(one.institution for one in entity if isinstance(one, e.EntityNamed))}
    named = [one for one in PEOPLE if h.institution_of(world.facts, one) in taking_part]
    emails = {one: h.email_of(world.facts, one) for one in named[: pick([1, 2, 3])]}
    return [*entity, *(e.ContactNamed(request=request, person=who, email=one) for who, one in emails.items())]


def _waiting(world: World) -> list[RequestId]:
    facts = world.facts
    over = (e.RequestWithdrawn, e.RequestRefused, e.RequestEnded)
    open_ones = [one for one in requests_of(world) if not any(h.told(facts, kind, request=one) for kind in over)]
    return [one for one in open_ones if not h.approvals_of(facts, one)]


def live_requests(world: World) -> list[RequestId]:
    """Return the requests that are approved and not ended."""
    facts = world.facts
    approved = [one for one in requests_of(world) if h.approvals_of(facts, one)]
    return [one for one in approved if not h.told(facts, e.RequestEnded, request=one)]


def decide_request(world: World, pick: Pick) -> list[Event]:
    """A request that came in is approved, refused, returned or withdrawn."""
    waiting = [one for one in _waiting(world) if h.told(world.facts, e.RequestSubmitted, request=one)]
    if not waiting:
        return []
    request = pick(waiting)
    returned = h.last_seq(world.facts, e.RequestReturned, request=request)
    if returned > h.last_seq(world.facts, e.RequestSubmitted, request=request):
        return []
    refused = e.RequestRefused(request=request, reason="no")
    return pick([*3 * [_approval(world, pick, request)], [refused]])


def _approval(world: World, pick: Pick, request: RequestId) -> list[Event]:
    begins, ends = world.at + pick([0, 0, 1]) * DAY, world.at + pick([2, 300]) * DAY
    if h.route_of(world.facts, request) is m.Route.CLINICAL:
        return [
            e.InvestigatorApproved(request=request, place=place, person=w.STEWARD, begins=begins, ends=ends)
            for place in pick([tuple(m.InvestigatorPlace), (m.InvestigatorPlace.LOCAL,)])
        ]
    asked = sorted(d.asked_datasets(world.facts, request))
    granted = pick([None, tuple(DatasetName(one) for one in asked[:1])])
    return [
        e.RequestApproved(
            request=request, improves_treatment=True, public_interest=True, reason="good", begins=begins, ends=ends,
            datasets=granted, opt_out_exception=pick([False, False, True]),
        )
    ]  # fmt: skip


def withdraw_request(world: World, pick: Pick) -> list[Event]:
    """A request is taken back by its applicant, or goes back to them."""
    waiting = _waiting(world)
    return [e.RequestWithdrawn(request=pick(waiting))] if waiting else []


def entities_of(world: World, request: RequestId) -> list[InstitutionName]:
    """Return the legal entities of a request."""
    opened = [one.institution for _, one in h.told(world.facts, e.RequestOpened, request=request)]
    named = [one.institution for _, one in h.told(world.facts, e.EntityNamed, request=request)]
    return [one for one in (*opened, *named) if one in world.state.requests[request].entities]


def found_transfer(world: World, pick: Pick) -> list[Event]:
    """A ground for a transfer is recorded: a decision, a contract, or none; with its measures, or not."""
    request = pick(requests_of(world))
    institution = pick(entities_of(world, request))
    scope = pick([AdequacyScope.FULL, AdequacyScope.DATA_PRIVACY_FRAMEWORK])
    contract = clauses_for(request, institution, pick([world.at - DAY, datetime(2021, 7, 1, tzinfo=UTC)]))
    none = msgspec.structs.replace(contract, basis=m.TransferBasis.NONE, clauses=None, concluded=None)
    ground = pick(
        [
            contract,
            msgspec.structs.replace(contract, clauses=ModelClauses.PROCESSORS_2010),
            msgspec.structs.replace(none, basis=m.TransferBasis.ADEQUACY, scope=scope),
            none,
        ]
    )
    return [msgspec.structs.replace(ground, contractual_measures=pick([True, True, False]))]


def clauses_for(request: RequestId, institution: InstitutionName, concluded: datetime) -> e.TransferBasisRecorded:
    """Return a contract on the model clauses, with everything that belongs to it."""
    return e.TransferBasisRecorded(
        request=request, institution=institution, basis=m.TransferBasis.MODEL_CLAUSES, scope=None,
        clauses=ModelClauses.GDPR_2021, concluded=concluded, protection_adequate=True, contractual_measures=True,
        technical_measures=True,
    )  # fmt: skip
