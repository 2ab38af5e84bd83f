"""What whoever reads the stored log without its keys learns: nothing that is a secret, and nobody's name (AUD-09)."""

import base64
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyotp
import pytest

from access_policy.log.records import PendingKind, PendingLogin, token_digest
from access_policy.model.ids import PersonId
from access_policy.use_cases import Policy
from hub_config.bootstrap import open_policy
from hub_config.cli import main
from hub_config.login.factors import Answer, SecondFactors
from hub_config.login.second_factor import Throttle
from hub_config.login.sessions import Given, begin_session
from hub_config.places import Places
from tests.unit.hub_config.demo.seeded import copy_of_demo

PSEUDONYM = "SUBJECT-0815-77"
NOTEBOOK = '{"cells": [{"source": "tumours.query(\'age < 3\')"}]}'
REASON = "a remark about Wilhelmina Zonneveld"


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return copy_of_demo(tmp_path / "state")


def log_in(policy: Policy, one: dict[str, Any]) -> list[str]:
    """Log somebody in with a wrong code and the right one; return what only their browser and telephone know."""
    nonce, now = secrets.token_urlsafe(32), policy.now()
    pending = PendingLogin(
        nonce=token_digest(nonce), person=PersonId(one["person"]), created=now, expires=now + timedelta(minutes=5),
        kind=PendingKind.LOGIN,
    )  # fmt: skip
    policy.records.create_pending_login(pending)
    factors = SecondFactors(policy, Throttle(), pyotp.random_base32)
    code = pyotp.TOTP(one["totp_secret"]).at(now)
    wrong = f"{(int(code) + 500_000) % 1_000_000:06}"
    results = [factors.prove(pending, typed) for typed in (wrong, code)]
    assert [one.answer for one in results] == [Answer.WRONG, Answer.RIGHT]
    given = Given(factor=results[-1].factor, kind=results[-1].kind, at=now)
    token = begin_session(policy, pending.person, given, lambda: secrets.token_urlsafe(32))
    return [nonce, token, json.dumps(code), json.dumps(wrong)]


def use(places: Places, people: list[dict[str, Any]]) -> list[str]:
    """Let secrets pass by the log: logins, a subject, a file, a reason and a refused command; return them all."""
    subject = sha256(PSEUDONYM.encode()).hexdigest()
    policy = open_policy(places)
    with closing(policy.store):
        known = [secret for one in people[:3] for secret in log_in(policy, one)]
        policy.records.store_file(policy.records.seal_file("P-3", "thesis.ipynb", NOTEBOOK.encode()))
    steward = next(one["person"] for one in people if "data-steward" in one["roles"])
    opts_out = ("record-opt-out", "dataset=gbsg2-clinical", f"subject={subject}", "--as", steward)
    disables = ("disable-person", "person=P-12", f"reason={REASON}", "--as", people[0]["person"])
    statuses = [main(["do", *each, "--state", str(places.state)]) for each in (opts_out, opts_out, disables)]
    assert statuses == [0, 3, 0]
    return [*known, PSEUDONYM, subject, sha256(subject.encode()).hexdigest(), NOTEBOOK, "thesis.ipynb", REASON]


def stored(log: Path) -> Iterator[bytes]:
    """Give each value of each table, then each file of the log as it lies on the disk."""
    with closing(sqlite3.connect(log)) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):
                yield from (value if isinstance(value, bytes) else str(value).encode() for value in row)
        yield from (path.read_bytes() for path in log.parent.glob(f"{log.name}*"))


def test_the_stored_log_tells_no_secret_and_no_name(places: Places) -> None:
    """AUD-09: no secret of a factor, code, token, address, name, pseudonym or notebook stands in any stored byte."""
    people = json.loads(places.demo.read_text(encoding="utf-8"))
    sought = [text.encode() for text in use(places, people)]
    sought += [one[field].encode() for one in people for field in ("name", "email", "totp_secret") if one[field]]
    sought += [base64.b32decode(one["totp_secret"]) for one in people if one["totp_secret"]]
    everything = list(stored(places.log))
    assert [text for text in sought if any(text in value for value in everything)] == []
    assert all(any(text in value for value in everything) for text in (b"gbsg2-clinical", b"SessionBegun", b"OptedOut"))
    assert len(sought) > 100
