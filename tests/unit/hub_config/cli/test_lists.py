"""The lists and the demo's people, field by field."""

import pyotp
import pytest

from tests.unit.hub_config.cli.conftest import Sluis

FIELDS = {
    "person": [
        "person", "name", "email", "institution", "roles", "verified_until", "factor", "certifications", "disabled",
        "since",
    ],
    "request": [
        "request", "status", "status_since", "suspended", "applicant", "institution", "title", "datasets", "contacts",
        "route", "regime", "permit", "begins", "ends", "term", "opened",
    ],
    "dataset": [
        "dataset", "version", "kind", "zone", "offered", "title", "source", "location", "manifest", "region",
        "consent", "attested", "since", "withdrawn",
    ],
    "course": ["course", "title", "validity_days", "required", "since"],
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
def test_a_list_in_json(name: str, sluis: Sluis) -> None:
    """One document: a list of objects with these fields."""
    said = sluis(name, "list", "--json")
    assert said.status == 0
    assert said.json
    assert all(list(row) == FIELDS[name] for row in said.json)


@pytest.mark.parametrize("name", [*FIELDS, "workspace"])
def test_a_list_as_a_table(name: str, sluis: Sluis) -> None:
    """A heading, and a line for each."""
    said = sluis(name, "list")
    rows = sluis(name, "list", "--json").json
    assert said.status == 0
    assert len(said.out.splitlines()) == len(rows) + 1


def test_the_ids_are_those_of_the_contract(sluis: Sluis) -> None:
    """`P-1`, `DR-1`, dataset and course names."""
    assert [row["person"] for row in sluis("person", "list", "--json").json][:2] == ["P-1", "P-2"]
    assert [row["request"] for row in sluis("request", "list", "--json").json][:2] == ["DR-1", "DR-2"]
    assert sluis("dataset", "list", "--json").json[0]["dataset"] == "gbsg2-clinical"
    assert sluis("course", "list", "--json").json[0]["course"] == "privacy-security"
    assert sluis("workspace", "list", "--json").json == []


def test_a_request_says_where_its_term_is(sluis: Sluis) -> None:
    """Over, not begun, running, or none; an ended request has none that counts."""
    terms = {row["request"]: row["term"] for row in sluis("request", "list", "--json").json}
    assert [terms[name] for name in ("DR-1", "DR-5", "DR-6", "DR-12", "DR-17")] == [
        "running", "over", None, "not begun", None,
    ]  # fmt: skip


def test_a_suspended_request_says_so(sluis: Sluis) -> None:
    """E58: since when, in the table too; it is `active` all the same."""
    sluis("do", "suspend-request", "--as", "P-1", "request=DR-1", "reason=looked into")
    row = sluis("request", "list", "--json").json[0]
    assert (row["status"], row["suspended"] is not None) == ("active", True)
    lines = sluis("request", "list").out.splitlines()
    assert lines[0].split()[:3] == ["request", "status", "suspended"]
    assert row["suspended"] in lines[1]


def test_demo_people_with_codes_that_are_valid_now(sluis: Sluis) -> None:
    """`{person, login, name, roles, institution, totp_secret, code}`; null where there is no factor."""
    rows = sluis("demo", "people", "--json").json
    assert all(list(row) == ["person", "login", "name", "roles", "institution", "totp_secret", "code"] for row in rows)
    by_login = {row["login"]: row for row in rows}
    assert (by_login["anna"]["person"], by_login["anna"]["roles"]) == ("P-1", ["admin"])
    assert (by_login["fleur"]["totp_secret"], by_login["fleur"]["code"]) == (None, None)
    for row in rows:
        assert row["totp_secret"] is None or pyotp.TOTP(row["totp_secret"]).verify(row["code"], valid_window=1)


def test_demo_people_as_a_table_say_what_they_show(sluis: Sluis) -> None:
    """A line for each, with the reason that can be seen with them."""
    lines = sluis("demo", "people").out.splitlines()
    assert lines[0].split() == ["login", "person", "name", "roles", "institution", "totp_secret", "code", "shows"]
    assert any(line.startswith("esra") and "training_expired" in line for line in lines)
