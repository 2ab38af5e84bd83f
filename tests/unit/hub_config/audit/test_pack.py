"""What a pack holds: about a request all that its decisions rest on and nothing else, and a page for people (E53)."""

import json
import re
import shutil
import sqlite3
from base64 import b64decode
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from access_policy.decision import Decision, decide, supposed_session
from access_policy.events import FACTS, OBSERVATIONS
from access_policy.model.enums import Action, Zone
from access_policy.model.ids import PersonId, RequestId
from access_policy.model.instants import parse_instant
from access_policy.rules import Query
from access_policy.state import State
from hub_config.bootstrap import open_policy
from hub_config.cli import main
from hub_config.places import Places
from tests.unit.hub_config.audit.conftest import Made

NEN_7513 = {
    "event", "action", "outcome", "time", "user", "responsible_user", "role", "purpose", "access_point", "object",
}  # fmt: skip


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def payload(line: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(b64decode(line["payload"]))
    return found


def test_request_holds_nothing_of_another(made: Made) -> None:
    """No event names another request, in the clear or in what was opened."""
    events = lines(made.request / "events.jsonl") + lines(made.request / "observations.jsonl")
    for line in events:
        named = set(re.findall(r"\bDR-[0-9]+\b", json.dumps([payload(line), line["opened"]])))
        assert named <= {"DR-10"}, line["words"]


def test_request_holds_all_that_it_rests_on(made: Made) -> None:
    """All its own facts; identity, verification, factor, training and role of its people; data, texts and settings."""
    own = [line["seq"] for line in lines(made.installation / "events.jsonl") if payload(line).get("request") == "DR-10"]
    events = lines(made.request / "events.jsonl")
    assert set(own) <= {line["seq"] for line in events}
    assert {line["kind"] for line in events} >= {
        "InstallationBegun", "PersonRegistered", "IdentityLinked", "PersonVerified", "FactorConfirmed",
        "PersonCertified", "RoleAppointed", "DatasetRegistered", "InstitutionRegistered", "DocumentPublished",
        "DocumentAccepted",
        "CourseRegistered", "RequestApproved", "LicenceSigned", "WorkspaceStarted",
    }  # fmt: skip


def test_request_holds_its_people_only(made: Made) -> None:
    """Of who has no part in it there is neither registration nor login."""
    every = {payload(line)["person"] for line in lines(made.installation / "events.jsonl") if "person" in payload(line)}
    events = lines(made.request / "events.jsonl")
    people = {payload(line)["person"] for line in events if line["kind"] == "PersonRegistered"}
    about = {payload(line)["person"] for line in events if payload(line).get("person")}
    assert about <= people < every
    sessions = [line for line in lines(made.request / "observations.jsonl") if line["kind"] == "SessionBegun"]
    assert [payload(line)["person"] for line in sessions] == ["P-23"]


def test_installation_holds_everything(made: Made) -> None:
    """Each event of the log, in order."""
    seqs = [line["seq"] for line in lines(made.installation / "events.jsonl")]
    assert seqs == list(range(1, len(seqs) + 1))


def test_each_event_has_the_fields_of_nen_7513(made: Made) -> None:
    """Event, action, outcome, time, user, responsible user, role, purpose, access point, object (E54)."""
    events = lines(made.installation / "events.jsonl") + lines(made.installation / "observations.jsonl")
    found = [line["nen7513"] for line in events]
    assert all(set(one) == NEN_7513 for one in found)
    assert {one["event"] for one in found} <= set(FACTS) | set(OBSERVATIONS)
    assert {one["outcome"] for one in found} == {"success", "refused"}
    assert {one["action"] for one in found} >= {"create", "read", "update", "delete", "execute"}
    (started,) = [one for one in found if one["event"] == "WorkspaceStarted"][:1]
    assert (started["object"]["request"], started["purpose"] != "administration") == ("DR-10", True)
    assert all("board-member" in one["role"] for one in found if one["event"] == "RequestApproved")


def test_making_one_is_recorded(made: Made) -> None:
    """Who read the log for which pack (E51)."""
    reads = [line for line in lines(made.installation / "observations.jsonl") if line["kind"] == "LogRead"]
    assert [(line["nen7513"]["user"], payload(line)["what"]) for line in reads] == [
        ("operator:mia", "audit pack --request DR-10"),
        ("operator:mia", "audit pack --installation"),
    ]


class Tags(HTMLParser):
    """What tags and attributes there are."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _ in attrs)}


TIME = re.compile(r'<time datetime="([^"]+)">[^<]+</time>')


def rows(pack: Path, table: str, *, whole: bool = False) -> list[list[str]]:
    """Give the cells of a table, as they are shown or with `whole` times."""
    page = (pack / "index.html").read_text().split(f'<h2 id="{table}">')[1].split("<h2")[0]
    cells = [re.findall(r"<td>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", page)]
    if whole:
        cells = [[TIME.sub(r"\1", cell) for cell in row] for row in cells]
    return [[unescape(re.sub(r"<[^>]+>", "", cell)) for cell in row] for row in cells if row]


def test_page_is_plain(made: Made) -> None:
    """No script, nothing from elsewhere, nothing unescaped (AUD-06)."""
    tags = Tags()
    page = (made.installation / "index.html").read_text()
    tags.feed(page)
    assert not tags.found & {"script", "src", "href", "img", "a", "link", "iframe", "form", "onclick", "zone"}
    assert "<zone>" not in page
    assert "&lt;zone&gt;" in page


def test_page_shows_events_decisions_and_signatures(made: Made) -> None:
    """A row for each, with times that name their zone."""
    for pack in (made.request, made.installation):
        for table in ("events", "observations", "decisions", "signatures"):
            assert len(rows(pack, table)) == len(lines(pack / f"{table}.jsonl")), table
        assert all(row[1].endswith("Z") for row in rows(pack, "events"))
    answers = [(row[3], row[4]) for row in rows(made.request, "decisions")]
    assert answers == [("DR-10", "allow"), ("DR-10", "deny")]


def test_page_has_times_of_one_form_and_breaks_no_words(made: Made) -> None:
    """Seconds and `Z` in every table, the whole time beside it; only what is long breaks within (E53)."""
    page = (made.request / "index.html").read_text()
    shown = re.sub(r"<[^>]+>", "", page)
    times = re.findall(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", shown)
    assert {len(one) for one in times} == {len("2026-11-22T08:30:00Z")}
    assert re.search(r'<time datetime="[^"]+\.[0-9]{6}Z">[^<.]+Z</time>', page)
    assert re.search(r"<code>[^<]*[0-9a-f]{64}[^<]*</code>", page)
    assert re.findall(r"\n([^\n]+) {[^}]*overflow-wrap: anywhere", page) == ["code, h1, pre"]


def test_pack_says_how_it_is_checked(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """AUD-10: with the release's verifier and a key told by another way, not with what lies in the pack."""
    out = tmp_path / "pack"
    assert main(["audit", "pack", "--request", "DR-10", "--out", str(out), "--state", str(made.places.state)]) == 0
    said, key = capsys.readouterr().out, (out / "key.txt").read_text().strip()
    assert f"`python3 -I verify.py {out} --key '{key}'`" in said
    assert "from the Sluis release, not from the pack" in said


def test_openings_are_what_was_decided_then(made: Made) -> None:
    """At the beginning, just before the end and at the end of each stretch: as the decision function says of then."""
    policy = open_policy(made.places)
    checked = 0
    for person, request, datasets, begins, _, ends, why in rows(made.installation, "openings", whole=True):
        who, what = PersonId(person.split(" ")[0]), RequestId(request)
        begun = parse_instant(begins)
        over = datetime.max.replace(tzinfo=UTC) if ends == "lasts" else parse_instant(ends)
        moments = [(begun, True)] if ends == "lasts" else [(begun, True), (over, "other datasets" in why)]
        moments += [] if ends == "lasts" else [(over - timedelta(microseconds=1), True)]
        for at, expected in moments:
            found = decided(policy.state_at(at), who, what, at)
            assert found.allowed is expected, (person, request, at)
            if expected and at < over:
                assert ", ".join(f"{one.name} {one.version}" for one in found.datasets) == datasets
            checked += 1
    policy.store.close()
    assert checked > 20


def decided(state: State, person: PersonId, request: RequestId, at: datetime) -> Decision:
    session = supposed_session(state, person, at, Zone.INSTITUTE)
    return decide(state, Query(person, request, Action.OPEN_WORKSPACE, at, session))


def test_erased_people_are_not_named(made: Made, tmp_path: Path) -> None:
    """Their texts read `[erased]`, and the pack is whole all the same (E48, E50)."""
    places = Places(Path(shutil.copytree(made.places.state, tmp_path / "state")))
    with closing(sqlite3.connect(places.log)) as raw, raw:
        raw.execute("UPDATE sealing_keys SET wrapped = NULL WHERE owner = 'P-23'")
    arguments = ["audit", "pack", "--request", "DR-10", "--out", str(tmp_path / "pack"), "--state", str(places.state)]
    assert main(arguments) == 0
    registered = [line for line in lines(tmp_path / "pack" / "events.jsonl") if line["kind"] == "PersonRegistered"]
    (erased,) = [line for line in registered if payload(line)["person"] == "P-23"]
    assert set(erased["opened"].values()) == {"[erased]"}
    assert "Jakobsen" not in (tmp_path / "pack" / "index.html").read_text()


def test_folder_that_is_not_empty_is_refused(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is overwritten; an empty folder is fine, and one that could not be made leaves nothing behind."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "empty").mkdir()
    shared = ["audit", "pack", "--request", "DR-10", "--state", str(made.places.state), "--out"]
    assert main([*shared, str(tmp_path / "full")]) == 2
    assert "is there and not empty" in capsys.readouterr().err
    assert main([*shared, str(tmp_path / "empty")]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "full"]
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
