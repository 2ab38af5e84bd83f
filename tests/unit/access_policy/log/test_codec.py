"""Events to bytes and back, and what is refused before anything is written."""

import secrets
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Annotated, Any, NewType, get_args, get_type_hints

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from access_policy import events
from access_policy.actor import Actor
from access_policy.events import FACTS, FORMAT, OBSERVATIONS, Event
from access_policy.log import LogStore, UnreadableLog
from access_policy.log.codec import LONGEST_DECISION, LONGEST_TEXT, decode_event, encode_actor, encode_event, form_of
from access_policy.log.sealing import Keyring
from access_policy.model.enums import VerificationMethod
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.texts import DecisionText, PersonText, Plain, Seal
from tests.unit.access_policy.log.samples import NOON, add, disabled, events_of, registered

KINDS = {**FACTS, **OBSERVATIONS}
ON_FILES = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)


def is_known(hint: Any) -> bool:
    """Say whether a field's type is no text, an id, an enum, sealed, or on the plain list with a reason."""
    if hint is str:
        return False
    if marks := getattr(hint, "__metadata__", ()):
        return any(isinstance(mark, Seal | Plain) for mark in marks)
    if isinstance(hint, NewType) or (isinstance(hint, type) and issubclass(hint, Enum | int | datetime)):
        return True
    return bool(get_args(hint)) and all(part in (type(None), ...) or is_known(part) for part in get_args(hint))


@pytest.mark.parametrize("kind", KINDS)
def test_every_text_is_accounted_for(kind: str) -> None:
    """Each text in each event is sealed, an id, an enum or on the plain list (MFA-11, E48)."""
    hints = get_type_hints(KINDS[kind], include_extras=True)
    assert [name for name, hint in hints.items() if not is_known(hint)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_seal_has_its_owner(kind: str) -> None:
    """Each sealed text stands beside the person or request whose key seals it, and that is never empty."""
    owners = {Seal.PERSON: PersonId, Seal.REQUEST: RequestId, Seal.WRITER: PersonId}
    hints = get_type_hints(KINDS[kind])
    assert all(hints[seal.value] is owners[seal] for seal in form_of(KINDS[kind]).seals.values())


@pytest.mark.parametrize("kind", KINDS)
def test_round_trip(kind: str, store: LogStore) -> None:
    """Any event of any type reads back as it was written, and the same values make the same bytes but for the seals."""
    keyring = Keyring(b"m" * 32, secrets.token_bytes)

    @ON_FILES
    @given(events_of(KINDS[kind]))
    def check(event: Event) -> None:
        if "format" in event.__struct_fields__:
            event = msgspec.structs.replace(event, format=FORMAT)
        with store._database.write() as connection:
            sealer = keyring.on(connection)
            written, payload = encode_event(event, sealer)
            assert decode_event(KINDS, written, payload, sealer) == event
            assert written == kind
            fields = msgspec.json.decode(payload)
            assert list(fields) == sorted(KINDS[kind].__struct_fields__)
            assert all(fields[name] is None or list(fields[name]) == ["sealed"] for name in form_of(KINDS[kind]).seals)
        keyring.adopt(sealer)

    check()


class Whispered(Event, frozen=True, kw_only=True):
    """An event whose sealed text may be missing."""

    person: PersonId
    text: PersonText | None


@pytest.mark.parametrize("text", [None, "hush"])
def test_optional_sealed_text(store: LogStore, text: str | None) -> None:
    """A sealed text that may be missing is sealed where it is there."""
    with store._database.write() as connection:
        sealer = store._keyring.on(connection)
        kind, payload = encode_event(Whispered(person=PersonId("P-1"), text=text), sealer)
        assert b"hush" not in payload
        assert decode_event({kind: Whispered}, kind, payload, sealer) == Whispered(person=PersonId("P-1"), text=text)


def test_hidden_seal() -> None:
    """A seal inside another type is refused when the type is first used, not overlooked."""

    class Listed(Event, frozen=True, kw_only=True):
        texts: tuple[Annotated[str, Seal.PERSON], ...]

    with pytest.raises(TypeError, match="make it a field of its own"):
        form_of(Listed)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\x00b", "`PersonDisabled.reason` holds a `U\\+0000`"),
        ("a\ud800b", "lone surrogate"),
        ("a" * (LONGEST_TEXT + 1), "has `20001` characters"),
    ],
    ids=["nul", "surrogate", "too long"],
)
def test_refused_texts(store: LogStore, text: str, message: str) -> None:
    """A text that no log should hold is refused, and nothing is written (AUD-06)."""
    with pytest.raises(ValueError, match=message):
        add(store, registered(), disabled(reason=text))
    with pytest.raises(ValueError, match="actor"):
        encode_actor(Actor(operator=text))
    assert store.newest() == 0


