"""Rotates the checkpoint key: the steps, in an order in which each may be the last for a while (AUD-12).

1. The log is whole and not behind what was signed, and its head is signed with the former key.
2. The new key is written beside it, `checkpoint.key.new`: from here on `sluis run` asks to finish this.
3. The fact `CheckpointKeyRotated`: from here on nobody signs with the former key (`signers.refuse_retired`).
4. The key note, beside the checkpoints: from here on everybody takes the new key for the one that signs.
5. The new key takes the former one's place, and signs the head.

Whoever is interrupted runs it again: what was done stands, the rest follows. A lost key is replaced likewise, but what
it signed is verified with its public half, and only the new key signs the key note, which says so.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from access_policy.actor import Actor
from access_policy.commands.base import Refusal
from access_policy.commands.installation import RotateCheckpointKey
from access_policy.log.checkpoints import Series, is_excused, log_origin, newest_of_current
from access_policy.log.erased import entries, read_erased, write_erased
from access_policy.log.errors import KeyRetired, UnusableKeys
from access_policy.log.forms import is_known
from access_policy.log.keys import (
    KEY_SIZE,
    Keys,
    install_successor,
    keep_successor,
    load_keys,
    load_keys_with,
    read_successor,
)
from access_policy.log.mark import Mark
from access_policy.log.notes import VerifierKey
from access_policy.log.signers import KeyNote, Reach, Trusts, key_notes, signers_of
from access_policy.log.targets import Target
from access_policy.log.verify import verify
from access_policy.model.enums import Component
from access_policy.state import Loss, Rotation, State, epoch_of, retired_keys
from access_policy.use_cases import Policy
from hub_config.bootstrap import StateProblem, check_presence, open_policy, open_unwitnessed
from hub_config.checkpoint_folder import checkpoint_target
from hub_config.cli.reading import opened
from hub_config.databases import as_stored
from hub_config.lock import only_one
from hub_config.places import Places


class RotationRefused(Exception):
    """A rule stands against it: the text says which."""


class Rotated(NamedTuple):
    """The rotation as its key note says it, and why the new key has not signed the head yet, or None."""

    note: KeyNote
    problem: str | None


@dataclass(frozen=True)
class _Change:
    """A rotation under way: which key follows which, of what origin, and who signs the key note."""

    places: Places
    operator: str
    origin: str
    former: Trusts
    seed: bytes

    @property
    def key(self) -> Ed25519PrivateKey:
        """Return the new key."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def lost(self) -> bool:
        """Say whether the former key is not there to sign."""
        return not isinstance(self.former, Keys)


def rotate(places: Places, operator: str, lost: VerifierKey | None = None) -> Rotated:
    """Replace the checkpoint key, or finish what was begun; `lost` is the verifier key of one that is gone.

    Raises StateProblem, LogError, SettingsProblem, OSError or RotationRefused: then nothing has changed but what the
    same call, given again, goes on from.
    """
    check_presence(places)
    with only_one(places):
        seed = read_successor(places.keys) or secrets.token_bytes(KEY_SIZE)
        note = _noted(places, seed)
        if note is None:
            note = _anew(places, operator, seed) if lost is None else _lost(places, operator, seed, lost)
        install_successor(places.keys)
        return Rotated(note, _signed(places))


def _noted(places: Places, seed: bytes) -> KeyNote | None:
    """Return the key note of a rotation in which all but the last step is done, None where there is no such."""
    policy = open_unwitnessed(places, keys := load_keys_with(places.keys, seed))
    try:
        with policy.reading() as state:
            origin = log_origin(state.installation)
    finally:
        policy.store.close()
    notes = key_notes(checkpoint_target(places), origin)
    ours = bool(notes) and notes[-1].key.public == keys.public
    return notes[-1] if ours else None


def _anew(places: Places, operator: str, seed: bytes) -> KeyNote:
    """Take the steps from the key in hand; a log that is behind, or does not verify, is refused (AUD-02)."""
    keys = load_keys(places.keys)
    with opened(places) as policy:
        with policy.reading() as state:
            change = _Change(places, operator, log_origin(state.installation), keys, seed)
            _check_format(state)
            begun = str(VerifierKey(change.origin, keys.public)) in retired_keys(state)
        problem = None if begun else policy.sign()
        if problem is not None:
            raise StateProblem(f"the head is not signed, so nothing was changed: {problem}")
        return _carried_out(policy, change)


def _lost(places: Places, operator: str, seed: bytes, former: VerifierKey) -> KeyNote:
    """Take the steps without the former key: all that it signed is there and verifies, and the log holds it."""
    _check_is_lost(places, former)
    with _without_witness(places, seed) as policy:
        with policy.reading() as state:
            change = _Change(places, operator, log_origin(state.installation), former, seed)
            _check_format(state)
            losses = tuple(state.losses)
        target = checkpoint_target(places)
        _check_is_newest(target, former, change.origin)
        found = verify(as_stored(places, policy), target, former, change.origin)
        if not found.ok:
            raise StateProblem(f"with that key the log does not verify: {found.problem}; nothing was changed")
        newest = newest_of_current(target, former, change.origin)
        if newest is None or newest.epoch != epoch_of(losses):
            raise StateProblem(
                "the newest checkpoint of this log was not signed with that key, or is gone; name the key that did"
            )
        _check_mark(policy, change, losses)
        return _carried_out(policy, change)


