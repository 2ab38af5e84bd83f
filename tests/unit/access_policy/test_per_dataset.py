"""What one dataset asks for binds that dataset: the others of its request open without it (S3, S74, S77, E26, E72)."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import msgspec
import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.decision import decide
from access_policy.model.enums import Action, Assurance, RequestStatus, VerificationMethod, Zone
from access_policy.model.ids import CourseName, DatasetName, RequestId
from access_policy.reasons import ReasonCode as R
from tests.unit.access_policy.denials import BINDS
from tests.unit.access_policy.situations import ask_under_ehds
from tests.unit.access_policy.world import ADMIN, DAY, DIGEST, OPEN, RESEARCHER, STEWARD, World, everything_holds

pytestmark = pytest.mark.unit

IMAGES = DatasetName("images")
GENOMES = CourseName("genomes")
PLAIN = ("expressions", "tumours")
ALL_THREE = ("expressions", "images", "tumours")
INSIDE, OUTSIDE = Zone.INSTITUTE, Zone.ANYWHERE

Step = Callable[[World], None]


class Situation(NamedTuple):
    """What happened in the good world, from where the researcher asks what, and the answer: codes, or datasets."""

    name: str
    steps: tuple[Step, ...]
    action: Action
    zone: Zone
    codes: tuple[R, ...]
    datasets: tuple[str, ...]


def facts(*events: e.FactEvent) -> Step:
    """Return the step that puts facts on record, each by itself."""

    def step(world: World) -> None:
        for event in events:
            world.append([(person(ADMIN), event)])

    return step


def images(
    *, trainings: tuple[CourseName, ...] = (), zone: Zone = Zone.ANYWHERE, assurance: Assurance = Assurance.LOW
) -> e.DatasetRegistered:
    """Return a dataset that asks for something of its own."""
    like = next(fact.event for fact in everything_holds().facts if isinstance(fact.event, e.DatasetRegistered))
    return msgspec.structs.replace(like, dataset=IMAGES, trainings=trainings, zone=zone, assurance=assurance)


def added_to(request: RequestId) -> tuple[e.FactEvent, ...]:
    """Return how the images come to a permit, to which their data are made available."""
    return (
        e.AmendmentProposed(request=request, amendment=1, datasets=(IMAGES,), contacts=(), reason="more"),
        e.AmendmentApproved(request=request, amendment=1, reason="they are needed"),
        e.RequestMadeAvailable(request=request, datasets=(IMAGES,)),
    )


def course(name: str = GENOMES, required: bool = False) -> e.CourseRegistered:
    """Return a course that binds where a dataset asks for it, or everybody."""
    return e.CourseRegistered(course=CourseName(name), title="A course", validity_days=30, required=required)


def alone(world: World) -> None:
    """The other datasets of the request are offered no more."""
    for name in PLAIN:
        world.do("withdraw-dataset", STEWARD, dataset=name, reason="misuse")


def pass_course(world: World) -> None:
    """The researcher passes the course of the images."""
    facts(e.PersonCertified(person=RESEARCHER, course=GENOMES, ends=world.at + 30 * DAY))(world)


def verify(assurance: Assurance) -> Step:
    """Return the step that verifies the researcher anew, so surely."""

    def step(world: World) -> None:
        method, until = VerificationMethod.IN_PERSON, world.at + 700 * DAY
        facts(e.PersonVerified(person=RESEARCHER, method=method, until=until, assurance=assurance))(world)

    return step


def start(zone: Zone) -> Step:
    """Return the step that starts the researcher's workspace."""
    return lambda world: world.start(OPEN, zone)


OF_A_COURSE = facts(course(), images(trainings=(GENOMES,)), *added_to(OPEN))
OF_THE_INSTITUTE = facts(images(zone=Zone.INSTITUTE), *added_to(OPEN))
OF_HIGH_ASSURANCE = facts(images(assurance=Assurance.HIGH), *added_to(OPEN))
NEW_FOR_ALL = facts(course("ethics", required=True))
REVOKED = facts(e.CertificationRevoked(person=RESEARCHER, course=GENOMES, reason="copied answers"))

OPENS, REACHES, KEEPS = Action.OPEN_WORKSPACE, Action.REACH_WORKSPACE, Action.KEEP_WORKSPACE
WITH_COURSE = (OF_A_COURSE, pass_course)

