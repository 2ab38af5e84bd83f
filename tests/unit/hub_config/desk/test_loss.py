"""An old backup put back: nothing is decided, two admins accept the loss at the desk, every grant is suspended."""

import secrets
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from access_policy.actor import person as acting
from access_policy.commands.base import Refusal, parse_command
from access_policy.log.checkpoints import all_checkpoints, log_origin
from access_policy.log.errors import LogBehind, LogUnavailable
from access_policy.log.store import LogStore
from access_policy.log.targets import Folder
from access_policy.log.witness import Named, Witness
from access_policy.model.enums import Action
from access_policy.model.ids import PersonId, RequestId
from access_policy.notices import notices_from
from access_policy.use_cases import Policy
from hub_config.gate import Gate
from hub_config.login.sessions import session_holds
from tests.unit.hub_config.desk.seed import DESK, KEYS, PEOPLE, World, full_world
from tests.unit.hub_config.desk.test_routes import PAGES

pytestmark = pytest.mark.unit

RESEARCHER, DR_1 = PersonId("P-8"), RequestId("DR-1")
ADMINS = ("admin", "second-admin")
WITH_FACTORS = (*ADMINS, "researcher")

Opened = Callable[[Path], World]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Open a file as the log of the installation whose checkpoints lie in one folder."""
    worlds: list[World] = []
    first = full_world(tmp_path)
    signing = Witness(first.policy.store, Folder(tmp_path / "checkpoints"), KEYS)
    assert signing.export(Named(log_origin("test"), ())) is None

    def open_log(path: Path) -> World:
        store = LogStore.open(path, KEYS, first.clock, secrets.token_bytes)
        witness = Witness(store, Folder(tmp_path / "checkpoints"), KEYS)
        worlds.append(World(Policy(store, first.clock, witness=witness), first.clock, first.texts))
        return worlds[-1]

    first.policy.store.close()
    yield open_log
    for world in worlds:
        world.policy.store.close()


@pytest.fixture
def whole(opened: Opened, tmp_path: Path) -> World:
    """The log as it is in use."""
    world = opened(tmp_path / "log.sqlite")
    assert world.policy.sign() is None
    return world


@pytest.fixture
def behind(whole: World, opened: Opened, tmp_path: Path) -> World:
    """A backup, put back after the grant of DR-1 was ended."""
    for who in WITH_FACTORS:
        whole.log_in(who)
    backup(tmp_path / "log.sqlite", tmp_path / "backup.sqlite")
    whole.do("end-request", "admin", request="DR-1", reason="misuse")
    world = opened(tmp_path / "backup.sqlite")
    world.logins = whole.logins
    return world


def backup(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def checkpoints(folder: Path) -> list[tuple[int, int]]:
    found = all_checkpoints(folder / "checkpoints", KEYS, log_origin("test"))
    return [(one.epoch, one.size) for one in found]


def gap(world: World) -> dict[str, str]:
    """Return the loss as the page of an admin puts it into its form."""
    trouble = world.policy.trouble()
    assert trouble is not None
    assert trouble.gap is not None
    return {name: str(value) for name, value in trouble.gap._asdict().items()}


def accept(world: World) -> None:
    """Let two admins accept the loss at the desk."""
    assert world.client("admin").post("/loss/accept", gap(world)).status_code == 303
    with world.policy.reading_behind() as state:
        (proposal,) = [one.number for one in state.proposals.values() if one.command == "accept-loss"]
    done = world.client("second-admin").post("/loss/confirm", {"proposal": str(proposal)})
    assert (done.status_code, done.headers["location"]) == (303, f"{DESK}/requests")


def opens(world: World) -> bool:
    return world.policy.suppose(RESEARCHER, DR_1, Action.OPEN_WORKSPACE).allowed


def test_a_withdrawal_is_signed_at_once(whole: World, tmp_path: Path) -> None:
    """AUD-02: the head leaves with the withdrawal itself; what takes no access away waits for the schedule."""
    before = checkpoints(tmp_path)
    whole.do("open-request", "researcher", title="Another", purpose="To be written")
    assert checkpoints(tmp_path) == before
    done = whole.do("end-request", "admin", request="DR-1", reason="misuse")
    assert checkpoints(tmp_path)[-1] == (0, done.facts[-1].seq)


def test_what_may_take_away_is_signed_at_once(whole: World, tmp_path: Path) -> None:
    """AUD-02: a new course that binds everybody ends what was open, so its head leaves with it as well."""
    fields = {"course": "new", "title": "New", "validity_days": "9", "required": "true"}
    done = whole.do("register-course", "admin", **fields)
    assert checkpoints(tmp_path)[-1] == (0, done.facts[-1].seq)


def test_a_withdrawal_stands_where_it_cannot_be_signed(whole: World, tmp_path: Path) -> None:
    """AUD-05, AUD-02: without its folder it is done all the same, and signed once the folder is there again."""
    folder = tmp_path / "checkpoints"
    folder.rename(tmp_path / "away")
    folder.touch()
    done = whole.do("end-request", "admin", request="DR-1", reason="misuse")
    assert not opens(whole)
    assert "cannot be" in (whole.policy.sign() or "")
    folder.unlink()
    (tmp_path / "away").rename(folder)
    assert whole.policy.sign() is None
    assert checkpoints(tmp_path)[-1] == (0, done.facts[-1].seq)


def test_an_old_backup_decides_nothing(behind: World) -> None:
    """AUD-02: what a backup would bring back is not given: no decision, no start, no route, no change."""
    with pytest.raises(LogBehind, match="the log is shorter than its newest checkpoint"):
        behind.policy.decide(RESEARCHER, DR_1, Action.OPEN_WORKSPACE)
    gate = Gate(behind.policy, ())
    with pytest.raises(LogBehind):
        gate.may_reach(RESEARCHER, DR_1)
    with pytest.raises(LogBehind):
        gate.may_keep(RESEARCHER, DR_1, 1)
    newest = behind.policy.store.newest()
    for name, arguments in (("end-request", {"request": "DR-1", "reason": "x"}), ("enable-person", {"person": "P-9"})):
        with pytest.raises(LogBehind, match="two admins accept the loss"):
            behind.policy.handle(parse_command(name, arguments), acting(PersonId("P-1"), "a-proof"))
    assert behind.policy.store.newest() == newest
    gate.ended_with_the_hub()
    assert session_holds(behind.policy, PersonId("P-1"))


@pytest.mark.parametrize("who", ["admin", "researcher"])
def test_every_page_says_so(who: str, behind: World) -> None:
    """AUD-02, POL-04: each page and each call answers that it is closed, in words, and is no failure of its own."""
    client = behind.client(who)
    assert client.get("/").headers["location"] == f"{DESK}/loss"
    for address, _ in PAGES.values():
        if address == "/":
            continue
        answer = client.get(address)
        assert answer.status_code == 503
        assert "log does not hold all that was signed" in answer.text
    for address in ("/do/end-request?request=DR-1", "/documents", "/reasons", "/register", "/intake", "/do/nonsense"):
        assert client.get(address).status_code in (503, 404, 200)
    assert client.post("/do/end-request", {"request": "DR-1"}).status_code == 503
    api = client.http.post(f"{DESK}/api/v1/commands/end-request", json={}, headers={"x-csrf-token": client.token})
    assert (api.status_code, api.json()["code"]) == (503, "log_behind")
    assert client.http.get("/readyz").status_code == 503
    assert behind.client().get("/reasons").status_code == 200


def test_who_sees_the_loss(behind: World) -> None:
    """POL-09: its page is for admins; to others, and to who is not logged in, it is closed as the rest."""
    page = behind.client("admin").get("/loss")
    assert page.status_code == 200
    assert "Propose to accept the loss" in page.text
    assert behind.client("researcher").get("/loss").status_code == 503
    assert "`" not in behind.client("researcher").get("/loss").text
    assert behind.client("researcher").post("/loss/accept", gap(behind)).status_code == 503
    assert behind.client().get("/loss").status_code == 303


def test_its_page_is_in_words_and_leads_nowhere_that_is_closed(behind: World) -> None:
    """AUD-02, POL-04: no syntax of a command, no link to a page that is closed; to who refuses to fit as well."""
    admin = behind.client("admin")
    for page in (admin.get("/loss"), admin.post("/loss/accept", gap(behind) | {"lost": "x"})):
        assert not any(word in page.text for word in ("`", "accept-loss ", "kept=", 'aria-label="Desk"'))
        assert f"{DESK}/documents" not in page.text
    assert "not hold all that was signed" in admin.get("/loss").text


def test_a_closed_page_knows_who_is_logged_in(behind: World) -> None:
    """AUD-02: it offers the login to nobody who has it, and no page that is closed."""
    known, unknown = behind.client("researcher").get("/me").text, behind.client().get("/loss")
    assert ("Log out" in known, "Log in" in known, 'aria-label="Desk"' in known) == (True, False, False)
    assert unknown.status_code == 303


def test_a_suspended_grant_is_not_shown_as_active(behind: World) -> None:
    """E58: wherever it is listed, and it is found by that word; no more once it is reinstated or over."""
    accept(behind)
    researcher, admin = behind.client("researcher"), behind.client("admin")
    for path in ("/requests?q=suspended", "/?q=suspended", "/requests/DR-1"):
        text = researcher.get(path).text
        assert ("DR-1" in text, ">suspended</span>" in text) == (True, True), path
        assert '<span class="tag active">active</span>' not in text, path
    assert "DR-2" not in admin.get("/requests?q=suspended").text
    behind.do("end-request", "admin", request="DR-1", reason="misuse")
    assert ">suspended</span>" not in researcher.get("/requests/DR-1").text
    assert "/requests/DR-1" not in researcher.get("/requests?q=suspended").text


def test_two_admins_accept_the_loss(behind: World, tmp_path: Path) -> None:
    """AUD-02, E58: then every grant is suspended, the new history is signed at once, and grants come back singly."""
    signed = checkpoints(tmp_path)
    accept(behind)
    with behind.policy.reading() as state:
        assert [(one.epoch, one.kept) for one in state.losses] == [(1, int(signed[0][1]))]
        assert {one.request for one in state.requests.values() if one.suspended} == {"DR-1"}
        newest = state.seq
    assert checkpoints(tmp_path) == [*signed, (1, newest)]
    assert not opens(behind)
    assert "facts of the log were lost" in behind.client("researcher").get("/requests/DR-1").text
    behind.do("reinstate-request", "admin", request="DR-1", reason="looked at")
    with behind.policy.reading() as state:
        proposal = state.last_proposal
    behind.do("confirm-proposal", "second-admin", proposal=proposal)
    assert opens(behind)
    assert behind.client("admin").get("/loss").status_code == 404


def test_one_admin_alone_cannot(behind: World) -> None:
    """REQ-08, AUD-02: who proposed it does not confirm it, and nobody else than an admin does."""
    behind.client("admin").post("/loss/accept", gap(behind))
    with behind.policy.reading_behind() as state:
        proposal = str(state.last_proposal)
    assert "proposed to accept the loss" in behind.client("second-admin").get("/loss").text
    assert behind.client("admin").post("/loss/confirm", {"proposal": proposal}).status_code == 403
    assert behind.client("researcher").post("/loss/confirm", {"proposal": proposal}).status_code == 503
    assert behind.policy.trouble() is not None
    assert behind.client("second-admin").post("/loss/drop", {"proposal": proposal}).status_code == 303
    assert behind.client("second-admin").post("/loss/confirm", {"proposal": proposal}).status_code in (404, 422)


@pytest.mark.parametrize("field", ["kept", "lost", "epoch", "observations"])
def test_another_loss_is_not_accepted(field: str, behind: World) -> None:
    """AUD-02: what is accepted is exactly what the checkpoints show; anything else is refused."""
    found = gap(behind)
    wrong = found | {field: str(int(found[field]) + 1)}
    assert behind.client("admin").post("/loss/accept", wrong).status_code in (409, 422)
    assert behind.client("admin").post("/loss/accept", found | {field: "x"}).status_code == 422
    assert behind.client("admin").post("/loss/nonsense", found).status_code == 404
    assert behind.client("admin").post("/loss/accept", found | {"_csrf": "forged"}).status_code == 403


def test_nothing_is_accepted_where_nothing_is_lost(whole: World) -> None:
    """AUD-02: on a whole log the command is refused, at every door."""
    actor = acting(PersonId("P-1"), "a-proof")
    outcome = whole.policy.handle(
        parse_command("accept-loss", {"kept": 1, "lost": 9, "epoch": 1, "observations": 0}), actor
    )
    assert isinstance(outcome, Refusal)
    assert outcome.code == "wrong_state"
    assert whole.client("admin").get("/loss").status_code == 404
    assert whole.client("admin").post("/loss/accept").status_code == 404


def test_a_proposal_that_waits_in_vain(whole: World, opened: Opened, tmp_path: Path) -> None:
    """AUD-02: the folder comes back after one admin proposed: the log is whole and signed, also at the next start."""
    whole.log_in("admin")
    away = (tmp_path / "checkpoints").rename(tmp_path / "away")
    other = opened(tmp_path / "log.sqlite")
    other.logins = whole.logins
    assert other.client("admin").post("/loss/accept", gap(other)).status_code == 303
    shutil.rmtree(tmp_path / "checkpoints", ignore_errors=True)
    away.rename(tmp_path / "checkpoints")
    assert other.policy.sign() is None
    started = opened(tmp_path / "log.sqlite").policy
    with started.reading_behind() as state:
        assert [one.command for one in state.proposals.values()] == ["accept-loss"]
    assert started.trouble() is None


def test_other_parts_go_on_by_themselves(behind: World, opened: Opened, tmp_path: Path) -> None:
    """AUD-02: a process that was open while the loss was accepted in another decides again, and so does a new one."""
    other = opened(tmp_path / "backup.sqlite")
    with pytest.raises(LogBehind):
        opens(other)
    accept(behind)
    assert not opens(other)
    assert other.policy.sign() is None
    assert opened(tmp_path / "backup.sqlite").policy.trouble() is None


class _Disk(Folder):
    """A folder on a disk that may be full."""

    full = False

    def write(self, name: str, data: bytes) -> None:
        if _Disk.full:
            raise LogUnavailable("checkpoints cannot be written (No space left on device); make room")
        super().write(name, data)


def test_an_acceptance_that_cannot_be_signed(
    behind: World, opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUD-02, AUD-05: it stands, nothing is decided on it before it is signed; that is tried again by itself."""
    monkeypatch.setattr(_Disk, "full", True)
    store = behind.policy.store
    behind.policy = Policy(store, behind.clock, witness=Witness(store, _Disk(tmp_path / "checkpoints"), KEYS))
    accept(behind)
    page = behind.client("admin").get("/loss")
    assert "No space left on device" in page.text
    assert "Nothing can be accepted here" in page.text
    other = opened(tmp_path / "backup.sqlite").policy.trouble()
    assert other is not None
    assert "the loss that was accepted as history `1` is not signed" in other.text
    monkeypatch.setattr(_Disk, "full", False)
    assert not opens(behind)
    assert opened(tmp_path / "backup.sqlite").policy.trouble() is None


def test_the_lost_log_comes_back(behind: World, opened: Opened, tmp_path: Path) -> None:
    """AUD-02: once a new history is signed the ended one decides nothing any more, newer facts or not."""
    accept(behind)
    lost = opened(tmp_path / "log.sqlite")
    with pytest.raises(LogBehind):
        opens(lost)
    assert gap(lost)["epoch"] == "2"


def test_people_are_told(behind: World) -> None:
    """E58: whose grant was suspended with the loss is told, and why."""
    accept(behind)
    with behind.policy.reading() as state:
        (fact,) = [one for one in behind.policy.store.facts_since(0) if type(one.event).__name__ == "LossAccepted"]
        told = notices_from(state, fact)
    assert {PEOPLE["researcher"], PEOPLE["colleague"], PEOPLE["signatory"]} == {one.to for one in told}
    assert all("were lost" in dict(one.values)["reason"] for one in told)
