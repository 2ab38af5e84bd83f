"""The table `[mail]`: what it may say, who gets the password, and where links lead."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from hub_config.bootstrap import StateProblem
from hub_config.cli.settings_text import settings_text
from hub_config.mail_settings import Mail, Tls
from hub_config.notices.post import post_of, server_of
from hub_config.places import Places
from hub_config.pod import DESK, HUB, WARDEN, Pod, copy_sources, running_of
from hub_config.settings import Contact, Settings, SettingsProblem, load_settings
from hub_config.startup import mail_password
from tests.unit.hub_config.clusters import CLUSTER, SECRETS, SETTINGS, mount_sources

pytestmark = pytest.mark.unit

MAIL = Mail(host="mail.example.org", sender="sluis@example.org")
GOOD = 'host = "mail.example.org"\nsender = "sluis@example.org"\n'


def written(folder: Path, lines: str) -> Path:
    file = folder / "sluis.toml"
    file.write_text(f"[mail]\n{lines}\n", encoding="utf-8")
    return file


def test_the_table_reads_back_what_was_written(tmp_path: Path) -> None:
    """And without it there is none: then notices wait."""
    file = tmp_path / "sluis.toml"
    for mail in (None, MAIL, replace(MAIL, tls=Tls.TLS, port=465, user="a", password_file="/p", ca_file="/c")):
        file.write_text(settings_text(Settings(mail=mail), "A test"), encoding="utf-8")
        assert load_settings(file).mail == mail


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('host = "mail.example.org"', "sender"),
        ('host = "mail example"\nsender = "a@b.example"', "mail.host"),
        ('host = "mail.example.org\\nx"\nsender = "a@b.example"', "mail.host"),
        ('host = "mail.example.org"\nsender = "nobody"', "mail.sender"),
        ('host = "mail.example.org"\nsender = "a@b.example\\r\\nBcc: c@d.example"', "mail.sender"),
        (GOOD + 'tls = "loopback"', "this machine only"),
        (GOOD + 'tls = "none"', "tls"),
        (GOOD + 'user = "sluis"', "go together"),
        (GOOD + 'password_file = "/p"', "go together"),
        (GOOD + "port = 0", "port"),
        (GOOD + 'colour = "red"', "colour"),
    ],
)
def test_what_cannot_be_used_stops_the_start(tmp_path: Path, lines: str, says: str) -> None:
    """ID-03, DEP-01: no plain text to another machine, and nothing that would end in a header."""
    with pytest.raises(SettingsProblem, match=says):
        load_settings(written(tmp_path, lines))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine_needs_no_tls(tmp_path: Path, host: str) -> None:
    """A relay beside Sluis."""
    lines = f'host = "{host}"\nsender = "sluis@example.org"\ntls = "loopback"\nport = 25'
    assert load_settings(written(tmp_path, lines)).mail is not None


def test_the_password_comes_from_its_file(tmp_path: Path) -> None:
    """DEP-01: it stands in no settings; where it cannot be read, the start says so."""
    (tmp_path / "password").write_text("secret\n", encoding="utf-8")
    mail = replace(MAIL, user="sluis", password_file=str(tmp_path / "password"))
    assert mail_password(Settings(mail=mail)) == "secret"
    assert mail_password(Settings(mail=MAIL)) == mail_password(Settings()) == ""
    with pytest.raises(StateProblem, match="password_file"):
        mail_password(Settings(mail=replace(mail, password_file=str(tmp_path / "gone"))))


def _running(folder: Path, part: str, mail: Mail | None, secrets: dict[str, str]) -> Any:
    settings = replace(SETTINGS, mail=mail)
    mount_sources(folder / "etc", settings, secrets)
    services = {f"{name}_SERVICE_HOST": "10.96.0.1" for name in ("HUB", "DESK", "PROXY_API")}
    pod = Pod(part=part, places=Places(folder / "state"), sources=folder / "etc", environment=services)
    copy_sources(pod)
    return running_of(pod, load_settings(pod.places.settings), CLUSTER, "https://login.example")


@pytest.mark.parametrize(("part", "knows"), [(DESK, "secret"), (HUB, ""), (WARDEN, "")])
def test_in_a_cluster_the_desk_alone_has_the_password(tmp_path: Path, part: str, knows: str) -> None:
    """SPW-11: and only where a user logs in with it."""
    given = {**SECRETS, "mail-password": "secret"}
    assert _running(tmp_path / "1", part, replace(MAIL, user="sluis"), given).mail_password == knows
    assert _running(tmp_path / "2", part, MAIL, SECRETS).mail_password == ""
    assert _running(tmp_path / "3", part, None, SECRETS).mail_password == ""


def test_a_desk_without_its_mail_password_does_not_start(tmp_path: Path) -> None:
    """DEP-01: it says which file is missing."""
    with pytest.raises(StateProblem, match="mail-password"):
        _running(tmp_path, DESK, replace(MAIL, user="sluis"), SECRETS)


def test_a_cluster_takes_no_password_file(tmp_path: Path) -> None:
    """DEP-01: it would have to lie in the image."""
    file = tmp_path / "sluis.toml"
    wrong = replace(SETTINGS, mail=replace(MAIL, user="sluis", password_file="/p"))
    file.write_text(settings_text(wrong, "A test"), encoding="utf-8")
    with pytest.raises(SettingsProblem, match="password_file out"):
        load_settings(file)


def test_mails_are_of_the_settings_and_links_of_the_start(tmp_path: Path) -> None:
    """SES-14: no request has a say in where a link leads."""
    running = _running(tmp_path, DESK, replace(MAIL, user="sluis"), {**SECRETS, "mail-password": "secret"})
    settings = Settings(mail=replace(MAIL, user="sluis"), contact=Contact(name="Us", email="us@example.org"))
    post = post_of(settings, running)
    assert post is not None
    assert (post.origin.url, post.origin.address) == (CLUSTER.url, "sluis@example.org")
    assert post_of(Settings(), running) is None
    server = server_of(MAIL, "secret")
    assert (server.host, server.port, server.tls, server.name) == ("mail.example.org", 587, "starttls", "example.org")
