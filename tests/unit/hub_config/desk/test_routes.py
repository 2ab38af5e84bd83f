"""Who gets what: every route of the desk, tried by every role (REQ-06)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from access_policy.permissions import TABLE, Standing
from hub_config.desk.access import METADATA
from hub_config.desk.sight import AREAS, COMMANDS, Area
from tests.unit.hub_config.desk.routes import routes
from tests.unit.hub_config.desk.seed import DESK, PEOPLE, Client, World, full_world

pytestmark = pytest.mark.unit

_S = Standing
STANDINGS: dict[str, set[Standing]] = {
    # how each role stands to person P-8, request DR-1 and course `privacy`; everybody is a member
    "admin": {_S.ADMIN, _S.VERIFIER},
    "second-admin": {_S.ADMIN},
    "trainer": {_S.TRAINER},
    "board": {_S.BOARD_MEMBER},
    "assessor": {_S.ASSESSOR},
    "representative": {_S.REPRESENTATIVE},
    "steward": {_S.DATA_STEWARD},
    "signatory": {_S.SIGNATORY},
    "researcher": {_S.SELF, _S.APPLICANT},
    "colleague": set(),
    "stranger": set(),
    "heart-trainer": set(),
    "office": {_S.DATA_ACCESS_OFFICE},
    "auditor": {_S.AUDITOR},
}
ABOUT = {"person": "P-8", "request": "DR-1", "course": "privacy"}
EVERYBODY = frozenset(PEOPLE)


def holding(*standings: Standing) -> frozenset[str]:
    return frozenset(role for role, held in STANDINGS.items() if held & set(standings))


def area(one: Area) -> frozenset[str]:
    trainers = {"heart-trainer"} if _S.TRAINER in AREAS[one] else set()
    return holding(*AREAS[one]) | trainers


ON_DR_1 = EVERYBODY - {"stranger", "trainer", "heart-trainer"}

PAGES: dict[str, tuple[str, frozenset[str]]] = {
    # template of the route: an address to try, and who gets it
    "/": ("/", EVERYBODY),
    "/status": ("/status", EVERYBODY),
    "/me": ("/me", EVERYBODY),
    "/me/data": ("/me/data", EVERYBODY),
    "/sessions": ("/sessions", EVERYBODY),
    "/waiting": ("/waiting", EVERYBODY),
    "/drafts": ("/drafts", EVERYBODY),
    "/drafts/{name}": ("/drafts/new", EVERYBODY),
    "/api/v1/drafts": ("/api/v1/drafts", EVERYBODY),
    "/publications": ("/publications", EVERYBODY),
    "/queue": ("/queue", area(Area.QUEUE)),
    "/people": ("/people", area(Area.PEOPLE)),
    "/people/{number}": ("/people/P-8", area(Area.PEOPLE) | {"researcher", "signatory"}),
    "/verify": ("/verify", area(Area.VERIFYING)),
    "/logins": ("/logins", holding(_S.ADMIN)),
    "/requests": ("/requests", EVERYBODY),
    "/requests/{number}/letter": ("/requests/DR-1/letter", ON_DR_1),
    "/requests/{number}/letter.txt": ("/requests/DR-1/letter.txt", ON_DR_1),
    "/signing": ("/signing", frozenset({"signatory"})),
    "/signing/people": ("/signing/people", frozenset({"signatory"})),
    "/api/v1/signing": ("/api/v1/signing", frozenset({"signatory"})),
    "/api/v1/signing/people": ("/api/v1/signing/people", frozenset({"signatory"})),
    "/requests/{number}": ("/requests/DR-1", ON_DR_1),
    "/datasets": ("/datasets", EVERYBODY),
    "/courses": ("/courses", area(Area.COURSES)),
    "/courses/expiry": ("/courses/expiry", area(Area.COURSES)),
    "/api/v1/training/expiry": ("/api/v1/training/expiry", area(Area.COURSES)),
    "/institutions": ("/institutions", area(Area.INSTITUTIONS)),
    "/transfers": ("/transfers", area(Area.INSTITUTIONS)),
    "/api/v1/transfers": ("/api/v1/transfers", area(Area.INSTITUTIONS)),
    "/countries": ("/countries", area(Area.INSTITUTIONS)),
    "/workspaces": ("/workspaces", area(Area.WORKSPACES)),
    "/homes": ("/homes", area(Area.WORKSPACES)),
    "/proposals": ("/proposals", area(Area.PROPOSALS)),
    "/api/v1/log": ("/api/v1/log", area(Area.LOG)),
    "/log": ("/log", area(Area.LOG)),
    "/controls": ("/controls", area(Area.LOG)),
    "/api/v1/controls": ("/api/v1/controls", area(Area.LOG)),
    "/api/v1/me": ("/api/v1/me", EVERYBODY),
    "/api/v1/me/data": ("/api/v1/me/data", EVERYBODY),
    "/api/v1/me/sessions": ("/api/v1/me/sessions", EVERYBODY),
    "/api/v1/me/trainings": ("/api/v1/me/trainings", EVERYBODY),
    "/api/v1/waiting": ("/api/v1/waiting", EVERYBODY),
    "/api/v1/queue": ("/api/v1/queue", area(Area.QUEUE)),
    "/api/v1/publications": ("/api/v1/publications", EVERYBODY),
    "/api/v1/requests": ("/api/v1/requests", EVERYBODY),
    "/api/v1/requests/{number}/letter": ("/api/v1/requests/DR-1/letter", ON_DR_1),
    "/api/v1/requests/{number}/decision": ("/api/v1/requests/DR-1/decision", ON_DR_1),
}
PUBLIC = {
    "/account", "/api/v1/register",
    "/documents", "/documents/{digest}", "/intake", "/invitation/{token}", "/register", "/reasons", "/reasons/{code}",
    "/static/{name}",
    "/livez", "/readyz",
}  # fmt: skip
OF_STRANGERS = {"/intake"}  # its POST needs no login: test_intake.py
OF_FILES = {("POST", "/files"), ("POST", "/api/v1/files"), ("GET", "/api/v1/files/{number}")}  # test_files.py
OF_DRAFTS = {("POST", "/drafts/{name}"), ("GET", "/api/v1/drafts/{name}"), ("POST", "/api/v1/drafts")} | {
    ("POST", f"/api/v1/drafts/{{name}}{what}") for what in ("", "/delete", "/open")
}  # test_drafts.py
OF_LOGINS = {("GET", "/logins/{reference}"), ("POST", "/logins/{reference}")}  # test_first_day_of_a_person.py
OF_PREVIEWS = {("POST", "/api/v1/commands/{name}/preview")}  # test_follows.py
OF_STEP_UPS = {("GET", "/step-up")}  # test_step_up.py
OF_PROGRAMS = {("GET", METADATA)} | {
    ("POST", f"/access/v1/{what}") for what in ("evaluation", "evaluations", "search/{what}")
}  # test_authzen.py, test_programs.py: no login of a person opens them
BEHIND = {("GET", "/loss"), ("POST", "/loss/{step}")}  # open on a log that is behind only: test_loss.py
BY_COMMAND = {"/do/{name}", "/api/v1/commands/{name}"}  # tried below, once for each command


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("routes")
    made = full_world(folder)
    yield made
    made.policy.store.close()


def test_every_route_stands_in_the_matrix(shared: World) -> None:
    """REQ-06: a new route without a row here fails the build."""
    known = {("GET", path) for path in PUBLIC | PAGES.keys()} | {("GET", "/do/{name}")}
    posts = {("POST", path) for path in BY_COMMAND | OF_STRANGERS} | OF_FILES | OF_DRAFTS
    assert routes(shared.app()) == known | BEHIND | posts | OF_LOGINS | OF_STEP_UPS | OF_PROGRAMS | OF_PREVIEWS


@pytest.mark.parametrize("path", sorted(PAGES))
def test_page_opens_for_whom_the_permission_table_says(shared: World, path: str) -> None:
    """REQ-06, REQ-03: anybody else gets a page that looks like one that is not there."""
    address, allowed = PAGES[path]
    answers = {role: shared.client(role).get(address).status_code for role in sorted(PEOPLE)}
    assert answers == {role: 200 if role in allowed else 404 for role in sorted(PEOPLE)}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_command_is_offered_to_whom_the_permission_table_says(shared: World, name: str) -> None:
    """REQ-06: each command's form and its giving, for each role, against the table of permissions."""
    kind = COMMANDS[name]
    allowed = {role: bool(TABLE[kind].standings & (STANDINGS[role] | {_S.MEMBER})) for role in sorted(PEOPLE)}
    about = {key: value for key, value in ABOUT.items() if key in kind.__struct_fields__}
    if name == "record-departure":  # nothing is left to fill in, so it is carried out: about somebody without a part
        about["person"] = PEOPLE["stranger"]
    answers = {role: _answers(shared.client(role), name, about) for role in allowed}
    offered = {role: [answer != 404 for answer in of_role] for role, of_role in answers.items()}
    assert offered == {role: [may] * 3 for role, may in allowed.items()}, answers
    assert not [role for role, of_role in answers.items() if 500 in of_role]


