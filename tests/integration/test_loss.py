"""A whole Sluis on an old backup: it starts, lets admins in and nobody else, and goes on once two accepted the loss."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from hub_config.bootstrap import open_policy
from hub_config.places import Places
from tests.integration.whole import RunningSluis, Visitor, field, sluis, until

NAMES = ("kept", "lost", "epoch", "observations")


@pytest.fixture
def behind(stopped: Path) -> Iterator[RunningSluis]:
    """Put back a backup from before DR-1 was ended, and start on it."""
    policy = open_policy(Places(stopped))
    assert policy.sign() is None
    policy.store.close()
    shutil.copy(stopped / "log.sqlite", stopped.parent / "backup")
    assert sluis(stopped, "do", "end-request", "request=DR-1", "reason=misuse", "--as", "P-1").returncode == 0
    shutil.copy(stopped.parent / "backup", stopped / "log.sqlite")
    running = RunningSluis(stopped)
    running.start()
    yield running
    running.stop()


def give(visitor: Visitor, page: httpx.Response, step: str, *names: str) -> httpx.Response:
    """Send one of the forms on the page of the loss."""
    values = {name: field(page.text, name) for name in ("_csrf", *names)}
    return visitor.stepped_up(visitor.http.post(f"/services/desk/loss/{step}", data=values))


def test_two_admins_lead_out_of_an_old_backup(behind: RunningSluis) -> None:
    """AUD-02: login works for the two, all else is closed in words; afterwards no grant opens anything."""
    lotte, anna, second = (Visitor(behind, login) for login in ("lotte", "anna", "joris"))
    assert "nobody but an admin" in lotte.first_factor().text
    anna.log_in()
    page = anna.http.get("/services/desk/")
    assert (page.status_code, page.url.path) == (200, "/services/desk/loss"), page.text
    closed = anna.http.get("/services/desk/requests")
    assert (closed.status_code, "Closed for the moment" in closed.text) == (503, True)
    assert anna.spawn("DR-2", profile="small").status_code == 503
    assert give(anna, page, "accept", *NAMES).status_code == 200
    second.log_in()
    page = second.http.get("/services/desk/loss")
    done = give(second, page, "confirm", "proposal")
    assert (done.status_code, "The loss is accepted" in done.text) == (200, True), done.text
    until(lambda: "nobody but an admin" not in lotte.first_factor().text)
    lotte.log_in()
    assert lotte.logged_in()
    refused = behind.explain(lotte.person, "DR-2")
    assert "request_suspended" in [one["code"] for one in refused["reasons"] if not one["holds"]]
    assert sluis(behind.state, "log", "verify").returncode == 0
    for visitor in (lotte, anna, second):
        visitor.close()
