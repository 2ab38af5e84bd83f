"""Where the browser of a session sits: noted with its requests, on record where it moves, and forgotten in time."""

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from tornado.httputil import HTTPHeaders

from access_policy import events as e
from access_policy.log.records import Session, token_digest
from access_policy.model.enums import FactorKind, Zone
from access_policy.model.ids import FactorId, PersonId
from hub_config.doors import INSTITUTE, PEER_HEADER, PUBLIC, WORD_HEADER, door_word
from hub_config.login.activity import noting
from hub_config.login.sessions import Given, begin_session
from hub_config.login.stays import Network, network_of, note_stay
from hub_config.login.sweep import Sweep
from hub_config.network_settings import NetworkSettings
from hub_config.running import Running
from hub_config.sessions import as_session, live_session, live_sessions
from tests.unit.hub_config.desk.seed import World, full_world

pytestmark = pytest.mark.unit

ADA, TOKEN, SECONDS = PersonId("P-8"), "a token of 32 random bytes", 30
SETTINGS = NetworkSettings(institute=("192.0.2.0/24",), recheck_seconds=SECONDS)
HERE, THERE, ELSEWHERE = "http://127.0.0.1:8000", "http://127.0.0.1:8001", "198.51.100.9"
RUNNING = Running(
    url=HERE, demo=True, hub="http://127.0.0.1:8", proxy_api="http://127.0.0.1:1", desk="http://127.0.0.1:9",
    issuer="http://127.0.0.1:7", identity_issuer="demo", client_id="sluis", client_secret="s", proxy_token="p",
    desk_token="d", warden_token="w", supervisor_pid=1,
    institute_url=THERE, institute_bind=THERE, institute_api="http://127.0.0.1:2",
)  # fmt: skip
NETWORK = network_of(RUNNING, SETTINGS)
WITHOUT = network_of(msgspec.structs.replace(RUNNING, institute_url="", institute_bind="", institute_api=""), None)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = full_world(tmp_path)
    yield made
    made.policy.store.close()


def request(door: str = INSTITUTE, peer: str = "192.0.2.9") -> SimpleNamespace:
    headers = HTTPHeaders({WORD_HEADER: door_word("p", door), PEER_HEADER: peer, "Sec-Fetch-Mode": "cors"})
    return SimpleNamespace(headers=headers, method="GET")


def log_in(world: World, came: SimpleNamespace, network: Network = NETWORK) -> str:
    """Begin a session where a browser is; return its digest."""
    given = Given(factor=FactorId("F-1"), kind=FactorKind.TOTP, at=world.policy.now(), stay=network.stay(came))
    return token_digest(begin_session(world.policy, ADA, given, lambda: TOKEN))


def zone(world: World) -> Zone | None:
    session = live_session(world.policy, ADA)
    return None if session is None else session.zone


def moves(world: World) -> list[tuple[str, Zone]]:
    seen = [row.event for row in world.policy.store.observations_since(0)]
    return [(one.session, one.zone) for one in seen if isinstance(one, e.SessionMoved)]


def see(world: World, came: SimpleNamespace, token: str = TOKEN) -> None:
    note_stay(world.policy, token, NETWORK.stay(came))


@pytest.mark.parametrize(
    ("door", "peer", "place"),
    [
        (INSTITUTE, "192.0.2.9", Zone.INSTITUTE), (INSTITUTE, ELSEWHERE, Zone.ANYWHERE),
        (PUBLIC, "192.0.2.9", Zone.ANYWHERE), (PUBLIC, ELSEWHERE, Zone.ANYWHERE),
    ],
)  # fmt: skip
def test_a_login_begins_where_its_browser_is(world: World, door: str, peer: str, place: Zone) -> None:
    """S77: it takes the institute's door and an address of the institute; that is in the evidence."""
    digest = log_in(world, request(door, peer))
    record = world.policy.records.session(digest)
    assert record is not None
    assert (record.zone, zone(world)) == (place, place)
    begun = [row.event for row in world.policy.store.observations_since(0) if isinstance(row.event, e.SessionBegun)]
    assert begun[-1].zone is place
    assert moves(world) == []


def test_a_look_counts_for_so_long_and_no_longer(world: World) -> None:
    """NET-05: half-open; a browser that is silent is outside, in every answer, before anybody puts that on record."""
    log_in(world, request())
    world.clock.go(seconds=SECONDS, microseconds=-1)
    assert zone(world) is Zone.INSTITUTE
    world.clock.go(microseconds=1)
    assert [one.zone for one in live_sessions(world.policy, ADA)] == [Zone.ANYWHERE]
    assert zone(world) is Zone.ANYWHERE


@pytest.mark.parametrize(("door", "told"), [(PUBLIC, [Zone.ANYWHERE]), (INSTITUTE, [Zone.ANYWHERE, Zone.INSTITUTE])])
def test_a_silence_is_on_record_although_a_look_comes_before_the_sweep(
    world: World, door: str, told: list[Zone]
) -> None:
    """NET-05: each move, once, whoever sees it first."""
    log_in(world, request())
    world.clock.go(seconds=SECONDS)
    for _ in range(2):
        see(world, request(door))
    assert [one for _, one in moves(world)] == told


def test_pages_that_are_seen_three_times_in_that_time_stay_inside(world: World) -> None:
    """NET-05: as `/hub/place` tells them to ask; nothing of it is a move."""
    log_in(world, request())
    for _ in range(9):
        world.clock.go(seconds=SECONDS / 3)
        assert zone(world) is Zone.INSTITUTE
        see(world, request())
    assert (zone(world), moves(world)) == (Zone.INSTITUTE, [])


