"""Formats: which kinds of events a log can hold, and the older forms of those that changed.

A log's format stands in its facts: it begins with one, and `UpgradeFinished` gives it a later one. Until then nothing
is written that the release before could not read: a kind that is new waits, and a kind whose form changed is written in
its old form. What was written in an old form is read as the new one, for ever. An event's form is its `v`.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from access_policy import events as e
from access_policy.log.errors import UnreadableLog

Fields = dict[str, Any]
Cast = Callable[[Fields], Fields]

SINCE: Mapping[str, int] = {
    "CheckpointKeyRotated": 2,
    "AccessSearched": 2,
    "ClientEnded": 2,
    "ClientRegistered": 2,
    "ClockJumped": 2,
    "ConfirmationCodeIssued": 2,
    "ConfirmationCodeRedeemed": 2,
    "EmergencyAccessEnded": 2,
    "EmergencyAccessGranted": 2,
    "EndNotConfirmed": 2,
    "FactorRemoved": 2,
    "FileDropped": 2,
    "FileKept": 2,
    "FileRead": 2,
    "HomeDeleted": 2,
    "HomeDeletionOrdered": 2,
    "HomeReleased": 2,
    "HomeSetAside": 2,
    "LoginAddressDiffered": 2,
    "LossAccepted": 2,
    "NameCorrected": 2,
    "NoticeFailed": 2,
    "NoticeSent": 2,
    "ObservationsCut": 2,
    "PersonErased": 2,
    "SessionMoved": 2,
}
"""Kinds that are new, and the first format with them; all others are of format 1.

`UpgradeFinished` is of format 1, too: it is what leads out of it, and stops a release that does not know it.
"""


class Change(NamedTuple):
    """How a kind's form changed with a format: `down` to the form before, `up` from it; what it sealed only since."""

    format: int
    down: Cast
    up: Cast
    unsealed: frozenset[str] = frozenset()


def without(*names: str) -> Cast:
    """Return what leaves fields out."""
    return lambda fields: {name: value for name, value in fields.items() if name not in names}


def same(fields: Fields) -> Fields:
    """Return the fields as they are: what a new field says where it is missing is its default."""
    return fields


def _sealed(*texts: str) -> tuple[Change, ...]:
    """Return the change of a kind whose texts are sealed with the key of their writer now (E50)."""
    return (Change(2, without("writer"), same, frozenset(texts)),)


CHANGED: Mapping[str, tuple[Change, ...]] = {
    "CommandRefused": (Change(2, without("more"), same),),
    "DatasetWithdrawn": _sealed("reason"),
    "InstitutionCorrected": _sealed("reason"),
    "OrganisationExcluded": _sealed("reason"),
    "ProviderAudited": _sealed("auditor", "scope"),
    "PublicationRecorded": (Change(2, same, same, frozenset({"title", "link", "acknowledgement"})),),
    "SecurityTested": _sealed("tester", "scope"),
    "InstallationBegun": (Change(2, without("format"), same),),
    "FactorEnrolled": (Change(2, without("vouched_by"), same),),
    "PersonRegistered": (Change(2, without("position", "field"), same, frozenset({"position", "field"})),),
    "PersonVerified": (Change(2, without("evidence"), same, frozenset({"evidence"})),),
    "PolicySettingsAdopted": (Change(2, without("idle_minutes"), same),),
    "SessionBegun": (
        Change(2, without("proof"), same),
        Change(2, without("provider", "assurance", "method", "factor", "zone"), same),
    ),
    "WorkspaceStarted": (Change(2, without("zone", "home"), same),),
}
"""Kinds whose form changed, each change with the format that it came with, oldest first: form `v` is after `v - 1`."""

VALUES_SINCE: Mapping[tuple[str, str], Mapping[str, int]] = {
    ("FactorEnrolled", "kind"): {"passkey": 2, "recovery": 2, "provider": 2},
    ("PersonVerified", "method"): {"provider": 2},
}
"""Words of a kind's field that are new, and the first format with them: an older release cannot read them."""


class Written(NamedTuple):
    """The fields of an event in one of its forms, and the names of those that are not sealed in it, but are since."""

    fields: Fields
    unsealed: frozenset[str]


def is_known(kind: str, log_format: int) -> bool:
    """Say whether a log of this format can hold events of this kind."""
    return SINCE.get(kind, 1) <= log_format


def holds(event: e.Event, log_format: int) -> bool:
    """Say whether a log of this format can hold an event: its kind, and the words in it."""
    kind = type(event).__name__
    words = ((values, getattr(event, field)) for (of, field), values in VALUES_SINCE.items() if of == kind)
    return is_known(kind, log_format) and all(values.get(str(word), 1) <= log_format for values, word in words)


def lowered(kind: str, fields: Fields, log_format: int) -> Written:
    """Return an event's fields in the form that a log of this format holds."""
    changes = CHANGED.get(kind, ())
    unsealed: frozenset[str] = frozenset()
    for number, change in reversed(list(enumerate(changes, 1))):
        if change.format > log_format:
            fields = change.down(fields) | {"v": number}
            unsealed |= change.unsealed
    return Written(fields, unsealed)


def raised(kind: str, fields: Fields) -> Written:
    """Return what stands in a row in the newest form. Raises UnreadableLog for a form that is newer than that."""
    changes = CHANGED.get(kind, ())
    version = fields["v"]
    if type(version) is not int or version < 1:
        raise TypeError(f"`{ascii(version)[:40]}` is no version")
    if version > len(changes) + 1:
        raise UnreadableLog(f"`{kind}` of version `{version}` is of a later release; use that one")
    unsealed: frozenset[str] = frozenset()
    for number, change in enumerate(changes[version - 1 :], version + 1):
        fields = change.up(fields) | {"v": number}
        unsealed |= change.unsealed
    return Written(fields, unsealed)


def refuse_later(event: e.Event) -> None:
    """Raise UnreadableLog for a fact that gives the log a format of a later release (FLT-10)."""
    if isinstance(event, e.InstallationBegun | e.UpgradeFinished) and not 1 <= event.format <= e.FORMAT:
        raise UnreadableLog(f"the log is of format `{event.format}`, not up to `{e.FORMAT}`; use the release of it")
