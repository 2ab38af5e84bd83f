"""A fresh second factor for one command: asked for by the desk or a page of the hub, given at the hub, used once (S76).

Who asks keeps the command in its one form; the hub shows that form in words and writes down that a factor was given
for it; whoever carries the command out uses that up in the same append. All three name the same hash, person, session.
"""

from datetime import datetime, timedelta

import msgspec

from access_policy.actor import person as acting
from access_policy.commands.base import Command, Refusal
from access_policy.log.records import Ask, Records, StepUp, StepUpAsked, token_digest
from access_policy.model.ids import PersonId
from access_policy.step_ups import canonical, digest_of, read_canonical
from access_policy.use_cases import Done, Policy

DESK, HERE, PROGRAM = "desk", "factors", "program"
"""Where a browser goes on: at the desk, at the page of one's factors, or nowhere, where a program asked."""

ASK_TIME = timedelta(minutes=10)
"""How long a command waits for the factor."""

HOLDS = timedelta(minutes=5)
"""How long a factor that was given for a command can be used."""


class Waiting(msgspec.Struct, frozen=True):
    """A command that waits for a factor, or for being carried out with one."""

    ask: Ask
    command: Command

    @property
    def asked(self) -> StepUpAsked:
        """What a step-up has to be given for, to be given for this."""
        one = self.ask
        return StepUpAsked(token=one.token, person=one.person, session=one.session, command=one.command)


class Asker(msgspec.Struct, frozen=True):
    """Who asks: a person in a session (the digest of its token), and where the browser goes on afterwards."""

    person: PersonId
    session: str
    back: str


def ask(policy: Policy, asker: Asker, command: Command, token: str) -> None:
    """Keep a command until a factor is given for it; the browser carries `token`.

    Raises ValueError for a command that has no one form, and for an erased person.
    """
    form, at = canonical(command), policy.now()
    read_canonical(form)
    one = Ask(
        token=token_digest(token), person=asker.person, session=asker.session, command=digest_of(form),
        form=form.decode(), back=asker.back, created=at, expires=at + ASK_TIME,
    )  # fmt: skip
    policy.records.create_ask(one)


def waiting(policy: Policy, token: str, person: PersonId, session: str) -> Waiting | None:
    """Return what waits under a token for this person in this session, or None. What is shown is what is hashed."""
    found = policy.records.ask(token_digest(token), policy.now())
    if found is None or (found.person, found.session) != (person, session):
        return None
    form = found.form.encode()
    if digest_of(form) != found.command:
        return None
    try:
        return Waiting(found, read_canonical(form))
    except ValueError:
        return None


def given(policy: Policy, one: Waiting) -> StepUp | None:
    """Return the factor that was given for this, while it can be used."""
    return policy.records.step_up(one.asked, policy.now())


def carry_out(policy: Policy, one: Waiting, step_up: StepUp) -> Done | Refusal | None:
    """Carry a command out with the factor that was given for it, in one append; None where that was used meanwhile."""

    def use(records: Records) -> None:
        if not use_up(records, one, step_up, policy.now()):
            raise _UsedError

    try:
        return policy.handle(one.command, acting(one.ask.person, step_up.proof), use)
    except _UsedError:
        return None


def use_up(records: Records, one: Waiting, step_up: StepUp, at: datetime) -> bool:
    """Use up the factor that was given for this, as a part of what it was given for; say whether it was unused yet.

    The hub, which keeps them, takes it away; the desk marks it.
    """
    use = records.take_step_up if one.ask.back == HERE else records.use_step_up
    if use(one.asked, at) != step_up.proof:
        return False
    records.delete_ask(one.ask.token)
    return True


class _UsedError(Exception):
    """The step-up was used by another request meanwhile, or its time is over."""
