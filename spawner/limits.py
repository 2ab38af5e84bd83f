"""What one workspace may use up, as `setrlimit` values that the launcher applies inside the sandbox (SBX-03).

`RLIMIT_DATA` counts private writable memory and leaves address space alone, which numpy and friends reserve freely. It
is per process, so a workspace can use `processes` times as much before the kernel's out-of-memory killer takes it first
(`OOM_SCORE_ADJUSTMENT`, which code inside can take back). `RLIMIT_NPROC` counts a user id: as root that is the person
over all their workspaces; started by a plain user it is the sandbox's own user namespace on Linux 5.14 or later, and
all that user's processes before it. Not done: cgroups (most machines do not let a plain user write them) and a quota on
the home.
"""

from spawner.workspace import Profile

OOM_SCORE_ADJUSTMENT = 900
NICE = 5
OPEN_FILES = 4096


def resource_limits(profile: Profile) -> dict[str, int]:
    """Names of `resource.RLIMIT_*` to values; soft and hard limit are the same."""
    return {
        "RLIMIT_CORE": 0,
        "RLIMIT_DATA": profile.memory_bytes,
        "RLIMIT_FSIZE": profile.file_bytes,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_NOFILE": OPEN_FILES,
        "RLIMIT_NPROC": profile.processes,
    }


def temporary_bytes(profile: Profile) -> int:
    """The size of `/tmp` and of `/dev/shm`, which lie in memory: a quarter of the profile's memory each."""
    return profile.memory_bytes // 4
