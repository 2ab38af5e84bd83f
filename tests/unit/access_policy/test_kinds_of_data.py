"""When the rules of the EHDS begin depends on the kind of data: for each dataset, each term and each amendment."""

from datetime import datetime

import msgspec
import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.criteria import EHDS_CRITERIA
from access_policy.decision import decide
from access_policy.left_out import LeftOut, left_out
from access_policy.model.enums import Action, DataKind, Regime, RequestStatus, VerificationMethod, Zone
from access_policy.model.ids import CourseName, DatasetName, RequestId
from access_policy.model.instants import Term
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Finding, Query, case_of
from access_policy.rules.particulars import EHDS_BINDS_FROM
from tests.unit.access_policy.abroad import Abroad, abroad
from tests.unit.access_policy.situations import approve, ask_under_ehds, unapproved
from tests.unit.access_policy.world import (
    ADMIN,
    BOARD_MEMBER,
    DAY,
    RESEARCHER,
    STEWARD,
    TICK,
    TRAINER,
    World,
    dataset_arguments,
    everything_holds,
    find,
    kinds,
)

CLINICAL, BIOBANK = EHDS_BINDS_FROM[DataKind.CLINICAL], EHDS_BINDS_FROM[DataKind.BIOBANK]
SHORT = CourseName("short")


def _abroad_with_cells() -> tuple[World, Abroad]:
    """Return a Korean organisation's request under the EHDS for biobank data, a day after clinical data are bound."""
    world = everything_holds(at=CLINICAL + DAY)
    world.do("register-dataset", STEWARD, **dataset_arguments("cells") | {"kind": "biobank"})
    return world, abroad(world, regime="ehds", dataset="cells")


def test_an_amendment_does_not_bring_a_date_forward_that_ends_the_grant() -> None:
    """E2, E13, POL-12: clinical data are bound two years earlier; what would deny everything is refused instead."""
    world, party = _abroad_with_cells()
    assert decide(world.state, party.query(world)).allowed
    wanted = {"datasets": "tumours", "necessities": "the outcome", "reason": "more"}
    assert world.refusal("propose-amendment", party.researcher, request=party.request, **wanted) == "not_complete"
    proposed = e.AmendmentProposed(
        request=party.request, amendment=1, datasets=(DatasetName("tumours"),), contacts=(), reason="more",
        necessities="the outcome",
    )  # fmt: skip
    world.append([(person(party.researcher), proposed)])
    decision = {"request": party.request, "amendment": 1, "reason": "good"}
    assert world.refusal("approve-amendment", BOARD_MEMBER, **decision) == "not_complete"
    assert decide(world.state, party.query(world)).allowed


def test_a_dataset_that_is_asked_for_and_not_granted_lengthens_no_term() -> None:
    """E2, E17: ten years hold for what is granted; biobank data alone have the institute's own bound until 2031."""
    world = everything_holds(at=CLINICAL + DAY)
    world.do("register-dataset", STEWARD, **dataset_arguments("cells") | {"kind": "biobank"})
    request = ask_under_ehds(world, RequestStatus.ASSESSED, datasets=("tumours", "cells"))
    find(world, request, *EHDS_CRITERIA)
    ends = world.at + 3600 * DAY
    assert unapproved(world, request, ends=ends, datasets="cells") == "not_allowed_value"
    assert kinds(approve(world, request, ends=ends)) == [e.RequestApproved]


def _with_opt_outs() -> World:
    """Return a world in which both a clinical and a biobank dataset of a request hold somebody who opted out."""
    world = everything_holds(at=CLINICAL - 100 * DAY)
    world.do("register-dataset", STEWARD, **dataset_arguments("cells") | {"kind": "biobank"})
    for name in ("tumours", "cells"):
        world.do("record-opt-out", STEWARD, dataset=name, subject="1" * 64)
    assert ask_under_ehds(world, RequestStatus.ACTIVE, datasets=("tumours", "cells")) == "DR-3"
    return world


