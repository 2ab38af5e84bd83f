"""Names that people give themselves."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from access_policy.names import own_name

pytestmark = pytest.mark.unit

NAMES = (
    "Jan de Vries", "Ren\u00e9e O\u2019Brien-Smit", "\u2019t Hooft", "\u00c5ngstr\u00f6m (\u00c5)",
    "\u674e\u5c0f\u9f8d",
    "\u0418\u0432\u0430\u043d \u041f\u0435\u0442\u0440\u043e\u0432", "\u039c\u03b1\u03c1\u03af\u03b1",
    "Jan 3rd", "J. R. R. Tolkien", "Anna Root", "Desk, Erik",
)  # fmt: skip
REFUSED = {
    "a role": "admin", "a role with accents": "\u00c1dmin", "a role in capitals": "ADMIN", "a part": "Sluis",
    "a role with a dash": "ad-min", "full width": "\uff41\uff44\uff4d\uff49\uff4e",
    "Cyrillic a": "\u0430dmin", "Greek o in a name": "R\u03bfsa", "hidden": "admin\u200b", "direction": "a\u202eb",
    "a path": "../x", "a slash": "a/b", "an escape": "a%2Fb", "markup": "<b>x</b>", "a picture": "\U0001f600",
    "a dot": ".", "a dash first": "-x", "digits only": "42", "nothing": "", "blank": "  ", "an address": "a@b",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_kept(name: str) -> None:
    """ID-07: of any alphabet, as its owner writes it."""
    assert own_name(name) == name


@pytest.mark.parametrize("name", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_name(name: str) -> None:
    """ID-07, ID-08: roles and parts, look-alikes, hidden signs, paths, markup."""
    with pytest.raises(ValueError, match=r"name"):
        own_name(name)


@given(st.text(max_size=30))
def test_one_form(text: str) -> None:
    """ID-07: NFC and NFD are one name, and a name that was read once reads the same again."""
    try:
        name = own_name(text)
    except ValueError:
        return
    assert own_name(name) == name == unicodedata.normalize("NFC", name)
    assert own_name(unicodedata.normalize("NFD", text)) == name
    assert not any(unicodedata.category(one)[0] in "CSZ" and one != " " for one in name)
