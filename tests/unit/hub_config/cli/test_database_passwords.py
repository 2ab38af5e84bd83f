"""Passwords of the roles in PostgreSQL: the lines of docs/operations.md as they stand there, on a server that asks."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from access_policy.log.errors import LogUnavailable
from access_policy.log.postgres import PostgresDatabase
from access_policy.log.rights import OPERATOR, ROLES
from tests.postgres import OWNER, Server
from tests.unit.hub_config.cli.conftest import Sluis
from tests.unit.hub_config.cli.test_database import ADMINS

pytestmark = pytest.mark.unit

PAGE = (Path(__file__).parents[4] / "docs/operations.md").read_text(encoding="utf-8")
NAMES = tuple(role.name for role in ROLES)
WAY_OUT = "check that the role may log in (LOGIN), its password in PGPASSFILE, and the server's `pg_hba.conf`"


def lines_of(*beginnings: str) -> list[str]:
    """Return the page's lines of code that begin so."""
    code = [line.strip() for line in PAGE.splitlines() if line.startswith("    ")]
    return [line for line in code if line.startswith(beginnings)]


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def password_of(role: str) -> str:
    return f"of {role}, with: colons \\ and so on"


def pgpass(port: int) -> str:
    """Return the page's lines with our server, and passwords instead of `…`."""
    lines = lines_of("db.example.org:5432:sluis:")
    assert [line.split(":")[3] for line in lines] == [*NAMES, OWNER]
    filled = []
    for line in lines:
        password = password_of(line.split(":")[3]).replace("\\", "\\\\").replace(":", "\\:")
        filled.append(line.replace("db.example.org:5432", f"127.0.0.1:{port}").replace("…", password))
    return "\n".join(filled) + "\n"


def pg_hba() -> str:
    """Return the page's lines, for loopback; this server is built without TLS, so `host` stands for `hostssl`."""
    lines = lines_of("hostssl sluis ", "host    sluis ")
    assert [line.split()[-1] for line in lines] == ["scram-sha-256", "scram-sha-256", "reject"]
    text = "\n".join(lines).replace("hostssl", "host")
    return text.replace("192.0.2.10/32", "127.0.0.1/32").replace("192.0.2.11/32", "127.0.0.1/32")


@pytest.fixture(scope="module")
def asking() -> Iterator[tuple[Server, int]]:
    """A server of our own that was set up by the page and asks for passwords on loopback; and its port."""
    port = free_port()
    started = Server(port=port, superuser="postgres")
    for line in lines_of("createuser "):
        started.run(line, f"{password_of(line.split()[-1])}\n" * 2)
    started.ask_first(pg_hba())
    yield started, port
    started.end()


