"""Conditions on the datasets: since and until when, where several are granted, prepared, closed or opted out of."""

from datetime import datetime

import pytest

from access_policy.model.enums import DataKind, FactorKind, Regime, Zone
from access_policy.model.ids import DatasetName
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Finding, Session, case_of
from access_policy.rules.particulars import EHDS_BINDS_FROM
from access_policy.state import Dataset, Extract, OptOut, Workspace
from tests.unit.access_policy.findings import Asking, day
from tests.unit.access_policy.world import DAY, DIGEST, OPEN, RESEARCHER, TICK

TUMOURS, EXPRESSIONS = DatasetName("tumours"), DatasetName("expressions")
BINDS = EHDS_BINDS_FROM[DataKind.CLINICAL]


class Granted(Asking):
    """The good world, whose request grants two datasets, offered and released since the first and second day."""

    def __init__(self) -> None:
        super().__init__()
        self.tumours, self.expressions = self.state.datasets[TUMOURS], self.state.datasets[EXPRESSIONS]
        self.tumours.since = self.tumours.released = day(1)
        self.expressions.since = self.expressions.released = day(2)
        self.request.opened = day(0)
        self.request.granted = {TUMOURS: day(3), EXPRESSIONS: day(3)}
        self.request.available = None
        self.request.available_datasets.clear()
        self.request.extracts.clear()

    @property
    def both(self) -> tuple[Dataset, Dataset]:
        """Return both datasets."""
        return self.tumours, self.expressions

    def offered(self) -> list[DatasetName]:
        """Return what the request can be given now."""
        return [one.dataset for one in case_of(self.state, self.query()).offered]

    def makes_available(self, *names: DatasetName) -> None:
        """Let these of the datasets be made available, and no other."""
        self.request.available, self.request.available_datasets = day(3), dict.fromkeys(names, day(3))

    def extract(self, name: DatasetName, version: str) -> None:
        """Let an extract of a version be prepared for the request."""
        self.request.extracts[name] = Extract(version, "a-folder", DIGEST, 10, day(3))

    def runs(self, *names: DatasetName, started: float = 4) -> None:
        """Let a workspace run that holds these datasets."""
        workspace = Workspace(RESEARCHER, OPEN, "small", day(started), 1, names, day(90), day(90))
        self.state.workspaces[RESEARCHER, OPEN] = workspace


def test_what_is_granted_counts_once_it_is_decided() -> None:
    """S3: the datasets that were granted; before the approval those that are asked for; unknown ones never."""
    asking = Granted()
    asking.request.granted = {EXPRESSIONS: day(3), DatasetName("unknown"): day(3)}
    asking.request.datasets = {TUMOURS: "the outcome"}
    assert asking.offered() == ["expressions"]
    asking.request.approved = None
    assert asking.offered() == ["tumours"]


def test_what_was_not_made_available_is_not_offered() -> None:
    """S38, S100: where datasets are made available one by one, only those are offered."""
    asking = Granted()
    assert asking.offered() == ["tumours", "expressions"]
    asking.makes_available(EXPRESSIONS)
    assert asking.offered() == ["expressions"]
    asking.expressions.withdrawn = day(4)
    assert asking.offered() == []
    asking.makes_available()
    asking.expressions.withdrawn = None
    assert asking.offered() == []


def test_an_extract_of_another_version_is_not_offered() -> None:
    """S3: a dataset with an extract is offered while the extract is of its version; the others are offered whole."""
    asking = Granted()
    asking.extract(TUMOURS, "1")
    assert asking.offered() == ["tumours", "expressions"]
    asking.extract(TUMOURS, "0")
    assert asking.offered() == ["expressions"]
    asking.makes_available(TUMOURS)
    assert asking.offered() == []
    asking.extract(TUMOURS, "1")
    assert asking.offered() == ["tumours"]
    asking.tumours.withdrawn = day(4)
    assert asking.offered() == []


@pytest.mark.parametrize(("tumours", "expressions"), [(1, 2), (2, 1)])
def test_a_dataset_is_open_since_the_first_is(tumours: int, expressions: int) -> None:
    """S82, S83: one is enough, since the first of those that are offered."""
    asking = Granted()
    asking.tumours.since, asking.expressions.since = day(tumours), day(expressions)
    code = R.NO_DATASET_OPEN
    assert asking.found(code) == Finding(code, True, day(1))
    asking.tumours.withdrawn = day(3)
    assert asking.found(code) == Finding(code, True, day(expressions))


@pytest.mark.parametrize(("tumours", "expressions"), [(4, 5), (5, 4)])
def test_no_dataset_is_open_since_the_last_was_closed(tumours: int, expressions: int) -> None:
    """S82, REQ-10: withdrawn or closed, whichever came to it last."""
    asking = Granted()
    code = R.NO_DATASET_OPEN
    asking.tumours.withdrawn, asking.expressions.closed = day(tumours), day(expressions)
    assert asking.found(code) == Finding(code, False, day(5))
    asking.request.granted.clear()
    assert asking.found(code) == Finding(code, False, day(0))


