"""Histories of requests and datasets: opt-outs, versions, offers, ends and extensions."""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.model.enums import (
    Assurance,
    ConsentBasis,
    DataKind,
    InvestigatorPlace,
    Region,
    RequestStatus,
    Route,
    Scenario,
    VerificationMethod,
    Zone,
)
from access_policy.model.ids import DatasetName, RequestId
from access_policy.reasons import ReasonCode as R
from tests.unit.access_policy.denials import BINDS, DENIALS
from tests.unit.access_policy.journeys_of_people import say
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DAY,
    DIGEST,
    OPEN,
    RESEARCHER,
    STEWARD,
    World,
    begun,
    description,
    everything_holds,
)


def _opted_out_and_back(world: World) -> None:
    """Before a grant the opt-outs count that stand now."""
    tumours, subject = DatasetName("tumours"), "0" * 64
    world.become(everything_holds(at=BINDS - 20 * DAY))
    request = world.ask(RequestStatus.DRAFT)
    world.do("describe-request", RESEARCHER, request=request, **description(regime="ehds"))
    world.at = BINDS
    say(world, e.OptedOut(dataset=tumours, subject=subject))
    say(world, e.OptOutReversed(dataset=tumours, subject=subject))


def _versions(world: World) -> None:
    """A consent withdrawn closes, a release opens; an extract of an old version is none."""
    tumours = DatasetName("tumours")
    request = world.ask(RequestStatus.ACTIVE, ("tumours",))
    world.start(request)
    version: dict[str, Any] = {"location": "tumours-2", "manifest": DIGEST}
    say(world, e.ExtractPrepared(request=request, dataset=tumours, version="1", patients=3, **version))
    world.end(request)
    world.start(request)
    say(world, e.VersionReleased(dataset=tumours, version="2", excluded=(), **version))
    world.end(request)
    say(world, e.ExtractPrepared(request=request, dataset=tumours, version="2", patients=3, **version))
    world.start(request)
    say(world, e.ConsentWithdrawn(dataset=tumours, subject="0" * 64))
    say(world, e.VersionReleased(dataset=tumours, version="3", excluded=("0" * 64,), **version))
    say(world, e.ExtractPrepared(request=request, dataset=tumours, version="3", patients=3, **version))


def _opted_out_and_left_out(world: World) -> None:
    next(denial for denial in DENIALS if denial.code is R.OPT_OUT_IGNORED).way(world)
    world.at = BINDS
    version: dict[str, Any] = {"version": "2", "location": "tumours-2", "manifest": DIGEST, "excluded": ("0" * 64,)}
    say(world, e.VersionReleased(dataset=DatasetName("tumours"), **version))


GENOMES = DatasetName("genomes")
VERSION: dict[str, Any] = {"location": "genomes-2", "manifest": DIGEST}


def _genomes(world: World) -> None:
    """Register a dataset that is for the institute's network and for surely proofed identities."""
    say(
        world,
        e.DatasetRegistered(
            dataset=GENOMES, title="Genomes", source="a hospital", kind=DataKind.BIOBANK, version="1",
            location="genomes", manifest=DIGEST, region=Region.LOCAL, zone=Zone.INSTITUTE,
            consent=ConsentBasis.INFORMED_CONSENT, attested=True, assurance=Assurance.HIGH,
        ),
    )  # fmt: skip


def _approved(request: RequestId, world: World, *datasets: str) -> e.RequestApproved:
    names = tuple(DatasetName(name) for name in datasets)
    return e.RequestApproved(
        request=request, improves_treatment=True, public_interest=True, reason="good", begins=world.at,
        ends=world.at + DAY, datasets=names,
    )  # fmt: skip


