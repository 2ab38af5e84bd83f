"""Records a log for `test_recorded_logs.py`: its rows, its keys, its checkpoints, and what is decided on it.

Run by the release whose format is recorded: `python tests/vectors/logs/record.py FOLDER` makes a demo and records it;
`--state DIR` records one that is there, and that nobody needs any more, since its keys are published with it. A folder
that was recorded before is left as it is.
"""

import argparse
import json
import lzma
import secrets
import shutil
import sqlite3
import tempfile
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from access_policy.actor import Actor
from access_policy.commands.base import Refusal
from access_policy.commands.installation import ConfirmProposal
from access_policy.commands.roles import AppointRole
from access_policy.decision import Decision, decide, supposed_session
from access_policy.events import FACTS, OBSERVATIONS
from access_policy.log.codec import form_of
from access_policy.model.enums import Action, Role, Zone
from access_policy.model.ids import PersonId
from access_policy.model.instants import format_instant, parse_instant
from access_policy.rules import Query
from access_policy.state import State
from access_policy.use_cases import Policy
from hub_config.bootstrap import open_policy
from hub_config.places import Places

_EARLIER = 10


def record(state: Path, folder: Path) -> None:
    """Write the parts of a recorded log. Raises FileExistsError where the folder is there."""
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "state"
        copy.mkdir()
        with closing(sqlite3.connect(state / "log.sqlite")) as log, closing(sqlite3.connect(copy / "log.sqlite")) as to:
            log.backup(to)
        for part in ("keys", "checkpoints"):
            shutil.copytree(state / part, copy / part)
        (folder / "log.sqlite.xz").write_bytes(lzma.compress((copy / "log.sqlite").read_bytes(), preset=9))
        policy = open_policy(Places(copy))
        try:
            answers = decisions(policy, instants_of(policy))
        finally:
            policy.store.close()
    for part in ("keys", "checkpoints"):
        shutil.copytree(state / part, folder / part)
    text = json.dumps(answers, separators=(",", ":"), sort_keys=True)
    (folder / "forms.json").write_text(json.dumps(forms(), indent=1) + "\n", encoding="utf-8")
    (folder / "decisions.json.xz").write_bytes(lzma.compress(text.encode(), preset=9))


def forms() -> dict[str, dict[str, list[str]]]:
    """Return the names of each kind's fields in this release, and of those that it seals."""
    kinds = sorted((FACTS | OBSERVATIONS).items())
    return {
        name: {"fields": sorted(kind.__struct_fields__), "sealed": sorted(form_of(kind).seals)} for name, kind in kinds
    }


def instants_of(policy: Policy) -> list[str]:
    """Return the instants of some earlier facts, spread evenly, and of the newest."""
    facts = list(policy.store.facts_since(0))
    return [format_instant(facts[len(facts) * part // _EARLIER - 1].at) for part in range(1, _EARLIER)] + [
        format_instant(facts[-1].at)
    ]


def decisions(policy: Policy, instants: list[str]) -> dict[str, Any]:
    """Return the answer to every person, request and question at each instant, on what was known then.

    Answers that are alike stand once, in `answers`; `asked` has their numbers, in the order of `requests`.
    """
    with policy.reading() as state:
        people, requests = list(state.people), list(state.requests)
    answers: dict[str, int] = {}
    asked: dict[str, dict[str, dict[str, list[int]]]] = {}
    for text in instants:
        at, past = parse_instant(text), policy.state_at(parse_instant(text))
        asked[text] = {
            str(action): {
                person: [
                    answers.setdefault(_answer(past, Query(person, request, action, at, None)), len(answers))
                    for request in requests
                ]
                for person in people
            }
            for action in (Action.OPEN_WORKSPACE, Action.KEEP_WORKSPACE)
        }
    return {"requests": requests, "answers": [json.loads(one) for one in answers], "asked": asked}


def _answer(state: State, query: Query) -> str:
    """Return all of an answer that may not change with a release; to open is asked as after a fresh login."""
    person, request, action, at = query.person, query.request, query.action, query.at
    session = supposed_session(state, person, at, Zone.ANYWHERE) if action is Action.OPEN_WORKSPACE else None
    return _text(decide(state, Query(person, request, action, at, session)))


def _text(decision: Decision) -> str:
    parts = {
        "allowed": decision.allowed,
        "holds": {str(finding.code): finding.holds for finding in decision.findings},
        "until": _instant(decision.until),
        "datasets": [[one.name, one.version] for one in decision.datasets],
    }
    return json.dumps(parts)


def _instant(value: datetime | None) -> str | None:
    return None if value is None else format_instant(value)


def make_demo(places: Places) -> None:
    """Make a demo, start and stop it, and let its two admins appoint a trainer themselves."""
    from hub_config import startup
    from hub_config.demo.seed import seed
    from hub_config.settings import load_settings

    seed(places, lambda _text: None)
    policy = open_policy(places)
    try:
        startup.adopt_settings(load_settings(places.settings), policy)
        until = policy.now() + timedelta(days=300)
        appointed = AppointRole(person=PersonId("P-4"), role=Role.TRAINER, until=until)
        for admin, command in (("P-1", appointed), ("P-2", None)):
            with policy.reading() as state:
                confirmed = ConfirmProposal(proposal=state.last_proposal)
            done = policy.handle(command or confirmed, Actor(person=PersonId(admin), step_up=secrets.token_hex(16)))
            if isinstance(done, Refusal):
                raise SystemExit(f"{admin}: {done.text}")
    finally:
        policy.store.close()
    startup._clean(places, policy := open_policy(places))
    policy.store.close()
    startup.after_stop(places)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    if given.state is not None:
        record(given.state, given.folder)
    else:
        with tempfile.TemporaryDirectory() as made:
            make_demo(Places(Path(made) / "state"))
            record(Path(made) / "state", given.folder)
