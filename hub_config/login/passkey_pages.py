"""The page on which somebody adds a passkey, after they gave a factor for it (S17, MFA-08, MFA-13).

The factor given vouches for the new one: where that one counts, this one does, too. The person's other sessions end.
"""

from typing import Any
from urllib.parse import urlencode

import msgspec
from jupyterhub.handlers.base import BaseHandler
from tornado import web

from access_policy.commands.factors import EnrolFactor
from access_policy.log.records import Records, Session, StepUp, token_digest
from access_policy.model.enums import FactorKind
from access_policy.model.factors import MOST_OF_KIND
from access_policy.model.ids import FactorId
from hub_config import step_ups
from hub_config.login.factors import Answer, Result
from hub_config.login.flow import PageRefused
from hub_config.login.passkeys import LONGEST_NAME, Making, first_passkey, name_of_passkey
from hub_config.login.sessions import HubSide, end_person_sessions
from hub_config.login.step_up import OVER, OwnSessionMixin
from hub_config.step_ups import HERE, Asker, Waiting

_MOST = MOST_OF_KIND[FactorKind.PASSKEY]


class AddPasskeyPage(OwnSessionMixin, BaseHandler):  # type: ignore[misc]  # jupyterhub ships no types
    """Adds a passkey: without `ask` in the address it asks for a factor first, with it the browser makes one."""

    @web.authenticated
    async def get(self) -> None:
        """Show the form whose button makes a passkey; who did not give a factor for it gives it first."""
        if not self.get_query_argument("ask", ""):
            self.redirect(f"{self.hub.base_url}factors", status=303)
            return
        one, _, _ = self._asked()
        if step_ups.given(self.parts.policy, one) is None:
            self._to_step_up(self.get_query_argument("ask"))
            return
        await self._show(one)

    @web.authenticated
    async def post(self) -> None:
        """Begin, or take what the authenticator made. The hub checks its XSRF token before this is called (SES-06)."""
        if not self.get_query_argument("ask", ""):
            self._begin()
            return
        one, command, session = self._asked()
        step_up = step_ups.given(self.parts.policy, one)
        if step_up is None:
            raise PageRefused(OVER, 404)
        result = self._enrol(one, msgspec.structs.replace(command, vouched_by=FactorId(step_up.factor)), step_up)
        if result.answer is Answer.RIGHT:
            hub = HubSide(self.current_user, self.proxy)
            await end_person_sessions(self.parts.policy, hub, "factor_added", keep=session.session)
            self.redirect(f"{self.hub.base_url}factors", status=303)
            return
        if result.answer is Answer.GONE:
            raise PageRefused(OVER, 404)
        self.set_status(403)
        await self._show(one, answer=result.answer.value)

    def _begin(self) -> None:
        """Keep what is asked for; nobody adds a passkey who has the most there can be, or where there are none."""
        policy, session = self.parts.policy, self.own_session()
        with policy.reading_behind() as state:
            kinds = [factor.kind for factor in state.people[session.person].factors.values()]
        if self.parts.passkeys.unusable:
            raise PageRefused(self.parts.passkeys.unusable, 409)
        if kinds.count(FactorKind.PASSKEY) >= _MOST:
            raise PageRefused(f"You have {_MOST} passkeys, and more there cannot be. Remove one of them first.", 409)
        token = self.parts.new_token()
        factor = first_passkey(token_digest(token))
        command = EnrolFactor(person=session.person, factor=factor, kind=FactorKind.PASSKEY)
        step_ups.ask(policy, Asker(session.person, session.session, HERE), command, token)
        self._to_step_up(token)

    def _to_step_up(self, token: str) -> None:
        self.redirect(f"{self.hub.base_url}step-up?{urlencode({'ask': token})}", status=303)

    def _asked(self) -> tuple[Waiting, EnrolFactor, Session]:
        one, session = self.waiting()
        command = one.command
        if not isinstance(command, EnrolFactor) or command.kind is not FactorKind.PASSKEY or one.ask.back != HERE:
            raise PageRefused(OVER, 404)
        return one, command, session

    def _enrol(self, one: Waiting, command: EnrolFactor, step_up: StepUp) -> Result:
        """The fact, the key, and the factor given for it used up: all in one append, or nothing of it."""
        policy = self.parts.policy

        def used(records: Records) -> bool:
            return step_ups.use_up(records, one, step_up, policy.now())

        name = name_of_passkey(self.get_body_argument("name", ""))
        answer = self.get_body_argument("passkey", "")
        result: Result = self.parts.passkeys.prove_new(Making(one.ask.token, command, name), answer, used)
        return result

    async def _show(self, one: Waiting, **values: Any) -> None:
        options = self.parts.passkeys.to_make(one.ask.token, one.ask.person)
        shown = {"passkeys": bool(options), "passkey_options": options, "unusable": self.parts.passkeys.unusable}
        page = await self.render_template("add_passkey.html", longest=LONGEST_NAME, **shown, **values)
        self.finish(page)
