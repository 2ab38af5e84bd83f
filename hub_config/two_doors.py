"""The hub's two proxies as one: hub, desk and open workspaces at both doors, the institute's workspaces at theirs only.

Each door gets what it may have (`GatedProxy.door`), whatever becomes of the other: one that does not answer keeps the
other from nothing, least of all from losing a route (S78, NET-04). What it missed it gets, or loses, with the next
check.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, ClassVar

from aiohttp import ClientError
from tornado.httpclient import HTTPError

from access_policy.model.enums import Zone
from hub_config.gated_proxy import GatedProxy


class InstituteDoor(GatedProxy):
    """The institute's proxy; what belongs to the hub as a whole is done with the public one."""

    door = Zone.INSTITUTE
    sweep = None
    old_servers = None


class TwoDoors(GatedProxy):
    """The public proxy, with the institute's beside it. The composition root sets `institute_api` on the class."""

    institute_api: ClassVar[str]
    patience: ClassVar[float] = 5.0
    """Seconds for which a start or an end waits for the institute's proxy."""

    def __init__(self, **given: Any) -> None:
        """Called by the hub."""
        super().__init__(**given)
        self.institute = InstituteDoor(**given | {"api_url": self.institute_api, "auth_token": self.auth_token})

    async def add_user(self, user: Any, server_name: str = "") -> None:
        """Called after a start and after a login."""
        await _both(super().add_user(user, server_name), self._at_theirs(self.institute.add_user(user, server_name)))

    async def delete_user(self, user: Any, server_name: str = "") -> None:
        """Called at each end."""
        theirs = self._at_theirs(self.institute.delete_user(user, server_name))
        await _both(super().delete_user(user, server_name), theirs)

    async def add_service(self, service: Any) -> None:
        """Called at a start of the hub."""
        await _both(super().add_service(service), self._at_theirs(self.institute.add_service(service)))

    async def delete_service(self, service: Any) -> None:
        """Called where a service is gone."""
        await _both(super().delete_service(service), self._at_theirs(self.institute.delete_service(service)))

    async def check_routes(self, user_dict: Any, service_dict: Any, routes: Any = None) -> None:
        """Called by the hub now and then; what it read of the public proxy's routes is not of the other's."""
        await _both(
            super().check_routes(user_dict, service_dict, routes), self.institute.check_routes(user_dict, service_dict)
        )

    async def _at_theirs(self, asked: Awaitable[None]) -> None:
        """Do it at the institute's door, which may hang: the next check gives and takes what it missed (NET-04)."""
        try:
            async with asyncio.timeout(self.patience):
                await asked
        except (TimeoutError, OSError, ClientError, HTTPError) as error:
            self.log.error("the institute's proxy does not answer, its routes wait for the next check: %r", error)

    def is_reached(self, user_name: str, server_name: str) -> bool:
        """Say whether there is a door at which a workspace may be reached."""
        return super().is_reached(user_name, server_name) or self.institute.is_reached(user_name, server_name)


async def _both(public: Awaitable[None], institute: Awaitable[None]) -> None:
    """Do both to their ends; raise what the public one raised first, then the other's."""
    for found in await asyncio.gather(public, institute, return_exceptions=True):
        if isinstance(found, BaseException):
            raise found
