"""The pen of the demo's history: gives commands on their days, and knows which ids people got.

The clock of the log is set to each day in turn, so that what has expired in the demo has really expired. Nothing is
written past the commands: a step that a rule refuses stops the seeding with that refusal.
"""

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from access_policy import events as e
from access_policy.actor import Actor, component, operator
from access_policy.commands.base import Refusal, parse_command
from access_policy.log.records import Records
from access_policy.model.enums import Component, FactorKind, Role
from access_policy.model.ids import FactorId, PersonId, RequestId
from access_policy.use_cases import Policy
from hub_config.demo.people import ADMINS, DEMO_ISSUER, DemoPerson

HUB, DESK = component(Component.HUB), component(Component.DESK)
FIRST_ADMIN, SECOND_ADMIN = (admin.login for admin in ADMINS)
_REPRESENTATIVE = "rosa"
_OPERATOR = "demo"
_PACE = timedelta(minutes=1)


class DemoRefused(Exception):
    """A command of the demo's history was refused: the demo and the rules do not fit each other."""


class DemoClock:
    """The log's clock while the history is written: it stands on a day's morning, and moves a little at each look."""

    def __init__(self, present: datetime) -> None:
        self._today = present.replace(hour=6, minute=0, second=0, microsecond=0)
        self._at = self.morning(-730)

    def __call__(self) -> datetime:
        """Return the instant, a minute after the one before."""
        self._at += _PACE
        return self._at

    def morning(self, day: int) -> datetime:
        """Return 06:00 UTC of a day that counts from the present."""
        return self._today + timedelta(days=day)

    def turn_to(self, day: int) -> None:
        """Go on to a day; never back."""
        self._at = max(self._at, self.morning(day))


Step = Callable[[], None]


@dataclass
class Chronicle:
    """Writes the history: knows the ids that its people and requests got."""

    policy: Policy
    clock: DemoClock
    random_bytes: Callable[[int], bytes]
    identity_of: Callable[[str], str]
    people: dict[str, PersonId]
    secrets: dict[str, str] = field(default_factory=dict)
    factors: dict[str, str] = field(default_factory=dict)

    def write(self, steps: Iterable[tuple[int, Step]]) -> None:
        """Take every step, in the order of the days. Raises DemoRefused."""
        for day, step in sorted(steps, key=lambda each: each[0]):
            self.clock.turn_to(day)
            step()

    def give(self, who: str, command: str, **arguments: Any) -> tuple[e.Fact, ...]:
        """Give a command on behalf of a person; return its facts."""
        return self.carry_out(operator(_OPERATOR, self.people[who]), command, arguments)

    def carry_out(
        self, actor: Actor, command: str, arguments: dict[str, Any], beside: Callable[[Records], None] | None = None
    ) -> tuple[e.Fact, ...]:
        """Give a command as any actor; return its facts. Raises DemoRefused."""
        outcome = self.policy.handle(parse_command(command, arguments), actor, beside)
        if isinstance(outcome, Refusal):
            raise DemoRefused(f"{command} {arguments} as {actor}: {outcome.code}: {outcome.text}")
        return outcome.facts

    def later(self, who: str, command: str, **arguments: Any) -> Step:
        """Return a step that gives a command; its `person` is a login, looked up when the step is taken."""

        def step() -> None:
            if "person" in arguments:
                arguments["person"] = self.people[arguments["person"]]
            self.give(who, command, **arguments)

        return step

    def digest(self, request: str) -> str:
        """Return the hash of a request's signed form."""
        with self.policy.reading() as state:
            return state.requests[RequestId(request)].digest or ""

    def register(self, person: DemoPerson) -> None:
        """Register a person with the identity that they log in with."""
        values = {"name": person.name, "email": person.email, "institution": person.institution}
        (fact,) = self.give(FIRST_ADMIN, "register-person", **values)
        assert isinstance(fact.event, e.PersonRegistered)  # noqa: S101 (what the command's handler returns)
        self.people[person.login] = fact.event.person
        identity = {"identity": self.identity_of(person.login), "issuer": DEMO_ISSUER, "subject": person.login}
        self.give(SECOND_ADMIN, "link-identity", person=fact.event.person, **identity)

    def appoint(self, person: DemoPerson) -> None:
        """Appoint a person to their roles, by two admins; who signs for an institution, by the representative."""
        until, who = self.clock.morning(1000), self.people[person.login]
        for role in person.roles:
            if role is Role.SIGNATORY:
                self.give(_REPRESENTATIVE, "appoint-signatory", person=who, until=until)
            else:
                self.agree(FIRST_ADMIN, "appoint-role", person=who, role=role, until=until)

    def agree(self, who: str, command: str, **arguments: Any) -> None:
        """Let a person propose a command that needs a second one; the second admin confirms."""
        (fact,) = self.give(who, command, **arguments)
        assert isinstance(fact.event, e.CommandProposed)  # noqa: S101 (as above)
        self.give(SECOND_ADMIN, "confirm-proposal", proposal=fact.event.proposal)

    def enrol(self, login: str) -> None:
        """Enrol a one-time-code factor as the login does: the secret is a record of the same append."""
        factor = FactorId(f"totp-{self.random_bytes(8).hex()}")
        secret = base64.b32encode(self.random_bytes(20)).decode()
        who = self.people[login]

        def keep(records: Records) -> None:
            records.save_pending_factor(factor, who, FactorKind.TOTP, secret, self.clock())
            records.activate_factor(factor)

        self.carry_out(HUB, "enrol-factor", {"person": who, "factor": factor, "kind": "totp"}, keep)
        self.secrets[login], self.factors[login] = secret, factor

    def confirm(self, login: str) -> None:
        """Let the verifier confirm the factor."""
        self.give(verifier(login), "confirm-factor", person=self.people[login], factor=self.factors[login])


def verifier(login: str) -> str:
    """Return who verifies a person: the first admin everybody, the second one the first."""
    return SECOND_ADMIN if login == FIRST_ADMIN else FIRST_ADMIN
