"""The loop runs for as long as the desk does, and keeps it neither from starting nor from ending."""

import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from access_policy.log.errors import LogUnavailable
from hub_config.desk.application import create_app
from hub_config.desk.desk import Desk
from hub_config.desk.security import Seals
from hub_config.notices.sender import Loop, Post, sending
from hub_config.notices.smtp import Answer, Became, Envelope
from hub_config.settings import Settings
from tests.unit.hub_config.desk.seed import URL
from tests.unit.hub_config.notices.conftest import ORIGIN, Mailing
from tests.unit.hub_config.notices.mail_server import Handler

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it says that it will want another HTTP client one day
    from fastapi.testclient import TestClient


def client(mailing: Mailing, loop: Loop) -> TestClient:
    desk = Desk(
        policy=mailing.world.policy, settings=Settings(), url=URL, seals=Seals(b"s" * 32),
        identify=lambda _request: None, identity=lambda *_: "", documents=Path("nowhere"),
    )  # fmt: skip
    return TestClient(create_app(desk, beside=lambda _app: sending(loop)), base_url=URL)


def test_mails_go_out_while_the_desk_runs(mailing: Mailing, handler: Handler) -> None:
    """S37: without anybody asking for it."""
    sent = threading.Event()
    real = mailing.loop.post
    assert real is not None

    def deliver(envelope: Envelope, hand_over: Callable[[], bool]) -> Answer:
        answer = real.deliver(envelope, hand_over)
        sent.set()
        return answer

    loop = Loop(mailing.world.policy, mailing.loop.collector, Post(ORIGIN, deliver))
    with client(mailing, loop) as browser:
        assert sent.wait(60)
        assert browser.get("/services/desk/reasons").status_code == 200
    assert len(handler.received) == 1
    assert not [one for one in threading.enumerate() if one.name == "notices" and one.is_alive()]


def test_a_desk_ends_while_a_mail_is_on_its_way(mailing: Mailing) -> None:
    """FLT-10: the mail is in the outbox, whatever becomes of it."""
    begun, go_on = threading.Event(), threading.Event()

    def deliver(_envelope: Envelope, _hand_over: Callable[[], bool]) -> Answer:
        begun.set()
        go_on.wait(60)
        return Answer(Became.NOT_TAKEN)

    with client(mailing, Loop(mailing.world.policy, mailing.loop.collector, Post(ORIGIN, deliver))):
        assert begun.wait(60)
    assert [one.state for one in mailing.outbox.entries()] == ["claimed"]
    go_on.set()
    for thread in [one for one in threading.enumerate() if one.name == "notices"]:
        thread.join(60)


def test_trouble_is_told_once_and_waited_out(
    mailing: Mailing, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLT-02: the log is away for a while; a line of it, not one for each look."""
    tried = threading.Event()
    looks = iter([LogUnavailable("log `x` is away; try again")] * 3)

    class Flaky(Loop):
        """Finds the log away three times."""

        def turn(self) -> bool:
            trouble = next(looks, None)
            if trouble is not None:
                raise trouble
            self.stop()
            tried.set()
            return False

    monkeypatch.setattr("hub_config.notices.sender._PAUSE", 0.01)
    loop = Flaky(mailing.world.policy, mailing.loop.collector, None)
    loop.run()
    assert tried.is_set()
    assert [one.message for one in caplog.records] == ["no notice is sent now: log `x` is away; try again"]
