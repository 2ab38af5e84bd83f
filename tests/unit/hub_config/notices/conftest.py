"""Fixtures of the tests of mail: a mail server, a world whose notices go to it, and certificates."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from access_policy import events as e
from access_policy.actor import person
from access_policy.log.outbox import Entry, Outbox, Standing
from access_policy.model.ids import PersonId
from hub_config.mail_settings import Tls
from hub_config.notices.letters import Origin
from hub_config.notices.sender import Loop, Post, collecting
from hub_config.notices.smtp import Server, deliver
from hub_config.settings import Contact
from tests.unit.hub_config.desk.seed import URL, World, empty_world
from tests.unit.hub_config.notices.mail_server import Handler, MailServer

ORIGIN = Origin("sluis@centre.example", Contact(), URL)
ADA = PersonId("P-3")
ADMIN = person(PersonId("P-1"), "a-proof")


@dataclass
class Mailing:
    """A world with one person in it, and how its notices go out."""

    world: World
    loop: Loop
    handler: Handler

    @property
    def outbox(self) -> Outbox:
        return self.world.policy.records.outbox

    def standings(self) -> list[Standing]:
        return [one.state for one in self.outbox.entries()]

    def one(self) -> Entry:
        (entry,) = self.outbox.entries()
        return entry

    def observed(self) -> list[e.Event]:
        """What the observations tell of notices."""
        found = (one.event for one in self.world.policy.store.observations_since(0))
        return [one for one in found if isinstance(one, e.NoticeSent | e.NoticeFailed)]

    def all_turns(self) -> int:
        """Turn until nothing is due; return how many notices were tried."""
        turns = 0
        while self.loop.turn():
            turns += 1
            assert turns < 100
        return turns

    def another(self, port: int) -> Loop:
        """Return another sender of the same log, whose mails go to a server on this port."""
        return Loop(self.world.policy, self.loop.collector, post_to(port))


def post_to(port: int) -> Post:
    server = Server("127.0.0.1", port, Tls.LOOPBACK, "centre.example", timeout=10.0, patience=10.0)

    return Post(ORIGIN, partial(deliver, server))


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def server(handler: Handler) -> Iterator[MailServer]:
    running = MailServer(handler)
    yield running
    running.close()


@pytest.fixture
def mailing(tmp_path: Path, handler: Handler, server: MailServer) -> Iterator[Mailing]:
    """Ada has just proved her first second factor, and nobody was told yet."""
    world = empty_world(tmp_path)
    world.do("register-institution", "admin", institution="centre", name="Centre", country="NL",
             domains=["centre.example"], centre=True)  # fmt: skip
    world.do("register-person", "admin", name="Ada", email="ada@centre.example", institution="centre")
    loop = Loop(world.policy, collecting(world.policy), post_to(server.port))
    world.enrol(ADA, "totp-1")
    yield Mailing(world, loop, handler)
    world.policy.store.close()


@dataclass(frozen=True)
class Certificate:
    """A certificate for `127.0.0.1`, which vouches for itself."""

    file: Path
    context: ssl.SSLContext


def certificate(folder: Path, name: str = "127.0.0.1") -> Certificate:
    """Make a key and a certificate that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    at = dt.datetime.now(dt.UTC)
    names = [x509.IPAddress(ipaddress.ip_address(name))]
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(at - dt.timedelta(days=1))
        .not_valid_after(at + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file, private = folder / "mail.crt", folder / "mail.key"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, private)
    return Certificate(file, context)