@pytest.mark.parametrize(
    ("at", "opened"),
    [(CLINICAL - TICK, ["tumours", "cells"]), (CLINICAL, ["cells"])],
    ids=["before the law binds", "clinical data are bound"],
)
def test_an_opt_out_binds_by_the_kind_of_its_dataset(at: datetime, opened: list[str]) -> None:
    """E2, E72: clinical data from 2029 on, biobank data from 2031; the others open without it."""
    world = _with_opt_outs()
    world.at = at
    query = world.query(request=RequestId("DR-3"))
    decision = decide(world.state, query)
    assert [one.name for one in decision.datasets] == opened
    lacking = (LeftOut(DatasetName("tumours"), (R.OPT_OUT_IGNORED,)),) if len(opened) == 1 else ()
    assert left_out(world.state, query) == lacking


def _two_courses() -> World:
    """Return a world whose two datasets are one open to all, one for a course that ends soon, inside only."""
    world = everything_holds()
    world.do("register-course", ADMIN, course="short", title="Short", validity_days=2, required=False)
    world.do("register-dataset", STEWARD, **dataset_arguments("inner", "institute") | {"trainings": "short"})
    world.do("certify-person", TRAINER, person=RESEARCHER, course="short")
    assert world.ask(RequestStatus.ACTIVE, ("tumours", "inner")) == "DR-3"
    return world


def test_until_is_about_what_is_opened() -> None:
    """S77, REQ-08: outside, the end of a course for data that open inside only is nothing to the workspace."""
    world = _two_courses()
    ends = world.state.people[RESEARCHER].certifications[SHORT][0].ends
    world.at = ends - DAY / 24
    outside = decide(world.state, world.query(request=RequestId("DR-3")))
    inside = decide(world.state, world.query(request=RequestId("DR-3"), zone=Zone.INSTITUTE))
    assert inside.until == ends
    assert outside.until is not None
    assert outside.until > ends


def test_a_kept_denial_ends_when_the_reasons_change() -> None:
    """POL-05: also where the instant is that of a course that another condition hides."""
    world = _two_courses()
    world.do("revoke-certification", TRAINER, person=RESEARCHER, course="privacy", reason="another person")
    world.do("withdraw-dataset", STEWARD, dataset="tumours", reason="a question")
    ends = world.state.people[RESEARCHER].certifications[SHORT][0].ends
    for at in (ends - TICK, ends, ends + TICK):
        world.at = at
        query = Query(RESEARCHER, RequestId("DR-3"), Action.OPEN_WORKSPACE, at, world.login(zone=Zone.INSTITUTE))
        warm = decide(world.state, query).codes
        world.state.memo.clear()
        assert decide(world.state, query).codes == warm
        world.state.memo.clear()
        decide(world.state, Query(RESEARCHER, RequestId("DR-3"), Action.OPEN_WORKSPACE, ends - TICK, query.session))
        assert decide(world.state, query).codes == warm


def test_the_session_of_another_from_inside_opens_no_inside_data() -> None:
    """S76, S77: whose session it is counts before where it comes from, in what is kept too."""
    world = _two_courses()
    foreign = Query(RESEARCHER, RequestId("DR-3"), Action.OPEN_WORKSPACE, world.at, world.login(ADMIN, Zone.INSTITUTE))
    assert not decide(world.state, foreign).allowed
    mine = world.query(request=RequestId("DR-3"), zone=Zone.INSTITUTE)
    assert [one.name for one in decide(world.state, mine).datasets] == ["tumours", "inner"]


def _verified_until(world: World, until: datetime) -> None:
    verified = e.PersonVerified(person=RESEARCHER, method=VerificationMethod.IN_PERSON, until=until)
    world.append([(person(ADMIN), verified)])


