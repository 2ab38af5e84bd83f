"""A warden's metrics: from the log itself, so that a restart tells the same; codes as labels, and nobody's name."""

import re

import pytest

from access_policy import events as e
from access_policy.actor import component
from access_policy.model.enums import Component
from hub_config.metrics import Metrics
from tests.unit.access_policy.world import ADMIN, OPEN, RESEARCHER
from tests.unit.spawner.warden.cluster_room import POD, SPACE, WHY, Room
from tests.unit.spawner.warden.conftest import here, log

__all__ = ["here", "log"]

HUB = component(Component.HUB)


def told(metrics: Metrics, acts: bool = True, silent: float = 0.0) -> dict[str, float]:
    """Look, and return each series with its value."""
    metrics.look(acts, silent)
    lines = metrics.text().decode().splitlines()
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("sluis_")}


def _ended(here: Room) -> None:
    here.start()
    here.look()
    here.do("suspend-request", ADMIN, request=OPEN, **WHY)
    here.look(2)
    here.cluster.gone("Pod", SPACE, POD)
    here.look(3)
    assert not here.runs()


def test_an_end_is_in_the_histogram_with_its_reason(here: Room) -> None:
    """POL-03: the same after a restart of the warden, since it is counted from the log."""
    _ended(here)
    (end,) = here.facts(e.WorkspaceEnded)
    assert isinstance(end, e.WorkspaceEnded)
    assert end.after_ms is not None
    for _ in range(2):
        found = told(Metrics(here.policy))
        assert found['sluis_end_seconds_count{reason="request_suspended"}'] == 1
        assert found['sluis_end_seconds_sum{reason="request_suspended"}'] == end.after_ms / 1000


def test_workspaces_are_counted_by_state(here: Room) -> None:
    """S94: all states are there, also those of none."""
    metrics = Metrics(here.policy)
    states = [f'sluis_workspaces{{state="{one}"}}' for one in ("running", "stopping", "ending", "unconfirmed")]
    assert [told(metrics)[one] for one in states] == [0, 0, 0, 0]
    here.start()
    assert [told(metrics)[one] for one in states] == [1, 0, 0, 0]
    here.do("stop-workspace", RESEARCHER, person=RESEARCHER, request=OPEN)
    assert [told(metrics)[one] for one in states] == [0, 1, 0, 0]


def test_refusals_are_counted_from_the_start_on(here: Room) -> None:
    """POL-09: by what was refused, and by the first of its codes."""
    refused = e.WorkspaceRefused(person=RESEARCHER, request=OPEN, codes="certification_missing, term_over")
    here.policy.observe(HUB, refused)
    metrics = Metrics(here.policy)
    told(metrics)
    here.policy.observe(HUB, refused)
    here.policy.observe(HUB, refused)
    assert told(metrics)['sluis_refusals_total{reason="certification_missing",what="workspace"}'] == 2


def test_refused_commands_that_left_no_row_are_counted_with_the_next(here: Room) -> None:
    """AUD-09: a flood leaves one row a minute, which says how many were left out before it."""
    metrics = Metrics(here.policy)
    told(metrics)
    for code, more in (("not_allowed", 0), ("not_allowed", 40), ("unknown_id", 2)):
        here.policy.observe(HUB, e.CommandRefused(command="sign-licence", code=code, more=more))
    found = told(metrics)
    assert found['sluis_refusals_total{reason="not_allowed",what="command"}'] == 42
    assert found['sluis_refusals_total{reason="unknown_id",what="command"}'] == 3


@pytest.mark.parametrize("codes", ["P-3 Rosa", "", "x" * 100, "Not_a_code", "a b"])
def test_what_is_no_code_is_no_label(here: Room, codes: str) -> None:
    """AUD-09: labels are kept for ever, and read by whoever reads the dashboard."""
    metrics = Metrics(here.policy)
    told(metrics)
    here.policy.observe(HUB, e.WorkspaceRefused(person=RESEARCHER, request=OPEN, codes=codes))
    assert told(metrics)['sluis_refusals_total{reason="other",what="workspace"}'] == 1


def test_codes_are_bounded(here: Room) -> None:
    """However many there ever are."""
    metrics = Metrics(here.policy)
    told(metrics)
    for number in range(210):
        here.policy.observe(HUB, e.WorkspaceRefused(person=RESEARCHER, request=OPEN, codes=f"code_{number}"))
    found = told(metrics)
    assert len([one for one in found if one.startswith("sluis_refusals_total")]) == 201


def test_nobody_is_named(here: Room) -> None:
    """E48, AUD-09: neither a person nor a request stands in it."""
    _ended(here)
    metrics = Metrics(here.policy)
    told(metrics)
    assert re.search(r"P-[0-9]|DR-[0-9]", metrics.text().decode()) is None


def test_what_could_not_be_done_is_counted_at_each_look(here: Room) -> None:
    """FLT-04: beside the lease and how long the log is silent."""
    metrics = Metrics(here.policy)
    metrics.failed("route")
    metrics.failed("route")
    found = told(metrics, acts=False, silent=12.0)
    assert found['sluis_reconcile_errors_total{kind="route"}'] == 2
    assert (found["sluis_warden_acts"], found["sluis_log_silent_seconds"]) == (0, 12)
