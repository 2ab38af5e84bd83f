"""A demo's state: whole or not there, private where it must be, with real data as registered."""

import csv
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from access_policy.log.checkpoints import log_origin
from access_policy.log.keys import load_keys
from access_policy.log.verify import verify
from access_policy.model.ids import PersonId
from access_policy.use_cases import Policy
from hub_config.bootstrap import StateProblem, identity_of, open_policy, present
from hub_config.cli.manifests import manifest_problem
from hub_config.demo.people import CAST, DEMO_ISSUER
from hub_config.demo.seed import SETTINGS, seed
from hub_config.places import Places
from hub_config.settings import load_settings
from tests.unit.hub_config.demo.seeded import copy_of_demo, seeded_demo

ROOT = Path(__file__).parents[4]


@pytest.fixture
def places() -> Places:
    return seeded_demo()


@pytest.fixture
def policy(places: Places) -> Iterator[Policy]:
    opened = open_policy(places)
    yield opened
    opened.store.close()


def quiet(_text: str) -> None:
    """Take progress and say nothing."""


def test_what_it_holds(places: Places) -> None:
    """Settings, keys, log, people and datasets, and nothing of its making."""
    names = {path.name for path in places.state.iterdir()} - {"log.sqlite-wal", "log.sqlite-shm"}
    assert names == {
        "sluis.toml",
        "keys",
        "log.sqlite",
        "demo.json",
        "datasets",
        "documents",
        "checkpoints",
        "signed.json",
    }


def test_secrets_are_private(places: Places) -> None:
    """The people's secrets, the log and the settings are 0600; the folder lets others through, not in."""
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (places.demo, places.log, places.settings, places.state)]
    assert modes == [0o600, 0o600, 0o600, 0o711]


def test_the_settings_are_the_demos(places: Places) -> None:
    """What was written reads back the same."""
    assert load_settings(places.settings) == SETTINGS


def test_the_log_is_whole_and_ends_before_now(places: Places, policy: Policy) -> None:
    """Two years of history, none of it in the future."""
    with policy.reading() as state:
        assert state.demo
        assert verify(places.log, None, load_keys(places.keys), log_origin(state.installation)).ok
        assert state.at is not None
        assert present() - timedelta(days=30) < state.at < present()
        assert next(policy.store.facts_since(0)).at < present() - timedelta(days=700)


def test_everybody_can_log_in_with_what_demo_json_says(places: Places, policy: Policy) -> None:
    """The provider's subject finds the person; the secret is the one of their factor."""
    people = msgspec.json.decode(places.demo.read_bytes())
    assert [one["login"] for one in people] == [one.login for one in CAST]
    with policy.reading() as state:
        for one in people:
            assert state.identities[identity_of(places, DEMO_ISSUER, one["login"])] == one["person"]
            assert state.people[one["person"]].email == one["email"]
            assert list(one) == ["person", "login", "name", "email", "roles", "institution", "totp_secret"]
            secrets = [policy.records.factor_secret(each) for each in state.people[one["person"]].factors]
            assert secrets == ([one["totp_secret"]] if one["totp_secret"] else [])
            assert one["totp_secret"] is None or len(one["totp_secret"]) == 32


def test_one_person_has_a_first_factor_to_enrol(places: Places) -> None:
    """Fleur, and nobody else, has none."""
    people = msgspec.json.decode(places.demo.read_bytes())
    assert [one["login"] for one in people if one["totp_secret"] is None] == ["fleur"]


def test_factors_are_enrolled_by_the_hub_and_everything_else_by_people(policy: Policy) -> None:
    """The history was written through commands, each on behalf of the one who may give it."""
    others = {
        (str(fact.actor), type(fact.event).__name__)
        for fact in policy.store.facts_since(0)
        if not str(fact.actor).startswith("operator demo, on behalf of P-")
    }
    assert {who for who, _ in others} == {"component installation", "component hub", "component desk"}
    assert {kind for who, kind in others if who == "component hub"} == {
        "FactorEnrolled",
        "WorkspaceStarted",
        "WorkspaceEnded",
    }


def test_each_dataset_is_as_registered(places: Places, policy: Policy) -> None:
    """Folder, manifest and digest fit, and a README says where the data are from."""
    with policy.reading() as state:
        for dataset in state.datasets.values():
            folder = places.datasets("datasets") / dataset.location
            assert manifest_problem(folder, dataset.manifest) is None
            readme = (folder / "README.md").read_text(encoding="utf-8")
            assert dataset.source in readme
            assert "Licence" in readme


def test_the_tables_are_the_published_ones(places: Places) -> None:
    """686 patients, of whom 299 had an event; 198 samples with 76 probe sets, 51 with metastases."""
    folder = places.datasets("datasets")
    patients = rows(folder / "gbsg2-clinical/1.0/patients.csv")
    assert (len(patients), sum(row["event"] == "1" for row in patients)) == (686, 299)
    samples = rows(folder / "gse7390-expression/1.0/samples.csv")
    assert (len(samples), sum(row["event"] == "1" for row in samples)) == (198, 51)
    expression = rows(folder / "gse7390-expression/1.0/expression.csv")
    assert (len(expression), len(expression[0])) == (198, 77)
    demographics = rows(folder / "gbsg2-demographics/1.0/demographics.csv")
    assert (len(demographics), list(demographics[0])) == (686, ["patient", "age", "menostat"])


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_second_seeding_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    """A Sluis that is there stays as it is."""
    places = copy_of_demo(tmp_path / "state")
    before = places.log.read_bytes()
    with pytest.raises(StateProblem, match="holds a Sluis already"):
        seed(places, quiet)
    assert places.log.read_bytes() == before
    assert not (places.state / ".new").exists()


def test_a_seeding_that_fails_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    """Nothing half-made, and what lay there before stays."""
    places = Places(tmp_path)
    (tmp_path / "notes.txt").touch()

    def interrupt(text: str) -> None:
        if "history" in text:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seed(places, interrupt)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_killed_seeding_leaves_no_sluis_and_the_next_one_makes_it(tmp_path: Path) -> None:
    """`kill -9` in the middle: no log, so no Sluis; the next try clears up and succeeds."""
    places = Places(tmp_path / "state")
    code = (
        "import os, sys, pathlib; from hub_config.places import Places; from hub_config.demo.seed import seed\n"
        "seed(Places(pathlib.Path(sys.argv[1])), lambda text: os.kill(os.getpid(), 9) if 'history' in text else None)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(places.state)], cwd=ROOT, check=False)
    assert killed.returncode == -9
    assert [path.name for path in places.state.iterdir()] == [".new"]
    seed(places, quiet)
    assert not (places.state / ".new").exists()
    open_policy(places).store.close()


def test_a_move_that_was_killed_is_carried_on(tmp_path: Path) -> None:
    """Everything was made and half of it moved: the next start moves the rest, and seeds nothing anew."""
    places = copy_of_demo(tmp_path / "state")
    draft = places.state / ".new"
    draft.mkdir()
    for name in ("log.sqlite", "sluis.toml"):
        (places.state / name).rename(draft / name)
    (draft / ".complete").touch()
    shutil.rmtree(places.run, ignore_errors=True)
    seed(places, quiet)
    assert not draft.exists()
    policy = open_policy(places)
    with policy.reading() as state:
        assert state.people[PersonId("P-1")].name == "Anna de Wit"
    policy.store.close()
    assert os.access(places.settings, os.R_OK)
