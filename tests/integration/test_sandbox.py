"""What code in a kernel, in a sandbox, behind a hub and proxy, all real, can and cannot do; and how sandboxes end."""

import json
import os
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spawner.running import RunningSandbox, clean_up, end_sandbox, running_sandboxes
from spawner.sandbox import sandbox_problem
from spawner.storage import UID_BASE
from tests.integration.sandbox_hub import SandboxHub, free_ports, holds, running_hub, write_policy

pytestmark = pytest.mark.integration

AS_ROOT = os.geteuid() == 0
GRANTS = {"P-3/DR-12": ["trial"], "P-4/DR-12": ["other"], "P-3/DR-13": []}
SECRET = "must-not-be-seen-inside"

PRELUDE = """
import ctypes, errno, fcntl, glob, http.client, os, resource, socket, stat, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
def attempt(action):
    try:
        print("reached", action())
    except OSError as error:
        print("blocked", errno.errorcode.get(error.errno, error))
def call(number, *arguments):
    ctypes.set_errno(0)
    if libc.syscall(ctypes.c_long(number), *[ctypes.c_void_p(argument) for argument in arguments]) == -1:
        raise OSError(ctypes.get_errno(), "refused")
def connect(address, port):
    return socket.create_connection((address, port), timeout=3)
def hub(method, path, headers={}):
    connection = http.client.HTTPConnection("hub")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect("/run/sluis/hub.sock")
    connection.request(method, path, headers=headers)
    return connection.getresponse().status
"""

