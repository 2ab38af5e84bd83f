"""Makes an audit pack: a folder that an outsider reads, and that `verify.py` in it checks without Sluis (E53, E54).

The log is read from its beginning once per pass and never held; a pack is there whole or not at all. What it holds and
what each file means stands in docs/audit-pack.md.
"""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from access_policy.events import DocumentPublished, Fact
from access_policy.fold import fold
from access_policy.log.checkpoints import Series
from access_policy.log.cutting import frontier_at
from access_policy.log.errors import UnreadableLog
from access_policy.log.proofs import Prover
from access_policy.log.rows import Row, leaves_of, stored
from access_policy.log.store import LogStore
from access_policy.log.targets import Target
from access_policy.model.ids import RequestId
from access_policy.model.instants import format_instant
from access_policy.state import State
from hub_config.audit.entries import Entry, decision_json, entry_json, signature_json
from hub_config.audit.openings import Opening, Openings
from hub_config.audit.page import Page
from hub_config.audit.selection import EVERYTHING, OfRequest, Selection
from hub_config.audit.signing import Signer, Tree, signed_trees, vkey, write_key_notes, write_manifest
from hub_config.audit.words import details_of, named, title_of, who
from hub_config.texts import text_of

Progress = Callable[[str], None]
_OFTEN = 20_000  # events between two lines of progress
_FILES = {"facts": "events.jsonl", "observations": "observations.jsonl"}
_NOTES = {Series.FACTS: "checkpoint.txt", Series.OBSERVATIONS: "observations.txt"}
_VERIFIER = Path(__file__).with_name("verify.py")


class Order(NamedTuple):
    """What is asked for: about one request or, for None, about the installation; by whom, when (UTC), and where to.

    `checkpoints` and `documents` are the installation's, `out` is missing or empty.
    """

    request: RequestId | None
    operator: str
    at: datetime
    checkpoints: Target
    documents: Path
    out: Path

    @property
    def about(self) -> str:
        """Return what the pack is about."""
        return self.request or "installation"


