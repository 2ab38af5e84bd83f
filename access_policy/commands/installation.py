"""The installation itself: its beginning, its settings, and commands that wait for a second person."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Outcome, Refusal, RefusalCode
from access_policy.state import State


class AdoptSettings(Command, frozen=True, kw_only=True):
    """Adopt the settings that decisions depend on. The program does this at a start that finds them changed."""

    session_hours: Annotated[int, Meta(ge=1, le=24)]
    term_days_longest: Annotated[int, Meta(ge=1, le=3653)]


class ConfirmProposal(Command, frozen=True, kw_only=True):
    """Confirm a command that another admin proposed; it is then carried out, as that admin's command."""

    proposal: int


class DropProposal(Command, frozen=True, kw_only=True):
    """Take back or turn down a proposed command."""

    proposal: int


def adopt_settings(state: State, c: AdoptSettings, actor: Actor, at: datetime) -> Outcome:
    """Settings as facts: a changed file changes no past decision."""
    in_force = state.settings
    wanted = (c.session_hours, c.term_days_longest)
    if in_force.since is not None and wanted == (in_force.session_hours, in_force.term_days_longest):
        return Refusal(RefusalCode.WRONG_STATE, "these settings are in force already")
    return (e.PolicySettingsAdopted(session_hours=c.session_hours, term_days_longest=c.term_days_longest),)


def drop_proposal(state: State, c: DropProposal, actor: Actor, at: datetime) -> Outcome:
    """Either of the two can say no."""
    if c.proposal not in state.proposals:
        return Refusal(RefusalCode.NOT_FOUND, f"no proposal `{c.proposal}` waits")
    return (e.ProposalDropped(proposal=c.proposal),)