def _offers_of_a_draft(world: World) -> None:
    _genomes(world)
    request = world.ask(RequestStatus.DRAFT, ("tumours",))
    say(world, e.DatasetRequested(request=request, dataset=GENOMES, necessity="the outcome"))
    say(world, e.DatasetDropped(request=request, dataset=DatasetName("tumours")))
    say(world, e.DatasetRequested(request=request, dataset=DatasetName("tumours"), necessity="the outcome"))
    say(world, e.DatasetDropped(request=request, dataset=DatasetName("tumours")))
    world.do("withdraw-dataset", STEWARD, dataset="genomes", reason="consent")
    world.agree("reopen-dataset", STEWARD, dataset="genomes")
    until, method = world.at + 700 * DAY, VerificationMethod.IN_PERSON
    for verified in (Assurance.HIGH, Assurance.LOW):
        say(world, e.PersonVerified(person=RESEARCHER, method=method, until=until, assurance=verified))
    say(world, e.VerificationWithdrawn(person=RESEARCHER, reason="another person"))
    say(world, e.PersonVerified(person=RESEARCHER, method=VerificationMethod.VIDEO_CALL, until=until))
    say(world, e.DatasetDropped(request=request, dataset=GENOMES))


def _offers_of_a_grant(world: World) -> None:
    _genomes(world)
    request = world.ask(RequestStatus.ASSESSED, ("tumours", "genomes"))
    say(world, _approved(request, world, "genomes"))
    say(world, e.ConsentWithdrawn(dataset=GENOMES, subject="0" * 64))
    say(world, e.VersionReleased(dataset=GENOMES, version="2", excluded=("0" * 64,), **VERSION))
    say(world, e.ExtractPrepared(request=request, dataset=GENOMES, version="1", patients=3, **VERSION))
    say(world, e.ExtractPrepared(request=request, dataset=GENOMES, version="2", patients=3, **VERSION))
    say(world, e.VersionReleased(dataset=GENOMES, version="3", excluded=("0" * 64,), **VERSION))
    say(world, e.ExtractPrepared(request=request, dataset=GENOMES, version="3", patients=3, **VERSION))
    amendment: dict[str, Any] = {"amendment": 1, "reason": "more"}
    say(world, e.AmendmentProposed(request=request, datasets=(DatasetName("tumours"),), contacts=(), **amendment))
    say(world, e.AmendmentApproved(request=request, **amendment))
    say(world, e.RequestMadeAvailable(request=request, datasets=(GENOMES,)))


def _offers_of_what_is_closed(world: World) -> None:
    """A grant of a closed dataset alone, an amendment that adds an open one, and only the closed one made available."""
    _genomes(world)
    request = world.ask(RequestStatus.ASSESSED, ("tumours", "genomes"))
    world.do("withdraw-dataset", STEWARD, dataset="genomes", reason="consent")
    say(world, _approved(request, world, "genomes"))
    amendment: dict[str, Any] = {"amendment": 1, "reason": "more"}
    say(world, e.AmendmentProposed(request=request, datasets=(DatasetName("tumours"),), contacts=(), **amendment))
    say(world, e.AmendmentApproved(request=request, **amendment))
    say(world, e.RequestMadeAvailable(request=request, datasets=(GENOMES,)))


def _another_address(world: World) -> None:
    for email in ("rosa@clinic.example", "rosa@hospital.example"):
        say(world, e.EmailCorrected(person=RESEARCHER, email=email))


def _centre_of_another_domain(world: World) -> None:
    world.become(begun())
    world.do(
        "register-institution", ADMIN, institution="centre", name="Centre", country="NL", domains="other.example",
        centre=True,
    )  # fmt: skip


def _clinical(world: World) -> None:
    request = world.ask(RequestStatus.DRAFT)
    say(world, e.RequestSubmitted(request=request, digest=DIGEST, scenario=Scenario.TREATMENT, route=Route.CLINICAL))
    term: dict[str, Any] = {"begins": world.at + DAY, "ends": world.at + 9 * DAY}
    for place, who in ((InvestigatorPlace.LOCAL, COLLEAGUE), (InvestigatorPlace.CENTRAL, ADMIN)):
        say(world, e.InvestigatorApproved(request=request, place=place, person=who, **term))


def _extended(world: World) -> None:
    term = world.state.requests[OPEN].term
    assert term is not None
    world.at = term.ends
    say(world, e.ExtensionGranted(request=OPEN, ends=term.ends + DAY, reason="more time"))


OF_REQUESTS: tuple[Callable[[World], object], ...] = (
    _opted_out_and_back,
    _opted_out_and_left_out,
    _versions,
    _offers_of_a_draft,
    _offers_of_a_grant,
    _offers_of_what_is_closed,
    _another_address,
    _centre_of_another_domain,
    _clinical,
    _extended,
)
