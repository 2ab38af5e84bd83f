"""The first page of a person: who are you? Nothing else is open to somebody whom nobody knows yet (S16, S31, MFA-07).

The institution is stated, by the domain of the address that the provider proved, and never chosen. Whoever cannot
register gets one page, in the same words whether or not a person has the address (ID-12).
"""

import msgspec
from jupyterhub.handlers.base import BaseHandler

from access_policy.arrivals import ByInvitation, WayIn
from access_policy.commands.base import Refusal, RefusalCode
from access_policy.log.errors import LogError
from access_policy.log.records import PendingKind, PendingLogin, open_claims
from access_policy.model.enums import FactorKind
from access_policy.model.ids import PersonId
from access_policy.reasons import REASONS, ReasonCode
from hub_config.login import provider_factor
from hub_config.login.claims import Mfa, Proved
from hub_config.login.entering import EnteringMixin, Waiting
from hub_config.login.factors import PENDING_TIME
from hub_config.login.flow import PENDING_COOKIE, PageRefused
from hub_config.login.newcomers import (
    FIELDS,
    GoneError,
    Login,
    Malformed,
    Newcomer,
    UnknownLogin,
    is_known,
    known_institutions,
    newcomer,
    register,
    said_by,
    unknown,
)
from hub_config.login.sessions import HUB, Given

_R = ReasonCode
NEXT: dict[ReasonCode, str] = {
    _R.FACTOR_MISSING: "you set a second factor up on the next page, where your institution proves none",
    _R.PERSON_NOT_VERIFIED: "an admin, or who signs for your institution, checks who you are",
    _R.FACTOR_NOT_CONFIRMED: "whoever does that looks at your second factor with you, or hands you a code for it",
    _R.INSTITUTION_NOT_TRUSTED: "your institution and the centre sign an agreement",
    _R.CONDUCT_NOT_ACCEPTED: "you accept the code of conduct, and never to trace anybody in the data",
    _R.TRAINING_MISSING: "you pass the courses that everybody has to pass; their trainers record it",
    _R.REQUEST_NOT_APPROVED: "you open a request for data, or take part in one; it is assessed and decided on",
}
"""What comes next for everybody, in order, by the condition that it is about; the desk says what is left (S97)."""

_LATER = (RefusalCode.CLOCK_JUMPED, RefusalCode.UPGRADE_FIRST)
_LATER_TEXT = "Nobody can be registered just now; try again later."


class Step(msgspec.Struct, frozen=True):
    """One step of what comes next, and whose it is."""

    text: str
    owner: str


def next_steps(way: WayIn) -> list[Step]:
    """Return what comes after this page; an agreement only where there is none yet."""
    left_out = () if isinstance(way, ByInvitation) else (_R.INSTITUTION_NOT_TRUSTED,)
    return [Step(text, str(REASONS[code].owner)) for code, text in NEXT.items() if code not in left_out]


