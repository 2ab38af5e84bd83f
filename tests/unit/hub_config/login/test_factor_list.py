"""What the page of one's factors says of each, and the codes that are made and given there."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pyotp
import pytest

from access_policy.actor import person as acting
from access_policy.commands.confirmation import CODE_HOLDS, RedeemConfirmationCode
from access_policy.commands.factors import EnrolFactor
from access_policy.log.records import Session
from access_policy.model.codes import CODE_LENGTH, digest_of, normal_code
from access_policy.model.enums import FactorKind, Zone
from access_policy.model.factors import MOST_OF_KIND
from access_policy.model.ids import FactorId, PersonId
from hub_config.login import factor_list, recovery
from hub_config.login.factors import Answer, SecondFactors
from hub_config.login.recovery import HOW_MANY
from hub_config.login.second_factor import LONGEST_RUN, TRIES, Throttle
from tests.unit.hub_config.desk.seed import World, empty_world

pytestmark = pytest.mark.unit

ADA = PersonId("P-1")
APP, CODES = FactorId("app-of-ada"), FactorId("codes-of-ada")
GIVEN = "ABCDEFGHIJKLMNOPQRST"


class Hub:
    """An installation and its first person, who logged in with an app of theirs."""

    def __init__(self, world: World) -> None:
        self.world, self.clock, self.policy = world, world.clock, world.policy
        self.throttle = Throttle()
        self.factors = SecondFactors(self.policy, self.throttle, pyotp.random_base32)
        self.factors.offer_as(APP, ADA)
        assert self.factors.enrol(EnrolFactor(person=ADA, factor=APP, kind=FactorKind.TOTP), lambda _: True)

    def session(self, factor: FactorId = APP, kind: FactorKind = FactorKind.TOTP) -> Session:
        """A login of hers that began now."""
        now = self.policy.now()
        return Session(
            session="0" * 64, person=ADA, begun=now, factor_kind=kind, factor_at=now, zone=Zone.ANYWHERE,
            ends=now + timedelta(hours=12), proof="a-proof", factor=factor,
        )  # fmt: skip

    def verify(self) -> None:
        """Let the other admin verify her, without a look at her app."""
        self.world.do(
            "verify-person", "P-2", person=ADA, method="video-call", evidence="seen", until=self.world.until(365)
        )

    def codes(self, possible: bool = True) -> tuple[str, ...] | None:
        """Make recovery codes."""
        command = EnrolFactor(person=ADA, factor=CODES, kind=FactorKind.RECOVERY, vouched_by=APP)
        return recovery.renew(self.policy, self.factors, command, lambda _: possible)

    def lines(self, session: Session | None = None) -> dict[FactorId, factor_list.Line]:
        """The page's lines."""
        session = session or self.session()
        known = factor_list.kept(self.policy.records, session)
        with self.policy.reading() as state:
            return {one.factor: one for one in factor_list.lines(state, session, known, self.policy.now())}

    def give(self, code: str, factor: FactorId = APP) -> Answer:
        """Give a code of the verifier's."""
        command = RedeemConfirmationCode(person=ADA, factor=factor, code=code)
        return self.factors.redeem(command, acting(ADA, "a-proof")).answer


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    world = empty_world(tmp_path)
    with closing(world.policy.store):
        yield Hub(world)


def test_a_line_says_whether_it_counts_and_what_to_do(hub: Hub) -> None:
    """S17, S76: until it counts, the login with it can give a code once its person is verified."""
    line = hub.lines()[APP]
    assert (line.words, line.counts, line.here, line.gives, line.left) == ("Authenticator app", None, True, False, None)
    assert line.stays.startswith("this is your last factor")
    hub.verify()
    assert hub.lines()[APP].gives
    assert not hub.lines(hub.session(FactorId("another")))[APP].gives
    hub.world.do("confirm-factor", "P-2", person=ADA, factor=APP)
    line = hub.lines()[APP]
    assert (line.counts, line.gives) == (hub.clock.at, False)


def test_a_line_says_when_it_was_used_and_whether_it_was_shut_off(hub: Hub) -> None:
    """S17, MFA-05."""
    assert hub.lines(hub.session(CODES))[APP].used is None
    hub.policy.records.note_use(APP, hub.clock.at)
    hub.clock.go(hours=1)
    line = hub.lines()[APP]
    assert (line.used, line.shut) == (hub.clock.at - timedelta(hours=1), False)
    for _ in range(LONGEST_RUN):
        hub.policy.records.count_failure(APP)
    assert hub.lines()[APP].shut


