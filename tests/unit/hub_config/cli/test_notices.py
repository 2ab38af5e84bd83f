"""`sluis notice`, and what `sluis check` says about mail."""

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from access_policy.actor import person
from access_policy.events import PersonVerified
from access_policy.log.outbox import Standing
from access_policy.model.enums import VerificationMethod
from access_policy.model.ids import PersonId
from hub_config.bootstrap import open_policy
from hub_config.cli import checks
from hub_config.notices.sender import Loop, collecting
from hub_config.places import Places
from spawner import sandbox
from tests.unit.hub_config.cli.backing_up import desk_of
from tests.unit.hub_config.cli.conftest import Sluis
from tests.unit.hub_config.notices.mail_server import Handler, MailServer

FIELDS = [
    "notice", "about", "template", "standing", "tries", "answer", "created", "due", "settled", "message_id",
]  # fmt: skip
WHO = PersonId("P-3")


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with sandbox and proxy, whatever this one has."""
    monkeypatch.setattr(sandbox, "sandbox_problem", lambda: None)
    monkeypatch.setattr(checks, "proxy_command", lambda: ["node"])


@pytest.fixture
def server() -> Iterator[MailServer]:
    running = MailServer(Handler())
    yield running
    running.close()


def empty(places: Places) -> None:
    """Let the outbox hold no notice of what the demo tells of."""
    with closing((policy := open_policy(places)).store):
        policy.records.outbox.put([], policy.store.newest(), policy.now())


def verified(places: Places) -> None:
    """Let something happen that somebody is told of, and write the notice down."""
    with closing((policy := open_policy(places)).store):
        until = policy.now() + timedelta(days=30)
        event = PersonVerified(person=WHO, method=VerificationMethod.IN_PERSON, until=until)
        policy.store.append(policy.store.newest(), lambda _at: [(person(PersonId("P-1"), "a-proof"), event)])
        Loop(policy, collecting(policy), None).turn()


def mail(places: Places, port: int) -> None:
    text = places.settings.read_text(encoding="utf-8")
    table = f'[mail]\nhost = "127.0.0.1"\nport = {port}\nsender = "sluis@example.org"\ntls = "loopback"\n'
    places.settings.write_text(f"{text}\n{table}", encoding="utf-8")


def test_the_notices_are_listed(sluis: Sluis, places: Places) -> None:
    """S37: what waits, in both forms, and no address."""
    empty(places)
    assert sluis("notice", "list", "--json").json == []
    verified(places)
    (row,) = sluis("notice", "list", "--json").json
    assert list(row) == FIELDS
    assert (row["about"], row["template"], row["standing"]) == (WHO, "person_verified", "waiting")
    said = sluis("notice", "list")
    assert (said.status, len(said.out.splitlines()), "@" in said.out) == (0, 2, False)


def test_a_notice_in_doubt_is_sent_again_by_hand_only(sluis: Sluis, places: Places) -> None:
    """S37: what waits or was sent is not; another name is a usage error."""
    empty(places)
    verified(places)
    (row,) = sluis("notice", "list", "--json").json
    assert sluis("notice", "send-again", row["notice"]).status == 2
    with closing((policy := open_policy(places)).store):
        outbox, at = policy.records.outbox, policy.now()
        claimed = outbox.claim(at, at)
        assert claimed is not None
        assert outbox.settle(claimed, Standing.UNCERTAIN, at)
    assert sluis("notice", "send-again", row["notice"], "--json").json["standing"] == "waiting"
    assert sluis("notice", "list", "--json").json[0]["standing"] == "waiting"
    assert "`nothing`" in sluis("notice", "send-again", "nothing").err


def _mail_line(sluis: Sluis) -> tuple[bool, str]:
    (line,) = [line for line in sluis("check", "--json").json if line["check"] == "mail"]
    return line["ok"], line["text"]


def test_the_check_says_that_no_mail_is_set_up(sluis: Sluis, places: Places) -> None:
    """S37: and how many notices wait for it."""
    empty(places)
    verified(places)
    assert _mail_line(sluis) == (True, "none is sent, sluis.toml has no table [mail]; 1 notices wait")


def test_the_check_asks_the_server(sluis: Sluis, places: Places, server: MailServer) -> None:
    """It answers: no mail is sent for that."""
    empty(places)
    mail(places, server.port)
    assert _mail_line(sluis) == (True, f"it goes by 127.0.0.1, port {server.port}; 0 notices wait")


def test_the_check_fails_where_the_server_does(sluis: Sluis, places: Places) -> None:
    """Status 1, with what to correct; the other lines still stand."""
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    mail(places, port)
    said = sluis("check", "--json")
    (line,) = [line for line in said.json if not line["ok"]]
    assert (said.status, line["check"]) == (1, "mail")
    assert "correct [mail] in sluis.toml" in line["text"]
    assert "dataset gbsg2-clinical" in [one["check"] for one in said.json]


def test_a_restore_sends_nothing_a_second_time(sluis: Sluis, places: Places, tmp_path: Path) -> None:
    """FLT-10: what waited when the backup was made may have gone out since."""
    desk = desk_of(sluis, places, tmp_path)
    empty(places)
    verified(places)
    desk.sign()
    assert desk.restore(desk.back_up(), desk.export()).status == 0
    new = desk.new()
    (row,) = sluis("notice", "list", "--json", state=new.state).json
    assert (row["about"], row["standing"]) == (WHO, "handed-over")
    with closing((policy := open_policy(new)).store):
        loop = Loop(policy, collecting(policy), None)
        assert not loop.turn()
        assert [one.state for one in policy.records.outbox.entries()] == [Standing.UNCERTAIN]
