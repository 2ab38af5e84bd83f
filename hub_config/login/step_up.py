"""A fresh second factor for one command: the page says what it is for, and takes a factor that counts (S76, MFA-08).

What waits stands in `step_ups.py`. What the desk asked for goes back there; what a page about one's factors asked for
goes on here.
"""

from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

import msgspec
from jupyterhub.handlers.base import BaseHandler
from tornado import web

from access_policy.commands.base import Command
from access_policy.commands.factors import EnrolFactor, RemoveFactor
from access_policy.log.records import Factor, Session, StepUp, token_digest
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from access_policy.step_ups import ASKED_FOR, caring, needs_step_up, proving
from hub_config import step_ups
from hub_config.command_words import said_of_command
from hub_config.login.activity import token_of
from hub_config.login.factor_list import KINDS
from hub_config.login.factors import CODES, Answer, Result
from hub_config.login.flow import LoginFlowMixin, PageRefused
from hub_config.login.sessions import new_proof, person_of
from hub_config.step_ups import DESK, HERE, HOLDS, Waiting

OVER = "This is not waiting any more, or was asked for in another login. Go back and do it again."


class ByLogin(StrEnum):
    """Whether a login at a provider stands for a factor: no, yes, or only after another login there."""

    NO = "no"
    FRESH = "fresh"
    ANEW = "anew"


class OwnSessionMixin(LoginFlowMixin):
    """What the pages share that a person opens in a session of theirs."""

    def own_session(self: Any) -> Session:
        """Return the session of this browser; the hub has asked already whether it holds."""
        record = self.parts.policy.records.session(token_digest(token_of(self)))
        if record is None or record.person != person_of(self.current_user.name):
            raise PageRefused("Log in anew, then do it again.")
        found: Session = record
        return found

    def waiting(self: Any) -> tuple[Waiting, Session]:
        """Return what waits for this session under the token in the address."""
        session = self.own_session()
        found = step_ups.waiting(self.parts.policy, self.get_query_argument("ask", ""), session.person, session.session)
        if found is None:
            raise PageRefused(OVER, 404)
        return found, session

    def identity_of(self: Any, person: PersonId) -> str:
        """Return the login identity by which the evidence names a person."""
        with self.parts.policy.reading_behind() as state:
            identities = state.people[person].identities
        return identities[0] if identities else ""


