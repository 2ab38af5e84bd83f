"""Texts in versions: what is published, refused, and accepted (S4, S24, S25, S29, S79, S84, REQ-09)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import DocumentKind
from access_policy.reasons import ReasonCode
from tests.unit.access_policy.world import (
    ADMIN,
    COLLEAGUE,
    DIGEST,
    REPRESENTATIVE,
    RESEARCHER,
    STEWARD,
    World,
    everything_holds,
    kinds,
    on_behalf_of,
    publish,
)

OTHER = "1" * 64


def _text(**changed: Any) -> dict[str, Any]:
    return {"document": "faq", "version": "1", "language": "en", "title": "Questions", "digest": OTHER} | changed


@pytest.mark.parametrize("who", [ADMIN, REPRESENTATIVE], ids=["an admin", "the representative"])
@pytest.mark.parametrize("kind", DocumentKind)
def test_each_kind_of_text_is_published(kind: DocumentKind, who: Any) -> None:
    """S4, S14, S25, S29, S65, S70: by version, language and hash; whether it binds stands in the fact."""
    world = everything_holds()
    (event,) = world.do("publish-document", who, **_text(document=kind.value, version="9", binding=False))
    assert event == e.DocumentPublished(
        document=kind, version="9", language="en", title="Questions", digest=OTHER, binding=False
    )
    assert world.state.documents[kind].current.version == "9"


def test_a_text_binds_unless_it_says_otherwise() -> None:
    """REQ-09: when in doubt a new version has to be accepted anew."""
    (event,) = everything_holds().do("publish-document", ADMIN, **_text())
    assert isinstance(event, e.DocumentPublished)
    assert event.binding


def test_a_version_follows_in_other_languages() -> None:
    """S25, S29: a further language of the version in force, once; it is no new version."""
    world = everything_holds()
    world.do("publish-document", ADMIN, **_text())
    since = world.state.documents[DocumentKind.FAQ].binding_since
    assert world.refusal("publish-document", ADMIN, **_text()) == "already_exists"
    assert world.refusal("publish-document", ADMIN, **_text(digest=DIGEST)) == "already_exists"
    world.do("publish-document", ADMIN, **_text(language="nl", digest=DIGEST))
    document = world.state.documents[DocumentKind.FAQ]
    assert [one.digests for one in document.versions] == [{"en": OTHER, "nl": DIGEST}]
    assert document.binding_since == since


def test_an_older_version_never_comes_again() -> None:
    """S25: what somebody signed or accepted stays what it was, in every language."""
    world = everything_holds()
    world.do("publish-document", ADMIN, **_text())
    world.do("publish-document", ADMIN, **_text(version="2"))
    assert world.refusal("publish-document", ADMIN, **_text()) == "already_exists"
    assert world.refusal("publish-document", ADMIN, **_text(language="nl")) == "already_exists"


@pytest.mark.parametrize(
    "changed",
    [
        {"document": "diary"}, {"digest": "0" * 63}, {"digest": "G" * 64}, {"language": "english"}, {"language": "EN"},
        {"version": ""},
    ],
    ids=["another kind", "a short digest", "no hexadecimal digest", "no language", "capitals", "no version"],
)  # fmt: skip
def test_a_malformed_text_is_no_command(changed: dict[str, Any]) -> None:
    """S25, POL-05: a value out of the closed sets and forms never reaches a handler."""
    with pytest.raises(ValueError, match="publish-document"):
        everything_holds().attempt("publish-document", ADMIN, **_text(**changed))


@pytest.mark.parametrize("who", [RESEARCHER, STEWARD], ids=["a researcher", "a data steward"])
def test_who_publishes_nothing(who: Any) -> None:
    """S29: what binds everybody is the centre's to publish."""
    assert everything_holds().refusal("publish-document", who, **_text()) == "not_permitted"


def _accept(world: World, who: Any = COLLEAGUE, **changed: Any) -> dict[str, Any]:
    return {"person": who, "document": "code-of-conduct", "version": "1"} | changed


@pytest.mark.parametrize("kind", ["code-of-conduct", "no-reidentification"])
def test_a_person_accepts_the_version_in_force(kind: str) -> None:
    """S79, S84, E30: which text and which version they accepted, and when, is on record."""
    world = everything_holds()
    at = world.at
    (event,) = world.do("accept-document", COLLEAGUE, **_accept(world, document=kind))
    assert event == e.DocumentAccepted(person=COLLEAGUE, document=DocumentKind(kind), version="1")
    acceptance = world.state.people[COLLEAGUE].accepted[DocumentKind(kind)]
    assert (acceptance.version, acceptance.at) == ("1", at)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"version": "2"}, "changed_meanwhile"),
        ({"document": "licence-eea"}, "not_found"),
        ({"document": "faq"}, "not_found"),
        ({"document": "privacy-notice"}, "not_found"),
    ],
    ids=["a version that is not in force", "a licence is signed", "a text that binds nobody", "never published"],
)
def test_an_acceptance_is_refused(changed: dict[str, Any], code: str) -> None:
    """S79, S84, REQ-09: only the two texts that bind everybody, in the version that the person read."""
    world = everything_holds()
    world.do("publish-document", ADMIN, **_text())
    assert world.refusal("accept-document", COLLEAGUE, **_accept(world, **changed)) == code


def test_nobody_accepts_for_somebody_else() -> None:
    """S79, E30: neither an admin nor an operator of the machine."""
    world = everything_holds()
    assert world.refusal("accept-document", ADMIN, **_accept(world)) == "not_permitted"
    assert world.refusal("accept-document", on_behalf_of(COLLEAGUE), **_accept(world)) == "personal_command"


@pytest.mark.parametrize(("binding", "stops"), [(True, True), (False, False)], ids=["binding", "mending the wording"])
def test_a_new_binding_version_stops_access_until_it_is_accepted(binding: bool, stops: bool) -> None:
    """S79, S84, REQ-09: access stops with the new version and comes back with its acceptance."""
    world = everything_holds()
    publish(world, "code-of-conduct", "2", binding=binding)
    assert (ReasonCode.CONDUCT_NOT_ACCEPTED in world.decide().codes) is stops
    accepted = _accept(world, RESEARCHER, version="2")
    assert kinds(world.do("accept-document", RESEARCHER, **accepted)) == [e.DocumentAccepted]
    assert ReasonCode.CONDUCT_NOT_ACCEPTED not in world.decide().codes
