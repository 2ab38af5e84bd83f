"""The system calls that a workspace may not make, as a seccomp filter in the form that `bwrap --seccomp FD` reads.

Started by root the sandbox has no user namespace, so this filter is what stops new ones there; everywhere it takes away
kernel parts that a notebook never needs (SBX-05). A denied call gives EPERM, so programs go on; `clone3`, whose flags a
filter cannot read, gives ENOSYS, and the C library falls back to `clone`. It limits neither memory nor files.

Numbers are from Linux's `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`.
"""

import errno
import platform
import struct

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE = 0, 4
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_X32 = 0x40000000
_NEW_NAMESPACES = 0x7E020000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C

AUDIT_ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# name: (x86_64, aarch64); None where the architecture has no such call
DENIED: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "create_module": (174, None),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "name_to_handle_at": (303, 264),
    "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
_CLONE, _CLONE3, _IOCTL = (56, 220), (435, 435), (16, 29)


class UnknownArchitecture(Exception):
    """No filter is known for this machine, so no sandbox may start on it."""


def seccomp_program(machine: str = "") -> bytes:
    """The filter as `struct sock_filter[]`, for this machine or for the one named (`x86_64`, `aarch64`)."""
    machine = machine or platform.machine()
    if machine not in AUDIT_ARCHITECTURE:
        raise UnknownArchitecture(
            f"no system call filter is known for the processor `{machine}`; use x86_64 or aarch64"
        )
    column = list(AUDIT_ARCHITECTURE).index(machine)
    denied = [numbers[column] for numbers in DENIED.values()]
    return b"".join(
        [
            _load(_ARCHITECTURE),
            _unless(_EQUAL, AUDIT_ARCHITECTURE[machine], _KILL),
            _load(_NUMBER),
            _when(_AT_LEAST, _X32, _denial(errno.EPERM)),
            _when(_EQUAL, _CLONE3[column], _denial(errno.ENOSYS)),
            *[_when(_EQUAL, number, _denial(errno.EPERM)) for number in denied if number is not None],
            _on_argument(_CLONE[column], 0, [(_ANY_BIT, _NEW_NAMESPACES)]),
            _on_argument(_IOCTL[column], 1, [(_EQUAL, _TIOCSTI), (_EQUAL, _TIOCLINUX)]),
            _instruction(_RETURN, _ALLOW),
        ]
    )


def _instruction(code: int, value: int, when_true: int = 0, when_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, when_true, when_false, value)


def _load(offset: int) -> bytes:
    return _instruction(_LOAD, offset)


def _denial(error: int) -> int:
    return 0x00050000 | error


def _when(test: int, value: int, answer: int) -> bytes:
    return _instruction(test, value, 0, 1) + _instruction(_RETURN, answer)


def _unless(test: int, value: int, answer: int) -> bytes:
    return _instruction(test, value, 1, 0) + _instruction(_RETURN, answer)


def _on_argument(number: int, argument: int, tests: list[tuple[int, int]]) -> bytes:
    """Deny the call `number` where the low word of one argument fits a test (the kernel cuts both to 32 bits)."""
    body = _load(16 + 8 * argument) + b"".join(_when(test, value, _denial(errno.EPERM)) for test, value in tests)
    body += _load(_NUMBER)
    return _instruction(_EQUAL, number, 0, len(body) // 8) + body
