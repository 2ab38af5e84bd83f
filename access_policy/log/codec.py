"""Turns events into the bytes that the log keeps, and back: canonical JSON (names in alphabetical order), the
personal texts sealed, in the form that the log's format has (`forms.py`).

Which texts are personal stands in the events' types (`model/texts.py`) and is found once per type. What could not be
read back, or has no place in a log (AUD-06), is refused before anything is written. Nothing is decided here about who
may write an event.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, NamedTuple, get_args, get_type_hints

import msgspec

from access_policy.actor import Actor
from access_policy.events import FORMAT, Event
from access_policy.log import forms
from access_policy.log.errors import UnreadableLog
from access_policy.log.sealing import Sealer
from access_policy.model.texts import DecisionText, Seal

LONGEST_TEXT = 20_000  # characters
LONGEST_DECISION = 1_000_000  # characters; a decision over many datasets is written by the program, not by people

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder().decode
_decode_actor = msgspec.json.Decoder(Actor).decode
_DECISION = DecisionText.__metadata__[0]  # type: ignore[attr-defined]


class Form(NamedTuple):
    """What the codec knows of an event type."""

    seals: dict[str, Seal]
    longest: dict[str, int]


@cache
def form_of(kind: type[Event]) -> Form:
    """Return what stands in the annotations of an event type. Raises TypeError for a seal where none can be."""
    hints = get_type_hints(kind, include_extras=True)
    seals = {name: seal for name, hint in hints.items() for seal in _marks(hint, Seal)}
    nested = [name for name, hint in hints.items() if name not in seals and "Seal." in repr(hint)]
    if nested:
        raise TypeError(f"`{kind.__name__}.{nested[0]}` seals a text inside another type; make it a field of its own")
    longest = {name: LONGEST_DECISION for name, hint in hints.items() if _DECISION in _metadata(hint)}
    return Form(seals, longest)


def encode_event(event: Event, sealer: Sealer, log_format: int = FORMAT) -> tuple[str, bytes]:
    """Return the kind and the payload of an event, as a log of this format holds it.

    Raises ValueError for one that has no place in the log (AUD-06).
    """
    kind = type(event)
    form = form_of(kind)
    _check_times(event)
    fields: dict[str, Any] = msgspec.to_builtins(event, order="deterministic")
    for name, value in fields.items():
        _check_texts(value, f"{kind.__name__}.{name}", form.longest.get(name, LONGEST_TEXT))
    _check_readable(event, fields)
    written, unsealed = forms.lowered(kind.__name__, fields, log_format)
    for name, seal in form.seals.items():
        if name not in unsealed and written.get(name) is not None:
            owner = str(fields[seal.value])
            if not owner:
                raise ValueError(f"`{kind.__name__}.{name}` has nobody with whose key it could be sealed; name one")
            written[name] = {"sealed": sealer.seal_text(written[name], owner, kind.__name__, name)}
    return kind.__name__, _encode(written)


def as_held(event: Event, log_format: int) -> Event:
    """Return an event as it reads back from a log of this format: an older form may not say all of it."""
    kind = type(event)
    if all(change.format <= log_format for change in forms.CHANGED.get(kind.__name__, ())):
        return event
    lowered = forms.lowered(kind.__name__, msgspec.to_builtins(event), log_format)
    return msgspec.convert(forms.raised(kind.__name__, lowered.fields).fields, kind)


def decode_event(kinds: Mapping[str, type[Event]], kind: str, payload: bytes, sealer: Sealer) -> Event:
    """Return the event that stands in a row. Raises UnreadableLog for a kind or version unknown to this release."""
    event_type = kinds.get(kind)
    if event_type is None:
        raise UnreadableLog(f"the log holds an event of unknown kind `{kind[:60]}`; use the release that wrote it")
    form = form_of(event_type)
    try:
        fields, unsealed = forms.raised(kind, _decode(payload))
        for name, seal in form.seals.items():
            if name not in unsealed and fields.get(name) is not None:
                fields[name] = sealer.open_text(fields[name]["sealed"], str(fields[seal.value]), kind, name)
        event = msgspec.convert(fields, event_type)
        forms.refuse_later(event)
        return event
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, TypeError, AttributeError) as error:
        raise UnreadableLog(f"an event of kind `{kind}` cannot be read ({error}); run `sluis log verify`") from None


def encode_actor(actor: Actor) -> str:
    """Return an actor as JSON without its empty parts. Raises ValueError as `encode_event`."""
    parts = {name: value for name, value in msgspec.to_builtins(actor).items() if value is not None}
    _check_texts(list(parts.values()), "actor", LONGEST_TEXT)
    return _encode(parts).decode()


@lru_cache(maxsize=1_000)
def decode_actor(text: str) -> Actor:
    """Return the actor that stands in a row. Raises UnreadableLog for anything else."""
    try:
        return _decode_actor(text)
    except msgspec.MsgspecError as error:
        raise UnreadableLog(f"an actor cannot be read ({error}); run `sluis log verify`") from None


def _metadata(hint: Any) -> tuple[Any, ...]:
    return getattr(hint, "__metadata__", ())


def _marks(hint: Any, mark: type[Seal]) -> Iterator[Seal]:
    options = [hint, *get_args(hint)] if type(None) in get_args(hint) else [hint]
    yield from (found for option in options for found in _metadata(option) if isinstance(found, mark))


def _check_times(event: Event) -> None:
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if isinstance(value, datetime) and value.utcoffset() != timedelta(0):
            raise ValueError(f"`{type(event).__name__}.{name}` is `{value.isoformat()}`; events hold times in UTC only")


def _check_texts(value: Any, where: str, longest: int) -> None:
    if isinstance(value, str):
        _check_text(value, where, longest)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_texts(item, where, longest)


def _check_text(text: str, where: str, longest: int) -> None:
    if len(text) > longest:
        raise ValueError(f"`{where}` has `{len(text)}` characters; write at most {longest}")
    if "\x00" in text:
        raise ValueError(f"`{where}` holds a `U+0000`; leave it out")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError(f"`{where}` holds half a character (a lone surrogate); write it anew")


def _check_readable(event: Event, fields: dict[str, Any]) -> None:
    """Refuse an event whose values are not of its type's: written once, it could never be read again."""
    try:
        same = msgspec.convert(fields, type(event)) == event
    except msgspec.ValidationError as error:
        raise ValueError(f"`{type(event).__name__}` cannot be written ({error}); check its values") from None
    if not same:
        raise ValueError(f"`{type(event).__name__}` would not read back the same; check its values")