# attack id and name: (what the cell tries, what it has to print)
FILES = {
    "SBX-01 another dataset": "open('{folder}/datasets/other/secret.csv').read()",
    "SBX-01 other homes": "os.listdir('{folder}/homes')",
    "SBX-01 the own home's neighbours": "os.listdir('{folder}/homes/p-3')",
    "SBX-01 the hub's database": "open('{folder}/hub.sqlite', 'rb').read()",
    "SBX-01 a key beside": "open('{folder}/key').read()",
    "SBX-01 process.json": "open('{folder}/run/p-3/dr-12/process.json').read()",
    "SBX-01 /etc/shadow": "open('/etc/shadow').read()",
    "SBX-01 root's home": "os.listdir('/root/.ssh')",
    "SBX-01 a disk of the machine": "open('/dev/vda')",
    "DAT-08 write": "open('/data/trial/a.csv', 'w')",
    "DAT-08 truncate": "os.truncate('/data/trial/a.csv', 0)",
    "DAT-08 rename": "os.rename('/data/trial/a.csv', '/data/trial/b.csv')",
    "DAT-08 chmod": "os.chmod('/data/trial/a.csv', 0o777)",
    "DAT-08 delete": "os.unlink('/data/trial/a.csv')",
    "DAT-08 create": "open('/data/trial/new', 'w')",
    "DAT-08 through a descriptor": "open(f'/proc/self/fd/{{os.open(\"/data/trial/a.csv\", os.O_RDONLY)}}', 'w')",
    "DAT-08 beside the dataset": "os.mkdir('/data/mine')",
    "SBX-06 swap the hub's socket": "os.rename('/run/sluis/hub.sock', '/run/sluis/old.sock')",
    "SBX-06 make a socket beside": "open('/run/sluis/server.sock', 'w')",
    "SBX-01 write to the root": "open('/mine', 'w')",
    "SBX-01 write to python": "open(os.path.join(sys.prefix, 'mine'), 'w')",
    "SBX-01 become root": "os.setuid(0)",
    "TOK-04 the server's memory": "open(f'/proc/{{os.getppid()}}/mem', 'rb')",
    "TOK-04 the server's descriptors": "os.listdir(f'/proc/{{os.getppid()}}/fd')",
}
NETWORK = {
    "SBX-01 a port of the machine": "connect('127.0.0.1', {listener})",
    "SBX-01 the hub's port": "connect('127.0.0.1', {hub})",
    "SBX-01 the proxy's port": "connect('127.0.0.1', {proxy})",
    "SBX-01 the proxy's API": "connect('127.0.0.1', {api})",
    "NET-10 an address outside": "connect('192.0.2.1', 443)",
    "NET-10 IPv6": "connect('2001:db8::1', 443)",
    "NET-10 a name outside": "socket.getaddrinfo('example.org', 443)",
}
# numbers of x86_64; the same calls on aarch64 are compared in the unit test of the filter
CALLS = {
    "SBX-05 unshare a user namespace": "call(272, 0x10000000)",
    "SBX-05 clone a user namespace": "call(56, 0x10000011, 0, 0, 0, 0)",
    "SBX-05 clone a mount namespace": "call(56, 0x00020011, 0, 0, 0, 0)",
    "SBX-05 clone3": "call(435, 0, 0)",
    "SBX-05 setns": "call(308, os.open('/proc/self/ns/net', os.O_RDONLY), 0)",
    "SBX-05 mount": "call(165, 0, 0, 0, 0, 0)",
    "SBX-05 remount the dataset": "call(165, 0, ctypes.cast(b'/data/trial', ctypes.c_void_p).value, 0, 32, 0)",
    "SBX-05 umount": "call(166, 0, 0)",
    "SBX-05 fsopen": "call(430, 0, 0)",
    "SBX-05 chroot": "os.chroot('/tmp')",
    "SBX-05 ptrace": "call(101, 16, os.getppid(), 0, 0)",
    "SBX-05 process_vm_readv": "call(310, os.getppid(), 0, 0, 0, 0, 0)",
    "SBX-05 keyctl": "call(250, 0, 0)",
    "SBX-05 add_key": "call(248, 0, 0, 0, 0, 0)",
    "SBX-05 bpf": "call(321, 0, 0, 0)",
    "SBX-05 userfaultfd": "call(323, 0)",
    "SBX-05 io_uring": "call(425, 1, 0)",
    "SBX-05 perf_event_open": "call(298, 0, 0, 0, 0, 0)",
    "SBX-05 x32 calls": "call(0x40000000 + 39)",
    "SBX-05 TIOCSTI": "fcntl.ioctl(os.openpty()[1], 0x5412, b'x')",
}
HUB_CALLS = {
    "SBX-06 own identity is allowed": ("hub('GET', '/hub/api/user')", 403),
    "SBX-06 the version is allowed": ("hub('GET', '/hub/api')", 200),
    "SBX-06 metrics": ("hub('GET', '/hub/metrics')", 403),
    "SBX-06 another path by dots": ("hub('GET', '/hub/api/../metrics')", 403),
    "SBX-06 a query": ("hub('GET', '/hub/api/user?token=x')", 403),
    "SBX-06 an absolute target": ("hub('GET', 'http://127.0.0.1:{api}/api/routes')", 403),
    "TOK-01 list users": ("hub('GET', '/hub/api/users')", 403),
    "TOK-01 another's activity": ("hub('POST', '/hub/api/users/p-4/activity')", 403),
    "TOK-01 start a server": ("hub('POST', '/hub/api/users/p-3/servers/dr-13')", 403),
    "TOK-01 make a token": ("hub('POST', '/hub/api/users/p-3/tokens')", 403),
    "TOK-01 shut the hub down": ("hub('POST', '/hub/api/shutdown')", 403),
    "TOK-01 the proxy's routes": ("hub('GET', '/hub/api/proxy')", 403),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with two datasets and a key beside them."""
    folder = tmp_path_factory.mktemp("state")
    for name in ("trial", "other"):
        (folder / "datasets" / name).mkdir(parents=True)
    (folder / "datasets/trial/a.csv").write_text("time,event\n1,0\n")
    (folder / "datasets/trial/root-only.csv").write_text("x")
    (folder / "datasets/trial/root-only.csv").chmod(0o600)
    (folder / "datasets/other/secret.csv").write_text("secret")
    (folder / "key").write_text("key")
    write_policy(folder, GRANTS)
    return folder


@pytest.fixture(scope="module")
def hub(folder: Path) -> Iterator[SandboxHub]:
    """One hub for the whole module."""
    with running_hub(folder) as hub:
        yield hub


@pytest.fixture(scope="module")
def kernel(hub: SandboxHub) -> str:
    """A kernel in the workspace P-3/dr-12, with the probes' helpers in it."""
    assert hub.start_server("p-3", "dr-12") == (201, "")
    kernel = hub.new_kernel("p-3/dr-12")
    assert hub.run_cell("p-3/dr-12", kernel, PRELUDE) == ""
    return kernel


@pytest.fixture
def cell(hub: SandboxHub, kernel: str) -> Callable[[str], str]:
    """Run code in that kernel."""
    return lambda code: hub.run_cell("p-3/dr-12", kernel, code)


@pytest.fixture(scope="module")
def listener() -> Iterator[int]:
    """A port of this machine on loopback, as any service has.

    Below those that Linux gives out, on any of which a kernel in the sandbox may listen, in a namespace of its own.
    """
    with socket.create_server(("127.0.0.1", free_ports(1)[0])) as server:
        yield server.getsockname()[1]


def test_a_cell_reads_the_approved_dataset_and_nothing_else_is_under_data(cell: Callable[[str], str]) -> None:
    """The way in: a notebook cell sees its request's dataset, its home and its own uid."""
    assert cell("print(os.listdir('/data'), open('/data/trial/a.csv').readline().strip())") == "['trial'] time,event"
    assert cell("print(os.getcwd(), os.getuid() != 0, os.environ['SLUIS_REQUEST'])") == "/home/researcher True DR-12"


@pytest.mark.parametrize("code", FILES.values(), ids=FILES)
def test_no_file_beyond_the_grant_is_reached(cell: Callable[[str], str], folder: Path, code: str) -> None:
    """SBX-01, DAT-08, SBX-06: every probe meets an error of the operating system."""
    assert cell(f"attempt(lambda: {code.format(folder=folder)})").startswith("blocked ")


@pytest.mark.parametrize("code", NETWORK.values(), ids=NETWORK)
def test_no_network_is_reached(cell: Callable[[str], str], hub: SandboxHub, listener: int, code: str) -> None:
    """SBX-01, NET-10: there is no way out of the namespace, so no packet leaves this machine either."""
    assert cell(f"attempt(lambda: {code.format(listener=listener, **hub.ports)})").startswith("blocked ")


@pytest.mark.parametrize("code", CALLS.values(), ids=CALLS)
def test_no_dangerous_system_call_goes_through(cell: Callable[[str], str], code: str) -> None:
    """SBX-05: EPERM, or ENOSYS for clone3. The calls' numbers are x86_64's, the machine that Sluis is tested on."""
    assert cell(f"attempt(lambda: {code})") in {"blocked EPERM", "blocked ENOSYS"}


@pytest.mark.parametrize(("code", "status"), HUB_CALLS.values(), ids=HUB_CALLS)
def test_the_relay_knows_a_few_paths(cell: Callable[[str], str], hub: SandboxHub, code: str, status: int) -> None:
    """SBX-06, TOK-01: without a token; what is let through is answered by the hub."""
    assert cell(f"print({code.format(**hub.ports)})") == str(status)


def test_a_stolen_token_opens_nothing_else(cell: Callable[[str], str], hub: SandboxHub) -> None:
    """TOK-01: even the token of an administrative service lists nobody through the relay."""
    headers = {"Authorization": f"token {hub.token}"}
    assert cell(f"print(hub('GET', '/hub/api/users', {headers}))") == "403"


def test_the_relay_limits_connections(cell: Callable[[str], str]) -> None:
    """SBX-06: of a hundred connections at most 32 stay open, and the relay answers afterwards."""
    code = """
held = []
for _ in range(100):
    one = socket.socket(socket.AF_UNIX); one.settimeout(0.3); one.connect("/run/sluis/hub.sock"); held.append(one)
def is_open(one):
    try:
        return one.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False
print(sum(map(is_open, held)) <= 32)
for one in held: one.close()
"""
    assert cell(code) == "True"
    assert cell("import time; time.sleep(0.2); print(hub('GET', '/hub/api'))") == "200"


def test_no_secret_can_be_read_inside(cell: Callable[[str], str]) -> None:
    """SBX-08, TOK-04: neither the hub's environment nor any token, in any process's environment or arguments."""
    code = """
seen, unread = "", 0
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
    try:
        seen += open(path, errors="replace").read()
    except OSError:
        unread += 1
print("SECRET" in seen or "API_TOKEN" in seen or "api_token" in seen, "API_TOKEN" in str(os.environ), len(seen) > 100)
""".replace("SECRET", SECRET)
    assert cell(code) == "False False True"


def test_the_outer_uid_is_the_persons_or_else_the_starters(cell: Callable[[str], str], folder: Path) -> None:
    """SBX-02: a root hub gives each person a uid, to which root's files are shut; a plain user's gives its own."""
    own = UID_BASE + 3 if AS_ROOT else os.geteuid()
    (sandbox,) = [one for one in running_sandboxes(folder / "run") if one.identifier == "P-3/dr-12"]
    uids = {Path(f"/proc/{pid}").stat().st_uid for pid in inside(sandbox) if cmdline(pid).find(b"ipykernel") > 0}
    assert uids == {own}
    assert (folder / "homes/p-3/dr-12").stat().st_uid == own
    assert cell("print(os.getuid(), os.getgid())") == f"{own} {UID_BASE + 3 if AS_ROOT else os.getegid()}"
    assert cell("print(open('/etc/passwd').readlines()[-1].split(':')[2])") == str(own)
    shut = cell("attempt(lambda: open('/data/trial/root-only.csv').read())")
    groups, users = cell("print(os.getgroups())"), cell("print(open('/proc/self/uid_map').read().split()[::2])")
    if AS_ROOT:
        assert (shut, groups) == ("blocked EACCES", "[]")
    else:
        assert shut == "reached x"  # docs/limits.md: all workspaces share the id of the user who started the hub
        assert users == str([str(own), "1"])  # a user namespace that has this one id and no other, not root's either


def test_a_flood_meets_limits(cell: Callable[[str], str]) -> None:
    """SBX-03: processes, memory, one file's size, /tmp and /dev/shm."""
    assert cell("try: bytearray(3 << 30)\nexcept MemoryError: print('limited')") == "limited"
    fill = "def fill(path):\n  with open(path, 'wb') as file:\n    for _ in range(3000): file.write(b'x' * (1 << 20))\n"
    for path in ("/tmp/full", "/dev/shm/full", "/home/researcher/full"):
        assert cell(f"{fill}\nattempt(lambda: fill('{path}'))\nos.remove('{path}')") in {
            "blocked ENOSPC",
            "blocked EFBIG",
        }
    fork = """
children = []
try:
    while len(children) < 1000: children.append(subprocess.Popen(["/usr/bin/sleep", "60"]))
except OSError as error: print(errno.errorcode[error.errno], len(children) < 150)
for child in children: child.kill(); child.wait()
"""
    assert cell(fork) == "EAGAIN True"


def test_sockets_and_homes_are_shut_to_other_users_of_the_machine(kernel: str, folder: Path) -> None:
    """A local user can neither connect to a workspace nor look into a home or a run folder."""
    for path in (folder / "homes/p-3/dr-12", folder / "run/p-3/dr-12"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "run/p-3/dr-12/process.json").stat().st_mode) == 0o600


