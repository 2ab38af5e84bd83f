"""Which mutants there are: a source with one thing changed in it, by mutmut's operators and three of our own.

mutmut's own runner calls mutants through a switch in each function, so it changes neither tables of modules and classes
nor properties, and what runs at import it reports as survived. Here a mutant is a whole file, which holds them all.
"""

import difflib
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper
from mutmut.mutation.file_mutation import Mutation, MutationVisitor
from mutmut.mutation.mutators import OPERATORS_TYPE, mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode


def without_one_member(node: cst.Set | cst.Tuple | cst.List) -> Iterator[cst.CSTNode]:
    """Leave out each member of a set, tuple or list in turn: a table is as much a rule as a function is."""
    if len(node.elements) > 1:
        for left_out in node.elements:
            yield node.with_changes(elements=[element for element in node.elements if element is not left_out])


def other_end(node: cst.Call) -> Iterator[cst.CSTNode]:
    """Take the last of several instants for the first, and the reverse."""
    other = {"min": "max", "max": "min"}.get(node.func.value if isinstance(node.func, cst.Name) else "")
    if other is not None:
        yield node.with_changes(func=cst.Name(other))


def turned_condition(node: cst.If | cst.CompIf) -> Iterator[cst.CSTNode]:
    """Negate a condition that has no operator which could be changed."""
    if isinstance(node.test, cst.Name | cst.Attribute | cst.Call):
        yield node.with_changes(test=cst.UnaryOperation(cst.Not(), node.test))


OPERATORS: OPERATORS_TYPE = [
    *mutation_operators,
    (cst.Set, without_one_member),
    (cst.Tuple, without_one_member),
    (cst.List, without_one_member),
    (cst.Call, other_end),
    (cst.If, turned_condition),
    (cst.CompIf, turned_condition),
]


def _says_more(old: cst.CSTNode, new: cst.CSTNode) -> bool:
    """Say whether a mutant may tell what its siblings do not; each costs its time, and a survivor a reader's too.

    mutmut spoils a string in three ways, where one does. It also leaves out each argument that it sets to None: of
    those in a row, that moves the others to wrong places, or is the same as None, which is the default in this core.
    """
    if isinstance(old, cst.SimpleString) and isinstance(new, cst.SimpleString):
        return "XX" in new.value
    if isinstance(old, cst.Call) and isinstance(new, cst.Call) and len(new.args) < len(old.args):
        return any(argument.keyword is not None and argument not in new.args for argument in old.args)
    return True


class _Visitor(MutationVisitor):
    """mutmut passes over what is decorated, for its switch's sake; here only the decorator itself is left alone.

    So are the options of a class: `frozen` and `gc` of a struct change no answer.
    """

    def __init__(self) -> None:
        super().__init__(OPERATORS, IgnoredCode(set(), set(), set()))
        self._options: set[cst.CSTNode] = set()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.ClassDef):
            self._options.update(node.keywords)
        if isinstance(node, cst.FunctionDef) and node.decorators:
            return True
        return node not in self._options and super().on_visit(node)


class Mutant:
    """One change of one file. Its name holds when lines or functions move, and changes with what is changed."""

    def __init__(self, path: str, module: cst.Module, mutation: Mutation) -> None:
        around = mutation.contained_by_top_level_function
        self.path = path
        self.where = around.name.value if isinstance(around, cst.FunctionDef) else "module"
        self.name = ""
        self._module = module
        self._nodes = mutation.original_node, mutation.mutated_node

    def __str__(self) -> str:
        return f"{self.name} {self.path} {self.where}: line {self.line}\n{self.diff}"

    @property
    def what(self) -> str:
        """What is changed into what, as text."""
        return " -> ".join(self._module.code_for_node(node) for node in self._nodes)

    @cached_property
    def code(self) -> str:
        """The file as the mutant has it."""
        changed = self._module.deep_replace(*self._nodes)
        assert isinstance(changed, cst.Module)
        return changed.code

    @property
    def original(self) -> str:
        """The file as it is."""
        return self._module.code

    @property
    def diff(self) -> str:
        """The change as a unified diff without its header."""
        lines = difflib.unified_diff(self.original.splitlines(), self.code.splitlines(), lineterm="", n=1)
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))

    @property
    def line(self) -> int:
        """The number of the first line that differs."""
        pairs = zip(self.original.splitlines(), self.code.splitlines(), strict=False)
        return next((number for number, (old, new) in enumerate(pairs, 1) if old != new), 1)


def mutants_of(paths: Iterable[Path], root: Path) -> list[Mutant]:
    """Return all mutants of some files, in the order of the files' lines."""
    found: list[Mutant] = []
    same: Counter[str] = Counter()
    for path in sorted(paths):
        wrapper = MetadataWrapper(cst.parse_module(path.read_text()))
        visitor = _Visitor()
        wrapper.visit(visitor)
        for mutation in visitor.mutations:
            if not _says_more(mutation.original_node, mutation.mutated_node):
                continue
            mutant = Mutant(str(path.relative_to(root)), wrapper.module, mutation)
            what = f"{mutant.where} {mutant.what}"
            same[what] += 1
            mutant.name = hashlib.sha256(f"{what} {same[what]}".encode()).hexdigest()[:10]
            found.append(mutant)
    return found
