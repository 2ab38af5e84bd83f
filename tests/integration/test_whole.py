"""The whole on loopback: a researcher works while every condition holds, and is refused the moment one does not."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from markupsafe import escape
from sksurv.datasets import load_gbsg2
from sksurv.nonparametric import kaplan_meier_estimator

from access_policy.reasons import REASONS, ReasonCode
from hub_config.places import Places
from hub_config.running import load_running
from tests.integration.whole import RunningSluis, Visitor, sluis, text_of, until

PROMISE = 10.0
"""Seconds from a fact to the end of the workspace that it takes the ground from."""

SURVIVAL = """
import pandas, matplotlib
matplotlib.use("agg")
from sksurv.nonparametric import kaplan_meier_estimator
table = pandas.read_csv("/data/gbsg2-clinical/patients.csv")
days, share = kaplan_meier_estimator(table["event"].astype(bool), table["time"])
import matplotlib.pyplot as plt
plt.step(days, share)
plt.savefig("curve.png")
print(len(table), f"{share[-1]:.3f}")
"""


def last_share_without_event() -> float:
    """Return the end of the survival curve of the data as their package carries them."""
    _, outcome = load_gbsg2()
    return float(kaplan_meier_estimator(outcome["cens"], outcome["time"])[1][-1])


@pytest.fixture(scope="module")
def visit(demo: RunningSluis) -> Iterator[Callable[[str], Visitor]]:
    """Give a person's browser, logged in; one for each person, since a code counts once and a new one takes time."""
    visitors: dict[str, Visitor] = {}

    def log_in(login: str) -> Visitor:
        visitor = visitors.setdefault(login, Visitor(demo, login))
        if not visitor.logged_in():
            visitor.log_in()
        return visitor

    yield log_in
    for visitor in visitors.values():
        visitor.close()


@pytest.fixture
def lotte(visit: Callable[[str], Visitor]) -> Visitor:
    """A researcher with two requests that she may open, logged in."""
    return visit("lotte")


def running(visitor: Visitor, request: str) -> None:
    """Start the workspace and wait until it answers."""
    answer = visitor.spawn(request, profile="small")
    assert answer.status_code == 200, answer.text
    until(lambda: visitor.reaches(request))


def stopped_workspace(visitor: Visitor, request: str) -> None:
    """Ask that the workspace stops, and wait until the log says so."""
    visitor.demo.do("stop-workspace", visitor.person, person=visitor.person, request=request)
    until(lambda: not workspaces(visitor))


def workspaces(visitor: Visitor) -> bool:
    """Say whether the log knows a running workspace of this person."""
    return visitor.demo.has_workspace(visitor.person)


def test_a_researcher_reads_the_data_and_plots_a_survival_curve(demo: RunningSluis, lotte: Visitor) -> None:
    """S75: exactly the datasets of the request, read-only, and the programs that the task needs (S98)."""
    running(lotte, "DR-1")
    kernel = lotte.kernel("DR-1")
    assert kernel.run("import os; print(sorted(os.listdir('/data')))") == "['gbsg2-clinical', 'gse7390-expression']\n"
    assert kernel.run(SURVIVAL) == f"686 {last_share_without_event():.3f}\n"
    assert (
        kernel.run("print(os.path.getsize('curve.png') > 5000, os.listdir('.').count('01_survival.ipynb'))")
        == "True 1\n"
    )
    stopped_workspace(lotte, "DR-1")


def test_nothing_else_of_the_machine_is_in_a_workspace(demo: RunningSluis, lotte: Visitor) -> None:
    """SBX-01: the log, the keys, other homes and datasets, and the ports of the parts cannot be reached from a cell."""
    running(lotte, "DR-2")
    kernel = lotte.kernel("DR-2")
    parts = load_running(Places(demo.state))
    for part in (parts.url, parts.hub, parts.proxy_api, parts.desk, parts.warden, parts.issuer):
        host, _, port = part.removeprefix("http://").partition(":")
        probe = f"import socket; print(socket.socket().connect_ex(('{host}', {port})))"
        assert kernel.run(probe).strip() != "0", part
    for path in ("log.sqlite", "keys", "homes", "datasets/gbsg2-clinical", "running.json", "sluis.toml"):
        assert kernel.run(f"import os; print(os.path.exists('{demo.state / path}'))") == "False\n", path
    assert kernel.run("print(os.listdir('/data'))") == "['gse7390-expression']\n"
    status = kernel.run("print([line for line in open('/proc/self/status') if line.startswith(('CapEff', 'CapPrm'))])")
    assert status.count("0000000000000000") == 2
    stopped_workspace(lotte, "DR-2")


def a_short_term(demo: RunningSluis) -> None:
    """Bring an assessed request to active, with a term of some seconds."""
    now = datetime.now(UTC)
    ends = (now + timedelta(seconds=35)).isoformat()
    demo.do(
        "approve-request", "P-9", request="DR-15", improves_treatment="true", public_interest="true", reason="a pilot",
        digest=demo.digest("DR-15"), begins=now.isoformat(), ends=ends,
    )  # fmt: skip
    for person, party in (("P-28", "researcher"), ("P-6", "licensee"), ("P-7", "representative")):
        demo.do("sign-licence", person, request="DR-15", party=party)
    demo.do("make-available", "P-8", request="DR-15")