REFUSALS = {
    "SPW-01 extra key": ("dr-12", {"datasets": ["other"]}),
    "SPW-02 image": ("dr-12", {"profile": "small", "image": "evil"}),
    "SPW-04 unknown profile": ("dr-12", {"profile": "huge"}),
    "SPW-04 a list": ("dr-12", {"profile": ["small"]}),
    "SPW-04 bytes": ("dr-12", {"x": {"__jupyterhub_bytes__": True, "data": "AAAA"}}),
    "SPW-03 another person's request": ("dr-99", {}),
    "SPW-13 no request's name": ("mine", {}),
    "SPW-13 number zero": ("dr-0", {}),
}


@pytest.mark.parametrize(("name", "options"), REFUSALS.values(), ids=REFUSALS)
def test_a_start_that_was_not_decided_is_refused(hub: SandboxHub, folder: Path, name: str, options: object) -> None:
    """Refused without an alarm of the hub, nothing runs, and what was sent is not stored."""
    hub.call("POST", "/hub/api/users/p-5")
    write_policy(folder, {**GRANTS, "P-5/DR-12": ["trial"]})
    status, answer = hub.call("POST", f"/hub/api/users/p-5/servers/{name}", {"user_options": options})
    assert status in {403, 404}, answer
    assert hub.server("p-5", name).get("user_options", {}) == {}
    assert not [one for one in running_sandboxes(folder / "run") if one.person == "P-5"]


