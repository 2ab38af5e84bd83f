"""How a fact is taken into a state, and who else looks at it."""

from collections.abc import Callable

from access_policy.events import Fact
from access_policy.fold import fold
from access_policy.log.errors import UnreadableLog
from access_policy.state import State

Listener = Callable[[State, Fact], None]
"""Called for each fact in its order, from the first, with the state after it. It must not raise, nor write."""


def take(state: State, fact: Fact) -> None:
    """Fold a fact that was read. Raises UnreadableLog where it does not fit what came before."""
    try:
        fold(state, fact)
    except (LookupError, ValueError, TypeError) as error:
        raise UnreadableLog(
            f"fact `{fact.seq}` does not fit what came before: {error}; run `sluis log verify`"
        ) from None


def nobody(_state: State, _fact: Fact) -> None:
    """Listen to nothing."""
