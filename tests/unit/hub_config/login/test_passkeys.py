"""Passkeys: what a browser is asked, what counts, and each thing that does not (MFA-15)."""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
import pyotp
import pytest

from access_policy.actor import person as acting
from access_policy.commands.factors import EnrolFactor, RemoveFactor
from access_policy.log.records import PendingKind, PendingLogin, token_digest
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from access_policy.use_cases import Done
from hub_config.login.factors import Answer, Result, SecondFactors
from hub_config.login.passkey_answers import NotProved, Site, credential_of, site_of
from hub_config.login.passkeys import CHALLENGE_TIME, Challenges, Making, Passkeys, first_passkey, name_of_passkey
from hub_config.login.second_factor import LONGEST_RUN, Throttle
from tests.unit.access_policy.world import stepped_up
from tests.unit.hub_config.desk.seed import World, empty_world
from tests.unit.hub_config.login.authenticators import PRESENT, VERIFIED, Authenticator, Says, text

pytestmark = pytest.mark.unit

URL = "https://sluis.centre.example"
SITE = Site("sluis.centre.example", URL)
ADA, BOB = PersonId("P-1"), PersonId("P-2")


class Desk:
    """An installation with its two first people, their clock, and their passkeys."""

    def __init__(self, world: World) -> None:
        self.clock, self.policy = world.clock, world.policy
        self.throttle = Throttle()
        self.factors = SecondFactors(self.policy, self.throttle, pyotp.random_base32)
        self.passkeys = self.at(SITE)
        self.ada = Authenticator(URL)

    def at(self, site: Site | None) -> Passkeys:
        """The passkeys of an installation at an address."""
        challenges = Challenges(secrets.token_bytes)
        return Passkeys(self.policy, self.factors, site, challenges, lambda person: sha256(person.encode()).digest())

    def pending(self, person: PersonId, kind: PendingKind) -> PendingLogin:
        """A half login."""
        now = self.policy.now()
        nonce = token_digest(secrets.token_urlsafe(32))
        return PendingLogin(nonce=nonce, person=person, created=now, expires=now + timedelta(minutes=5), kind=kind)

    def first(self, person: PersonId, authenticator: Authenticator, says: Says | None = None) -> Result:
        """Enrol somebody's first passkey."""
        pending = self.pending(person, PendingKind.ENROL)
        made = authenticator.make(self.passkeys.to_make(pending.nonce, person), says)
        return self.passkeys.prove_first(pending, made)

    def more(self, person: PersonId, authenticator: Authenticator, bound: str, vouched_by: str | None) -> Result:
        """Enrol a further one."""
        command = EnrolFactor(
            person=person, factor=f"passkey-{bound}", kind=FactorKind.PASSKEY, vouched_by=vouched_by
        )  # fmt: skip
        made = authenticator.make(self.passkeys.to_make(bound, person))
        return self.passkeys.prove_new(Making(bound, command, "my key"), made, lambda _: True)

    def give(self, authenticator: Authenticator, says: Says | None = None, person: PersonId = ADA) -> Result:
        """Give a passkey at a login of somebody's."""
        among = self.factors.standing(person)
        options = self.passkeys.to_give("a login", among)
        return self.passkeys.prove("a login", among, authenticator.give(options, says))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    world = empty_world(tmp_path)
    with closing(world.policy.store):
        yield Desk(world)


@pytest.fixture
def enrolled(desk: Desk) -> Desk:
    """With Ada's passkey."""
    assert desk.first(ADA, desk.ada).answer is Answer.RIGHT
    return desk


def test_a_passkey_is_enrolled_and_given(desk: Desk) -> None:
    """S17, S76: as a first factor, which then lets its person in, however often."""
    enrolled = desk.first(ADA, desk.ada)
    assert (enrolled.answer, enrolled.kind) == (Answer.RIGHT, FactorKind.PASSKEY)
    assert [desk.give(desk.ada) for _ in range(3)] == [enrolled] * 3
    (kept,) = desk.factors.standing(ADA)
    assert (kept.factor, kept.sign_count, kept.last_used) == (enrolled.factor, 3, desk.clock.at)
    assert kept.credential == sha256(desk.ada.credential).hexdigest()


