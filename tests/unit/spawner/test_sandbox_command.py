"""The whole bubblewrap command line, compared as one list."""

import msgspec
import pytest

from spawner.sandbox_command import SandboxHost, SandboxPaths, misplaced, sandbox_command, socket_url
from spawner.workspace import Mount, Profile, Workspace

pytestmark = pytest.mark.unit

HOST = SandboxHost(
    bwrap="/b/bwrap",
    python="/srv/v/bin/python",
    folders=("/srv/v", "/opt/py"),
    links=(("usr/bin", "/bin"),),
    launcher="/l.py",
    lab_extensions="/x",
)
PATHS = SandboxPaths(
    home="/s/home",
    etc="/s/etc",
    hub_socket="/s/hub.sock",
    uid=1003,
    orders_fd=10,
    socket_fd=11,
    info_fd=12,
    seccomp_fd=13,
    dataset_fds=(14, 15),
)
PROFILE = Profile("small", "Small", 1.0, 4096, 100, 1 << 28, 3600)
WORKSPACE = Workspace("P-3", "DR-12", 7, None, (Mount("trial", "1", "t"), Mount("genes", "2", "g")), PROFILE)

ROOT = "--cap-drop ALL --cap-add CAP_SETUID --cap-add CAP_SETGID"
PLAIN = "--unshare-user --disable-userns --cap-drop ALL"
REST = """
--unshare-pid --unshare-net --unshare-ipc --unshare-uts --unshare-cgroup-try --die-with-parent --new-session --clearenv
--hostname dr-12
--ro-bind /usr /usr --symlink usr/bin /bin --perms 0755 --dir /etc
--ro-bind-try /etc/alternatives /etc/alternatives --ro-bind-try /etc/fonts /etc/fonts
--ro-bind-try /etc/ld.so.cache /etc/ld.so.cache --ro-bind-try /etc/localtime /etc/localtime
--ro-bind-try /etc/mime.types /etc/mime.types --ro-bind-try /etc/terminfo /etc/terminfo
--proc /proc --dev /dev
--perms 1777 --size 1024 --tmpfs /tmp --perms 1777 --size 1024 --tmpfs /dev/shm
--perms 0755 --dir /srv --ro-bind /srv/v /srv/v --perms 0755 --dir /opt --ro-bind /opt/py /opt/py
--ro-bind /s/etc/passwd /etc/passwd --ro-bind /s/etc/group /etc/group --ro-bind /s/etc/hosts /etc/hosts
--ro-bind /s/etc/nsswitch.conf /etc/nsswitch.conf
--perms 0755 --dir /etc/jupyter --perms 0755 --dir /etc/jupyter/labconfig
--ro-bind /s/etc/page_config.json /etc/jupyter/labconfig/page_config.json
--perms 0755 --dir /home --perms 0755 --dir /run --perms 0755 --dir /run/sluis
--ro-bind /s/hub.sock /run/sluis/hub.sock --ro-bind /l.py /run/sluis/launcher.py
--ro-bind /x /run/sluis/labextensions --bind /s/home /home/researcher
DATASETS
--remount-ro /dev --remount-ro / --seccomp 13 --info-fd 12 --chdir /
-- /srv/v/bin/python -I -S /run/sluis/launcher.py 10 11
"""
DATASETS = "--perms 0755 --dir /data --ro-bind-fd 14 /data/trial --ro-bind-fd 15 /data/genes"


def test_the_whole_command_as_root() -> None:
    """SBX-01, SBX-02: no user namespace, two capabilities for the launcher, everything else named here."""
    expected = f"/b/bwrap {ROOT} {REST.replace('DATASETS', DATASETS)}".split()
    assert sandbox_command(WORKSPACE, HOST, PATHS) == expected


def test_the_whole_command_as_a_plain_user_without_datasets() -> None:
    """SBX-01: a user namespace that allows no further one; no /data where nothing was granted."""
    workspace = msgspec.structs.replace(WORKSPACE, mounts=())
    paths = msgspec.structs.replace(PATHS, uid=None, dataset_fds=())
    assert sandbox_command(workspace, HOST, paths) == f"/b/bwrap {PLAIN} {REST.replace('DATASETS', '')}".split()


def test_a_dataset_without_its_descriptor_is_an_error() -> None:
    """DAT-10: never a path instead."""
    with pytest.raises(ValueError, match="zip"):
        sandbox_command(WORKSPACE, HOST, msgspec.structs.replace(PATHS, dataset_fds=(14,)))


@pytest.mark.parametrize("folder", ["/", "/data/venv", "/home/researcher/v", "/etc/v", "/run/sluis"])
def test_python_in_a_folder_of_the_sandbox_is_found_out(folder: str) -> None:
    """Otherwise a home or a dataset would cover it, or it them."""
    assert misplaced(["/srv/v", folder]) == folder


def test_python_elsewhere_is_fine() -> None:
    """Below root's home, /tmp or another home."""
    assert misplaced(["/root/.pyenv/versions/3.11", "/tmp/v", "/home/anna/.venv"]) is None


def test_a_socket_is_written_as_the_hub_reads_it() -> None:
    """jupyterhub.objects: the path, quoted, in place of the host."""
    assert socket_url("/run/a b.sock") == "http+unix://%2Frun%2Fa%20b.sock"