class StepUpPage(OwnSessionMixin, BaseHandler):  # type: ignore[misc]  # jupyterhub ships no types
    """Asks for a factor, for one command that it shows in words."""

    @web.authenticated
    async def get(self) -> None:
        """Show what the factor is for. Where one was given already, the browser goes on."""
        one, session = self.waiting()
        if step_ups.given(self.parts.policy, one) is not None:
            self.go_on(one)
            return
        await self._show(one, session)

    @web.authenticated
    async def post(self) -> None:
        """Take a code or a passkey, once. The hub checks its XSRF token before this is called (SES-06)."""
        one, session = self.waiting()
        if step_ups.given(self.parts.policy, one) is not None:
            self.go_on(one)
            return
        result = self._answer(one, session)
        if result.answer is Answer.RIGHT:
            self.give(one, result)
            self.go_on(one)
            return
        self.parts.refusals.record(self.identity_of(one.ask.person), f"step_up_{result.told}")
        self.set_status(429 if result.answer is Answer.WAIT else 403)
        await self._show(one, session, answer=result.answer.value)

    def _answer(self, one: Waiting, session: Session) -> Result:
        """Answer the one way that was taken."""
        among, passkey = self.factors_for(one), self.get_body_argument("passkey", "")
        result: Result
        if passkey:
            result = self.parts.passkeys.prove(one.ask.token, among, passkey)
        elif self.get_body_argument("login", "") and self.by_login(one, session) is ByLogin.FRESH:
            result = Result(Answer.RIGHT, session.factor or FactorId(""), FactorKind.PROVIDER)
        else:
            result = self.parts.factors.prove_any(session.person, self.get_body_argument("code", ""), among)
        return result

    def by_login(self, one: Waiting, session: Session) -> ByLogin:
        """Say whether the login itself stands for a factor: only for one of our own, where there is none to give.

        Else who has nothing but what their provider proves could never give a factor for a command (S76, MFA-08).
        """
        if one.ask.back != HERE or not isinstance(one.command, EnrolFactor) or self.factors_for(one):
            return ByLogin.NO
        with self.parts.policy.reading_behind() as state:
            mine = session.factor in caring(state.people[session.person])
        if session.factor_kind is not FactorKind.PROVIDER or not mine:
            return ByLogin.NO
        return ByLogin.FRESH if self.parts.policy.now() < session.factor_at + HOLDS else ByLogin.ANEW

    def give(self, one: Waiting, result: Result) -> None:
        """Write down that a factor was given for this, and for nothing else."""
        at = self.parts.policy.now()
        asked = msgspec.structs.asdict(one.asked)
        step_up = StepUp(
            **asked, proof=new_proof(self.parts.new_token), factor=result.factor, created=at, expires=at + HOLDS
        )
        self.parts.policy.records.delete_overdue_step_ups(at)
        self.parts.policy.records.create_step_up(step_up)

    def go_on(self, one: Waiting) -> None:
        """Send the browser to where it came from."""
        query = urlencode({"ask": self.get_query_argument("ask", "")})
        here = "factors/passkey" if _makes(one.command, FactorKind.PASSKEY) else "factors/change"
        pages = {DESK: f"{self.default_url}step-up?{query}", HERE: f"{self.hub.base_url}{here}?{query}"}
        self.redirect(pages.get(one.ask.back, f"{self.hub.base_url}step-up/given"), status=303)

    def factors_for(self, one: Waiting) -> list[Factor]:
        """Return the factors that may be given for this: those that count.

        A recovery code is given for none of the desk's commands, and for no new recovery codes (MFA-12).
        """
        policy = self.parts.policy
        for_command = needs_step_up(type(one.command)) and one.ask.back != HERE
        with policy.reading_behind() as state:
            person = state.people[one.ask.person]
            good = proving(state, person.person) if for_command else caring(person)
        no_codes = for_command or _makes(one.command, FactorKind.RECOVERY)
        kinds = ASKED_FOR if no_codes else ASKED_FOR | {FactorKind.RECOVERY}
        found: list[Factor] = self.parts.factors.standing(one.ask.person)
        return [factor for factor in found if factor.factor in good and factor.kind in kinds]

    async def _show(self, one: Waiting, session: Session, answer: str = "") -> None:
        with self.parts.policy.reading_behind() as state:
            said = said_of_command(state, one.command)
        among = self.factors_for(one)
        kinds, options = {factor.kind for factor in among}, self.parts.passkeys.to_give(one.ask.token, among)
        anew = {"provider": session.provider or "", "again": "yes", "next": f"{self.hub.base_url}factors"}
        self.finish(
            await self.render_template(
                "step_up.html", said=said, answer=answer, codes=bool(kinds & CODES), apps=FactorKind.TOTP in kinds,
                passkeys=bool(options), passkey_options=options, recovery=FactorKind.RECOVERY in kinds,
                unusable=self.parts.passkeys.unusable if FactorKind.PASSKEY in kinds else "",
                back=f"{self.hub.base_url}factors" if one.ask.back == HERE else self.default_url,
                named=self._named(one), by_login=self.by_login(one, session),
                anew=urlencode(anew),
            )
        )  # fmt: skip

    def _named(self, one: Waiting) -> str:
        """Return which of one's factors is to be removed, so that nobody confirms a mere id."""
        if not isinstance(one.command, RemoveFactor):
            return ""
        factor = FactorId(one.command.factor)
        with self.parts.policy.reading_behind() as state:
            known = state.people[one.ask.person].factors.get(factor)
        name = self.parts.policy.records.factor_names(one.ask.person).get(factor, "")
        return ", ".join(filter(None, (KINDS[known.kind].lower() if known is not None else "", name)))


def _makes(command: Command, kind: FactorKind) -> bool:
    return isinstance(command, EnrolFactor) and command.kind is kind


class GivenPage(LoginFlowMixin, BaseHandler):  # type: ignore[misc]
    """What somebody sees who gave a factor for what a program asked for."""

    @web.authenticated
    async def get(self) -> None:
        """Say so."""
        self.finish(await self.render_template("step_up_given.html"))