SITUATIONS = (
    Situation("S74: the rest opens without its course", (OF_A_COURSE,), OPENS, OUTSIDE, (), PLAIN),
    Situation("S74: all opens with its course", WITH_COURSE, OPENS, OUTSIDE, (), ALL_THREE),
    Situation("S74: alone it waits for its course", (OF_A_COURSE, alone), OPENS, OUTSIDE, (R.TRAINING_MISSING,), ()),
    Situation(
        "S74: a course for all binds the whole", (OF_A_COURSE, NEW_FOR_ALL), OPENS, OUTSIDE, (R.TRAINING_MISSING,), ()
    ),
    Situation(
        "S74: a workspace without it goes on as it comes", (start(OUTSIDE), OF_A_COURSE), KEEPS, OUTSIDE, (), PLAIN
    ),
    Situation(
        "S74: a workspace with it ends with its course", (*WITH_COURSE, start(OUTSIDE), REVOKED), KEEPS, OUTSIDE,
        (R.TRAINING_REVOKED,), (),
    ),
    Situation("S74: after that the rest opens again", (*WITH_COURSE, REVOKED), OPENS, OUTSIDE, (), PLAIN),
    Situation("S77: outside the rest opens", (OF_THE_INSTITUTE,), OPENS, OUTSIDE, (), PLAIN),
    Situation("S77: inside all opens", (OF_THE_INSTITUTE,), OPENS, INSIDE, (), ALL_THREE),
    Situation("S77: alone it opens inside only", (OF_THE_INSTITUTE, alone), OPENS, OUTSIDE, (R.ZONE,), ()),
    Situation(
        "S78: a workspace with it is not reached outside", (OF_THE_INSTITUTE, start(INSIDE)), REACHES, OUTSIDE,
        (R.ZONE,), (),
    ),
    Situation(
        "S78: one that was started outside is reached outside", (OF_THE_INSTITUTE, start(OUTSIDE)), REACHES, OUTSIDE,
        (), PLAIN,
    ),
    Situation(
        "S78: a workspace with it goes on", (OF_THE_INSTITUTE, start(INSIDE)), KEEPS, OUTSIDE, (), ALL_THREE
    ),
    Situation("E26: the rest opens to a less sure identity", (OF_HIGH_ASSURANCE,), OPENS, OUTSIDE, (), PLAIN),
    Situation(
        "E26: all opens to a sure identity", (OF_HIGH_ASSURANCE, verify(Assurance.HIGH)), OPENS, OUTSIDE, (), ALL_THREE
    ),
    Situation(
        "E26: alone it asks for a sure identity", (OF_HIGH_ASSURANCE, alone), OPENS, OUTSIDE, (R.ASSURANCE_TOO_LOW,), ()
    ),
)  # fmt: skip


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.name)
def test_what_a_dataset_asks_for_binds_that_dataset(situation: Situation) -> None:
    """S3, S74, S77, S78, E26: the answer, its reasons and its datasets."""
    world = everything_holds()
    for step in situation.steps:
        step(world)
    decision = world.decide(world.query(situation.action, zone=situation.zone))
    assert decision.codes == situation.codes
    assert tuple(sorted(one.name for one in decision.datasets)) == situation.datasets
    assert decision.allowed == (not situation.codes)


def under_ehds(*of_images: e.FactEvent, datasets_left: bool = True) -> tuple[World, RequestId]:
    """Return a world in which the chapter binds, with a permit for the tumours to which the images came."""
    world = everything_holds(at=BINDS + timedelta(days=1))
    request = ask_under_ehds(world, RequestStatus.ACTIVE)
    facts(images(), *of_images, *added_to(request))(world)
    if not datasets_left:
        world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="misuse")
    return world, request


OPTED_OUT = e.OptedOut(dataset=IMAGES, subject=DIGEST)
WITHOUT_THEM = e.VersionReleased(dataset=IMAGES, version="2", location="images", manifest=DIGEST, excluded=(DIGEST,))


@pytest.mark.parametrize(
    ("of_images", "datasets_left", "codes", "datasets"),
    [
        pytest.param((OPTED_OUT,), True, (), ("tumours",), id="E72: the rest opens beside an opt-out"),
        pytest.param((OPTED_OUT,), False, (R.OPT_OUT_IGNORED,), (), id="E72: alone it is denied"),
        pytest.param(
            (OPTED_OUT, WITHOUT_THEM), True, (), ("images", "tumours"), id="E72: without the person all opens"
        ),
    ],
)
def test_an_opt_out_keeps_the_dataset_that_ignores_it(
    of_images: tuple[e.FactEvent, ...], datasets_left: bool, codes: tuple[R, ...], datasets: tuple[str, ...]
) -> None:
    """E72: nobody who opted out before the permit is in its data; the data without them open."""
    world, request = under_ehds(*of_images, datasets_left=datasets_left)
    decision = decide(world.state, world.query(request=request))
    assert decision.codes == codes
    assert tuple(sorted(one.name for one in decision.datasets)) == datasets
