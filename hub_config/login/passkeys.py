"""Passkeys as second factors: what a browser is asked for, and whether its answer counts (S17, S76, MFA-15).

The answer itself is checked in `passkey_answers.py`. A signature cannot be guessed, so a wrong one slows nobody down,
and codes that were shut off leave the passkey. Knows nothing of HTTP.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import msgspec
from webauthn import generate_authentication_options, generate_registration_options, options_to_json
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from access_policy.commands.factors import EnrolFactor
from access_policy.log.records import Factor, NewFactor, PendingKind, PendingLogin, Records
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId, PersonId
from access_policy.use_cases import Policy
from hub_config.login.factors import Answer, Result, SecondFactors, offered
from hub_config.login.passkey_answers import (
    UNUSABLE,
    NotProved,
    Registered,
    Site,
    Stored,
    asserted,
    credential_of,
    registered,
)

CHALLENGE_TIME = timedelta(minutes=5)
LONGEST_NAME = 60
"""Characters of what somebody calls a passkey."""

_CHALLENGE_SIZE = 32  # bytes; WebAuthn Level 3, 13.4.3, asks for at least 16
_PATIENCE = int(CHALLENGE_TIME / timedelta(milliseconds=1))
"""How long the browser waits for its person: as long as the challenge holds (WebAuthn Level 3, 15.1)."""

_MOST = 10_000


class Challenges:
    """What authenticators are asked to sign: random, used once, for five minutes, each bound to what waits for it.

    One for each thing that waits; a newer one takes its place. They live as long as the hub's process: after a restart
    a page is loaded again. `random_bytes` gives so many random bytes.
    """

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._waiting: dict[str, tuple[bytes, datetime]] = {}

    def new(self, bound: str, at: datetime) -> bytes:
        """Return a new challenge for what waits under `bound`."""
        self._forget(at)
        challenge = self._random_bytes(_CHALLENGE_SIZE)
        self._waiting.pop(bound, None)
        self._waiting[bound] = (challenge, at + CHALLENGE_TIME)
        return challenge

    def take(self, bound: str, at: datetime) -> bytes | None:
        """Return the challenge of what waits under `bound`, once, or None where its time is over (MFA-15)."""
        challenge, until = self._waiting.pop(bound, (None, at))
        return challenge if at < until else None

    def _forget(self, at: datetime) -> None:
        """Those whose time is over; where too many wait, the oldest."""
        over = [bound for bound, (_, until) in self._waiting.items() if until <= at]
        for bound in over or list(self._waiting)[: max(len(self._waiting) + 1 - _MOST, 0)]:
            del self._waiting[bound]


class Making(msgspec.Struct, frozen=True):
    """A passkey that is to be enrolled: what for it waits, the command that leaves its fact, and what it is called."""

    bound: str
    command: EnrolFactor
    name: str = ""


class Passkeys:
    """All passkeys of one installation; one for the process. Without a `site` there are none (see `UNUSABLE`).

    `handle` gives a person's user handle: the same each time, and nothing that tells who they are.
    """

    def __init__(
        self, policy: Policy, factors: SecondFactors, site: Site | None, challenges: Challenges,
        handle: Callable[[PersonId], bytes],
    ) -> None:  # fmt: skip
        self._policy = policy
        self._factors = factors
        self._site = site
        self._challenges = challenges
        self._handle = handle

    @property
    def unusable(self) -> str:
        """Why nobody can use a passkey here, or nothing."""
        return "" if self._site is not None else UNUSABLE

    def to_make(self, bound: str, person: PersonId) -> str:
        """Return what the browser is asked for a new passkey, as JSON; empty where there are none.

        It stays in the authenticator (discoverable), and none of the person's own authenticators makes a second one.
        """
        if self._site is None:
            return ""
        criteria = AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        )
        options = generate_registration_options(
            rp_id=self._site.rp_id, rp_name="Sluis", timeout=_PATIENCE, user_name=person, user_id=self._handle(person),
            challenge=self._challenges.new(bound, self._policy.now()), authenticator_selection=criteria,
            exclude_credentials=self._described(self._mine(self._factors.standing(person))),
        )  # fmt: skip
        return options_to_json(options)

    def to_give(self, bound: str, among: Iterable[Factor]) -> str:
        """Return what the browser is asked for one of these passkeys, as JSON; empty where none of them is one."""
        mine = self._mine(among)
        if self._site is None or not mine:
            return ""
        options = generate_authentication_options(
            rp_id=self._site.rp_id, timeout=_PATIENCE,
            challenge=self._challenges.new(bound, self._policy.now()),
            allow_credentials=self._described(mine), user_verification=UserVerificationRequirement.REQUIRED,
        )  # fmt: skip
        return options_to_json(options)

    def prove(self, bound: str, among: Iterable[Factor], answer: str) -> Result:
        """Answer what an authenticator said for what waits under `bound`; the challenge counts once, right or wrong."""
        at = self._policy.now()
        challenge = self._challenges.take(bound, at)
        if self._site is None or challenge is None:
            return Result(Answer.PASSKEY, why="challenge")
        try:
            digest = credential_of(answer)
            factor = next((one for one in self._mine(among) if one.credential == digest), None)
            stored = self._stored(factor)
            if factor is None or stored is None:
                return Result(Answer.PASSKEY, why="credential")
            found = asserted(self._site, challenge, stored, answer)
        except NotProved:
            return Result(Answer.PASSKEY, why="answer")
        if not self._policy.records.accept_count(factor.factor, found.count, at):
            return Result(Answer.PASSKEY, factor.factor, factor.kind, "counter")
        return Result(Answer.RIGHT, factor.factor, factor.kind)

    def prove_first(self, pending: PendingLogin, answer: str) -> Result:
        """Answer what an authenticator made as somebody's first factor, at the login that waits (S17, MFA-13)."""
        if self._factors.next_step(pending.person) is not PendingKind.ENROL:
            return Result(Answer.GONE)
        command = EnrolFactor(person=pending.person, factor=first_passkey(pending.nonce), kind=FactorKind.PASSKEY)
        beside = offered(pending.nonce)

        def instead(records: Records) -> bool:
            records.delete_factor(beside)
            return True

        return self.prove_new(Making(pending.nonce, command), answer, instead)

    def prove_new(self, making: Making, answer: str, beside: Callable[[Records], bool]) -> Result:
        """Answer what an authenticator made: the fact, the key and what `beside` does, or nothing of it."""
        person, at = making.command.person, self._policy.now()
        challenge = self._challenges.take(making.bound, at)
        if self._site is None or challenge is None:
            return Result(Answer.PASSKEY, why="challenge")
        try:
            made = registered(self._site, challenge, bytes_to_base64url(self._handle(person)), answer)
            digest = credential_of(answer)
        except NotProved:
            return Result(Answer.PASSKEY, why="answer")
        if not self._make_room(person, digest):
            return Result(Answer.PASSKEY, why="credential")
        factor = self._keep(making, made, digest)
        if not self._factors.enrol(making.command, beside):
            self._policy.records.delete_factor(factor)
            return Result(Answer.GONE)
        return Result(Answer.RIGHT, factor, FactorKind.PASSKEY)

    def _keep(self, making: Making, made: Registered, digest: str) -> FactorId:
        factor = FactorId(making.command.factor)
        new = NewFactor(
            factor=factor, person=making.command.person, kind=FactorKind.PASSKEY, name=making.name,
            secret=msgspec.json.encode(made.stored).decode(), credential=digest, sign_count=made.count,
        )  # fmt: skip
        self._policy.records.delete_factor(factor)
        self._policy.records.save_factor(new, self._policy.now())
        return factor

    def _make_room(self, person: PersonId, digest: str) -> bool:
        """Say whether a credential id is nobody's; one that this person took away, or never proved, is forgotten."""
        known = self._policy.records.factor_of_credential(digest)
        if known is None:
            return True
        stands = known.factor in {one.factor for one in self._factors.standing(person)}
        if known.person != person or stands:
            return False
        return self._policy.records.delete_factor(known.factor)

    def _mine(self, among: Iterable[Factor]) -> list[Factor]:
        return [one for one in among if one.kind is FactorKind.PASSKEY]

    def _stored(self, factor: Factor | None) -> Stored | None:
        secret = None if factor is None else self._policy.records.factor_secret(factor.factor)
        return None if secret is None else msgspec.json.decode(secret, type=Stored)

    def _described(self, factors: list[Factor]) -> list[PublicKeyCredentialDescriptor]:
        found = [stored for one in factors if (stored := self._stored(one)) is not None]
        return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential)) for one in found]


def first_passkey(digest: str) -> FactorId:
    """The id of the passkey that one half-finished login, or step-up, may enrol: no other can prove it (MFA-13)."""
    return FactorId(f"passkey-{digest[:32]}")


def name_of_passkey(typed: str) -> str:
    """Return what somebody calls a passkey, in one line."""
    return " ".join(typed.split())[:LONGEST_NAME]
