"""What the bench of endings ends: rooms, each with an institution, a researcher, a dataset and a request of its own.

So a fact about any of these takes the ground from one workspace alone. All is made by commands, on behalf of the demo's
people, and most rooms are outside the EEA, where more can be taken away.
"""

import secrets
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from access_policy import events as e
from access_policy.model.enums import Confirmation, Criterion, Party, Region, TransferBasis
from access_policy.model.jurisdictions import ModelClauses
from access_policy.use_cases import Policy
from hub_config.bootstrap import identity_of, present
from hub_config.cli.manifests import write_manifest
from hub_config.demo.chronicle import SECOND_ADMIN, Chronicle, DemoClock
from hub_config.demo.people import COURSE, DEMO_ISSUER
from hub_config.demo.seed import SETTINGS
from hub_config.demo.tables import VERSION
from hub_config.places import Places

ADMIN, OFFICE, STEWARD, TRAINER, REPRESENTATIVE = "anna", "femke", "daan", "tessa", "rosa"
_ASSESSOR, _BOARD = "arjen", "bea"
FILE = "patients.csv"
_OF = Path("gbsg2-clinical", VERSION, FILE)
"""What stands in each room's dataset."""
INSIDE = 0
"""The number of the one room that is inside the EEA, and so has another licence than all others."""


class _Clock(DemoClock):
    """The present; a morning still counts from today's."""

    def __init__(self) -> None:
        super().__init__(present())

    def __call__(self) -> datetime:
        """Return the present instant, UTC."""
        return present()


_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass
class Room:
    """One room: its newest request and the end of its term; the version of its dataset, and who was taken out of it."""

    number: int
    request: str = ""
    version: int = 1
    excluded: tuple[str, ...] = ()
    ends: datetime = _NEVER

    @property
    def country(self) -> str:
        """Where its institution is."""
        return "DK" if self.number == INSIDE else "AU"

    @property
    def name(self) -> str:
        """The name of its institution and of its dataset."""
        return f"room-{self.number}"

    @property
    def login(self) -> str:
        """Who works here."""
        return f"guest-{self.number}"

    @property
    def signatory(self) -> str:
        """Who signs for the institution."""
        return f"signatory-{self.number}"


class Shelf(NamedTuple):
    """Where datasets lie: in the datasets' folder, or in a bucket, to which `put` brings a folder under a prefix."""

    bucket: str = ""
    put: Callable[[str, str, Path], None] = lambda _bucket, _prefix, _folder: None

    @property
    def region(self) -> Region:
        """Where that is."""
        return Region.EUROPE_WEST4 if self.bucket else Region.LOCAL

    def take(self, prefix: str, folder: Path) -> str:
        """Bring a folder there; return its location."""
        self.put(self.bucket, prefix, folder)
        return f"gs://{self.bucket}/{prefix}" if self.bucket else prefix


_HERE = Shelf()


