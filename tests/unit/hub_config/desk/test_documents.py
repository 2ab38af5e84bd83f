"""Texts at the desk: anybody reads them, each person accepts the version in force, and auditors read everything."""

import hashlib

import pytest

from hub_config.texts import keep_text
from tests.unit.hub_config.desk.seed import DESK, World

pytestmark = pytest.mark.unit

NEW = "Code of conduct, second version"


def publish(world: World, version: str = "2", **changed: object) -> str:
    """Publish a version of the code of conduct without its file; return its hash."""
    digest = hashlib.sha256(NEW.encode()).hexdigest()
    world.do("bind-document", "admin", document="code-of-conduct", version=version, language="en", title=NEW,
             digest=digest, **changed)  # fmt: skip
    with world.policy.reading() as state:
        waiting = state.last_proposal
    world.do("confirm-proposal", "second-admin", proposal=waiting)
    return digest


@pytest.mark.parametrize("who", [None, "stranger", "admin"])
def test_anybody_reads_the_texts(world: World, who: str | None) -> None:
    """S4, S29, S65: the list with versions and hashes, and each text itself, also without a login."""
    client, digest = world.client(who), hashlib.sha256(b"licence-eea").hexdigest()
    assert digest in client.get("/documents").text
    answer = client.get(f"/documents/{digest}")
    assert (answer.status_code, answer.text) == (200, "licence-eea")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("path", ["/", "/requests/DR-1", "/requests/DR-2", "/me", "/reasons"])
def test_help_and_texts_are_one_step_from_every_page(world: World, path: str) -> None:
    """S4, S70, S97, S102: the documents, with the help for accounts among them, and the contact address."""
    digest = keep_text(world.texts, b"how to get an account and a second factor")
    world.do("publish-document", "admin", document="account-help", version="1", language="en", title="Account help",
             digest=digest)  # fmt: skip
    researcher = world.client("researcher")
    page = researcher.get(path).text
    assert f'href="{DESK}/documents"' in page
    assert 'href="mailto:desk@sluis.example"' in page
    assert f'href="{DESK}/documents/{digest}"' in researcher.get("/documents").text
    assert "second factor" in researcher.get(f"/documents/{digest}").text


def test_only_what_is_published_is_given(world: World) -> None:
    """S25: neither another file of that folder, nor a file that is no longer the text of its hash."""
    client, other = world.client("stranger"), hashlib.sha256(b"not published").hexdigest()
    (world.texts / f"{other}.txt").write_bytes(b"not published")
    assert client.get(f"/documents/{other}").status_code == 404
    assert client.get("/documents/..%2Flog.sqlite").status_code in (404, 422)
    published = hashlib.sha256(b"licence-eea").hexdigest()
    (world.texts / f"{published}.txt").write_bytes(b"changed")
    assert "changed" not in client.get(f"/documents/{published}").text
    assert client.get(f"/documents/{published}").status_code == 404


def test_a_new_binding_version_is_accepted_where_the_reason_leads(world: World) -> None:
    """S79: denied at once; the reason's page leads to the offer; once accepted, the start is allowed again."""
    researcher = world.client("researcher")
    digest = publish(world)
    assert "conduct_not_accepted" in researcher.get("/status").text
    assert f'href="{DESK}/me"' in researcher.get("/reasons/conduct_not_accepted").text
    page = researcher.get("/me").text
    assert f"{DESK}/documents/{digest}" in page
    assert "/do/accept-document?person=P-8&amp;document=code-of-conduct&amp;version=2" in page
    fields = {"person": "P-8", "document": "code-of-conduct", "version": "2"}
    answer = researcher.post("/do/accept-document", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{DESK}/me")
    assert "/do/accept-document?person=P-8&amp;document=code-of-conduct" not in researcher.get("/me").text
    assert "conduct_not_accepted" not in researcher.get("/status").text


def test_only_the_version_in_force_is_accepted_and_only_by_oneself(world: World) -> None:
    """S79, S84: not one that was replaced meanwhile, and not for somebody else."""
    publish(world)
    fields = {"person": "P-8", "document": "code-of-conduct", "version": "1"}
    assert world.client("researcher").post("/do/accept-document", fields).status_code == 409
    assert world.client("admin").post("/do/accept-document", {**fields, "version": "2"}).status_code == 404


def test_those_who_may_publish_are_offered_it(world: World) -> None:
    """S29: an admin or the representative publishes; the form names the kinds."""
    assert "/do/publish-document" in world.client("admin").get("/documents").text
    assert "/do/publish-document" not in world.client("researcher").get("/documents").text
    form = world.client("representative").get("/do/publish-document").text
    assert '<option value="privacy-notice">' in form
    fields = {"document": "faq", "version": "1", "language": "en", "title": "Questions", "digest": "a" * 64}
    answer = world.client("representative").post("/do/publish-document", fields)
    assert answer.headers["location"] == f"{DESK}/documents"


def test_those_who_read_the_log_see_which_test_is_overdue(world: World) -> None:
    """S92, S95, S103: none is recorded yet; a recorded one counts for a year."""
    admin, auditor = world.client("admin"), world.client("auditor")
    assert "overdue" in auditor.get("/log").text
    fields = {"tester": "An independent tester", "scope": "the desk", "on": "2026-11-20T09:00"}
    assert admin.post("/do/record-security-test", fields).headers["location"] == f"{DESK}/log"
    assert "overdue" not in auditor.get("/log").text
    audit = {"auditor": "An independent auditor", "scope": "the provider", "on": "2026-11-19T09:00"}
    assert admin.post("/do/record-provider-audit", audit).headers["location"] == f"{DESK}/log"
    assert "2026-11-19 09:00 UTC" in auditor.get("/log").text


def test_an_auditor_reads_and_is_offered_nothing(world: World) -> None:
    """S92: people without their details, the log, every request and draft; no command about any of it."""
    auditor = world.client("auditor")
    for path in ("/people", "/people/P-8", "/log", "/requests/DR-1", "/requests/DR-2", "/requests/DR-3"):
        answer = auditor.get(path)
        assert answer.status_code == 200, path
        assert f"{DESK}/do/" not in answer.text, path
    assert "researcher@hospital.example" not in auditor.get("/people/P-8").text
    assert auditor.get("/proposals").status_code == 404
    assert auditor.get("/do/end-request?request=DR-1").status_code == 404