def test_the_unnamed_server_does_not_start(hub: SandboxHub) -> None:
    """A workspace without a request is no workspace."""
    hub.call("POST", "/hub/api/users/p-5")
    assert hub.call("POST", "/hub/api/users/p-5/server")[0] == 404


def test_a_right_withdrawn_during_the_start_ends_it(hub: SandboxHub, folder: Path) -> None:
    """POL-02: what may start but not be kept never becomes ready."""
    write_policy(folder, {**GRANTS, "P-6/DR-12": ["trial"]}, keep=list(GRANTS))
    status, answer = hub.start_server("p-6", "dr-12")
    assert status == 403, answer
    assert not [one for one in running_sandboxes(folder / "run") if one.person == "P-6"]
    assert ["P-6/DR-12", "start_failed"] in ended(folder)


def test_a_missing_dataset_is_a_clear_refusal(hub: SandboxHub, folder: Path) -> None:
    """One sentence, no sandbox."""
    write_policy(folder, {**GRANTS, "P-7/DR-12": ["gone"]})
    status, answer = hub.start_server("p-7", "dr-12")
    assert status == 503
    assert "dataset folder `gone` is not there" in answer["message"]


def test_a_dataset_with_a_link_out_is_refused(hub: SandboxHub, folder: Path) -> None:
    """DAT-09 at the start, through the whole spawner."""
    (folder / "datasets/links").mkdir(exist_ok=True)
    (folder / "datasets/links/out").symlink_to("/etc/passwd")
    write_policy(folder, {**GRANTS, "P-7/DR-12": ["links"]})
    status, answer = hub.start_server("p-7", "dr-12")
    assert (status, "a symlink out `out`" in answer["message"]) == (503, True)


