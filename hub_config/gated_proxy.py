"""The hub's side of the proxy: a workspace has a route only while its person may reach it (S78, SES-11).

The proxy itself runs elsewhere (`hub_config/proxy/`); removing a route there ends what runs through it. The warden
removes routes too. This class only ever asks the gate; it adds no rule. A proxy that was started anew has no route at
all, and gets them at once.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import msgspec
from aiohttp import ClientError, ClientResponseError
from jupyterhub.proxy import ConfigurableHTTPProxy
from traitlets import validate

from access_policy.model.enums import Zone
from hub_config.old_servers import OldServers
from hub_config.origins import Origins


class ReachGate(Protocol):
    """Who is asked; `hub_config/gate.py` answers."""

    def may_reach(self, person: str, request: str, door: Zone = Zone.ANYWHERE) -> bool:
        """Say whether a route to the workspace may stand now at a door."""


class _OpenPart(msgspec.Struct, frozen=True):
    """A hub user with only those servers that the routes' check may see."""

    name: str
    spawners: Mapping[str, Any]


class SessionSweep(Protocol):
    """Who ends the sessions that are over; `hub_config/login/sweep.py` does."""

    async def __call__(self, users: Mapping[Any, Any], proxy: Any) -> None:
        """End what is over of the hub's users; never raises for a log that does not answer."""


class GatedProxy(ConfigurableHTTPProxy):  # type: ignore[misc]  # jupyterhub ships no types
    """Adds and keeps workspaces' routes only with the gate's leave. The composition root sets `gate` on the class.

    `sweep` ends the sessions that are over, and `old_servers` forgets servers, before the routes are looked at.
    `origins` says by which hosts the desk and the workspaces are found; JupyterHub's own `subdomain_host` stays unset
    (SES-07).
    """

    gate: ClassVar[ReachGate]
    sweep: ClassVar[SessionSweep | None] = None
    old_servers: ClassVar[OldServers | None] = None
    origins: ClassVar[Origins | None] = None
    look_seconds: ClassVar[float] = 1.0
    door: Zone = Zone.ANYWHERE
    """Who comes in by this proxy."""

    _minding: asyncio.Task[None] | None = None

    def __init__(self, **given: Any) -> None:
        """Called by the hub, which knows nothing of hosts."""
        super().__init__(**given)
        self.host_routing = self.origins is not None and self.origins.own
        self._checking = asyncio.Lock()

    async def add_user(self, user: Any, server_name: str = "") -> None:
        """Called after a start, after a login and by `check_routes`; asks again afterwards, for a logout meanwhile."""
        if not self.may_reach(user.name, server_name):
            self.log.info("no route for %s/%s: it may not be reached now", user.name, server_name)
            return
        await super().add_user(user, server_name)
        if not self.may_reach(user.name, server_name):
            await self.delete_user(user, server_name)

    async def delete_user(self, user: Any, server_name: str = "") -> None:
        """Called at each end: the hub would name the route without its host."""
        host = self.origins.host(user.name, server_name) if self.origins is not None and server_name else ""
        if not host:
            await super().delete_user(user, server_name)
            return
        self.log.info("removing the route of %s/%s", user.name, server_name)
        await self.delete_route(f"{host}/user/{user.name}/{server_name}/")

    @validate("extra_routes")
    def _validate_extra_routes(self, proposal: Any) -> dict[str, str]:
        """Called when they are set; JupyterHub's own check refuses a host where `subdomain_host` is unset."""
        return {str(spec): str(target) for spec, target in proposal.value.items()}

    async def check_routes(self, user_dict: Any, service_dict: Any, routes: Any = None) -> None:
        """Called by the hub now and then: the open routes are there, and any other of a workspace goes."""
        self._place(service_dict)
        if self.sweep is not None:
            await self.sweep(user_dict, self)
        if self.old_servers is not None:
            self.old_servers(user_dict)
        async with self._checking:
            await self._check(user_dict, service_dict, routes)
        if self._minding is None:
            self._minding = asyncio.create_task(self._mind_a_new_proxy(user_dict, service_dict))

    async def _check(self, users: Any, services: Any, routes: Any) -> None:
        """Check one proxy's routes. What came up while they were read is not stale, so the servers are looked at after.

        JupyterHub's own lock is one for all proxies: one that hangs would keep the other from its routes.
        """
        found = routes or await self.get_all_routes()
        seen = {key: _OpenPart(user.name, self._open(user)) for key, user in users.items()}
        await ConfigurableHTTPProxy.check_routes.__wrapped__(self, seen, services, found)

    async def add_service(self, service: Any) -> None:
        """Called at a start of the hub."""
        self._place({service.name: service})
        await super().add_service(service)

    def _place(self, services: Mapping[str, Any]) -> None:
        """Put the desk on its own host; services of the hub have no setting for it."""
        for service in services.values():
            if self.origins is not None and service.server is not None:
                service.domain = self.origins.desk_host

    def may_reach(self, user_name: str, server_name: str) -> bool:
        """Ask the gate; no answer is no (POL-04), and the unnamed server has no route at all."""
        if not server_name:
            return False
        try:
            return self.gate.may_reach(user_name.upper(), server_name.upper(), self.door)
        except Exception:  # whatever the policy store throws
            self.log.exception("no decision about the route of %s/%s", user_name, server_name)
            return False

    def is_reached(self, user_name: str, server_name: str) -> bool:
        """Say whether there is a door at which a workspace may be reached."""
        return self.may_reach(user_name, server_name)

    async def _mind_a_new_proxy(self, users: Any, services: Any) -> None:
        """Ask for one route again and again; where it is missing, everything is checked (FLT-01)."""
        while True:
            await asyncio.sleep(self.look_seconds)
            try:
                if await self._is_new(services):
                    await self.check_routes(users, services)
            except (ClientError, OSError) as error:  # no answer: the next look asks again
                self.log.debug("nothing is known of the proxy's routes: %r", error)

    async def _is_new(self, services: Mapping[str, Any]) -> bool:
        """Say whether the proxy lacks a route that the hub always gives it. Raises TimeoutError, ClientError."""
        always = [one.proxy_spec for one in services.values() if one.server is not None]
        try:
            async with asyncio.timeout(self.look_seconds):
                for spec in always[:1]:
                    await self.api_request(self._routespec_to_chp_path(spec))
        except ClientResponseError as answered:
            return answered.status == 404
        return False

    def _open(self, user: Any) -> dict[str, Any]:
        return {
            name: spawner
            for name, spawner in user.spawners.items()
            if spawner.pending or (spawner.ready and self.may_reach(user.name, name))
        }
