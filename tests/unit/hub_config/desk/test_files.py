"""Files at the desk: who sends, who reads, what is kept, and that nothing of them runs (INP-01, REQ-03)."""

from typing import Any

import pytest
from sqlalchemy import select, update

from access_policy import events as e
from access_policy.actor import person
from access_policy.log.tables import files
from access_policy.model.ids import PersonId
from hub_config.desk.security import FILE_MOST
from tests.unit.hub_config.desk.seed import DESK, PEOPLE, Client, World
from tests.unit.hub_config.upload_samples import pdf, png

pytestmark = pytest.mark.unit
LETTER = ("letter.pdf", pdf())


def send(client: Client, file: tuple[str, bytes] = LETTER, /, **about: str) -> Any:
    return client.http.post(f"{DESK}/api/v1/files", data={"_csrf": client.token, **about}, files={"file": file})


def sent(world: World, who: str = "researcher", file: tuple[str, bytes] = LETTER, /, **about: str) -> int:
    answer = send(world.client(who), file, **(about or {"request": "DR-1", "purpose": "letter"}))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["file"])


def test_a_letter_is_kept_and_read(world: World) -> None:
    """S18, INP-01: given out as it was sent, as an attachment that runs nothing, and only sealed bytes are stored."""
    number = sent(world)
    answer = world.client("board").get(f"/api/v1/files/{number}")
    assert (answer.status_code, answer.content) == (200, LETTER[1])
    assert answer.headers["content-disposition"].startswith('attachment; filename="file-1.pdf"')
    assert "letter.pdf" in answer.headers["content-disposition"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "'self'" not in answer.headers["content-security-policy"]
    with world.policy.store.database.read() as connection:
        (row,) = connection.execute(select(files)).all()
    assert LETTER[1] not in bytes(row.content)
    assert b"letter" not in bytes(row.name)


def test_reading_is_recorded(world: World) -> None:
    """E51: who was given which file."""
    number = sent(world)
    world.client("board").get(f"/api/v1/files/{number}")
    newest = [*world.policy.store.observations_since(0)][-1]
    assert (newest.actor.person, newest.event) == (PEOPLE["board"], e.FileRead(file=number))


OF_REQUEST = {
    "admin", "second-admin", "board", "assessor", "representative", "office", "auditor", "researcher", "signatory",
}  # fmt: skip


@pytest.mark.parametrize("who", sorted(PEOPLE))
def test_who_reads_a_letter(world: World, who: str) -> None:
    """REQ-03: for everybody else it looks like a file that is not there."""
    number = sent(world)
    client = world.client(who)
    hidden, missing = client.get(f"/api/v1/files/{number}"), client.get("/api/v1/files/999")
    assert (hidden.status_code == 200) == (who in OF_REQUEST)
    if who not in OF_REQUEST:
        assert (hidden.status_code, hidden.json()) == (missing.status_code, missing.json()) == (404, missing.json())


@pytest.mark.parametrize("who", sorted(PEOPLE))
def test_who_reads_evidence(world: World, who: str) -> None:
    """REQ-03, S73: the person, and who checks people."""
    number = sent(world, "researcher", person="P-8")
    readers = {"researcher", "admin", "second-admin", "auditor"}
    assert (world.client(who).get(f"/api/v1/files/{number}").status_code == 200) == (who in readers)


@pytest.mark.parametrize(
    ("who", "about", "status"),
    [
        ("researcher", {"request": "DR-1"}, 201),
        ("signatory", {"request": "DR-1"}, 201),
        ("stranger", {"request": "DR-1"}, 404),
        ("board", {"request": "DR-1"}, 404),
        ("researcher", {"request": "DR-3"}, 404),
        ("researcher", {"request": "DR-99"}, 404),
        ("admin", {"person": "P-8"}, 201),
        ("researcher", {"person": "P-8"}, 201),
        ("researcher", {"person": "P-9"}, 404),
        ("researcher", {"person": "P-99"}, 404),
        ("researcher", {}, 422),
        ("researcher", {"person": "P-8", "request": "DR-1"}, 422),
        ("researcher", {"request": "DR-1", "purpose": "fun"}, 422),
    ],
)
def test_who_sends(world: World, who: str, about: dict[str, str], status: int) -> None:
    """REQ-03, REQ-06: as the permission table says; a stranger's file is not even looked at."""
    assert send(world.client(who), **about).status_code == status


@pytest.mark.parametrize(
    "file",
    [
        ("a.pdf", pdf(b"<< /S /JavaScript /JS (app.alert(1)) >>")),
        ("a.svg", b"<svg onload='alert(1)'/>"),
        ("a.png", png(60_000, 60_000)),
        ("..%2fa.pdf", pdf()),
        ("a" * 256 + ".pdf", pdf()),
        ("a.pdf", b""),
    ],
    ids=["script", "svg", "pixels", "path", "long name", "empty"],
)
def test_bad_files_leave_nothing(world: World, file: tuple[str, bytes]) -> None:
    """INP-01: refused in words, and no fact and no bytes are kept."""
    size = world.policy.store.newest()
    assert send(world.client("researcher"), file, request="DR-1").status_code == 422
    assert world.policy.store.newest() == size
    with world.policy.store.database.read() as connection:
        assert connection.execute(select(files)).all() == []


def test_too_much_is_cut_off_while_it_is_read(world: World) -> None:
    """INP-01: also where the sender does not say how much it will be."""
    client = world.client("researcher")
    assert send(client, ("a.txt", b"x" * FILE_MOST), request="DR-1").status_code == 413
    chunks = (b"x" * 1_000_000 for _ in range(11))
    answer = client.http.post(
        f"{DESK}/api/v1/files", content=chunks, headers={"content-type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code == 413
    other = client.http.post(f"{DESK}/api/v1/commands/end-request", content=b"x" * 100_000)
    assert other.status_code == 413


def test_a_forged_form_sends_nothing(world: World) -> None:
    """SES-06: without this login's token nothing is kept."""
    client = world.client("researcher")
    answer = client.http.post(f"{DESK}/api/v1/files", data={"request": "DR-1"}, files={"file": LETTER})
    assert answer.status_code == 403


def test_there_is_a_bound_for_each_request(world: World) -> None:
    """INP-01: twenty files; then one is taken back first."""
    for _ in range(20):
        sent(world, "researcher", ("a.txt", b"Dear all"), request="DR-2")
    assert send(world.client("researcher"), ("a.txt", b"Dear all"), request="DR-2").status_code == 422
    assert world.client("researcher").post("/do/drop-file", {"file": "3"}).status_code == 303
    sent(world, "researcher", ("a.txt", b"Dear all"), request="DR-2")


def test_a_file_is_taken_back_before_it_counts(world: World) -> None:
    """REQ-04: by who sent it, while the form is a draft; then its bytes are gone. Afterwards it stays."""
    draft, live = sent(world, "researcher", LETTER, request="DR-2"), sent(world)
    assert world.client("admin").post("/do/drop-file", {"file": str(draft)}).status_code in (404, 422)
    assert world.client("researcher").post("/do/drop-file", {"file": str(draft)}).status_code == 303
    assert world.client("researcher").get(f"/api/v1/files/{draft}").status_code == 404
    assert world.client("researcher").post("/do/drop-file", {"file": str(live)}).status_code == 409
    with world.policy.store.database.read() as connection:
        assert len(connection.execute(select(files)).all()) == 1


def test_changed_bytes_are_not_given_out(world: World) -> None:
    """AUD-01: a file that does not fit its fact is an error, never a file."""
    number = sent(world)
    with world.policy.store.database.write() as connection:
        connection.execute(update(files).values(content=b"other bytes"))
    assert world.client("board").get(f"/api/v1/files/{number}").status_code == 503


def test_swapped_files_are_not_given_out(world: World) -> None:
    """AUD-01, MFA-11: two files of one request, each sealed under its key: it opens, and is not what its fact names."""
    one, two = sent(world), sent(world, "researcher", ("a.txt", b"Dear all"), request="DR-1")
    with world.policy.store.database.write() as connection:
        first, second = connection.execute(select(files)).all()
        for row, content in ((first, second.content), (second, first.content)):
            connection.execute(update(files).where(files.c.digest == row.digest).values(content=content))
    for number in (one, two):
        assert world.client("board").get(f"/api/v1/files/{number}").status_code == 503


def test_no_file_is_kept_by_a_name_alone(world: World) -> None:
    """INP-01: a fact without bytes says nothing, so no form and no program gives these commands."""
    client = world.client("researcher")
    for name in ("keep-file", "attach-file"):
        assert client.get(f"/do/{name}").status_code == 404
        answer = client.http.post(
            f"{DESK}/api/v1/commands/{name}", json={"person": "P-8"}, headers={"x-csrf-token": client.token}
        )
        assert answer.status_code == 404


def test_pages_take_and_show_files(world: World) -> None:
    """S18, S73: on the page of the request, of the person, and one's own."""
    client = world.client("researcher")
    for page, about in (("/requests/DR-1", {"request": "DR-1"}), ("/me", {"person": "P-8"})):
        assert 'enctype="multipart/form-data"' in client.get(page).text
        fields = {"_csrf": client.token, "purpose": "cv", **about}
        answer = client.http.post(f"{DESK}/files", data=fields, files={"file": LETTER})
        assert (answer.status_code, answer.headers["location"]) == (303, DESK + page)
        assert "/api/v1/files/" in client.get(page).text
    assert 'enctype="multipart/form-data"' in world.client("admin").get("/people/P-8").text
    assert 'enctype="multipart/form-data"' not in world.client("board").get("/requests/DR-1").text


def test_files_are_listed_by_their_names(world: World) -> None:
    """S18, SES-10, MFA-11: beside the number, escaped, to whom the file is given; one that does not open has none."""
    sent(world, "researcher", ("cv & <b>letter.pdf", pdf()), request="DR-1")
    assert "cv &amp; &lt;b&gt;letter.pdf" in world.client("board").get("/requests/DR-1").text
    assert "letter.pdf" not in world.client("colleague").get("/requests/DR-1").text
    with world.policy.store.database.write() as connection:
        connection.execute(update(files).values(name=b"other bytes"))
    page = world.client("board").get("/requests/DR-1")
    assert (page.status_code, "File 1" in page.text, "letter.pdf" in page.text) == (200, True, False)


@pytest.mark.parametrize(
    ("about", "page"), [({"request": "DR-2"}, "/requests/DR-2"), ({"person": "P-8"}, "/me")], ids=["request", "person"]
)
def test_who_takes_a_file_back_stays_where_they_were(world: World, about: dict[str, str], page: str) -> None:
    """REQ-04: the page that the file stood on, whether it is dropped or not."""
    number = sent(world, "researcher", LETTER, **about)
    client = world.client("researcher")
    assert f'href="{DESK}{page}">Cancel' in client.get(f"/do/drop-file?file={number}").text
    assert client.post("/do/drop-file", {"file": str(number)}).headers["location"] == DESK + page


def test_a_refused_file_leads_back(world: World) -> None:
    """INP-01: in words on a page of the desk, with the way back to the page that it was sent from."""
    client = world.client("researcher")
    for page, about in (("/requests/DR-1", {"request": "DR-1"}), ("/me", {"person": "P-8"})):
        data = {"_csrf": client.token, **about}
        answer = client.http.post(f"{DESK}/files", data=data, files={"file": ("a.pdf", b"")})
        assert (answer.status_code, f'href="{DESK}{page}">Back</a>' in answer.text) == (422, True)
    for size in (FILE_MOST, 12_000_000):
        answer = client.http.post(f"{DESK}/files", data={"request": "DR-1"}, files={"file": ("a.txt", b"x" * size)})
        assert answer.status_code == 413
        assert "10 MB at most" in answer.text
        assert "<h1>Not done</h1>" in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_kept_file_goes_with_its_person(world: World) -> None:
    """E50: once the key is gone there is neither a file nor a fact that speaks of one."""
    sent(world, "researcher", person="P-8")
    erased = e.PersonErased(person=PersonId("P-8"))
    store = world.policy.store
    store.append(store.newest(), lambda at: [(person(PersonId("P-1"), "a-proof"), erased)])
    with world.policy.store.database.read() as connection:
        assert connection.execute(select(files)).all() == []
    assert world.client("admin").get("/api/v1/files/1").status_code == 404