def make_pack(store: LogStore, signer: Signer, order: Order, say: Progress) -> None:
    """Make a pack, whole or not at all. Raises LogError or OSError; then nothing of it is left."""
    trees = signed_trees(store, order.checkpoints, signer)
    making = order.out.with_name(f".{order.out.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700, parents=True)
    try:
        with ExitStack() as stack:
            pack = _Pack(store, order, making, stack, say)
            pack.write_streams(trees)
            pack.write_texts(trees, signer)
        write_manifest(making, pack.summary(trees, signer), pack.names(), signer)
        making.rename(order.out)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise


class _Pack:
    """A pack while it is being written."""

    def __init__(self, store: LogStore, order: Order, folder: Path, stack: ExitStack, say: Progress) -> None:
        self.store = store
        self.order = order
        self.folder = folder
        self.say = say
        self.state = State()
        self.counts = {"facts": 0, "observations": 0}
        self.texts: set[str] = set()
        self.page = Page(folder, stack)
        quotes = ("decisions.jsonl", "signatures.jsonl")
        self.files: dict[str, IO[str]] = {
            name: stack.enter_context((folder / name).open("w", encoding="ascii"))
            for name in (*_FILES.values(), *quotes)
        }

    def write_streams(self, trees: dict[Series, Tree]) -> None:
        """Write the chosen events with all that quotes them."""
        facts, observations = trees[Series.FACTS], trees[Series.OBSERVATIONS]
        selection = self._selection(facts.size)
        openings = Openings(self.state, self._opening, self.order.request)
        for entry in self._entries("facts", facts, self.store.facts_since(0), selection.facts, openings):
            self._add(entry)
        openings.finish(self.order.at)
        read = self.store.observations_since(0)
        for entry in self._entries("observations", observations, read, selection.observations, None):
            self._add(entry)
        for file in self.files.values():
            file.flush()

    def write_texts(self, trees: dict[Series, Tree], signer: Signer) -> None:
        """Write what people read, the key, the checkpoints and the verifier."""
        key = vkey(signer.keys, signer.name)
        how = _HOW.format(key=key)
        self.page.write(self.folder / "index.html", f"Audit pack: {self.order.about}", self._about(trees, signer), how)
        shutil.copyfile(_VERIFIER, self.folder / "verify.py")
        write_key_notes(self.folder, self.order.checkpoints, signer)
        texts = {"key.txt": f"{key}\n", "README.txt": _README.format(about=self.order.about, how=how)}
        texts |= {_NOTES[series]: tree.note for series, tree in trees.items()}
        for name, text in texts.items():
            (self.folder / name).write_text(text, encoding="utf-8")

    def names(self) -> list[str]:
        """Return the names of all files that are there."""
        return [path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*") if path.is_file()]

    def summary(self, trees: dict[Series, Tree], signer: Signer) -> dict[str, Any]:
        """Return what the manifest says besides its files."""
        return {
            "about": self.order.about,
            "origin": signer.name,
            "made": format_instant(self.order.at),
            "by": f"operator {self.order.operator}",
            "demo": self.state.demo,
            "trees": {series.name.lower(): self._tree(series, tree) for series, tree in trees.items()},
            "counts": self.counts,
        }

    def _tree(self, series: Series, tree: Tree) -> dict[str, Any]:
        cut = self.state.cut if series is Series.OBSERVATIONS else None
        return {"size": tree.size, "root": tree.root} | ({"cut": cut.size} if cut is not None else {})

    def _selection(self, size: int) -> Selection:
        if self.order.request is None:
            return EVERYTHING
        selection = OfRequest(self.order.request)
        selection.gather(islice(self.store.facts_since(0), size))
        selection.widen(islice(self.store.facts_since(0), size))
        return Selection(selection.takes_fact, selection.takes_observation)

    def _entries(
        self, stream: str, tree: Tree, read: Iterable[Fact], takes: Callable[[Fact], bool], openings: Openings | None
    ) -> Iterator[Entry]:
        """Give the chosen rows of a stream with their proofs, and let the state take in the facts on the way."""
        prover = self._prover(stream, tree)
        if prover.root().hex() != tree.root:
            raise UnreadableLog(f"the {stream} are not those that were signed; run `sluis log verify`")
        for row, fact in zip(stored(self.store.database, stream, tree.size), read, strict=False):
            if openings is not None:
                openings.before(fact.at)
                fold(self.state, fact)
                openings.after(fact)
            if takes(fact):
                yield Entry(stream, row, fact, prover.inclusion(row.seq - 1))
            if row.seq % _OFTEN == 0:
                self.say(f"audit pack: {row.seq} of {tree.size} {stream}")

    def _prover(self, stream: str, tree: Tree) -> Prover:
        cut = self.state.cut if stream == "observations" else None
        try:
            gone = frontier_at(self.store.database, cut.size) if cut is not None else None
            return Prover(tree.size, leaves_of(self.store.database, stream), gone)
        except ValueError as error:  # they may be cut meanwhile
            raise UnreadableLog(f"the {stream} cannot be proven ({error}); try again") from None

    def _add(self, entry: Entry) -> None:
        fact, state = entry.fact, self.state
        self.counts[entry.stream] += 1
        self._keep_text(fact)
        self._write(_FILES[entry.stream], entry_json(entry, state))
        table = "events" if entry.stream == "facts" else "observations"
        cells = (fact.seq, format_instant(fact.at), title_of(fact.event), who(fact.actor, state))
        self.page.add(table, (*cells, details_of(fact.event, state)))
        self._write("decisions.jsonl", self._decision(entry))
        self._write("signatures.jsonl", self._signature(entry))

    def _decision(self, entry: Entry) -> dict[str, Any] | None:
        found = decision_json(entry)
        if found is not None:
            why = found.get("codes") or f"all conditions held; until {found['decision'].get('until')}"
            cells = (_when(entry.row), f"{entry.stream} {entry.row.seq}", named(found["person"], self.state))
            self.page.add("decisions", (*cells, found["request"], found["effect"], why))
        return found

    def _signature(self, entry: Entry) -> dict[str, Any] | None:
        found = signature_json(entry, self.state, frozenset(self.texts))
        if found is not None:
            person = named(found["person"], self.state)
            cells = (_when(entry.row), entry.row.seq, found["request"], found["institution"], found["party"], person)
            self.page.add("signatures", (*cells, found["licence"], found["version"], found["text"] or found["digest"]))
        return found

    def _opening(self, one: Opening) -> None:
        ends = format_instant(one.ends) if one.ends is not None else "lasts"
        cells = (named(one.person, self.state), one.request, ", ".join(one.datasets), format_instant(one.begins))
        self.page.add("openings", (*cells, one.began, ends, one.ended))

    def _keep_text(self, fact: Fact) -> None:
        """Put a published text beside its event, where its file is there and has the digest of the event (S25)."""
        if isinstance(fact.event, DocumentPublished) and fact.event.digest not in self.texts:
            text = text_of(self.order.documents, fact.event.digest)
            if text is not None:
                (self.folder / "documents").mkdir(mode=0o700, exist_ok=True)
                (self.folder / "documents" / f"{fact.event.digest}.txt").write_bytes(text.encode())
                self.texts.add(fact.event.digest)

    def _write(self, name: str, line: dict[str, Any] | None) -> None:
        if line is not None:
            self.files[name].write(json.dumps(line) + "\n")

    def _about(self, trees: dict[Series, Tree], signer: Signer) -> list[str]:
        facts, observations = trees[Series.FACTS], trees[Series.OBSERVATIONS]
        demo = ", a demo: its people are invented" if self.state.demo else ""
        made = f"Made at {format_instant(self.order.at)} (UTC) by operator {self.order.operator}"
        held = f"{self.counts['facts']} of {facts.size} facts and {self.counts['observations']} of {observations.size}"
        return [
            f"{made}, from the log of {signer.name}{demo}.",
            f"It holds {held} observations. Times are UTC.",
            *([_CUT.format(cut=self.state.cut)] if self.state.cut is not None else []),
            _SEALED,
        ]


def _when(row: Row) -> str:
    return row.at.decode()


_SEALED = """Texts about people stand sealed in the log; here they are opened by the installation, which vouches for
them with its signature under the manifest. What was erased reads [erased]."""

_CUT = """Observations 1 to {cut.size} are not in it: they were cut on {cut.at:%Y-%m-%d}, once the years for which they
were kept were over, as a fact of kind ObservationsCut says. The oldest that stands is of {cut.since:%Y-%m-%d}."""

_HOW = """python3 -I verify.py --key '{key}'

It needs Python 3.10 or later and the package cryptography, and no network. It says `whole: ...` (exit status 0), or the
first thing that does not fit (1). Get the key above from the installation by another way than this pack, and verify.py
from the Sluis release: whoever makes a false pack can put a false key and a false verifier into it."""

_README = """Audit pack of Sluis about: {about}

Open index.html to read it. To check it:

{how}

events.jsonl        facts: the stored row, its inclusion proof, its sealed texts as the installation opened them
observations.jsonl  refusals, sessions and readings of the log, in the same form
decisions.jsonl     the decision stored at each start of a workspace, and each refusal
signatures.jsonl    who signed which licence, in which version, as which party
documents/          the published texts, each named for its SHA-256
checkpoint.txt      the signed tree head of the facts (C2SP tlog-checkpoint)
observations.txt    the signed tree head of the observations
key.txt             the public key of the signatures (C2SP signed-note verifier key)
key-*.txt           the rotations that led to it: signed by the former key, which may be the one you know, and the next
manifest.json       all files with their SHA-256; manifest.sig is the signed note of its own SHA-256

This pack holds personal data. Keep it as such, and delete it when it is no longer needed.
"""
