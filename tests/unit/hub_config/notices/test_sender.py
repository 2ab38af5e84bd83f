"""A notice goes out once or not at all, whatever fails and whoever dies (S37, S67, FLT-10)."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from access_policy import events as e
from access_policy.log.outbox import Standing
from hub_config.notices.schedule import DELAYS, KEPT, LATEST
from hub_config.notices.sender import Loop, Post, collecting
from hub_config.notices.smtp import Answer, Became, Envelope
from tests.unit.hub_config.notices.conftest import ADA, ADMIN, ORIGIN, Mailing, post_to
from tests.unit.hub_config.notices.mail_server import Handler, MailServer

MINUTE = timedelta(minutes=1)


def post(deliver: Callable[[Envelope, Callable[[], bool]], Answer]) -> Post:
    return Post(ORIGIN, deliver)


def later(mailing: Mailing, passed: timedelta) -> None:
    mailing.world.clock.go(seconds=passed.total_seconds())


def test_what_happened_to_an_account_is_told_once_and_proved(mailing: Mailing, handler: Handler) -> None:
    """S37, S67: the observation has the digest of the very mail, its Message-ID and the server's answer."""
    assert mailing.all_turns() == 1
    (got,) = handler.received
    one = mailing.one()
    assert (got.sender, got.to, one.state) == ("sluis@centre.example", ["ada@centre.example"], Standing.SENT)
    assert mailing.observed() == [
        e.NoticeSent(
            notice=one.id, template="factor_added", person=ADA, digest=sha256(got.content).hexdigest(),
            message=got.mail["Message-ID"], answer=250, tries=1,
        )
    ]  # fmt: skip
    assert mailing.all_turns() == 0
    assert len(handler.received) == 1


def test_nothing_is_told_twice_after_a_restart(mailing: Mailing, handler: Handler, server: MailServer) -> None:
    """S37: what the facts tell of is written down once, however often they are read."""
    mailing.all_turns()
    again = Loop(mailing.world.policy, collecting(mailing.world.policy), post_to(server.port))
    mailing.world.enrol(ADA, "ignored")  # refused: no fact
    assert not again.turn()
    assert len(handler.received) == 1


def test_what_was_not_written_down_follows_from_the_facts(
    mailing: Mailing, handler: Handler, server: MailServer
) -> None:
    """AUD-08: a kill between the fact and its notice loses none."""
    assert mailing.outbox.entries() == []
    again = Loop(mailing.world.policy, collecting(mailing.world.policy), post_to(server.port))
    assert again.turn()
    assert len(handler.received) == 1


def test_a_fact_of_another_process_is_told_too(mailing: Mailing, handler: Handler) -> None:
    """S73: whoever wrote the fact, hub, command line or warden: nobody can leave the notice out."""
    event = e.FactorsReset(person=ADA)
    store = mailing.world.policy.store
    store.append(store.newest(), lambda _at: [(ADMIN, event)])
    mailing.all_turns()
    assert [one.mail["Subject"] for one in handler.received] == [
        "A second factor was added to your account", "Your second factors were reset",
    ]  # fmt: skip


def test_a_server_that_is_down_is_tried_again(mailing: Mailing, handler: Handler, server: MailServer) -> None:
    """S37: with back-off, and with the same Message-ID and bytes each time."""
    down = mailing.another(1)
    assert down.turn()
    assert not down.turn()
    one = mailing.one()
    assert (one.state, one.tries, one.due - mailing.world.clock.at) == (Standing.WAITING, 1, DELAYS[0])
    later(mailing, MINUTE)
    assert mailing.loop.turn()
    assert (mailing.one().state, mailing.one().tries, len(handler.received)) == (Standing.SENT, 2, 1)
    assert [type(one) for one in mailing.observed()] == [e.NoticeSent]


@pytest.mark.parametrize("at", ["recipients", "data", "senders"])
def test_a_passing_refusal_is_tried_again(at: str, mailing: Mailing, handler: Handler) -> None:
    """S37: a 4xx answer, then 250 (grey-listing)."""
    getattr(handler, at).append("451 come back later")
    assert mailing.loop.turn()
    assert (mailing.one().state, mailing.one().answer) == (Standing.WAITING, 451)
    assert handler.received == []
    later(mailing, MINUTE)
    assert mailing.all_turns() == 1
    assert (mailing.one().state, len(handler.received)) == (Standing.SENT, 1)


@pytest.mark.parametrize("at", ["recipients", "data"])
def test_a_final_refusal_is_told_and_not_tried_again(at: str, mailing: Mailing, handler: Handler) -> None:
    """S37: a 5xx answer."""
    getattr(handler, at).append("550 no such user")
    mailing.all_turns()
    one = mailing.one()
    assert one.state is Standing.FAILED
    assert mailing.observed() == [
        e.NoticeFailed(notice=one.id, template="factor_added", person=ADA, why="refused", answer=550, tries=1)
    ]
    later(mailing, timedelta(days=5))
    assert mailing.all_turns() == 0
    assert handler.received == []


