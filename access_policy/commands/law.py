"""The law of countries as dated facts: adequacy decisions, and the list of Article 91(1) (S58, S59, S67, E13)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, CountryCode, Instant, Line, Outcome, Refusal, RefusalCode
from access_policy.model.instants import format_instant
from access_policy.model.jurisdictions import AdequacyScope, Span, in_eea, is_country
from access_policy.state import State


class RecordAdequacy(Command, frozen=True, kw_only=True):
    """Record that the European Commission found a country adequate, from when to when, and by which act."""

    country: CountryCode
    scope: AdequacyScope
    begins: Instant
    act: Line
    ends: Instant | None = None


class EndAdequacy(Command, frozen=True, kw_only=True):
    """Record that an adequacy decision ceases to hold, from an instant on."""

    country: CountryCode
    scope: AdequacyScope
    ends: Instant
    act: Line


class ListCountry(Command, frozen=True, kw_only=True):
    """Record that a third country is listed under Article 91(1), so that its applicants are eligible."""

    country: CountryCode
    begins: Instant
    act: Line
    ends: Instant | None = None


class UnlistCountry(Command, frozen=True, kw_only=True):
    """Record that a third country leaves the list of Article 91(1), from an instant on."""

    country: CountryCode
    ends: Instant
    act: Line


def record_adequacy(state: State, c: RecordAdequacy, actor: Actor, at: datetime) -> Outcome:
    """S58, S59: of a country outside the EEA, once for a scope and a time. Privacy Shield is never adequate again."""
    if c.scope is AdequacyScope.PRIVACY_SHIELD:
        text = "Privacy Shield is invalid since 16 July 2020; name another basis for the transfer"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    same = _decisions(state, c.country, c.scope)
    problem = _country_problem(c, at) or _overlap(same, c)
    if problem is not None:
        return problem
    return (e.AdequacyDecided(country=c.country, scope=c.scope, begins=c.begins, ends=c.ends, act=c.act),)


def end_adequacy(state: State, c: EndAdequacy, actor: Actor, at: datetime) -> Outcome:
    """S59, S67: from an instant at which it would hold; an ending can lie in the past, as that of a judgment does."""
    if not _holding(_decisions(state, c.country, c.scope), c.ends):
        text = f"no decision of scope `{c.scope}` on `{c.country}` would hold at `{format_instant(c.ends)}`"
        return Refusal(RefusalCode.NOT_FOUND, text)
    return (e.AdequacyEnded(country=c.country, scope=c.scope, ends=c.ends, act=c.act),)


def list_country(state: State, c: ListCountry, actor: Actor, at: datetime) -> Outcome:
    """E13: a third country, once for a time; adequacy or a licence does not replace the listing."""
    problem = _country_problem(c, at) or _overlap(_listings(state, c.country), c)
    return problem or (e.CountryListed(country=c.country, begins=c.begins, ends=c.ends, act=c.act),)


def unlist_country(state: State, c: UnlistCountry, actor: Actor, at: datetime) -> Outcome:
    """E13: from an instant at which it would be listed."""
    if not _holding(_listings(state, c.country), c.ends):
        text = f"`{c.country}` would not be listed at `{format_instant(c.ends)}`"
        return Refusal(RefusalCode.NOT_FOUND, text)
    return (e.CountryUnlisted(country=c.country, ends=c.ends, act=c.act),)


def _decisions(state: State, country: str, scope: AdequacyScope) -> list[Span]:
    return [Span(one.begins, one.ends) for one in state.adequacy if (one.country, one.scope) == (country, scope)]


def _listings(state: State, country: str) -> list[Span]:
    return [Span(one.begins, one.ends) for one in state.eligible if one.country == country]


def _country_problem(c: RecordAdequacy | ListCountry, at: datetime) -> Refusal | None:
    """S57, REQ-11: a real country, outside the EEA, for a term that is not inverted and not over."""
    if not is_country(c.country):
        return Refusal(
            RefusalCode.NOT_ALLOWED_VALUE, f"`{c.country}` is no country of ISO 3166; write one such as `JP`"
        )
    if in_eea(c.country, c.begins):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`{c.country}` is in the EEA then, and needs no such act")
    if c.ends is not None and not max(c.begins, at) < c.ends:
        text = f"`{format_instant(c.ends)}` has to lie after the beginning, and after now"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return None


def _overlap(spans: list[Span], c: RecordAdequacy | ListCountry) -> Refusal | None:
    new = Span(c.begins, c.ends)
    if not any(new.holds(one.begins) or one.holds(new.begins) for one in spans):
        return None
    return Refusal(RefusalCode.ALREADY_EXISTS, f"`{c.country}` has one for a part of this time; end that one first")


def _holding(spans: list[Span], at: datetime) -> bool:
    """Say whether something that began before `at` holds at `at`, so that an end at `at` takes something away."""
    return any(one.begins < at and one.holds(at) for one in spans)
