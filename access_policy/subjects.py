"""What facts and proposed commands are about, as short keys: so a proposal knows what came after it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from access_policy import events as e

_ALWAYS = ("person", "request", "study")
_THINGS = ("institution", "dataset", "provider", "course", "country")
_QUIET = frozenset(
    {
        e.CommandProposed, e.WorkspaceStarted, e.WorkspaceStopAsked, e.WorkspaceEnded, e.DocumentAccepted,
        e.AttendanceClaimed, e.TrainingPlanned, e.FileKept, e.FileDropped, e.EndNotConfirmed, e.EmergencyAccessGranted,
        e.EmergencyAccessEnded, e.HomeSetAside, e.HomeReleased, e.HomeDeletionOrdered, e.HomeDeleted,
    }
)  # fmt: skip
"""Facts that change nothing about whom they name, such as what somebody does alone to hold a proposal up."""


def of_event(event: e.Event) -> list[str]:
    """Return what a fact changes something about, such as `person P-1`."""
    named = ((name, getattr(event, name)) for name in _fields(type(event)))
    return [f"{name} {value}" for name, value in named if value is not None]


@cache
def _fields(kind: type[e.Event]) -> tuple[str, ...]:
    """Return the fields that count: a certification is news about a person, and none about its course."""
    if kind in _QUIET:
        return ()
    fields = kind.__struct_fields__
    things = () if {"person", "request"} & set(fields) else tuple(name for name in _THINGS if name in fields)[:1]
    return (*(name for name in _ALWAYS if name in fields), *things)


def of_arguments(arguments: Mapping[str, Any]) -> list[str]:
    """Return all that a command is about, by its arguments."""
    return [f"{name} {arguments[name]}" for name in (*_ALWAYS, *_THINGS) if arguments.get(name) is not None]
