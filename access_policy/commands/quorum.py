"""Which votes of the board count, and whether they carry what a member decides (S20)."""

from collections.abc import Mapping
from datetime import datetime

from access_policy.actor import Actor
from access_policy.commands.base import Refusal, RefusalCode
from access_policy.commands.independence import has_tie
from access_policy.model.enums import Role
from access_policy.model.ids import PersonId
from access_policy.standing import acts_as
from access_policy.state import Request, State

Votes = Mapping[PersonId, bool]


def counted_votes(state: State, request: Request, votes: Votes, at: datetime) -> dict[PersonId, bool]:
    """Return the votes that count: of those who sit on the board at `at`, and have no tie to the request (S20)."""
    return {
        member: vote
        for member, vote in votes.items()
        if acts_as(state, member, Role.BOARD_MEMBER, at) and not has_tie(state, request, member)
    }


def against(votes: Votes) -> Votes:
    """Return the votes as those for refusing what was voted on."""
    return {member: not vote for member, vote in votes.items()}


def quorum_missing(state: State, request: Request, votes: Votes, actor: Actor, at: datetime) -> Refusal | None:
    """S20: who decides votes for it by that. As many for the decision as settings say, and more than against it."""
    counted = counted_votes(state, request, votes, at).items()
    others = [vote for member, vote in counted if member != actor.person]
    needed, agree, given = state.settings.board_quorum, sum(others) + 1, len(others) + 1
    if agree >= needed and agree > given - agree:
        return None
    text = f"`{agree}` of `{given}` votes are for this decision; it needs `{needed}`, and more for it than against"
    return Refusal(RefusalCode.NOT_COMPLETE, text)
