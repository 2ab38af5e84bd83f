"""The table of requirements has no gap, and reads the sources rightly."""

from pathlib import Path

import pytest

from access_policy.reasons import ReasonCode
from hub_config.quotes import Place, Proof, places, proofs
from hub_config.reference import stale
from hub_config.requirement_ids import Requirement, ids_in, listed
from hub_config.requirements_table import Row, requirements_page, row_of, rows

PROGRAM = '''
def person_disabled(case):
    """S94: at once."""

class Page:
    """S4-S6."""

    def get(self):
        """S10."""

        def inner():
            """E1."""
'''

TESTED = '''
"""What is tested here (S1, S2, S9)."""
from tests.shared import SHARED

OWN = (("S21 late", 1),)

def test_s2_in_its_name(): ...

@pytest.mark.parametrize("x", OWN)
def test_own(x): ...

@pytest.mark.parametrize("x", SHARED, ids=["S22"])
async def test_shared(x):
    """S1: a docstring."""

def helper():
    """S30: no test."""

class TestGroup:
    """S40."""

    def test_inside(self):
        """S41."""
'''


def _written(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def _row(*quoting: Place, testing: tuple[Proof, ...] = (), of: str = "S94") -> Row:
    return row_of(Requirement(of, "at once", "sys"), quoting, testing)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.requirement.id)
def test_a_requirement_is_enforced_and_tested(row: Row) -> None:
    """No line of the table has a gap."""
    assert row.gaps == (), f"`{row.requirement.id}` lacks {' and '.join(row.gaps)}"


def test_the_page_is_up_to_date() -> None:
    """`make docs` was run."""
    assert "requirements.md" not in stale()


def test_the_page_has_a_line_for_each_requirement_that_software_enforces() -> None:
    """In the order of the lists, and none that an installation or people enforce."""
    lines = [line.split(" | ")[0] for line in requirements_page().splitlines()]
    assert [line for line in lines if line.startswith(("| S", "| E"))] == [
        f"| {one.id}" for one in listed() if one.kind == "sys"
    ]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("S10: not the first", ("S10",)),
        ("E15, S3 and S3 again", ("E15", "S3")),
        ("S30-S33, S7", ("S30", "S31", "S32", "S33", "S7")),
        ("(E7\u2013E9)", ("E7", "E8", "E9")),
        ("S5-E7", ("S5", "E7")),
        ("XS1, S1x, POL-05, s1, S", ()),
    ],
)
def test_ids_are_whole_words_and_ranges_count_for_each(text: str, ids: tuple[str, ...]) -> None:
    """S1 is not S10, and a range names all between its ends."""
    assert ids_in(text) == ids


def test_a_long_statement_is_cut_after_a_word() -> None:
    """Emphasis goes; a short one stays whole."""
    assert Requirement("S1", "a **short** one *(inference)*", "sys").short == "a short one (inference)"
    assert Requirement("S1", "twelve signs, " * 20, "sys").short == "twelve signs, " * 7 + "twelve …"


def test_places_are_functions_methods_and_classes_wherever_they_stand(tmp_path: Path) -> None:
    """A module may become a package; the demo enforces nothing."""
    files = {
        "access_policy/rules/person.py": PROGRAM,
        "hub_config/demo/seed.py": PROGRAM,
        "spawner/a/__init__.py": PROGRAM,
    }
    found = places(_written(tmp_path, files))
    assert found[:4] == (
        Place("access_policy.rules.person", "person_disabled", False, ("S94",)),
        Place("access_policy.rules.person", "Page", True, ("S4", "S5", "S6")),
        Place("access_policy.rules.person", "Page.get", False, ("S10",)),
        Place("access_policy.rules.person", "Page.get.inner", False, ("E1",)),
    )
    assert {place.module for place in found[4:]} == {"spawner.a"}


def test_only_the_docstring_of_a_test_says_what_it_tests(tmp_path: Path) -> None:
    """Names, parameters, classes, files, helpers and the tests about the ids prove nothing."""
    files = {
        "tests/unit/test_x.py": TESTED,
        "tests/shared.py": 'SHARED: tuple[str, ...] = ("S23",)',
        "tests/unit/test_reference.py": "def test_s1(): ...",
    }
    assert proofs(_written(tmp_path, files)) == (
        Proof("tests/unit/test_x.py::test_shared", ("S1",)),
        Proof("tests/unit/test_x.py::TestGroup::test_inside", ("S41",)),
    )


