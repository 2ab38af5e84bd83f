"""The page of transfers: empty states, and a question that is answered in words (S60, S67)."""

import pytest

from access_policy.model.enums import TransferBasis
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from access_policy.reasons import REASONS, ReasonCode
from access_policy.transfers_ahead import Lost, Party
from hub_config.desk.pages import transfers as pages
from hub_config.desk.rest import transfers as rest
from tests.unit.hub_config.desk.seed import NOON, World

pytestmark = pytest.mark.unit


def test_without_a_party_outside_the_page_says_so(world: World) -> None:
    """S57."""
    page = world.client("office").get("/transfers").text
    assert "No live grant has a party outside the European Economic Area." in page
    assert '<option value="JP business-operators">JP business operators</option>' in page
    assert world.client("office").get("/api/v1/transfers").json() == {"parties": [], "lost": None}


def test_what_if_changes_nothing(world: World) -> None:
    """S67."""
    size = world.policy.store.newest()
    asked = {"decision": "KR full", "on": "2027-01-31"}
    assert "Nobody would lose anything then." in world.client("admin").get("/transfers", params=asked).text
    assert world.client("admin").get("/api/v1/transfers", params=asked).json()["lost"] == []
    assert world.policy.store.newest() == size


def test_parties_and_who_would_lose_stand_in_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """S60, S67: on the page with the reason in words, for programs with its code."""
    party = Party(RequestId("DR-1"), InstitutionName("hospital"), "KR", TransferBasis.ADEQUACY, False, NOON)
    code = ReasonCode.TRANSFER_BASIS_LAPSED
    lost = Lost(RequestId("DR-1"), InstitutionName("hospital"), PersonId("P-8"), (DatasetName("tumours"),), (code,))
    for module in (pages, rest):
        monkeypatch.setattr(module, "parties_outside", lambda _state, _at: [party])
        monkeypatch.setattr(module, "supposed", lambda _view, _decision, _on: [lost])
    asked = {"decision": "KR full", "on": "2027-01-31"}
    page = world.client("office").get("/transfers", params=asked).text
    assert "does not hold" in page
    assert "1 contact would lose data" in page
    assert f"P-8 of hospital, DR-1: tumours ({REASONS[code].failing})" in page
    found = world.client("office").get("/api/v1/transfers", params=asked).json()
    assert [one["basis"] for one in found["parties"]] == ["adequacy"]
    assert [one["codes"] for one in found["lost"]] == [["transfer_basis_lapsed"]]


@pytest.mark.parametrize(
    ("decision", "on"),
    [
        ("KR full", "soon"),
        ("KR full", "2020-01-01"),
        ("KR", "2027-01-31"),
        ("<b> full", "2027-01-31"),
        ("", "2027-01-31"),
    ],
)
def test_a_question_that_cannot_be_answered_is_told_in_one_line(world: World, decision: str, on: str) -> None:
    """REQ-11: on the page and as a problem; nothing of it is HTML."""
    asked = {"decision": decision, "on": on}
    page = world.client("office").get("/transfers", params=asked)
    assert page.status_code == 200
    assert 'role="alert"' in page.text
    assert "<b> full" not in page.text
    answer = world.client("office").get("/api/v1/transfers", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_allowed_value")
