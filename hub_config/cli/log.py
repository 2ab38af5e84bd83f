"""`sluis log head|show|verify|prove`: what stands in the log, and whether it is whole. Reading it is recorded (E51)."""

import argparse
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from access_policy.actor import Actor
from access_policy.commands.losses import facts_before_acceptance
from access_policy.events import FACTS, OBSERVATIONS, Fact, LogRead
from access_policy.log.checkpoints import difference
from access_policy.log.cutting import uncovered
from access_policy.log.database import Database
from access_policy.log.errors import LogDamaged, LogError, UnreadableLog
from access_policy.log.keys import Keys, load_keys
from access_policy.log.mark import Mark
from access_policy.log.merkle import Frontier
from access_policy.log.notes import NOTE_NAME
from access_policy.log.targets import Folder
from access_policy.log.verify import Compared, Verification
from access_policy.log.verify import verify as verify_log
from access_policy.log.witness import BEGINNING
from access_policy.model.ids import PersonId
from access_policy.use_cases import Policy
from hub_config.bootstrap import StateProblem, open_policy
from hub_config.checkpoint_folder import checkpoint_folder
from hub_config.cli.answers import instant, quoted, say, show_json, show_json_line, show_line
from hub_config.cli.options import Call, Parser, UsageProblem, commands_of, group, leaf
from hub_config.cli.prove import prove
from hub_config.cli.reading import known_person, known_request, opened, origin_of
from hub_config.cli.shown import fact_json, fact_line
from hub_config.databases import as_stored
from hub_config.places import Places


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the commands."""
    inner = commands_of(group(commands, "log", "the log: its head, its events, its proof"))
    leaf(inner, "head", head, "the newest tree head: size, root, time")
    parser = leaf(inner, "show", show, "the events; with --json one JSON object a line")
    parser.add_argument("--since", type=_number, default=0, metavar="N", help="only those after number N")
    parser.add_argument("--kind", metavar="KIND", help="only this kind, such as RequestApproved")
    parser.add_argument("--person", metavar="P", help="only those about or by this person")
    parser.add_argument("--request", metavar="R", help="only those about this request")
    parser.add_argument("--observations", action="store_true", help="the stream of observations, not that of facts")
    parser = leaf(inner, "verify", verify, "prove the log whole, or name the first row that does not fit (1)")
    parser.add_argument("--checkpoints", metavar="DIR", help="signed checkpoints (those of the state folder)")
    parser = leaf(inner, "prove", prove, "prove that a fact is in the newest checkpoint, or that one grew into another")
    parser.add_argument("seq", type=_number, nargs="?", metavar="SEQ", help="the number of a fact")
    parser.add_argument("--from", dest="since", type=_number, metavar="N", help="the size of an earlier checkpoint")
    parser.add_argument("--to", type=_number, metavar="M", help="the size of a later one")
    parser.add_argument("--checkpoints", metavar="DIR", help="signed checkpoints (those of the state folder)")


def head(call: Call) -> int:
    """Print size, root and time of the newest tree head."""
    with opened(call.places) as policy:
        newest = policy.store.head()
    answer = {"size": newest.size, "root": newest.root, "at": instant(newest.at)}
    if call.json:
        show_json(answer)
    else:
        show_line(f"{newest.size} facts, root {newest.root}, newest at {answer['at']}")
    return 0


def show(call: Call) -> int:
    """Print the events that were asked for, after recording that somebody reads them."""
    given = call.arguments
    if given.kind is not None and given.kind not in FACTS | OBSERVATIONS:
        raise UsageProblem(f"no event is of kind {quoted(given.kind)}; the nearest are {_nearest(given.kind)}")
    with opened(call.places, behind=True) as policy:
        _check_ids(policy, given)
        policy.observe(Actor(operator=call.operator), LogRead(what=_asked(given)))
        _say_what_is_cut(policy, given)
        for fact in _stream(policy, given):
            if _wanted(fact, given):
                if call.json:
                    show_json_line(fact_json(fact))
                else:
                    show_line(fact_line(fact))
    return 0


def _nearest(kind: str) -> str:
    named = {one.lower(): one for one in FACTS | OBSERVATIONS}
    return ", ".join(named[one] for one in get_close_matches(kind[:60].lower(), named, 3, cutoff=0))


def _check_ids(policy: Policy, given: argparse.Namespace) -> None:
    """An id with a slip in it must not look like one about which nothing happened."""
    with policy.reading_behind() as state:
        if given.person is not None:
            known_person(state, given.person)
        if given.request is not None:
            known_request(state, given.request)


def _stream(policy: Policy, given: argparse.Namespace) -> Iterable[Fact]:
    if given.observations or given.kind in OBSERVATIONS:
        return policy.store.observations_since(given.since)
    return policy.store.facts_since(min(given.since, policy.store.newest()))


def _say_what_is_cut(policy: Policy, given: argparse.Namespace) -> None:
    """Nobody takes observations that are gone for some that never were (E48)."""
    with policy.reading_behind() as state:
        cut = state.cut
    if cut is not None and given.since < cut.size and (given.observations or given.kind in OBSERVATIONS):
        say(f"observations 1 to {cut.size} were cut after their years; the oldest is of {instant(cut.since)}")


def _wanted(fact: Fact, given: argparse.Namespace) -> bool:
    event = fact.event
    people = {getattr(event, "person", None), getattr(event, "applicant", None), fact.actor.person}
    return (
        given.kind in (None, type(event).__name__)
        and (given.person is None or PersonId(given.person) in people)
        and given.request in (None, getattr(event, "request", None))
    )


def _asked(given: argparse.Namespace) -> str:
    values = {name: getattr(given, name) for name in ("since", "kind", "person", "request")}
    options = [f"--{name} {ascii(value)[:80]}" for name, value in values.items() if value]
    return " ".join(["log show", *options, *(["--observations"] if given.observations else [])])


def verify(call: Call) -> int:
    """Prove the log whole; 1 where it is not, with the first row that does not fit."""
    given = call.arguments.checkpoints
    folder = checkpoint_folder(call.places) if given is None else Path(given)
    if given is not None and not folder.is_dir():
        raise UsageProblem(f"there is no folder {quoted(given)} with checkpoints; leave --checkpoints out, or name one")
    if given is not None and not any(NOTE_NAME.fullmatch(path.name) for path in folder.iterdir()):
        raise UsageProblem(f"folder {quoted(given)} holds no checkpoint to compare with; name the one that does")
    found = _spoken_for(verification(call, folder), folder)
    if call.json:
        names = {"compared": "checkpoints", "newest": "newest", "observations": "observations"}
        compared = {name: getattr(found.compared, field) for name, field in names.items()}
        answer = {name: getattr(found, name) for name in ("ok", "size", "root", "problem", "row")}
        show_json(answer | {"checkpoints": compared, "cut": found.cut})
    elif found.ok:
        show_line(f"the log is whole: {found.size} facts, root {found.root}")
        show_line(_compared(found.compared))
        if found.cut:
            show_line(f"its observations 1 to {found.cut} were cut after their years; a fact says so")
        if uncovered(found.cut, found.compared.observations):
            show_line(f"nothing in `{folder}` speaks for that cut: it holds no checkpoint of more observations")
    else:
        show_line(f"the log is not whole: {found.problem}; {found.size} facts before that fit")
    return 0 if found.ok else 1


def _spoken_for(found: Verification, folder: Path) -> Verification:
    """AUD-02: rows that fit each other prove nothing where no note outside says how many they were."""
    if not found.ok or found.compared.checkpoints or found.size <= BEGINNING:
        return found
    return found._replace(ok=False, problem=f"there is no checkpoint of it in `{folder}`; put its files back there")


def _compared(compared: Compared) -> str:
    if compared.checkpoints == 0:
        return "it has only begun, and was compared with no checkpoint"
    plural = "" if compared.checkpoints == 1 else "s"
    return f"it holds what {compared.checkpoints} checkpoint{plural} signed, the newest of {compared.newest} facts"


def verification(call: Call, folder: Path | None) -> Verification:
    """Verify rows and checkpoints; rows alone where they are too damaged to say whose log this is."""
    keys = load_keys(call.places.keys)
    try:
        policy = open_policy(call.places)
    except LogDamaged as error:
        return _damaged(call.places.log, keys, error)
    stored = as_stored(call.places, policy)
    try:
        found = _of_a_copy(call.places, verify_log(stored, folder, keys, origin_of(policy.store)), folder)
        if found.ok:
            return found if folder is None else _held_here(call.places, policy, found, folder)
        before = _before_proposal(policy)
        return verify_log(stored, folder, keys, origin_of(policy.store), before) if before < found.size else found
    except (LogDamaged, UnreadableLog, StateProblem) as error:
        return _damaged(stored, keys, error)
    finally:
        policy.store.close()


def is_bare(found: Verification) -> bool:
    """Say whether all fits, and only a checkpoint beyond what was cut is not there (E48)."""
    return found.problem is not None and found.problem == uncovered(found.cut, found.compared.observations)


def _of_a_copy(places: Places, found: Verification, folder: Path | None) -> Verification:
    """E48: a copy from before a cut is no fault of the log; in the installation's own folder later ones have to be."""
    if folder is None or not is_bare(found) or folder.resolve() == checkpoint_folder(places).resolve():
        return found
    return found._replace(ok=True, problem=None)