def test_an_authenticator_that_counts_nothing_is_believed(enrolled: Desk) -> None:
    """WebAuthn Level 3, 6.1.1: passkeys that are kept in several places count 0 each time."""
    assert [enrolled.give(enrolled.ada, Says(count=0)).answer for _ in range(2)] == [Answer.RIGHT] * 2


def test_what_is_asked_for_a_new_passkey(enrolled: Desk) -> None:
    """MFA-15: kept by the authenticator, its user verified, none twice, and no name or address of the person."""
    asked = json.loads(enrolled.passkeys.to_make("x", ADA))
    assert asked["rp"] == {"name": "Sluis", "id": "sluis.centre.example"}
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["authenticatorSelection"]["userVerification"] == "required"
    assert [one["id"] for one in asked["excludeCredentials"]] == [text(enrolled.ada.credential)]
    assert asked["user"] == {"id": text(sha256(b"P-1").digest()), "name": "P-1", "displayName": "P-1"}
    assert len(asked["challenge"]) == 43
    assert asked["attestation"] == "none"


def test_what_is_asked_for_a_known_one(enrolled: Desk) -> None:
    """MFA-15: one of the person's own, with its user verified; somebody without any is asked for none."""
    asked = json.loads(enrolled.passkeys.to_give("x", enrolled.factors.standing(ADA)))
    assert asked["userVerification"] == "required"
    assert [one["id"] for one in asked["allowCredentials"]] == [text(enrolled.ada.credential)]
    assert enrolled.passkeys.to_give("x", enrolled.factors.standing(BOB)) == ""


WRONG = {
    "another origin": Says(origin="https://sluis.centre.example.evil.example"),
    "another port": Says(origin=f"{URL}:8443"),
    "without tls": Says(origin="http://sluis.centre.example"),
    "a host below ours": Says(origin="https://ws.sluis.centre.example"),
    "another relying party": Says(rp_id="centre.example"),
    "nobody verified": Says(flags=PRESENT),
    "nobody there": Says(flags=VERIFIED),
    "another challenge": Says(challenge=text(b"x" * 32)),
    "in another site's frame": Says(cross=True),
}


