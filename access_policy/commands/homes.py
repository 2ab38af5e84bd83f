"""Homes that are set aside since a dataset left their request, and what an admin has done with them (S46, S94, E62)."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import OfPerson, Outcome, Refusal, RefusalCode, Text, writer_of
from access_policy.commands.workspaces import RequestNumber
from access_policy.homes import left_now, runs
from access_policy.state import Home, State

HomeNumber = Annotated[int, Meta(ge=1, le=10**6)]


class SetHomeAside(OfPerson, frozen=True, kw_only=True):
    """Keep a home unopened, since a dataset that it had left the live request. Only the warden does this."""

    request: RequestNumber
    home: HomeNumber


class ReleaseHome(OfPerson, frozen=True, kw_only=True):
    """Let a home that was set aside be the one in use again: you looked, and nothing is in it that may not be.

    The home that is in use meanwhile is kept in its place. The workspace has to be stopped.
    """

    request: RequestNumber
    home: HomeNumber
    reason: Text


class DeleteHome(OfPerson, frozen=True, kw_only=True):
    """Delete a home that was set aside, with all that is in it, for ever."""

    request: RequestNumber
    home: HomeNumber
    reason: Text


class RecordHomeDeleted(OfPerson, frozen=True, kw_only=True):
    """Record that a home whose deletion was ordered is gone. Only the warden does this, when it has seen it."""

    request: RequestNumber
    home: HomeNumber


_Named = SetHomeAside | ReleaseHome | DeleteHome | RecordHomeDeleted


def set_home_aside(state: State, c: SetHomeAside, actor: Actor, at: datetime) -> Outcome:
    """Decided again at the append: a dataset that came back meanwhile leaves the home where it is."""
    home = _found(state, c)
    if isinstance(home, Refusal):
        return home
    if home.aside is not None or runs(state, home):
        return _wrong(home, "is set aside already, or a workspace runs with it")
    left = left_now(state, home, at)
    if not left:
        return _wrong(home, "had nothing that left the request")
    return (e.HomeSetAside(person=home.person, request=home.request, home=home.number, datasets=left),)


def release_home(state: State, c: ReleaseHome, actor: Actor, at: datetime) -> Outcome:
    """By an admin who looked, with a reason; what is still open to the request it counts as having."""
    home = _aside(state, c)
    if isinstance(home, Refusal):
        return home
    if (home.person, home.request) in state.workspaces:
        return _wrong(home, "cannot be taken up while a workspace of this request runs; stop it first")
    kept = tuple(sorted(home.datasets.difference(home.left, left_now(state, home, at))))
    released = e.HomeReleased(
        person=home.person, request=home.request, home=home.number, datasets=kept, writer=writer_of(actor),
        reason=c.reason,
    )  # fmt: skip
    return (released,)


def delete_home(state: State, c: DeleteHome, actor: Actor, at: datetime) -> Outcome:
    """E62: only one that is aside, so never one that somebody works in."""
    home = _aside(state, c)
    if isinstance(home, Refusal):
        return home
    ordered = e.HomeDeletionOrdered(
        person=home.person, request=home.request, home=home.number, writer=writer_of(actor), reason=c.reason
    )
    return (ordered,)


def record_home_deleted(state: State, c: RecordHomeDeleted, actor: Actor, at: datetime) -> Outcome:
    """E62: once, and only where it was ordered."""
    home = _found(state, c)
    if isinstance(home, Refusal):
        return home
    if home.deleting is None or home.deleted is not None:
        return _wrong(home, "is not being deleted")
    return (e.HomeDeleted(person=home.person, request=home.request, home=home.number),)


def _found(state: State, c: _Named) -> Home | Refusal:
    home = state.homes.get((c.person, c.request), {}).get(c.home)
    text = f"there is no home `{c.home}` of `{c.person}` for `{c.request}`"
    return Refusal(RefusalCode.NOT_FOUND, text) if home is None else home


def _aside(state: State, c: ReleaseHome | DeleteHome) -> Home | Refusal:
    """Return a home about which an admin may decide."""
    home = _found(state, c)
    if isinstance(home, Refusal):
        return home
    if home.deleting is not None:
        return _wrong(home, "is deleted, or is being deleted")
    return home if home.aside is not None else _wrong(home, "is in use; only one that was set aside can be that")


def _wrong(home: Home, what: str) -> Refusal:
    return Refusal(RefusalCode.WRONG_STATE, f"home `{home.number}` of `{home.person}` for `{home.request}` {what}")
