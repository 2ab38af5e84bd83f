"""What every spawner of this hub shares: the decision before a start, and the question at each poll.

A wish is read from attacker JSON, the policy is asked, and what was sent does not stay (SPW-01, SPW-03). Every refusal
is a `SpawnException`, since any other exception counts as a failure of the hub. How a workspace runs is not known here.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from urllib.parse import urlsplit

from jupyterhub.spawner import SpawnException
from traitlets import HasTraits, default

from access_policy.model.enums import Zone
from access_policy.networks import may_use
from spawner.warden.silence import Silence
from spawner.workspace import (
    SERVER_NAME,
    Profile,
    Workspace,
    WorkspacePolicy,
    WorkspaceRefused,
    parse_wish,
    profile_form,
    wish_from_form,
)

WITHDRAWN = "what this workspace rests on was withdrawn while it started; your requests say what is missing"
AFTER_THE_WARDEN = 20.0
"""Seconds by which the hub's own patience with a silent log is longer than the warden's."""

_USER_NAME = re.compile(r"p-[1-9][0-9]{0,8}", re.ASCII)


def refusal(code: str, message: str, status: int = 403) -> SpawnException:
    """What the hub shows to the person and counts by its code, not as its own failure."""
    return SpawnException(message, reason=code, status_code=status)


class Decided(HasTraits):
    """Comes before a `Spawner` among a class's parents; `policy` and `profiles` are set on that class.

    A spawner is one named server of one person, its name the request's (`dr-12`).
    """

    policy: ClassVar[WorkspacePolicy]
    profiles: ClassVar[tuple[Profile, ...]] = ()
    origin_of: ClassVar[Callable[[str, str], str]] = staticmethod(lambda _person, _request: "")
    """The web origin of a workspace, by person and request; empty where it is the hub's (SES-07)."""

    place_of: ClassVar[Callable[[Any], Zone]] = staticmethod(lambda _request: Zone.ANYWHERE)
    """Where the browser of a request to the hub sits (S77)."""

    handler: Any
    name: Any  # of the spawner, as the others down to `_log_name`
    user: Any
    user_options: Any
    proxy_spec: Any
    public_url: Any
    orm_spawner: Any
    log: Any
    _log_name: Any

    _started: int | None = None  # the fact that recorded the start, until its end is told
    _silent_polls = 0
    _restricted = True  # until a start or a poll says otherwise
    poll_interval: Any
    silence: ClassVar[Silence] = Silence()

    def __init__(self, **given: Any) -> None:
        """Called by the hub; its route and its public address name the workspace's own host where it has one."""
        super().__init__(**given)
        if origin := self._origin:
            self.public_url = f"{origin}{self.proxy_spec}"
            self.proxy_spec = f"{urlsplit(origin).hostname}{self.proxy_spec}"

    @property
    def _origin(self) -> str:
        return type(self).origin_of(self.user.name, self.name) if self.name else ""

    def get_env(self) -> dict[str, str]:
        """Called by the spawners: what the hub tells a server of itself, with the address that logins come back to."""
        env: dict[str, str] = super().get_env()  # type: ignore[misc]  # of the `Spawner` behind this class
        return env | ({"JUPYTERHUB_OAUTH_CALLBACK_URL": f"{self.public_url}oauth_callback"} if self._origin else {})

    @default("poll_interval")
    def _five_seconds(self) -> int:
        return 5

    @default("options_form")
    def _options_form(self) -> Callable[["Decided"], str]:
        return _form

    @default("options_from_form")
    def _form_reader(self) -> Callable[[dict[str, Any]], dict[str, Any]]:
        return self._wish_from_form

    def _wish_from_form(self, form: dict[str, Any]) -> dict[str, str]:
        try:
            return wish_from_form(form)
        except WorkspaceRefused as refused:
            raise refusal(refused.code, refused.message, 400) from refused

    def _decide(self) -> Workspace:
        """Called within `_committed`: what was sent is out of the hub's tables before anything else goes on."""
        if not SERVER_NAME.fullmatch(self.name) or not _USER_NAME.fullmatch(self.user.name):
            raise refusal("request_unknown", "a workspace belongs to a request: start it as `dr-` and its number", 404)
        if self._origin:  # the hub made its client with its own address
            self.orm_spawner.oauth_client.redirect_uri = f"{self.public_url}oauth_callback"
        person, request = self.user.name.upper(), self.name.upper()
        sent: object = getattr(self, "user_options", None)
        self._keep_options({})  # what was sent is attacker JSON and must not stay
        try:
            wish = parse_wish(sent, self._profiles_here())
            workspace = self.policy.start(person, request, {"profile": wish}, self._browser_place())
        except WorkspaceRefused as refused:
            raise refusal(refused.code, refused.message) from refused
        except Exception as error:  # no answer is no access (POL-04)
            self.log.exception("no decision about %s/%s", person, self.name)
            raise refusal("no_decision", "no decision can be made just now; try again in a moment", 503) from error
        self._keep_options({"profile": wish})
        self._restricted = workspace.zone is not Zone.ANYWHERE
        return workspace

    def _profiles_here(self) -> tuple[Profile, ...]:
        """Return the profiles, those first that may be used from where the browser sits; the core refuses others."""
        place = self._browser_place()
        return tuple(sorted(self.profiles, key=lambda profile: not may_use(profile.zone, place)))

    def offered(self) -> tuple[Profile, ...]:
        """Return the profiles that may be used from where the browser sits, or all where it is none of them."""
        place = self._browser_place()
        return tuple(one for one in self.profiles if may_use(one.zone, place)) or self.profiles

    def _browser_place(self) -> Zone:
        """Return the place of whoever asks for this start; one that nobody asked for is anywhere."""
        handler = getattr(self, "handler", None)
        return Zone.ANYWHERE if handler is None else type(self).place_of(handler.request)

    def _keep_options(self, options: dict[str, str]) -> None:
        self.user_options = self.orm_spawner.user_options = options

    @contextmanager
    def _committed(self) -> Iterator[None]:
        """Commit what is kept inside, once and whatever comes of it: the hub rolls back what it finds half done."""
        try:
            yield
        finally:
            self.user.db.commit()

    def _may_keep(self) -> bool:
        """Ask the policy; silent it may be for a little longer than the warden bears it, in polls of some seconds.

        The warden comes first, for it keeps why until that can be recorded (POL-04); this is for where it is gone. An
        answer also says what counts in the next silence: data may have been restricted since the start (S78).
        """
        person, request = self.user.name.upper(), self.name.upper()
        try:
            keep = self.policy.may_keep(person, request, self._started or 0)
            self._restricted = self.policy.zone_of(person, request) is not Zone.ANYWHERE
        except Exception:  # whatever the policy store throws: count it
            self.log.exception("no decision about the running workspace %s", self._log_name)
            self._silent_polls += 1
            silent = self._silent_polls * self.poll_interval
            return bool(silent < self.silence.bound(self._restricted) + AFTER_THE_WARDEN)
        self._silent_polls = 0
        return keep

    def _check_kept(self) -> None:
        """Ask again at the end of a start, where no answer is no access (POL-02, POL-04)."""
        try:
            keep = self.policy.may_keep(self.user.name.upper(), self.name.upper(), self._started or 0)
        except Exception as error:
            raise refusal("no_decision", "no decision can be made just now; try again in a moment", 503) from error
        if not keep:
            raise refusal("no_longer_allowed", WITHDRAWN)

    def _tell_end(self, why: str) -> None:
        """Tell the policy that the start is over, once; whoever calls has seen it."""
        started, self._started = self._started, None
        if started is not None:
            self.policy.ended(self.user.name.upper(), self.name.upper(), started, why)


def _form(spawner: Decided) -> str:
    return profile_form(spawner.offered())
