"""What `make mutation` changes: our own operators, what mutmut's runner would pass over, and names that last."""

from pathlib import Path

import pytest

from tests.mutation.mutants import Mutant, mutants_of

SOURCE = '''"""A module."""

OPEN = frozenset({"a", "b"})


class Answer:
    @property
    def good(self):
        return self.reasons == ()


def first(times):
    if times:
        return min(times)
'''


def mutants(source: str, folder: Path) -> list[Mutant]:
    """Return the mutants of a source."""
    path = folder / "core.py"
    path.write_text(source)
    return mutants_of([path], folder)


@pytest.mark.parametrize(
    ("where", "changed"),
    [
        ("module", 'OPEN = frozenset({"a", })'),
        ("module", 'OPEN = frozenset({"b"})'),
        ("good", "        return self.reasons != ()"),
        ("first", "    if not times:"),
        ("first", "        return max(times)"),
    ],
)
def test_tables_properties_and_ends_are_mutated(where: str, changed: str, tmp_path: Path) -> None:
    """A table loses each member, a property is changed like a function, min and max and plain conditions are turned."""
    assert f"+{changed}" in [
        mutant.diff.splitlines()[2] for mutant in mutants(SOURCE, tmp_path) if mutant.where == where
    ]


def test_a_mutant_keeps_its_name_when_lines_move(tmp_path: Path) -> None:
    """What stands in the list of accepted survivors still does after an edit elsewhere in the file."""
    before, after = (mutants(source, tmp_path) for source in (SOURCE, SOURCE.replace("\n\n\n", "\n\n\n\n# a line\n\n")))
    assert [mutant.name for mutant in before] == [mutant.name for mutant in after]
    assert len({mutant.name for mutant in before}) == len(before)
