"""A link that somebody gets by mail, forged or not: it opens a page, and decides nothing."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from access_policy import events as e
from access_policy.commands.base import Command
from access_policy.model.ids import RequestId
from hub_config.desk.sight import COMMANDS
from tests.unit.access_policy.samples import sample_arguments
from tests.unit.hub_config.desk.seed import DESK, PEOPLE, World, full_world

pytestmark = pytest.mark.unit

SUBMITTED = RequestId("DR-3")
REFUSING = {"request": SUBMITTED, "reason": "no"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = full_world(tmp_path_factory.mktemp("links"))
    made.do("assess-request", "assessor", request=SUBMITTED, assessment="sound")
    yield made
    made.policy.store.close()


def _link(name: str, token: str) -> str:
    """Return an address that carries all that a form would hold, the token of the login too."""
    kind: type[Command] = COMMANDS[name]
    arguments = {"digest": "0" * 64, **sample_arguments(kind, request=SUBMITTED)} if token else {}
    return f"/do/{name}?{urlencode({**arguments, '_csrf': token}, doseq=True)}"


def _opened(world: World, who: str) -> set[int]:
    """Open every link as somebody; return the statuses."""
    client = world.client(who)
    return {client.get(_link(name, client.token)).status_code for name in COMMANDS}


@pytest.mark.parametrize("who", ["board", "steward", "admin", "signatory", "representative", "colleague"])
def test_a_link_opens_the_page_and_decides_nothing(shared: World, who: str) -> None:
    """REQ-13: whatever a link carries, opening it appends no fact, also for whoever could decide."""
    assert who in PEOPLE
    before = shared.policy.store.newest()
    assert 200 in _opened(shared, who)
    assert shared.policy.store.newest() == before


def test_a_link_opens_nothing_for_who_has_no_session(shared: World) -> None:
    """REQ-13: without a session it leads to the login, or to nothing, and no page of a request is shown."""
    stranger = shared.client()
    before = shared.policy.store.newest()
    for path in (_link("approve-request", ""), f"/requests/{SUBMITTED}", "/do/refuse-request"):
        answer = stranger.get(path)
        assert answer.status_code in (302, 303, 401, 403, 404)
        assert "For the board" not in answer.text
    assert shared.policy.store.newest() == before


@pytest.mark.parametrize("where", ["in the link", "of another login", "made up", "none"])
def test_a_decision_needs_the_token_in_the_form_itself(shared: World, where: str) -> None:
    """REQ-13, SES-06: a session alone decides nothing, nor does a token that a link carries."""
    board = shared.client("board")
    shared.client("colleague")
    before = shared.policy.store.newest()
    query = f"?{urlencode({'_csrf': board.token, **REFUSING})}" if where == "in the link" else ""
    tokens = {"of another login": {"_csrf": shared.token("colleague")}, "made up": {"_csrf": "0" * 64}}
    answer = board.http.post(f"{DESK}/do/refuse-request{query}", data={**REFUSING, **tokens.get(where, {})})
    assert answer.status_code == 403
    assert shared.policy.store.newest() == before


def test_with_session_and_token_it_is_decided(tmp_path: Path) -> None:
    """REQ-13: the cases above are refused for their own reason: the same form passes as it is."""
    world = full_world(tmp_path)
    world.do("assess-request", "assessor", request=SUBMITTED, assessment="sound")
    assert world.client("board").post("/do/refuse-request", REFUSING).status_code == 303
    assert isinstance(list(world.policy.store.facts_since(0))[-1].event, e.RequestRefused)
    world.policy.store.close()


def test_a_link_with_another_digest_approves_nothing(shared: World) -> None:
    """REQ-13, REQ-04: who follows a link to another text than the board was shown approves neither."""
    board, before = shared.client("board"), shared.policy.store.newest()
    for digest in ("1" * 64, ""):
        fields = {
            "request": SUBMITTED, "improves_treatment": "true", "public_interest": "true", "reason": "good",
            "digest": digest, "begins": shared.until(0), "ends": shared.until(300),
        }  # fmt: skip
        assert board.post("/do/approve-request", fields).status_code >= 400
    assert shared.policy.store.newest() == before
