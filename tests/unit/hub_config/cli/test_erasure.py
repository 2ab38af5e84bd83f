"""`sluis person erase`: asked for, waiting until its date, then proposed (E48, E50)."""

import pytest

from tests.unit.hub_config.cli.conftest import Sluis


def test_it_asks_and_says_until_when(sluis: Sluis, people: dict[str, str]) -> None:
    """E48, E50: the first call records that it was asked; every one until the date is refused with 3, and says it."""
    call = ("person", "erase", people["lotte"], "--as", people["anna"], "--yes")
    first, second = sluis(*call), sluis(*call)
    assert (first.status, second.status) == (3, 3)
    assert "until `20" in first.err
    assert "refused: wrong_state" in second.err
    asked = sluis("log", "show", "--kind", "ErasureAsked", "--json").lines
    assert [one["person"] for one in asked] == [people["lotte"]]


def test_it_wants_to_hear_yes(sluis: Sluis, people: dict[str, str]) -> None:
    """E50: there is no way back, so it is not done by a slip."""
    call = ("person", "erase", people["lotte"], "--as", people["anna"])
    assert sluis(*call).status == 3
    assert sluis(*call).status == 2


@pytest.mark.parametrize("who", ["P-999", "lotte", ""])
def test_nobody_of_that_name(sluis: Sluis, people: dict[str, str], who: str) -> None:
    """One line, and nothing is recorded."""
    said = sluis("person", "erase", who, "--as", people["anna"], "--yes")
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)


def test_nobody_but_an_admin(sluis: Sluis, people: dict[str, str]) -> None:
    """E50: as the permission table says."""
    said = sluis("person", "erase", people["lotte"], "--as", people["lotte"], "--yes")
    assert said.status == 3
    again = sluis("person", "erase", people["lotte"], "--as", people["lotte"], "--yes")
    assert again.err.startswith("refused: not_permitted")
