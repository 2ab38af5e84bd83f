"""The plan follows the cause: grounds first, who has not signed, which course, what is over."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import Action, RequestStatus
from access_policy.model.ids import PersonId, RequestId
from access_policy.next_steps import plan
from access_policy.notices import NoticeKind
from access_policy.rules import Query
from tests.unit.access_policy.denials import DENIALS, Denial
from tests.unit.access_policy.happenings import HOSPITAL, OVERSEAS, happens, joins, signs_for
from tests.unit.access_policy.situations import ask_under_ehds, ask_with_abroad, reached
from tests.unit.access_policy.telling import told
from tests.unit.access_policy.world import (
    COLLEAGUE,
    OPEN,
    RESEARCHER,
    SIGNATORY,
    STRANGER,
    World,
    everything_holds,
    publish,
    sign,
)

HORIZON = timedelta(days=800)
K = NoticeKind


def steps_of(world: World, request: RequestId, who: PersonId = RESEARCHER) -> list[dict[str, Any]]:
    """Return the plan of somebody for a request."""
    query = Query(who, request, Action.OPEN_WORKSPACE, world.at, world.login(who))
    return plan(world.state, world.decide(query))


def _ours(world: World) -> RequestId:
    """The applicant's own organisation lies outside the EEA."""
    request = world.ask(RequestStatus.ASSESSED)
    found = world.state.institutions[HOSPITAL]
    moved = e.InstitutionRegistered(
        institution=HOSPITAL, name=found.name, country="US", domains=tuple(found.domains), centre=False
    )
    happens(world, moved)
    return request


@pytest.mark.parametrize(
    "way",
    [_ours, lambda world: ask_with_abroad(world, RequestStatus.ASSESSED)],
    ids=["of the person's organisation", "of another organisation"],
)
def test_the_ground_is_recorded_before_the_board_decides(way: Callable[[World], RequestId]) -> None:
    """S60, S68: since an approval is refused without the ground of each organisation."""
    world = everything_holds()
    steps = steps_of(world, way(world))
    owners = [step["owner"] for step in steps if step["code"] in ("transfer_basis_missing", "request_not_approved")]
    assert owners == ["data access office", "board"]
    assert [step["step"] for step in steps] == list(range(1, len(steps) + 1))


def test_within_the_eea_no_ground_is_waited_for() -> None:
    """S57: the board decides at once."""
    world, request = reached(RequestStatus.ASSESSED)
    assert "transfer_basis_missing" not in [step["code"] for step in steps_of(world, request)]


WHO_SIGNS = {
    "researcher": ("the researcher signs", "applicant"),
    "licensee": ("the licensee's signatory signs", "signatory"),
    "representative": ("the centre's representative signs", "signing parties"),
}


@pytest.mark.parametrize("missing", WHO_SIGNS)
def test_the_party_that_has_not_signed_is_named(missing: str) -> None:
    """S23, S26: with two of three signatures the plan names the third party, and who it is up to."""
    world, request = reached(RequestStatus.APPROVED)
    sign(world, request, *[party for party in WHO_SIGNS if party != missing])
    (step,) = [one for one in steps_of(world, request) if one["code"] == "licence_not_signed"]
    says, owner = WHO_SIGNS[missing]
    assert step["next_step"].startswith(says)
    assert step["owner"] == owner


def test_the_party_that_has_not_signed_anew_is_named() -> None:
    """S25: of a new version too."""
    world = everything_holds()
    publish(world, "licence-eea", "2")
    sign(world, OPEN, "researcher")
    (step,) = steps_of(world, OPEN)
    assert step["code"] == "licence_superseded"
    assert step["next_step"] == (
        "the licensee's signatory and the centre's representative sign the licence that is in force"
    )


@pytest.mark.parametrize("status", [RequestStatus.REFUSED, RequestStatus.WITHDRAWN, RequestStatus.ENDED])
def test_a_request_that_is_over_has_no_later_steps(status: RequestStatus) -> None:
    """S22, S94: nothing is signed or made available any more; a new request is sent in."""
    world, request = reached(status)
    steps = steps_of(world, request)
    assert steps[-1]["code"] == f"request_{status}"
    assert "new request" in steps[-1]["next_step"]
    assert not {"licence_not_signed", "not_made_available"} & {step["code"] for step in steps}


_TRAINING = [one for one in DENIALS if one.code.startswith("training_")]


@pytest.mark.parametrize("denial", _TRAINING, ids=lambda denial: denial.name)
def test_the_course_is_named(denial: Denial) -> None:
    """S74: a step about training says which course it is about."""
    world = everything_holds()
    query, _ = denial.way(world)
    (step,) = [one for one in plan(world.state, world.decide(query)) if one["code"] == denial.code]
    titles = {course.title for course in world.state.courses.values()}
    assert any(step["next_step"].startswith(f"{title}: ") for title in titles)


def test_under_the_ehds_a_contact_comes_by_an_amendment() -> None:
    """E19: proposed by the licensee's side, decided by the board, then given by the steward."""
    world = everything_holds()
    request = ask_under_ehds(world, RequestStatus.ACTIVE)
    steps = [step for step in steps_of(world, request, COLLEAGUE) if step["code"] == "not_a_contact"]
    assert [step["owner"] for step in steps] == ["signatory", "board", "data steward"]


def _asked(world: World) -> None:
    asked = e.ContactAsked(request=OPEN, person=COLLEAGUE, name="Cas", position="nurse", email="cas@hospital.example")
    happens(world, asked, by=SIGNATORY)


def _checked(world: World) -> None:
    _asked(world)
    happens(world, e.ContactChecked(request=OPEN, person=COLLEAGUE))


@pytest.mark.parametrize(
    ("before", "event", "kind"),
    [
        (_asked, e.ContactChecked(request=OPEN, person=COLLEAGUE), K.CONTACT_CHECKED),
        (_asked, e.ContactRefused(request=OPEN, person=COLLEAGUE, reason="because"), K.CONTACT_REFUSED),
        (_checked, e.ContactMadeAvailable(request=OPEN, person=COLLEAGUE), K.CONTACT_MADE_AVAILABLE),
    ],
    ids=["checked", "refused", "made available"],
)
def test_a_new_contact_is_told_how_it_goes_on(
    before: Callable[[World], None], event: e.FactEvent, kind: NoticeKind
) -> None:
    """S32, S37, S38: the contact and the signatory of their organisation, with the reason; nobody of another one."""
    world = everything_holds()
    before(world)
    joins(world)
    signs_for(world, STRANGER, OVERSEAS)
    found = told(world, event)
    assert {one.to for one in found} == {COLLEAGUE, SIGNATORY}
    assert {(one.kind, one.about) for one in found} == {(kind, OPEN)}
    reason = getattr(event, "reason", None)
    assert [dict(one.values).get("reason") for one in found] == [reason, reason]