@pytest.mark.parametrize("says", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_answer_enrols_nothing(desk: Desk, says: Says) -> None:
    """MFA-15: wrong origin, wrong relying party, UV=0, another challenge."""
    assert desk.first(ADA, desk.ada, says) == Result(Answer.PASSKEY, why="answer")
    assert desk.policy.records.factors_of(ADA) == []
    assert desk.factors.next_step(ADA) is PendingKind.ENROL


@pytest.mark.parametrize("says", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_answer_lets_nobody_in(enrolled: Desk, says: Says) -> None:
    """MFA-15: the same at a login; the right one is let in afterwards."""
    assert enrolled.give(enrolled.ada, says) == Result(Answer.PASSKEY, why="answer")
    assert enrolled.give(enrolled.ada).answer is Answer.RIGHT


FORGED = {
    "another key": Says(forged=True),
    "another person's handle": Says(user=text(sha256(b"P-2").digest())),
    "made, not given": Says(kind="webauthn.create"),
}


@pytest.mark.parametrize("says", FORGED.values(), ids=FORGED.keys())
def test_a_forged_answer_lets_nobody_in(enrolled: Desk, says: Says) -> None:
    """MFA-15: a signature of another key, another user handle, another kind of answer."""
    assert enrolled.give(enrolled.ada, says) == Result(Answer.PASSKEY, why="answer")


def test_a_given_passkey_enrols_nothing(enrolled: Desk) -> None:
    """MFA-15: an answer of the other kind is no proof of a new one."""
    assert enrolled.first(BOB, Authenticator(URL), Says(kind="webauthn.get")).answer is Answer.PASSKEY


@pytest.mark.parametrize("count", [5, 4, 0], ids=["the same", "back", "not at all"])
def test_a_counter_that_goes_back_is_refused(enrolled: Desk, count: int) -> None:
    """MFA-15: a cloned authenticator is told apart in the evidence."""
    assert enrolled.give(enrolled.ada, Says(count=5)).answer is Answer.RIGHT
    refused = enrolled.give(enrolled.ada, Says(count=count))
    assert (refused.answer, refused.told) == (Answer.PASSKEY, "passkey_counter")
    (kept,) = enrolled.factors.standing(ADA)
    assert kept.sign_count == 5


def test_a_challenge_counts_once(enrolled: Desk) -> None:
    """MFA-15: an answer that was right is no answer again, though its authenticator counts nothing."""
    among = enrolled.factors.standing(ADA)
    said = enrolled.ada.give(enrolled.passkeys.to_give("x", among), Says(count=0))
    assert enrolled.passkeys.prove("x", among, said).answer is Answer.RIGHT
    assert enrolled.passkeys.prove("x", among, said).told == "passkey_challenge"
    enrolled.passkeys.to_give("x", among)
    assert enrolled.passkeys.prove("x", among, said).told == "passkey_answer"


def test_a_challenge_is_bound_to_what_waits(enrolled: Desk) -> None:
    """MFA-15: what was signed for one login, or one command, is worth nothing for another."""
    among = enrolled.factors.standing(ADA)
    said = enrolled.ada.give(enrolled.passkeys.to_give("one", among))
    enrolled.passkeys.to_give("other", among)
    assert enrolled.passkeys.prove("other", among, said).told == "passkey_answer"
    assert enrolled.passkeys.prove("a third", among, said).told == "passkey_challenge"


def test_a_wrong_answer_uses_its_challenge_up(enrolled: Desk) -> None:
    """MFA-15: single use holds for a wrong answer, too."""
    among = enrolled.factors.standing(ADA)
    options = enrolled.passkeys.to_give("x", among)
    assert enrolled.passkeys.prove("x", among, "{}").told == "passkey_answer"
    assert enrolled.passkeys.prove("x", among, enrolled.ada.give(options)).told == "passkey_challenge"


@pytest.mark.parametrize(("late", "answer"), [(-1, Answer.RIGHT), (0, Answer.PASSKEY)], ids=["in time", "late"])
def test_a_challenge_lasts_five_minutes(enrolled: Desk, late: int, answer: Answer) -> None:
    """MFA-15: to the instant."""
    among = enrolled.factors.standing(ADA)
    said = enrolled.ada.give(enrolled.passkeys.to_give("x", among))
    enrolled.clock.go(seconds=CHALLENGE_TIME.total_seconds() + late)
    assert enrolled.passkeys.prove("x", among, said).answer is answer


def test_another_persons_passkey_lets_nobody_in(enrolled: Desk) -> None:
    """MFA-15: Bob's passkey is right, but Ada is asked for hers."""
    bob = Authenticator(URL)
    assert enrolled.first(BOB, bob).answer is Answer.RIGHT
    assert enrolled.give(bob) == Result(Answer.PASSKEY, why="credential")
    assert enrolled.give(bob, person=BOB).answer is Answer.RIGHT


def test_a_credential_is_somebodys_alone(enrolled: Desk) -> None:
    """MFA-15: nobody registers another one's credential id with a key of theirs, and nobody the same twice."""
    thief = Authenticator(URL)
    thief.credential = enrolled.ada.credential
    assert enrolled.first(BOB, thief) == Result(Answer.PASSKEY, why="credential")
    (mine,) = enrolled.factors.standing(ADA)
    assert enrolled.more(ADA, thief, "again", mine.factor) == Result(Answer.PASSKEY, why="credential")
    assert enrolled.give(enrolled.ada).answer is Answer.RIGHT
    assert enrolled.policy.records.factors_of(BOB) == []


def test_a_further_one_has_a_name_and_a_voucher(enrolled: Desk) -> None:
    """S17, MFA-08: nothing is enrolled beside a factor that was not given for it; its name is kept."""
    other = Authenticator(URL)
    (mine,) = enrolled.factors.standing(ADA)
    assert enrolled.more(ADA, other, "unasked", None).answer is Answer.GONE
    assert len(enrolled.policy.records.factors_of(ADA)) == 1
    added = enrolled.more(ADA, other, "asked", mine.factor)
    assert added.answer is Answer.RIGHT
    assert enrolled.policy.records.factor_names(ADA) == {added.factor: "my key"}
    assert {enrolled.give(one).factor for one in (other, enrolled.ada)} == {added.factor, mine.factor}


def test_a_passkey_that_was_taken_away_can_come_again(enrolled: Desk) -> None:
    """S76: it is worth nothing any more; the same authenticator serves once more where its person adds it anew."""
    other, mine = Authenticator(URL), enrolled.factors.standing(ADA)[0].factor
    added = enrolled.more(ADA, other, "one", mine).factor
    removed = enrolled.policy.handle(RemoveFactor(person=ADA, factor=added), stepped_up(acting(ADA)))
    assert isinstance(removed, Done)
    assert enrolled.give(other).told == "passkey_credential"
    assert enrolled.more(ADA, other, "two", mine).answer is Answer.RIGHT
    assert enrolled.give(other).answer is Answer.RIGHT
    assert [one.factor for one in enrolled.policy.records.factors_of(ADA)] == [mine, "passkey-two"]


def test_a_first_passkey_is_enrolled_by_its_own_login(enrolled: Desk) -> None:
    """MFA-13: who has a factor enrols no first one; the app's secret that was shown beside it is forgotten."""
    assert enrolled.first(ADA, Authenticator(URL)).answer is Answer.GONE
    pending = enrolled.pending(BOB, PendingKind.ENROL)
    assert enrolled.factors.offer(pending) is not None
    made = Authenticator(URL).make(enrolled.passkeys.to_make(pending.nonce, BOB))
    assert enrolled.passkeys.prove_first(pending, made).answer is Answer.RIGHT
    assert [one.factor for one in enrolled.policy.records.factors_of(BOB)] == [first_passkey(pending.nonce)]


def test_codes_that_are_shut_off_leave_the_passkey(enrolled: Desk) -> None:
    """MFA-05: whoever guesses codes keeps nobody out who has a passkey."""
    (mine,) = enrolled.factors.standing(ADA)
    totp = FactorId("totp-1")
    enrolled.factors.offer_as(totp, ADA)
    command = EnrolFactor(person=ADA, factor=totp, kind=FactorKind.TOTP, vouched_by=mine.factor)
    assert enrolled.factors.enrol(command, lambda _: True)
    for _ in range(LONGEST_RUN):
        enrolled.policy.records.count_failure(totp)
    shut = enrolled.factors.prove_any(ADA, "000000", enrolled.factors.standing(ADA))
    assert shut.answer is Answer.SHUT
    for _ in range(20):
        enrolled.throttle.wrong(ADA, enrolled.policy.now())
    assert enrolled.give(enrolled.ada).answer is Answer.RIGHT


ANSWERS: dict[str, Callable[[], str]] = {
    "nothing": str,
    "no object": lambda: "[]",
    "no id": lambda: "{}",
    "an empty id": lambda: json.dumps({"id": "", "response": {"clientDataJSON": ""}}),
    "no base64url": lambda: json.dumps({"id": "é", "response": {"clientDataJSON": ""}}),
    "a padded id": lambda: json.dumps({"id": "YWJjZA==", "response": {"clientDataJSON": ""}}),
    "too long an id": lambda: json.dumps({"id": text(bytes(1024)), "response": {"clientDataJSON": ""}}),
    "a megabyte": lambda: json.dumps({"id": "a" * (1 << 20), "response": {"clientDataJSON": ""}}),
    "half a character": lambda: '{"id": "\\ud800", "response": {"clientDataJSON": ""}}',
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_what_has_no_answers_form_is_refused(enrolled: Desk, answer: Callable[[], str]) -> None:
    """MFA-10, MFA-15: before anything is looked for."""
    with pytest.raises(NotProved):
        credential_of(answer())
    among = enrolled.factors.standing(ADA)
    enrolled.passkeys.to_give("x", among)
    assert enrolled.passkeys.prove("x", among, answer()).answer is Answer.PASSKEY


FIELDS = ("clientDataJSON", "authenticatorData", "signature", "attestationObject", "userHandle")
BROKEN: dict[str, object] = {
    "empty": "", "no base64url": "!", "one byte": "AA", "no keys": text(b"{}"), "ones": text(b"\xff" * 40),
    "deep": text(b"[" * 5000), "none": None, "a number": 1, "an object": {},
}  # fmt: skip


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN.keys())
def test_broken_answers_are_refused(enrolled: Desk, name: str, value: object) -> None:
    """MFA-15: whatever the library trips over is no proof; an empty or missing user handle alone is none of it."""
    among = enrolled.factors.standing(ADA)
    given = json.loads(enrolled.ada.give(enrolled.passkeys.to_give("x", among)))
    made = json.loads(Authenticator(URL).make(enrolled.passkeys.to_make("y", BOB)))
    given["response"][name] = made["response"][name] = value
    harmless = name == "attestationObject" or (name == "userHandle" and value in ("", None))
    right = enrolled.passkeys.prove("x", among, json.dumps(given)).answer is Answer.RIGHT
    assert right is harmless
    if name in ("clientDataJSON", "attestationObject"):
        command = EnrolFactor(person=BOB, factor="k", kind=FactorKind.PASSKEY)
        result = enrolled.passkeys.prove_new(Making("y", command), json.dumps(made), lambda _: True)
        assert result == Result(Answer.PASSKEY, why="answer")


SITES = {
    "https://sluis.centre.example": SITE,
    "https://sluis.centre.example:443": SITE,
    "https://Sluis.Centre.example:8443": Site("sluis.centre.example", "https://sluis.centre.example:8443"),
    "http://localhost:8000": Site("localhost", "http://localhost:8000"),
    "http://localhost": Site("localhost", "http://localhost"),
    "http://127.0.0.1:8000": None,
    "https://10.0.0.4": None,
    "https://[::1]:8000": None,
    "http://sluis.centre.example": None,
    "": None,
}


@pytest.mark.parametrize(("url", "site"), SITES.items())
def test_passkeys_are_for_a_hosts_name_over_tls(url: str, site: Site | None) -> None:
    """MFA-15: browsers make none for an IP address, and none without https but on this machine."""
    assert site_of(url) == site


def test_without_a_site_there_are_none(enrolled: Desk) -> None:
    """MFA-15: nothing is asked, nothing counts, and there are words that say why."""
    nowhere, among = enrolled.at(None), enrolled.factors.standing(ADA)
    assert "IP address" in nowhere.unusable
    assert enrolled.passkeys.unusable == ""
    assert (nowhere.to_make("x", BOB), nowhere.to_give("x", among)) == ("", "")
    assert nowhere.prove("x", among, "{}").answer is Answer.PASSKEY
    assert nowhere.prove_first(enrolled.pending(BOB, PendingKind.ENROL), "{}").answer is Answer.PASSKEY


def test_waiting_challenges_are_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """MFA-15: those that are over are forgotten; of too many the oldest gives way."""
    monkeypatch.setattr("hub_config.login.passkeys._MOST", 2)
    challenges, now = Challenges(secrets.token_bytes), desk.clock.at
    kept = {name: challenges.new(name, now) for name in "abc"}
    assert [challenges.take(name, now) for name in "abc"] == [None, kept["b"], kept["c"]]
    challenges.new("d", now)
    challenges.new("e", now + CHALLENGE_TIME)
    assert list(challenges._waiting) == ["e"]


def test_a_name_is_one_short_line() -> None:
    """MFA-10: whatever is typed."""
    assert name_of_passkey("  my \n telephone ") == "my telephone"
    assert len(name_of_passkey("x" * 1000)) == 60


def test_what_is_kept_is_sealed(enrolled: Desk) -> None:
    """MFA-11: the credential id and the key stand in no table in clear; the secret opens for its factor alone."""
    (mine,) = enrolled.factors.standing(ADA)
    secret = enrolled.policy.records.factor_secret(mine.factor)
    assert secret is not None
    assert set(msgspec.json.decode(secret)) == {"credential", "key", "user"}
    assert text(enrolled.ada.credential) in secret
