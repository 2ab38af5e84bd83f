"""The two pages that are written by hand say what the program does: command line and HTTP, in both directions."""

import argparse
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.routing import APIRoute

from access_policy.actor import component
from access_policy.commands.base import Refusal
from access_policy.commands.publications import ACKNOWLEDGEMENT
from access_policy.commands.workspaces import StartWorkspace
from access_policy.decision import as_json, supposed_session
from access_policy.left_out import LeftOut, left_out_json
from access_policy.log.records import Session
from access_policy.model.enums import Action, Component, FactorKind, Zone
from access_policy.model.ids import DatasetName, PersonId, RequestId
from access_policy.reasons import ReasonCode
from hub_config import cli
from hub_config.bootstrap import open_policy
from hub_config.cli import run
from hub_config.cli.options import commands_of, root_parser
from hub_config.desk.words import CODES
from hub_config.places import Places
from hub_config.reference import ROOT
from tests.unit.hub_config.demo.seeded import copy_of_demo
from tests.unit.hub_config.desk.seed import DESK, World, full_world

LINE_PAGE = (ROOT / "docs/reference/command-line.md").read_text(encoding="utf-8")
HTTP_PAGE = (ROOT / "docs/reference/http.md").read_text(encoding="utf-8")
PROMISED_TARGETS = {"run", "test", "test-long", "test-cluster", "bench", "mutation", "docs"}
LATER = (
    "simulate",
    "import",
    "export",
    "log prove",
    "audit pack",
    "backup",
    "restore",
    "client add",
)  # promised commands that came, or are to come, after the first release
LOGIN_ROUTES = {("GET", f"{DESK}/login"), ("GET", f"{DESK}/oauth_callback")}  # they need a running hub
SHARED = {"--help", "--state", "--json", "--operator"}
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def first_cells(text: str) -> list[str]:
    """Return the first cell of each row of the tables of a text, headings and rulers left out."""
    cells = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    rulers = {number for number, cell in enumerate(cells) if set(cell) == {"-"}}
    return [cell.strip("`") for number, cell in enumerate(cells) if not {number, number + 1} & rulers]


def sections(text: str) -> dict[str, str]:
    """Return the text below each heading of code (`### ...`), up to the next heading."""
    parts = re.split(r"^(#{2,3} .*)$", text, flags=re.MULTILINE)
    return {head[4:].strip("` "): body for head, body in zip(parts[1::2], parts[2::2], strict=True) if head[4:5] == "`"}


def part(text: str, heading: str) -> str:
    """Return the text below one heading."""
    return text.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]


