"""What answers below `/user/` where the proxy has no route: a workspace is out of reach, or it ended (S97)."""

from typing import Any, NoReturn
from urllib.parse import urlsplit

from jupyterhub.handlers.base import UserUrlHandler
from tornado import web

from access_policy.log.errors import LogError
from access_policy.model.enums import Action
from access_policy.model.ids import RequestId
from access_policy.networks import may_use
from hub_config.desk.endings import why_of
from hub_config.desk.words import instant
from hub_config.hub_answers import SILENT, as_nobody, gate_of, is_astray, network_of, refusal, why_not
from hub_config.leash_pages import LeashPage, asking, silence_answer
from hub_config.login.activity import note_here
from hub_config.login.sessions import person_of
from spawner.workspace import SERVER_NAME


class WorkspaceGone(UserUrlHandler):  # type: ignore[misc]
    """What answers below `/user/` where the proxy has no route: the person may not reach it, or it does not run."""

    async def prepare(self) -> None:
        """Called by tornado: to a page that was left open and asks on, a login page would say that its kernels died."""
        if "/api/" not in self.request.path and LeashPage.leashes.silent_for() is not None:
            as_nobody(self)
            self._say_silent()
        await super().prepare()
        if self.current_user is None and "/api/" in self.request.path:
            self._fail_api_request()

    def _say_silent(self) -> NoReturn:
        """POL-04: no login page, which would not open either, but until when what runs goes on."""
        server_name = self._named()
        banner = silence_answer(asking(self), server_name).banner
        raise refusal(503, SILENT if banner is None else f"{banner.words} {banner.next}")

    def _fail_api_request(self, *_: str) -> None:
        """Called by the hub where no page was asked for: nothing answers here, and JupyterLab tries again later."""
        self.set_status(424)
        self.finish({"message": "this workspace is out of reach: log in again, or start it from your requests"})

    @web.authenticated
    async def get(self, user_name: str, user_path: str | None) -> None:
        """Say why; or open the route at once where it may be reached after all."""
        server_name = self._named()
        if server_name in self._servers(user_name) and self._is_for_the_institute(server_name):
            await self._send_inside(server_name, restricted=True)
            return
        if is_astray(self):
            await self._send_outside(server_name)
            return
        await self._answer_for(user_name, server_name)
        await super().get(user_name=user_name, user_path=user_path)

    async def _answer_for(self, user_name: str, server_name: str) -> None:
        spawner = self.current_user.spawners.get(server_name) if server_name in self._servers(user_name) else None
        if spawner is None or not spawner.ready:
            return
        if problem := why_not(self, server_name, Action.REACH_WORKSPACE):
            raise refusal(403, problem)
        await self.proxy.add_user(self.current_user, server_name)

    def _is_for_the_institute(self, server_name: str) -> bool:
        """Say whether it is reached from the institute's network only, and this browser is not there (NET-04)."""
        try:
            note_here(self)
            zone = gate_of(self).zone_of(person_of(self.current_user.name), server_name.upper())
        except LogError:
            raise refusal(503, SILENT) from None
        return zone is not None and not may_use(zone, network_of(self).place(self.request))

    async def _send_outside(self, server_name: str) -> None:
        """Lead to the public address; where that is the same name, say that the browser is at the wrong door."""
        network = network_of(self)
        if network.institute:
            super().redirect(f"{network.public}{self.request.uri.removeprefix('/hub')}")
            return
        await self._send_inside(server_name, restricted=False)

    async def _send_inside(self, server_name: str, restricted: bool) -> None:
        """Say where it opens; to a script only that it is out of reach."""
        if "/api/" in self.request.path:
            self._fail_api_request()
            return
        network = network_of(self)
        self.set_status(403)
        page = await self.render_template(
            "institute.html", server_name=server_name, restricted=restricted,
            at_the_door=network.is_by_it(self.request), institute=network.institute,
            path=f"/user/{self.current_user.name}/{server_name}/lab",
        )  # fmt: skip
        self.finish(page)

    def render_template(self, name: str, sync: bool = False, **given: Any) -> Any:
        """Called by the hub: its page of a server that does not run says how it ended, and what a start lacks."""
        if name == "not_running.html":
            given |= self._after_the_end(given.get("server_name") or "")
        return super().render_template(name, sync, **given)

    def _after_the_end(self, known: str) -> dict[str, Any]:
        """What the page says; `known` is the server, or nothing where the hub forgot it with its ground."""
        own = self.path_kwargs.get("user_name") == self.current_user.name
        server_name = known or (self._named() if own else "")
        if not SERVER_NAME.fullmatch(server_name):
            return {}
        person, request = person_of(self.current_user.name), RequestId(server_name.upper())
        place = network_of(self).place(self.request)
        try:
            ended = LeashPage.leashes.ended(person, request)
            lacking = gate_of(self).lacking(person, request, Action.OPEN_WORKSPACE, place)
        except LogError:
            raise refusal(503, SILENT) from None
        if not known and ended is None:
            return {}  # POL-09: of a request that somebody never worked in nothing is said
        return {
            "server_name": server_name, "ended": ended, "lacking": [why_of(code) for code in lacking], "asked": True,
            "instant": instant, "spawn_url": f"{self.hub.base_url}spawn/{self.current_user.name}/{server_name}",
        }  # fmt: skip

    def redirect(self, url: str, *given: Any, **named: Any) -> None:
        """Called by the hub, which knows no workspace's own host (SES-07)."""
        name, server = ([*urlsplit(url).path.split("/"), "", ""][2:4]) if url.startswith("/user/") else ("", "")
        super().redirect(f"{self.spawner_class.origin_of(name, server)}{url}" if server else url, *given, **named)

    def _servers(self, user_name: str) -> list[str]:
        return [*self.current_user.spawners] if user_name == self.current_user.name else []

    def _named(self) -> str:
        """The server that the path names, running or not."""
        return (self.path_kwargs.get("user_path") or "").strip("/").split("/")[0]
