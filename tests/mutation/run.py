"""Mutation testing of the decision core: does some test fail for each thing that is changed in it?

Every mutant is written into a copy of the tree, never into the tree itself, and tested in a process of its own, so that
what runs at import is mutated too: first by the tests that find most, then by mypy, because `make test` asks it as
well, then by the other tests. What survives all is printed with its diff. The settings stand in `pyproject.toml` under
`tool.sluis.mutation`.
"""

import argparse
import io
import os
import resource
import shutil
import signal
import sys
import tempfile
import tomllib
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from fnmatch import fnmatch
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import NamedTuple

import hypothesis  # noqa: F401 -- this and sqlalchemy: imported before forking, so that no mutant waits for them
import msgspec
import mypy.api
import pytest
import sqlalchemy  # noqa: F401

from tests.mutation.mutants import Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
IMPORTED_BEFORE = "ignore::pytest.PytestAssertRewriteWarning"  # pytest would rather import its plugins itself
PYTEST = ("-x", "-q", "--tb=short", "-p", "no:cacheprovider", "-p", "no:anyio", "-W", IMPORTED_BEFORE)
SURVIVED, TOO_LONG = "survived", "took too long"
ELSEWHERE = 70  # the exit status of a test process that imported the core from anywhere but its copy


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is mutated, what is copied for it, and the stages of tests that each mutant has to pass to survive."""

    modules: list[str]
    copied: list[str]
    stages: list[list[str]]
    accepted: str


class Job(NamedTuple):
    """What all workers share: made before they are forked. `tree` is the copy in which nothing is mutated."""

    settings: Settings
    tree: Path
    mutants: list[Mutant]
    seconds: int


class CannotRunError(Exception):
    """Nothing can be said about mutants: the settings or the unmutated tree are at fault."""


def read_settings() -> Settings:
    """Read the settings from pyproject.toml."""
    table = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["sluis"]["mutation"]
    return msgspec.convert(table, Settings)


def files_of(module: str, tree: Path) -> list[Path]:
    """Return the file of a module, or all files of a package."""
    path = tree.joinpath(*module.split("."))
    files = sorted(path.rglob("*.py")) or [file for file in [path.with_suffix(".py")] if file.exists()]
    if not files:
        raise CannotRunError(f"no module or package `{module}`; correct `modules` in pyproject.toml")
    return files


def read_accepted(path: Path) -> dict[str, str]:
    """Read which survivors are accepted, by name, each with its reason."""
    accepted = {}
    for line in path.read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.partition(" ")
        if not rest.partition(": ")[2].strip():
            raise CannotRunError(f"`{line}` in {path.name} has no reason; write `name path function: reason`")
        accepted[name] = line
    return accepted


# --- one mutant, in a copy ---


def copy_tree(settings: Settings, to: Path) -> None:
    """Copy what the tests need, without anything compiled."""
    for name in settings.copied:
        source, target = ROOT / name, to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


def forked(folder: Path, seconds: int, work: Callable[[], int]) -> int:
    """Do some work in a child process, in a folder, with so much time of the processor; return its exit status.

    Its output stands in the folder's `output.txt`. A negative status is a signal.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        os.chdir(folder)
        output = os.open("output.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        status = work()
        sys.stdout.flush()
    except BaseException:  # the edge of a process
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(status)  # nothing of the parent's may be flushed or ended by its child


def run_tests(arguments: list[str]) -> int:
    """Run pytest in this process, on the modules of the folder and no others."""
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != ROOT]
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    status = int(pytest.main([*PYTEST, *arguments]))
    files = [module.__file__ for name, module in sys.modules.items() if name.startswith("access_policy.")]
    here = str(Path.cwd())
    return ELSEWHERE if any(file is not None and not file.startswith(here) for file in files) else status


def run_mypy(paths: list[str]) -> int:
    """Check the types of some files in this process."""
    with redirect_stdout(io.StringIO()):
        output, _, status = mypy.api.run(paths)
    os.write(1, output.encode())
    return status


def steps_of(settings: Settings, paths: list[str]) -> dict[str, Callable[[], int]]:
    """Return what each mutant goes through, the quick and sharp before the slow."""
    first, *others = [partial(run_tests, stage) for stage in settings.stages]
    later = {f"killed by stage {number} of the tests": stage for number, stage in enumerate(others, 2)}
    return {"killed by stage 1 of the tests": first, "killed by the types": partial(run_mypy, paths), **later}


