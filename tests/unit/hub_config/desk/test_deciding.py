"""Who decides sees what they decide on, and nothing is decided by leaving a field alone."""

import hashlib
import re

import pytest

from access_policy.model.ids import RequestId
from hub_config.desk import told
from hub_config.texts import keep_text
from tests.unit.hub_config.desk.seed import DESK, World

pytestmark = pytest.mark.unit


def page(world: World, who: str, path: str) -> str:
    """Return a page with its white space made one."""
    return " ".join(world.client(who).get(path).text.split())


def section(text: str, heading: str) -> str:
    """Return a page from a heading on, to the end of its section."""
    return text.split(f">{heading}</h2>", 1)[1].split("</section>", 1)[0]


def value_of(text: str, name: str) -> str:
    """Return what stands in a field of a form: typed in, or chosen."""
    typed = re.search(rf'<input id="f-{name}"[^>]* value="([^"]*)"', text)
    chosen = re.search(rf'<select id="f-{name}".*?<option value="([^"]*)" selected>', text)
    found = typed or chosen or re.search(rf'<input type="hidden" name="{name}" value="([^"]*)"', text)
    assert found is not None, name
    return found[1]


def add_dataset(world: World, name: str) -> None:
    world.do("register-dataset", "steward", dataset=name, title=name.title(), source="a package", kind="clinical",
             version="1", location=name, manifest="b" * 64, region="local", consent="published-open-data",
             attested=True)  # fmt: skip


def amend(world: World, name: str, why: str, reason: str) -> None:
    """Let the applicant of DR-1 ask for one more dataset."""
    add_dataset(world, name)
    world.do("propose-amendment", "researcher", request="DR-1", datasets=[name], necessities=why, reason=reason)


def ask_renewal(world: World) -> None:
    world.do("ask-extension", "signatory", request="DR-1", name="The", surname="Researcher",
             email="researcher@hospital.example")  # fmt: skip


DECISIONS = {
    "vote": ("vote-on-request", "board", "approve", {"request": "DR-3", "reason": "too wide"}),
    "finding": ("record-finding", "assessor", "met", {"request": "DR-3", "criterion": "legal", "reason": "no ground"}),
    "declaration": (
        "describe-request", "researcher", "tests_treatment",
        {"request": "DR-2", "purpose_kind": "research", "field_of_work": "x", "controller": "y", "processor": "z",
         "regime": "own"},
    ),
    "revision": ("revise-course", "admin", "binding", {"course": "privacy", "version": "2"}),
}  # fmt: skip


@pytest.fixture(params=DECISIONS)
def decision(request: pytest.FixtureRequest, world: World) -> tuple[str, str, str, dict[str, str]]:
    """Give a command that says yes or no, who gives it, the field, and all else that it needs."""
    name, who, field, fields = DECISIONS[request.param]
    world.do("assess-request", "assessor", request="DR-3", assessment="sound")
    if name == "vote-on-request":
        return name, who, field, {**fields, "digest": world.digest("DR-3")}
    return name, who, field, fields


def test_yes_or_no_is_two_buttons_and_neither_is_preselected(
    world: World, decision: tuple[str, str, str, dict[str, str]]
) -> None:
    """S20, S22, S80: whoever decides chooses; a link that carries an answer chooses for nobody (REQ-13)."""
    name, who, field, fields = decision
    about = {key: value for key, value in fields.items() if key in ("request", "course")}
    for query in (about, {**about, field: "true"}):
        text = world.client(who).get(f"/do/{name}", params=query).text
        buttons = re.findall(rf'<input type="radio"[^>]* name="{field}" value="(\w+)" required([^>]*)>', text)
        assert buttons == [("true", ""), ("false", "")]


@pytest.mark.parametrize("answer", ["left alone", "empty", "neither"])
def test_an_unanswered_decision_is_refused(
    world: World, decision: tuple[str, str, str, dict[str, str]], answer: str
) -> None:
    """S20, S22, S80: a form with a reason alone is no vote against and no finding; it says what to choose."""
    name, who, field, fields = decision
    before = world.policy.store.newest()
    answers: dict[str, dict[str, str]] = {"left alone": {}, "empty": {field: ""}, "neither": {field: "perhaps"}}
    sent = answers[answer]
    refused = world.client(who).post(f"/do/{name}", {**fields, **sent})
    assert refused.status_code == 422
    assert "Not done" in refused.text
    assert answer == "neither" or "neither is chosen for you" in refused.text
    assert world.policy.store.newest() == before


