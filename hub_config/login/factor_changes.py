"""A change of one's factors after a factor was given for it: an app more, recovery codes, one removed (MFA-08, MFA-13).

Each is carried out once, and the person's other sessions end. Passkeys are made in `passkey_pages.py`. A GET that
changes something, as the end of a login is one: its address holds a random token of this session, it counts only after
this person gave a factor for exactly this, and only once (SES-06).
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import msgspec
import pyotp
import segno
from jupyterhub.handlers.base import BaseHandler
from tornado import web

from access_policy.commands.base import Refusal
from access_policy.commands.factors import EnrolFactor, RemoveFactor
from access_policy.log.records import Records, Session, StepUp
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from access_policy.use_cases import Policy
from hub_config import step_ups
from hub_config.login import recovery
from hub_config.login.factors import Answer, Result
from hub_config.login.factors_page import OwnTabMixin
from hub_config.login.flow import PageRefused
from hub_config.login.passkeys import LONGEST_NAME, name_of_passkey
from hub_config.login.sessions import HubSide, end_person_sessions
from hub_config.login.step_up import OVER
from hub_config.step_ups import HERE, Waiting


class ChangePage(OwnTabMixin, BaseHandler):  # type: ignore[misc]  # jupyterhub ships no types
    """Where the browser comes back to with a factor that was given for a change."""

    @web.authenticated
    async def get(self) -> None:
        """Carry it out; for an app, show its secret once: asking again makes another one (MFA-13)."""
        one, session = self._asked()
        step_up, command = step_ups.given(self.parts.policy, one), one.command
        query = urlencode({"ask": self.get_query_argument("ask")})
        if step_up is None:
            self.redirect(f"{self.hub.base_url}step-up?{query}", status=303)
        elif isinstance(command, RemoveFactor):
            await self._remove(one, command, step_up, session)
        elif isinstance(command, EnrolFactor) and command.kind is FactorKind.TOTP:
            await self._offer(command)
        elif isinstance(command, EnrolFactor) and command.kind is FactorKind.RECOVERY:
            await self._make_codes(one, command, step_up, session)
        else:
            self.redirect(f"{self.hub.base_url}factors/passkey?{query}", status=303)

    @web.authenticated
    async def post(self) -> None:
        """Take the first code of an app. The hub checks its XSRF token before this is called (SES-06)."""
        one, session = self._asked()
        step_up, command = step_ups.given(self.parts.policy, one), one.command
        if step_up is None or not isinstance(command, EnrolFactor) or command.kind is not FactorKind.TOTP:
            raise PageRefused(OVER, 404)
        typed, name = self.get_body_argument("code", ""), name_of_passkey(self.get_body_argument("name", ""))
        use = using(self.parts.policy, one, step_up)
        result: Result = self.parts.factors.prove_new(vouched(command, step_up), typed, use)
        if result.answer is Answer.RIGHT:
            if name:
                self.parts.policy.records.rename_factor(result.factor, session.person, name)
            await self._done(session, "app", "factor_added")
            return
        self.parts.refusals.record(self.identity_of(session.person), f"new_factor_{result.told}")
        if result.answer is Answer.GONE:
            raise PageRefused(OVER, 404)
        self.set_status(429 if result.answer is Answer.WAIT else 403)
        await self._show("factors_app.html", answer=result.answer.value, called=name, longest=LONGEST_NAME)

    def _asked(self) -> tuple[Waiting, Session]:
        one, session = self.waiting()
        if one.ask.back != HERE:
            raise PageRefused(OVER, 404)
        return one, session

    async def _offer(self, command: EnrolFactor) -> None:
        person = PersonId(command.person)
        self.parts.factors.forget_unfinished(person)
        secret = self.parts.factors.offer_as(FactorId(command.factor), person)
        uri = pyotp.TOTP(secret).provisioning_uri(name=person, issuer_name="Sluis")
        picture = segno.make(uri, error="m").svg_data_uri(scale=5, border=4, light="white")
        await self._show("factors_app.html", secret=secret, picture=picture, longest=LONGEST_NAME)

    async def _make_codes(self, one: Waiting, command: EnrolFactor, step_up: StepUp, session: Session) -> None:
        policy = self.parts.policy
        codes = recovery.renew(policy, self.parts.factors, vouched(command, step_up), using(policy, one, step_up))
        if codes is None:
            raise PageRefused(OVER, 404)
        await self._end_others(session, "factor_added")
        await self._show("factors_codes.html", codes=codes, person=session.person)

    async def _remove(self, one: Waiting, command: RemoveFactor, step_up: StepUp, session: Session) -> None:
        """The fact first: what no fact names counts no more, and then its secret goes (MFA-11)."""
        outcome = step_ups.carry_out(self.parts.policy, one, step_up)
        if isinstance(outcome, Refusal):
            raise PageRefused(f"{outcome.text[:1].upper()}{outcome.text[1:]}.", 409)
        if outcome is None:
            raise PageRefused(OVER, 404)
        self.parts.policy.records.delete_factor(FactorId(command.factor))
        await self._done(session, "removed", "factor_removed")

    async def _done(self, session: Session, what: str, why: str) -> None:
        await self._end_others(session, why)
        self.redirect(f"{self.hub.base_url}factors?{urlencode({'done': what})}", status=303)

    async def _end_others(self, session: Session, why: str) -> None:
        hub = HubSide(self.current_user, self.proxy)
        await end_person_sessions(self.parts.policy, hub, why, keep=session.session)

    async def _show(self, template: str, **values: Any) -> None:
        self.finish(await self.render_template(template, **values))


def vouched(command: EnrolFactor, step_up: StepUp) -> EnrolFactor:
    """Return what enrols a factor, vouched for by the one that was given for it (S76)."""
    return msgspec.structs.replace(command, vouched_by=FactorId(step_up.factor))


def using(policy: Policy, one: Waiting, step_up: StepUp) -> Callable[[Records], bool]:
    """Return what uses a given factor up beside the facts that it was given for, and says whether it was there."""

    def use(records: Records) -> bool:
        return step_ups.use_up(records, one, step_up, policy.now())

    return use