def leaves(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Return every command that can be carried out, by its words."""
    inner = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
    if not inner:
        yield name, parser
    for action in inner:
        for word, child in action.choices.items():
            yield from leaves(child, f"{name} {word}".strip())


def program() -> dict[str, argparse.ArgumentParser]:
    parser = root_parser()
    commands = commands_of(parser)
    for area in cli._AREAS:
        area.add(commands)
    return dict(leaves(parser))


LEAVES = program()
SECTIONS = {" ".join(re.findall(r"(?<= )[a-z-]+", head)): (head, body) for head, body in sections(LINE_PAGE).items()}


def options_of(name: str) -> set[str]:
    return {option for one in LEAVES[name]._actions for option in one.option_strings if option.startswith("--")}


def fields(value: Any, name: str = "") -> Iterator[str]:
    """Return the names of all fields of a JSON value: `session`, `session.id`, `reasons[].code`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{name}{key}"
            yield from fields(inner, f"{name}{key}[]." if _is_rows(inner) else f"{name}{key}.")
    elif isinstance(value, list):
        for one in value:
            yield from fields(one, name)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def documented_fields(text: str) -> set[str]:
    """Return the names in the tables that are headed `JSON field`."""
    tables = re.findall(r"^\| JSON field \|.*\n((?:\|.*\n)+)", text, flags=re.MULTILINE)
    return {cell for table in tables for cell in re.findall(r"^\| `([^`]+)`", table, flags=re.MULTILINE)}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """A demo's state in which P-12 works in the workspace of DR-1; they and P-13 are logged in."""
    places = copy_of_demo(tmp_path_factory.mktemp("documents") / "state")
    policy = open_policy(places)
    person, request = PersonId("P-12"), RequestId("DR-1")
    with policy.reading() as state:
        session = supposed_session(state, person, policy.now(), Zone.ANYWHERE)
    command = StartWorkspace(person=person, request=request, profile="small", max_run_seconds=3600, session=session)
    assert not isinstance(policy.handle(command, component(Component.HUB)), Refusal)
    for number, who in enumerate((person, PersonId("P-13"))):
        policy.records.begin_session(_login(who, f"{number}" * 64, policy.now()))
    policy.store.close()
    return places


def _login(who: PersonId, digest: str, at: datetime) -> Session:
    return Session(
        session=digest, person=who, begun=at, factor_kind=FactorKind.TOTP, factor_at=at, zone=Zone.ANYWHERE,
        ends=at + timedelta(hours=1),
    )  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = full_world(tmp_path_factory.mktemp("documents"))
    yield made
    made.policy.store.close()


def test_every_command_is_described_and_no_other() -> None:
    """One section for each command that can be carried out."""
    assert set(SECTIONS) == set(LEAVES)


@pytest.mark.parametrize("name", LEAVES)
def test_a_commands_options_are_described_and_no_other(name: str) -> None:
    """Each option of its own has an item in the command's section; the shared ones stand in one table."""
    own = options_of(name) - SHARED
    described = re.findall(r"^- `(--[a-z-]+)", SECTIONS[name][1], flags=re.MULTILINE)
    assert sorted(described) == sorted(own)


@pytest.mark.parametrize("name", LEAVES)
def test_a_commands_arguments_stand_in_its_heading(name: str) -> None:
    """PERSON and REQUEST, in their order."""
    wanted = [str(one.metavar) for one in LEAVES[name]._actions if not one.option_strings]
    assert SECTIONS[name][0].split(f"sluis {name}")[1].split() == wanted


@pytest.mark.parametrize("name", ["explain"])
def test_the_values_that_an_option_takes_are_described(name: str) -> None:
    """The zones and the questions."""
    values = [value for one in LEAVES[name]._actions for value in one.choices or ()]
    assert values
    assert [value for value in values if f"`{value}`" not in SECTIONS[name][1]] == []


def test_the_shared_options_are_described() -> None:
    """They stand in a table, with `--help` in the text above it."""
    text = part(LINE_PAGE, "Every command")
    described = {found for cell in first_cells(text) for found in OPTION.findall(cell)}
    assert described | {"--help"} == SHARED
    assert "`--help`" in text


@pytest.mark.parametrize("page", [LINE_PAGE, HTTP_PAGE], ids=["line", "http"])
def test_no_page_names_a_command_or_option_that_is_not_there(page: str) -> None:
    """Also in examples and in passing."""
    named = re.findall(r"(?:`|\$ )sluis ([a-z-]+(?: [a-z-]+)?)", page)
    assert [one for one in named if one not in LEAVES and one.split()[0] not in LEAVES] == []
    known = {option for name in LEAVES for option in options_of(name)}
    of_the_verifier = {"--key"}  # the `verify.py` of an audit pack
    assert set(OPTION.findall(page)) <= known | of_the_verifier


def test_the_exit_statuses_are_the_programs() -> None:
    """0 and every constant of the command line."""
    constants = {value for name, value in vars(cli).items() if name.isupper() and isinstance(value, int)}
    described = {int(cell) for cell in first_cells(part(LINE_PAGE, "Every command")) if cell.isdecimal()}
    assert described == {0, run.PART_FAILED} | constants


def test_every_field_of_a_decision_is_described_and_no_other(demo: Places) -> None:
    """With the fields of the session, the reasons and the datasets."""
    policy = open_policy(demo)
    decision = policy.suppose(PersonId("P-12"), RequestId("DR-1"), Action.OPEN_WORKSPACE)
    policy.store.close()
    assert decision.allowed
    without = left_out_json((LeftOut(DatasetName("one"), (ReasonCode.ZONE,)),))
    assert documented_fields(part(LINE_PAGE, "A decision")) == set(fields(as_json(decision) | without))


ASKED = {
    "demo people": (), "person list": (), "request list": (), "dataset list": (), "course list": (),
    "workspace list": (), "log head": (), "log verify": (), "check": (), "next-steps": ("P-27", "DR-11"),
    "dataset manifest": ("gbsg2-clinical/1.0",), "session list": (), "session end": ("--person", "P-13"),
}  # fmt: skip


def answer(demo: Places, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    cli.main([*words, "--json", "--state", str(demo.state)])
    return capsys.readouterr().out


@pytest.mark.parametrize("name", ASKED)
def test_every_field_of_an_answer_is_described_and_no_other(
    name: str, demo: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    """What `--json` answers on a demo's state."""
    found = json.loads(answer(demo, capsys, *name.split(), *ASKED[name]))
    assert documented_fields(SECTIONS[name][1]) == set(fields(found))


def test_what_person_show_adds_is_described(demo: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the fields of the list: verification, factors, texts, live sessions."""
    found = set(fields(json.loads(answer(demo, capsys, "person", "show", "P-12"))))
    assert documented_fields(SECTIONS["person show"][1]) == found - documented_fields(SECTIONS["person list"][1])


def test_what_explain_adds_is_described(demo: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a workspace ran: the decision that started it."""
    found = json.loads(answer(demo, capsys, "explain", "P-12", "DR-1"))
    assert documented_fields(SECTIONS["explain"][1]) == set(found) - documented_fields(part(LINE_PAGE, "A decision"))


def test_what_do_answers_is_described(demo: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """The events; their own fields stand in events.md."""
    given = ("do", "end-request", "request=DR-2", "reason=over", "--as", "P-1")
    assert documented_fields(SECTIONS["do"][1]) == set(json.loads(answer(demo, capsys, *given)))


def test_what_init_answers_is_described(demo: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """On a state folder of its own."""
    admins = [word for subject in "ab" for word in ("--admin", "https://login.example.org", subject)]
    found = json.loads(answer(Places(demo.state.with_name("new")), capsys, "init", *admins))
    assert documented_fields(SECTIONS["init"][1]) == set(found)


def test_the_head_of_an_event_is_described(demo: Places, capsys: pytest.CaptureFixture[str]) -> None:
    """What every line of `log show` has."""
    lines = [set(json.loads(line)) for line in answer(demo, capsys, "log", "show").splitlines()]
    assert documented_fields(SECTIONS["log show"][1]) == set.intersection(*lines)


def made() -> set[str]:
    """Return the targets of the Makefile."""
    found = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert found is not None
    return set(found[1].split())


def test_make_targets_are_described_and_no_other() -> None:
    """The promised ones that the Makefile has."""
    described = [cell.removeprefix("make ") for cell in first_cells(part(LINE_PAGE, "Make targets"))]
    assert sorted(described) == sorted(PROMISED_TARGETS & made())


def test_what_is_promised_and_missing_is_a_limit_and_nothing_else() -> None:
    """Each command and target of the contract is there or stands in limits.md, never both."""
    text = (ROOT / "docs/limits.md").read_text(encoding="utf-8")
    missing = part(text, "Commands, options and addresses that are promised and not there")
    there = {f"sluis {name}" for name in LEAVES} - {
        "sluis dataset manifest",
        "sluis check",
        "sluis run",
    }  # in part there
    promised = {f"sluis {name}" for name in LATER} | {f"make {name}" for name in PROMISED_TARGETS}
    here = there | {f"make {name}" for name in made()}
    assert {one for one in promised | here if f"`{one}`" in missing} == promised - here


def routes(world: World) -> set[tuple[str, str]]:
    """Return method and path of every route of the desk."""
    found: set[tuple[str, str]] = set()
    pending: list[Any] = list(world.app().routes)
    while pending:
        route = pending.pop()
        if isinstance(route, APIRoute):
            found |= {(method, route.path) for method in route.methods or ()}
        else:
            inner = getattr(route, "original_router", route)
            pending += getattr(inner, "routes", [])
    return found


def described_routes(lines: list[str]) -> set[tuple[str, str]]:
    return {(method, path) for line in lines for method, path in re.findall(r"^(GET|POST) (/\S*)$", line)}


def test_every_route_of_the_api_is_described_and_no_other(world: World) -> None:
    """One section for each."""
    api = {(method, path) for method, path in routes(world) if path.startswith(f"{DESK}/api/v1/")}
    assert api
    assert described_routes(list(sections(HTTP_PAGE))) == api


def test_every_page_is_described_and_no_other(world: World) -> None:
    """The desk's pages, the login's two routes, and the probes."""
    pages = {(method, path) for method, path in routes(world) if not path.startswith(f"{DESK}/api/")}
    hub = {("GET", "/hub/health")}
    assert described_routes(first_cells(HTTP_PAGE)) == pages | LOGIN_ROUTES | hub


@pytest.mark.parametrize("path", ["me", "requests", "me/trainings", "me/sessions"])
def test_every_field_of_the_api_is_described_and_no_other(path: str, world: World) -> None:
    """What it answers to somebody with a request."""
    found = world.client("researcher").get(f"/api/v1/{path}").json()
    assert documented_fields(sections(HTTP_PAGE)[f"GET {DESK}/api/v1/{path}"]) == set(fields(found))


def test_what_the_api_answers_of_publications_is_described(world: World) -> None:
    """Once there is one."""
    world.do("record-publication", "researcher", request="DR-1", title="Survival", link="https://journal.example/1",
             acknowledgement=ACKNOWLEDGEMENT)  # fmt: skip
    found = world.client("researcher").get("/api/v1/publications").json()
    assert documented_fields(sections(HTTP_PAGE)[f"GET {DESK}/api/v1/publications"]) == set(fields(found))


def test_what_the_api_answers_of_a_letter_is_described(world: World) -> None:
    """Of a request that was approved."""
    found = world.client("researcher").get("/api/v1/requests/DR-1/letter").json()
    path = f"GET {DESK}/api/v1/requests/{{number}}/letter"
    assert documented_fields(sections(HTTP_PAGE)[path]) == set(fields(found))


def test_what_the_api_answers_of_the_log_is_described(world: World) -> None:
    """The fields of a fact are those of its kind."""
    found = fields(world.client("auditor").get("/api/v1/log").json())
    documented = documented_fields(sections(HTTP_PAGE)[f"GET {DESK}/api/v1/log"])
    assert documented == {one for one in found if not one.startswith("items[].fields.")}


def test_what_the_api_answers_of_controls_is_described(world: World) -> None:
    found = world.client("auditor").get("/api/v1/controls").json()
    assert documented_fields(sections(HTTP_PAGE)[f"GET {DESK}/api/v1/controls"]) == set(fields(found))


def test_what_the_api_answers_of_training_that_runs_out_is_described(world: World) -> None:
    """With somebody whose training ends before their grant."""
    world.do("register-course", "admin", course="short", title="Short", validity_days=90)
    for person in ("P-8", "P-9"):
        world.do("certify-person", "trainer", person=person, course="short")
    found = world.client("trainer").get("/api/v1/training/expiry").json()
    assert documented_fields(sections(HTTP_PAGE)[f"GET {DESK}/api/v1/training/expiry"]) == set(fields(found))


def test_what_the_api_answers_of_the_register_is_described(world: World) -> None:
    """Needs no login."""
    found = world.client().get("/api/v1/register").json()
    assert documented_fields(sections(HTTP_PAGE)[f"GET {DESK}/api/v1/register"]) == set(fields(found))


@pytest.mark.parametrize("path", ["signing", "signing/people"])
def test_what_the_api_answers_to_a_signatory_is_described(path: str, world: World) -> None:
    """Requests and people."""
    found = world.client("signatory").get(f"/api/v1/{path}").json()
    assert documented_fields(sections(HTTP_PAGE)[f"GET {DESK}/api/v1/{path}"]) == set(fields(found))


def test_what_the_api_answers_of_a_queue_is_described(world: World) -> None:
    """With the request that waits for an assessor."""
    found = world.client("assessor").get("/api/v1/queue").json()
    assert documented_fields(sections(HTTP_PAGE)[f"GET {DESK}/api/v1/queue"]) == set(fields(found))


def test_what_the_api_answers_of_drafts_is_described(world: World) -> None:
    """The head of a draft: its form is named as one, since it has the fields of commands."""
    client = world.client("researcher")
    form = {"title": "One", "purpose_kind": "research", "datasets": {"clinical": "survival"}}
    client.http.post(f"{DESK}/api/v1/drafts", json=form, headers={"x-csrf-token": client.token})
    found = {one for one in fields(client.get("/api/v1/drafts").json()) if not one.startswith("items[].form.")}
    assert documented_fields(sections(HTTP_PAGE)[f"GET {DESK}/api/v1/drafts"]) == found


def test_what_the_api_answers_of_what_waits_and_of_own_data_is_described(world: World) -> None:
    """What waits for somebody with a request under review, and the head of each entry of somebody's data."""
    waiting = set(fields(world.client("colleague").get("/api/v1/waiting").json()))
    assert documented_fields(sections(HTTP_PAGE)[f"GET {DESK}/api/v1/waiting"]) == waiting
    data = world.client("researcher").get("/api/v1/me/data").json()
    entries = {f"facts[].{name}" for one in data["facts"] for name in one}
    assert documented_fields(sections(HTTP_PAGE)[f"GET {DESK}/api/v1/me/data"]) == set(data) | entries


def test_what_the_api_adds_to_a_decision_is_described(world: World) -> None:
    """The steps that are left."""
    found = world.client("researcher").get("/api/v1/requests/DR-1/decision").json()
    text = sections(HTTP_PAGE)[f"GET {DESK}/api/v1/requests/{{number}}/decision"]
    assert documented_fields(text) == set(found) - documented_fields(part(LINE_PAGE, "A decision"))


def test_what_a_command_of_the_api_answers_is_described(world: World) -> None:
    """The facts that it left."""
    client = world.client("trainer")

    def send(**headers: str) -> Any:
        sent, path = {"person": "P-9", "course": "privacy"}, f"{DESK}/api/v1/commands/certify-person"
        return client.http.post(path, json=sent, headers={"x-csrf-token": client.token, **headers}).json()

    asked = send()
    world.step_up("trainer", asked["step_up"]["value"])
    found = send(**{asked["step_up"]["header"]: asked["step_up"]["value"]})
    more = {field for field in fields(asked) if field.startswith("step_up")}
    text = sections(HTTP_PAGE)[f"POST {DESK}/api/v1/commands/{{name}}"]
    assert documented_fields(text) == set(fields(found)) | more


def test_every_code_of_an_error_is_described_and_no_other(world: World) -> None:
    """The codes whose pages the desk has beside the reasons, and the members of a problem."""
    assert set(first_cells(part(HTTP_PAGE, "Errors"))) == set(map(str, CODES))
    problem = world.client("researcher").get("/api/v1/requests/DR-99/decision").json()
    assert [name for name in problem if f"`{name}`" not in part(HTTP_PAGE, "Errors")] == []