@pytest.mark.parametrize(("since", "released"), [(5, 6), (6, 5)])
def test_no_dataset_is_open_since_the_version_that_has_no_extract(since: int, released: int) -> None:
    """S3: a dataset without its extract is not offered since it is offered to others, or since its version came out."""
    asking = Granted()
    code = R.NO_DATASET_OPEN
    asking.request.granted = {TUMOURS: day(3)}
    asking.extract(TUMOURS, "0")
    asking.tumours.since, asking.tumours.released = day(since), day(released)
    assert asking.found(code) == Finding(code, False, day(6))


def _under_ehds(**opted_out: list[float]) -> Granted:
    asking = Granted()
    asking.request.regime, asking.request.approved = Regime.EHDS, day(3)
    for name, days in opted_out.items():
        dataset = asking.state.datasets[DatasetName(name)]
        dataset.opt_outs_inside = tuple(OptOut(day(one)) for one in days)
    return asking


def test_an_opt_out_matters_under_the_ehds_only() -> None:
    """E72: under the own regime, and under an exception, nobody is ignored, since the request was opened."""
    code = R.OPT_OUT_IGNORED
    asking = _under_ehds(tumours=[1], expressions=[1])
    assert not asking.found(code, BINDS).holds
    asking.request.opt_out_exception = True
    assert asking.found(code, BINDS) == Finding(code, True, day(0))
    asking.request.opt_out_exception, asking.request.regime = False, Regime.OWN
    assert asking.found(code, BINDS) == Finding(code, True, day(0))


@pytest.mark.parametrize("opted_out", [{}, {"tumours": [3, 4]}, {"tumours": [4], "expressions": [3]}])
def test_an_opt_out_after_the_grant_leaves_it_as_it_is(opted_out: dict[str, list[float]]) -> None:
    """E72: at the very instant of the grant it is too late; since the approval, or the request where there is none."""
    code = R.OPT_OUT_IGNORED
    asking = _under_ehds(**opted_out)
    assert asking.found(code, BINDS) == Finding(code, True, day(3))
    asking = _under_ehds()
    asking.request.approved = None
    assert asking.found(code, BINDS) == Finding(code, True, day(0))


@pytest.mark.parametrize(
    "opted_out", [{"tumours": [1]}, {"tumours": [2.9]}, {"tumours": [4, 1]}, {"tumours": [1], "expressions": [2]}]
)
def test_one_opt_out_before_the_grant_is_enough(opted_out: dict[str, list[float]]) -> None:
    """E72, E2: of each dataset that is left; it holds until the rules bind, half-open, and fails since they do."""
    code = R.OPT_OUT_IGNORED
    asking = _under_ehds(**opted_out)
    if "expressions" not in opted_out:
        asking.expressions.withdrawn = day(2)
    assert asking.found(code, BINDS - TICK) == Finding(code, True, day(3), BINDS)
    assert asking.found(code, BINDS) == Finding(code, False, BINDS)
    asking.request.approved = BINDS + DAY
    assert asking.found(code, BINDS + 2 * DAY) == Finding(code, False, BINDS + DAY)


@pytest.mark.parametrize(("ends", "holds"), [(2, True), (3, False), (4, False)])
def test_an_opt_out_that_was_taken_back_before_the_grant_is_none(ends: float, holds: bool) -> None:
    """E72: before the grant it is gone; taken back at that instant or later it stood when data were given."""
    asking = _under_ehds(expressions=[1])
    asking.tumours.opt_outs_inside = (OptOut(day(1), day(ends)),)
    assert asking.found(R.OPT_OUT_IGNORED, BINDS).holds is holds


def test_each_grant_counts_by_its_own_instant() -> None:
    """E72: a dataset that an amendment added has the opt-outs left out that came before that; what is closed none."""
    code = R.OPT_OUT_IGNORED
    asking = _under_ehds(tumours=[1], expressions=[4])
    assert asking.found(code, BINDS).holds
    asking.request.granted[EXPRESSIONS] = day(5)
    assert not asking.found(code, BINDS).holds
    asking.tumours.opt_outs_inside = ()
    asking.expressions.withdrawn = day(6)
    assert asking.found(code, BINDS).holds


@pytest.mark.parametrize(("opened", "expected"), [(BINDS + DAY, 3), (BINDS + 4 * DAY, 4)])
@pytest.mark.parametrize("days", [(3, 5), (5, 3)])
def test_before_a_grant_every_opt_out_counts(opened: datetime, expected: int, days: tuple[int, int]) -> None:
    """E72: since the first that stands, or since the request was opened where that is later."""
    code = R.OPT_OUT_IGNORED
    asking = _under_ehds()
    taken_back = OptOut(BINDS + 2 * DAY, BINDS + 8 * DAY)
    asking.tumours.opt_outs_inside = (taken_back, *(OptOut(BINDS + one * DAY) for one in days))
    asking.request.datasets = {TUMOURS: "the outcome"}
    asking.request.granted.clear()
    asking.request.approved, asking.request.opened = None, opened
    assert asking.found(code, BINDS + 9 * DAY) == Finding(code, False, BINDS + expected * DAY)


