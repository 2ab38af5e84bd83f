"""Somebody whom nobody knows by their login: what they may say of themselves, and that it counts once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from access_policy import events as e
from access_policy.commands.base import Refusal
from access_policy.log.records import PendingKind, PendingLogin
from access_policy.model.ids import PersonId
from hub_config.login.claims import Proved
from hub_config.login.newcomers import (
    FIELDS,
    GoneError,
    Login,
    Malformed,
    Newcomer,
    known_institutions,
    newcomer,
    register,
    said_by,
    unknown,
)
from hub_config.login.presets import ONE_PROVIDER, Rules
from hub_config.login.provider import Client
from hub_config.login.providers import Door, Doors
from hub_config.login.refusals import Refusals
from tests.unit.hub_config.desk.seed import World, full_world

pytestmark = pytest.mark.unit

LOGIN = Login("a" * 64, "https://idp.hospital.example", "noor")
SAID = {"name": "Noor de Vries", "position": "PhD student", "field": "leukaemia"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for the tests that leave it as it is."""
    made = full_world(tmp_path_factory.mktemp("newcomers"))
    yield made
    made.policy.store.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[World]:
    """A world of one test's own."""
    made = full_world(tmp_path)
    yield made
    made.policy.store.close()


def found(email: str = "noor@hospital.example") -> Proved:
    """What the provider proved."""
    return Proved(provider="hospital", issuer=LOGIN.issuer, subject=LOGIN.subject, email=email, name="Noor")


def came(world: World, email: str = "noor@hospital.example") -> Newcomer:
    """Who came, and may register."""
    one = newcomer(world.policy, LOGIN, found(email))
    assert one is not None
    return one


def waits(world: World, digit: str = "d") -> str:
    """A half login in the database; its digest."""
    at = world.policy.now()
    world.policy.records.create_pending_login(
        PendingLogin(nonce=digit * 64, person=PersonId(""), created=at, expires=at + timedelta(minutes=5),
                     kind=PendingKind.WHO)
    )  # fmt: skip
    return digit * 64


def people(world: World) -> int:
    """How many there are."""
    with world.policy.reading() as state:
        return len(state.people)


@pytest.mark.parametrize(
    "email",
    ["", "x@evil-hospital.example", "x@sub.hospital.example", "x@hospital.example.evil.example", "x@nowhere.example"],
)
def test_no_other_domain_leads_in(world: World, email: str) -> None:
    """ID-01, ID-02, S73: nor a provider that proves no address."""
    assert newcomer(world.policy, LOGIN, found(email)) is None


def test_a_known_address_leads_to_the_same_page(world: World) -> None:
    """ID-12: what is found out about an address does not depend on whose it is."""
    known = came(world, "researcher@hospital.example")
    assert (known.way, known.command) == (came(world).way, "register-self")


@pytest.mark.parametrize(
    "extra", ["role", "verified", "active", "is_staff", "email", "identity", "issuer", "subject", "invitation", "Name"]
)
def test_a_field_too_many_refuses_all_of_it(world: World, extra: str) -> None:
    """ID-14: and says so to the log."""
    with pytest.raises(Malformed, match="does not belong here") as raised:
        said_by(came(world), SAID | {extra: "1"})
    assert raised.value.code == "forbidden_field"


def test_what_the_provider_proved_is_in_the_command(world: World) -> None:
    """ID-09, ID-14: address and identity come from nowhere else."""
    command: Any = said_by(came(world), SAID)
    assert (command.email, command.identity, command.issuer, command.subject) == (
        "noor@hospital.example", LOGIN.identity, LOGIN.issuer, LOGIN.subject,
    )  # fmt: skip
    assert (command.name, command.position, command.field) == tuple(SAID.values())


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("value", ["", "  ", "a\x00b", "a\nb", "a\u202eb", "\u200b", "x" * 201])
def test_a_value_that_is_no_line(world: World, field: str, value: str) -> None:
    """ID-07, ID-08: in one line that names the field."""
    with pytest.raises(Malformed, match=f"`{field}`") as raised:
        said_by(came(world), SAID | {field: value})
    assert "\n" not in str(raised.value)
    assert "register-self" not in str(raised.value)


