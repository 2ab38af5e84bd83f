"""The tables of law belong to a version of the rules, and an old decision replays under the rules of its day."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.decision import RULES_VERSION, as_json, decide
from access_policy.model import jurisdictions as law
from access_policy.model.enums import Action, DataKind, RequestStatus
from access_policy.model.ids import DatasetName, RequestId
from access_policy.model.jurisdictions import AdequacyScope
from access_policy.rules import Query
from access_policy.rules.particulars import EHDS_BINDS_FROM
from access_policy.state import State
from tests.unit.access_policy.abroad import abroad, criteria
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.world import (
    ADMIN,
    DAY,
    DIGEST,
    OPEN,
    RESEARCHER,
    TICK,
    World,
    description,
    everything_holds,
    find,
)

DIGESTS = {
    "2026-11": "bb2bf22181e72eda0856bce780c3fbbcae500e14fcf44cb3c5b222f8a56360e3",
}
"""Of every version of the rules that was released: the digest of its tables of law. A row is added, none is changed."""

BINDS = EHDS_BINDS_FROM[DataKind.CLINICAL]
TUMOURS = DatasetName("tumours")
IN_2028 = BINDS - 120 * DAY
IN_2029 = BINDS + 5 * DAY


def _tables() -> dict[str, object]:
    """Return each table of law that the rules read, in an order that does not hang on how it is written."""
    return {
        "countries": sorted(law.COUNTRIES),
        "eea": sorted(law.EEA.items()),
        "adequacy": [msgspec.to_builtins(one) for one in law.ADEQUACY],
        "clauses": sorted((str(version), span) for version, span in law.MODEL_CLAUSES.items()),
        "old clauses": law.OLD_CLAUSES_REPEALED,
        "eligible": [msgspec.to_builtins(one) for one in law.ELIGIBLE_THIRD_COUNTRIES],
        "ehds binds": sorted((str(kind), at) for kind, at in EHDS_BINDS_FROM.items()),
    }


def _digest(tables: dict[str, object]) -> str:
    return hashlib.sha256(msgspec.json.encode(tables)).hexdigest()


def test_the_tables_of_law_are_those_of_the_version() -> None:
    """S57, S58, S67, S101, E13, E72: whoever edits a table of law gives the rules a new version, with a row of its own.

    Each decision says under which version it was made, so two versions never say different things by one name.
    """
    assert RULES_VERSION in DIGESTS, "the new version needs a row in DIGESTS"
    assert _digest(_tables()) == DIGESTS[RULES_VERSION], "a table of law changed: raise RULES_VERSION, add a row"
    assert list(DIGESTS) == sorted(DIGESTS)
    assert list(DIGESTS)[-1] == RULES_VERSION
    assert len({*DIGESTS.values()}) == len(DIGESTS)


@pytest.mark.parametrize("table", _tables())
def test_each_table_of_law_is_in_the_digest(table: str) -> None:
    """S67: an entry less in any table is another digest."""
    tables = _tables()
    value = tables[table]
    changed = value[1:] if isinstance(value, list) and value else [DIGEST]
    assert _digest(tables | {table: changed}) != _digest(tables)


def test_every_table_of_the_module_of_law_is_in_the_digest() -> None:
    """S67: a table that is added is pinned as well."""
    names = {name for name in vars(law) if name.isupper() and not name.startswith("_")} - {"UTC"}
    assert names == {
        "COUNTRIES", "EEA", "ADEQUACY", "MODEL_CLAUSES", "OLD_CLAUSES_REPEALED", "ELIGIBLE_THIRD_COUNTRIES",
    }  # fmt: skip


# --- replay ---


def _at_home() -> World:
    return everything_holds(at=IN_2028)


def _party_abroad() -> World:
    """E13: its country is listed by nobody, which matters from the day on from which the law binds."""
    world = _at_home()
    abroad(world, regime="ehds")
    return world


def _opt_out_ignored() -> World:
    """E72: a patient opted out before the permit, which matters from that day on."""
    world = _at_home()
    _say(world, e.OptedOut(dataset=TUMOURS, subject=DIGEST))
    request = world.ask(RequestStatus.DRAFT)
    world.do("describe-request", RESEARCHER, request=request, **description(regime="ehds"))
    world.bring(request, RequestStatus.ASSESSED)
    find(world, request, *criteria(world, request))
    world.bring(request, RequestStatus.ACTIVE)
    return world


def _say(world: World, *events: e.FactEvent) -> None:
    for event in events:
        world.append([(person(ADMIN), event)])


def _facts_of_2029(world: World) -> None:
    """All about the parties, and two of them about instants that had passed."""
    world.at = IN_2029
    _say(
        world,
        e.CountryListed(country="KR", begins=IN_2028, ends=None, act="an implementing act"),
        e.AdequacyEnded(country="KR", scope=AdequacyScope.FULL, ends=BINDS - 30 * DAY, act="a judgment"),
        e.OptOutReversed(dataset=TUMOURS, subject=DIGEST),
        e.DatasetWithdrawn(dataset=TUMOURS, writer=ADMIN, reason="consent"),
        e.PersonDisabled(person=RESEARCHER, reason="misuse"),
        e.RequestEnded(request=OPEN, reason="misuse"),
    )


def _answers(world: World, state: State, at: datetime) -> dict[str, str]:
    """Answer every action for every person and request at an instant, each answer as it is written down."""
    world.at = at
    return {
        f"{who} {request} {action}": msgspec.json.encode(
            as_json(decide(state, Query(who, request, action, at, world.login(who))))
        ).decode()
        for who in state.people
        for request in state.requests
        for action in Action
    }


@pytest.mark.parametrize("at", [BINDS - 100 * DAY, BINDS - TICK, BINDS], ids=["in 2028", "a tick before", "at once"])
@pytest.mark.parametrize("make", [_at_home, _party_abroad, _opt_out_ignored], ids=lambda make: make.__name__.strip("_"))
def test_an_old_decision_replays_under_the_law_and_the_facts_of_its_day(
    make: Callable[[], World], at: datetime, tmp_path: Path
) -> None:
    """S67, E13, E72: the log up to an instant answers as it did then, to the letter, whatever came later.

    Also where a later fact speaks of that instant: what was not known then was not decided on then.
    """
    world = make()
    before = _answers(world, world.state, at)
    _facts_of_2029(world)
    policy, _ = keep(world, tmp_path / "log.db")
    assert _answers(world, policy.state_at(at), at) == before
    assert _answers(world, policy.state_at(IN_2029 + DAY), at) != before
    policy.store.close()


@pytest.mark.parametrize(
    ("make", "code"),
    [(_party_abroad, "country_not_eligible"), (_opt_out_ignored, "opt_out_ignored")],
    ids=["E13", "E72"],
)
def test_what_binds_from_2029_leaves_the_answers_of_2028_alone(make: Callable[[], World], code: str) -> None:
    """E13, E72: on the same facts the last microsecond of the old law allows, and the first of the new one denies."""
    world = make()
    who = next(iter(world.state.requests[RequestId("DR-3")].contacts))
    codes = [
        decide(world.state, Query(who, RequestId("DR-3"), Action.KEEP_WORKSPACE, at)).codes
        for at in (world.at, BINDS - TICK, BINDS)
    ]
    assert codes == [(), (), (code,)]
