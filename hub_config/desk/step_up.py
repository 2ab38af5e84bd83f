"""Commands that take a fresh second factor: it is given at the hub, for this one command alone (S76).

Nobody is asked for a factor in vain: what would be refused now is refused before. What was decided on afterwards is the
same command, by its hash, on the newest facts.
"""

import secrets

from access_policy.actor import person as acting
from access_policy.commands.base import Command, Refusal, RefusalCode, name_of
from access_policy.handle import handle
from access_policy.log.records import token_digest
from access_policy.step_ups import canonical, needs_step_up
from access_policy.use_cases import Done
from hub_config import step_ups
from hub_config.desk.desk import View, Visit
from hub_config.desk.errors import Refused, StepUpNeeded
from hub_config.step_ups import DESK, PROGRAM, Asker, Waiting

OVER = "what waited for your second factor is over, or was used; do it again"
OTHER = "this second factor was given for something else, or its time is over; leave the header out to ask anew"
_SUPPOSED = "asked for"


def refusal_now(view: View, command: Command) -> Refusal | None:
    """Return why a command would be refused now if the factor were given already, or None."""
    outcome = handle(view.state, command, acting(view.visit.person, _SUPPOSED), view.at)
    return outcome if isinstance(outcome, Refusal) else None


def ask(visit: Visit, command: Command, *, program: bool = False) -> StepUpNeeded:
    """Keep the command until its factor is given; return what sends the browser, or the program, for it."""
    token = secrets.token_urlsafe(32)
    asker = Asker(visit.person, visit.login.session, PROGRAM if program else DESK)
    try:
        step_ups.ask(visit.desk.policy, asker, command, token)
    except ValueError as error:
        raise Refused(422, "bad_request", str(error)) from None
    return StepUpNeeded(token, f"{visit.desk.hub}/step-up?ask={token}")


def waiting(visit: Visit, token: str) -> Waiting:
    """Return what waits for the visitor under a token. Raises Refused."""
    found = step_ups.waiting(visit.desk.policy, token, visit.person, visit.login.session)
    if found is None or not needs_step_up(type(found.command)):
        raise Refused(409, RefusalCode.STEP_UP_NEEDED, OVER)
    return found


def finish(visit: Visit, one: Waiting, token: str) -> Done | Refusal:
    """Carry out what waited, with the factor that was given. Raises StepUpNeeded where none was yet, else Refused."""
    step_up = step_ups.given(visit.desk.policy, one)
    if step_up is None:
        raise StepUpNeeded(token, f"{visit.desk.hub}/step-up?ask={token}")
    done = step_ups.carry_out(visit.desk.policy, one, step_up)
    if done is None:
        raise Refused(409, RefusalCode.STEP_UP_NEEDED, OVER)
    return done


def finish_with(visit: Visit, command: Command, token: str) -> Done | Refusal:
    """Carry out a program's command with the factor that was given for exactly this one. Raises as `finish`."""
    found = step_ups.waiting(visit.desk.policy, token, visit.person, visit.login.session)
    if found is None or found.ask.token != token_digest(token) or found.ask.form.encode() != canonical(command):
        visit.desk.policy.refused(visit.actor, name_of(type(command)), RefusalCode.STEP_UP_NEEDED)
        raise Refused(403, RefusalCode.STEP_UP_NEEDED, OTHER)
    return finish(visit, found, token)
