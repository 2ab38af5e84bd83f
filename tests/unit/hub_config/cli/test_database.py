"""`--database`: an installation whose log is in PostgreSQL, made and used by the command line (AUD-11, FLT-10)."""

from pathlib import Path

import psycopg
import pytest

from hub_config.places import Places
from hub_config.settings import SettingsProblem, load_settings
from tests.postgres import blank_database
from tests.unit.hub_config.cli.conftest import Sluis

ISSUER = "https://login.hospital.example"
ADMINS = ("--admin", ISSUER, "sub-1", "--admin", ISSUER, "sub-2")


def test_init_makes_the_log_in_the_database(sluis: Sluis, tmp_path: Path) -> None:
    """The settings name the database, the tables are the owner's, and every command works as the operator."""
    places, url = Places(tmp_path / "new"), blank_database()
    assert sluis("init", *ADMINS, "--database", url, state=places.state).status == 0
    assert (load_settings(places.settings).log.database, places.log.exists()) == (url, False)
    for command in (("log", "head"), ("log", "verify"), ("person", "list"), ("upgrade",)):
        said = sluis(*command, state=places.state)
        assert (said.status, said.err.count("Traceback")) == (0, 0), said.err
    with psycopg.connect(url, user="sluis_operator") as connection:
        assert connection.execute("SELECT kind FROM facts WHERE seq = 1").fetchone() == ("InstallationBegun",)


def test_a_database_that_holds_a_log_is_left_alone(sluis: Sluis, tmp_path: Path) -> None:
    """FLT-10: a second installation does not go into the first one's database, and leaves no folder half made."""
    url = blank_database()
    sluis("init", *ADMINS, "--database", url, state=tmp_path / "one")
    said = sluis("init", *ADMINS, "--database", url, state=tmp_path / "two")
    assert (said.status != 0, said.err.count("\n"), "holds one already" in said.err) == (True, 1, True)
    assert not (tmp_path / "two").exists()
    assert sluis("log", "verify", state=tmp_path / "one").status == 0


def test_a_server_that_is_not_there_makes_nothing(sluis: Sluis, tmp_path: Path) -> None:
    """FLT-02: one line, and the folder is as before."""
    said = sluis("init", *ADMINS, "--database", "postgresql:///x?host=/nowhere", state=tmp_path / "new")
    assert (said.status != 0, said.err.count("\n")) == (True, 1)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("command", [("init", *ADMINS), ("run", "--demo")], ids=["init", "run"])
@pytest.mark.parametrize("url", ["mysql://x/y", "postgresql://me:hush@h/x", "nonsense", ""])
def test_an_unusable_url_is_refused(sluis: Sluis, tmp_path: Path, command: tuple[str, ...], url: str) -> None:
    """MFA-11: wrong usage, and a password that stood in it is not repeated."""
    said = sluis(*command, "--database", url, state=tmp_path / "new")
    assert (said.status, "hush" in said.err, (tmp_path / "new").exists()) == (2, False, False)


def test_a_database_is_for_a_new_demo(sluis: Sluis, tmp_path: Path) -> None:
    """`sluis run` takes where the log is from the settings, and from nowhere else."""
    said = sluis("run", "--database", "postgresql:///x", state=tmp_path / "new")
    assert (said.status, "log.database" in said.err) == (2, True)


def test_settings_with_a_password_stop_the_start(tmp_path: Path) -> None:
    """MFA-11: a password never stands in the settings."""
    (tmp_path / "sluis.toml").write_text('[log]\ndatabase = "postgresql://me:hush@h/x"\n', encoding="utf-8")
    with pytest.raises(SettingsProblem, match=r"log\.database is a URL with a user or password") as caught:
        load_settings(tmp_path / "sluis.toml")
    assert "hush" not in str(caught.value)