def test_a_rule_brings_its_reason_and_the_facts_that_flip_it() -> None:
    """Also where the rule stands in a module of a package."""
    row = _row(Place("access_policy.rules.request", "term_over", False, ("S39",)), of="S39")
    assert row.rules == ("term_over",)
    assert row.reasons == (ReasonCode.TERM_NOT_BEGUN, ReasonCode.TERM_OVER)
    assert row.facts == ("ExtensionGranted", "InvestigatorApproved", "RequestApproved", "the clock")
    assert row.gaps == ("a test",)


def test_a_command_is_quoted_by_its_class_or_its_handler_and_needs_an_event() -> None:
    """What only commands enforce is seen in an event that quotes it."""
    handler = Place("access_policy.commands.board", "assess_request", False, ("S19",))
    command = Place("access_policy.commands.board", "AssessRequest", True, ("S19",))
    event = Place("access_policy.events.request", "RequestAssessed", True, ("S19",))
    proof = (Proof("t", ("S19",)),)
    assert _row(handler, command, testing=proof, of="S19").commands == ("assess-request",)
    assert _row(handler, testing=proof, of="S19").gaps == ("an event",)
    assert _row(handler, event, testing=proof, of="S19").facts == ("RequestAssessed",)
    assert _row(handler, event, testing=proof, of="S19").gaps == ()


KINDS = (
    (Place("access_policy.clocks", "_review", False, ("S4",)), "clock"),
    (Place("access_policy.notices.occasions", "_told", False, ("S4",)), "notice"),
    (Place("access_policy.permissions", "_applies", False, ("S4",)), "permission"),
    (Place("access_policy.commands.board", "_granted", False, ("S4",)), "command"),
    (Place("access_policy.commands.board", "AssessRequest", True, ("S4",)), "command"),
    (Place("access_policy.rules.requests", "term_over", False, ("S4",)), "rule"),
    (Place("hub_config.desk.pages.documents", "documents", False, ("S4",)), "document"),
    (Place("hub_config.login.handlers", "EnrolPage", True, ("S4",)), "login"),
    (Place("spawner.sandbox_command", "_python", False, ("S4",)), "workspace"),
    (Place("access_policy.simulate", "_copy", False, ("S4",)), None),
    (Place("access_policy.next_steps", "_plan", False, ("S4",)), None),
    (Place("access_policy.overview", "flags", False, ("S4",)), None),
    (Place("access_policy.fold.review", "_approved", False, ("S4",)), None),
    (Place("access_policy.state.requests", "Request", True, ("S4",)), None),
    (Place("access_policy.model.enums", "Route", True, ("S4",)), None),
    (Place("access_policy.events.review", "RequestAssessed", True, ("S4",)), None),
    (Place("hub_config.settings", "Contact", True, ("S4",)), None),
    (Place("hub_config.cli.questions", "asked", False, ("S4",)), None),
)


@pytest.mark.parametrize(("place", "kind"), KINDS, ids=lambda value: getattr(value, "module", value))
def test_a_place_enforces_by_what_it_is(place: Place, kind: str | None) -> None:
    """What only holds, shows, folds or foresees enforces nothing, and a requirement that only it quotes has a gap."""
    row = _row(place, testing=(Proof("t", ("S4",)),), of="S4")
    assert row.kinds == ((kind,) if kind else ())
    assert ("an enforcing place" in row.gaps) == (kind is None)


def test_no_cell_of_the_page_is_empty() -> None:
    """Where a requirement has by nature no reason or no fact, what enforces it stands there."""
    lines = [line for line in requirements_page().splitlines() if line.startswith(("| S", "| E"))]
    assert [line for line in lines if not all(cell.strip() for cell in line.strip("|").split(" | "))] == []
    assert [line for line in lines if "—" in line.split(" | ")[3:5]] == []


def test_a_page_needs_no_event_and_a_class_that_only_holds_enforces_nothing() -> None:
    """A page may be a class; a class of the core or of the settings is none."""
    page = Place("hub_config.login.handlers", "EnrolPage", True, ("S4",))
    held = Place("hub_config.settings", "Contact", True, ("S4",)), Place("access_policy.state", "Person", True, ("S4",))
    assert _row(page, testing=(Proof("t", ("S4",)),), of="S4").gaps == ()
    assert _row(*held, of="S4").gaps == ("an enforcing place", "a test")


def test_the_most_particular_tests_come_first() -> None:
    """Those that name few ids, then those that name many; what names another id is none."""
    testing = (
        Proof("many", ("S3", "S4")),
        Proof("few", ("S4",)),
        Proof("else", ("S40",)),
    )
    assert _row(testing=testing, of="S4").tests == ("few", "many")
