"""One event as a pack holds it, and what quotes it: decisions at starts and refusals, and signatures (S25, S75).

`verify.py` works the same lines out of the stored bytes and compares them, so what stands here is a promise.
"""

import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, NamedTuple

from access_policy.events import Fact, LicenceSigned, WorkspaceRefused, WorkspaceStarted
from access_policy.log.rows import Row
from access_policy.state import State
from hub_config.audit.words import details_of, nen7513, outcome_of, title_of, who
from hub_config.cli.shown import fields_of

SIGNED_FIELDS = ("request", "institution", "party", "person", "licence", "version", "digest")


class Entry(NamedTuple):
    """An event of a pack: as it is stored, as it reads, and the proof that it is in the tree of its checkpoint."""

    stream: str
    row: Row
    fact: Fact
    proof: Sequence[bytes]


def entry_json(entry: Entry, state: State) -> dict[str, Any]:
    """Return the line of `events.jsonl` or `observations.jsonl`. `opened` holds what the installation unsealed."""
    _, row, fact, proof = entry
    fields, read = json.loads(row.payload), fields_of(fact.event)
    sealed = [name for name, value in fields.items() if isinstance(value, dict) and "sealed" in value]
    return {
        "seq": row.seq,
        "at": row.at.decode(),
        "actor": row.actor.decode(),
        "kind": row.kind.decode(),
        "payload": base64(row.payload),
        "leaf": base64(row.leaf),
        "proof": [base64(one) for one in proof],
        "opened": {name: read.get(name) for name in sealed},
        "nen7513": nen7513(fact, state, outcome_of(fact.event)),
        "words": f"{title_of(fact.event)}, by {who(fact.actor, state)}: {details_of(fact.event, state)}",
    }


def decision_json(entry: Entry) -> dict[str, Any] | None:
    """Return the line of `decisions.jsonl`, None for an event that tells of no decision."""
    stream, row, fact, _ = entry
    if not isinstance(fact.event, WorkspaceStarted | WorkspaceRefused):
        return None
    fields = json.loads(row.payload)
    head = {"stream": stream, "seq": row.seq, "at": row.at.decode(), "person": fields["person"]}
    if isinstance(fact.event, WorkspaceStarted):
        answer = {"effect": "allow", "decision": json.loads(fields["decision"])}
    else:
        answer = {"effect": "deny", "codes": fields["codes"]}
    return head | {"request": fields["request"]} | answer


def signature_json(entry: Entry, state: State, texts: frozenset[str]) -> dict[str, Any] | None:
    """Return the line of `signatures.jsonl`, None for an event that is no signature of a licence (S23, S25).

    `texts` are the digests of the texts in the pack.
    """
    stream, row, fact, _ = entry
    if not isinstance(fact.event, LicenceSigned):
        return None
    fields, person = json.loads(row.payload), state.people.get(fact.event.person)
    head = {"stream": stream, "seq": row.seq, "at": row.at.decode(), "actor": row.actor.decode()}
    digest = fields.get("digest")
    return (
        head
        | {name: fields.get(name) for name in SIGNED_FIELDS}
        | {
            "name": person.name if person is not None else None,
            "text": f"documents/{digest}.txt" if digest in texts else None,
        }
    )


def base64(data: bytes) -> str:
    """Return bytes in base64."""
    return b64encode(data).decode()
