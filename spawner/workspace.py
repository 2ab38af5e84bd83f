"""What a decision becomes when it is carried out: one person's workspace for one request.

The spawners (sandbox here, Kubernetes later) and the warden pass a `Workspace` around and ask a `WorkspacePolicy`; they
never see facts or rules. All names that reach a file system, a route or a host come from person and request *numbers*
(SPW-07), never from text that someone typed. This module decides nothing and touches nothing.
"""

import html
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from access_policy.model.enums import Zone

DATASET_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?", re.ASCII)
SERVER_NAME = re.compile(r"dr-[1-9][0-9]{0,8}", re.ASCII)
"""A workspace's name at the hub and on disk: its request's (SPW-01)."""

_NUMBERED = re.compile(r"(P|DR)-([1-9][0-9]{0,8})", re.ASCII)


class WorkspaceRefused(Exception):
    """A workspace may not start; `code` is a reason code, `message` a sentence for the person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Mount(msgspec.Struct, frozen=True):
    """One dataset as a workspace sees it.

    `source` is its registered location: a folder, relative to the datasets' folder, or `gs://bucket/prefix`.
    """

    dataset: str
    version: str
    source: str

    def __post_init__(self) -> None:
        """A name that is no plain dataset name would be a path (DAT-05)."""
        if not DATASET_NAME.fullmatch(self.dataset):
            raise ValueError(f"dataset name `{self.dataset}` cannot be a folder name; use a-z, 0-9, `.`, `_` and `-`")

    @property
    def target(self) -> str:
        """Where the dataset lies inside the workspace."""
        return f"/data/{self.dataset}"


class DataPath(StrEnum):
    """How data reach a workspace in a cluster: as folders below `/data`, or by the storage's own interface."""

    MOUNT = "mount"
    API = "api"


class Profile(msgspec.Struct, frozen=True):
    """A size of workspace; `memory_bytes` is per process, `file_bytes` the largest single file.

    From `data` on it counts in a cluster only, where `memory_bytes` is the whole workspace's. Requests are what the
    cluster keeps free for it; 0 is as much as it may use at most. `node_selector` holds labels of nodes.
    `zone` is from where it is offered and reached (S78).
    """

    name: str
    label: str
    cpus: float
    memory_bytes: int
    processes: int
    file_bytes: int
    max_run_seconds: int
    data: DataPath = DataPath.MOUNT
    runtime_class: str = ""
    node_selector: tuple[tuple[str, str], ...] = ()
    cpu_request: float = 0.0
    memory_request_bytes: int = 0
    zone: Zone = Zone.ANYWHERE


class Workspace(msgspec.Struct, frozen=True):
    """A started workspace; `seq` is the log's sequence number of its start, `until` (UTC) when its ground lapses.

    `installation` is the id of the one whose log that is, `zone` from where it is reached, `home` its home's number.
    """

    person: str
    request: str
    seq: int
    until: datetime | None
    mounts: tuple[Mount, ...]
    profile: Profile
    installation: str = ""
    zone: Zone = Zone.ANYWHERE
    home: int = 1

    def __post_init__(self) -> None:
        """Refuse ids that are no `P-n` and `DR-n`, and one dataset twice."""
        number(self.person, "P")
        number(self.request, "DR")
        if len({mount.dataset for mount in self.mounts}) != len(self.mounts):
            raise ValueError(f"a dataset stands twice among the mounts of `{self.identifier}`")

    @property
    def server_name(self) -> str:
        """The hub's server name, `dr-12`."""
        return self.request.lower()

    @property
    def user_name(self) -> str:
        """The hub's user name, `p-3`."""
        return self.person.lower()

    @property
    def identifier(self) -> str:
        """How people and the command line write it: `P-3/dr-12`."""
        return f"{self.person}/{self.server_name}"

    def host_uid(self, base: int) -> int:
        """The person's own user id on this machine (SBX-02)."""
        return base + number(self.person, "P")


class WorkspacePolicy(Protocol):
    """The spawner's and the warden's only door to facts and rules; the composition root gives it."""

    def start(self, person: str, request: str, wish: Mapping[str, str], place: Zone = Zone.ANYWHERE) -> Workspace:
        """Called by the spawner at each start, whichever door it came through (SPW-03, SPW-13).

        `place` is where the browser sits that asks for it (S78). Decides on the newest facts and appends
        `WorkspaceStarted`. Raises `WorkspaceRefused`; any other exception
        counts as "no answer", and no answer is no access (POL-04).
        """

    def may_keep(self, person: str, request: str, seq: int) -> bool:
        """Called after the sandbox was made and at each poll: whether that start may go on (POL-02, POL-03)."""

    def zone_of(self, person: str, request: str) -> Zone | None:
        """Called at each poll: from where the running workspace is reached by now (S78); None where none runs."""

    def ended(self, person: str, request: str, seq: int, why: str) -> None:
        """Called when a start's workspace is over, `why` a short code; perhaps again, or when a later one runs."""


def number(identifier: str, kind: str) -> int:
    """The number of `P-3` or `DR-12`; `ValueError` for anything else."""
    match = _NUMBERED.fullmatch(identifier)
    if match is None or match[1] != kind:
        raise ValueError(f"`{identifier[:40]}` is no id of the form `{kind}-1`")
    return int(match[2])


def parse_wish(user_options: object, profiles: Sequence[Profile]) -> str:
    """The profile that a person wishes, the first one where nothing is wished (SPW-01, SPW-02, SPW-04).

    `user_options` is attacker JSON: only `None`, `{}` and `{"profile": <known name>}` pass.
    """
    if user_options is None or user_options == {}:
        return profiles[0].name
    if isinstance(user_options, dict) and set(user_options) == {"profile"}:
        wished = user_options["profile"]
        if isinstance(wished, str) and wished in {profile.name for profile in profiles}:
            return wished
    known = ", ".join(f"`{profile.name}`" for profile in profiles)
    raise WorkspaceRefused("wish_not_allowed", f"a workspace's only option is `profile`, one of {known}")


def profile_form(profiles: Sequence[Profile]) -> str:
    """A radio list; no form where there is nothing to choose."""
    if len(profiles) < 2:
        return ""
    rows = [
        f'<div class="radio"><label><input type="radio" name="profile" value="{html.escape(profile.name)}"'
        f"{' checked' if profile is profiles[0] else ''}> {html.escape(profile.label)}</label></div>"
        for profile in profiles
    ]
    return "<fieldset><legend>Size of the workspace</legend>" + "".join(rows) + "</fieldset>"


def wish_from_form(form: Mapping[str, object]) -> dict[str, str]:
    """A submitted form as user options; whatever else it holds is refused, not dropped (SPW-01)."""
    wish = {name: values for name, values in form.items() if name != "_xsrf"}
    value = wish.get("profile")
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    if set(wish) - {"profile"} or not isinstance(one, str | None):
        raise WorkspaceRefused("wish_not_allowed", "a workspace's only option is `profile`")
    return {} if one is None else {"profile": one}
