"""`sluis log prove`: that a fact stands in a signed tree, or that a signed tree only grew into a later one (AUD-10)."""

from pathlib import Path
from typing import Any

from access_policy.actor import Actor
from access_policy.events import LogRead
from access_policy.log.checkpoints import Checkpoint, Signing, all_checkpoints
from access_policy.log.keys import load_keys
from access_policy.log.proofs import Prover
from access_policy.log.rows import Row, leaves_of, stored
from access_policy.log.store import Head, LogStore
from access_policy.state import State
from access_policy.use_cases import Policy
from hub_config.audit.entries import base64
from hub_config.audit.signing import Signer, signer_of, tree_of, vkey
from hub_config.bootstrap import StateProblem
from hub_config.checkpoint_folder import checkpoint_folder
from hub_config.cli.answers import quoted, show_json, show_line
from hub_config.cli.options import Call, UsageProblem
from hub_config.cli.reading import opened

_NOW = "`sluis run` signs one at each stop and on its schedule; `sluis audit pack` does so at once"


def prove(call: Call) -> int:
    """Print an inclusion proof against the newest checkpoint, or the consistency proof between two."""
    given = call.arguments
    between = given.since is not None or given.to is not None
    if between == (given.seq is not None) or (between and None in (given.since, given.to)):
        raise UsageProblem("`log prove` takes the number of a fact, or `--from N --to M`, the sizes of two checkpoints")
    folder = checkpoint_folder(call.places) if given.checkpoints is None else Path(given.checkpoints)
    if given.checkpoints is not None and not folder.is_dir():
        text = f"there is no folder {quoted(given.checkpoints)} with checkpoints; leave --checkpoints out, or name one"
        raise UsageProblem(text)
    with opened(call.places) as policy:
        signer, signed = _signed(policy, call, folder)
        if between:
            pair = [_of_size(signed, size) for size in (given.since, given.to)]
            _record(policy, call, f"--from {given.since} --to {given.to}")
            answer = _consistency(policy.store, signer, pair)
        else:
            answer = _inclusion(policy, call, signer, signed)
    _show(answer, call)
    return 0


def _signed(policy: Policy, call: Call, folder: Path) -> tuple[Signer, dict[int, Checkpoint]]:
    """Return who signs, and the checkpoints of this history by their sizes."""
    keys = load_keys(call.places.keys)
    with policy.reading() as state:
        signer = signer_of(keys, state)
        losses = _kept(state)
    found = [one for one in all_checkpoints(folder, keys, signer.installation) if one.size]
    return signer, {one.size: one for one in found if one.epoch == signer.epoch or one.size <= losses}


def _kept(state: State) -> int:
    """Return how many facts every accepted loss kept: what was signed up to there holds in each history."""
    return min((loss.kept for loss in state.losses), default=0)


def _inclusion(policy: Policy, call: Call, signer: Signer, signed: dict[int, Checkpoint]) -> dict[str, Any]:
    seq, store = call.arguments.seq, policy.store
    if not 1 <= seq <= store.newest():
        raise UsageProblem(f"there is no fact `{seq}`; the log holds `1` to `{store.newest()}`")
    newest = max(signed, default=0)
    if seq > newest:
        raise StateProblem(f"fact `{seq}` is newer than the newest checkpoint, of `{newest}` facts; {_NOW}")
    _record(policy, call, str(seq))
    prover = Prover(newest, leaves_of(store.database, "facts"))
    _check(prover, signed[newest])
    (row,) = stored(store.database, "facts", seq, after=seq - 1)
    return _row_json(row) | {
        "index": seq - 1,
        "size": newest,
        "root": prover.root().hex(),
        "proof": [base64(one) for one in prover.inclusion(seq - 1)],
        **_signature(signer, signed[newest]),
    }


def _record(policy: Policy, call: Call, what: str) -> None:
    policy.observe(Actor(operator=call.operator), LogRead(what=f"log prove {what}"))


def _row_json(row: Row) -> dict[str, Any]:
    columns = {name: getattr(row, name).decode() for name in ("at", "actor", "kind")}
    return {"seq": row.seq, **columns, "payload": base64(row.payload), "leaf": base64(row.leaf)}


def _consistency(store: LogStore, signer: Signer, pair: list[Checkpoint]) -> dict[str, Any]:
    old, new = pair
    if old.size > new.size:
        raise UsageProblem("--from is larger than --to; name the earlier checkpoint first")
    prover = Prover(new.size, leaves_of(store.database, "facts"))
    _check(prover, new)
    return {
        "from": {"size": old.size, "root": old.root, **_signature(signer, old)},
        "to": {"size": new.size, "root": new.root, **_signature(signer, new)},
        "proof": [base64(one) for one in prover.consistency(old.size)],
    }


def _of_size(signed: dict[int, Checkpoint], size: int) -> Checkpoint:
    if size not in signed:
        raise UsageProblem(f"there is no checkpoint of `{size}` facts; those nearest are {_nearest(signed, size)}")
    return signed[size]


def _nearest(signed: dict[int, Checkpoint], size: int) -> str:
    return ", ".join(f"`{one}`" for one in sorted(signed, key=lambda one: abs(one - size))[:5]) or "none"


def _check(prover: Prover, signed: Checkpoint) -> None:
    if prover.root().hex() != signed.root:
        raise StateProblem(f"the log is different from its checkpoint of `{signed.size}` facts; run `sluis log verify`")


def _signature(signer: Signer, signed: Checkpoint) -> dict[str, str]:
    """Return the note and the key; the same head always gives the same note."""
    signing = Signing(signer.keys, signer.installation, signed.epoch)
    note = tree_of(Head(signed.size, signed.root, None), signing).note
    return {"checkpoint": note, "key": vkey(signer.keys, signed.origin)}


def _show(answer: dict[str, Any], call: Call) -> None:
    if call.json:
        show_json(answer)
        return
    if "seq" in answer:
        show_line(f"fact {answer['seq']} is in the signed tree of {answer['size']} facts, root {answer['root']}")
    else:
        show_line(f"the signed tree of {answer['from']['size']} facts grew into that of {answer['to']['size']}")
    show_line(f"the proof has {len(answer['proof'])} hashes; --json prints it with the checkpoint and the key")
