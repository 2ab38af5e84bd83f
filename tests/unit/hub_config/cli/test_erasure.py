"""`sluis person erase`: asked for, waiting until its date, then proposed (E48, E50)."""

import pytest

from tests.unit.hub_config.cli.conftest import Sluis


def test_it_asks_and_says_until_when(sluis: Sluis, people: dict[str, str]) -> None:
    """E48, E50: the first call records that it was asked; every one until the date is refused with 3, and says it."""
    call = ("person", "erase", people["lotte"], "--as", people["anna"], "--yes")
    first, second = sluis(*call), sluis(*call)
    assert (first.status, second.status) == (0, 3)
    assert first.out.startswith(f"recorded; `{people['lotte']}` can be erased from 20")
    assert "refused: wrong_state" in second.err
    assert f"`{people['lotte']}` can be erased from `20" in second.err
    asked = sluis("log", "show", "--kind", "ErasureAsked", "--json").lines
    assert [one["person"] for one in asked] == [people["lotte"]]


def test_exit_status_3_leaves_no_fact(sluis: Sluis, people: dict[str, str]) -> None:
    """E50: what asks says that it did; what is refused changes nothing. Both say the date to programs, too."""
    call = ("person", "erase", people["lotte"], "--as", people["anna"], "--yes", "--json")
    sizes, said = [], []
    for _ in range(2):
        said.append(sluis(*call))
        sizes.append(sluis("log", "head", "--json").json["size"])
    (asked,) = sluis("log", "show", "--kind", "ErasureAsked", "--json").lines
    assert [one.status for one in said] == [0, 3]
    assert sizes[0] == sizes[1] == asked["seq"]
    first, second = (one.json for one in said)
    assert first == {"person": people["lotte"], "asked": asked["at"], "not_before": first["not_before"]}
    assert second["person"] == people["lotte"]
    assert asked["not_before"] <= first["not_before"] <= second["not_before"]


def test_it_wants_to_hear_yes(sluis: Sluis, people: dict[str, str]) -> None:
    """E50: there is no way back, so it is not done by a slip."""
    call = ("person", "erase", people["lotte"], "--as", people["anna"])
    first, second = sluis(*call), sluis(*call)
    date = first.out.partition("can be erased from ")[2].partition(";")[0]
    assert (first.status, second.status, len(date)) == (0, 2, 20)
    assert f"it was asked already to erase `{people['lotte']}`, who can be erased from `{date}`" in second.err
    assert "--yes" in second.err


def test_who_may_not_is_refused_before_yes(sluis: Sluis, people: dict[str, str]) -> None:
    """E50: `--yes` is asked of nobody who may not propose it; that they tried is recorded (3)."""
    assert sluis("person", "erase", people["lotte"], "--as", people["anna"]).status == 0
    said = sluis("person", "erase", people["lotte"], "--as", people["tessa"])
    assert (said.status, said.err.startswith("refused: not_permitted"), "--yes" in said.err) == (3, True, False)
    (seen,) = sluis("log", "show", "--kind", "CommandRefused", "--json").lines
    assert (seen["command"], seen["code"]) == ("erase-person", "not_permitted")


@pytest.mark.parametrize("who", ["P-999", "lotte", ""])
def test_nobody_of_that_name(sluis: Sluis, people: dict[str, str], who: str) -> None:
    """One line, and nothing is recorded."""
    said = sluis("person", "erase", who, "--as", people["anna"], "--yes")
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)


def test_nobody_but_an_admin(sluis: Sluis, people: dict[str, str]) -> None:
    """E50: as the permission table says."""
    said = sluis("person", "erase", people["tessa"], "--as", people["lotte"], "--yes")
    assert (said.status, said.out) == (3, "")
    sluis("person", "erase", people["lotte"], "--as", people["lotte"], "--yes")
    again = sluis("person", "erase", people["lotte"], "--as", people["lotte"], "--yes")
    assert again.err.startswith("refused: not_permitted")
