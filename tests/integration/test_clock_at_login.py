"""Logging in at a real hub while somebody sets the clock of its machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_config.parts import Part
from tests.integration.login_browser import Browser, field, reason
from tests.integration.login_fixtures import request_of
from tests.integration.login_hub import LoginHub

pytestmark = pytest.mark.integration
CONFIG = Path(__file__).with_name("shifted_config.py")


class ShiftedHub(LoginHub):
    """A hub whose wall clock is off by as many seconds as a test says."""

    def shift(self, seconds: float) -> None:
        """Set the clock."""
        new = self.places.state / "shift.new"
        new.write_text(str(seconds))
        new.replace(self.places.state / "shift")

    def command_of(self, part: Part) -> tuple[str, ...]:
        """Return how a part is started."""
        if part.name != "hub":
            return super().command_of(part)
        self.shift(0)
        return (*part.command[:-1], str(CONFIG))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShiftedHub]:
    """One hub for the tests of this module."""
    hub = ShiftedHub(tmp_path_factory.mktemp("clock") / "s")
    try:
        hub.start()
        yield hub
    finally:
        hub.stop()


@pytest.mark.parametrize("seconds", [-3600, -30, 3600])
def test_a_clock_that_jumps_during_a_login(hub: ShiftedHub, seconds: int) -> None:
    """MFA-14: no code counts twice, the login goes on by the true time, and nothing starts meanwhile."""
    browser = Browser(hub, hub.fresh_login())
    browser.first_factor()
    used = browser.code()
    assert browser.second_factor(used).status_code == 303
    again = Browser(hub, browser.login)
    page = str(again.first_factor().headers["location"])
    hub.shift(seconds)
    try:
        assert again.second_factor(used, page).status_code == 403, "a code that was given before"
        assert again.second_factor(page=page).status_code == 303
        assert (again.is_in(), browser.is_in()) == (True, True)
        assert "500 " not in hub.log("hub")
        start = f"/hub/spawn/{again.person.lower()}/{request_of(hub, again)}"
        refused = again.post(start, field(again.get(start).text, "_xsrf"), profile="small")
        assert "clock" in reason(refused)
    finally:
        hub.shift(0)