def test_another_process_ends_a_sandbox_whole(hub: SandboxHub, folder: Path) -> None:
    """The warden's way: everything inside is dead, and the hub notices at once."""
    sandbox = started(hub, folder, "p-8")
    hub.new_kernel("p-8/dr-12")
    pids = inside(sandbox)
    assert len(pids) >= 3
    assert end_sandbox(sandbox)
    assert [pid for pid in pids if is_alive(pid)] == []
    assert holds(lambda: not hub.server("p-8", "dr-12").get("ready"))
    assert ["P-8/DR-12", "ended_by_itself"] in ended(folder)


def test_a_sandbox_that_may_not_be_kept_ends_at_the_next_poll(hub: SandboxHub, folder: Path) -> None:
    """POL-03, the hub's own way, without the warden."""
    sandbox = started(hub, folder, "p-9")
    write_policy(folder, GRANTS)
    assert holds(lambda: not sandbox.alive())
    assert holds(lambda: ["P-9/DR-12", "not_allowed"] in ended(folder))
    assert holds(lambda: not hub.server("p-9", "dr-12").get("ready"))


def test_stop_ends_everything_and_says_so_once(hub: SandboxHub, folder: Path) -> None:
    """The person's own stop."""
    sandbox = started(hub, folder, "p-10")
    pids = inside(sandbox)
    assert hub.call("DELETE", "/hub/api/users/p-10/servers/dr-12")[0] == 204
    assert [pid for pid in pids if is_alive(pid)] == []
    assert [line for line in ended(folder) if line[0] == "P-10/DR-12"] == [["P-10/DR-12", "stopped"]]