def outcome_of(job: Job, mutant: Mutant, folder: Path) -> str:
    """Test one mutant: step by step, until something fails."""
    for name, step in steps_of(job.settings, [mutant.path]).items():
        status = forked(folder, job.seconds, step)
        if status == ELSEWHERE:
            raise CannotRunError("the tests imported the core from outside their copy")
        if status:
            return TOO_LONG if status < 0 else name
    return SURVIVED


def write(path: Path, code: str, number: int) -> None:
    """Write a source with a time that no other has, so that nothing compiled or cached is taken for it."""
    path.write_text(code)
    os.utime(path, (number, number))


_job: Job
_folder: Path


def _begin(job: Job) -> None:
    global _job, _folder  # how a pool's worker keeps what it was begun with
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _job, _folder = job, job.tree.with_name(f"worker-{os.getpid()}")
    shutil.copytree(job.tree, _folder)


def _test(number: int) -> str:
    mutant = _job.mutants[number]
    path = _folder / mutant.path
    write(path, mutant.code, 2 * number + 1)
    outcome = outcome_of(_job, mutant, _folder)
    write(path, mutant.original, 2 * number + 2)
    return outcome


# --- all of them ---


def check_unmutated(settings: Settings, tree: Path, paths: list[str]) -> int:
    """Make sure that tests and types hold before anything is changed; return how many seconds a mutant may take."""
    begun = monotonic()
    for step in steps_of(settings, paths).values():
        if status := forked(tree, 1000, step):
            output = (tree / "output.txt").read_text()
            raise CannotRunError(f"{output}\nwithout any mutant there is exit status {status} (above); mend that first")
    return int(5 * (monotonic() - begun)) + 10


def outcomes(job: Job, workers: int) -> Iterator[tuple[Mutant, str]]:
    """Test all mutants, each worker in its copy, and give each with its outcome, in order."""
    with get_context("fork").Pool(workers, _begin, [job]) as pool:
        tested = pool.imap(_test, range(len(job.mutants)))
        for number, (mutant, outcome) in enumerate(zip(job.mutants, tested, strict=True), 1):
            if number % 50 == 0:
                print(f"mutation: {number} of {len(job.mutants)}", file=sys.stderr, flush=True)
            yield mutant, outcome


def prepare(settings: Settings, tree: Path, only: str) -> Job:
    """Copy the tree, so that what others write meanwhile changes nothing, and make its mutants."""
    copy_tree(settings, tree)
    files = [file for module in settings.modules for file in files_of(module, tree)]
    mutants = [mutant for mutant in mutants_of(files, tree) if fnmatch(mutant.where, only)]
    if not mutants:
        raise CannotRunError(f"nothing to mutate in `{only}`")
    return Job(
        settings, tree, mutants, check_unmutated(settings, tree, [str(file.relative_to(tree)) for file in files])
    )


def run(only: str, workers: int) -> int:
    """Test the mutants of the functions whose name matches, print what survives and the counts; return the status."""
    begun, settings = monotonic(), read_settings()
    accepted = read_accepted(ROOT / settings.accepted)
    seen: Counter[str] = Counter()
    survivors = set()
    with tempfile.TemporaryDirectory(prefix="sluis-mutation-") as folder:
        job = prepare(settings, Path(folder).resolve() / "unmutated", only)
        for mutant, outcome in outcomes(job, workers):
            seen[outcome] += 1
            if outcome == SURVIVED:
                survivors.add(mutant.name)
                if mutant.name not in accepted:
                    print(f"\n{mutant}", flush=True)
    print(f"\n{len(job.mutants)} mutants in {(monotonic() - begun) / 60:.1f} minutes, {workers} at a time")
    print(*(f"{seen[name]:6} {name}" for name in (*steps_of(settings, []), TOO_LONG, SURVIVED)), sep="\n")
    stale = accepted.keys() - survivors if only == "*" else set()
    for name in sorted(stale):
        print(f"accepted, but not a survivor; remove it from {settings.accepted}: {accepted[name]}")
    unaccepted = survivors - accepted.keys()
    print(f"{len(survivors) - len(unaccepted):6} survivors accepted in {settings.accepted}, {len(unaccepted)} not")
    return 1 if unaccepted or stale else 0


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line: 0 when only accepted mutants survive, 1 when others do, 2 when nothing can be said."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation.run", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--only", default="*", help="functions by name or pattern; `module`: outside of any")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), help="how many at a time")
    chosen = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # either way the copies are removed
    try:
        return run(chosen.only, chosen.workers)
    except CannotRunError as error:
        print(f"mutation: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
