"""Checks an audit pack of Sluis, offline: `python3 -I verify.py [FOLDER] [--key VKEY]`.

It needs Python 3.10 or later and the package `cryptography`, nothing of Sluis, no network, and no more memory for a
larger pack. It says `whole: ...` (exit status 0), or the first thing that does not fit (1); 2 is wrong usage. FOLDER is
by default where this file lies. VKEY is the installation's public key as you got it by another way than the pack: with
it, nobody but the installation can have made the pack. An older one will do where each key since was named by the one
before it, in the pack's key notes. Take this file from the release, too, not only from the pack.

What is checked: no file was changed, added or removed (manifest.sig, manifest.json); the checkpoints are signed; each
event is, byte by byte, in the tree of its checkpoint (RFC 9162), and observations are missing only where a fact says
that they were cut after their years; what decisions.jsonl and signatures.jsonl quote stands
in the events; the texts that were signed have the digests in the events. A sealed text that stands opened beside its
event is what the installation says that it reads; the tree holds its ciphertext.
"""

import json
import re
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

USAGE = "usage: python3 -I verify.py [FOLDER] [--key VKEY]"
UNLISTED = {"manifest.json", "manifest.sig"}
STREAMS = {"facts": ("events.jsonl", "checkpoint.txt"), "observations": ("observations.jsonl", "observations.txt")}
REACH = ("epoch", "facts", "observations", "erased")
SIGNED_FIELDS = ("request", "institution", "party", "person", "licence", "version", "digest")
SMALL = 100_000_000  # bytes; no manifest, note or key is larger


class Misfit(Exception):
    """The first thing that does not fit."""


class Key(NamedTuple):
    """A C2SP verifier key: a name, and an Ed25519 public key."""

    name: str
    raw: bytes

    def identifier(self, name: str) -> bytes:
        """Return the first four bytes that stand before each signature under a name of this key."""
        return sha256(name.encode() + b"\n\x01" + self.raw).digest()[:4]

    def check(self, note: bytes, name: str, what: str) -> list[str]:
        """Return the lines of a C2SP signed note that `name` signed with this key."""
        text, _, signatures = note.decode().rpartition("\n\n")
        body = (text + "\n").encode()
        found = re.findall("^\N{EM DASH} (\\S+) ([A-Za-z0-9+/=]+)$", signatures, re.MULTILINE)
        ours = [unpacked for signer, line in found if signer == name and (unpacked := base64(line))]
        ours = [one[4:] for one in ours if one[:4] == self.identifier(name)]
        if not ours or len(found) != signatures.count("\n") or not signatures.endswith("\n"):
            raise Misfit(f"{what} is not signed by {name}")
        if what == "manifest.sig" and len(found) > 1:
            raise Misfit("manifest.sig was changed: it has more than one signature")
        for signature in ours:
            try:
                Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, body)
            except InvalidSignature:
                raise Misfit(f"{what} was changed: its signature does not fit") from None
        return text.split("\n")


class Step(NamedTuple):
    """A rotation of the key: which followed which, whether the former was lost and so did not agree, how far it counts
    (history, facts, observations, erased), and the fact that has to stand behind these: number, former and new key, and
    the root of the facts before it."""

    former: Key
    key: Key
    lost: bool
    reach: list[int]
    fact: list[Any]


class Tree(NamedTuple):
    """The size and the root of a signed tree."""

    size: int
    root: bytes


def base64(text: str) -> bytes:
    """Decode base64 that has one spelling only."""
    raw = b64decode(text, validate=True)
    if b64encode(raw).decode() != text:
        raise ValueError("base64 in another spelling")
    return raw


def read_key(text: str, what: str) -> Key:
    """Read a C2SP verifier key: name+identifier+base64."""
    try:
        name, identifier, encoded = text.split("+", 2)
        raw = base64(encoded)
        key = Key(name, raw[1:])
        if raw[:1] == b"\x01" and len(raw) == 33 and key.identifier(name).hex() == identifier:
            return key
    except ValueError:
        pass
    raise Misfit(f"{what} is no Ed25519 verifier key (https://c2sp.org/signed-note)")


