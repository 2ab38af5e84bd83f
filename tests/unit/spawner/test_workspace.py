"""Names, wishes and values of a workspace."""

import pytest

from spawner.workspace import (
    Mount,
    Profile,
    Workspace,
    WorkspaceRefused,
    number,
    parse_wish,
    profile_form,
    wish_from_form,
)

pytestmark = pytest.mark.unit

SMALL = Profile("small", "Small & quick", 1.0, 1 << 30, 100, 1 << 28, 3600)
LARGE = Profile("large", "Large", 2.0, 1 << 32, 200, 1 << 30, 7200)


def workspace(**changes: object) -> Workspace:
    """P-3's workspace for DR-12 with one dataset."""
    values: dict[str, object] = {
        "person": "P-3",
        "request": "DR-12",
        "seq": 7,
        "until": None,
        "mounts": (Mount("trial", "1", "trial/v1"),),
        "profile": SMALL,
    }
    return Workspace(**(values | changes))  # type: ignore[arg-type]  # a test's short cut


def test_every_name_comes_from_the_two_numbers() -> None:
    """SPW-07: nothing that someone typed is in a name."""
    names = workspace()
    assert (names.user_name, names.server_name, names.identifier, names.host_uid(1000)) == (
        "p-3",
        "dr-12",
        "P-3/dr-12",
        1003,
    )


@pytest.mark.parametrize("text", ["P-0", "P-03", "p-3", "P-3 ", "P-3\n", "P--3", "P-٣", "DR-3", "", "P-9999999999"])
def test_an_id_of_another_form_is_refused(text: str) -> None:
    """SPW-07: one spelling per person."""
    with pytest.raises(ValueError, match="no id of the form"):
        number(text, "P")


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "a b", ".a", "a\n", "\uff41", "a" * 64])
def test_a_dataset_name_that_is_a_path_is_refused(name: str) -> None:
    """DAT-05: the folder under /data is exactly the name."""
    with pytest.raises(ValueError, match="cannot be a folder name"):
        Mount(name, "1", "x")


def test_one_dataset_is_mounted_once() -> None:
    """Two versions under one name would hide each other."""
    with pytest.raises(ValueError, match="twice"):
        workspace(mounts=(Mount("a", "1", "x"), Mount("a", "2", "y")))


@pytest.mark.parametrize(("options", "name"), [(None, "small"), ({}, "small"), ({"profile": "large"}, "large")])
def test_a_known_profile_or_none_may_be_wished(options: object, name: str) -> None:
    """SPW-01: the wish is a profile's name; the first one where none is named."""
    assert parse_wish(options, (SMALL, LARGE)) == name


REFUSED = {
    "an extra key": {"profile": "small", "datasets": ["d2"]},
    "another key": {"image": "x"},
    "unknown profile": {"profile": "huge"},
    "empty name": {"profile": ""},
    "no text": {"profile": None},
    "a list of a name": {"profile": ["small"]},
    "a list": ["profile", "small"],
    "an empty list": [],
    "a text": "small",
    "a number": 0,
    "false": False,
    "bytes marker": {"x": {"__jupyterhub_bytes__": True, "data": "AAAA"}},
    "prototype": {"__proto__": {"profile": "small"}},
    "a path": {"profile": "../small"},
    "a megabyte": {"profile": "x" * 1_000_000},
    "a million keys": dict.fromkeys(map(str, range(1_000_000)), 1),
}


@pytest.mark.parametrize("options", REFUSED.values(), ids=REFUSED)
def test_any_other_wish_is_refused(options: object) -> None:
    """SPW-01, SPW-02, SPW-04: attacker JSON is not interpreted, and not repeated in the message."""
    with pytest.raises(WorkspaceRefused) as refused:
        parse_wish(options, (SMALL, LARGE))
    assert (refused.value.code, refused.value.message) == (
        "wish_not_allowed",
        "a workspace's only option is `profile`, one of `small`, `large`",
    )


def test_the_form_is_a_labelled_radio_list_with_escaped_text() -> None:
    """SES-10: one choice, the first one taken; no form where there is nothing to choose."""
    form = profile_form((SMALL, LARGE))
    assert form.startswith("<fieldset><legend>Size of the workspace</legend>")
    assert '<label><input type="radio" name="profile" value="small" checked> Small &amp; quick</label>' in form
    assert profile_form((SMALL,)) == ""


@pytest.mark.parametrize(
    ("form", "wish"),
    [
        ({}, {}),
        ({"profile": ["large"]}, {"profile": "large"}),
        ({"_xsrf": ["t"], "profile": ["small"]}, {"profile": "small"}),
    ],
)
def test_a_submitted_form_becomes_a_wish(form: dict[str, object], wish: dict[str, str]) -> None:
    """SPW-01: what the hub's spawn page sends."""
    assert wish_from_form(form) == wish


@pytest.mark.parametrize("form", [{"profile": ["a", "b"]}, {"datasets": ["d2"]}, {"profile_file": [{"body": b""}]}])
def test_a_form_with_anything_else_is_refused(form: dict[str, object]) -> None:
    """SPW-01: refused, not dropped."""
    with pytest.raises(WorkspaceRefused):
        wish_from_form(form)