def test_it_is_used_once(fresh: World) -> None:
    """ID-05: the half login goes with the registration, in one append; without one nobody is registered."""
    pending, command = waits(fresh), said_by(came(fresh), SAID)
    before = people(fresh)
    person = register(fresh.policy, command, pending)
    assert not isinstance(person, Refusal)
    assert people(fresh) == before + 1
    assert not fresh.policy.records.delete_pending_login(pending)
    other = said_by(came(fresh, "other@hospital.example"), SAID)
    assert register(fresh.policy, other, pending).code == "already_exists"  # type: ignore[union-attr]
    free = newcomer(fresh.policy, Login("b" * 64, LOGIN.issuer, "other"), found("other@hospital.example"))
    assert free is not None
    with pytest.raises(GoneError):
        register(fresh.policy, said_by(free, SAID), pending)
    assert people(fresh) == before + 1


def test_ten_at_once_are_one(fresh: World) -> None:
    """ID-05: ten windows with one half login, and ten logins with one address, each at once: one person each time."""

    def outcome(one: tuple[str, str, Newcomer]) -> PersonId | Refusal | None:
        try:
            return register(fresh.policy, said_by(one[2], SAID), one[1])
        except GoneError:
            return None

    for email, several in (("noor@hospital.example", False), ("nell@hospital.example", True)):
        before, arrivals = people(fresh), []
        for number in range(10):
            login = Login(f"{number if several else 'a'}" * 64, LOGIN.issuer, f"{email}{number}")
            who = newcomer(fresh.policy, login, found(email))
            assert who is not None
            pending = waits(fresh, str(number)) if several or number == 0 else "0" * 64
            arrivals.append((email, pending, who))
        with ThreadPoolExecutor(10) as threads:
            outcomes = list(threads.map(outcome, arrivals))
        assert sum(isinstance(one, str) for one in outcomes) == 1
        assert people(fresh) == before + 1


def test_a_taken_address_is_refused_and_the_half_login_stays(fresh: World) -> None:
    """ID-05, ID-09: one account for an address, whatever login comes with it; nothing is linked."""
    pending = waits(fresh)
    outcome = register(fresh.policy, said_by(came(fresh, "researcher@hospital.example"), SAID), pending)
    assert isinstance(outcome, Refusal)
    assert outcome.code == "already_exists"
    with fresh.policy.reading() as state:
        assert LOGIN.identity not in state.identities


def test_a_bad_name_can_be_mended(fresh: World) -> None:
    """ID-07: the half login is still there."""
    pending = waits(fresh)
    with pytest.raises(Malformed, match="part or a role"):
        register(fresh.policy, said_by(came(fresh), SAID | {"name": "Admin"}), pending)
    assert fresh.policy.records.delete_pending_login(pending)


def test_who_is_refused_reads_what_an_admin_finds_them_by(fresh: World) -> None:
    """S73, ID-12: no address in it; a stranger who comes again leaves one row a minute."""
    refusals = Refusals(fresh.policy)
    told = [unknown(refusals, LOGIN, "unknown_identity", ["Hospital"]) for _ in range(2)]
    assert (told[0].login.reference, told[0].institutions) == ("AAAA-AAAA-AAAA", ["Hospital"])
    rows = [one.event for one in fresh.policy.store.observations_since(0)]
    assert rows.count(e.LoginRefused(identity=LOGIN.identity, why="unknown_identity")) == 1


def test_institutions_of_which_no_provider_speaks_are_not_named(world: World) -> None:
    """S97: nobody is told to come back with an address that no provider here proves."""
    client = Client("https://idp.hospital.example", "sluis", "")

    def of(rules: Rules) -> list[str]:
        return known_institutions(
            world.policy, Doors([Door(title="", client=client, rules=rules, identity_issuer=client.issuer)])
        )

    assert of(Rules(name="hospital", scopes=(), domains=frozenset({"hospital.example"}))) == ["Hospital"]
    assert of(ONE_PROVIDER) == []
