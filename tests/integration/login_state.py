"""The state that the tests of the login run on: made by `begin()` and by commands, one after the other."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pyotp

from access_policy.actor import Actor, component, person
from access_policy.commands.base import Refusal, parse_command
from access_policy.commands.factors import EnrolFactor
from access_policy.log.keys import create_keys
from access_policy.model.enums import Component, FactorKind
from access_policy.model.ids import FactorId, PersonId, RequestId
from access_policy.use_cases import Beginning, FirstAdmin, Policy
from hub_config.bootstrap import begin_log, identity_of, open_policy
from hub_config.places import Places
from tests.unit.access_policy.world import stepped_up

ISSUER = "https://idp.centre.example"
HUB = component(Component.HUB)
ANNA, BRAM = PersonId("P-1"), PersonId("P-2")
STAFF = ("trainer", "assessor", "board-member", "representative", "data-steward", "signatory")
READY = tuple(f"ready{number}" for number in range(1, 41))
NEWCOMERS = tuple(f"newcomer{number}" for number in range(1, 6))


def do(policy: Policy, name: str, actor: Actor, /, **arguments: Any) -> None:
    """Give a command that has to succeed, after a step-up."""
    outcome = policy.handle(parse_command(name, arguments), stepped_up(actor))
    assert not isinstance(outcome, Refusal), f"{name}: {outcome}"


class LoginState:
    """Writes the state: an institution, its staff, people who are ready, one new, one request of each ready one.

    `settings` are further tables of `sluis.toml`, `issuers` where somebody's login is, where it is not at `ISSUER`,
    `domains` those of an institution beside its first, `emails` the addresses on record.
    """

    def __init__(self, places: Places) -> None:
        self.places = places
        self.secrets: dict[str, str] = {}
        self.people: dict[str, PersonId] = {}
        self.settings = ""
        self.issuers: dict[str, str] = {}
        self.domains: dict[str, str] = {}
        self.emails: dict[str, str] = {}

    def make(self) -> Policy:
        """Write it; the policy on it is open and the caller's to close."""
        for folder in (self.places.state, self.places.hub, self.places.parts, self.places.run, self.places.homes):
            folder.mkdir(mode=0o711, exist_ok=True)
        data = self.places.datasets("datasets") / "trial"
        data.mkdir(parents=True)
        (data / "a.csv").write_text("a\n1\n")
        create_keys(self.places.keys, secrets.token_bytes)
        contact = "[contact]\nname = 'the desk of the test'\nemail = 'ask@centre.example'\n"
        self.places.settings.write_text(contact + self.settings)
        first, second = (self._admin(name) for name in ("anna", "bram"))
        begin_log(self.places, Beginning("an-installation", False, (first, second)))
        self.policy = open_policy(self.places)
        try:
            self._centre()
            self._demo_file()
        except BaseException:
            self.policy.store.close()
            raise
        return self.policy

    def _admin(self, name: str) -> FirstAdmin:
        return FirstAdmin(name.title(), f"{name}@centre.example", identity_of(self.places, ISSUER, name), ISSUER, name)

    def _centre(self) -> None:
        anna = person(ANNA)
        for name in ("centre", "hospital"):
            self._do("register-institution", anna, institution=name, name=name.title(), country="NL",
               domains=f"{name}.example{self.domains.get(name, '')}", centre=name == "centre")  # fmt: skip
        now = self.policy.now()
        self._do("record-agreement", anna, institution="hospital", begins=now.isoformat(), ends=_days(now, 600))
        for name in STAFF:
            self._register(name, "hospital" if name == "signatory" else "centre")
        for name in (*READY, *NEWCOMERS):
            self._register(name, "hospital")
        for role in STAFF:
            self._appoint(role)
        for name in ("signatory", "representative"):
            self._let_sign(name)
        self._do("register-course", anna, course="privacy", title="Privacy", validity_days=365)
        for document in ("code-of-conduct", "no-reidentification", "licence-eea"):
            self._do("publish-document", anna, document=document, version="1", language="en", title=document,
               digest="0" * 64)  # fmt: skip
        self._do("register-dataset", self._as("data-steward"), dataset="trial", title="Trial", source="made up",
           kind="clinical", version="1", location="trial", manifest="0" * 64, region="local", zone="anywhere",
           consent="informed-consent", attested=True)  # fmt: skip
        for number, name in enumerate(READY, 1):
            self._make_ready(name, f"DR-{number}")

    def _register(self, name: str, institution: str) -> None:
        email = self.emails[name] = f"{name}@{institution}.example"
        self._do("register-person", person(ANNA), name=name, email=email, institution=institution)
        with self.policy.reading() as state:
            who = self.people[name] = state.emails[email]
        issuer = self.issuers.get(name, ISSUER)
        identity = identity_of(self.places, issuer, name)
        self._do("link-identity", person(BRAM), person=who, identity=identity, issuer=issuer, subject=name)

    def _appoint(self, role: str) -> None:
        ends = _days(self.policy.now(), 300)
        if role == "signatory":
            self._do("appoint-signatory", self._as("representative"), person=self.people[role], until=ends)
            return
        self._do("appoint-role", person(ANNA), person=self.people[role], role=role, until=ends)
        with self.policy.reading() as state:
            proposal = state.last_proposal
        self._do("confirm-proposal", person(BRAM), proposal=proposal)

    def _make_ready(self, name: str, request: str) -> None:
        who, mine = self.people[name], self._as(name)
        now = self.policy.now()
        self._do("verify-person", person(ANNA), person=who, method="video-call", evidence="seen", until=_days(now, 300))
        self._do("certify-person", self._as("trainer"), person=who, course="privacy")
        self._enrol(name, who)
        for document in ("code-of-conduct", "no-reidentification"):
            self._do("accept-document", mine, person=who, document=document, version="1")
        self._ask(name, request)

    def _let_sign(self, name: str) -> None:
        who, now = self.people[name], self.policy.now()
        self._do("verify-person", person(ANNA), person=who, method="video-call", evidence="seen", until=_days(now, 300))
        self._enrol(name, who)

    def _ask(self, name: str, request: str) -> None:
        who, mine, now = self.people[name], self._as(name), self.policy.now()
        self._do("open-request", mine, title="Survival", purpose="which treatment helps")
        self._do("describe-request", mine, request=request, purpose_kind="research", field_of_work="leukaemia",
           tests_treatment=False, controller="the hospital", processor="the centre")  # fmt: skip
        self._do("request-dataset", mine, request=request, dataset="trial", necessity="the outcome")
        self._do("name-contact", mine, request=request, person=who, email=f"{name}@hospital.example")
        self._do("submit-request", mine, request=request)
        self._do("assess-request", self._as("assessor"), request=request, assessment="sound")
        for criterion in ("social", "ethical", "legal", "contractual"):
            self._do(
                "record-finding", self._as("assessor"), request=request, criterion=criterion, met=True, reason="so"
            )
        with self.policy.reading() as state:
            digest = state.requests[RequestId(request)].digest
        findings = {"improves_treatment": True, "public_interest": True, "reason": "good", "digest": digest}
        term = {"begins": now.isoformat(), "ends": _days(now, 200)}
        self._do("approve-request", self._as("board-member"), request=request, **findings, **term)
        for party, signer in (("researcher", name), ("licensee", "signatory"), ("representative", "representative")):
            self._do("sign-licence", self._as(signer), request=request, party=party)
        self._do("make-available", self._as("data-steward"), request=request)

    def _enrol(self, name: str, who: PersonId) -> None:
        factor, policy = FactorId(f"f-{name}"), self.policy
        secret = self.secrets[name] = pyotp.random_base32()
        policy.records.save_pending_factor(factor, who, FactorKind.TOTP, secret, policy.now())
        command = EnrolFactor(person=who, factor=factor, kind=FactorKind.TOTP)
        assert not isinstance(policy.handle(command, HUB, lambda records: _activate(records, factor)), Refusal)
        self._do("confirm-factor", person(ANNA), person=who, factor=factor)

    def _do(self, name: str, actor: Actor, /, **arguments: Any) -> None:
        do(self.policy, name, actor, **arguments)

    def _as(self, name: str) -> Actor:
        return person(self.people[name])

    def _demo_file(self) -> None:
        rows: list[dict[str, object]] = [
            {"person": who, "login": name, "name": name, "email": self.emails[name], "roles": [],
             "institution": "centre", "totp_secret": self.secrets.get(name)}
            for name, who in self.people.items()
        ]  # fmt: skip
        self.places.demo.write_bytes(msgspec.json.encode(rows))


def _days(at: datetime, count: int) -> str:
    return (at + timedelta(days=count)).isoformat()


def _activate(records: Any, factor: FactorId) -> None:
    assert records.activate_factor(factor)
