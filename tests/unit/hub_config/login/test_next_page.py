"""Where a login may lead."""

import pytest

from hub_config.login.next_page import local_path

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "wished",
    ["/hub/", "/hub/spawn/p-3/dr-12", "/services/desk/", "/services/desk/requests/DR-1?tab=why#now",
     "/user/p-3/dr-12/lab",
     "/hub/api/oauth2/authorize?client_id=service-desk&redirect_uri=%2Fservices%2Fdesk%2Foauth_callback"],
)  # fmt: skip
def test_pages_of_ours(wished: str) -> None:
    """They are kept as they are."""
    assert local_path(wished) == wished


@pytest.mark.parametrize(
    "wished",
    ["", "/", "hub/", "//hub/", "///hub/", "/\\hub/", "http://127.0.0.1/hub/", "https:/hub/", "javascript:alert(1)",
     "/hub//evil.example", "/hub/%2f%2fevil.example", "/hub/../evil", "/hub/%2e%2e/evil", "/hub/%5cevil",
     "/hub/%0d%0aX:y", "/hub/\r\nX:y", "/hub/ x", "/hub/\"><script>", "/hub/é", "/services/other/", "/services/deskx/",
     "/evil", " /hub/",
     "/hub/" + "x" * 2000, "/hub"],
    ids=lambda wished: ascii(wished)[:30],
)  # fmt: skip
def test_anything_else(wished: str) -> None:
    """CVE-2026-33709, CVE-2019-10255: other hosts in every spelling, paths that climb, header injection, markup."""
    assert local_path(wished) is None
