"""Programs that ask the decision function: who is registered, and as what (OpenID AuthZEN 1.0)."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Digest, Line, Name, Outcome, Refusal, RefusalCode
from access_policy.model.enums import ResourceType
from access_policy.model.ids import ClientName
from access_policy.state import Client, State


class RegisterClient(Command, frozen=True, kw_only=True):
    """Let a program ask about these types of resources, with a secret of which the log holds the SHA-256 digest."""

    client: Name
    title: Line
    resource_types: Annotated[tuple[ResourceType, ...], Meta(min_length=1, max_length=2)]
    digest: Digest
    searches: bool = False
    reads_reasons: bool = False
    tells_zone: bool = False


class EndClient(Command, frozen=True, kw_only=True):
    """Answer a program no more, at once."""

    client: Name


def register_client(state: State, c: RegisterClient, actor: Actor, at: datetime) -> Outcome:
    """E51: a name is given once, so that what stands about a program in the log is about that one."""
    if ClientName(c.client) in state.clients:
        text = f"a program named `{c.client}` is or was registered; choose another name"
        return Refusal(RefusalCode.ALREADY_EXISTS, text)
    if any(one.digest == c.digest for one in state.clients.values()):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "that secret is or was another program's; make a new one")
    types = tuple(sorted(set(c.resource_types)))
    return (
        e.ClientRegistered(
            client=ClientName(c.client), title=c.title, resource_types=types, searches=c.searches,
            reads_reasons=c.reads_reasons, tells_zone=c.tells_zone, digest=c.digest,
        ),
    )  # fmt: skip


def end_client(state: State, c: EndClient, actor: Actor, at: datetime) -> Outcome:
    """S94: from now on."""
    found = live_client(state, c.client)
    if found is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no program named `{c.client}` is registered")
    return (e.ClientEnded(client=found.client),)


def live_client(state: State, name: str) -> Client | None:
    """Return a program that is registered and not ended."""
    found = state.clients.get(ClientName(name))
    return found if found is not None and found.ended is None else None
