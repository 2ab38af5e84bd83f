"""A loss of facts, and its acceptance by two admins: what brings a log back that is behind its newest checkpoint."""

import sys
from datetime import datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Outcome, Refusal, RefusalCode, name_of
from access_policy.commands.installation import ConfirmProposal, DropProposal, FinishUpgrade
from access_policy.state import State, epoch_of

Count = Annotated[int, Meta(ge=0)]


class AcceptLoss(Command, frozen=True, kw_only=True):
    """Go on with a log that is behind its newest checkpoint, as another history: every live grant is suspended.

    `kept` facts and `observations` are those that checkpoints still prove, `lost` is the size of the newest checkpoint,
    and `epoch` the number of the history that begins.
    """

    kept: Count
    lost: Count
    epoch: Annotated[int, Meta(ge=1, le=999_999)]
    observations: Count


def accept_loss(state: State, c: AcceptLoss, actor: Actor, at: datetime) -> Outcome:
    """AUD-02: one loss after another. Whether something is lost is known outside the log, and asked by who appends."""
    if c.epoch <= epoch_of(state.losses):
        return Refusal(RefusalCode.WRONG_STATE, f"history `{c.epoch}` has begun already; look at the log again")
    if c.kept > state.seq:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"the log holds `{state.seq}` facts, so it kept no `{c.kept}`")
    return (e.LossAccepted(epoch=c.epoch, kept=c.kept, lost=c.lost, observations=c.observations),)


def facts_before_acceptance(state: State) -> int:
    """Return how many facts stood when somebody first proposed to accept a loss; no bound where nobody did."""
    waiting = [one.seq - 1 for one in state.proposals.values() if one.command == name_of(AcceptLoss)]
    return min(waiting, default=sys.maxsize)


def leads_out(state: State, command: Command) -> bool:
    """Say whether a command may be given while the log is behind: the acceptance, its answer, what both wait for."""
    if isinstance(command, ConfirmProposal | DropProposal):
        proposal = state.proposals.get(command.proposal)
        return proposal is not None and proposal.command == name_of(AcceptLoss)
    return isinstance(command, AcceptLoss | FinishUpgrade)
