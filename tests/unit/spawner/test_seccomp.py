"""The system call filter, run by a small interpreter of the kernel's filter language."""

import struct

import pytest

from spawner.seccomp import AUDIT_ARCHITECTURE, DENIED, UnknownArchitecture, seccomp_program

pytestmark = pytest.mark.unit

ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
COLUMNS = {"x86_64": 0, "aarch64": 1}
CLONE, CLONE3, IOCTL = {"x86_64": 56, "aarch64": 220}, 435, {"x86_64": 16, "aarch64": 29}
MACHINES = pytest.mark.parametrize("machine", COLUMNS)


def answer(machine: str, call: int, *arguments: int, architecture: int | None = None) -> int:
    """What the kernel would do with this call (linux/filter.h: load, jump and return)."""
    named = AUDIT_ARCHITECTURE[machine] if architecture is None else architecture
    data = struct.pack("<IIQ6Q", call, named, 0, *(*arguments, *[0] * (6 - len(arguments))))
    program = list(struct.iter_unpack("<HBBI", seccomp_program(machine)))
    position, accumulator = 0, 0
    while True:
        code, when_true, when_false, value = program[position]
        position += 1
        if code == 0x06:
            return int(value)
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, value)[0]
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            position += when_true if holds else when_false


@MACHINES
@pytest.mark.parametrize("name", DENIED)
def test_a_denied_call_gives_eperm(machine: str, name: str) -> None:
    """SBX-05, on both processors."""
    call = DENIED[name][COLUMNS[machine]]
    assert call is None or answer(machine, call) == EPERM


@MACHINES
def test_ordinary_calls_go_through(machine: str) -> None:
    """read, write, openat, mmap, futex, execve and every number that is not denied."""
    denied = {numbers[COLUMNS[machine]] for numbers in DENIED.values()} | {CLONE3}
    assert {answer(machine, call) for call in range(470) if call not in denied} == {ALLOW}


@MACHINES
@pytest.mark.parametrize("flag", [0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000])
def test_clone_with_a_new_namespace_is_denied(machine: str, flag: int) -> None:
    """SBX-05: the only thing that stops new user namespaces where the sandbox was started by root."""
    assert answer(machine, CLONE[machine], flag | 17) == EPERM
    assert answer(machine, CLONE[machine], 0x003D0F00) == ALLOW


@MACHINES
def test_clone3_is_unknown_so_that_libc_falls_back(machine: str) -> None:
    """SBX-05: its flags lie in memory, which a filter cannot read."""
    assert answer(machine, CLONE3) == ENOSYS


@MACHINES
def test_typing_into_a_terminal_is_denied_whatever_the_upper_half_says(machine: str) -> None:
    """TIOCSTI and TIOCLINUX; the kernel cuts the request to 32 bits (CVE-2019-10063)."""
    for request in (0x5412, 0x541C, 0x5412 | 1 << 32):
        assert answer(machine, IOCTL[machine], 0, request) == EPERM
    assert answer(machine, IOCTL[machine], 0, 0x5413) == ALLOW


@MACHINES
def test_another_architecture_is_killed_and_x32_denied(machine: str) -> None:
    """SBX-05: numbers mean other calls there."""
    assert answer(machine, 0, architecture=0x40000003) == KILL
    assert answer(machine, 0x40000000 + 101) == EPERM


def test_an_unknown_machine_gets_no_sandbox() -> None:
    """SBX-07: no filter, no start."""
    with pytest.raises(UnknownArchitecture, match="riscv64"):
        seccomp_program("riscv64")
