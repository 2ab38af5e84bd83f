"""Who dies over a notice, who is too slow, and what was put back: in doubt, told, and not sent again (FLT-10)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from access_policy import events as e
from access_policy.log.errors import LogUnavailable
from access_policy.log.outbox import Standing, doubt_unsent
from hub_config.notices.schedule import CLAIM
from hub_config.notices.sender import Loop, Post
from hub_config.notices.smtp import Answer, Became, Envelope
from tests.unit.hub_config.notices.conftest import ADA, ADMIN, ORIGIN, Mailing, post_to
from tests.unit.hub_config.notices.mail_server import CLOSE, Handler, MailServer

MINUTE = timedelta(minutes=1)


class Died(BaseException):
    """What a test lets a process die of."""


def post(deliver: Callable[[Envelope, Callable[[], bool]], Answer]) -> Post:
    return Post(ORIGIN, deliver)


def later(mailing: Mailing, passed: timedelta) -> None:
    mailing.world.clock.go(seconds=passed.total_seconds())


def test_who_dies_before_handing_over_leaves_it_to_the_next(mailing: Mailing, handler: Handler) -> None:
    """FLT-10: claimed, and the server knows nothing of it."""

    def dies(_envelope: Envelope, _hand_over: Callable[[], bool]) -> Answer:
        raise Died

    with pytest.raises(Died):
        Loop(mailing.world.policy, mailing.loop.collector, post(dies)).turn()
    assert mailing.standings() == [Standing.CLAIMED]
    assert mailing.all_turns() == 0
    later(mailing, CLAIM)
    assert mailing.all_turns() == 1
    assert (mailing.standings(), len(handler.received)) == ([Standing.SENT], 1)


def test_who_dies_after_handing_over_leaves_a_doubt(mailing: Mailing, handler: Handler) -> None:
    """FLT-10: the server may have it, so it is told and not sent again by itself; an operator can say so."""

    def dies(_envelope: Envelope, hand_over: Callable[[], bool]) -> Answer:
        assert hand_over()
        raise Died

    with pytest.raises(Died):
        Loop(mailing.world.policy, mailing.loop.collector, post(dies)).turn()
    assert (mailing.standings(), mailing.all_turns()) == ([Standing.HANDED_OVER], 0)
    later(mailing, CLAIM)
    assert mailing.all_turns() == 0
    one = mailing.one()
    assert (one.state, handler.received) == (Standing.UNCERTAIN, [])
    assert [getattr(each, "why", "") for each in mailing.observed()] == ["uncertain"]
    later(mailing, timedelta(days=5))
    assert mailing.all_turns() == 0
    assert mailing.outbox.send_again(one.id, mailing.world.clock.at)
    assert mailing.all_turns() == 1
    assert len(handler.received) == 1
    assert not mailing.outbox.send_again(one.id, mailing.world.clock.at)


def test_a_server_that_takes_the_mail_and_says_nothing_leaves_a_doubt(mailing: Mailing, handler: Handler) -> None:
    """RFC 1047: the connection is lost after the end of the mail."""
    handler.data.append(CLOSE)
    mailing.all_turns()
    assert (mailing.standings(), len(handler.received)) == ([Standing.UNCERTAIN], 1)
    later(mailing, timedelta(days=5))
    assert mailing.all_turns() == 0
    assert len(handler.received) == 1


def test_two_senders_at_once_send_one(mailing: Mailing, handler: Handler, server: MailServer) -> None:
    """S37: while one sends, the other takes neither the same notice nor the next."""
    mailing.world.do(
        "verify-person", "admin", person=ADA, method="video-call", evidence="seen", until=mailing.world.until(365)
    )
    real = post_to(server.port)
    other = Loop(mailing.world.policy, mailing.loop.collector, real)
    seen: list[bool] = []

    def meanwhile(envelope: Envelope, hand_over: Callable[[], bool]) -> Answer:
        seen.append(other.turn())
        answer = real.deliver(envelope, hand_over)
        seen.append(other.turn())
        return answer

    assert Loop(mailing.world.policy, mailing.loop.collector, post(meanwhile)).turn()
    assert (seen, len(handler.received)) == ([False, False], 1)
    assert other.turn()
    assert mailing.standings() == [Standing.SENT, Standing.SENT]


def test_who_was_too_slow_does_not_send(mailing: Mailing, handler: Handler, server: MailServer) -> None:
    """S37: another took it over before it was handed over; the slow one lets go of the server without a mail."""
    real = post_to(server.port)
    other = Loop(mailing.world.policy, mailing.loop.collector, real)

    def slow(envelope: Envelope, hand_over: Callable[[], bool]) -> Answer:
        later(mailing, CLAIM)
        assert other.turn()
        answer = real.deliver(envelope, hand_over)
        assert answer.became is Became.NOT_OURS
        return answer

    assert Loop(mailing.world.policy, mailing.loop.collector, post(slow)).turn()
    assert (mailing.standings(), len(handler.received)) == ([Standing.SENT], 1)
    assert [type(one) for one in mailing.observed()] == [e.NoticeSent]


def test_who_was_in_doubt_and_is_answered_is_certain(mailing: Mailing, handler: Handler, server: MailServer) -> None:
    """S37: an answer that comes after others stopped to wait for it still counts."""
    real = post_to(server.port)
    other = Loop(mailing.world.policy, mailing.loop.collector, real)

    def slow(envelope: Envelope, hand_over: Callable[[], bool]) -> Answer:
        answer = real.deliver(envelope, hand_over)
        later(mailing, CLAIM)
        assert not other.turn()
        return answer

    assert Loop(mailing.world.policy, mailing.loop.collector, post(slow)).turn()
    assert (mailing.standings(), len(handler.received)) == ([Standing.SENT], 1)
    assert [type(one) for one in mailing.observed()] == [e.NoticeFailed, e.NoticeSent]


def test_what_cannot_be_written_down_now_is_later(
    mailing: Mailing, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FLT-02: the log is away when the server's answer comes; the mail is not sent again, and the proof follows."""
    store, policy = mailing.world.policy.store, mailing.world.policy

    def away(*_arguments: object) -> None:
        raise LogUnavailable("log `x` cannot be used (away); try again")

    mailing.loop.collector.write(policy)
    with monkeypatch.context() as patch:
        patch.setattr(store, "observe", away)
        with pytest.raises(LogUnavailable):
            mailing.loop.turn()
    assert (mailing.standings(), len(handler.received)) == ([Standing.HANDED_OVER], 1)
    assert mailing.all_turns() == 0
    assert (mailing.standings(), len(handler.received)) == ([Standing.SENT], 1)
    assert [type(one) for one in mailing.observed()] == [e.NoticeSent]


