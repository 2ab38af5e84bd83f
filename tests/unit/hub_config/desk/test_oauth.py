"""The small parts of the desk's login that need no hub; the flow itself is tried against a running one."""

import pytest

from hub_config.desk.oauth import Shortly, safe_target

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "wanted",
    ["", "/", "//evil.example/services/desk/", "https://evil.example", "/services/desk", "/services/deskx/",
     "/services/desk//evil.example", "/services/desk/\\evil", "/services/desk/login?next=x", "/hub/admin",
     "/services/desk/x\r\nset-cookie: a=b", "/services/desk/oauth_callback"],
)  # fmt: skip
def test_login_leads_back_to_the_desk_only(wanted: str) -> None:
    """No open redirect, no circle, no second header (SES-13)."""
    assert safe_target(wanted) == "/services/desk/"


def test_login_leads_back_to_the_page_that_was_asked_for() -> None:
    """With its query."""
    assert safe_target("/services/desk/people?q=a") == "/services/desk/people?q=a"


def test_state_is_taken_once_and_in_time() -> None:
    """SES-02: a reused state is unknown, and an old one too."""
    now = [0.0]
    kept: Shortly[str] = Shortly(600, lambda: now[0])
    kept.put("a", "first")
    assert [kept.take("a"), kept.take("a")] == ["first", None]
    kept.put("b", "second")
    now[0] = 600.0
    assert kept.get("b") is None