NOTHING: Callable[[RunningSluis], None] = lambda demo: None  # noqa: E731 - the empty step of the table below

ENDINGS = [
    pytest.param(
        "lotte", "DR-2", NOTHING,
        lambda demo: demo.do("revoke-certification", "P-3", person="P-12", course=demo.course(), reason="a mistake"),
        lambda demo: demo.do("certify-person", "P-3", person="P-12", course=demo.course()),
        "training_revoked", id="certification revoked",
    ),
    pytest.param(
        "lotte", "DR-2", NOTHING,
        lambda demo: demo.do("withdraw-dataset", "P-8", dataset="gse7390-expression", reason="consent"),
        lambda demo: demo.agree("reopen-dataset", "P-8", dataset="gse7390-expression"),
        "no_dataset_open,dataset_withdrawn", id="dataset withdrawn",
    ),
    pytest.param(
        "bram", "DR-10", NOTHING,
        lambda demo: demo.do("disable-person", "P-1", person="P-23", reason="left"),
        lambda demo: demo.do("enable-person", "P-1", person="P-23"),
        "person_disabled", id="person stopped",
    ),
    pytest.param("yara", "DR-15", a_short_term, NOTHING, NOTHING, "term_over", id="term over"),
    pytest.param(
        "lotte", "DR-1", NOTHING,
        lambda demo: demo.do("end-request", "P-1", request="DR-1", reason="the project is over"),
        NOTHING, "request_ended", id="request ended",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("login", "request_id", "before", "withdraw", "undo", "why"), ENDINGS)
def test_a_workspace_ends_with_its_ground(
    demo: RunningSluis,
    login: str,
    request_id: str,
    before: Callable[[RunningSluis], None],
    withdraw: Callable[[RunningSluis], None],
    undo: Callable[[RunningSluis], None],
    why: str,
    visit: Callable[[str], Visitor],
) -> None:
    """S46, S94, ID-15, REQ-10, POL-03: within ten seconds, with the reason on the researcher's page."""
    visitor = visit(login)
    before(demo)
    running(visitor, request_id)
    kernel = visitor.kernel(request_id)
    assert kernel.run("print(1)") == "1\n"
    withdraw(demo)
    assert kernel.ended(bound=60.0 if why == "term_over" else PROMISE)
    ending = until(lambda: demo.endings(visitor.person, request_id))[-1]
    assert (ending["why"], ending["after_ms"] < PROMISE * 1000) == (why, True)
    assert not visitor.reaches(request_id)
    undo(demo)
    page = visit(login).http.get("/services/desk/").text
    assert escape(REASONS[ReasonCode(why.partition(",")[0])].failing) in page.lower()
    assert demo.sandboxes() == []


def test_logging_out_closes_the_way_and_the_computation_goes_on(
    demo: RunningSluis, visit: Callable[[str], Visitor]
) -> None:
    """SES-11, S76: no route, no socket and no copied cookie reaches the workspace until the next full login."""
    visitor = visit("bram")
    running(visitor, "DR-10")
    kernel = visitor.kernel("DR-10")
    kernel.run(COUNT)
    copied = httpx.Client(
        base_url=demo.url, cookies=visitor.http.cookies, follow_redirects=True, timeout=30, trust_env=False
    )
    assert copied.get(f"{visitor.workspace_path('DR-10')}/api/status").status_code == 200
    visitor.log_out()
    assert kernel.ended(bound=5.0)
    status = f"{visitor.workspace_path('DR-10')}/api/status"
    assert "kernels" not in text_of(copied, status)
    assert "kernels" not in text_of(visitor.http, status)
    assert "My requests" not in text_of(copied, "/services/desk/")
    assert demo.sandboxes() == [f"{visitor.person}/dr-10"]
    visitor.log_in()
    until(lambda: visitor.reaches("DR-10"))
    again = visitor.kernel("DR-10")
    first = int(again.run("print(open('count').read())"))
    until(lambda: int(again.run("print(open('count').read())")) > first)
    copied.close()
    stopped_workspace(visitor, "DR-10")


COUNT = """
import subprocess, sys
program = '''
import itertools, os, time
for n in itertools.count():
    with open("count.new", "w") as file:
        file.write(str(n))
    os.replace("count.new", "count")  # whole, whoever reads it meanwhile
    time.sleep(0.05)
'''
counter = subprocess.Popen([sys.executable, "-c", program], start_new_session=True)
"""


def end_by_age(demo: RunningSluis, person: str) -> None:
    """Let a person's sessions be as old as they may become."""
    with contextlib.closing(sqlite3.connect(demo.state / "log.sqlite", timeout=10)) as database:
        long_ago = "2026-01-01T00:00:00.000000Z"
        database.execute("UPDATE sessions SET ends = ? WHERE person = ? AND ended_at IS NULL", (long_ago, person))
        database.commit()


@pytest.mark.parametrize("how", ["logout", "age"])
def test_what_an_ended_session_left_in_a_browser_stays_dead(
    demo: RunningSluis, visit: Callable[[str], Visitor], how: str
) -> None:
    """SES-11, TOK-03: whoever logs in elsewhere does not bring a copied or aged cookie back to life."""
    visitor = visit("bram")
    running(visitor, "DR-10")
    copied = httpx.Client(
        base_url=demo.url, cookies=visitor.http.cookies, follow_redirects=True, timeout=30, trust_env=False
    )
    status = f"{visitor.workspace_path('DR-10')}/api/status"
    assert "kernels" in copied.get(status).text
    if how == "logout":
        visitor.log_out()
    else:
        end_by_age(demo, visitor.person)
        until(lambda: "kernels" not in text_of(copied, status))
    elsewhere = Visitor(demo, "bram")
    elsewhere.log_in()
    until(lambda: elsewhere.reaches("DR-10"))
    until(lambda: "kernels" not in text_of(copied, status), bound=3.0)
    for path in ("/services/desk/", "/hub/spawn/p-23/dr-10", status):
        assert "Jakobsen" not in text_of(copied, path)
        assert "Start the workspace" not in text_of(copied, path)
        assert "kernels" not in text_of(copied, path)
    stopped_workspace(elsewhere, "DR-10")
    copied.close()
    elsewhere.close()


def test_a_script_in_a_notebook_gets_no_form_that_starts_a_workspace(demo: RunningSluis, lotte: Visitor) -> None:
    """SES-07: the pages share an origin, so the start form opens as a page of its own only."""
    for how in ("empty", "iframe", "object"):
        answer = lotte.http.get("/hub/spawn/p-12/dr-2", headers={"Sec-Fetch-Dest": how})
        assert (answer.status_code, "_xsrf" in answer.text) == (403, False)


def test_a_refusal_says_nothing_of_other_peoples_requests(demo: RunningSluis, lotte: Visitor) -> None:
    """POL-09, REQ-03: refused, ended, draft or not there at all: whoever has no part in it reads the same words."""
    told = set()
    for request in ("DR-5", "DR-6", "DR-7", "DR-12", "DR-14", "DR-17", "DR-999"):
        answer = lotte.spawn(request, profile="small")
        told.add((answer.status_code, answer.text.replace(request, "").replace(request.lower(), "")))
    assert len(told) == 1, told
    assert "not_a_contact" in told.pop()[1]


def test_a_refusal_is_in_words(demo: RunningSluis, visit: Callable[[str], Visitor]) -> None:
    """S75: the reason, the next step, and no name of a class."""
    answer = visit("milan").spawn("DR-11", profile="small")
    assert answer.status_code == 403
    assert "A required course has not been passed (training_missing). Next: " in answer.text
    assert "SpawnException" not in answer.text


def test_the_log_is_signed_while_it_runs(demo: RunningSluis) -> None:
    """AUD-02: a checkpoint lies outside the database, and the log agrees with it."""
    until(lambda: list((demo.state / "checkpoints").iterdir()))
    assert sluis(demo.state, "log", "verify").returncode == 0


@pytest.mark.parametrize(
    ("request_id", "fields"),
    [
        pytest.param("DR-2", {"profile": "enormous"}, id="unknown profile"),
        pytest.param("DR-2", {"profile": "../small"}, id="path as profile"),
        pytest.param("DR-2", {"profile": "small", "image": "evil"}, id="extra key image"),
        pytest.param("DR-2", {"profile": "small", "datasets": "gbsg2-demographics"}, id="extra key datasets"),
        pytest.param("DR-10", {"profile": "small"}, id="another person's request"),
        pytest.param("DR-999", {"profile": "small"}, id="a request that is not there"),
        pytest.param("DR-3", {"profile": "small"}, id="institute network only"),
    ],
)
def test_a_form_that_asks_for_more_starts_nothing(
    demo: RunningSluis, lotte: Visitor, request_id: str, fields: dict[str, str]
) -> None:
    """SPW-01, SPW-02, SPW-04: refused, recorded, nothing started; the hub goes on answering."""
    refused = demo.refusals(lotte.person)
    answer = lotte.spawn(request_id, **fields)
    assert answer.status_code in (400, 403, 404), answer.text
    assert demo.refusals(lotte.person) > refused
    assert demo.sandboxes() == []
    assert lotte.http.get("/hub/health").status_code == 200


def test_the_unnamed_server_cannot_be_started(demo: RunningSluis, lotte: Visitor) -> None:
    """SPW-13: there is no workspace without a request, through the page or the API."""
    for path in (f"/hub/spawn/{lotte.person.lower()}", "/hub/spawn", "/hub/home"):
        assert "/services/desk" in str(lotte.http.get(path).url) or lotte.http.get(path).status_code == 404
    answer = lotte.http.post(f"/hub/api/users/{lotte.person.lower()}/server", json={})
    assert answer.status_code in (400, 403, 404)
    assert demo.sandboxes() == []