def test_what_was_put_back_from_a_backup_is_in_doubt(mailing: Mailing, handler: Handler) -> None:
    """FLT-10: what waited in a backup, and what its newest facts tell of, may have been sent since: told, not sent."""
    mailing.loop.collector.write(mailing.world.policy)
    mailing.world.do(
        "verify-person", "admin", person=ADA, method="video-call", evidence="seen", until=mailing.world.until(365)
    )
    doubt_unsent(mailing.world.policy.store.database, mailing.world.clock.at)
    assert mailing.all_turns() == 0
    assert (mailing.standings(), handler.received) == ([Standing.UNCERTAIN, Standing.UNCERTAIN], [])
    mailing.world.do("confirm-factor", "admin", person=ADA, factor="totp-1")
    assert mailing.all_turns() == 1
    assert [one.mail["Subject"] for one in handler.received] == ["Your second factor was confirmed"]


def test_an_accepted_loss_leaves_a_doubt(mailing: Mailing, handler: Handler) -> None:
    """AUD-02: an older state of the database was put back; what waited in it may have gone out since."""
    mailing.loop.collector.write(mailing.world.policy)
    mailing.world.do(
        "verify-person", "admin", person=ADA, method="video-call", evidence="seen", until=mailing.world.until(365)
    )
    policy = mailing.world.policy
    with policy.reading() as state:
        lost = e.LossAccepted(kept=state.seq, lost=3, epoch=1, observations=0)
    policy.store.append(policy.store.newest(), lambda _at: [(ADMIN, lost)])
    assert mailing.all_turns() == 0
    assert (mailing.standings(), handler.received) == ([Standing.UNCERTAIN, Standing.UNCERTAIN], [])
    mailing.world.do("confirm-factor", "admin", person=ADA, factor="totp-1")
    assert mailing.all_turns() == 1
