"""What people do at the desk, and that the others see it at once."""

import re

import pytest

from access_policy.model.ids import RequestId
from tests.unit.hub_config.desk.seed import DESK, World

pytestmark = pytest.mark.unit


def status_of(world: World, request: str) -> str:
    with world.policy.reading() as state:
        return str(state.requests[RequestId(request)].status)


def test_researcher_sees_what_holds_and_can_start(world: World) -> None:
    """S75: the start leads to the hub's page of exactly this request."""
    text = world.client("researcher").get("/").text
    assert "http://127.0.0.1:8000/hub/spawn/p-8/dr-1" in text
    assert "Small: 1 core" in text


def test_missing_training_shows_with_its_next_step_until_certified(world: World) -> None:
    """S74: the trainer certifies in the browser; the colleague's page allows the start at once, no new login."""
    colleague, trainer = world.client("colleague"), world.client("trainer")
    before = colleague.get("/").text
    assert "A required course has not been passed" in before
    assert "/services/desk/reasons/training_missing" in before
    assert "/hub/spawn/p-9/dr-1" not in before
    link = re.search(r'href="(/services/desk/do/certify-person[^"]*privacy)"', trainer.get("/people/P-9").text)
    assert link is not None
    confirmation = trainer.http.get(link[1].replace("&amp;", "&")).text
    assert "The colleague" in confirmation
    answer = trainer.post("/do/certify-person", {"person": "P-9", "course": "privacy"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{DESK}/people/P-9")
    assert "Certify person: done." in trainer.get("/people/P-9").text
    assert "Certify person: done." not in trainer.get("/people/P-9").text, "a message shows once"
    assert "/hub/spawn/p-9/dr-1" in colleague.get("/status").text


def test_revoked_certification_shows_at_once(world: World) -> None:
    """S74: with the page of its reason."""
    world.client("trainer").post("/do/revoke-certification", {"person": "P-8", "course": "privacy", "reason": "copied"})
    assert "training_revoked" in world.client("researcher").get("/status").text


def test_nobody_certifies_themselves(world: World) -> None:
    """REQ-07: the form says so instead of offering the button."""
    trainer = world.client("trainer")
    assert "another person" in trainer.get("/do/certify-person?person=P-3&course=privacy").text
    assert trainer.post("/do/certify-person", {"person": "P-3", "course": "privacy"}).status_code == 403
    assert "/do/certify-person" not in trainer.get("/people/P-3").text


def test_trainer_of_one_course_certifies_in_that_course_only(world: World) -> None:
    """REQ-07: also not by a changed field."""
    trainer = world.client("heart-trainer")
    text = trainer.get("/people/P-9").text
    assert "course=heart" in text
    assert "course=privacy" not in text
    assert trainer.post("/do/certify-person", {"person": "P-9", "course": "privacy"}).status_code == 404
    assert trainer.post("/do/certify-person", {"person": "P-9", "course": "heart"}).status_code == 303


def test_admin_verifies_a_person(world: World) -> None:
    """S73: the person's own page shows it at once, with the end that was chosen."""
    admin = world.client("admin")
    assert "not verified" in world.client("board").get("/me").text
    fields = {"person": "P-4", "method": "video-call", "until": "2027-05-01T12:30", "evidence": "a passport"}
    assert admin.post("/do/verify-person", fields).status_code == 303
    assert "2027-05-01 12:30 UTC" in world.client("board").get("/me").text


def test_only_the_verifier_is_offered_the_factor(world: World) -> None:
    """S76: a factor after a reset waits for the one who verified the person."""
    world.do("reset-factors", "second-admin", person="P-8")
    world.do("confirm-proposal", "admin", proposal=9)
    world.enrol("P-8", "new")
    assert "/do/confirm-factor" in world.client("admin").get("/people/P-8").text
    assert "/do/confirm-factor" not in world.client("second-admin").get("/people/P-8").text


@pytest.mark.parametrize("typed", ["", "dr-1", "DR-2"])
def test_end_needs_the_number_typed(world: World, typed: str) -> None:
    """S94: a dangerous command asks for the name of what it ends, and keeps what was written."""
    fields = {"request": "DR-1", "reason": "because of <this>", "_typed": typed, "_fixed": "request"}
    answer = world.client("admin").post("/do/end-request", fields)
    assert answer.status_code == 422
    assert "because of &lt;this&gt;" in answer.text
    assert status_of(world, "DR-1") == "active"


def test_ended_request_shows_on_the_researchers_page(world: World) -> None:
    """S94: with a running workspace, its end and the reason in words follow the warden's report."""
    researcher = world.client("researcher")
    world.start_workspace("researcher", "DR-1")
    assert "http://127.0.0.1:8000/user/p-8/dr-1/" in researcher.get("/").text
    fields = {"request": "DR-1", "reason": "audit", "_typed": "DR-1"}
    assert world.client("admin").post("/do/end-request", fields).status_code == 303
    world.end_workspace("researcher", "DR-1", "request_ended")
    text = researcher.get("/status").text
    assert "The last workspace ended 2026-11-22 13:00 UTC: the request was ended." in " ".join(
        re.sub("<[^>]+>", "", text).split()
    )
    assert "/hub/spawn/" not in text


def test_workspace_is_stopped_by_its_person_or_an_admin(world: World) -> None:
    """S94: others neither see nor stop it."""
    world.client("researcher")
    world.start_workspace("researcher", "DR-1")
    fields = {"person": "P-8", "request": "DR-1"}
    assert "P-8/dr-1" in world.client("admin").get("/workspaces").text
    assert world.client("colleague").post("/do/stop-workspace", fields).status_code == 404
    assert world.client("researcher").post("/do/stop-workspace", fields).headers["location"] == f"{DESK}/"
    assert "is being stopped" in world.client("researcher").get("/").text


def test_stopped_person_may_act_again_by_an_admin(world: World) -> None:
    """S94: typed confirmation to stop; nobody lets themselves act again."""
    admin = world.client("admin")
    assert admin.post("/do/disable-person", {"person": "P-8", "reason": "x", "_typed": "P-8"}).status_code == 303
    assert "Let this person act again" in admin.get("/people/P-8").text
    assert admin.post("/do/enable-person", {"person": "P-8"}).status_code == 303


def assess(world: World, request: str) -> None:
    """Assess a request at the desk, and record that it meets the four guiding principles."""
    assessor, about = world.client("assessor"), {"request": request}
    assert assessor.post("/do/assess-request", {**about, "assessment": "sound"}).status_code == 303
    for criterion in ("social", "ethical", "legal", "contractual"):
        fields = {**about, "criterion": criterion, "met": "true", "reason": "it does"}
        assert assessor.post("/do/record-finding", fields).status_code == 303


def approval(digest: str) -> dict[str, str]:
    return {
        "request": "DR-3", "improves_treatment": "true", "public_interest": "true", "reason": "sound",
        "begins": "2026-11-22T13:00", "ends": "2027-11-22T13:00", "digest": digest,
    }  # fmt: skip


def test_board_approves_the_form_that_it_read(world: World) -> None:
    """REQ-04, S22: the page shows the form with its digest, and the approval is bound to it."""
    assess(world, "DR-3")
    board = world.client("board")
    page = board.get("/do/approve-request?request=DR-3").text
    assert "For the board" in page
    digest = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert digest is not None
    stale = board.post("/do/approve-request", approval("0" * 64))
    assert stale.status_code == 409
    assert "not the one that you read" in stale.text
    assert status_of(world, "DR-3") == "assessed"
    assert board.post("/do/approve-request", approval(digest[1])).headers["location"] == f"{DESK}/requests/DR-3"
    assert status_of(world, "DR-3") == "approved"


def test_approval_without_a_digest_is_refused(world: World) -> None:
    """REQ-04: at the desk it is never left out."""
    world.do("assess-request", "assessor", request="DR-3", assessment="sound")
    fields = {name: value for name, value in approval("").items() if value}
    assert world.client("board").post("/do/approve-request", fields).status_code == 409
    assert status_of(world, "DR-3") == "assessed"


def test_nobody_approves_their_own_request(world: World) -> None:
    """REQ-01: by page or by program, even where they are a board member or an assessor."""
    for number, role in enumerate(("board-member", "assessor")):
        world.do("appoint-role", "admin", person="P-9", role=role, until=world.until(9))
        world.do("confirm-proposal", "second-admin", proposal=9 + number)
    world.do("assess-request", "assessor", request="DR-3", assessment="sound")
    client = world.client("colleague")
    with world.policy.reading() as state:
        digest = state.requests[RequestId("DR-3")].digest or ""
    given = {**approval(digest), "begins": "2026-11-22T13:00:00Z", "ends": "2027-11-22T13:00:00Z"}
    answers = [
        client.post("/do/approve-request", approval(digest)),
        client.http.post(f"{DESK}/api/v1/commands/approve-request", json=given, headers={"x-csrf-token": client.token}),
    ]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[1].json()["code"] == "four_eyes"
    assert "/do/approve-request" not in client.get("/requests/DR-3").text
    assert status_of(world, "DR-3") == "assessed"


def test_request_from_nothing_to_data(world: World) -> None:
    """S12-S26, S100: each step by its own person, each through the desk's forms."""
    who = world.client("researcher")
    opened = who.post("/do/open-request", {"title": "From the desk", "purpose": "to treat better"})
    assert opened.headers["location"] == f"{DESK}/requests/DR-4"
    about = {"request": "DR-4"}
    who.post("/do/describe-request", {**about, "purpose_kind": "research", "field_of_work": "leukaemia",
                                      "controller": "the hospital", "processor": "the centre",
                                      "tests_treatment": "false"})  # fmt: skip
    who.post("/do/request-dataset", {**about, "dataset": "clinical", "necessity": "times"})
    who.post("/do/name-contact", {**about, "person": "P-8", "email": "researcher@hospital.example"})
    assert who.post("/do/submit-request", about).status_code == 303
    assess(world, "DR-4")
    page = world.client("board").get("/do/approve-request?request=DR-4").text
    digest = re.findall(r'name="digest" value="([0-9a-f]+)"', page)[0]
    world.client("board").post("/do/approve-request", {**approval(digest), **about})
    for role, party in (("researcher", "researcher"), ("signatory", "licensee"), ("representative", "representative")):
        shown = world.client(role).get("/requests/DR-4").text
        assert f"Sign licence for the {party}" in shown
        assert world.client(role).post("/do/sign-licence", {**about, "party": party}).status_code == 303
    assert world.client("steward").post("/do/make-available", about).status_code == 303
    assert "/hub/spawn/p-8/dr-4" in who.get("/").text


def test_proposal_waits_for_another_admin(world: World) -> None:
    """Four eyes: the message says so; the one who proposed cannot confirm."""
    first, second = world.client("admin"), world.client("second-admin")
    fields = {"person": "P-11", "role": "trainer", "until": "2027-01-01T00:00"}
    assert first.post("/do/appoint-role", fields).headers["location"] == f"{DESK}/proposals"
    shown = first.get("/proposals").text
    assert "once another admin confirms it" in shown
    assert "/do/confirm-proposal" not in shown
    assert first.post("/do/confirm-proposal", {"proposal": "9"}).status_code == 403
    assert "/do/confirm-proposal?proposal=9" in second.get("/proposals").text
    assert second.post("/do/confirm-proposal", {"proposal": "9"}).status_code == 303
    assert "trainer" in world.client("stranger").get("/me").text


def test_who_is_no_admin_sees_their_own_proposals_only(world: World) -> None:
    """REQ-03, four eyes: a representative takes their own proposal back, and reads nobody else's."""
    world.do("exclude-organisation", "admin", institution="hospital", until=world.until(90), reason="misuse")
    world.do("lift-exclusion", "representative", institution="hospital")
    world.do("appoint-role", "admin", person="P-11", role="trainer", until=world.until(9))
    with world.policy.reading() as state:
        own, other = state.proposals
    client = world.client("representative")
    shown = client.get("/proposals").text
    assert f"/do/drop-proposal?proposal={own}" in shown
    assert f"proposal {other}<" not in shown
    assert client.post("/do/drop-proposal", {"proposal": str(other)}).status_code in (404, 422)
    assert client.post("/do/drop-proposal", {"proposal": str(own)}).status_code == 303


def test_login_identity_is_linked_by_its_hmac(world: World) -> None:
    """ID-04: an admin names issuer and subject; the desk makes the HMAC, and a sent one is refused."""
    admin = world.client("second-admin")
    fields = {"person": "P-11", "issuer": "https://login.example", "subject": "abc"}
    assert 'value="https://login.example"' in admin.get("/do/link-identity?person=P-11").text
    assert admin.post("/do/link-identity", {**fields, "identity": "forged"}).status_code == 422
    assert admin.post("/do/link-identity", fields).status_code == 303
    with world.policy.reading() as state:
        assert state.identities["hmac:https://login.example:abc"] == "P-11"


def test_first_day_shows_publicly_without_names_and_leads_admins_on(empty: World) -> None:
    """The checklist: done or open for anybody, links for admins."""
    public = empty.client().get("/")
    assert public.status_code == 200
    assert "Admin 1" not in public.text
    assert "/do/register-institution" in public.text  # a link to where it is done; it asks for the login
    admin = empty.client("admin")
    assert "/services/desk/do/register-institution?institution=centre&amp;centre=true" in admin.get("/").text
    fields = {"institution": "centre", "name": "Centre", "country": "NL", "domains": "a.example, b.example",
              "centre": "true"}  # fmt: skip
    assert admin.post("/do/register-institution", fields).status_code == 303
    with empty.policy.reading() as state:
        (centre,) = state.institutions.values()
        assert centre.domains == {"a.example", "b.example"}


def test_log_is_paged_and_filtered(world: World) -> None:
    """E48: newest first; by person, request and kind; the state stands in the address."""
    admin = world.client("admin")
    newest = admin.get("/log").text
    assert newest.index("<strong>RequestSubmitted") < newest.index("<strong>ContactNamed")
    older = re.search(r'href="\?before=(\d+)"', newest)
    assert older is not None
    assert admin.get(f"/log?before={older[1]}").text.count("<tr>") > 1
    approved = admin.get("/log?about=DR-1&kind=RequestApproved").text
    assert approved.count("<tr>") == 2
    assert "No fact fits" in admin.get("/log?about=DR-1&kind=RequestRefused").text


def test_search_and_pages_stand_in_the_address(world: World) -> None:
    """Lists: searched by words, cut into pages of twenty."""
    for number in range(25):
        world.do("register-person", "admin", name=f"Zoë {number}", email=f"z{number}@centre.example",
                 institution="centre")  # fmt: skip
    admin = world.client("admin")
    first = admin.get("/people?q=zoë").text
    assert first.count("<tr>") == 21
    assert "?q=zo%C3%AB&amp;number=2" in first
    assert admin.get("/people?q=zoë&number=2").text.count("<tr>") == 6


@pytest.mark.parametrize("ends", ["9999-01-01T00:00", "NaN", "2027-01-01", "+275760-09-13T00:00", "2027-13-01T00:00"])
def test_doubtful_instant_is_refused(world: World, ends: str) -> None:
    """REQ-11: the form shows again, with what was typed."""
    fields = {"person": "P-9", "method": "video-call", "until": ends, "evidence": "a passport"}
    answer = world.client("admin").post("/do/verify-person", fields)
    assert answer.status_code == 422


def test_two_people_name_the_investigator_of_a_study(world: World) -> None:
    """S49, S50, REQ-01: proposed by the steward, confirmed by an admin; the page says until when, and when it ended."""
    world.do("register-study", "steward", study="relapse", title="Relapse", purpose="why it comes back")
    steward, ends = world.client("steward"), world.until(100)
    fields = {"study": "relapse", "person": "P-9", "until": ends}
    assert steward.post("/do/name-investigator", fields).status_code == 303
    assert "The colleague" not in steward.get("/datasets").text
    with world.policy.reading() as state:
        number = state.last_proposal
    world.do("confirm-proposal", "admin", proposal=number)
    page = steward.get("/datasets").text
    assert "The colleague" in page
    assert ">ended<" not in page
    assert steward.post("/do/end-investigator", {"study": "relapse", "person": "P-9"}).status_code == 303
    assert ">ended<" in steward.get("/datasets").text