@pytest.mark.parametrize("answer", ["true", "false"])
def test_an_answered_decision_is_recorded_as_it_was_chosen(
    world: World, decision: tuple[str, str, str, dict[str, str]], answer: str
) -> None:
    """S20, S22, S80: yes is yes and no is no; what the core refuses it still refuses, and shows what was chosen."""
    name, who, field, fields = decision
    given = world.client(who).post(f"/do/{name}", {**fields, field: answer})
    if given.status_code != 303:
        assert (name, answer) == ("describe-request", "true")  # S80: the data are not for that
        assert re.search(rf'name="{field}" value="true" required checked', given.text)
        return
    event = list(world.policy.store.facts_since(0))[-1].event
    assert str(getattr(event, field)).lower() == answer


def test_a_stranger_learns_nothing_from_an_unanswered_form(world: World) -> None:
    """REQ-03: whoever may not vote gets a page that is not there, answered or not."""
    answer = world.client("stranger").post("/do/vote-on-request", {"request": "DR-3", "digest": "0" * 64})
    assert answer.status_code == 404


def approve(world: World) -> None:
    """Let the board approve DR-3, so that its licence is to be signed."""
    world.do("assess-request", "assessor", request="DR-3", assessment="sound")
    world.find("DR-3")
    world.do("approve-request", "board", request="DR-3", improves_treatment=True, public_interest=True, reason="good",
             digest=world.digest("DR-3"), begins=world.until(0), ends=world.until(300))  # fmt: skip


@pytest.mark.parametrize(
    ("who", "party"), [("colleague", "researcher"), ("signatory", "licensee"), ("representative", "representative")]
)
def test_who_signs_sees_the_licence_and_their_party(world: World, who: str, party: str) -> None:
    """S23, S25, REQ-04: version, language, hash and a link to the text; only what they stand for is to choose."""
    approve(world)
    text = page(world, who, "/do/sign-licence?request=DR-3")
    digest = hashlib.sha256(b"licence-eea").hexdigest()
    for shown in ("the licence that is to be signed", f'href="{DESK}/documents/{digest}"', f"<code>{digest}</code>"):
        assert shown in text
    assert [value_of(text, name) for name in ("party", "institution", "version", "language")] == [
        party, "hospital", "1", "en",
    ]  # fmt: skip
    assert re.findall(r'<option value="(\w+)"', text.split('id="f-party"')[1].split("</select>")[0]) == [party]
    sent = {"request": "DR-3", "party": party, "institution": "hospital", "version": "1", "language": "en"}
    assert world.client(who).post("/do/sign-licence", sent).status_code == 303


def publish(world: World, version: str, *, binding: bool) -> None:
    given = {"document": "licence-eea", "version": version, "language": "en", "title": "Licence"}
    digest = keep_text(world.texts, version.encode())
    if not binding:
        world.do("publish-document", "admin", **given, digest=digest, binding=False)
        return
    world.do("bind-document", "admin", **given, digest=digest)
    with world.policy.reading() as state:
        waiting = state.last_proposal
    world.do("confirm-proposal", "second-admin", proposal=waiting)


@pytest.mark.parametrize(("binding", "marked"), [(True, 3), (False, 0)], ids=["binding", "wording"])
def test_a_signature_that_no_longer_counts_is_marked(world: World, binding: bool, marked: int) -> None:
    """S25, REQ-09: where another text binds the request's page says of each signature that it is given anew."""
    assert "counts no more" not in page(world, "board", "/requests/DR-1")
    world.clock.go(hours=1)
    publish(world, "2", binding=binding)
    assert page(world, "board", "/requests/DR-1").count("counts no more") == marked


def test_the_one_signature_that_was_given_anew_is_not_marked(world: World) -> None:
    """S25: the others still are."""
    world.clock.go(hours=1)
    publish(world, "2", binding=True)
    world.clock.go(hours=1)
    world.do("sign-licence", "researcher", request="DR-1", party="researcher")
    assert page(world, "board", "/requests/DR-1").count("counts no more") == 2


@pytest.mark.parametrize("command", ["approve-amendment", "refuse-amendment", "vote-on-request"])
@pytest.mark.parametrize("query", ["&amendment=1", ""], ids=["from its line", "from the request"])
def test_who_decides_on_an_amendment_sees_it(world: World, command: str, query: str) -> None:
    """E19, S3: its datasets, why each, and the applicant's reason; its number stands in the form."""
    amend(world, "scans", "where it began", "the first results ask for it")
    text = page(world, "board", f"/do/{command}?request=DR-1{query}")
    shown = section(text, "Amendment 1")
    for part in ("<strong>scans</strong>", "where it began", "the first results ask for it", "The researcher"):
        assert part in shown
    assert value_of(text, "amendment") == "1"


