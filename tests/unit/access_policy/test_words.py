"""How actors, ids and commands are written and read, and the session that a supposed login gives."""

from datetime import timedelta

import pytest

from access_policy.actor import Actor, person
from access_policy.commands.base import parse_command
from access_policy.decision import supposed_session
from access_policy.model.enums import Zone
from access_policy.model.ids import is_name, is_person_id, is_request_id, number_of
from tests.unit.access_policy.world import ADMIN, HUB, OPEN, RESEARCHER, everything_holds, on_behalf_of


@pytest.mark.parametrize(
    ("actor", "text"),
    [
        (person(ADMIN), "P-1"),
        (on_behalf_of(ADMIN), "operator root, on behalf of P-1"),
        (Actor(operator="root"), "operator root, on behalf of nobody"),
        (HUB, "component hub"),
    ],
    ids=["a person", "an operator", "an operator for nobody", "a component"],
)
def test_an_actor_is_written_as_the_log_shows_it(actor: Actor, text: str) -> None:
    """docs/reference/command-line.md: an operator's event says who typed it and for whom."""
    assert str(actor) == text


@pytest.mark.parametrize("text", ["P-0", "P-01", "P-", "p-1", "P-1 ", "P-\u0661", "DR-1/..", "P-1234567890", ""])
def test_what_is_no_id_is_none(text: str) -> None:
    """ID-08, SPW-07: ids are a prefix and an ASCII number, so they are safe in every path and name."""
    assert not is_person_id(text)
    assert not is_request_id(text)


def test_ids_and_names_are_known() -> None:
    """SPW-07: a number for people and requests, a short plain name for things."""
    assert is_person_id(RESEARCHER)
    assert is_request_id(OPEN)
    assert (number_of(RESEARCHER), number_of(OPEN)) == (3, 1)
    assert is_name("gbsg-2")
    assert not any(is_name(text) for text in ("", "-a", "a-", "a--b", "A", "../a", "2a", "a" * 81))


@pytest.mark.parametrize("name", ["of-person", "of-request", "command", "grant-everything", "ends\u202e"])
def test_what_is_no_command_is_refused_by_name(name: str) -> None:
    """REQ-06: the abstract commands and unknown names are no commands; what is shown of them is plain ASCII."""
    with pytest.raises(ValueError, match="no command is named") as caught:
        parse_command(name, {"person": RESEARCHER})
    assert str(caught.value).isascii()


def test_a_supposed_login_has_both_factors_and_says_that_nobody_has_it() -> None:
    """explain and the pages ask as if the person had just logged in; the answer is marked as such."""
    world = everything_holds()
    session = supposed_session(world.state, RESEARCHER, world.at, Zone.INSTITUTE)
    assert session.supposed
    assert session.factor is not None
    assert session.ends - world.at == timedelta(hours=10)
    assert session.zone is Zone.INSTITUTE