def _answers(client: Client, name: str, about: dict[str, str]) -> list[int]:
    """The statuses of the form, of what it sends, and of the command as a program gives it."""
    token = {"x-csrf-token": client.token}
    return [
        client.get(f"/do/{name}", params=about).status_code,
        client.post(f"/do/{name}", {**about, "_fixed": " ".join(about)}).status_code,
        client.http.post(f"{DESK}/api/v1/commands/{name}", json=about, headers=token).status_code,
    ]


def test_commands_of_the_program_itself_have_no_form(shared: World) -> None:
    """REQ-06: what only the hub, the warden or the installation does is nobody's at the desk."""
    client = shared.client("admin")
    of_parts = ("start-workspace", "record-ending", "enrol-factor", "adopt-settings", "submit-intake")
    for name in (*of_parts, "register-invited", "of-person", "no-such-thing"):
        assert client.get(f"/do/{name}").status_code == 404
        assert client.post(f"/do/{name}").status_code == 404


@pytest.mark.parametrize("path", sorted(PAGES))
def test_nobody_gets_a_page_without_a_login(shared: World, path: str) -> None:
    """REQ-06: pages lead to the login, programs get a problem; the front page shows the first day only."""
    answer = shared.client().get(PAGES[path][0])
    if path == "/":
        assert "Welcome to Sluis" in answer.text
    elif path.startswith(("/api", "/status")):
        assert answer.status_code == 401
    else:
        assert answer.headers["location"].startswith(f"{DESK}/login")
