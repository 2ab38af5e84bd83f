"""Where the program and its tests quote a requirement: read from the sources, never by importing them.

A *place* is a function, a method or a class whose docstring quotes ids. A *proof* is a test whose own docstring names
them: neither its name, nor what it is parametrised with, nor the docstring of a class or a file says what it tests.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hub_config.requirement_ids import ids_in

_PROGRAM = ("access_policy", "spawner", "hub_config")
_SHOWS_ONLY = "hub_config.demo"
_ABOUT_THE_IDS = ("test_reference.py", "test_requirements_table.py")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Place(NamedTuple):
    """A function or class of the program: `access_policy.rules.person`, `person_disabled`, and the ids it quotes."""

    module: str
    name: str
    is_class: bool
    ids: tuple[str, ...]

    def is_in(self, package: str) -> bool:
        """Say whether it stands in a module or package, or below it."""
        return f"{self.module}.".startswith(f"{package}.")


class Proof(NamedTuple):
    """A test, `tests/unit/test_x.py::test_y`, and the ids that its docstring names."""

    test: str
    ids: tuple[str, ...]


def places(root: Path) -> tuple[Place, ...]:
    """Return every function and class of the program that quotes an id, but those of the demo: they only show."""
    found = (place for package in _PROGRAM for file in _sources(root / package) for place in _places_in(root, file))
    return tuple(place for place in found if not place.is_in(_SHOWS_ONLY))


def proofs(root: Path) -> tuple[Proof, ...]:
    """Return every test whose docstring names an id, but those that are about the ids themselves."""
    files = (file for file in _sources(root / "tests") if file.name.startswith("test_"))
    return tuple(proof for file in files if file.name not in _ABOUT_THE_IDS for proof in _proofs_in(root, file))


def _sources(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*.py") if "node_modules" not in file.parts)


def _parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def _places_in(root: Path, file: Path) -> Iterator[Place]:
    parts = file.relative_to(root).with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    for name, node in _definitions(_parsed(file)):
        ids = ids_in(ast.get_docstring(node) or "")
        if ids:
            yield Place(module, name, isinstance(node, ast.ClassDef), ids)


def _definitions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, _Function | ast.ClassDef]]:
    """Yield each function and class below a node with its name, `Class.method`, in the order of the source."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Function | ast.ClassDef):
            yield f"{prefix}{child.name}", child
            yield from _definitions(child, f"{prefix}{child.name}.")
        else:
            yield from _definitions(child, prefix)


def _proofs_in(root: Path, file: Path) -> Iterator[Proof]:
    name = file.relative_to(root).as_posix()
    for test, function in _tests(_parsed(file)):
        ids = ids_in(ast.get_docstring(function) or "")
        if ids:
            yield Proof(f"{name}::{test}", ids)


def _tests(tree: ast.Module) -> Iterator[tuple[str, _Function]]:
    """Yield each test of a file, also those of its classes of tests."""
    yield from ((test.name, test) for test in _test_functions(tree))
    for group in tree.body:
        if isinstance(group, ast.ClassDef) and group.name.startswith("Test"):
            yield from ((f"{group.name}::{test.name}", test) for test in _test_functions(group))


def _test_functions(node: ast.Module | ast.ClassDef) -> Iterator[_Function]:
    return (one for one in node.body if isinstance(one, _Function) and one.name.startswith("test_"))
