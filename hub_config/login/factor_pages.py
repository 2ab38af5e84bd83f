"""The second step of a login: a known factor, or a first one's enrolment, and then the session (S17, S76).

What is checked stands in `factors.py`, `passkeys.py` and `sessions.py`; what the provider proved waits sealed in the
pending login.
"""

from typing import Any, ClassVar

import msgspec
import pyotp
import segno
from jupyterhub.handlers.base import BaseHandler

from access_policy.log.records import PendingKind, PendingLogin, open_claims
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from hub_config.login import provider_factor
from hub_config.login.claims import Mfa, Proved
from hub_config.login.entering import EnteringMixin
from hub_config.login.factors import Answer, Result
from hub_config.login.flow import PENDING_COOKIE
from hub_config.login.sessions import Given

PAGES = {PendingKind.LOGIN: "second-factor", PendingKind.ENROL: "enrol", PendingKind.WHO: "who"}


class SecondFactorPage(EnteringMixin, BaseHandler):  # type: ignore[misc]
    """The second step of a login: a code or a passkey that is known (S76)."""

    kind: ClassVar[PendingKind] = PendingKind.LOGIN
    template: ClassVar[str] = "second_factor.html"

    async def get(self) -> None:
        """Show the form, to a browser whose first step is done."""
        pending = self._pending()
        if pending is not None:
            await self._show(pending)

    async def post(self) -> None:
        """Answer a code or a passkey. The hub checks its XSRF token before this is called (SES-06)."""
        pending = self._pending()
        if pending is None:
            return
        result = self._answer(pending, self.get_body_argument("passkey", ""))
        answer = result.answer
        if answer is Answer.RIGHT and self.parts.policy.records.delete_pending_login(pending.nonce):
            await self._log_in(pending, result)
            return
        self._record(pending, result)
        if answer in (Answer.GONE, Answer.RIGHT):
            self.to_page("login", self.wished_page())
            return
        self.set_status(429 if answer is Answer.WAIT else 403)
        await self._show(pending, answer=answer.value)

    def _answer(self, pending: PendingLogin, passkey: str) -> Result:
        """Answer a passkey where the browser brought one, else the typed code."""
        result: Result
        if not passkey:
            result = self.parts.factors.prove(pending, self.get_body_argument("code", ""))
        else:
            result = self.parts.passkeys.prove(pending.nonce, self.parts.factors.standing(pending.person), passkey)
        return result

    async def _show(self, pending: PendingLogin, **values: Any) -> None:
        """Show the ways in that the person has; a passkey first, where they have one."""
        standing = self.parts.factors.standing(pending.person)
        options = self.parts.passkeys.to_give(pending.nonce, standing)
        kinds = {factor.kind for factor in standing}
        shown = {
            "passkeys": bool(options), "passkey_options": options, "apps": FactorKind.TOTP in kinds,
            "recovery": FactorKind.RECOVERY in kinds,
            "unusable": self.parts.passkeys.unusable if FactorKind.PASSKEY in kinds else "",
        }  # fmt: skip
        self.finish(await self.render_template(self.template, **shown, **values))

    @property
    def _nonce(self) -> str:
        return (self.get_secure_cookie(PENDING_COOKIE, max_age_days=1) or b"").decode("ascii", "replace")

    def _pending(self) -> PendingLogin | None:
        """The login that waits in this browser; without one the browser is sent to where it belongs."""
        policy = self.parts.policy
        pending: PendingLogin | None = policy.records.pending_login(self.pending_digest(self._nonce), policy.now())
        if pending is None or pending.kind is not self.kind:
            page = "login" if pending is None else PAGES.get(pending.kind, "login")
            self.to_page(page, self.wished_page())
            return None
        self.authenticator.admit(_identity_of(self, pending))
        return pending

    async def _log_in(self, pending: PendingLogin, result: Result) -> None:
        """Both factors were right. What the provider proved is one factor more, vouched by this one (MFA-16)."""
        found = self._proved(pending)
        given = Given(factor=result.factor, kind=result.kind, at=self.parts.policy.now())
        if found is not None:
            if found.mfa is Mfa.PROVED and self.kind is PendingKind.LOGIN:
                self._add_the_providers(found, pending.person, result.factor)
            given = msgspec.structs.replace(given, provider=found.provider, assurance=found.assurance)
        used_up = result.kind is FactorKind.RECOVERY  # who has no other way in needs one, and sees how many are left
        await self.enter(pending.person, given, f"{self.hub.base_url}factors" if used_up else self.wished_page())

    def _add_the_providers(self, found: Proved, person: PersonId, factor: FactorId) -> None:
        policy = self.parts.policy
        with policy.reading_behind() as state:
            known = provider_factor.factor_of(found.provider, person) in state.people[person].factors
        if not known and policy.trouble() is None:
            provider_factor.enrol(policy, found.provider, person, vouched_by=factor)

    def _proved(self, pending: PendingLogin) -> Proved | None:
        """What the provider proved, for the browser that came from it; None for a login of an older release."""
        said = open_claims(self.pending_nonce(self._nonce), pending)
        return None if said is None else msgspec.json.decode(said, type=Proved)

    def _record(self, pending: PendingLogin, result: Result) -> None:
        if result.answer is not Answer.RIGHT:
            self.parts.refusals.record(_identity_of(self, pending), f"second_factor_{result.told}")


class EnrolPage(SecondFactorPage):
    """The first login of a person, or the first after a reset: an app's secret or a passkey, and its proof (S17)."""

    kind = PendingKind.ENROL
    template = "enrol.html"

    async def get(self) -> None:
        """Show a secret once: asking again makes another one, and the one before is worth nothing (MFA-13)."""
        pending = self._pending()
        if pending is None:
            return
        secret = self.parts.factors.offer(pending)
        if secret is None:
            self.to_page("login", self.wished_page())
            return
        uri = pyotp.TOTP(secret).provisioning_uri(name=pending.person, issuer_name="Sluis")
        picture = segno.make(uri, error="m").svg_data_uri(scale=5, border=4, light="white")
        await self._show(pending, secret=secret, picture=picture)

    def _answer(self, pending: PendingLogin, passkey: str) -> Result:
        """Answer a passkey where the browser made one, else the typed code of the app."""
        if not passkey:
            return super()._answer(pending, passkey)
        result: Result = self.parts.passkeys.prove_first(pending, passkey)
        return result

    async def _show(self, pending: PendingLogin, **values: Any) -> None:
        """Offer both kinds; there is no other way in yet."""
        options = self.parts.passkeys.to_make(pending.nonce, pending.person)
        shown = {"passkeys": bool(options), "passkey_options": options, "unusable": self.parts.passkeys.unusable}
        self.finish(await self.render_template(self.template, **shown, **values))


def _identity_of(handler: Any, pending: PendingLogin) -> str:
    """The identity that somebody came with; a login of an older release kept none."""
    if pending.identity is not None:
        return pending.identity
    with handler.parts.policy.reading_behind() as state:
        identities = state.people[pending.person].identities
    return identities[0] if identities else ""
