"""`sluis session list|end`: who is logged in now, and how an operator ends that at once.

Ending is recorded with the operator's name. From that instant on the session lets nobody in; the running hub takes its
routes, sockets and tokens with its next sweep, seconds later. The person's workspaces go on, out of reach (SES-11).
"""

import argparse
from datetime import datetime
from typing import Any

from access_policy.actor import Actor
from access_policy.events import LogRead, SessionEnded
from access_policy.log.records import Session
from access_policy.model.ids import PersonId
from access_policy.use_cases import Policy
from hub_config.cli.answers import instant, quoted, say, show_json, show_line, show_table
from hub_config.cli.options import Call, Parser, UsageProblem, commands_of, group, leaf
from hub_config.cli.paging import count
from hub_config.cli.reading import known_person, opened
from hub_config.sessions import as_session

WHY = "operator"
_SHORTEST = 8
_SHOWN = 12
_COLUMNS = ("session", "person", "begun", "last_activity", "ends", "provider", "kind", "zone")


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the commands."""
    inner = commands_of(group(commands, "session", "sessions: who is logged in now"))
    parser = leaf(inner, "list", show, "list the sessions that are live, the newest first")
    parser.add_argument("--person", metavar="P", help="only those of this person")
    parser.add_argument("--limit", type=count, metavar="N", help="at most so many (all)")
    parser = leaf(inner, "end", end, "end one session, or all of a person")
    parser.add_argument("session", metavar="SESSION", nargs="?", help="which, by the beginning of its id")
    parser.add_argument("--person", metavar="P", help="all of this person")


def show(call: Call) -> int:
    """List live sessions, after recording that somebody reads them (E51). Raises StateProblem or LogError."""
    given = call.arguments
    with opened(call.places, behind=True) as policy:
        who = _person(policy, given.person)
        policy.observe(Actor(operator=call.operator), LogRead(what=" ".join(["session list", *([who] if who else [])])))
        at = policy.now()
        found = policy.records.live_sessions(at, who)[::-1]
    rows = [_row(one, at) for one in found[: given.limit]]
    if call.json:
        show_json(rows)
    else:
        short = [row | {"session": row["session"][:_SHOWN]} for row in rows]
        show_table([name.replace("_", " ") for name in _COLUMNS], [[row[name] for name in _COLUMNS] for row in short])
    if len(rows) < len(found):
        say(f"{len(found) - len(rows)} older ones are left out; raise --limit")
    return 0


def end(call: Call) -> int:
    """End sessions, and record each (SES-11). Raises UsageProblem where it is not clear which."""
    given = call.arguments
    if (given.session is None) == (given.person is None):
        raise UsageProblem("name one session, or with --person somebody whose sessions all end")
    with opened(call.places, behind=True) as policy:
        who = _person(policy, given.person)
        at = policy.now()
        live = policy.records.live_sessions(at, who)
        meant = live if who is not None else _one(live, given.session)
        ended = [one for one in meant if policy.records.end_session(one.session, at, WHY) is not None]
        for one in ended:
            event = SessionEnded(person=one.person, session=one.session, why=WHY)
            policy.observe(Actor(operator=call.operator), event)
    if call.json:
        show_json({"ended": [{"session": one.session, "person": one.person} for one in ended]})
    else:
        show_line(f"{len(ended)} session{'' if len(ended) == 1 else 's'} ended; they let nobody in from now on")
    return 0


def _one(live: list[Session], beginning: str) -> list[Session]:
    found = [one for one in live if len(beginning) >= _SHORTEST and one.session.startswith(beginning)]
    if len(found) != 1:
        text = f"{len(found)} live sessions begin with {quoted(beginning)}, of at least {_SHORTEST} digits"
        raise UsageProblem(f"{text}; `sluis session list` shows all")
    return found


def _person(policy: Policy, text: str | None) -> PersonId | None:
    if text is None:
        return None
    with policy.reading_behind() as state:
        return known_person(state, text)


def _row(one: Session, at: datetime) -> dict[str, Any]:
    return {
        "session": one.session,
        "person": one.person,
        "begun": instant(one.begun),
        "last_activity": instant(one.last_activity),
        "idle_ends": instant(one.idle_ends),
        "ends": instant(one.ends),
        "provider": one.provider,
        "kind": str(one.factor_kind),
        "factor": one.factor,
        "assurance": str(one.assurance) if one.assurance is not None else None,
        "zone": str(as_session(one, at).zone),
        "inside_until": instant(one.inside_until),
    }
