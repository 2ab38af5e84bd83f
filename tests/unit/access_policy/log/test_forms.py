"""Formats: a log holds what its format knows, older forms read as the new one, and later ones are refused."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from access_policy import events as e
from access_policy.actor import component, operator
from access_policy.commands.base import Refusal, RefusalCode, parse_command
from access_policy.events import FACTS, FORMAT, OBSERVATIONS
from access_policy.log import LogStore, UnreadableLog
from access_policy.log.codec import as_held, decode_event, encode_event, form_of
from access_policy.log.forms import CHANGED, SINCE, VALUES_SINCE, is_known, lowered
from access_policy.model.enums import Component, FactorKind, VerificationMethod
from access_policy.model.ids import PersonId
from access_policy.use_cases import Policy, unknown_kind
from tests.unit.access_policy.keeping import keep
from tests.unit.access_policy.log.recorded import RECORDED, format_of
from tests.unit.access_policy.log.samples import ADMIN, SetClock
from tests.unit.access_policy.world import World, begun

KINDS = {**FACTS, **OBSERVATIONS}
INSTALLATION = component(Component.INSTALLATION)
ANNA = PersonId("P-1")


@pytest.mark.parametrize("folder", RECORDED, ids=lambda folder: folder.name)
def test_an_older_format_is_written_as_its_release_wrote_it(folder: Path) -> None:
    """FLT-10: the kinds, their fields, and what is sealed are those of the release that knew no later format."""
    old, recorded = format_of(folder), json.loads((folder / "forms.json").read_text(encoding="utf-8"))
    assert {kind for kind in KINDS if is_known(kind, old)} - set(recorded) <= {"UpgradeFinished"}
    assert set(recorded) <= {kind for kind in KINDS if is_known(kind, old)}
    for kind, form in recorded.items():
        fields = dict.fromkeys(KINDS[kind].__struct_fields__)
        written = lowered(kind, fields, old)
        assert sorted(written.fields) == form["fields"], kind
        assert sorted(set(form_of(KINDS[kind]).seals) - written.unsealed) == form["sealed"], kind


def test_the_newest_format_is_written_as_it_is() -> None:
    """FLT-10: all kinds are known in this release's format, and none is of a later one."""
    assert all(is_known(kind, FORMAT) for kind in KINDS)
    assert set(SINCE) | set(CHANGED) <= set(KINDS)
    assert all(1 < since <= FORMAT for since in SINCE.values())
    assert all(1 < change.format <= FORMAT for changes in CHANGED.values() for change in changes)


BEGUN = e.InstallationBegun(installation="an-installation", demo=False, format=1)


def test_an_event_is_returned_as_it_reads_back(store: LogStore) -> None:
    """POL-05: where the old form cannot say all of an event, nobody goes on with more than the log will say."""
    session = e.SessionBegun(person=ANNA, session="0" * 64, proof="1" * 32)
    (fact,) = store.append(0, lambda _at: [(INSTALLATION, BEGUN)], log_format=1)
    observed = store.observe(INSTALLATION, session, 1)
    assert observed.event == as_held(session, 1) == msgspec.structs.replace(session, proof="")
    assert [one.event for one in store.facts_since(0)] == [fact.event]
    assert [one.event for one in store.observations_since(0)] == [observed.event]
    assert store.observe(INSTALLATION, session, FORMAT).event == session


@pytest.mark.parametrize("log_format", [1, FORMAT])
@pytest.mark.parametrize("kind", CHANGED)
def test_a_changed_kind_is_read_in_every_form(kind: str, log_format: int, store: LogStore) -> None:
    """FLT-10: a row in an old form is read as the event of today, sealed or not."""
    event = _sample(KINDS[kind])
    with store._database.write() as connection:
        sealer = store._keyring.on(connection)
        written, payload = encode_event(event, sealer, log_format)
        assert decode_event(KINDS, written, payload, sealer) == as_held(event, log_format)
        expected = sum(change.format <= log_format for change in CHANGED[kind]) + 1
        assert msgspec.json.decode(payload)["v"] == expected


_WORDS: dict[str, dict[str, Any]] = {
    "FactorEnrolled": {"kind": "totp"},
    "PersonVerified": {"method": "in-person"},
    "PolicySettingsAdopted": {"session_hours": 8, "term_days_longest": 365, "idle_minutes": 30},
    "SessionBegun": {"assurance": "high", "method": "passkey", "zone": "institute"},
    "WorkspaceStarted": {"datasets": ["tumours"], "run_ends": "2026-01-01T00:00:00Z", "zone": "institute", "home": 2},
}


def _sample(kind: type[e.Event]) -> e.Event:
    """Return an event of a changed kind, with a text in every field of texts."""
    values: dict[str, Any] = {
        "person": "P-1", "writer": "P-1", "request": "DR-1", "on": "2026-01-01T00:00:00Z", "demo": True, "format": 2,
        "until": "2026-01-01T00:00:00Z", "country": "NL", "more": 1,
    }  # fmt: skip
    values |= _WORDS.get(kind.__name__, {})
    fields = [field for field in msgspec.structs.fields(kind) if field.name != "v"]
    texts = [field.name for field in fields if field.required or type(field.default) is str]
    return msgspec.convert(
        {name: values.get(name, "text") for name in {*texts, *values} & {*kind.__struct_fields__}}, kind
    )