def test_a_kept_answer_ends_with_the_first_of_its_conditions() -> None:
    """POL-05, S73: a verification that ends before a dataset's course does; nothing kept outlives it."""
    world = _two_courses()
    until = world.at + DAY
    _verified_until(world, until)
    query = world.query(request=RequestId("DR-3"), zone=Zone.INSTITUTE)
    assert query.session is not None
    session = msgspec.structs.replace(query.session, ends=until + DAY)
    assert decide(world.state, query).allowed
    assert decide(world.state, msgspec.structs.replace(query, at=until, session=session)).codes == (
        R.VERIFICATION_EXPIRED,
    )


def test_a_kept_denial_ends_with_the_first_condition_that_changes() -> None:
    """POL-05, S39, S73: a verification that ends before a term begins is among the reasons from its end on."""
    world = everything_holds()
    request = world.state.requests[RequestId("DR-1")]
    request.term = Term(world.at + 20 * DAY, world.at + 90 * DAY)
    _verified_until(world, world.at + 10 * DAY)
    asked = Query(RESEARCHER, RequestId("DR-1"), Action.KEEP_WORKSPACE, world.at)
    assert decide(world.state, asked).codes == (R.TERM_NOT_BEGUN,)
    later = decide(world.state, msgspec.structs.replace(asked, at=asked.at + 12 * DAY))
    assert later.codes == (R.VERIFICATION_EXPIRED, R.TERM_NOT_BEGUN)


@pytest.mark.parametrize("order", [("brief", "lasting"), ("lasting", "brief")], ids=["brief first", "brief last"])
def test_what_an_opening_is_about_changes_with_the_first_course_that_ends(order: tuple[str, str]) -> None:
    """S74, POL-05: of all datasets that the person has by a course, whatever their order."""
    world = everything_holds()
    for name, days in (("brief", 2), ("lasting", 9)):
        world.do("register-course", ADMIN, course=name, title=name, validity_days=days, required=False)
        world.do("register-dataset", STEWARD, **dataset_arguments(name) | {"trainings": name})
        world.do("certify-person", TRAINER, person=RESEARCHER, course=name)
    request = world.ask(RequestStatus.ACTIVE, order)
    brief = world.state.people[RESEARCHER].certifications[CourseName("brief")][0]
    assert case_of(world.state, world.query(request=request)).changes == brief.ends


@pytest.mark.parametrize(("regime", "exception"), [(Regime.OWN, False), (Regime.EHDS, True)], ids=["own", "exception"])
def test_an_opt_out_leaves_nothing_out_under_another_regime_or_an_exception(regime: Regime, exception: bool) -> None:
    """E72, E15: one of several datasets neither."""
    world = _with_opt_outs()
    world.at = CLINICAL
    request = world.state.requests[RequestId("DR-3")]
    request.regime, request.opt_out_exception = regime, exception
    query = world.query(request=RequestId("DR-3"))
    assert [one.name for one in decide(world.state, query).datasets] == ["tumours", "cells"]


def _of_opt_outs(world: World, action: Action) -> Finding:
    (found,) = [
        one
        for one in decide(world.state, world.query(action, RequestId("DR-3"))).findings
        if one.code is R.OPT_OUT_IGNORED
    ]
    return found


def test_opt_outs_of_two_kinds_fail_one_after_the_other() -> None:
    """E2, E72: a running workspace since the first is bound, an opening since the last is; it holds until the first."""
    world = _with_opt_outs()
    assert _of_opt_outs(world, Action.OPEN_WORKSPACE).until == CLINICAL
    world.start(RequestId("DR-3"))
    assert _of_opt_outs(world, Action.KEEP_WORKSPACE).until == CLINICAL
    world.at = BIOBANK
    code = R.OPT_OUT_IGNORED
    assert _of_opt_outs(world, Action.KEEP_WORKSPACE) == Finding(code, False, CLINICAL)
    assert _of_opt_outs(world, Action.OPEN_WORKSPACE) == Finding(code, False, BIOBANK)
