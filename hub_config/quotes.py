"""Where the program and its tests quote a requirement: read from the sources, never by importing them.

A *place* is a function, a method or a class whose docstring quotes ids. A *proof* is a test that quotes them: in its
docstring, its name, what it is parametrised with, or the docstring of its class; or a whole file of tests by its own.
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
_Module = dict[str, ast.expr]


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
    """A test, `tests/unit/test_x.py::test_y`, or a file of tests where only the file's docstring quotes the id."""

    test: str
    is_file: bool
    ids: tuple[str, ...]


def places(root: Path) -> tuple[Place, ...]:
    """Return every function and class of the program that quotes an id, but those of the demo: they only show."""
    found = (place for package in _PROGRAM for file in _sources(root / package) for place in _places_in(root, file))
    return tuple(place for place in found if not place.is_in(_SHOWS_ONLY))


def proofs(root: Path) -> tuple[Proof, ...]:
    """Return every test that quotes an id, but those that are about the ids themselves."""
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
    tree = _parsed(file)
    name, module = file.relative_to(root).as_posix(), _assigned(root, tree)
    quoted: set[str] = set()
    for test, text in _tests(tree, module):
        ids = ids_in(text)
        quoted.update(ids)
        if ids:
            yield Proof(f"{name}::{test}", False, ids)
    rest = tuple(one for one in ids_in(ast.get_docstring(tree) or "") if one not in quoted)
    if rest:
        yield Proof(name, True, rest)


def _tests(tree: ast.Module, module: _Module) -> Iterator[tuple[str, str]]:
    """Yield each test of a file with all the text that may quote an id for it."""
    for test in _test_functions(tree):
        yield test.name, _text_of(test, module)
    for group in tree.body:
        if isinstance(group, ast.ClassDef) and group.name.startswith("Test"):
            for test in _test_functions(group):
                yield f"{group.name}::{test.name}", f"{ast.get_docstring(group) or ''}\n{_text_of(test, module)}"


def _test_functions(node: ast.Module | ast.ClassDef) -> Iterator[_Function]:
    return (one for one in node.body if isinstance(one, _Function) and one.name.startswith("test_"))


def _text_of(test: _Function, module: _Module) -> str:
    words = test.name.upper().replace("_", " ")
    return "\n".join((words, ast.get_docstring(test) or "", *_parameters(test, module)))


def _parameters(test: _Function, module: _Module) -> Iterator[str]:
    """Yield the texts that a test is parametrised with, also those of a list that its decorator names."""
    for decorator in test.decorator_list:
        yield from _texts(decorator)
        for node in ast.walk(decorator):
            if isinstance(node, ast.Name) and node.id in module:
                yield from _texts(module[node.id])


def _texts(node: ast.expr) -> Iterator[str]:
    return (one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str))


def _assigned(root: Path, tree: ast.Module) -> _Module:
    """Return what the names of a test file stand for: those it assigns, and those it imports from another test file."""
    found = _assignments(tree)
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests."):
            file = root.joinpath(*(node.module or "").split(".")).with_suffix(".py")
            there = _assignments(_parsed(file)) if file.is_file() else {}
            found.update((one.asname or one.name, there[one.name]) for one in node.names if one.name in there)
    return found


def _assignments(tree: ast.Module) -> _Module:
    found: _Module = {}
    for node in tree.body:
        if isinstance(node, ast.Assign):
            found.update((target.id, node.value) for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id] = node.value
    return found