class Decided(Event, frozen=True, kw_only=True):
    """An event that holds a decision."""

    decision: DecisionText


def test_long_decision(store: LogStore) -> None:
    """A decision over many datasets may be longer than any text that people write, but not without end."""
    with store._database.read() as connection:
        sealer = store._keyring.on(connection)
        decided = Decided(decision="x" * LONGEST_DECISION)
        assert decode_event({"Decided": Decided}, *encode_event(decided, sealer), sealer) == decided
        with pytest.raises(ValueError, match="has `1000001` characters"):
            encode_event(Decided(decision="x" * (LONGEST_DECISION + 1)), sealer)


@pytest.mark.parametrize("text", ["a\nb", "\x1b[31mred", "</script>", "%s{0}", "\u202e", "a" * LONGEST_TEXT, ""])
def test_kept_texts(store: LogStore, text: str) -> None:
    """Line breaks, escapes and markup are one well-formed record that reads back as it was (AUD-06)."""
    add(store, disabled(reason=text))
    assert [fact.event for fact in store.facts_since(0)] == [disabled(reason=text)]


@pytest.mark.parametrize(
    "until",
    [NOON.replace(tzinfo=None), NOON.astimezone(timezone(timedelta(hours=1)))],
    ids=["no zone", "another zone"],
)
def test_times_are_utc(store: LogStore, until: datetime) -> None:
    """An event with a time that is not in UTC is refused."""
    verified = events.PersonVerified(person=PersonId("P-1"), method=VerificationMethod.VIDEO_CALL, until=until)
    with pytest.raises(ValueError, match="times in UTC only"):
        add(store, verified)


def test_unreadable_values_are_refused(store: LogStore) -> None:
    """An event with a value of another type than its annotation is refused: it could never be read again."""
    wrong: Any = "by telepathy"
    with pytest.raises(ValueError, match="cannot be written"):
        add(store, events.PersonVerified(person=PersonId("P-1"), method=wrong, until=NOON))
    assert store.newest() == 0


@pytest.mark.parametrize(
    ("kind", "payload", "message"),
    [
        ("Levitated", b"{}", "unknown kind `Levitated`"),
        ("PersonEnabled", b'{"v":2,"person":"P-1","new":1}', "of a later release"),
        ("PersonEnabled", b'{"v":1,"person":"P-1","new":1}', "cannot be read"),
        ("PersonEnabled", b'{"v":1}', "cannot be read"),
        ("PersonEnabled", b'{"v":"1","person":"P-1"}', "cannot be read"),
        ("PersonEnabled", b"[]", "cannot be read"),
        ("PersonEnabled", b"\xff", "cannot be read"),
        ("PersonDisabled", b'{"v":1,"person":"P-1","reason":"in clear"}', "cannot be read"),
        ("PersonDisabled", b'{"v":1,"person":"P-1","reason":{"sealed":"\\u00e9"}}', "no base64url"),
    ],
)
def test_unreadable_rows(store: LogStore, kind: str, payload: bytes, message: str) -> None:
    """A kind, version or form that this release does not know is a clear error (FLT-10)."""
    with store._database.read() as connection, pytest.raises(UnreadableLog, match=message):
        decode_event(KINDS, kind, payload, store._keyring.on(connection))


@given(st.binary(max_size=60))
def test_junk_never_crashes(payload: bytes) -> None:
    """Any bytes in a payload are an UnreadableLog, never another error."""
    nobody: Any = None
    with pytest.raises(UnreadableLog):
        decode_event(KINDS, "PersonEnabled", payload, nobody)