def is_same(given: Key, key: Key) -> bool:
    """Say whether two keys are one: after an accepted loss a log goes on under its name with `/1`, `/2` behind it."""
    named = ({one.name, re.sub("/[1-9][0-9]{0,5}\\Z", "", one.name)} for one in (given, key))
    return given.raw == key.raw and not set.isdisjoint(*named)


def rotations(folder: Path, key: Key) -> list[Step]:
    """Return the rotations that led to the pack's key, from its key notes: both keys sign each, but for a lost one."""
    steps: list[Step] = []
    for number, path in enumerate(sorted(folder.glob("key-*.txt")), 1):
        note = small(path)
        former, follower = (read_key(line, path.name) for line in note.decode().split("\n")[2:4])
        name = f"{follower.name}/key"
        lines = follower.check(note, name, path.name)
        lost = lines[9:] == ["lost"]
        if not lost:
            former.check(note, name, path.name)
        if path.name != f"key-{number:012}.txt" or lines[:2] != [name, str(number)] or (lines[9:] and not lost):
            raise Misfit(f"{path.name} is no key note")
        reach = [int(line.removeprefix(f"{word} ")) for word, line in zip(REACH, lines[4:8], strict=True)]
        root = base64(lines[8].removeprefix("root "))
        if steps and (steps[-1].key != former or reach[:2] <= steps[-1].reach[:2]):
            raise Misfit(f"{path.name} does not follow the key note before it")
        steps.append(Step(former, follower, lost, reach, [number, *lines[2:4], root]))
    if steps and not is_same(steps[-1].key, key):
        raise Misfit("the key notes do not lead to the pack's key")
    return steps


def led_to(given: Key, key: Key, steps: list[Step]) -> str:
    """Say how the key that was given leads to the pack's. Raises Misfit where it does not."""
    if is_same(given, key):
        return ""
    first = next((place for place, step in enumerate(steps) if is_same(step.former, given)), None)
    if first is None:
        raise Misfit("the pack is not signed with the key that you gave")
    lost = next((place for place, step in enumerate(steps, 1) if place > first and step.lost), None)
    if lost is not None:
        raise Misfit(f"rotation {lost} replaced a lost key, so the key that you gave does not vouch for the pack's")
    return f"; from the key that you gave, `{len(steps) - first}` of its rotations lead to the pack's"


def small(path: Path) -> bytes:
    """Read a file that cannot be large."""
    with path.open("rb") as file:
        data = file.read(SMALL + 1)
    if len(data) > SMALL:
        raise Misfit(f"{path.name} is too large")
    return data


def digest_of(path: Path) -> tuple[str, int]:
    """Return the SHA-256 and the size of a file."""
    digest, size = sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
            size += len(piece)
    return digest.hexdigest(), size