def test_a_move_is_put_on_record_once(world: World) -> None:
    """S77, S78: at once, either way; the same place again is none."""
    digest = log_in(world, request(PUBLIC, ELSEWHERE))
    for came, place in ((request(), Zone.INSTITUTE), (request(INSTITUTE, ELSEWHERE), Zone.ANYWHERE)):
        for _ in range(3):
            see(world, came)
            assert zone(world) is place
    assert moves(world) == [(digest, Zone.INSTITUTE), (digest, Zone.ANYWHERE)]


def test_a_look_at_another_browser_moves_nobody(world: World) -> None:
    """NET-06: neither one without a session, nor one whose session is over."""
    digest = log_in(world, request(PUBLIC, ELSEWHERE))
    for token in ("", "another token"):
        see(world, request(), token)
    assert zone(world) is Zone.ANYWHERE
    world.policy.records.end_session(digest, world.policy.now(), "logout")
    see(world, request())
    assert moves(world) == []


def test_the_sweep_records_who_was_not_seen_in_time(world: World) -> None:
    """NET-05: once, with the session that goes on; one that is still inside is left alone."""
    digest, sweep = log_in(world, request()), Sweep(world.policy)
    asyncio.run(sweep({}, None))
    assert moves(world) == []
    world.clock.go(seconds=SECONDS)
    for _ in range(2):
        asyncio.run(sweep({}, None))
    assert moves(world) == [(digest, Zone.ANYWHERE)]
    assert live_session(world.policy, ADA) is not None
    see(world, request())
    assert moves(world)[1:] == [(digest, Zone.INSTITUTE)]


def test_a_session_that_is_over_does_not_move(world: World) -> None:
    """SES-11: its end is on record, and that is all."""
    digest = log_in(world, request())
    world.policy.records.end_session(digest, world.policy.now(), "logout")
    world.clock.go(minutes=5)
    asyncio.run(Sweep(world.policy)({}, None))
    assert moves(world) == []


def test_without_a_network_everybody_is_anywhere(world: World) -> None:
    """S77: also who comes with a word that was once a door's."""
    log_in(world, request(), WITHOUT)
    assert zone(world) is Zone.ANYWHERE
    assert WITHOUT.place(request()) is Zone.ANYWHERE


def test_a_browser_is_sent_back_to_the_door_that_it_came_by() -> None:
    """SES-14: by the door's word and never by `Host`; in doubt it is the public one."""
    assert [NETWORK.address(request(door)) for door in (PUBLIC, INSTITUTE)] == [HERE, THERE]
    twice = request()
    twice.headers.add(WORD_HEADER, door_word("p", INSTITUTE))
    forged = SimpleNamespace(headers=HTTPHeaders({WORD_HEADER: "0" * 64, "Host": "127.0.0.1:8001"}))
    assert [NETWORK.address(one) for one in (twice, forged)] == [HERE, HERE]
    assert WITHOUT.address(request()) == HERE


def test_a_door_with_the_public_names_is_told_by_its_word_alone() -> None:
    """S78, SES-07: where hub, desk and workspaces have addresses of their own, both doors are found by the same."""
    same = network_of(msgspec.structs.replace(RUNNING, institute_url=""), SETTINGS)
    assert [same.address(request(door)) for door in (PUBLIC, INSTITUTE)] == [HERE, HERE]
    assert [same.is_by_it(request(door)) for door in (PUBLIC, INSTITUTE)] == [False, True]
    assert same.place(request()) is Zone.INSTITUTE
    assert same.place(request(peer=ELSEWHERE)) is Zone.ANYWHERE


class Handler:
    """A request to the hub that was answered, as what logs it sees it."""

    log = logging.getLogger("test")

    def __init__(self, token: str = TOKEN, status: int = 200) -> None:
        self.request = request()
        self._token, self._status = token, status

    def get_secure_cookie(self, _name: str, max_age_days: float) -> bytes:
        assert max_age_days <= 1
        return self._token.encode()

    def get_status(self) -> int:
        return self._status


@pytest.mark.parametrize("status", [200, 302, 403, 500])
def test_every_request_of_its_browser_notes_the_place(world: World, status: int) -> None:
    """S77: whatever was answered; it keeps no session awake, and a failure's headers show no door's word (NET-03)."""
    digest, logged = log_in(world, request(PUBLIC, ELSEWHERE)), []
    world.clock.go(minutes=5)
    noting(world.policy, NETWORK, lambda handler: logged.append(dict(handler.request.headers)))(Handler(status=status))
    assert zone(world) is Zone.INSTITUTE
    assert [WORD_HEADER in headers for headers in logged] == [False]
    record = world.policy.records.session(digest)
    assert record is not None
    assert record.last_activity == world.clock.at - timedelta(minutes=5)


def test_a_record_of_an_older_release_is_of_nobody_inside(world: World) -> None:
    """POL-05: it says where its session began, which is where it was, and not where it is."""
    record = Session(
        session="a" * 64, person=ADA, begun=world.clock.at, factor_kind=FactorKind.TOTP, factor_at=world.clock.at,
        zone=Zone.INSTITUTE, ends=world.clock.at + timedelta(hours=1),
    )  # fmt: skip
    assert as_session(record, world.clock.at).zone is Zone.ANYWHERE