def _check_mark(policy: Policy, change: _Change, losses: Sequence[Loss]) -> None:
    """AUD-02: what this machine signed last is in the log, too, or lost by what two admins accepted."""
    target = checkpoint_target(change.places)
    mark = Mark(change.places.signed).newest(target, change.former, change.origin)
    if mark is None or is_excused(mark, losses, Series.FACTS) or policy.store.root_at(mark.size) == mark.root:
        return
    raise StateProblem(f"this machine signed `{mark.size}` facts, which the log does not hold; nothing was changed")


def _check_is_newest(target: Target, former: VerifierKey, origin: str) -> None:
    """AUD-12: a key that was retired did not sign last; that is about what was typed, not about `checkpoint.key`."""
    try:
        signers_of(target, former, origin)
    except KeyRetired:
        by = next(note.name for note in key_notes(target, origin) if note.former.public == former.public)
        raise StateProblem(f"that key was retired by `{by}`; name the newest, which signed last") from None


def _check_is_lost(places: Places, former: VerifierKey) -> None:
    try:
        there = load_keys(places.keys).public == former.public
    except UnusableKeys:
        return
    if there:
        raise StateProblem("`checkpoint.key` is that key and whole, so it is not lost; leave --lost out")


@contextmanager
def _without_witness(places: Places, seed: bytes) -> Iterator[Policy]:
    policy = open_unwitnessed(places, load_keys_with(places.keys, seed))
    try:
        yield policy
    finally:
        policy.store.close()


def _check_format(state: State) -> None:
    if not is_known("CheckpointKeyRotated", state.format):
        text = f"the log is of format `{state.format}`, which knows no rotation; run `sluis upgrade finish` first"
        raise RotationRefused(f"upgrade_first: {text}")


def _carried_out(policy: Policy, change: _Change) -> KeyNote:
    """Leave the new key, the fact and the key note, as far as they are not there yet."""
    target, former = checkpoint_target(change.places), change.former
    notes = signers_of(target, former, change.origin).notes
    keys = VerifierKey(change.origin, former.public), VerifierKey(change.origin, change.key.public_key())
    with policy.reading() as state:
        if missing := missing_notes(state, keys[0], len(notes)):
            raise StateProblem(missing)
        listed = len(read_erased(target, former, change.origin))
        here = Reach(epoch_of(state.losses), state.seq, policy.store.observation_head().size, listed)
        if notes and not here.follows(notes[-1].reach):
            raise StateProblem(f"`{notes[-1].name}` tells of more than is there; put the files of its folder back")
    keep_successor(change.places.keys, change.seed)
    rotation = _fact(policy, change, len(notes) + 1)
    reach = _reach(policy, change, rotation)
    root = policy.store.root_at(reach.facts)
    if root is None:
        raise StateProblem(f"the log has no tree head of its `{reach.facts}` facts; run `sluis log verify`")
    note = KeyNote(len(notes) + 1, *keys, reach, root, change.lost)
    signers = [former.checkpoint, change.key] if isinstance(former, Keys) else [change.key]
    target.write(note.name, note.signed(change.origin, *signers))
    if key_notes(target, change.origin)[-1] != note:
        raise StateProblem(f"another rotation came first, see `{note.name}` beside the checkpoints; look into it")
    return note


def _reach(policy: Policy, change: _Change, rotation: Rotation) -> Reach:
    """Return how far the former key counts, now that nobody signs with it: to before the fact, and to what is there."""
    target, former = checkpoint_target(change.places), change.former
    with policy.reading() as state:
        epoch, erased = epoch_of(state.losses), entries(state.erased, state.losses)
    if isinstance(former, Keys):
        write_erased(target, erased, former, change.origin)
    listed = len(read_erased(target, former, change.origin))
    return Reach(epoch, rotation.seq - 1, policy.store.observation_head().size, listed)


def missing_notes(state: State, ours: VerifierKey, notes: int) -> str | None:
    """Say that the rotation which brought this key has left more key notes than are there, or None (AUD-12)."""
    left = max((one.number for one in state.rotations if one.key == str(ours)), default=0)
    if left <= notes:
        return None
    return f"rotation `{left}` has left its key note, and only `{notes}` lie beside the checkpoints; put them back"


def _fact(policy: Policy, change: _Change, number: int) -> Rotation:
    """Return the fact of this rotation, which is appended where it does not stand yet."""
    former, key = (str(VerifierKey(change.origin, one)) for one in (change.former.public, change.key.public_key()))
    with policy.reading() as state:
        newest, epoch = state.rotations[-1:], epoch_of(state.losses)
    if newest and newest[0].epoch == epoch and _said(newest[0]) == (number, former, key, change.lost):
        return newest[0]
    command = RotateCheckpointKey(number=number, former=former, key=key, lost=change.lost)
    outcome = policy.handle(command, Actor(operator=change.operator, component=Component.INSTALLATION))
    if isinstance(outcome, Refusal):
        raise RotationRefused(f"{outcome.code}: {outcome.text}")
    with policy.reading() as state:
        return state.rotations[-1]


def _said(rotation: Rotation) -> tuple[int, str, str, bool]:
    return rotation.number, rotation.former, rotation.key, rotation.lost


def _signed(places: Places) -> str | None:
    """Sign the head with the new key; say in a line why that has to wait, or None."""
    policy = open_policy(places)
    try:
        return policy.sign()
    finally:
        policy.store.close()