class WhoPage(EnteringMixin, BaseHandler):  # type: ignore[misc]
    """Name, position, field of work: then a person is registered, and their second factor comes next."""

    async def get(self) -> None:
        """Show the form, with the name as the provider says it."""
        pending = self._pending()
        if pending is not None:
            came = self._newcomer(pending)
            await self._show(came, {"name": came.found.name})

    async def post(self) -> None:
        """Register. The hub checks its XSRF token before this is called (SES-06)."""
        pending = self._pending()
        if pending is None:
            return
        came, posted = self._newcomer(pending), self._posted()
        try:
            person = register(self.parts.policy, said_by(came, posted), pending.nonce)
        except Malformed as problem:
            await self._again(came, posted, problem)
        except GoneError:
            self.to_page("login", self.wished_page())
        except LogError as error:
            self.log.error("nobody is registered: %s", error)
            raise PageRefused(_LATER_TEXT, 503) from None
        else:
            if isinstance(person, Refusal):
                raise self._not_registered(came, pending, person)
            await self._to_second_factor(came, person)

    async def _again(self, came: Newcomer, posted: dict[str, str], problem: Malformed) -> None:
        """ID-14: a field too many goes on record; what was typed stays in the form."""
        if problem.code == "forbidden_field":
            self.parts.policy.refused(HUB, came.command, problem.code)
        self.set_status(422)
        await self._show(came, posted, str(problem))

    def _not_registered(self, came: Newcomer, pending: PendingLogin, refusal: Refusal) -> PageRefused:
        """The half login is over, in the same words whatever the reason is (ID-12)."""
        self.forget_flow_cookie(PENDING_COOKIE)
        self.parts.policy.records.delete_pending_login(pending.nonce)
        if refusal.code in _LATER:
            return PageRefused(_LATER_TEXT, 503)
        return self._refused(came.login, f"not_registered_{refusal.code}")

    async def _to_second_factor(self, came: Newcomer, person: PersonId) -> None:
        """S17: what the provider proved just now, or one of ours; either waits for the verifier."""
        found, policy = came.found, self.parts.policy
        if found.mfa is Mfa.PROVED and provider_factor.enrol(policy, found.provider, person):
            given = Given(
                factor=provider_factor.factor_of(found.provider, person), kind=FactorKind.PROVIDER,
                at=found.authenticated or policy.now(), provider=found.provider, assurance=found.assurance,
            )  # fmt: skip
            await self.enter(person, given, self.wished_page())
            return
        self.wait(Waiting(person, came.login.identity, found, PendingKind.ENROL, PENDING_TIME))
        self.to_page("enrol", self.wished_page())

    def _pending(self) -> PendingLogin | None:
        """The login that waits here; a browser without one, or of somebody known by now, is sent to the beginning."""
        policy = self.parts.policy
        pending: PendingLogin | None = policy.records.pending_login(self.pending_digest(self._nonce), policy.now())
        if pending is None or pending.kind is not PendingKind.WHO or is_known(policy, pending.identity or ""):
            self.to_page("login", self.wished_page())
            return None
        return pending

    def _newcomer(self, pending: PendingLogin) -> Newcomer:
        """Who came, asked anew each time: trust may have ended meanwhile."""
        said = open_claims(self.pending_nonce(self._nonce), pending)
        found = msgspec.json.decode(said or "null", type=Proved | None)
        door = self.parts.doors.get(found.provider) if found is not None else None
        if found is None or door is None:
            raise PageRefused("This login is over; start again.", 400)
        login = Login(pending.identity or "", door.identity_issuer, found.subject)
        came = newcomer(self.parts.policy, login, found)
        if came is None:
            raise self._refused(login, "unknown_identity")
        return came

    def _refused(self, login: Login, why: str) -> UnknownLogin:
        parts = self.parts
        return unknown(parts.refusals, login, why, known_institutions(parts.policy, parts.doors))

    def _posted(self) -> dict[str, str]:
        """All that was sent, as it was sent, also in the address; a field that stands there twice is one too many."""
        body = self.request.body_arguments
        asked = {name for name in self.request.query_arguments if name not in ("next", "_xsrf")}
        double = {f"{name} twice" for name, values in body.items() if len(values) > 1}
        sent = {name: self.decode_argument(values[0], name) for name, values in body.items() if name != "_xsrf"}
        return sent | dict.fromkeys((*asked, *double), "")

    @property
    def _nonce(self) -> str:
        return (self.get_secure_cookie(PENDING_COOKIE, max_age_days=1) or b"").decode("ascii", "replace")

    async def _show(self, came: Newcomer, values: dict[str, str], problem: str = "") -> None:
        with self.parts.policy.reading_behind() as state:
            institution = state.institutions[came.way.institution].name
        invited = came.way.invitation if isinstance(came.way, ByInvitation) else None
        self.finish(
            await self.render_template(
                "who.html", email=came.found.email, institution=institution, invited=invited, problem=problem,
                values={name: values.get(name, "") for name in FIELDS}, steps=next_steps(came.way),
            )
        )  # fmt: skip
