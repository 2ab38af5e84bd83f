"""The one mechanism of all forms, on the commands that came with the whole domain."""

import hashlib
import re

import pytest

from access_policy.commands.publications import ACKNOWLEDGEMENT
from access_policy.model.ids import DatasetName, PersonId, RequestId
from hub_config.desk.kinds import kind_of
from hub_config.desk.sight import COMMANDS
from hub_config.desk.words import DANGEROUS, TYPED, command_help
from tests.unit.hub_config.desk.seed import DESK, World

pytestmark = pytest.mark.unit


def test_a_name_that_is_no_command_stops_the_start() -> None:
    """What the pages name exists."""
    assert kind_of("approve-request").__name__ == "ApproveRequest"
    with pytest.raises(KeyError):
        kind_of("approve-everything")


def test_what_is_typed_to_confirm_is_a_field_of_the_command() -> None:
    """S94: and each command that asks for it is marked as dangerous."""
    assert all(field in kind.__struct_fields__ for kind, field in TYPED.items())
    assert TYPED.keys() <= DANGEROUS <= set(COMMANDS.values())


@pytest.mark.parametrize(
    ("command", "about", "fields"),
    [
        ("suspend-request", {"request": "DR-1"}, {"reason": "a leak"}),
        ("record-departure", {"person": "P-8"}, {}),
        ("revoke-trainer", {"person": "P-3"}, {"since": "2026-01-01T00:00", "reason": "gave the answers away"}),
        ("exclude-organisation", {"institution": "hospital"}, {"until": "2028-01-01T00:00", "reason": "breach"}),
        ("end-adequacy", {"country": "CH", "scope": "full"}, {"ends": "2027-01-01T00:00", "act": "(EU) 2026/1"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_dangerous_command_asks_for_what_it_ends(
    world: World, command: str, about: dict[str, str], fields: dict[str, str]
) -> None:
    """S94: the form asks for the name to be typed, and nothing happens without it."""
    admin, typed = world.client("admin"), next(iter(about.values()))
    assert f"Type <code>{typed}</code>" in admin.get(f"/do/{command}", params=about).text
    assert admin.post(f"/do/{command}", {**about, **fields, "_typed": "something"}).status_code == 422
    assert admin.post(f"/do/{command}", {**about, **fields, "_typed": typed}).status_code == 303


def test_a_withdrawn_consent_asks_for_the_dataset(world: World) -> None:
    """S82: by its steward; the dataset is no longer offered at once."""
    steward, fields = world.client("steward"), {"dataset": "clinical", "subject": "c" * 64}
    assert "Type <code>clinical</code>" in steward.get("/do/record-consent-withdrawal?dataset=clinical").text
    assert steward.post("/do/record-consent-withdrawal", fields).status_code == 422
    assert steward.post("/do/record-consent-withdrawal", {**fields, "_typed": "clinical"}).status_code == 303
    with world.policy.reading() as state:
        assert not state.datasets[DatasetName("clinical")].open


def test_a_vote_names_the_form_that_was_read(world: World) -> None:
    """REQ-04: the form shows what is decided on; a vote without its hash, or with another, is refused."""
    world.do("assess-request", "assessor", request="DR-3", assessment="sound")
    board, fields = world.client("board"), {"request": "DR-3", "approve": "true", "reason": "good"}
    page = board.get("/do/vote-on-request?request=DR-3").text
    assert "For the board" in page
    assert f'name="digest" value="{world.digest("DR-3")}"' in page
    assert board.post("/do/vote-on-request", fields).status_code == 409
    assert board.post("/do/vote-on-request", {**fields, "digest": "0" * 64}).status_code == 409
    assert board.post("/do/vote-on-request", {**fields, "digest": world.digest("DR-3")}).status_code == 303


def test_lists_and_choices_are_fields_of_the_form(world: World) -> None:
    """Words of a closed set are chosen, lists are written with commas, and what may be left out is not filled in."""
    form = world.client("steward").get("/do/register-dataset").text
    assert '<option value="substantial">' in form
    assert "with commas between: data-access, clinical" in form
    assert 'name="routes" type="text" value="data-access"' in form
    adequacy = world.client("admin").get("/do/record-adequacy").text
    assert re.search(r'name="ends" type="datetime-local" value=""', adequacy)


def test_an_entity_is_chosen_from_the_request(world: World) -> None:
    """S68: the organisations of the request, and not all that there are."""
    form = world.client("office").get("/do/record-transfer-basis?request=DR-1").text
    assert '<option value="hospital"' in form
    assert '<option value="centre"' not in form


def test_a_request_page_shows_the_whole_form_and_its_findings(world: World) -> None:
    """S22, S55: answers, route, findings, permit, and who signed for which organisation."""
    page = world.client("board").get("/requests/DR-1").text
    for text in ("in the field of leukaemia", "several hospitals: data access", "contractual", "DR-1/1: granted"):
        assert text in page, text
    assert "licence-eea, version 1" in page


def test_a_request_page_shows_what_is_due(world: World) -> None:
    """S13, S21, S69: the clocks with their ends, what is late, and the text that a publication has to carry."""
    office = world.client("office")
    assert "2027-01-03 12:00 UTC" in office.get("/requests/DR-3").text
    world.clock.go(days=43)
    world.log_in("office")
    assert '<span class="tag ended">breached</span>' in world.client("office").get("/requests/DR-3").text
    world.log_in("researcher")
    assert ACKNOWLEDGEMENT in world.client("researcher").get("/requests/DR-1").text


def test_help_and_labels_are_in_the_words_of_people(world: World) -> None:
    """What stands above a form names no field of the program."""
    for name, kind in COMMANDS.items():
        assert "`" not in command_help(name, kind), name


def test_what_a_trainer_issued_is_taken_back_of_trainers_only(world: World) -> None:
    """REQ-07: the button does not stand on everybody's page."""
    admin = world.client("admin")
    assert "/do/revoke-trainer?person=P-3" in admin.get("/people/P-3").text
    assert "/do/revoke-trainer" not in admin.get("/people/P-8").text


def test_a_suspended_request_says_so(world: World) -> None:
    """E58: on its page and as a reason; a second admin is needed to reinstate it."""
    world.do("suspend-request", "admin", request="DR-1", reason="a leak")
    assert "suspended since" in world.client("researcher").get("/requests/DR-1").text
    assert "request_suspended" in world.client("researcher").get("/").text
    admin = world.client("admin")
    assert "/do/suspend-request" not in admin.get("/requests/DR-1").text
    assert admin.post("/do/reinstate-request", {"request": "DR-1", "reason": "heard"}).headers["location"].endswith(
        "/proposals"
    )  # fmt: skip


def test_a_new_contact_is_asked_for_checked_and_let_in(world: World) -> None:
    """S30-S38: the signatory asks, the office confirms, the steward makes the data available."""
    fields = {"request": "DR-1", "person": "P-11", "name": "The stranger", "position": "statistician",
              "email": "stranger@hospital.example"}  # fmt: skip
    signatory = world.client("signatory")
    assert '<option value="P-11">' in signatory.get("/do/ask-contact?request=DR-1").text
    assert signatory.post("/do/ask-contact", fields).status_code == 303
    office, steward = world.client("office"), world.client("steward")
    assert "statistician, stranger@hospital.example" in office.get("/requests/DR-1").text
    assert office.post("/do/check-contact", {"request": "DR-1", "person": "P-11"}).status_code == 303
    assert "/do/make-available-to-contact?request=DR-1&amp;person=P-11" in steward.get("/requests/DR-1").text
    assert steward.post("/do/make-available-to-contact", {"request": "DR-1", "person": "P-11"}).status_code == 303
    with world.policy.reading() as state:
        assert state.requests[RequestId("DR-1")].contacts[PersonId("P-11")].available is not None


def test_an_intake_becomes_a_form_of_the_one_who_was_invited(world: World) -> None:
    """S12-S14: the office answers; the invited person finds the invitation on their first page and takes it up."""
    world.intake("stranger@hospital.example")
    office = world.client("office")
    assert "intake of stranger@hospital.example" in office.get("/requests/DR-4").text
    assert office.post("/do/answer-intake", {"request": "DR-4", "institution": "hospital"}).status_code == 303
    stranger = world.client("stranger")
    assert "You are invited to DR-4 as its applicant" in stranger.get("/").text
    assert "You are invited" not in world.client("colleague").get("/").text
    fields = {"invitation": "1", "title": "A new one", "purpose": "to treat better"}
    assert stranger.post("/do/accept-invitation", fields).headers["location"] == f"{DESK}/requests/DR-4"
    assert "You are invited" not in stranger.get("/").text


def test_the_code_of_a_training_becomes_its_hash(world: World) -> None:
    """S74: the trainer types the code; the log holds its SHA-256, and an attendant gives the code itself."""
    trainer = world.client("trainer")
    assert "/do/plan-training?course=privacy" in trainer.get("/courses").text
    planned = {"course": "privacy", "on": "2026-11-22T13:00", "code": "blue heron"}
    assert trainer.post("/do/plan-training", planned).headers["location"] == f"{DESK}/courses"
    with world.policy.reading() as state:
        assert state.trainings[1].code == hashlib.sha256(b"blue heron").hexdigest()
    world.clock.go(minutes=59)
    colleague = world.client("colleague")
    assert "/do/claim-attendance?person=P-9&amp;training=1" in colleague.get("/me").text
    claim = {"person": "P-9", "training": "1", "code": "blue heron"}
    assert colleague.post("/do/claim-attendance", claim).status_code == 303
    confirmed = {"training": "1", "people": "P-9"}
    assert "/do/confirm-attendance?training=1" in trainer.get("/courses").text
    assert trainer.post("/do/confirm-attendance", confirmed).status_code == 303
    assert "training_missing" not in colleague.get("/").text


def test_the_law_of_countries_is_listed_with_its_ends(world: World) -> None:
    """S58, S67: decisions that hold can be ended by those who may, past ones are only shown."""
    page = world.client("office").get("/countries").text
    assert f"{DESK}/do/end-adequacy?country=CH&amp;scope=full" in page
    assert "privacy shield" in page
    assert "scope=privacy-shield" not in page
    assert "country=CH" not in world.client("representative").get("/countries").text
