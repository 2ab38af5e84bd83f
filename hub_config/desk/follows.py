"""What a command would do at once, shown beside its form before the button (S94). The core works it out."""

from typing import Any, NamedTuple

from access_policy.commands.base import Command, Refusal, name_of, parse_command
from access_policy.preview import Effect, preview
from access_policy.reasons import REASONS
from hub_config.desk.desk import View
from hub_config.desk.kinds import kinds
from hub_config.desk.sight import sees_request

LOOKED_AT: frozenset[type[Command]] = frozenset(
    kinds(
        "approve-amendment", "approve-clinical", "approve-request", "disable-person", "drop-dataset", "enable-person",
        "end-adequacy", "end-agreement", "end-investigator", "end-request", "end-role", "exclude-organisation",
        "grant-extension", "lift-exclusion", "make-available", "make-available-to-contact", "record-agreement",
        "record-departure", "reinstate-request", "remove-contact", "reopen-dataset", "reset-factors",
        "revise-course", "revoke-certification", "revoke-trainer", "suspend-request", "unlist-country",
        "verify-person", "withdraw-dataset", "withdraw-request", "withdraw-verification",
    )
)  # fmt: skip
"""The commands that give somebody access or take it away, so that what follows is worth a look before."""

_FREE = ("reason", "evidence", "assessment", "act")


class Follows(NamedTuple):
    """What the visitor may read of it, and how many people, and workspaces that run, it concerns in all.

    `refused`: it would not go through.
    """

    effects: tuple[Effect, ...] = ()
    unseen: int = 0
    losing: int = 0
    gaining: int = 0
    running: int = 0
    refused: str = ""


def follows(view: View, kind: type[Command], values: dict[str, Any]) -> Follows | None:
    """Return what the command would do now, or None where too little of it is known to say."""
    if kind not in LOOKED_AT:
        return None
    blank = {name: "-" for name in _FREE if name in kind.__struct_fields__}
    try:
        command = parse_command(name_of(kind), {**blank, **values})
    except ValueError:
        return None
    found = preview(view.state, command, view.actor, view.at)
    if isinstance(found, Refusal):
        return Follows(refused=found.text)
    losing = {one.person for one in found if one.loses}
    gaining = {one.person for one in found if one.gains}
    seen = tuple(one for one in found if _sees(view, one))
    return Follows(
        seen, len(found) - len(seen), len(losing), len(gaining), sum(one.running for one in found if one.loses)
    )


def _sees(view: View, one: Effect) -> bool:
    """REQ-03: a trainer, say, learns how many lose access by a revocation, and not who has asked for which data."""
    return sees_request(view, view.state.requests[one.request])


def follows_json(found: Follows | None) -> dict[str, Any]:
    """Return the same for programs; `known` is false where too little was given to say."""
    if found is None:
        return {"known": False, "effects": []}
    counted = {name: getattr(found, name) for name in ("losing", "gaining", "running", "unseen")}
    effects = [_effect_json(one) for one in found.effects]
    return {"known": True, "refused": found.refused or None, **counted, "effects": effects}


def _effect_json(one: Effect) -> dict[str, Any]:
    return {
        "person": one.person,
        "request": one.request,
        "gains": list(one.gains),
        "loses": list(one.loses),
        "codes": [str(code) for code in one.codes],
        "running": one.running,
    }


def why(one: Effect) -> str:
    """Return in words why something is lost."""
    return "; ".join(REASONS[code].failing for code in one.codes)