def test_of_several_amendments_the_one_of_the_link_is_shown(world: World) -> None:
    """E19: and without a link all that wait, and none of them is chosen."""
    amend(world, "scans", "where", "one")
    amend(world, "genes", "what", "two")
    text = page(world, "board", "/do/approve-amendment?request=DR-1&amendment=2")
    assert (">Amendment 1</h2>" in text, ">Amendment 2</h2>" in text) == (False, True)
    both = page(world, "board", "/do/approve-amendment?request=DR-1")
    assert (">Amendment 1</h2>" in both, ">Amendment 2</h2>" in both) == (True, True)
    assert value_of(both, "amendment") == ""


def test_the_line_of_an_open_amendment_has_its_reason_and_a_vote(world: World) -> None:
    """E19, S20: on the request's page, with what may be done about this one."""
    amend(world, "scans", "where it began", "the first results ask for it")
    text = page(world, "board", "/requests/DR-1")
    assert "Amendment 1: scans (where it began); reason: the first results ask for it" in text
    assert "/do/vote-on-request?request=DR-1&amp;amendment=1" in text


def test_what_an_amendment_added_stands_apart_from_the_signed_form(world: World) -> None:
    """REQ-04, E19: the hash was made before it, so it stands after the hash and says so."""
    amend(world, "scans", "where it began", "more")
    world.do("approve-amendment", "board", request="DR-1", amendment=1, reason="yes")
    form = section(page(world, "researcher", "/requests/DR-1"), "The form")
    signed, later = form.split("SHA-256 of the signed form")
    assert ("clinical" in signed, "scans" in signed) == (True, False)
    assert "Datasets added by amendment, not in the signed form" in later
    assert "where it began" in later


def test_a_contact_who_came_later_stands_apart_from_the_signed_form(world: World) -> None:
    """REQ-04, S31: the one who was let in afterwards is not in what was signed."""
    world.clock.go(hours=1)
    world.do("ask-contact", "signatory", request="DR-1", person="P-11", name="The stranger", position="statistician",
             email="stranger@hospital.example")  # fmt: skip
    world.do("check-contact", "office", request="DR-1", person="P-11")
    form = section(page(world, "office", "/requests/DR-1"), "The form")
    signed, later = form.split("SHA-256 of the signed form")
    assert ("P-9" in signed, "P-11" in signed, "P-11" in later) == (True, False, True)


def test_the_form_of_a_described_draft_opens_with_its_answers(world: World) -> None:
    """S12, S71: who corrects one answer does not empty the others; a draft without answers opens empty."""
    assert value_of(page(world, "researcher", "/do/describe-request?request=DR-2"), "controller") == ""
    world.do("describe-request", "researcher", request="DR-2", purpose_kind="original-study", field_of_work="lymphoma",
             tests_treatment=False, controller="the ward", processor="the centre", regime="ehds")  # fmt: skip
    text = page(world, "researcher", "/do/describe-request?request=DR-2")
    wanted = {"purpose_kind": "original-study", "field_of_work": "lymphoma", "controller": "the ward", "regime": "ehds"}
    assert {name: value_of(text, name) for name in wanted} == wanted
    assert re.search(r'name="tests_treatment" value="false" required checked', text)


def test_a_refused_form_keeps_what_was_taken_out(world: World) -> None:
    """S12: after a refusal what was typed stands there, and not what was on record."""
    world.describe("DR-2", "researcher")
    sent = {"request": "DR-2", "purpose_kind": "research", "controller": "", "processor": "z"}
    text = " ".join(world.client("researcher").post("/do/describe-request", sent).text.split())
    assert value_of(text, "controller") == ""


@pytest.mark.parametrize("before", [0, 1, 3])
def test_the_office_sees_who_asks_to_apply(world: World, before: int) -> None:
    """S12, S13: first name, surname and address, of this intake and not of one at the same instant."""
    for number in range(before):
        world.intake(f"other{number}@hospital.example")
    world.intake("stranger@hospital.example")
    request = f"DR-{4 + before}"
    text = section(page(world, "office", f"/do/answer-intake?request={request}"), "Who asks to apply")
    assert "New Comer" in text
    assert "stranger@hospital.example" in text


