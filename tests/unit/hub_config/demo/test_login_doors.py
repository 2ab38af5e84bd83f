"""Which login providers a start has: a demo's own, several, or the one of old."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from access_policy.arrivals import ByInstitution, way_in
from access_policy.model.ids import InstitutionName
from access_policy.use_cases import Policy
from hub_config.bootstrap import open_policy
from hub_config.demo.logins import demo_logins
from hub_config.demo.people import DEMO_ISSUER
from hub_config.demo.provider import NEWCOMERS, DemoPerson
from hub_config.login.claims import Proved, proved
from hub_config.login.providers import Doors
from hub_config.login_doors import doors
from hub_config.login_settings import Login, LoginProvider
from hub_config.places import Places
from hub_config.running import Running
from tests.unit.hub_config.demo.seeded import copy_of_demo

pytestmark = pytest.mark.unit

RUNNING = Running(
    url="http://127.0.0.1:8000", demo=True, hub="", proxy_api="", desk="", issuer="http://127.0.0.1:9",
    identity_issuer=DEMO_ISSUER, client_id="sluis", client_secret="s", proxy_token="", desk_token="", warden_token="",
    supervisor_pid=0, client_secrets={"a": "of a"},
)  # fmt: skip
PROVIDERS = tuple(
    LoginProvider(name=name, title=name, issuer=f"https://{name}.nl", client_id="x", domains=(f"{name}.nl",))
    for name in ("a", "b")
)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return copy_of_demo(tmp_path / "state")


def doors_of(login: Login, running: Running, policy: Policy) -> Doors:
    """The providers, and the log closed."""
    with closing(policy.store):
        return doors(login, running, policy)


def test_everybody_of_the_demo_proves_their_address(places: Places) -> None:
    """S73: those who moved too, and those whose institution lost their domain; its port is in nobody's identity."""
    policy = open_policy(places)
    door = doors_of(Login(issuer=DEMO_ISSUER), RUNNING, policy).get("")
    assert door is not None
    assert (door.client.issuer, door.identity_issuer) == (RUNNING.issuer, DEMO_ISSUER)
    people = msgspec.json.decode(places.demo.read_bytes(), type=list[DemoPerson])
    assert len(people) > 30
    for one in people:
        claims = {"iss": RUNNING.issuer, "sub": one.login, "email": one.email, "email_verified": True}
        found = proved(claims, door.rules, policy.now())
        assert isinstance(found, Proved), one
        assert found.email == one.email


def test_whom_nobody_registered_in_the_demo(places: Places) -> None:
    """S16, S72: one may register at the first login, the other's institution is not trusted now; both are unknown."""
    policy = open_policy(places)
    with closing(policy.store), policy.reading() as state:
        ways = [way_in(state, one.email, policy.now()) for one in NEWCOMERS]
        known = {one.email for one in NEWCOMERS} & set(state.emails)
    assert (known, ways[0], ways[1]) == (set(), ByInstitution(InstitutionName("centre")), None)
    assert {one.login for one in NEWCOMERS}.isdisjoint(one.login for one in demo_logins(places))


def test_a_demo_has_its_own_provider_only(places: Places) -> None:
    """Whatever its settings say: anybody may be anybody there."""
    assert len(doors_of(Login(providers=PROVIDERS), RUNNING, open_policy(places))) == 1


def test_several_providers_each_with_its_own_secret(places: Places) -> None:
    """SPW-11: a secret goes to the provider that gave it."""
    running = msgspec.structs.replace(RUNNING, demo=False)
    found = doors_of(Login(providers=PROVIDERS), running, open_policy(places))
    clients = [one.client for one in found.matching("")]
    assert [(one.issuer, one.client_secret) for one in clients] == [("https://a.nl", "of a"), ("https://b.nl", "")]


def test_the_one_provider_of_old(places: Places) -> None:
    """It is as it was: no address is asked for, and its second factor counts for nothing."""
    running = msgspec.structs.replace(RUNNING, demo=False, identity_issuer=RUNNING.issuer)
    door = doors_of(Login(issuer=RUNNING.issuer), running, open_policy(places)).get("")
    assert door is not None
    assert (door.name, door.rules.domains, door.rules.mfa_max_age) == ("default", frozenset(), timedelta(0))