def test_a_workspace_holds_what_is_offered() -> None:
    """S82: since it was started; a dataset that it does not hold is nothing to it."""
    asking = Granted()
    code = R.DATASET_WITHDRAWN
    asking.runs(TUMOURS)
    assert asking.found(code) == Finding(code, True, day(4))
    asking.expressions.withdrawn = day(5)
    assert asking.found(code) == Finding(code, True, day(4))
    asking.tumours.withdrawn = day(6)
    assert asking.found(code) == Finding(code, False, day(6))


@pytest.mark.parametrize(("tumours", "expressions"), [(5, 6), (6, 5)])
def test_a_workspace_ends_with_the_first_dataset_that_goes(tumours: int, expressions: int) -> None:
    """S82: since the first of those that it holds went."""
    asking = Granted()
    code = R.DATASET_WITHDRAWN
    asking.runs(TUMOURS, EXPRESSIONS)
    asking.tumours.withdrawn = day(tumours)
    assert asking.found(code) == Finding(code, False, day(tumours))
    asking.expressions.closed = day(expressions)
    assert asking.found(code) == Finding(code, False, day(5))


def test_a_dataset_that_came_back_is_another_one_to_a_workspace() -> None:
    """S82: reopened or released after the start it is not what was mounted; at the very start it is."""
    asking = Granted()
    code = R.DATASET_WITHDRAWN
    asking.runs(TUMOURS, EXPRESSIONS)
    asking.tumours.since = day(4)
    assert asking.found(code) == Finding(code, True, day(4))
    asking.tumours.since = day(4) + TICK
    assert asking.found(code) == Finding(code, False, day(4) + TICK)
    asking.expressions.withdrawn, asking.expressions.since = day(6), day(5)
    assert asking.found(code) == Finding(code, False, day(4) + TICK)
    asking.tumours.since = day(1)
    assert asking.found(code) == Finding(code, False, day(5))
    asking.expressions.since = day(1)
    assert asking.found(code) == Finding(code, False, day(6))


def test_a_version_without_somebody_ends_what_runs_with_them() -> None:
    """S82: a workspace that began before that version came holds them still; one that began with it does not."""
    asking = Granted()
    code = R.DATASET_WITHDRAWN
    asking.runs(TUMOURS)
    asking.tumours.shrunk = day(4)
    assert asking.found(code) == Finding(code, True, day(4))
    asking.tumours.shrunk = day(5)
    assert asking.found(code) == Finding(code, False, day(5))
    asking.tumours.since = day(6)
    assert asking.found(code) == Finding(code, False, day(5))
    asking.tumours.since = day(4.5)
    assert asking.found(code) == Finding(code, False, day(4.5))


def test_a_new_extract_ends_what_runs_with_the_old_one() -> None:
    """S3: a workspace that began before the extract was prepared holds another one, or all of the dataset."""
    asking = Granted()
    code = R.DATASET_WITHDRAWN
    asking.runs(TUMOURS, started=3)
    asking.extract(TUMOURS, "1")
    assert asking.found(code) == Finding(code, True, day(3))
    asking.runs(TUMOURS, started=2)
    assert asking.found(code) == Finding(code, False, day(3))
    asking.extract(TUMOURS, "0")
    asking.tumours.released = day(5)
    assert asking.found(code) == Finding(code, False, day(3))


def test_a_dataset_that_is_gone_altogether_ends_its_workspace() -> None:
    """S82, POL-05: what is granted no more is not offered, and there is no instant to name."""
    asking = Granted()
    code = R.DATASET_WITHDRAWN
    asking.runs(TUMOURS, EXPRESSIONS)
    del asking.request.granted[TUMOURS]
    assert asking.found(code) == Finding(code, False)


@pytest.mark.parametrize("restricted", [TUMOURS, EXPRESSIONS])
@pytest.mark.parametrize("zone", Zone)
def test_one_restricted_dataset_restricts_all(restricted: DatasetName, zone: Zone) -> None:
    """S77: any of them; since the session began, from inside or outside; without a session nobody is inside."""
    asking = Granted()
    code = R.ZONE
    asking.state.datasets[restricted].zone = Zone.INSTITUTE
    session = Session("a-session", RESEARCHER, day(5), day(6), FactorKind.TOTP, zone)
    assert asking.found(code, None, session) == Finding(code, zone is Zone.INSTITUTE, day(5))
    assert asking.found(code) == Finding(code, False)
    asking.state.datasets[restricted].withdrawn = day(5)
    assert asking.found(code, None, session) == Finding(code, True, day(0))