def _held_here(places: Places, policy: Policy, found: Verification, folder: Path) -> Verification:
    """AUD-02: rows and folder may agree because the newest of both are gone; what was signed here last says so."""
    signed = Mark(places.signed).newest(Folder(folder), load_keys(places.keys), origin_of(policy.store))
    problem = None if signed is None else difference(signed, found.size, policy.store.root_at)
    if signed is None or problem is None or policy.trouble() is None:
        return found
    row = found.size + 1 if found.size < signed.size else None
    return found._replace(ok=False, problem=f"{problem}, which was signed here", row=row)


def _before_proposal(policy: Policy) -> int:
    """Return how many facts stood before an admin proposed to accept a loss, as the witness counts them (AUD-02)."""
    try:
        with policy.reading_behind() as state:
            return facts_before_acceptance(state)
    except LogError:
        return sys.maxsize


def _damaged(stored: Path | Database, keys: Keys, error: Exception) -> Verification:
    """Say which row of a log that cannot be read does not fit; where all do, or none is there, what cannot be read."""
    problem = str(error).partition("; run `sluis log verify`")[0]
    if isinstance(stored, Path) and not stored.exists():
        return Verification(False, 0, Frontier().root().hex(), problem)
    found = verify_log(stored, None, keys, "")
    return found if not found.ok else Verification(False, found.size, found.root, problem)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no number of an event")
    return int(text)
