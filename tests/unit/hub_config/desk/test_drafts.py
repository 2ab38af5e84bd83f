"""Drafts of request forms: kept for their person alone, bounded, gone with them; from a draft to a request (S3, S5)."""

from typing import Any

import pytest

from access_policy.commands.sizes import MOST_DATASETS
from access_policy.drafts import MOST_DRAFTS
from access_policy.log.erased import erase
from access_policy.log.tables import drafts as table
from access_policy.model.ids import PersonId, RequestId
from tests.unit.hub_config.desk.seed import DESK, XSS, Client, World

pytestmark = pytest.mark.unit

FORM = {
    "title": "A new question", "purpose": "Better treatment", "purpose_kind": "research", "field_of_work": "leukaemia",
    "tests_treatment": "false", "controller": "the hospital", "processor": "the centre", "regime": "own",
}  # fmt: skip
NEEDS = {"need-clinical": "survival times"}


def save(client: Client, name: str = "new", do: str = "save", **fields: str) -> Any:
    return client.post(f"/drafts/{name}", {**fields, "_do": do})


def begin(client: Client, **fields: str) -> str:
    """Save a new draft; its name."""
    answer = save(client, **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].rpartition("/")[2])


def send(client: Client, path: str, body: Any = None, token: str | None = None) -> Any:
    headers = {"x-csrf-token": client.token if token is None else token}
    return client.http.post(f"{DESK}/api/v1/drafts{path}", json=body, headers=headers)


def test_a_draft_is_kept_as_it_was_typed(world: World) -> None:
    """S3: also half filled in; no event tells of it, and what was typed is shown as text."""
    client, before = world.client("researcher"), world.policy.store.newest()
    name = begin(client, title=XSS, purpose="line one\r\nline two", add="clinical")
    page = client.get(f"/drafts/{name}").text
    assert "<script>alert" not in page
    assert "line one\nline two" in page
    assert 'name="need-clinical"' in page
    assert "why clinical is needed" in page
    assert world.policy.store.newest() == before
    assert XSS.encode() not in b"".join(row.content for row in rows(world))


def rows(world: World) -> list[Any]:
    with world.policy.store.database.read() as connection:
        return list(connection.execute(table.select()))


def test_it_says_what_is_looked_at_and_what_is_needed(world: World) -> None:
    """S5, S55: the scenario that it would be, and the four fields of the guiding principles."""
    client = world.client("researcher")
    name = begin(client, title="One")
    assert "Say what the data are for" in client.get(f"/drafts/{name}").text
    save(client, name, **FORM, **NEEDS)
    page = client.get(f"/drafts/{name}").text
    assert "several hospitals" in page
    assert page.count("<li>Is it ") == 2
    assert "Every question is answered" in page
    found = client.get(f"/api/v1/drafts/{name}").json()
    assert [one["criterion"] for one in found["looked_at"]] == ["social", "ethical", "legal", "contractual"]
    assert (found["missing"], found["scenario"], found["route"]) == ([], "several-hospitals", "data-access")


def test_a_withdrawn_dataset_says_nothing_in_a_draft(world: World) -> None:
    """POL-09: it looks like none at all."""
    client = world.client("researcher")
    name = begin(client, purpose_kind="research", **{"need-clinical": "x", "need-nothing": "y"})
    world.do("withdraw-dataset", "steward", dataset="clinical", reason="over")
    found = client.get(f"/api/v1/drafts/{name}").json()
    assert (found["scenario"], found["looked_at"]) == (None, [])
    assert "Breast cancer" not in client.get(f"/drafts/{name}").text


def test_datasets_are_added_and_dropped_without_a_script(world: World) -> None:
    """S3: one at a time, each with its need."""
    client = world.client("researcher")
    name = begin(client, add="clinical")
    save(client, name, **NEEDS)
    assert client.get(f"/api/v1/drafts/{name}").json()["form"]["datasets"] == {"clinical": "survival times"}
    save(client, name, **NEEDS, drop="clinical")
    assert client.get(f"/api/v1/drafts/{name}").json()["form"]["datasets"] == {}


def test_nobody_else_sees_a_draft(world: World) -> None:
    """REQ-03: neither a colleague, nor an admin, nor an auditor; nor do they change one."""
    name = begin(world.client("researcher"), title="A secret plan")
    for who in ("colleague", "admin", "auditor"):
        client = world.client(who)
        assert "A secret plan" not in client.get("/drafts").text
        answers = [client.get(f"/drafts/{name}"), client.get(f"/api/v1/drafts/{name}"), send(client, f"/{name}", {})]
        answers += [save(client, name, do=do, title="x") for do in ("save", "open", "delete")]
        answers += [send(client, f"/{name}/{what}") for what in ("open", "delete")]
        assert [one.status_code for one in answers] == [404] * 8
    assert world.client("researcher").get(f"/api/v1/drafts/{name}").json()["form"]["title"] == "A secret plan"


