"""What a text that all three signed is good for, and what one person alone cannot do (S23-S25, S63, REQ-02, E26)."""

from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.commands.base import Refusal
from access_policy.model.enums import DocumentKind, Party, RequestStatus
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from access_policy.model.jurisdictions import AdequacyScope
from tests.oracle import request_reasons as oracle
from tests.oracle.cedar import cedar_allows
from tests.unit.access_policy.abroad import OVERSEAS, Abroad, abroad
from tests.unit.access_policy.happenings import happens
from tests.unit.access_policy.world import (
    ADMIN,
    DAY,
    DIGEST,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SECOND_ADMIN,
    SIGNATORY,
    STEWARD,
    World,
    appoint,
    everything_holds,
    kinds,
    publish,
)

HOSPITAL = InstitutionName("hospital")
EEA, STRICTER = DocumentKind.LICENCE_EEA, DocumentKind.LICENCE_NON_EEA
NEW_VERSION = {"dataset": "tumours", "version": "2", "location": "elsewhere", "manifest": "a" * 64, "attested": True}
TEXT = {"language": "en", "title": "A text", "digest": "1" * 64}
SIGNERS = dict(zip(Party, (RESEARCHER, SIGNATORY, REPRESENTATIVE), strict=True))
LICENCE_CODES = {"licence_not_signed", "licence_superseded"}


@pytest.mark.parametrize("how", ["applicant", "contact"])
def test_nobody_with_a_part_moves_the_data_by_a_version(how: str) -> None:
    """REQ-02: a steward with a part in a request releases no version of its dataset, though nothing closed it."""
    world = everything_holds()
    who = RESEARCHER if how == "applicant" else STEWARD
    if how == "applicant":
        appoint(world, who, "data-steward")
    else:
        email = world.state.people[who].email
        world.append([(person(RESEARCHER), e.ContactNamed(request=OPEN, person=who, email=email))])
    assert world.refusal("release-version", who, **NEW_VERSION) == "four_eyes"
    other = NEW_VERSION | {"dataset": "scans"}
    assert how == "applicant" or kinds(world.do("release-version", who, **other)) == [e.VersionReleased]


def test_a_steward_without_a_part_releases_a_version() -> None:
    """S82, REQ-02: who gets nothing of it releases a version, as before."""
    assert kinds(everything_holds().do("release-version", STEWARD, **NEW_VERSION)) == [e.VersionReleased]


def _signs(
    world: World, request: RequestId, institution: InstitutionName, who: PersonId, party: Party, **changed: Any
) -> None:
    values = {"licence": EEA, "version": "1", "digest": DIGEST} | changed
    event = e.LicenceSigned(request=request, institution=institution, party=party, person=who, **values)
    happens(world, event, by=who)


def _codes(world: World, party: Abroad) -> set[str]:
    query = party.query(world)
    found = LICENCE_CODES & {str(code) for code in world.decide(query).codes}
    told = {name for name in LICENCE_CODES if getattr(oracle, name)(world.facts, query)}
    assert told == found
    assert cedar_allows(world.facts, query) is world.decide(query).allowed
    return found


def _gap(world: World) -> Abroad:
    """Let the decision on a country end now, and hold again from ten days on."""
    party = abroad(world)
    again = world.at + 10 * DAY
    happens(
        world,
        e.AdequacyEnded(country="KR", scope=AdequacyScope.FULL, ends=world.at, act="a judgment"),
        e.AdequacyDecided(country="KR", scope=AdequacyScope.FULL, begins=again, ends=None, act="a new act"),
    )
    return party


@pytest.mark.parametrize("signs", [False, True], ids=["nobody signs the other text", "one signs the other text"])
def test_one_signature_undoes_no_complete_licence(signs: bool) -> None:
    """S24, S63: with the decision back what three signed counts again, whatever one of them signed meanwhile."""
    world = everything_holds()
    party = _gap(world)
    assert _codes(world, party) == {"licence_superseded"}
    if signs:
        _signs(world, party.request, OVERSEAS, party.signatory, Party.LICENSEE, licence=STRICTER)
        assert _codes(world, party) == {"licence_superseded"}
    world.wait(11 * DAY)
    assert _codes(world, party) == set()


@pytest.mark.parametrize("binds", [None, STRICTER, EEA], ids=lambda kind: f"{kind or 'no licence'} gets a new version")
def test_either_complete_licence_is_enough(binds: DocumentKind | None) -> None:
    """S24, S63, REQ-09: signed both, with the decision back, a new version of one of them supersedes the other not."""
    party = _gap(world := everything_holds())
    three = (party.researcher, party.signatory, REPRESENTATIVE)
    for who, place in zip(three, Party, strict=True):
        assert _codes(world, party) == {"licence_superseded"}
        _signs(world, party.request, OVERSEAS, who, place, licence=STRICTER)
    assert _codes(world, party) == set()
    world.wait(11 * DAY)
    if binds is not None:
        publish(world, binds, "9")
    assert _codes(world, party) == set()
    publish(world, EEA, "10")
    publish(world, STRICTER, "10")
    assert _codes(world, party) == {"licence_superseded"}


DIGESTS = {
    "one text": (("1", "1", "1"), set()),
    "no hashes": (("", "", ""), set()),
    "two texts": (("1", "1", "2"), {"licence_not_signed"}),
    "three texts": (("1", "2", "3"), {"licence_not_signed"}),
}


