"""Certificates of outside providers: whom the centre trusts, and what it accepts of them (S74, REQ-07)."""

from datetime import timedelta
from typing import Any

import pytest

from access_policy import events as e
from access_policy.model.enums import CertificationKind
from access_policy.model.ids import CourseName, PersonId, ProviderName
from tests.unit.access_policy.world import (
    ADMIN,
    CERTIFIED_DAYS,
    COLLEAGUE,
    DAY,
    MINUTE,
    RESEARCHER,
    TICK,
    TRAINER,
    World,
    everything_holds,
    kinds,
)

ACADEMY = ProviderName("academy")
PRIVACY = CourseName("privacy")


def _trust(world: World, **changed: Any) -> dict[str, Any]:
    until = world.at + 100 * DAY
    return {"provider": "academy", "name": "The Academy", "course": "privacy", "until": until} | changed


def _trusting() -> World:
    """Return a world that trusts the academy for the course that binds everybody, and knows a second course."""
    world = everything_holds()
    world.do("register-course", ADMIN, course="cloud", title="Cloud", validity_days=30, required=False)
    world.agree("trust-provider", **_trust(world))
    return world


def _certificate(world: World, **changed: Any) -> dict[str, Any]:
    ends = world.at + 10 * DAY
    mine = {"person": COLLEAGUE, "course": "privacy", "provider": "academy", "passed_on": world.at, "ends": ends}
    return mine | changed


def test_a_provider_is_trusted_by_two_admins_for_a_course() -> None:
    """S74: for one course, until a date."""
    world = everything_holds()
    arguments = _trust(world)
    assert world.agree("trust-provider", **arguments)[1:] == (
        e.ProviderTrusted(provider=ACADEMY, name="The Academy", course=PRIVACY, until=arguments["until"]),
    )


@pytest.mark.parametrize(
    ("span", "code"),
    [(timedelta(0), "not_allowed_value"), (TICK, None), (1827 * DAY, None), (1827 * DAY + TICK, "not_allowed_value")],
    ids=["now", "a tick on", "five years", "a tick longer"],
)
def test_trust_ends(span: timedelta, code: str | None) -> None:
    """S74, REQ-11: after now, and within five years."""
    world = everything_holds()
    arguments = _trust(world, until=world.at + span)
    if code is None:
        assert kinds(world.do("trust-provider", ADMIN, **arguments)) == [e.CommandProposed]
    else:
        assert world.refusal("trust-provider", ADMIN, **arguments) == code


@pytest.mark.parametrize(
    ("who", "changed", "code"),
    [
        (ADMIN, {"provider": "school", "course": "cooking"}, "not_found"),
        (ADMIN, {}, "already_exists"),
        (ADMIN, {"course": "cloud"}, "already_exists"),
        (TRAINER, {"provider": "school"}, "not_permitted"),
    ],
    ids=["an unknown course", "trusted already", "trusted for another course", "a trainer"],
)
def test_trust_is_refused(who: PersonId, changed: dict[str, Any], code: str) -> None:
    """S74, REQ-06: for a course that is registered; a name that is trusted does not change what it stands for."""
    world = _trusting()
    assert world.refusal("trust-provider", who, **_trust(world, **changed)) == code


def test_a_provider_whose_time_is_over_is_trusted_anew() -> None:
    """S74, REQ-08: at its end the trust is over: there is none to end, and it can be given anew."""
    world = _trusting()
    world.at = world.state.providers[ACADEMY].until
    assert world.refusal("distrust-provider", ADMIN, provider="academy") == "not_found"
    world.agree("trust-provider", **_trust(world))


@pytest.mark.parametrize("who", [ADMIN, TRAINER], ids=["an admin", "a trainer"])
def test_a_distrusted_provider_certifies_nobody_any_more(who: PersonId) -> None:
    """S74: from now on; what was accepted before stands."""
    world = _trusting()
    world.do("accept-certificate", TRAINER, **_certificate(world))
    assert world.do("distrust-provider", who, provider="academy") == (e.ProviderDistrusted(provider=ACADEMY),)
    assert world.refusal("accept-certificate", TRAINER, **_certificate(world, person=RESEARCHER)) == "not_found"
    assert world.refusal("distrust-provider", who, provider="academy") == "not_found"
    assert world.state.people[COLLEAGUE].certifications[PRIVACY][0].revoked is None


def test_a_certificate_is_accepted_and_says_whose_it_is() -> None:
    """S74: it holds until its own end, on the ground of an outside certificate."""
    world = _trusting()
    arguments = _certificate(world)
    assert world.do("accept-certificate", TRAINER, **arguments) == (
        e.PersonCertified(
            person=COLLEAGUE,
            course=PRIVACY,
            ends=arguments["ends"],
            kind=CertificationKind.OUTSIDE,
            provider=ACADEMY,
            passed_on=arguments["passed_on"],
        ),
    )


@pytest.mark.parametrize(
    ("span", "code"),
    [
        (timedelta(0), "not_allowed_value"),
        (TICK, None),
        (CERTIFIED_DAYS * DAY, None),
        (CERTIFIED_DAYS * DAY + TICK, "not_allowed_value"),
    ],
    ids=["over now", "a tick on", "as long as the course holds", "a tick longer"],
)
def test_a_certificate_ends_within_the_validity(span: timedelta, code: str | None) -> None:
    """S74, REQ-07, REQ-08: not over yet, and never good for longer than a certification of today would be."""
    world = _trusting()
    arguments = _certificate(world, ends=world.at + span)
    if code is None:
        assert kinds(world.do("accept-certificate", TRAINER, **arguments)) == [e.PersonCertified]
    else:
        assert world.refusal("accept-certificate", TRAINER, **arguments) == code


@pytest.mark.parametrize(("before", "code"), [(TICK, None), (timedelta(0), "not_found")], ids=["before", "at its end"])
def test_a_certificate_needs_trust_that_is_not_over(before: timedelta, code: str | None) -> None:
    """S74, REQ-08: the provider is trusted up to the last microsecond, and not at the end."""
    world = _trusting()
    world.at = world.state.providers[ACADEMY].until - before
    if code is None:
        world.do("accept-certificate", TRAINER, **_certificate(world))
    else:
        assert world.refusal("accept-certificate", TRAINER, **_certificate(world)) == code


@pytest.mark.parametrize(
    ("who", "changed", "code"),
    [
        (TRAINER, {"course": "cooking"}, "not_found"),
        (TRAINER, {"provider": "school"}, "not_found"),
        (TRAINER, {"course": "cloud"}, "not_found"),
        (TRAINER, {"person": TRAINER}, "four_eyes"),
        (ADMIN, {}, "not_permitted"),
    ],
    ids=["an unknown course", "an unknown provider", "trusted for another course", "the trainer's own", "an admin"],
)
def test_a_certificate_is_refused(who: PersonId, changed: dict[str, Any], code: str) -> None:
    """S74, REQ-07: only of a provider that is trusted for this very course, and nobody accepts their own."""
    world = _trusting()
    assert world.refusal("accept-certificate", who, **_certificate(world, **changed)) == code


def test_an_accepted_certificate_opens_a_workspace_until_it_ends() -> None:
    """S74: it counts as the course itself does, and its own end is the end."""
    world = _trusting()
    world.do("revoke-certification", TRAINER, person=RESEARCHER, course="privacy", reason="lost")
    assert not world.decide().allowed
    ends = world.at + 30 * MINUTE
    world.do("accept-certificate", TRAINER, **_certificate(world, person=RESEARCHER, ends=ends))
    world.at = ends - TICK
    assert world.decide().allowed
    world.at = ends
    assert not world.decide().allowed
