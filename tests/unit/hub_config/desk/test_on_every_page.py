"""Contact and help stand on every page: walked by the table of routes, so that a new page cannot lack them (S97)."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.hub_config.desk.routes import routes
from tests.unit.hub_config.desk.seed import DESK, World, full_world
from tests.unit.hub_config.desk.test_routes import PAGES

pytestmark = pytest.mark.unit

HELP = f'href="{DESK}/account"'
CONTACT = 'href="mailto:desk@sluis.example"'
NO_PAGE = {"/static/{name}", "/livez", "/readyz", "/documents/{digest}", "/invitation/{token}", "/status"}
"""What is no whole page of ours: files, health, a fragment, and what leads elsewhere."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = full_world(tmp_path_factory.mktemp("pages"))
    yield made
    made.policy.store.close()


def is_page(answer: Any) -> bool:
    return str(answer.headers.get("content-type", "")).startswith("text/html")


def lacks(text: str) -> list[str]:
    return [one for one in (HELP, CONTACT) if one not in text]


def test_contact_and_help_stand_on_every_page(world: World) -> None:
    """S97: each page, opened by one who may, and what is shown without a login."""
    seen = 0
    for template, (address, roles) in PAGES.items():
        if template in NO_PAGE:
            continue
        answer = world.client(sorted(roles)[0]).get(address)
        if is_page(answer):
            assert lacks(answer.text) == [], template
            seen += 1
    assert seen > 25
    for path in sorted({one for method, one in routes(world.app()) if method == "GET"} - PAGES.keys() - NO_PAGE):
        answer = world.client().get(path)
        if "{" not in path and is_page(answer):
            assert lacks(answer.text) == [], path


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [("admin", "/nothing-here", 404), (None, "/nothing-here", 404), ("researcher", "/people/P-1", 404),
     ("researcher", "/requests?number=x", 422), ("admin", "/do/verify-person?person=P-99", 404)],
)  # fmt: skip
def test_contact_and_help_stand_on_every_error(world: World, who: str | None, path: str, status: int) -> None:
    """S97: where somebody is lost they find whom to ask."""
    answer = world.client(who).get(path)
    assert answer.status_code == status
    assert is_page(answer)
    assert lacks(answer.text) == []


def test_they_stand_on_the_page_of_a_refused_form(world: World) -> None:
    """SES-06, S97: a forged form is refused with the way to help."""
    answer = world.client("admin").http.post(f"{DESK}/do/end-request", data={"request": "DR-1"})
    assert (answer.status_code, lacks(answer.text)) == (403, [])