def test_a_request_is_opened_from_a_draft(world: World) -> None:
    """S3, S5: by the commands of the table, with each answer in it; the draft is gone then."""
    client = world.client("researcher")
    name = begin(client, **FORM, **NEEDS)
    answer = save(client, name, "open", **FORM, **NEEDS)
    assert answer.headers["location"] == f"{DESK}/requests/DR-4"
    with world.policy.reading() as state:
        found = state.requests[RequestId("DR-4")]
    assert (found.title, dict(found.datasets), found.applicant) == (
        "A new question", {"clinical": "survival times"}, "P-8",
    )  # fmt: skip
    assert found.form is not None
    assert found.form.field_of_work == "leukaemia"
    assert client.get(f"/drafts/{name}").status_code == 404


def test_what_is_not_complete_opens_nothing(world: World) -> None:
    """REQ-13: the page says what is needed and keeps what was typed."""
    client, before = world.client("researcher"), world.policy.store.newest()
    answer = save(client, do="open", title="One")
    assert answer.status_code == 422
    assert "the purpose" in answer.text
    assert 'value="One"' in answer.text
    assert world.policy.store.newest() == before


def test_a_refused_answer_keeps_the_draft_and_opens_no_second_request(world: World) -> None:
    """S48: a treatment tested in children is refused by the core; mended, the same request goes on."""
    client = world.client("researcher")
    name = begin(client, **FORM, **NEEDS)
    answer = save(client, name, "open", **{**FORM, "tests_treatment": "true"}, **NEEDS)
    assert answer.status_code == 422
    assert "tested in children" in answer.text
    assert "DR-4 was opened from this form" in client.get(f"/drafts/{name}").text
    assert save(client, name, "open", **FORM, **NEEDS).headers["location"] == f"{DESK}/requests/DR-4"
    with world.policy.reading() as state:
        assert RequestId("DR-5") not in state.requests


def test_who_may_open_no_request_opens_none_from_a_draft(world: World) -> None:
    """S72, REQ-06: the command decides."""
    client = world.client("researcher")
    name = begin(client, **FORM, **NEEDS)
    world.do("end-agreement", "admin", institution="hospital")
    assert save(client, name, "open", **FORM, **NEEDS).status_code in (403, 404)
    with world.policy.reading() as state:
        assert RequestId("DR-4") not in state.requests


def test_drafts_are_bounded(world: World) -> None:
    """REQ-14: so many of one person, so many datasets, so many characters; each person for themselves."""
    client = world.client("researcher")
    for number in range(MOST_DRAFTS):
        begin(client, title=f"Draft {number}")
    assert save(client, title="One more").status_code == 422
    assert len(rows(world)) == MOST_DRAFTS
    other = world.client("colleague")
    name = begin(other, title="Mine")
    many = {f"d{number}": "needed" for number in range(MOST_DATASETS + 1)}
    for body in ({"datasets": many}, {"title": "x" * 4001}):
        assert send(other, f"/{name}", body).json()["code"] == "not_allowed_value"
    assert send(other, f"/{name}", {"title": "x", "owner": "P-1"}).json()["code"] == "bad_request"
    assert send(other, f"/{name}", {"title": 7}).json()["code"] == "bad_request"
    assert other.get(f"/api/v1/drafts/{name}").json()["form"]["title"] == "Mine"


def test_a_forged_form_keeps_nothing(world: World) -> None:
    """SES-06: by page and by program."""
    client = world.client("researcher")
    assert client.post("/drafts/new", {"_csrf": "forged", "_do": "save"}).status_code == 403
    assert send(client, "", {}, token="forged").status_code == 403
    assert rows(world) == []


def test_nobody_names_the_request_of_a_draft(world: World) -> None:
    """REQ-03, ID-14: a draft goes on with the request that was opened from it, and with no other."""
    client = world.client("researcher")
    name = send(client, "", {**FORM, "request": "DR-3", "datasets": {"clinical": "x"}}).json()["draft"]
    assert client.get(f"/api/v1/drafts/{name}").json()["request"] is None
    save(client, name, **FORM, **NEEDS, request="DR-3")
    assert client.get(f"/api/v1/drafts/{name}").json()["request"] is None
    assert send(client, f"/{name}/open").json() == {"request": "DR-4"}


def test_a_draft_goes_with_its_person(world: World) -> None:
    """AUD-08: an erasure takes it away in its own transaction; until then it is among the person's own data."""
    client = world.client("researcher")
    begin(client, title="Mine alone")
    assert client.get("/api/v1/me/data").json()["drafts"][0]["form"]["title"] == "Mine alone"
    with world.policy.store.database.write() as connection:
        erase(connection, ["P-8"])
    assert rows(world) == []
    assert world.policy.records.drafts_of(PersonId("P-8")) == []
