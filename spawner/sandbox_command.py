"""The bubblewrap command line of a workspace: what of this machine is inside, and nothing else (SBX-01).

Pure: values in, arguments and environment out; a test compares the whole list. It neither looks at the machine nor
starts anything. Kept out by omission: every folder not named here, the network, other processes, devices beyond
bubblewrap's minimal `/dev`.
"""

from collections.abc import Sequence
from pathlib import PurePath, PurePosixPath
from urllib.parse import quote

import msgspec

from spawner.limits import temporary_bytes
from spawner.workspace import Workspace

HOME = "/home/researcher"
INSIDE = "/run/sluis"
HUB_SOCKET = f"{INSIDE}/hub.sock"
LAUNCHER = f"{INSIDE}/launcher.py"
LAB_EXTENSIONS = f"{INSIDE}/labextensions"
TEMPORARY = ("/tmp", "/dev/shm")  # noqa: S108 (tmpfs of the sandbox's own)
LAB_CONFIG = "/etc/jupyter/labconfig"
RESERVED = (HOME, INSIDE, "/data", "/dev", "/proc", "/etc", "/sys")
ETC_COPIES = ("passwd", "group", "hosts", "nsswitch.conf")
ETC_BINDS = ("alternatives", "fonts", "ld.so.cache", "localtime", "mime.types", "terminfo")


class SandboxFailed(Exception):
    """A sandbox did not come up; the text is one line."""


class SandboxHost(msgspec.Struct, frozen=True):
    """What every sandbox of this machine shares; `links` are the merged-/usr symlinks, `folders` hold Python."""

    bwrap: str
    python: str
    folders: tuple[str, ...]
    links: tuple[tuple[str, str], ...]
    launcher: str
    lab_extensions: str


class SandboxPaths(msgspec.Struct, frozen=True):
    """What one sandbox gets: folders outside, the host uid (None: that of the hub, a plain user) and descriptors."""

    home: str
    etc: str
    hub_socket: str
    uid: int | None
    orders_fd: int
    socket_fd: int
    info_fd: int
    seccomp_fd: int
    dataset_fds: tuple[int, ...]


def sandbox_command(workspace: Workspace, host: SandboxHost, paths: SandboxPaths) -> list[str]:
    """The whole argument list; `paths.dataset_fds` are open folders in the order of `workspace.mounts` (DAT-10)."""
    return [
        host.bwrap,
        *isolation(paths.uid is not None),
        *["--hostname", workspace.server_name],
        *_machine(host),
        *_scratch(temporary_bytes(workspace.profile)),
        *_python(host.folders),
        *_own_files(host, paths),
        *_datasets(workspace, paths.dataset_fds),
        *["--remount-ro", "/dev", "--remount-ro", "/"],
        *["--seccomp", str(paths.seccomp_fd), "--info-fd", str(paths.info_fd), "--chdir", "/"],
        *["--", host.python, "-I", "-S", LAUNCHER, str(paths.orders_fd), str(paths.socket_fd)],
    ]


def isolation(privileged: bool) -> list[str]:
    """Namespaces and rights.

    Started by root there is no user namespace: it would leave host uid 0 inside (SBX-02). The launcher uses the two
    capabilities to become the person's uid, and the system call filter stops new namespaces.
    """
    users = ["--cap-drop", "ALL"]
    if privileged:
        users += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        users = ["--unshare-user", "--disable-userns", *users]
    namespaces = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    return [*users, *namespaces, "--die-with-parent", "--new-session", "--clearenv"]


SERVER_ARGUMENTS = [
    "--ServerApp.allow_root=False",
    "--ServerApp.quit_button=False",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.news_url=None",
    "--LabApp.extension_manager=readonly",
    "--HubAuth.cache_max_age=1",  # seconds for which the server believes an answer of the hub
]


def workspace_environment(workspace: Workspace, prefix: str) -> dict[str, str]:
    """The plain part of the environment; threads of numeric libraries follow the profile."""
    threads = str(max(1, round(workspace.profile.cpus)))
    counts = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), threads
    )
    return counts | {
        "HOME": HOME,
        "JUPYTER_RUNTIME_DIR": "/tmp/jupyter",  # noqa: S108 (the sandbox's own)
        "LANG": "C.UTF-8",
        "LOGNAME": "researcher",
        "PATH": f"{prefix}/bin:/usr/local/bin:/usr/bin:/bin",
        "SHELL": "/bin/bash",
        "SLUIS_INSTALLATION": workspace.installation,
        "SLUIS_PERSON": workspace.person,
        "SLUIS_REQUEST": workspace.request,
        "SLUIS_UNTIL": workspace.until.isoformat() if workspace.until else "",
        "TERM": "xterm-256color",
        "TMPDIR": "/tmp",  # noqa: S108 (the sandbox's own)
        "USER": "researcher",
    }


def misplaced(folders: Sequence[str]) -> str | None:
    """The first of Python's folders that a sandbox cannot show because its own folders are there, if any."""
    for folder in folders:
        path = PurePosixPath(folder)
        if path == PurePosixPath("/") or any(path.is_relative_to(reserved) for reserved in RESERVED):
            return folder
    return None


def socket_url(path: PurePath | str) -> str:
    """A Unix socket as JupyterHub and its proxy write it."""
    return f"http+unix://{quote(str(path), safe='')}"


def _machine(host: SandboxHost) -> list[str]:
    arguments = ["--ro-bind", "/usr", "/usr"]
    for target, link in host.links:
        arguments += ["--symlink", target, link]
    arguments += ["--perms", "0755", "--dir", "/etc"]
    for name in ETC_BINDS:
        arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return [*arguments, "--proc", "/proc", "--dev", "/dev"]


def _scratch(size: int) -> list[str]:
    arguments = []
    for folder in TEMPORARY:
        arguments += ["--perms", "1777", "--size", str(size), "--tmpfs", folder]
    return arguments


def _python(folders: Sequence[str]) -> list[str]:
    """Bind Python and the programs that the task needs where they lie (S98).

    bubblewrap would make missing parents with mode 0700, shut to the person's uid.
    """
    arguments: list[str] = []
    made = {"/", *TEMPORARY}
    for folder in folders:
        for parent in reversed(PurePosixPath(folder).parents):
            if str(parent) not in made:
                made.add(str(parent))
                arguments += ["--perms", "0755", "--dir", str(parent)]
        arguments += ["--ro-bind", folder, folder]
    return arguments


def _own_files(host: SandboxHost, paths: SandboxPaths) -> list[str]:
    arguments = []
    for name in ETC_COPIES:
        arguments += ["--ro-bind", f"{paths.etc}/{name}", f"/etc/{name}"]
    for folder in ("/etc/jupyter", LAB_CONFIG):
        arguments += ["--perms", "0755", "--dir", folder]
    arguments += ["--ro-bind", f"{paths.etc}/page_config.json", f"{LAB_CONFIG}/page_config.json"]
    for folder in ("/home", "/run", INSIDE):
        arguments += ["--perms", "0755", "--dir", folder]
    arguments += ["--ro-bind", paths.hub_socket, HUB_SOCKET, "--ro-bind", host.launcher, LAUNCHER]
    arguments += ["--ro-bind", host.lab_extensions, LAB_EXTENSIONS]
    return [*arguments, "--bind", paths.home, HOME]


def _datasets(workspace: Workspace, fds: Sequence[int]) -> list[str]:
    if not workspace.mounts:
        return []
    arguments = ["--perms", "0755", "--dir", "/data"]
    for mount, fd in zip(workspace.mounts, fds, strict=True):
        arguments += ["--ro-bind-fd", str(fd), mount.target]
    return arguments
