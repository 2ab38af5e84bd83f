"""Each command that takes a second factor, at the desk: one given for anything else, by anybody else, or once more."""

import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from access_policy.commands.base import Command, name_of
from access_policy.log.records import StepUp, StepUpAsked
from access_policy.model.ids import FactorId
from access_policy.permissions import TABLE
from access_policy.step_ups import canonical, digest_of, needs_step_up
from hub_config import step_ups
from hub_config.desk.desk import Login
from tests.unit.access_policy.samples import sample
from tests.unit.hub_config.desk.seed import DESK, URL, World

pytestmark = pytest.mark.unit

TAKING = tuple(kind for kind in TABLE if needs_step_up(kind))
SECOND = timedelta(seconds=1)


def waits(world: World, command: Command, who: str = "admin") -> str:
    """Let a command of somebody wait for their factor; return its token."""
    login, token = world.logins[who], secrets.token_urlsafe(16)
    step_ups.ask(world.policy, step_ups.Asker(login.person, login.session, step_ups.DESK), command, token)
    return token


def asked(world: World, token: str) -> StepUpAsked:
    """What a factor has to be given for, to be given for what waits under a token."""
    login = world.logins["admin"]
    one = step_ups.waiting(world.policy, token, login.person, login.session)
    assert one is not None
    return one.asked


def given(world: World, what: StepUpAsked) -> None:
    """Write a factor down that was given for this."""
    at = world.policy.now()
    one = StepUp(
        **msgspec.structs.asdict(what), proof="a-proof", factor=FactorId("f"), created=at, expires=at + step_ups.HOLDS
    )
    world.policy.records.create_step_up(one)


def back(world: World, token: str, who: str = "admin") -> Any:
    """Come back from the hub."""
    return world.client(who).get(f"/step-up?ask={token}")


def is_asked_again(answer: Any, token: str) -> bool:
    """Say whether the browser is sent to the hub once more for the same."""
    where = answer.headers.get("location")
    return (answer.status_code, where) == (303, f"{URL}/hub/step-up?ask={token}")


@pytest.fixture
def begun(empty: World) -> World:
    """An installation with its two admins, each logged in."""
    for who in ("admin", "second-admin"):
        empty.log_in(who)
    return empty


each_that_takes_one = pytest.mark.parametrize("kind", TAKING, ids=name_of)


def test_there_are_such_commands() -> None:
    """S76: signing, approving, certifying, verifying, and what changes who may do what."""
    names = {name_of(kind) for kind in TAKING}
    assert names >= {"sign-licence", "approve-request", "certify-person", "verify-person", "appoint-role"}


@each_that_takes_one
def test_none_is_carried_out_without(begun: World, kind: type[Command]) -> None:
    """S76, MFA-11: the browser is sent to the hub, each time it comes without."""
    token, before = waits(begun, sample(kind)), begun.policy.store.newest()
    for _ in range(2):
        assert is_asked_again(back(begun, token), token)
    assert begun.policy.store.newest() == before


@each_that_takes_one
def test_none_with_what_was_given_for_another_command(begun: World, kind: type[Command]) -> None:
    """S76, MFA-11: a factor stands for one command by the hash of all its values, and for one asking."""
    other = sample(TAKING[TAKING.index(kind) - 1])
    token, before = waits(begun, sample(kind)), begun.policy.store.newest()
    given(begun, asked(begun, waits(begun, other)))
    given(begun, asked(begun, waits(begun, sample(kind))))
    wrong = msgspec.structs.replace(asked(begun, token), command=digest_of(canonical(other)))
    given(begun, wrong)
    assert is_asked_again(back(begun, token), token)
    assert begun.policy.store.newest() == before


@each_that_takes_one
def test_none_in_another_session(begun: World, kind: type[Command]) -> None:
    """S76, SES-11: neither in another session of the same person, nor of somebody else, who see that nothing waits."""
    token, before = waits(begun, sample(kind)), begun.policy.store.newest()
    given(begun, asked(begun, token))
    first: Login = begun.logins["admin"]
    begun.logins["elsewhere"] = replace(begun.log_in("admin"), key="another browser's")
    begun.logins["admin"] = first
    for who in ("elsewhere", "second-admin"):
        answer = back(begun, token, who)
        assert (answer.status_code, "is over, or was used" in answer.text) == (409, True)
    assert begun.policy.store.newest() == before


@each_that_takes_one
def test_none_after_five_minutes(begun: World, kind: type[Command]) -> None:
    """S76: half-open; then the same is asked for anew while it waits, ten minutes."""
    token, before = waits(begun, sample(kind)), begun.policy.store.newest()
    given(begun, asked(begun, token))
    begun.clock.at += step_ups.HOLDS
    assert is_asked_again(back(begun, token), token)
    begun.clock.at += step_ups.ASK_TIME - step_ups.HOLDS - SECOND
    assert is_asked_again(back(begun, token), token)
    begun.clock.at += SECOND
    assert back(begun, token).status_code == 409
    assert begun.policy.store.newest() == before


@each_that_takes_one
def test_none_twice(begun: World, kind: type[Command]) -> None:
    """S76, MFA-11: used up by whichever request came first, before this one or beside it."""
    token, before = waits(begun, sample(kind)), begun.policy.store.newest()
    given(begun, asked(begun, token))
    assert begun.policy.records.use_step_up(asked(begun, token), begun.policy.now()) == "a-proof"
    assert is_asked_again(back(begun, token), token)
    assert begun.policy.store.newest() == before


@each_that_takes_one
def test_with_the_right_one_the_command_itself_is_judged(begun: World, kind: type[Command]) -> None:
    """S76: carried out, or refused for what it is; a second time nothing is carried out."""
    token = waits(begun, sample(kind))
    given(begun, asked(begun, token))
    begun.clock.at += step_ups.HOLDS - SECOND
    first = back(begun, token)
    assert "step_up_needed" not in first.text
    assert not is_asked_again(first, token)
    after = begun.policy.store.newest()
    back(begun, token)
    assert begun.policy.store.newest() == after


def test_what_was_carried_out_waits_no_more(begun: World) -> None:
    """S76, MFA-11: a page that is loaded again does nothing twice, and says so; the fact names the factor."""
    command = sample(Command.registered["appoint-role"], begun.logins["second-admin"].person)
    token = waits(begun, command)
    given(begun, asked(begun, token))
    assert back(begun, token).status_code == 303
    fact = list(begun.policy.store.facts_since(0))[-1]
    assert fact.actor.step_up == "a-proof"
    again = back(begun, token)
    assert (again.status_code, "is over, or was used" in again.text) == (409, True)


def test_ten_at_once_carry_it_out_once(begun: World) -> None:
    """S76, MFA-11: one fact, however often the browser asks in the same moment."""
    token = waits(begun, sample(Command.registered["appoint-role"], begun.logins["second-admin"].person))
    given(begun, asked(begun, token))
    before = begun.policy.store.newest()
    browsers = [begun.client("admin") for _ in range(10)]
    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(lambda browser: browser.get(f"/step-up?ask={token}"), browsers))
    assert begun.policy.store.newest() == before + 1
    done = [one for one in answers if one.headers.get("location", "").startswith(f"{DESK}/")]
    assert len(done) == 1
