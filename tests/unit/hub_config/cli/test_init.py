"""`sluis init`: a state for real use, once, with two admins and commented settings."""

import fcntl
import stat
from pathlib import Path

import pytest

from hub_config.bootstrap import identity_of
from hub_config.cli.settings_text import settings_text
from hub_config.login_settings import Login
from hub_config.places import Places
from hub_config.settings import Contact, Settings, Size, load_settings
from tests.unit.hub_config.cli.conftest import Sluis

ISSUER = "https://login.hospital.example"
ADMINS = ("--admin", ISSUER, "sub-1", "--admin", ISSUER, "sub-2")


def test_the_first_facts_name_two_admins_and_no_demo(sluis: Sluis, tmp_path: Path) -> None:
    """P-1 and P-2, each with the identity that a login brings."""
    places = Places(tmp_path / "deep" / "new")
    said = sluis("init", *ADMINS, "--json", state=places.state)
    assert (said.status, said.json["admins"]) == (0, ["P-1", "P-2"])
    facts = sluis("log", "show", "--json", state=places.state).lines
    assert (facts[0]["kind"], facts[0]["demo"]) == ("InstallationBegun", False)
    linked = [fact for fact in facts if fact["kind"] == "IdentityLinked"]
    assert [fact["identity"] for fact in linked] == [identity_of(places, ISSUER, sub) for sub in ("sub-1", "sub-2")]
    people = sluis("person", "list", "--json", state=places.state).json
    assert [[role["role"] for role in person["roles"]] for person in people] == [["admin"], ["admin"]]


def test_the_settings_are_commented_and_can_be_used(sluis: Sluis, tmp_path: Path) -> None:
    """Every key with its description; the first admin's issuer; private."""
    places = Places(tmp_path / "new")
    sluis("init", *ADMINS, state=places.state)
    text = places.settings.read_text(encoding="utf-8")
    assert load_settings(places.settings) == Settings(login=Login(issuer=ISSUER))
    assert "# hours after which a session ends and both factors are asked for again\nsession_hours = 12\n" in text
    assert [stat.S_IMODE(path.stat().st_mode) for path in (places.settings, places.log, places.state)] == [
        0o600, 0o600, 0o711,
    ]  # fmt: skip


def test_it_happens_once(sluis: Sluis, tmp_path: Path) -> None:
    """A second time is refused and changes nothing."""
    places = Places(tmp_path / "new")
    sluis("init", *ADMINS, state=places.state)
    before = places.settings.read_bytes(), places.log.read_bytes()
    said = sluis("init", *ADMINS, state=places.state)
    assert (said.status, said.err.count("\n")) == (2, 1)
    assert (places.settings.read_bytes(), places.log.read_bytes()) == before


def test_settings_that_somebody_wrote_are_left_alone(sluis: Sluis, tmp_path: Path) -> None:
    """Also where there is nothing else."""
    (tmp_path / "sluis.toml").write_text("[login]\n", encoding="utf-8")
    assert sluis("init", *ADMINS, state=tmp_path).status == 2
    assert [path.name for path in tmp_path.iterdir() if path.name not in ("state", "running.lock")] == ["sluis.toml"]


def test_it_waits_for_nobody(sluis: Sluis, tmp_path: Path) -> None:
    """Where another process makes or runs a Sluis, this one says so and makes nothing."""
    places = Places(tmp_path / "new")
    places.state.mkdir()
    with places.lock.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        said = sluis("init", *ADMINS, state=places.state)
    assert (said.status, said.err.count("\n"), places.keys.exists()) == (2, 1, False)


WRONG = {
    "nobody": (),
    "one": ADMINS[:3],
    "three": (*ADMINS, "--admin", ISSUER, "sub-3"),
    "the same twice": (*ADMINS[:3], *ADMINS[:3]),
    "no URL": ("--admin", "login", "a", *ADMINS[:3]),
    "no secure URL": ("--admin", "http://login.hospital.example", "a", *ADMINS[:3]),
    "a broken URL": ("--admin", "https://[::1", "a", *ADMINS[:3]),
    "a URL with a query": ("--admin", "https://login.example/?a=b", "a", *ADMINS[:3]),
    "an empty subject": ("--admin", ISSUER, "", *ADMINS[:3]),
    "a subject with a line end": ("--admin", ISSUER, "a\nb", *ADMINS[:3]),
    "a subject with spaces around": ("--admin", ISSUER, " a", *ADMINS[:3]),
    "a very long subject": ("--admin", ISSUER, "a" * 201, *ADMINS[:3]),
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_wrong_admins_make_nothing(arguments: tuple[str, ...], sluis: Sluis, tmp_path: Path) -> None:
    """One line, and no folder."""
    said = sluis("init", *arguments, state=tmp_path / "new")
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert not (tmp_path / "new").exists()


def test_any_settings_read_back_the_same(tmp_path: Path) -> None:
    """Quotes, backslashes and other alphabets in them."""
    settings = Settings(
        contact=Contact(name='"Hélpdesk" \\ ünd 🧬', email="a@b.example"),
        profiles=(Size(name="a", label="tab\tand # hash", cpus=0.5), Size(name="b", label="b")),
    )
    file = tmp_path / "sluis.toml"
    file.write_text(settings_text(settings, "A heading"), encoding="utf-8")
    assert load_settings(file) == settings
