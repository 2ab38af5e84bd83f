"""Facts that nobody has recorded: read from text as strictly as commands are, and held against what is known.

A fact from the log was checked by the command that made it. One that somebody supposes was not, so it is refused where
no command could have left it there, and where it would come to nothing.
"""

from datetime import datetime
from typing import Any

import msgspec

from access_policy import events as e
from access_policy.commands.base import LARGEST_NUMBER, read_values, refuse_hidden
from access_policy.model.jurisdictions import is_country
from access_policy.plain_words import plain_words
from access_policy.state import State


def read_fact(name: str, fields: dict[str, Any]) -> e.FactEvent:
    """Read a fact by its name from text values. Raises ValueError with one line that names what is wrong (REQ-11)."""
    kind = e.FACTS.get(name)
    if kind is None:
        raise ValueError(f"no fact is named `{ascii(name[:60])[1:-1]}`; docs/reference/events.md lists them")
    try:
        fact: e.FactEvent = msgspec.convert(read_values(kind, fields), kind, strict=False)  # type: ignore[assignment]
    except msgspec.ValidationError as error:
        raise ValueError(f"`{name}`: {plain_words(error, kind)}") from None
    for field in kind.__struct_fields__:
        _check(field, getattr(fact, field))
    return fact


def _check(field: str, value: object) -> None:
    for one in value if isinstance(value, tuple) else (value,):
        refuse_hidden(field, one)
        if isinstance(one, int) and abs(one) > LARGEST_NUMBER:
            raise ValueError(f"`{field}` is no number that anything has here; look it up")


def misfit(state: State, event: e.FactEvent, at: datetime) -> str | None:
    """Say why no command could leave this fact at `at`, or None: a term that is inverted or over, an unknown name."""
    return _terms(state, event, at) or _names(state, event) or _clocks(state, event)


_BACKDATED = (e.AdequacyEnded, e.CountryUnlisted)
"""The ends that can lie in the past, as that of a judgment does (S59)."""


def _terms(state: State, event: e.FactEvent, at: datetime) -> str | None:
    """S39, REQ-11: as the commands want it; a longer term ends after the one that it takes the place of (S42)."""
    begins, ends, until = (getattr(event, name, None) for name in ("begins", "ends", "until"))
    if begins is not None and ends is not None and ends <= begins:
        return "`ends` has to lie after `begins`"
    if (ends is not None and ends <= at and not isinstance(event, _BACKDATED)) or (until is not None and until <= at):
        return "what it gives would be over already; let it end later"
    request = state.requests.get(event.request) if isinstance(event, e.ExtensionGranted) else None
    if request is not None and request.term is not None and ends is not None and ends <= request.term.ends:
        return "an extension ends after the term that it extends"
    return None


def _names(state: State, event: e.FactEvent) -> str | None:
    country = getattr(event, "country", None)
    if country is not None and not is_country(country):
        return f"`{ascii(country[:60])[1:-1]}` is no country of ISO 3166; write one such as `JP`"
    closes = isinstance(event, e.ProposalConfirmed | e.ProposalDropped)
    if closes and getattr(event, "proposal", None) not in state.proposals:
        return "no such proposal waits"
    return None


def _clocks(state: State, event: e.FactEvent) -> str | None:
    """S21: a clock goes on that stands still."""
    if not isinstance(event, e.ClockResumed):
        return None
    request = state.requests.get(event.request)
    still = request is None or request.open_pause(event.clock) is not None
    return None if still else f"the clock `{event.clock}` of `{event.request}` does not stand still then"
