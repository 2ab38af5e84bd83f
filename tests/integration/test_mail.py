"""Mail of a whole Sluis: what happens in one process is told by the desk's, by a real mail server."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from access_policy.log.outbox import Entry, Standing
from hub_config.bootstrap import open_policy
from hub_config.places import Places
from tests.integration.whole import RunningSluis, sluis, until
from tests.unit.hub_config.notices.mail_server import Handler, MailServer

pytestmark = pytest.mark.integration


@pytest.fixture
def handler() -> Iterator[tuple[Handler, MailServer]]:
    handler = Handler()
    server = MailServer(handler)
    yield handler, server
    server.close()


def entries(state: Path) -> list[Entry]:
    policy = open_policy(Places(state))
    try:
        return policy.records.outbox.entries()
    finally:
        policy.store.close()


def test_what_an_operator_does_is_told_by_the_desk(stopped: Path, handler: tuple[Handler, MailServer]) -> None:
    """S37, S76, SES-14: each notice once, with a link to this Sluis, and provably."""
    answers, server = handler
    text = (stopped / "sluis.toml").read_text(encoding="utf-8")
    table = f'[mail]\nhost = "127.0.0.1"\nport = {server.port}\nsender = "sluis@example.org"\ntls = "loopback"\n'
    (stopped / "sluis.toml").write_text(f"{text}\n{table}", encoding="utf-8")
    running = RunningSluis(stopped)
    running.start()
    try:
        until(lambda: entries(stopped) and all(one.state is Standing.SENT for one in entries(stopped)))
        before = len(answers.received)
        assert before == len(entries(stopped))
        running.agree("reset-factors", "P-2", person="P-3")
        until(lambda: len(answers.received) > before)
        mail = answers.received[-1].mail
        assert mail["Subject"] == "Your second factors were reset"
        assert f"{running.url}/services/desk/me" in mail.get_body().get_content()  # type: ignore[union-attr]
        until(lambda: all(one.state is Standing.SENT for one in entries(stopped)))
    finally:
        running.stop(signal.SIGINT)
    assert len(answers.received) == before + 1 == len({one.mail["Message-ID"] for one in answers.received})
    assert sluis(stopped, "log", "verify").returncode == 0