@pytest.fixture
def passwords(asking: tuple[Server, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file with all passwords, where PGPASSFILE points."""
    path = tmp_path / "pgpass"
    path.write_text(pgpass(asking[1]), encoding="utf-8")
    path.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(path))
    monkeypatch.setenv("PGUSER", OWNER)
    return path


@pytest.fixture
def empty(asking: tuple[Server, int], passwords: Path) -> Iterator[str]:
    """The URL of an empty database that was made by the page."""
    server, port = asking
    (line,) = lines_of("createdb ")
    server.run(line)
    yield f"postgresql://127.0.0.1:{port}/sluis"
    server.do("DROP DATABASE sluis WITH (FORCE)")


@pytest.fixture
def url(empty: str, sluis: Sluis, tmp_path: Path) -> str:
    """The URL of a log that the owner made with a password."""
    said = sluis("init", *ADMINS, "--database", empty, state=tmp_path / "new")
    assert said.status == 0, said.err
    return empty


def as_role(url: str, name: str) -> int:
    """Return the newest fact as a role sees it."""
    database = PostgresDatabase(url, name, time.monotonic)
    try:
        return database.newest_fact()
    finally:
        database.close()


def test_each_role_logs_in_by_its_password(url: str, sluis: Sluis, tmp_path: Path) -> None:
    """AUD-11: with the documented lines the parts and the command line get in, each by a password of its own."""
    assert {name: as_role(url, name) for name in NAMES} == dict.fromkeys(NAMES, 7)
    for command in (("log", "head"), ("log", "verify"), ("upgrade",)):
        said = sluis(*command, state=tmp_path / "new")
        assert (said.status, said.err) == (0, "")


def wrong(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace("so on", "so off"), encoding="utf-8")


def without(path: Path) -> None:
    path.write_text("", encoding="utf-8")


def of_another_host(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace("127.0.0.1:", "db.example.org:"), encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (wrong, "password authentication failed for user"),
        (without, "no password supplied"),
        (of_another_host, "no password supplied"),
        (lambda path: path.chmod(0o644), "no password supplied"),
        (os.unlink, "no password supplied"),
    ],
    ids=["wrong", "missing", "another host's", "a file that others may read", "no file"],
)
def test_without_its_password_a_role_stays_out(
    spoil: Callable[[Path], object], cause: str, url: str, sluis: Sluis, passwords: Path, tmp_path: Path
) -> None:
    """AUD-05, AUD-11: one line that says where to look, without the password; nothing is read."""
    spoil(passwords)
    for name in NAMES:
        with pytest.raises(LogUnavailable, match=cause) as caught:
            as_role(url, name)
        assert (str(caught.value).count("\n"), str(caught.value).endswith(WAY_OUT)) == (0, True)
    said = sluis("log", "head", state=tmp_path / "new")
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert (cause in said.err, WAY_OUT in said.err, "colons" in said.err) == (True, True, False)


@pytest.mark.parametrize("name", NAMES)
def test_a_role_that_may_not_log_in(name: str, asking: tuple[Server, int], url: str) -> None:
    """FLT-02: with its password, too, one line says that the role lacks LOGIN."""
    asking[0].do(f"ALTER ROLE {name} NOLOGIN")
    try:
        with pytest.raises(LogUnavailable, match=rf"role \"{name}\" is not permitted to log in") as caught:
            as_role(url, name)
    finally:
        asking[0].do(f"ALTER ROLE {name} LOGIN")
    assert (str(caught.value).count("\n"), str(caught.value).endswith(WAY_OUT)) == (0, True)


def test_the_command_line_without_login(asking: tuple[Server, int], url: str, sluis: Sluis, tmp_path: Path) -> None:
    """FLT-02: the same in one line, with status 2, for whoever types a command."""
    asking[0].do(f"ALTER ROLE {OPERATOR.name} NOLOGIN")
    try:
        said = sluis("log", "head", state=tmp_path / "new")
    finally:
        asking[0].do(f"ALTER ROLE {OPERATOR.name} LOGIN")
    assert (said.status, said.out, said.err.count("\n")) == (2, "", 1)
    assert ("not permitted to log in" in said.err, WAY_OUT in said.err) == (True, True)


def test_init_before_the_operator_has_a_password(
    asking: tuple[Server, int], empty: str, sluis: Sluis, tmp_path: Path
) -> None:
    """FLT-10: one line, no folder; with the password the same command goes on in the database that it began."""
    asking[0].do(f"ALTER ROLE {OPERATOR.name} PASSWORD NULL")
    try:
        said = sluis("init", *ADMINS, "--database", empty, state=tmp_path / "new")
    finally:
        asking[0].do(f"ALTER ROLE {OPERATOR.name} PASSWORD '{password_of(OPERATOR.name)}'")
    assert (said.status, said.err.count("\n"), WAY_OUT in said.err) == (2, 1, True)
    assert not (tmp_path / "new").exists()
    assert sluis("init", *ADMINS, "--database", empty, state=tmp_path / "new").status == 0


def test_nobody_else_gets_in(asking: tuple[Server, int], url: str) -> None:
    """AUD-11: the last of the page's lines shuts out every other role, whatever more general lines would allow."""
    asking[0].do("CREATE ROLE somebody_else LOGIN")
    try:
        with pytest.raises(LogUnavailable, match=r"pg_hba.conf rejects connection") as caught:
            as_role(url, "somebody_else")
        assert str(caught.value).endswith(WAY_OUT)
    finally:
        asking[0].do("DROP ROLE somebody_else")