def test_what_no_fact_names_is_no_factor(hub: Hub) -> None:
    """S76, MFA-13: neither an app that was offered and never proved, nor a secret that a removal left behind."""
    hub.factors.offer_as(FactorId("offered"), ADA)
    assert list(hub.lines()) == [APP]


def test_recovery_codes_have_a_hundred_bits_and_are_kept_as_hashes(hub: Hub) -> None:
    """S17, MFA-11, MFA-12: ten, in the form in which codes are typed; how many are left is told."""
    codes = hub.codes()
    assert codes is not None
    assert [len(normal_code(code) or "") for code in codes] == [CODE_LENGTH] * HOW_MANY
    assert len(set(codes)) == HOW_MANY
    line = hub.lines()[CODES]
    assert (line.words, line.left, line.stays) == ("Recovery codes", HOW_MANY, "")
    assert hub.policy.records.accept_recovery_code(CODES, digest_of(normal_code(codes[0]) or ""), hub.clock.at)
    assert hub.lines()[CODES].left == HOW_MANY - 1


def test_new_recovery_codes_or_the_old_ones(hub: Hub) -> None:
    """MFA-12, MFA-08: either the fact, the new codes and the used factor, or the set that stands."""
    old = hub.codes()
    assert old is not None
    assert hub.codes(possible=False) is None
    assert hub.factors.prove_any(ADA, old[0], hub.factors.standing(ADA)).answer is Answer.RIGHT
    new = hub.codes()
    assert new is not None
    assert hub.factors.prove_any(ADA, old[1], hub.factors.standing(ADA)).answer is Answer.WRONG
    assert hub.factors.prove_any(ADA, new[1].lower(), hub.factors.standing(ADA)).answer is Answer.RIGHT


def test_new_recovery_codes_open_what_was_shut_off(hub: Hub) -> None:
    """MFA-05, MFA-12: wrong tries were about a set that is gone."""
    hub.codes()
    for _ in range(LONGEST_RUN):
        hub.policy.records.count_failure(CODES)
    assert hub.lines()[CODES].shut
    hub.codes()
    assert not hub.lines()[CODES].shut


@pytest.mark.parametrize(
    "code",
    ["B" * 20, "7" * 19, "", "Q" * 100_000, "\uff22" * 20, GIVEN],
    ids=["another", "too short", "nothing", "far too long", "other letters", "over"],
)
def test_every_code_that_does_not_count_gets_one_answer(hub: Hub, code: str) -> None:
    """S76, MFA-10: unknown, used before, its time over, or no code at all."""
    hub.verify()
    hub.world.do("issue-confirmation-code", "P-2", person=ADA, digest=digest_of(GIVEN))
    hub.clock.at += CODE_HOLDS
    assert hub.give(code) is Answer.WRONG
    assert hub.lines()[APP].counts is None


def test_a_code_of_the_verifier_counts_once(hub: Hub) -> None:
    """S76, MFA-10: as people type it."""
    hub.verify()
    hub.world.do("issue-confirmation-code", "P-2", person=ADA, digest=digest_of(GIVEN))
    assert hub.give(f" {GIVEN[:4].lower()}-{GIVEN[4:].lower()} ") is Answer.RIGHT
    assert hub.lines()[APP].counts == hub.clock.at
    assert hub.give(GIVEN) is Answer.GONE


def test_wrong_codes_of_the_verifier_slow_their_person_down(hub: Hub) -> None:
    """MFA-05: with all other codes of the same person; a right one waits as well."""
    hub.verify()
    hub.world.do("issue-confirmation-code", "P-2", person=ADA, digest=digest_of(GIVEN))
    assert [hub.give("B" * 20) for _ in range(TRIES)] == [Answer.WRONG] * TRIES
    assert hub.give(GIVEN) is Answer.WAIT
    assert hub.factors.prove_any(ADA, "000000", hub.factors.standing(ADA)).answer is Answer.WAIT


@pytest.mark.parametrize("kind", FactorKind)
def test_nobody_is_offered_more_than_there_can_be(kind: FactorKind) -> None:
    """REQ-14: recovery codes are made anew instead."""
    full = {FactorId(f"f-{n}"): SimpleNamespace(kind=kind) for n in range(MOST_OF_KIND[kind])}
    person = SimpleNamespace(factors=full)
    expected = {one: one is FactorKind.RECOVERY or one is not kind for one in FactorKind}
    assert factor_list.room(person) == expected  # type: ignore[arg-type]
