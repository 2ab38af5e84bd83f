"""Packs of a log that lacks a rotation of which a key note tells: cut below it, or lost and accepted (AUD-12)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from access_policy.log.keys import load_keys
from hub_config.bootstrap import open_policy
from hub_config.cli import main
from hub_config.places import Places
from tests.unit.hub_config.audit.conftest import Checked
from tests.unit.hub_config.cli.rotating import AGAIN, PADDED, SHORT, forge, key_of
from tests.unit.hub_config.demo.seeded import copy_of_demo

Check = Callable[..., Checked]
ABOUT = {"request": ["--request", "DR-10"], "installation": ["--installation"]}


def run(places: Places, *arguments: str) -> None:
    assert main([*arguments, "--state", str(places.state)]) == 0


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return copy_of_demo(tmp_path / "state")


def rewritten(places: Places, count: int) -> str:
    """Rotate, and cut the log below that with the former key; return that one's public half."""
    stolen, key = load_keys(places.keys), key_of(places)
    run(places, "keys", "rotate")
    forge(places, stolen, count)
    return key


@pytest.mark.parametrize(
    ("about", "count"), [(about, count) for about in ABOUT for count in (SHORT, PADDED, AGAIN)], ids=str
)
def test_a_log_that_was_cut_below_a_rotation(
    about: str, count: int, places: Places, check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AUD-02, AUD-12: an installation that looked away makes such a pack; outsiders find it, with any key or none."""
    key = rewritten(places, count)
    refused = ["audit", "pack", *ABOUT[about], "--out", str(tmp_path / "none"), "--state", str(places.state)]
    assert main(refused) == 2
    monkeypatch.setattr("access_policy.log.verify.unheld", lambda *_given: ())
    monkeypatch.setattr("access_policy.log.witness.unheld_in", lambda *_given: ())
    run(places, "audit", "pack", *ABOUT[about], "--out", str(tmp_path / "pack"))
    for given in ([], ["--key", key], ["--key", key_of(places)]):
        found = check(tmp_path / "pack", *given)
        assert (found.status, "the log lacks what key-000000000001.txt says: event 789" in found.out) == (1, True)


@pytest.mark.parametrize("about", ABOUT)
def test_a_loss_that_was_accepted_excuses_it(about: str, places: Places, check: Check, tmp_path: Path) -> None:
    """AUD-02, AUD-12: what two admins accepted stands in the log, and in the name of the history; then it is whole."""
    key = rewritten(places, SHORT)
    policy = open_policy(places)
    trouble = policy.trouble()
    policy.store.close()
    assert trouble is not None
    assert trouble.gap is not None
    numbers = [f"{name}={value}" for name, value in trouble.gap._asdict().items()]
    run(places, "do", "accept-loss", *numbers, "--as", "P-1")
    policy = open_policy(places)
    with policy.reading_behind() as state:
        (proposal,) = [number for number, one in state.proposals.items() if one.command == "accept-loss"]
    policy.store.close()
    run(places, "do", "confirm-proposal", f"proposal={proposal}", "--as", "P-2")
    run(places, "audit", "pack", *ABOUT[about], "--out", str(tmp_path / "pack"))
    assert check(tmp_path / "pack", "--key", key).status == 0
    run(places, "keys", "rotate")
    run(places, "audit", "pack", *ABOUT[about], "--out", str(tmp_path / "next"))
    assert check(tmp_path / "next", "--key", key).status == 0
