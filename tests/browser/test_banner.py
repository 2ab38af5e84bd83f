"""The banner's own script in an otherwise empty page of Chromium: what stays closed of what the hub says (POL-04)."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from hub_config.leash_words import Banner, Link, of_silence
from hub_config.leashes import LeashAnswer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SCRIPT = Path(__file__).parents[2] / "spawner" / "labextensions" / "sluis-leash" / "static" / "leash.js"
ASKED = "**/hub/leash/dr-1"
SILENT = of_silence(timedelta(minutes=5), datetime(2026, 3, 1, tzinfo=UTC), Link("/desk", "Your request DR-1"))
# what JupyterLab gives an extension, as far as this one takes it
LAB = """<!doctype html><title>Lab</title><body><script src="/leash.js"></script><script>
class Widget {
  constructor({ node }) { this.node = node; }
  get isHidden() { return this.node.hidden; }
  hide() { this.node.hidden = true; }
  show() { this.node.hidden = false; }
}
const app = {
  paths: { urls: { hubHost: "", hubPrefix: "/hub/", hubServerName: "dr-1", base: "/user/p-3/dr-1/" } },
  restored: Promise.resolve(), shell: { add: (widget) => document.body.append(widget.node) },
  serviceManager: { connectionFailure: { connect: () => undefined } },
};
const extension = window._JUPYTERLAB["sluis-leash"];
extension.init({ "@lumino/widgets": { "2.0.0": { get: async () => () => ({ Widget }) } } });
extension.get().then((module) => module().default.activate(app));
</script>"""


class Lab:
    """A page with the banner's script, and what the hub says when it asks, which is each second."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: Banner | None = None
        page.route("http://lab.test/", lambda route: route.fulfill(body=LAB, content_type="text/html"))
        page.route("**/leash.js", lambda route: route.fulfill(path=SCRIPT, content_type="text/javascript"))
        page.route(ASKED, self._answer)
        page.goto("http://lab.test/")

    @property
    def banner(self) -> Locator:
        """The banner, where one is shown."""
        return self.page.get_by_role("region", name="End of this workspace")

    def hears(self, said: Banner | None) -> None:
        """Let the hub say something, until the page has heard it and asked again."""
        self.said = said
        for _ in range(3):  # the first may have been asked before
            with self.page.expect_response(ASKED):
                pass

    def _answer(self, route: Route) -> None:
        answer = LeashAnswer(silent=self.said is not None, runs=True, banner=self.said, again_seconds=1)
        route.fulfill(body=msgspec.json.encode(answer), content_type="application/json")


def test_a_silence_that_was_closed_hides_no_later_one(page: Page) -> None:
    """POL-04: closed it stays closed as long as it is said; the log answers, falls silent again, and that is told."""
    lab = Lab(page)
    lab.hears(SILENT)
    expect(lab.banner).to_contain_text("Sluis' log does not answer")
    lab.banner.get_by_role("button", name="Close").click()
    lab.hears(SILENT)
    expect(lab.banner).to_be_hidden()
    lab.hears(None)
    expect(lab.banner).to_be_hidden()
    lab.hears(SILENT)
    expect(lab.banner).to_contain_text("Sluis' log does not answer")


def test_a_notice_that_was_closed_hides_no_other(page: Page) -> None:
    """POL-04: the last minute is said anew, and what is closed then stays so."""
    lab = Lab(page)
    lab.hears(SILENT)
    lab.banner.get_by_role("button", name="Close").click()
    last = msgspec.structs.replace(SILENT, key="silent 1")
    lab.hears(last)
    expect(lab.banner).to_be_visible()
    lab.banner.get_by_role("button", name="Close").click()
    lab.hears(last)
    expect(lab.banner).to_be_hidden()
