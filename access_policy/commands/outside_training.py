"""Certificates of outside providers: whom the centre trusts for a course, and what it accepts of them (S74, REQ-07)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Instant, Line, Name, OfPerson, Outcome, Refusal, RefusalCode
from access_policy.commands.training import no_course
from access_policy.model.enums import CertificationKind
from access_policy.model.ids import CourseName, ProviderName
from access_policy.model.instants import days
from access_policy.state import Provider, State

LONGEST_TRUST_DAYS = 1827


class TrustProvider(Command, frozen=True, kw_only=True):
    """Trust the certificates of an outside provider for a course, until a date."""

    provider: Name
    name: Line
    course: Name
    until: Instant


class DistrustProvider(Command, frozen=True, kw_only=True):
    """Accept no further certificates of an outside provider."""

    provider: Name


class AcceptCertificate(OfPerson, frozen=True, kw_only=True):
    """Accept the certificate of a trusted outside provider; it holds until its own end, at most a course's validity.

    `passed_on` is when the examination was passed: not before the version of the course that binds now.
    """

    course: Name
    provider: Name
    passed_on: Instant
    ends: Instant


def trust_provider(state: State, c: TrustProvider, actor: Actor, at: datetime) -> Outcome:
    """S74: for one course, until a date; a name that is trusted is not turned into another's by the way."""
    if CourseName(c.course) not in state.courses:
        return no_course(c.course)
    if not at < c.until <= at + days(LONGEST_TRUST_DAYS):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`until` lies between now and {LONGEST_TRUST_DAYS} days on")
    if _trusted(state, c.provider, at) is not None:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"provider `{c.provider}` is trusted already; distrust it first")
    return (
        e.ProviderTrusted(provider=ProviderName(c.provider), name=c.name, course=CourseName(c.course), until=c.until),
    )


def _trusted(state: State, name: str, at: datetime) -> Provider | None:
    provider = state.providers.get(ProviderName(name))
    return provider if provider is not None and at < provider.until else None


def distrust_provider(state: State, c: DistrustProvider, actor: Actor, at: datetime) -> Outcome:
    """S74: from now on; what was accepted before stands until it is revoked."""
    provider = _trusted(state, c.provider, at)
    if provider is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no provider named `{c.provider}` is trusted")
    return (e.ProviderDistrusted(provider=provider.provider),)


def accept_certificate(state: State, c: AcceptCertificate, actor: Actor, at: datetime) -> Outcome:
    """S74: of a provider that is trusted for this very course; never for longer than the course itself would hold.

    E28, REQ-07: and passed under the version that binds now, as every other certification.
    """
    course = state.courses.get(CourseName(c.course))
    if course is None:
        return no_course(c.course)
    provider = _trusted(state, c.provider, at)
    if provider is None or provider.course != course.course:
        return Refusal(RefusalCode.NOT_FOUND, f"no provider named `{c.provider}` is trusted for `{c.course}`")
    if not at < c.ends <= at + days(course.validity_days):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`ends` lies between now and {course.validity_days} days on")
    if not course.binding_since <= c.passed_on <= at:
        text = f"`passed_on` lies between the binding version of `{c.course}` and now; what was passed before is over"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return (
        e.PersonCertified(
            person=c.person, course=course.course, ends=c.ends, kind=CertificationKind.OUTSIDE,
            provider=provider.provider, passed_on=c.passed_on,
        ),
    )  # fmt: skip