class Rooms:
    """All rooms, and the pen that writes their facts.

    `ahead` is how long before it comes an instant is named: time for a start, and for other endings of a stretch.
    """

    ahead = timedelta(seconds=40)

    def __init__(self, policy: Policy, places: Places, number: int, shelf: Shelf = _HERE) -> None:
        known = msgspec.json.decode(places.demo.read_bytes())
        people = {one["login"]: one["person"] for one in known}
        identity = partial(identity_of, places, DEMO_ISSUER)
        self._pen = Chronicle(policy, _Clock(), secrets.token_bytes, identity, people)
        self.policy = policy
        self._places, self._datasets, self._shelf = places, places.datasets(SETTINGS.data.folder), shelf
        self.all = [Room(one) for one in range(number)]

    def make(self) -> None:
        """Make all of them, and let their people be known to the demo's login."""
        for room in self.all:
            self._found(room)
            self.register(room, room.login)
            self.register(room, room.signatory)
            self.give(REPRESENTATIVE, "appoint-signatory", person=self.person(room.signatory), until=self.day(900))
            self.release(room)
            self.ask(room)
        rows = msgspec.json.decode(self._places.demo.read_bytes())
        rows += [self.guest(room) for room in self.all]
        self._places.demo.write_bytes(msgspec.json.encode(rows))

    def guest(self, room: Room) -> dict[str, Any]:
        """Return what stands in `demo.json` of the person of a room."""
        return {
            "person": self.person(room.login), "login": room.login, "name": f"Guest {room.number}",
            "email": _email(room, room.login), "roles": [], "institution": room.name,
            "totp_secret": self._pen.secrets[room.login],
        }  # fmt: skip

    def day(self, number: int) -> datetime:
        """Return the morning of a day that counts from today."""
        return self._pen.clock.morning(number)

    def person(self, login: str) -> str:
        """Return the id of a person."""
        return str(self._pen.people[login])

    def give(self, who: str, command: str, **arguments: Any) -> e.Fact:
        """Give a command on behalf of a person; return its last fact."""
        return self._pen.give(who, command, **arguments)[-1]

    def agree(self, who: str, command: str, **arguments: Any) -> e.Fact:
        """Give one that a second admin confirms; return the last fact of that."""
        proposed = self.give(who, command, **arguments).event
        assert isinstance(proposed, e.CommandProposed)
        return self.give(SECOND_ADMIN, "confirm-proposal", proposal=proposed.proposal)

    def trust(self, room: Room) -> None:
        """Record the agreement with the institution."""
        self.give(ADMIN, "record-agreement", institution=room.name, begins=present(), ends=self.day(900))

    def certify(self, room: Room) -> None:
        """Let them pass the required course."""
        self.give(TRAINER, "certify-person", person=self.person(room.login), course=COURSE)

    def enrol(self, login: str) -> None:
        """Give somebody a second factor that counts."""
        self._pen.enrol(login)
        self._pen.confirm(login)

    def verify(self, login: str, until: datetime) -> e.Fact:
        """Verify somebody until an instant."""
        return self.give(
            ADMIN, "verify-person", person=self.person(login), method="in-person", until=until, evidence="the passport"
        )

    def release(self, room: Room) -> None:
        """Register the dataset, or release a new version of it without those who took their consent back."""
        folder = self._datasets / room.name / str(room.version)
        folder.mkdir(parents=True)
        shutil.copy(self._datasets / _OF, folder / FILE)
        (folder / "version.txt").write_text(f"{room.name} {room.version}\n")  # no two are of the same files
        for path in (folder.parent, folder):
            path.chmod(0o755)
        location = self._shelf.take(f"{room.name}/{room.version}", folder)
        named = {
            "dataset": room.name, "version": str(room.version), "location": location,
            "manifest": write_manifest(folder).digest, "attested": "true",
        }  # fmt: skip
        if room.version > 1:
            self.give(STEWARD, "release-version", **named, excluded=list(room.excluded))
            return
        more = {"kind": "clinical", "region": self._shelf.region, "consent": "informed-consent"}
        self.give(STEWARD, "register-dataset", **named, **more, title=f"Data of {room.name}", source="a bench")

    def base(self, room: Room, basis: TransferBasis) -> e.Fact:
        """Record the ground on which the institution may get data, or that there is none."""
        told = {} if basis is TransferBasis.NONE else _CLAUSES | {"concluded": self.day(-30)}
        return self.give(
            OFFICE, "record-transfer-basis", request=room.request, institution=room.name, basis=basis, **told
        )

    def sign(self, room: Room) -> None:
        """Let all three parties sign."""
        signers = (room.login, room.signatory, REPRESENTATIVE)
        for who, party in zip(signers, (Party.RESEARCHER, Party.LICENSEE, Party.REPRESENTATIVE), strict=True):
            self.give(who, "sign-licence", request=room.request, party=party)

    def ask(self, room: Room, ends: datetime | None = None) -> None:
        """Bring a new request of the room to its data; its term ends in a year, unless said otherwise."""
        room.ends = ends or self.day(365)
        opened = self.give(room.login, "open-request", title="A question", purpose="to treat cancer better").event
        assert isinstance(opened, e.RequestOpened)
        room.request = opened.request
        self._fill(room)
        self.give(room.login, "submit-request", request=room.request)
        self._review(room)
        self.give(
            _BOARD, "approve-request", request=room.request, improves_treatment="true", public_interest="true",
            reason="relevant", begins=present(), ends=room.ends, digest=self._pen.digest(room.request),
        )  # fmt: skip
        self.sign(room)
        self.give(STEWARD, "make-available", request=room.request)

    def register(self, room: Room, login: str) -> None:
        """Register a person of the room for whom everything holds."""
        values = {"name": login.capitalize(), "email": _email(room, login), "institution": room.name}
        registered = self.give(ADMIN, "register-person", **values).event
        assert isinstance(registered, e.PersonRegistered)
        who = self._pen.people[login] = registered.person
        identity = {"identity": self._pen.identity_of(login), "issuer": DEMO_ISSUER, "subject": login}
        self.give(SECOND_ADMIN, "link-identity", person=who, **identity)
        self.verify(login, self.day(700))
        self.enrol(login)
        for document in ("code-of-conduct", "no-reidentification"):
            self.give(login, "accept-document", person=who, document=document, version="1")
        self.give(TRAINER, "certify-person", person=who, course=COURSE)

    def _found(self, room: Room) -> None:
        self.give(
            ADMIN, "register-institution", institution=room.name, name=f"Hospital {room.number}", country=room.country,
            domains=[f"{room.name}.example"], centre="false",
        )  # fmt: skip
        self.trust(room)

    def _fill(self, room: Room) -> None:
        about = {"request": room.request}
        who = room.login
        self.give(
            who, "describe-request", **about, purpose_kind="research", field_of_work="cancer", tests_treatment="false",
            controller=f"Hospital {room.number}", processor="the centre",
        )  # fmt: skip
        self.give(who, "request-dataset", **about, dataset=room.name, necessity="it cannot be answered without")
        self.give(who, "name-contact", **about, person=self.person(who), email=_email(room, who))
        if room.number != INSIDE:
            self.give(who, "confirm-protection", **about, institution=room.name, confirmations=list(Confirmation))

    def _review(self, room: Room) -> None:
        about = {"request": room.request}
        self.give(_ASSESSOR, "assess-request", **about, assessment="sound")
        for criterion in _PRINCIPLES:
            self.give(_ASSESSOR, "record-finding", **about, criterion=criterion, met="true", reason="it is")
        if room.number != INSIDE:
            self.base(room, TransferBasis.MODEL_CLAUSES)


_PRINCIPLES: Sequence[Criterion] = (Criterion.SOCIAL, Criterion.ETHICAL, Criterion.LEGAL, Criterion.CONTRACTUAL)
_CLAUSES = {
    "clauses": ModelClauses.GDPR_2021, "protection_adequate": "true", "contractual_measures": "true",
    "technical_measures": "true",
}  # fmt: skip


def _email(room: Room, login: str) -> str:
    return f"{login}@{room.name}.example"
