"""What a person reads who gave a wrong value: the value and what would fit, in lower case, in one line."""

import pytest

from access_policy.commands.base import name_of, parse_command
from access_policy.commands.requests import OpenRequest
from access_policy.commands.roles import AppointRole

GOOD = {"person": "P-3", "role": "trainer", "until": "2027-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"role": "king"}, "`appoint-role`: `king` is no role; choose `admin`, `trainer`,"),
        ({"crown": "gold"}, "`appoint-role`: unknown key `crown`; known are `person`, `role`, `until`, `scope`"),
        ({"scope": "UPPER"}, "`appoint-role`: `scope` is not of the right form; look at an existing one"),
        ({"person": ["P-3"]}, "`appoint-role`: `person` has to be a text"),
        ({"until": "tomorrow"}, "`until`: `tomorrow` is no RFC 3339 time; write one such as"),
        ({"until": "1799999999"}, "`until`: `1799999999` is no RFC 3339 time"),
    ],
)
def test_a_wrong_value_is_named(changed: dict[str, object], says: str) -> None:
    """INP: one line that says what and what to do."""
    with pytest.raises(ValueError, match="`") as refused:
        parse_command(name_of(AppointRole), GOOD | changed)
    assert str(refused.value).startswith(says)
    assert "\n" not in str(refused.value)


def test_a_missing_value_is_named_with_all_that_are_needed() -> None:
    """The keys that have to be there stand in the order of the form."""
    with pytest.raises(ValueError, match="missing") as refused:
        parse_command(name_of(AppointRole), {"person": "P-3"})
    assert str(refused.value) == "`appoint-role`: `role` is missing; it needs `person`, `role`, `until`"


def test_too_little_and_too_much_are_told_apart() -> None:
    """REQ-14: an empty title, and one of a thousand characters."""
    for title, says in (("", "at least 1 characters"), ("x" * 1000, "at most 200 characters")):
        with pytest.raises(ValueError, match=says):
            parse_command(name_of(OpenRequest), {"title": title, "purpose": "p"})
