"""The page of one's second factors: what there is, whether it counts, and the way to each change (S17, S76, MFA-08).

A change waits for a factor of its person's (`step_up.py`) and is then carried out by `factor_changes.py`. What counts
for nothing but the person's own eyes, a factor's name, waits for none.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from jupyterhub.handlers.base import BaseHandler
from tornado import web

from access_policy.actor import person as acting
from access_policy.commands.base import Command
from access_policy.commands.confirmation import RedeemConfirmationCode
from access_policy.commands.factors import EnrolFactor, RemoveFactor
from access_policy.log.records import Session, token_digest
from access_policy.model.enums import FactorKind
from access_policy.model.factors import MOST_OF_KIND
from access_policy.model.ids import FactorId
from hub_config import step_ups
from hub_config.desk.words import instant
from hub_config.login import factor_list, recovery
from hub_config.login.factors import Answer, offered
from hub_config.login.flow import PageRefused
from hub_config.login.passkeys import LONGEST_NAME, name_of_passkey
from hub_config.login.step_up import OwnSessionMixin
from hub_config.step_ups import HERE, Asker

DONE = {
    "app": "The app was added. You stay logged in here; your other logins have ended.",
    "removed": "It was removed. You stay logged in here; your other logins have ended.",
    "named": "It has its new name.",
    "given": "Your second factor counts from now on.",
}
"""What the page says after a change."""

_FRAMED = "This page opens in a tab of its own only."


class OwnTabMixin(OwnSessionMixin):
    """What the pages about factors share beside that: no script of a page beside them reads one (SES-07)."""

    def prepare(self: Any) -> Any:
        """Called by tornado."""
        if self.request.headers.get("Sec-Fetch-Dest", "document") != "document":
            raise PageRefused(_FRAMED)
        return super().prepare()  # type: ignore[misc]


class FactorsPage(OwnTabMixin, BaseHandler):  # type: ignore[misc]  # jupyterhub ships no types
    """Lists a person's factors to them, and begins what they change."""

    @web.authenticated
    async def get(self) -> None:
        """Show them."""
        await self._show(self.own_session(), done=DONE.get(self.get_query_argument("done", ""), ""))

    @web.authenticated
    async def post(self) -> None:
        """Begin a change. The hub checks its XSRF token before this is called (SES-06)."""
        changes: dict[str, Callable[[Session], Awaitable[None]]] = {
            "app": self._add_app, "codes": self._make_codes, "remove": self._remove, "rename": self._rename,
            "give": self._give,
        }  # fmt: skip
        change = changes.get(self.get_body_argument("do", ""))
        if change is None:
            raise web.HTTPError(400)
        await change(self.own_session())

    async def _add_app(self, session: Session) -> None:
        with self.parts.policy.reading_behind() as state:
            more = factor_list.room(state.people[session.person])[FactorKind.TOTP]
        if not more:
            most = MOST_OF_KIND[FactorKind.TOTP]
            raise PageRefused(f"You have {most} apps, and more there cannot be. Remove one of them first.", 409)
        token = self.parts.new_token()
        factor = offered(token_digest(token))
        self._ask(session, EnrolFactor(person=session.person, factor=factor, kind=FactorKind.TOTP), token)

    async def _make_codes(self, session: Session) -> None:
        token = self.parts.new_token()
        with self.parts.policy.reading_behind() as state:
            standing = factor_list.standing_codes(state.people[session.person])
        factor = standing or recovery.first_codes(token_digest(token))
        self._ask(session, EnrolFactor(person=session.person, factor=factor, kind=FactorKind.RECOVERY), token)

    async def _remove(self, session: Session) -> None:
        """Refused at once where the core would refuse it after the factor was given."""
        line = self._line(session)
        if line.stays:
            raise PageRefused(f"{line.stays[:1].upper()}{line.stays[1:]}.", 409)
        token = self.parts.new_token()
        self._ask(session, RemoveFactor(person=session.person, factor=line.factor), token)

    async def _rename(self, session: Session) -> None:
        name = name_of_passkey(self.get_body_argument("name", ""))
        if not self.parts.policy.records.rename_factor(self._line(session).factor, session.person, name):
            raise web.HTTPError(404)
        self._done("named")

    async def _give(self, session: Session) -> None:
        """Take the code that the verifier handed over, for the factor of this login (S76, MFA-05)."""
        line = self._line(session)
        if not line.gives:
            raise PageRefused("A code confirms the factor that you logged in with, once you are verified.", 409)
        command = RedeemConfirmationCode(
            person=session.person, factor=line.factor, code=self.get_body_argument("code", "")
        )
        result = self.parts.factors.redeem(command, acting(session.person, session.proof))
        if result.answer is Answer.RIGHT:
            self._done("given")
            return
        self.parts.refusals.record(self.identity_of(session.person), f"confirmation_code_{result.answer}")
        if result.answer is Answer.GONE:
            raise PageRefused(f"{result.why[:1].upper()}{result.why[1:]}.", 409)
        self.set_status(429 if result.answer is Answer.WAIT else 403)
        await self._show(session, given=result.answer.value)

    def _ask(self, session: Session, command: Command, token: str) -> None:
        step_ups.ask(self.parts.policy, Asker(session.person, session.session, HERE), command, token)
        self.redirect(f"{self.hub.base_url}step-up?{urlencode({'ask': token})}", status=303)

    def _done(self, what: str) -> None:
        self.redirect(f"{self.hub.base_url}factors?{urlencode({'done': what})}", status=303)

    def _line(self, session: Session) -> factor_list.Line:
        """Return the factor that a form is about, where it is this person's."""
        factor = FactorId(self.get_body_argument("factor", ""))
        found = next((one for one in self._lines(session) if one.factor == factor), None)
        if found is None:
            raise web.HTTPError(404)
        return found

    def _lines(self, session: Session) -> list[factor_list.Line]:
        policy = self.parts.policy
        known = factor_list.kept(policy.records, session)
        with policy.reading_behind() as state:
            return factor_list.lines(state, session, known, policy.now())

    async def _show(self, session: Session, done: str = "", given: str = "") -> None:
        with self.parts.policy.reading_behind() as state:
            person = state.people[session.person]
            room, verified = factor_list.room(person), person.verification is not None
        self.finish(
            await self.render_template(
                "factors.html", lines=self._lines(session), room=room, most=MOST_OF_KIND, verified=verified,
                done=done, given=given,
                kinds=FactorKind, few=factor_list.FEW, longest=LONGEST_NAME, instant=instant,
                no_passkeys=self.parts.passkeys.unusable,
            )
        )  # fmt: skip
