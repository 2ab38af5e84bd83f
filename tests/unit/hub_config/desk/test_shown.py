"""What the pages of a request and of a person say about why: reasons, conditions, pauses, how somebody was checked."""

import pytest

from access_policy.commands.erasure import erasable_from
from access_policy.model.ids import PersonId
from hub_config.desk.words import instant
from tests.unit.hub_config.desk.seed import XSS, World

pytestmark = pytest.mark.unit


def page(world: World, who: str, path: str) -> str:
    text: str = world.client(who).get(path).text
    return text


def assess(world: World, reason: str) -> None:
    """Let DR-3 be assessed, each finding with its reason."""
    world.do("assess-request", "assessor", request="DR-3", assessment="sound")
    for criterion in ("social", "ethical", "legal", "contractual"):
        world.do("record-finding", "assessor", request="DR-3", criterion=criterion, met=True,
                 reason=f"{criterion} {reason}")  # fmt: skip


def approve(world: World, **more: str) -> None:
    world.do("approve-request", "board", request="DR-3", improves_treatment=True, public_interest=True,
             digest=world.digest("DR-3"), begins=world.until(0), ends=world.until(300), **more)  # fmt: skip


@pytest.mark.parametrize("who", ["colleague", "office", "auditor"])
def test_each_finding_stands_with_its_reason(world: World, who: str) -> None:
    """S19, S20: for the applicant too."""
    assert "as the form says" not in page(world, who, "/requests/DR-3")
    assess(world, "as the form says")
    text = page(world, who, "/requests/DR-3")
    for criterion in ("social", "ethical", "legal", "contractual"):
        assert f"{criterion} as the form says" in text


def test_the_approval_stands_with_its_reason_conditions_and_fees(world: World) -> None:
    """S22, E18: nothing of it before there is a decision, and no empty line where there are none."""
    assess(world, "met")
    before = page(world, "colleague", "/requests/DR-3")
    approve(world, reason="better care for all", conditions="not below ten patients", fees="1200 EUR")
    after = page(world, "colleague", "/requests/DR-3")
    for text in ("Reason of the decision", "Conditions of the permit", "Fees"):
        assert (text in before, text in after) == (False, True)
    for text in ("better care for all", "not below ten patients", "1200 EUR"):
        assert text in after
    assert "Conditions of the permit" not in page(world, "researcher", "/requests/DR-1")


def test_an_amendment_stands_with_the_necessity_of_each_dataset(world: World) -> None:
    """S3, E19: the board reads what it decides on, before it does and after."""
    world.do("register-dataset", "steward", dataset="scans", title="Scans", source="a package", kind="clinical",
             version="1", location="scans", manifest="b" * 64, region="local", consent="published-open-data",
             attested=True)  # fmt: skip
    world.do("propose-amendment", "researcher", request="DR-1", reason="more", datasets="scans",
             necessities="where it began")  # fmt: skip
    assert "Amendment 1: scans (where it began)" in page(world, "board", "/requests/DR-1")
    world.do("approve-amendment", "board", request="DR-1", amendment=1, reason="yes")
    text = page(world, "board", "/requests/DR-1")
    assert ("where it began" in text, "Amendment 1" in text) == (True, False)


def test_what_was_found_about_a_renewal_is_shown(world: World) -> None:
    """S42: each finding with its reason, beside those about the request."""
    world.do("ask-extension", "signatory", request="DR-1", name="R", surname="R", email="researcher@hospital.example")
    world.do("submit-extension", "researcher", request="DR-1", ends=world.until(700), reason="more time")
    world.do("record-finding", "assessor", request="DR-1", criterion="legal", met=False, reason="the law changed",
             extension=True)  # fmt: skip
    text = page(world, "researcher", "/requests/DR-1")
    assert "legal: not met" in text
    assert "the law changed" in text


def test_the_agreement_of_controller_and_processor_is_shown(world: World) -> None:
    """E70: wherever the form is read."""
    assert "Agreement between them" not in page(world, "researcher", "/requests/DR-2")
    world.do("describe-request", "researcher", request="DR-2", purpose_kind="research", field_of_work="leukaemia",
             tests_treatment=False, controller="the hospital", processor="the centre",
             agreement="processing agreement 2026-7")  # fmt: skip
    assert "processing agreement 2026-7" in page(world, "researcher", "/requests/DR-2")


def test_a_paused_clock_says_why_until_it_goes_on(world: World) -> None:
    """S21: the reason, since when, and the note."""
    world.do("pause-clock", "office", request="DR-3", why="waiting-for-advice", note="of the ethics committee")
    text = page(world, "colleague", "/requests/DR-3")
    for part in ("paused", "waiting for advice", "of the ethics committee"):
        assert part in text
    world.clock.go(hours=1)
    world.do("resume-clock", "office", request="DR-3")
    assert "of the ethics committee" not in page(world, "colleague", "/requests/DR-3")


def test_how_a_person_was_checked_is_shown_to_those_who_check(world: World) -> None:
    """S73, S76: the method and the factors that were looked at; to nobody else who sees the person."""
    world.do("verify-person", "admin", person="P-8", method="signatory-letter", evidence="seen", until=world.until(365),
             factors=["factor-P-8"])  # fmt: skip
    for who, path in (("second-admin", "/people/P-8"), ("researcher", "/me")):
        text = page(world, who, path)
        assert "(signatory letter)" in text
        assert "second factors looked at: factor-P-8" in text
    assert "signatory letter" not in page(world, "trainer", "/people/P-8")


def test_the_date_of_an_erasure_is_the_one_that_counts(world: World) -> None:
    """E48, E50: not that of the asking alone; what rests on the person moves it."""
    world.do("ask-erasure", "researcher", person="P-8")
    with world.policy.reading() as state:
        person = state.people[PersonId("P-8")]
        counts, asked = instant(erasable_from(state, person, world.clock.at)), instant(person.erasure_not_before)
    assert counts > asked
    for who, path in (("researcher", "/me"), ("admin", "/people/P-8")):
        text = page(world, who, path)
        assert (counts in text, asked in text) == (True, False)


def test_texts_of_others_are_escaped(world: World) -> None:
    """SES-10: of a finding, a decision, its conditions and fees, a pause, an agreement."""
    line = XSS[:200]
    world.do("pause-clock", "office", request="DR-3", why="waiting-for-legal", note=line)
    assert "<script>alert" not in page(world, "colleague", "/requests/DR-3")
    world.do("resume-clock", "office", request="DR-3")
    assess(world, XSS)
    approve(world, reason=XSS, conditions=XSS, fees=line)
    text = page(world, "colleague", "/requests/DR-3")
    assert "&lt;script&gt;alert" in text
    assert "<script>alert" not in text
    assert "<img" not in text


def test_names_stand_beside_numbers(world: World) -> None:
    """S97: who verified somebody, with their name; institutions and courses by their titles."""
    mine = page(world, "researcher", "/me")
    assert "by <bdi>Admin 1</bdi>" in " ".join(mine.split())
    row = page(world, "admin", "/people").split("The researcher")[1].split("</tr>")[0]
    assert "Hospital" in row
    assert "Heart data" in page(world, "admin", "/people/P-12")