def check_manifest(folder: Path, key: Key) -> dict[str, Any]:
    """Return the manifest once its signature fits and it lists the folder's files, no more and no less, unchanged."""
    note = small(folder / "manifest.sig")
    lines = key.check(note, key.name, "manifest.sig")
    data = small(folder / "manifest.json")
    if lines != [f"{key.name}/audit-pack", sha256(data).hexdigest()]:
        raise Misfit("manifest.json was changed: it is not what manifest.sig signs")
    manifest: dict[str, Any] = json.loads(data)
    listed = manifest["files"]
    found = dict(files_in(folder))
    for name in sorted(set(listed) | set(found)):
        if name not in found:
            raise Misfit(f"{name} was removed")
        if name not in listed:
            raise Misfit(f"{name} was added")
        digest, size = digest_of(found[name])
        if {"bytes": size, "sha256": digest} != listed[name]:
            raise Misfit(f"{name} was changed")
    if manifest["format"] != 1:
        raise Misfit("the pack has a format that this verify.py does not know; use the one of its release")
    return manifest


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """Give the files below a folder but the manifest and its signature, by their names with `/`."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or (path.is_dir() and name == "documents")):
            raise Misfit(f"{name} was added: it is no plain file")
        if path.is_file() and name not in UNLISTED:
            yield name, path


def check_checkpoint(folder: Path, file: str, key: Key, name: str) -> Tree:
    """Return the tree that a checkpoint of a log signs (https://c2sp.org/tlog-checkpoint)."""
    origin, size, root, *_ = key.check(small(folder / file), name, file)
    tree = Tree(int(size), base64(root))
    if origin != name or str(tree.size) != size or len(tree.root) != 32:
        raise Misfit(f"{file} is no checkpoint of {name}")
    return tree


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """Give the JSON objects of a file with one on each line."""
    with path.open("rb") as file:
        for line in file:
            yield json.loads(line)


def check_row(row: dict[str, Any], tree: Tree, where: str) -> dict[str, Any]:
    """Return the payload of a stored row once the row is shown to be in the tree."""
    payload = base64(row["payload"])
    columns = [b"%d" % row["seq"], row["at"].encode(), row["actor"].encode(), row["kind"].encode(), payload]
    leaf = sha256(b"\x00" + b"".join(len(one).to_bytes(4, "big") + one for one in columns)).digest()
    if base64(row["leaf"]) != leaf:
        raise Misfit(f"{where} was changed: its content is not what was hashed")
    if root_from(row["seq"] - 1, tree.size, leaf, [base64(one) for one in row["proof"]]) != tree.root:
        raise Misfit(f"{where} is not in the log: its proof does not lead to the checkpoint")
    fields: dict[str, Any] = json.loads(payload)
    sealed = {name for name, value in fields.items() if isinstance(value, dict) and "sealed" in value}
    if set(row["opened"]) != sealed:
        raise Misfit(f"{where} does not open exactly its sealed texts")
    return fields


def root_from(index: int, size: int, leaf: bytes, proof: list[bytes]) -> bytes | None:
    """Return the root that an inclusion proof leads to (RFC 9162, 2.1.3.1)."""
    sides = sides_of(index, size) if 0 <= index < size else None
    if sides is None or len(sides) != len(proof):
        return None
    node = leaf
    for on_the_right, sibling in zip(sides, proof, strict=True):
        node = sha256(b"\x01" + (sibling + node if on_the_right else node + sibling)).digest()
    return node


def sides_of(index: int, size: int) -> list[bool]:
    """Say of each hash of an inclusion proof whether it lies to the left, by taking the tree apart from the top."""
    sides, begin, end = [], 0, size
    while end - begin > 1:
        split = begin + (1 << (end - begin - 1).bit_length() - 1)
        sides.append(index >= split)
        begin, end = (split, end) if index >= split else (begin, split)
    return sides[::-1]


def root_before(index: int, size: int, proof: list[bytes]) -> bytes:
    """Return the root of the tree of the leaves before one: what lies to the left in its inclusion proof makes it."""
    first, *others = (one for left, one in zip(sides_of(index, size), proof, strict=True) if left)
    for sibling in others:
        first = sha256(b"\x01" + sibling + first).digest()
    return first


def instant(text: str) -> datetime:
    """Read a time of the log."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


class Pack:
    """One pass over the rows of a pack, and beside it over what quotes them."""

    def __init__(self, folder: Path, manifest: dict[str, Any]) -> None:
        self.folder = folder
        self.manifest = manifest
        self.decisions = lines_of(folder / "decisions.jsonl")
        self.signatures = lines_of(folder / "signatures.jsonl")
        self.whole = manifest["about"] == "installation"
        self.years, self.cut, self.cut_root, self.since = 5, 0, b"", ""
        self.rotated, self.losses = dict[int, list[Any]](), list[tuple[int, int]]()

    def check_stream(self, stream: str, tree: Tree) -> str:
        """Check all rows of a stream; say how many there are."""
        file = STREAMS[stream][0]
        gone = self.cut if stream == "observations" else 0
        last, count = gone, 0
        for row in lines_of(self.folder / file):
            where = f"{file}: event {row['seq']}"
            if row["seq"] <= last:
                raise Misfit(f"{where} is out of order")
            fields = check_row(row, tree, where)
            self.check_quotes(stream, row, fields)
            if stream == "facts":
                self.note_fact(row, fields, tree)
            elif self.whole and self.cut and not count:
                self.check_cut(row, tree, where)
            last, count = row["seq"], count + 1
        if count != self.manifest["counts"][stream]:
            raise Misfit(f"{file} does not hold as many events as the manifest says")
        if self.whole and count != tree.size - gone:
            raise Misfit(f"{file} does not hold all events of its checkpoint")
        if self.manifest["trees"][stream].get("cut", 0) != gone:
            raise Misfit(f"manifest.json does not say which {stream} were cut as the facts do")
        return f"{count} of {tree.size} {stream}" + (f" (the first {gone} were cut after their years)" if gone else "")

    def note_fact(self, row: dict[str, Any], fields: dict[str, Any], tree: Tree) -> None:
        """Keep what a fact says of rotations, losses, and cut observations: none but those older than their years."""
        if row["kind"] == "PolicySettingsAdopted":
            self.years = fields.get("retention_years", 5)
        elif row["kind"] == "ObservationsCut":
            kept = timedelta(days=366 * self.years)
            if fields["size"] <= self.cut or instant(fields["since"]) + kept > instant(row["at"]):
                raise Misfit(f"events.jsonl: event {row['seq']} cuts observations that were to be kept for longer")
            self.cut, self.since, self.cut_root = fields["size"], fields["since"], bytes.fromhex(fields["root"])
        elif row["kind"] == "CheckpointKeyRotated":
            before = root_before(row["seq"] - 1, tree.size, [base64(one) for one in row["proof"]])
            self.rotated[row["seq"]] = [fields[name] for name in ("number", "former", "key")] + [before]
        elif row["kind"] == "LossAccepted":
            self.losses.append((fields["epoch"], fields["kept"]))

    def check_rotations(self, steps: list[Step], key: Key) -> None:
        """The rotations follow the facts that the key notes name by their root, but for what a loss took away.

        Every pack holds them; what lies to the left in the proof of a rotation makes the root of the facts before it.
        """
        history = int(key.name[len(steps[-1].key.name) + 1 :] or 0) if steps else 0
        for number, (*_, (epoch, facts, _, _), fact) in enumerate(steps, 1):
            kept = [kept for later, kept in self.losses if epoch < later <= history]
            if facts < min(kept, default=facts + 1) and self.rotated.get(facts + 1) != fact:
                raise Misfit(f"the log lacks what key-{number:012}.txt says: event {facts + 1} is to be its rotation")

    def check_cut(self, row: dict[str, Any], tree: Tree, where: str) -> None:
        """The first observation that stands is the one that the fact names, and what was cut had the root it names."""
        proof = [base64(one) for one in row["proof"]]
        if row["seq"] != self.cut + 1 or instant(row["at"]) != instant(self.since):
            raise Misfit(f"{where} is not the first after those that were cut")
        if root_before(self.cut, tree.size, proof) != self.cut_root:
            raise Misfit(f"{where} does not follow what was cut: the fact names another tree")

    def check_quotes(self, stream: str, row: dict[str, Any], fields: dict[str, Any]) -> None:
        """What quotes an event stands in the same order as the events, and says the same."""
        head = {"stream": stream, "seq": row["seq"], "at": row["at"]}
        about = {name: fields.get(name) for name in ("person", "request")}
        if (stream, row["kind"]) == ("facts", "WorkspaceStarted"):
            decision = {"effect": "allow", "decision": json.loads(fields["decision"])}
            self.check_quote("decisions.jsonl", self.decisions, {**head, **about, **decision})
        elif (stream, row["kind"]) == ("observations", "WorkspaceRefused"):
            refusal = {"effect": "deny", "codes": fields["codes"]}
            self.check_quote("decisions.jsonl", self.decisions, {**head, **about, **refusal})
        elif (stream, row["kind"]) == ("facts", "LicenceSigned"):
            signed = {name: fields.get(name) for name in SIGNED_FIELDS}
            self.check_quote("signatures.jsonl", self.signatures, {**head, "actor": row["actor"], **signed})

    def check_quote(self, file: str, quotes: Iterator[dict[str, Any]], expected: dict[str, Any]) -> None:
        """The next quote says what the event does; a signature may name its signer and its text besides."""
        quote = next(quotes, {})
        if {name: quote.get(name) for name in expected} != expected:
            raise Misfit(f"{file} does not quote event {expected['seq']} of the {expected['stream']} as it stands")
        text = quote.get("text")
        if text is not None and text != f"documents/{expected.get('digest')}.txt":
            raise Misfit(f"{file}: the text of event {expected['seq']} is not the one that was signed")

    def check_rest(self) -> None:
        """Nothing is quoted that is no event, and the texts have the digests that name them."""
        for file, quotes in (("decisions.jsonl", self.decisions), ("signatures.jsonl", self.signatures)):
            if next(quotes, None) is not None:
                raise Misfit(f"{file} quotes an event that is not in the pack")
        for name, listed in self.manifest["files"].items():
            if name.startswith("documents/") and name != f"documents/{listed['sha256']}.txt":
                raise Misfit(f"{name} does not have the digest that it is named for")


def check(folder: Path, given: str | None) -> str:
    """Return a line about a pack that is whole. Raises Misfit for one that is not."""
    written = small(folder / "key.txt").decode()
    key = read_key(written.rstrip("\n"), "key.txt")
    steps = rotations(folder, key)
    trust = led_to(read_key(given, "the key that you gave"), key, steps) if given is not None else ""
    lost = ", ".join(str(number) for number, step in enumerate(steps, 1) if step.lost)
    manifest = check_manifest(folder, key)
    pack = Pack(folder, manifest)
    said = []
    for stream, (_, file) in STREAMS.items():
        name = key.name if stream == "facts" else f"{key.name}/observations"
        tree = check_checkpoint(folder, file, key, name)
        said.append(pack.check_stream(stream, tree))
        if stream == "facts":
            pack.check_rotations(steps, key)
    pack.check_rest()
    trust = trust if given else f"; compare its key with the installation's: {written.strip()}"
    trust += f"; rotation {lost} replaced a lost key, on the installation's word" if lost else ""
    return f"whole: {' and '.join(said)} of {key.name}, about {manifest['about']}, made {manifest['made']}{trust}"


def main(arguments: list[str]) -> int:
    """Check one pack; return the exit status."""
    words = list(arguments)
    key = None
    if "--key" in words[:-1]:
        at = words.index("--key")
        _, key = words.pop(at), words.pop(at)
    folder = Path(words[0]) if words else Path(__file__).resolve().parent
    wrong = len(words) > 1 or any(word.startswith("-") for word in words)
    if wrong or not folder.is_dir():
        print(USAGE if wrong else f"there is no folder {str(folder)!a}; name the pack's", file=sys.stderr)
        return 2
    try:
        print(ascii(check(folder, key))[1:-1])
    except Misfit as misfit:
        print(f"not whole: {ascii(str(misfit))[1:-1]}")
        return 1
    except Exception as error:  # whatever a changed file makes of itself, it does not fit
        print(f"not whole: a file cannot be read ({type(error).__name__}: {ascii(str(error))[:200]})")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