@pytest.mark.parametrize(("digests", "codes"), DIGESTS.values(), ids=DIGESTS)
def test_three_people_sign_one_text(digests: tuple[str, ...], codes: set[str]) -> None:
    """S23, S25: signatures under texts of different hashes are no licence, though the version is one."""
    world = everything_holds()
    request = world.ask(RequestStatus.APPROVED)
    for (party, who), digest in zip(SIGNERS.items(), digests, strict=True):
        _signs(world, request, HOSPITAL, who, party, digest=digest * 64)
    query = world.query(request=request)
    assert LICENCE_CODES & set(world.decide(query).codes) == codes
    assert oracle.licence_not_signed(world.facts, query) is bool(codes)
    outcome = world.attempt("make-available", STEWARD, request=request)
    assert isinstance(outcome, Refusal) is bool(codes)


@pytest.mark.parametrize("document", ["licence-eea", "licence-non-eea", "code-of-conduct", "no-reidentification"])
@pytest.mark.parametrize("who", [ADMIN, REPRESENTATIVE], ids=["an admin", "the representative"])
def test_one_person_alone_supersedes_no_text(document: str, who: PersonId) -> None:
    """S24, S25, REQ-09: a new version that binds is proposed by one and confirmed by another; until then all holds."""
    world, given = everything_holds(), TEXT | {"document": document, "version": "2"}
    assert world.refusal("publish-document", who, **given) == "four_eyes"
    assert kinds(world.do("bind-document", who, **given)) == [e.CommandProposed]
    assert world.decide().allowed
    number = world.state.last_proposal
    if who == ADMIN:
        assert world.refusal("confirm-proposal", ADMIN, proposal=number) == "four_eyes"
    _, event = world.do("confirm-proposal", SECOND_ADMIN, proposal=number)
    kind = DocumentKind(document)
    assert event == e.DocumentPublished(
        document=kind, version="2", language="en", title="A text", digest="1" * 64, binding=True
    )
    assert world.state.documents[kind].binding_since == world.facts[-1].at
    assert world.decide().allowed is (document == "licence-non-eea")


@pytest.mark.parametrize("version", ["1", "2"], ids=["an older version", "the one in force"])
def test_a_version_is_bound_under_a_name_of_its_own(version: str) -> None:
    """S25: what was signed or accepted under a version stays what it was."""
    world = everything_holds()
    publish(world, "licence-eea", "2")
    given = TEXT | {"document": "licence-eea", "version": version}
    assert world.refusal("bind-document", ADMIN, **given) == "already_exists"


def test_one_person_publishes_what_stops_nobody() -> None:
    """S25, S29: a mended wording, a further language, and the first version of a text need no second person."""
    world = everything_holds()
    del world.state.documents[STRICTER]
    moves: list[dict[str, Any]] = [
        {"document": "licence-eea", "version": "2", "binding": False},
        {"document": "licence-eea", "version": "2", "language": "nl"},
        {"document": "licence-non-eea", "version": "1"},
        {"document": "faq", "version": "1"},
        {"document": "faq", "version": "2"},
    ]
    for given in moves:
        assert kinds(world.do("publish-document", ADMIN, **TEXT | given)) == [e.DocumentPublished]
    assert world.decide().allowed


@pytest.mark.parametrize("name", ["publish-document", "bind-document"])
@pytest.mark.parametrize("language", ["xx", "zz", "e", "eng", "EN", "en\n"])
def test_a_text_is_in_a_language_that_there_is(name: str, language: str) -> None:
    """S24, S25: nobody is bound by a text in no language; the form refuses it before anything happens."""
    given = TEXT | {"document": "faq", "version": "7", "language": language}
    with pytest.raises(ValueError, match="language"):
        everything_holds().attempt(name, ADMIN, **given)


@pytest.mark.parametrize("first", ["high", "substantial"])
def test_a_verification_is_not_made_less_sure(first: str) -> None:
    """E26, REQ-11: a lower level replaces a higher one in force only once that is withdrawn, or when it is over."""
    world = everything_holds()
    who, until = world.register("new"), world.at + 300 * DAY
    given = {"person": who, "evidence": "a passport"}
    world.do("verify-person", SECOND_ADMIN, **given, method="in-person", assurance=first, until=until)
    lower = given | {"method": "video-call", "assurance": "low", "until": until + DAY}
    assert world.refusal("verify-person", SECOND_ADMIN, **lower) == "not_allowed_value"
    same = lower | {"method": "in-person", "assurance": first}
    assert kinds(world.copy().do("verify-person", SECOND_ADMIN, **same)) == [e.PersonVerified]
    over = world.copy()
    over.at = until
    assert kinds(over.do("verify-person", SECOND_ADMIN, **lower)) == [e.PersonVerified]
    world.do("withdraw-verification", SECOND_ADMIN, person=who, reason="seen again")
    assert kinds(world.do("verify-person", SECOND_ADMIN, **lower)) == [e.PersonVerified]


@pytest.mark.parametrize(("country", "moves"), [("BE", True), ("NL", False)], ids=["country", "name only"])
def test_a_corrected_country_counts_from_its_correction(country: str, moves: bool) -> None:
    """S57, S58: when the country of an institution was written down last is known; a new name changes nothing of it."""
    world = everything_holds()
    institution = world.state.institutions[HOSPITAL]
    assert institution.country_since == institution.since
    world.agree("correct-institution", institution="hospital", name="Other", country=country, reason="misread")
    assert institution.country_since == (world.facts[-1].at if moves else institution.since)