@pytest.mark.parametrize("kind", SINCE)
def test_a_new_kind_waits_for_the_upgrade(kind: str) -> None:
    """FLT-10: a command that would write a kind that the log's format does not know is refused, with what to do."""
    new = _any(kind)
    refused = unknown_kind((new,), 1)
    assert isinstance(refused, Refusal)
    assert refused.code == RefusalCode.UPGRADE_FIRST
    assert "run `sluis upgrade finish` first" in refused.text
    assert unknown_kind((new,), FORMAT) is None


def _any(kind: str) -> Any:
    """Return an event of a kind without a sound value in it: who looks at the kind alone minds nothing else."""
    made: Any = KINDS[kind]
    return made(**{name: None for name in made.__struct_fields__ if name != "v"})


_NEW_WORDS = [(*where, word) for where, words in VALUES_SINCE.items() for word in words]


@pytest.mark.parametrize(("kind", "field", "word"), _NEW_WORDS)
def test_a_new_word_waits_for_the_upgrade(kind: str, field: str, word: str, store: LogStore) -> None:
    """FLT-10: the release before could not read it; neither a command writes it into an old log, nor anything else."""
    said = msgspec.to_builtins(_sample(KINDS[kind])) | {field: word}
    new = msgspec.convert(said, KINDS[kind])
    assert isinstance(new, e.FactEvent)
    refused = unknown_kind((new,), 1)
    assert isinstance(refused, Refusal)
    assert refused.code == RefusalCode.UPGRADE_FIRST
    assert unknown_kind((new,), FORMAT) is None
    with pytest.raises(ValueError, match="finish the upgrade first"):
        store.append(0, lambda _at: [(INSTALLATION, BEGUN), (INSTALLATION, new)], log_format=1)


def test_the_words_that_are_new_are_words() -> None:
    """FLT-10: each stands in its field today, and no word of it is left out that format 1 did not know."""
    assert {(kind, field) for kind, field in VALUES_SINCE} == {("FactorEnrolled", "kind"), ("PersonVerified", "method")}
    assert set(VALUES_SINCE["FactorEnrolled", "kind"]) == set(FactorKind) - {"totp"}
    old = {"in-person", "video-call", "signatory-letter"}
    assert set(VALUES_SINCE["PersonVerified", "method"]) == set(VerificationMethod) - old


@pytest.mark.parametrize("kind", [kind for kind in SINCE if kind in FACTS])
def test_a_new_kind_is_never_written_into_an_old_log(kind: str, store: LogStore) -> None:
    """FLT-10: not past the commands either; nothing is written."""
    new = _any(kind)
    with pytest.raises(ValueError, match="finish the upgrade first"):
        store.append(0, lambda _at: [(INSTALLATION, BEGUN), (INSTALLATION, new)], log_format=1)
    assert store.newest() == 0


@pytest.mark.parametrize(
    "event",
    [e.InstallationBegun(installation="x", demo=False, format=FORMAT + 1), e.UpgradeFinished(format=FORMAT + 1)],
    ids=lambda event: type(event).__name__,
)
def test_a_log_of_a_later_format_decides_nothing(event: e.FactEvent, store: LogStore) -> None:
    """FLT-10: a format from the future is a clear line, and nothing is answered."""
    store.append(0, lambda _at: [(INSTALLATION, event)])
    text = f"the log is of format `{FORMAT + 1}`, not up to `{FORMAT}`; use the release of it"
    with pytest.raises(UnreadableLog, match=f"^{re.escape(text)}$"), Policy(store).reading():
        pass


def _kept(tmp_path: Path) -> tuple[Policy, SetClock]:
    return keep(begun(), tmp_path / "log.db")


def test_an_upgrade_is_finished_once(tmp_path: Path) -> None:
    """FLT-10: the format is what the facts say, in every process, and it only grows."""
    policy, _ = _kept(tmp_path)
    command = parse_command("finish-upgrade", {"format": FORMAT})
    for who in (ADMIN, operator("root", ANNA)):
        refused = policy.handle(command, who)
        assert isinstance(refused, Refusal)
        assert refused.code == RefusalCode.NOT_PERMITTED
    assert not isinstance(policy.handle(command, INSTALLATION), Refusal)
    again = policy.handle(command, INSTALLATION)
    assert isinstance(again, Refusal)
    assert again.code == RefusalCode.WRONG_STATE
    with Policy(policy.store).reading() as state:
        assert state.format == FORMAT
    policy.store.close()


@pytest.mark.parametrize("wanted", [0, -1, FORMAT + 1])
def test_no_other_format_is_gone_to(wanted: int) -> None:
    """FLT-10: neither back nor to one that this release does not know."""
    world: World = begun()
    assert world.refusal("finish-upgrade", INSTALLATION, format=wanted) == RefusalCode.NOT_ALLOWED_VALUE
