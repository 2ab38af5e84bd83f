"""How many facts each accepted loss kept, as far as any checkpoint proves it (E50, AUD-12).

Where a log contradicts a key note the accepted loss itself counts no former key's checkpoint: whoever has that key may
have signed it. Whom a list of the erased means asks the other way round: to count too little shows a name again that
had to be gone, and to count too much erases people that nobody but a forger knows. So here the checkpoints of every key
count, each within its reach.
"""

from pathlib import Path

from access_policy.log.checkpoints import Series, of_sizes
from access_policy.log.database import Database
from access_policy.log.plain_facts import plain_facts
from access_policy.log.rows import DatabaseRows
from access_policy.log.signers import Trusts
from access_policy.log.targets import Target


def kept_by_losses(database: Database, where: Target | Path, trusts: Trusts, origin: str) -> dict[int, int]:
    """Return how many facts were kept by the history that each accepted loss began.

    Raises as `all_checkpoints`, UnreadableLog.
    """
    found: dict[int, int] = {}
    for seq, _, fact in plain_facts(database, "LossAccepted"):
        more = range(fact.kept + 1, seq)[::-1]
        with database.read() as connection:
            rows = DatabaseRows(connection)
            signed = of_sizes(where, trusts, origin, Series.FACTS, more)
            held = (one.size for one in signed if one.epoch < fact.epoch and rows.root(one.size) == one.root)
            found[fact.epoch] = next(held, fact.kept)
    return found