def test_nothing_in_the_home_runs_in_the_server(hub: SandboxHub, folder: Path) -> None:
    """SPW-12: a planted configuration, a sitecustomize and a module of a library's name do not reach the server."""
    started(hub, folder, "p-11")
    kernel = hub.new_kernel("p-11/dr-12")
    plant = """
import os, site
mark = "open('/home/researcher/ran', 'a').write('x')\\n"
user_site = os.path.expanduser(f"~/.local/lib/python{os.sys.version_info[0]}.{os.sys.version_info[1]}/site-packages")
for path in ["~/.jupyter/jupyter_server_config.py", "~/.jupyter/jupyter_config.py", "~/jupyter_server.py",
             "~/tornado.py",
             "~/sitecustomize.py", user_site + "/sitecustomize.py", user_site + "/usercustomize.py"]:
    path = os.path.expanduser(path); os.makedirs(os.path.dirname(path), exist_ok=True); open(path, "w").write(mark)
"""
    assert hub.run_cell("p-11/dr-12", kernel, plant) == ""
    hub.call("DELETE", "/hub/api/users/p-11/servers/dr-12")
    assert hub.start_server("p-11", "dr-12")[0] == 201
    assert (folder / "homes/p-11/dr-12/tornado.py").exists()
    assert not (folder / "homes/p-11/dr-12/ran").exists()


def test_a_killed_hub_takes_its_sandboxes_with_it_and_the_next_one_says_so(tmp_path: Path) -> None:
    """SBX-04: nothing runs on unmanaged; the restart closes the workspace in the log."""
    (tmp_path / "datasets/trial").mkdir(parents=True)
    hub = SandboxHub(tmp_path)
    write_policy(tmp_path, {"P-3/DR-12": ["trial"]})
    try:
        hub.start()
        pids = inside(started(hub, tmp_path, "p-3"))
        hub.stop(signal.SIGKILL)
        assert holds(lambda: not [pid for pid in pids if is_alive(pid)])
        assert running_sandboxes(tmp_path / "run") == []
        hub.start()
        assert holds(lambda: ["P-3/DR-12", "hub_stopped"] in ended(tmp_path))
        assert hub.server("p-3", "dr-12")["ready"] is False
        clean_up(tmp_path / "run")
        assert list((tmp_path / "run").glob("*/*")) == []
    finally:
        hub.stop()


def test_without_bubblewrap_nothing_starts(tmp_path: Path) -> None:
    """SBX-07: a clear refusal, no unsandboxed fallback."""
    (tmp_path / "datasets/trial").mkdir(parents=True)
    (tmp_path / "without-bubblewrap").touch()
    write_policy(tmp_path, {"P-3/DR-12": ["trial"]})
    with running_hub(tmp_path) as hub:
        status, answer = hub.start_server("p-3", "dr-12")
    assert (status, "/nonexistent/bwrap" in answer["message"]) == (503, True)


def test_this_machine_can_make_sandboxes() -> None:
    """What `sluis check` asks."""
    assert sandbox_problem() is None


def started(hub: SandboxHub, folder: Path, person: str) -> RunningSandbox:
    """Start this person's dr-12 and find it as the warden does."""
    write_policy(folder, {**GRANTS, f"{person.upper()}/DR-12": ["trial"]})
    assert hub.start_server(person, "dr-12") == (201, "")
    (sandbox,) = [one for one in running_sandboxes(folder / "run") if one.person == person.upper()]
    return sandbox


def inside(sandbox: RunningSandbox) -> list[int]:
    """Every process of this machine in the sandbox's pid namespace."""
    namespace = str(Path(f"/proc/{sandbox.inner.pid}/ns/pid").readlink())
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [pid for pid in pids if namespace_of(pid) == namespace or pid == sandbox.inner.pid]


def namespace_of(pid: int) -> str | None:
    """A process's pid namespace; a server that hides its memory hides this too, so its parent's counts."""
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:
        return None


def cmdline(pid: int) -> bytes:
    """A process's arguments, empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def ended(folder: Path) -> list[list[str]]:
    """What the policy was told."""
    file = folder / "ended.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
