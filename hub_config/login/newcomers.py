"""Somebody whose login is right and whom nobody knows by it: may they register themselves, and with what (S16, S31).

What the provider proved is never theirs to say: address, identity and institution come from the sealed claims, and a
form that brings more than its own fields is refused as a whole (ID-14). Knows nothing of HTTP.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from access_policy import events as e
from access_policy.arrivals import ByInvitation, WayIn, login_reference, trusted_names, way_in
from access_policy.commands.base import Command, Refusal, RefusalCode, parse_command
from access_policy.log.records import Records
from access_policy.model.ids import PersonId
from access_policy.use_cases import Policy
from hub_config.login.claims import Proved
from hub_config.login.flow import PageRefused
from hub_config.login.providers import Doors
from hub_config.login.refusals import Refusals
from hub_config.login.sessions import HUB

WHO_TIME = timedelta(minutes=15)
"""How long somebody may take to say who they are."""

FIELDS = ("name", "position", "field")
"""What somebody says of themselves."""

NOBODY = "Your login is right, but nobody here is registered with it."
_MENDABLE = (RefusalCode.NOT_ALLOWED_VALUE, RefusalCode.NOT_COMPLETE)


class Login(msgspec.Struct, frozen=True):
    """A login identity: its HMAC, and what it is made of. It is told to nobody but to who logged in with it."""

    identity: str
    issuer: str
    subject: str

    @property
    def reference(self) -> str:
        """By what they name it to the help desk."""
        return login_reference(self.identity)


class UnknownLogin(PageRefused):
    """A right login of somebody whom nobody knows, and who cannot register themselves with it.

    Whether a person has the address makes no difference to what is said (ID-12).
    """

    def __init__(self, login: Login, institutions: list[str]) -> None:
        super().__init__(NOBODY)
        self.login = login
        self.institutions = institutions


class Malformed(Exception):
    """Something that was typed cannot be taken; the text says what, in one line. `code` is for the log."""

    def __init__(self, text: str, code: str = "bad_request") -> None:
        super().__init__(text)
        self.code = code


class GoneError(Exception):
    """The half login was used or ran out meanwhile."""


class Newcomer(msgspec.Struct, frozen=True):
    """Who came, what the provider proved, and on which way they become a person."""

    login: Login
    found: Proved
    way: WayIn

    @property
    def command(self) -> str:
        """The command that registers them."""
        return "register-invited" if isinstance(self.way, ByInvitation) else "register-self"


def unknown(refusals: Refusals, login: Login, why: str, institutions: list[str]) -> UnknownLogin:
    """Return what to say to somebody whom nobody knows, after it went on record; an admin finds them by that."""
    refusals.record_stranger(login.identity, why)
    return UnknownLogin(login, institutions)


def known_institutions(policy: Policy, doors: Doors) -> list[str]:
    """Return the names of the institutions whose people can register themselves here."""
    with policy.reading_behind() as state:
        return trusted_names(state, policy.now(), doors.domains)


def is_known(policy: Policy, identity: str) -> bool:
    """Say whether somebody is known by a login identity by now: registered elsewhere, or linked by an admin."""
    with policy.reading_behind() as state:
        return identity in state.identities


def newcomer(policy: Policy, login: Login, found: Proved) -> Newcomer | None:
    """Return who came, where they can register themselves now; None: they cannot (S72, S73)."""
    with policy.reading_behind() as state:
        way = way_in(state, found.email, policy.now()) if found.email else None
    return None if way is None else Newcomer(login, found, way)


def said_by(newcomer: Newcomer, posted: Mapping[str, str]) -> Command:
    """Return the command for what somebody said. Raises Malformed, also for a field too many (ID-07, ID-08, ID-14)."""
    if not posted.keys() <= set(FIELDS):
        raise Malformed("a field was sent that does not belong here; open the page again", "forbidden_field")
    values = {name: posted.get(name, "").strip() for name in FIELDS}
    missing = next((name for name, value in values.items() if not value), None)
    if missing is not None:
        raise Malformed(f"`{missing}` is blank; write something")
    try:
        return parse_command(newcomer.command, {**values, **_proved(newcomer)})
    except ValueError as error:
        raise Malformed(str(error).removeprefix(f"`{newcomer.command}`: ")) from None


def _proved(newcomer: Newcomer) -> dict[str, Any]:
    """Return what nobody says of themselves."""
    login, way = newcomer.login, newcomer.way
    invited = {"invitation": way.invitation.invitation} if isinstance(way, ByInvitation) else {}
    return {
        "email": newcomer.found.email, "identity": login.identity, "issuer": login.issuer, "subject": login.subject,
    } | invited  # fmt: skip


def register(policy: Policy, command: Command, pending: str) -> PersonId | Refusal:
    """Register who came, and use their half login up in the same append; once, also in parallel (ID-05).

    Raises Malformed for what they can mend, GoneError where another window was faster; a refusal is for the log only.
    """

    def use_up(records: Records) -> None:
        if not records.delete_pending_login(pending):
            raise GoneError

    outcome = policy.handle(command, HUB, use_up)
    if isinstance(outcome, Refusal):
        if outcome.code in _MENDABLE:
            raise Malformed(outcome.text)
        return outcome
    return next(fact.event.person for fact in outcome.facts if isinstance(fact.event, e.PersonRegistered))
