"""What the hub's own pages ask before they answer: the gate, the log, and where the browser sits."""

from typing import Any

from tornado import web

from access_policy.log.errors import LogBehind, LogError
from access_policy.model.enums import Action, Zone
from access_policy.model.ids import RequestId
from hub_config.login.authenticator import BEHIND
from hub_config.login.flow import PageRefused
from hub_config.login.sessions import person_of
from hub_config.login.stays import Network

SILENT = "The log does not answer just now, so nothing is decided and no workspace starts. Try again in a moment."


def why_not(handler: Any, server_name: str, action: Action) -> str:
    """Return why the person may not, with what comes next; empty where they may. Raises PageRefused for no answer."""
    who = person_of(handler.current_user.name)
    try:
        place = network_of(handler).place(handler.request)
        return str(gate_of(handler).why_not(who, RequestId(server_name.upper()), action, place))
    except LogBehind:
        raise refusal(503, BEHIND) from None
    except LogError:
        raise refusal(503, SILENT) from None


def check_log(handler: Any) -> None:
    """Refuse where the log does not answer: the hub would say that the person has to log in again (AUD-05, FLT-02)."""
    try:
        gate_of(handler).check_log()
    except LogError as error:
        handler.log.error("no page: %s", error)
        as_nobody(handler)
        raise refusal(503, SILENT) from None


def as_nobody(handler: Any) -> None:
    """Let a request go on without asking who makes it, which a silent log cannot tell; before the hub's `prepare`."""
    handler._jupyterhub_user = None
    handler._resolve_roles_and_scopes()


def way_inside(handler: Any, problem: str) -> str:
    """Return where the institute's address is, for a refusal that says that it has to be from there."""
    network = network_of(handler)
    return f" The institute's address is {network.institute}" if network.institute and "(zone)" in problem else ""


def is_astray(handler: Any) -> bool:
    """Say whether a browser came in by the institute's door and does not sit there: no workspace is reached so."""
    network = network_of(handler)
    return network.is_by_it(handler.request) and network.place(handler.request) is Zone.ANYWHERE


def network_of(handler: Any) -> Network:
    network: Network = handler.authenticator.parts.network
    return network


def gate_of(handler: Any) -> Any:
    return handler.spawner_class.gate


def refusal(status: int, text: str) -> web.HTTPError:
    """Return what ends a request with a page that says why."""
    return PageRefused(text, status)