def test_after_three_days_it_is_given_up_and_told(mailing: Mailing) -> None:
    """S37: the last try is three days after the first."""
    down, begun = mailing.another(1), mailing.world.clock.at
    for delay in DELAYS:
        assert down.turn()
        later(mailing, delay)
    assert mailing.world.clock.at - begun == timedelta(days=2, hours=23, minutes=51)
    assert down.turn()
    assert mailing.one().state is Standing.FAILED
    assert [getattr(one, "why", "") for one in mailing.observed()] == ["gave_up"]
    assert not down.turn()


def test_nobody_who_was_erased_is_written_to(mailing: Mailing, handler: Handler) -> None:
    """E50: the notices about an erased person go with their key, also one that is claimed."""

    def erased_meanwhile(_envelope: Envelope, hand_over: Callable[[], bool]) -> Answer:
        event = e.PersonErased(person=ADA)
        store = mailing.world.policy.store
        store.append(store.newest(), lambda _at: [(ADMIN, event)])
        assert not hand_over()
        return Answer(Became.NOT_OURS)

    assert Loop(mailing.world.policy, mailing.loop.collector, post(erased_meanwhile)).turn()
    assert (mailing.outbox.entries(), handler.received, mailing.observed()) == ([], [], [])
    assert mailing.all_turns() == 0


def test_a_notice_that_was_not_written_down_before_an_erasure_is_not_written_at_all(
    mailing: Mailing, handler: Handler
) -> None:
    """E50: the fact is still in the collector's hands when its person is erased."""
    store = mailing.world.policy.store
    store.append(store.newest(), lambda _at: [(ADMIN, e.PersonErased(person=ADA))])
    assert mailing.all_turns() == 0
    assert (mailing.outbox.entries(), handler.received) == ([], [])


def test_a_damaged_notice_does_not_hold_up_the_others(mailing: Mailing, handler: Handler) -> None:
    """MFA-11: what does not open is told; the next one goes out."""
    mailing.loop.collector.write(mailing.world.policy)
    with mailing.world.policy.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE outbox SET address = x'00'")
    mailing.world.do(
        "verify-person", "admin", person=ADA, method="video-call", evidence="seen", until=mailing.world.until(365)
    )
    mailing.all_turns()
    assert sorted(mailing.standings()) == [Standing.FAILED, Standing.SENT]
    assert [getattr(one, "why", "sent") for one in mailing.observed()] == ["unreadable", "sent"]


def test_without_a_mail_server_notices_wait(mailing: Mailing, handler: Handler) -> None:
    """S37: they are sent once there is one, but for old news."""
    none = Loop(mailing.world.policy, mailing.loop.collector, None)
    assert not none.turn()
    assert mailing.standings() == [Standing.WAITING]
    later(mailing, LATEST + MINUTE)
    mailing.world.do(
        "verify-person", "admin", person=ADA, method="video-call", evidence="seen", until=mailing.world.until(365)
    )
    assert not none.turn()
    assert mailing.all_turns() == 1
    assert [one.mail["Subject"] for one in handler.received] == ["It was checked who you are"]
    assert [getattr(one, "why", "sent") for one in mailing.observed()] == ["too_late", "sent"]
    old = next(one for one in mailing.outbox.entries() if one.state is Standing.FAILED)
    assert mailing.outbox.send_again(old.id, mailing.world.clock.at)
    assert mailing.all_turns() == 1


def test_a_log_of_the_former_format_waits(mailing: Mailing, handler: Handler, monkeypatch: pytest.MonkeyPatch) -> None:
    """FLT-10: no mail goes out that the log cannot hold the proof of yet."""
    monkeypatch.setattr("hub_config.notices.sender.is_known", lambda *_: False)
    assert not mailing.loop.turn()
    assert (mailing.standings(), handler.received) == ([Standing.WAITING], [])


def test_a_broken_notice_breaks_no_command(mailing: Mailing, monkeypatch: pytest.MonkeyPatch) -> None:
    """S94: whatever goes wrong with a notice, the withdrawal that it is about stands."""

    def broken(*_arguments: object) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr("hub_config.notices.collector.notices_from", broken)
    mailing.world.do("disable-person", "admin", person=ADA, reason="gone")
    with mailing.world.policy.reading() as state:
        assert state.people[ADA].disabled is not None


def test_what_was_settled_is_forgotten_after_a_while(mailing: Mailing) -> None:
    """E48: the outbox keeps no history; the observations do."""
    mailing.all_turns()
    later(mailing, KEPT)
    assert mailing.outbox.forget(mailing.world.clock.at - KEPT) == 0
    later(mailing, MINUTE)
    mailing.world.do(
        "verify-person", "admin", person=ADA, method="video-call", evidence="seen", until=mailing.world.until(365)
    )
    assert mailing.all_turns() == 1
    assert [one.template for one in mailing.outbox.entries()] == ["person_verified"]
    assert len(mailing.observed()) == 2


def test_no_address_lies_open_in_the_log(mailing: Mailing, tmp_path: Path) -> None:
    """E50, MFA-11: neither address nor content in the database's file, waiting or sent."""
    mailing.loop.collector.write(mailing.world.policy)
    mailing.all_turns()
    held = b"".join(path.read_bytes() for path in tmp_path.glob("log.sqlite*"))
    assert b"ada@centre.example" not in held
    assert mailing.outbox.entries() != []