@pytest.mark.parametrize("facts_between", [0, 1, 20])
def test_a_name_and_a_reason_are_found_in_a_long_log(
    world: World, monkeypatch: pytest.MonkeyPatch, facts_between: int
) -> None:
    """S12, E19: wherever in the log they stand; a page reads a part of it, and finds no other request's."""
    monkeypatch.setattr(told, "_NEAR", 1)
    monkeypatch.setattr(told, "_WINDOW", 7)
    world.intake("stranger@hospital.example")
    amend(world, "scans", "where", "the first results")
    for number in range(facts_between):
        world.clock.go(minutes=number % 2)
        world.intake(f"other{number}@hospital.example")
    assert "New Comer" in page(world, "office", "/do/answer-intake?request=DR-4")
    assert "the first results" in page(world, "board", "/requests/DR-1")


def test_a_reason_too_far_back_is_named_as_one_in_the_log(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """E19: the page stays fast and says where the reason stands, instead of showing nothing."""
    amend(world, "scans", "where", "the first results")
    world.intake("stranger@hospital.example")
    monkeypatch.setattr(told, "_WINDOW", 1)
    monkeypatch.setattr(told, "_WINDOWS", 1)
    shown = section(page(world, "board", "/do/approve-amendment?request=DR-1&amendment=1"), "Amendment 1")
    assert "it stands in the log" in shown
    assert "where" in shown


def test_an_intake_is_listed_with_its_address(world: World) -> None:
    """S13: no row of the list is blank."""
    world.intake("stranger@hospital.example")
    row = page(world, "office", "/requests").split(f'href="{DESK}/requests/DR-4"')[1].split("</tr>")[0]
    assert "stranger@hospital.example" in row
    assert "nobody yet" not in row


@pytest.mark.parametrize("path", ["/", "/requests/DR-1"], ids=["home", "request"])
def test_what_a_workspace_opens_without_stands_with_its_reasons(world: World, path: str) -> None:
    """S26, S97: on the card and on the request's page, with reason and next step apart."""
    amend(world, "scans", "where it began", "more")
    world.do("approve-amendment", "board", request="DR-1", amendment=1, reason="yes")
    text = page(world, "researcher", path)
    left = text.split("A workspace opens without:")[1].split("</ul>")[0]
    assert re.search(r'<strong>scans</strong>: [^<]+; <span class="quiet">', left)


@pytest.mark.parametrize("what", ["amended", "renewed", "revoked"])
def test_the_register_shows_a_running_permit_in_green(world: World, what: str) -> None:
    """S47, E18: amended and renewed ones run as granted ones do; what was taken back does not."""
    if what == "amended":
        amend(world, "scans", "where", "more")
        world.do("approve-amendment", "board", request="DR-1", amendment=1, reason="yes")
    elif what == "renewed":
        renew(world)
    else:
        world.do("end-request", "admin", request="DR-1", reason="a breach")
    tag = "ended" if what == "revoked" else "active"
    assert f'<span class="tag {tag}">{what}</span>' in page(world, "board", "/register")


def renew(world: World) -> None:
    ask_renewal(world)
    world.do("answer-extension", "office", request="DR-1")
    world.do("submit-extension", "researcher", request="DR-1", ends=world.until(330), reason="not done yet")
    world.do("assess-extension", "assessor", request="DR-1", assessment="sound")
    for criterion in ("social", "ethical", "legal", "contractual"):
        world.do("record-finding", "assessor", request="DR-1", criterion=criterion, met=True, reason="as before",
                 extension=True)  # fmt: skip
    world.do("grant-extension", "board", request="DR-1", reason="good")


def offered(world: World, who: str, command: str) -> bool:
    return f'href="{DESK}/do/{command}' in page(world, who, "/requests/DR-1")


def test_the_renewal_is_submitted_only_where_one_is_open(world: World) -> None:
    """S42: no button that is always refused; the core still decides."""
    assert not offered(world, "researcher", "submit-extension")
    ask_renewal(world)
    assert offered(world, "researcher", "submit-extension")
    world.do("submit-extension", "researcher", request="DR-1", ends=world.until(330), reason="more")
    assert not offered(world, "researcher", "submit-extension")


def test_a_finding_after_the_approval_is_offered_for_a_renewal_only(world: World) -> None:
    """S42: and then its form says that it is about the renewal."""
    assert not offered(world, "assessor", "record-finding")
    ask_renewal(world)
    assert not offered(world, "assessor", "record-finding")
    world.do("submit-extension", "researcher", request="DR-1", ends=world.until(330), reason="more")
    assert offered(world, "assessor", "record-finding")
    form = page(world, "assessor", "/do/record-finding?request=DR-1")
    assert re.search(r'id="f-extension" name="extension" value="true" checked', form)
    assert "/do/record-finding" in page(world, "assessor", "/requests/DR-3")


def test_a_vote_after_the_approval_is_offered_where_something_waits(world: World) -> None:
    """S20, E19: an amendment, or a renewal that was assessed."""
    assert not offered(world, "board", "vote-on-request")
    amend(world, "scans", "where", "more")
    assert offered(world, "board", "vote-on-request")


def test_a_hearing_is_offered_while_one_is_owed(world: World) -> None:
    """E58: for a suspended grant, once."""
    who = next(name for name in ("admin", "office") if _may_hear(world, name))
    assert not offered(world, who, "record-hearing")
    world.do("suspend-request", "admin", request="DR-1", reason="a leak")
    assert offered(world, who, "record-hearing")
    world.do("record-hearing", who, request="DR-1", heard="it was nothing")
    assert not offered(world, who, "record-hearing")


def _may_hear(world: World, who: str) -> bool:
    return bool(world.client(who).get("/do/record-hearing?request=DR-1").status_code != 404)


def test_emergency_access_is_given_by_two_shown_and_ended(world: World) -> None:
    """E37: an admin's page of the request names the operator and the end while it lasts, with the way to end it."""
    asked = {"request": "DR-1", "operator": "ops@example.org", "minutes": 30, "reason": "a server hangs"}
    assert offered(world, "admin", "grant-emergency-access")
    assert not offered(world, "admin", "end-emergency-access")
    world.do("grant-emergency-access", "admin", **asked)
    assert "Emergency access of" not in page(world, "admin", "/requests/DR-1")
    with world.policy.reading() as state:
        waiting = state.last_proposal
    world.do("confirm-proposal", "second-admin", proposal=waiting)
    assert "Emergency access of ops@example.org until" in page(world, "admin", "/requests/DR-1")
    assert "Emergency access of" not in page(world, "researcher", "/requests/DR-1")
    world.do("end-emergency-access", "admin", request="DR-1", operator="ops@example.org")
    assert "Emergency access of" not in page(world, "admin", "/requests/DR-1")


@pytest.mark.parametrize("path", ["/requests/DR-1", "/do/ask-contact?request=DR-1"])
def test_who_takes_no_part_sees_nothing_of_it(world: World, path: str) -> None:
    """REQ-03: what the forms show now is shown to nobody else."""
    amend(world, "scans", "where", "a secret reason")
    assert world.client("stranger").get(path).status_code == 404


def test_datasets_are_approved_by_boxes_all_ticked_at_first(world: World) -> None:
    """S3, S22: what is granted is ticked; with no box ticked nothing is, for left out it would mean all of them."""
    world.do("assess-request", "assessor", request="DR-3", assessment="sound")
    world.find("DR-3")
    board = world.client("board")
    page = board.get("/do/approve-request?request=DR-3").text
    assert re.search(r'type="checkbox" id="f-datasets-1" name="datasets" value="clinical" checked', page)
    assert '<input type="hidden" name="_ticks" value="datasets">' in page
    fields = {
        "request": "DR-3", "improves_treatment": "true", "public_interest": "true", "reason": "sound",
        "begins": "2026-11-22T13:00", "ends": "2027-11-22T13:00", "digest": world.digest("DR-3"), "_ticks": "datasets",
    }  # fmt: skip
    empty = board.post("/do/approve-request", fields)
    assert empty.status_code == 422
    assert "tick at least one of the datasets" in empty.text
    assert 'value="clinical" checked' not in empty.text
    done = board.post("/do/approve-request", {**fields, "datasets": "clinical"})
    assert done.status_code == 303
    with world.policy.reading() as state:
        assert set(state.requests[RequestId("DR-3")].granted) == {"clinical"}


def test_a_refusal_is_shown_in_words(world: World) -> None:
    """S97: neither a code nor a typist's quotes stand in the text; the link says what it means."""
    answer = world.client("researcher").post("/do/name-contact", {"request": "DR-2", "person": "P-9", "email": "x@y.z"})
    assert answer.status_code == 422
    problem = answer.text.split('class="problem"')[1].split("</div>")[0]
    assert "What this means" in problem
    words = re.sub(r"<[^>]*>", "", problem)
    assert "`" not in words
    assert "_" not in words
