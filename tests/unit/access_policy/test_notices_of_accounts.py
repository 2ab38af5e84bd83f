"""Who is told of a change of an account: the person, whoever made it (S73, S76)."""

from datetime import UTC, datetime

import pytest

from access_policy import events as e
from access_policy.actor import component
from access_policy.model.codes import digest_of
from access_policy.model.enums import Component, FactorKind, VerificationMethod
from access_policy.model.ids import FactorId
from access_policy.notices import NoticeKind, notices_from
from tests.unit.access_policy.happenings import happens
from tests.unit.access_policy.telling import told
from tests.unit.access_policy.world import ADMIN, RESEARCHER, everything_holds

K = NoticeKind
LATER = datetime(2028, 1, 1, tzinfo=UTC)
NEW = FactorId("passkey-1")
ENROLLED = e.FactorEnrolled(person=RESEARCHER, factor=NEW, kind=FactorKind.PASSKEY)


@pytest.mark.parametrize(
    ("before", "event", "kind", "values"),
    [
        ([], ENROLLED, K.FACTOR_ADDED, {"factor": "passkey", "counts": "no"}),
        ([ENROLLED], e.FactorConfirmed(person=RESEARCHER, factor=NEW), K.FACTOR_CONFIRMED, {"factor": "passkey"}),
        ([ENROLLED], e.FactorRemoved(person=RESEARCHER, factor=NEW), K.FACTOR_REMOVED, {}),
        ([], e.FactorsReset(person=RESEARCHER), K.FACTORS_RESET, {}),
        (
            [],
            e.IdentityLinked(person=RESEARCHER, identity="i", issuer="https://login.example", subject="s"),
            K.LOGIN_ADDED,
            {"provider": "https://login.example"},
        ),
        (
            [],
            e.PersonVerified(person=RESEARCHER, method=VerificationMethod.IN_PERSON, until=LATER),
            K.PERSON_VERIFIED,
            {"until": "2028-01-01T00:00:00Z"},
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, NoticeKind) else "",
)
def test_the_person_is_told(
    before: list[e.FactEvent], event: e.FactEvent, kind: NoticeKind, values: dict[str, str]
) -> None:
    """S73, S76: nobody else, once, with what changed."""
    world = everything_holds()
    happens(world, *before)
    (one,) = told(world, event, ADMIN)
    assert (one.kind, one.to, one.about, dict(one.values)) == (kind, RESEARCHER, RESEARCHER, values)
    assert one.key == f"{kind}:{RESEARCHER}:{RESEARCHER}:{world.state.seq}"


def test_a_code_that_was_handed_over_confirms_and_is_told() -> None:
    """S76: as if the verifier had confirmed it; a code for a factor that is gone tells nothing."""
    world = everything_holds()
    issued = e.ConfirmationCodeIssued(person=RESEARCHER, digest=digest_of("a-code"), until=LATER)
    happens(world, ENROLLED, issued, by=ADMIN)
    found = told(world, e.ConfirmationCodeRedeemed(person=RESEARCHER, factor=NEW, code="a-code"), RESEARCHER)
    assert [one.kind for one in found] in ([K.FACTOR_CONFIRMED], [])


def test_a_further_factor_that_was_vouched_for_counts_at_once() -> None:
    """S76: the mail says so."""
    world = everything_holds()
    (first,) = world.state.people[RESEARCHER].factors
    event = e.FactorEnrolled(person=RESEARCHER, factor=NEW, kind=FactorKind.PASSKEY, vouched_by=first)
    (one,) = told(world, event)
    assert dict(one.values) == {"factor": "passkey", "counts": "yes"}


def test_the_first_admins_are_not_told_of_their_own_beginning() -> None:
    """S16: the installation links their logins itself."""
    world = everything_holds()
    linked = e.IdentityLinked(person=RESEARCHER, identity="i", issuer="https://login.example", subject="s")
    happens(world, linked)
    fact = world.facts[-1]
    assert len(notices_from(world.state, fact)) == 1
    own = e.Fact(fact.seq, fact.at, component(Component.INSTALLATION), fact.event)
    assert notices_from(world.state, own) == ()


def test_who_left_has_no_address_any_more() -> None:
    """S73: nothing goes to an address that may be somebody else's by now."""
    world = everything_holds()
    happens(world, e.PersonLeft(person=RESEARCHER))
    assert told(world, ENROLLED) == ()
