"""`sluis client`: programs that ask the decision function; a secret that is shown once and stands nowhere."""

import pytest

from hub_config.desk.access.secrets import digest_of
from hub_config.places import Places
from tests.unit.hub_config.cli.conftest import Sluis

ADD = ("client", "add", "bucket-proxy", "--title", "The object store", "--type", "dataset", "--as", "P-1")


def test_a_program_is_registered_and_its_secret_shown_once(sluis: Sluis, places: Places) -> None:
    """TOK-04: the token stands on standard output and nowhere in the state; the log holds its secret's digest."""
    answer = sluis(*ADD, "--search", "--json")
    assert answer.status == 0
    name, _, secret = answer.json["token"].partition(".")
    assert (name, len(secret) >= 43) == ("bucket-proxy", True)
    held = [path.read_bytes() for path in places.state.rglob("*") if path.is_file()]
    assert not any(secret.encode() in one for one in held)
    assert any(digest_of(secret).encode() in one for one in held)
    (listed,) = sluis("client", "list", "--json").json
    assert (listed["rights"], listed["resource_types"], listed["ended"]) == (["search"], ["dataset"], None)


def test_two_secrets_differ(sluis: Sluis) -> None:
    """TOK-06: each is made anew."""
    other = ("client", "add", "gateway", *ADD[3:])
    assert (
        sluis(*ADD, "--json").json["token"].partition(".")[2] != sluis(*other, "--json").json["token"].partition(".")[2]
    )


def test_an_end_is_for_good(sluis: Sluis) -> None:
    """S94: it is answered no more; a second end and the name again are refused in one line."""
    sluis(*ADD)
    assert sluis("client", "end", "bucket-proxy", "--as", "P-1").status == 0
    assert sluis("client", "list", "--json").json[0]["ended"] is not None
    for arguments in (("client", "end", "bucket-proxy", "--as", "P-1"), ADD):
        refused = sluis(*arguments)
        assert (refused.status, refused.out, refused.err.count("\n")) == (3, "", 1)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [((*ADD[:-1], "P-99"), 2), (("client", "add", "Bucket Proxy", *ADD[3:]), 2),
     (ADD[:5], 2),
     ((*ADD[:6], "people", "--as", "P-1"), 2), ((*ADD[:4], "", *ADD[5:]), 2),
     (("client", "end", "x", "--as", "P-1"), 3)],
    ids=["nobody", "no name", "no type", "an unknown type", "no title", "never registered"],
)  # fmt: skip
def test_wrong_input_registers_nothing(sluis: Sluis, arguments: tuple[str, ...], status: int) -> None:
    """One line says what; the list stays empty."""
    refused = sluis(*arguments)
    assert (refused.status, refused.out, refused.err.count("\n")) == (status, "", 1)
    assert sluis("client", "list", "--json").json == []
