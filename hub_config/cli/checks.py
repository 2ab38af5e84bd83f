"""`sluis check`: a line for each thing that has to be right on this machine; 1 where one is not."""

import argparse
import os
from collections.abc import Callable, Iterator

import msgspec

from access_policy.log.checkpoints import log_origin
from access_policy.log.erased import lost_keys, read_erased
from access_policy.log.errors import LogError
from access_policy.log.file_records import file_problems
from access_policy.log.key_witness import difference_from, unheld_in
from access_policy.log.keys import SUCCESSOR, Keys, load_keys
from access_policy.log.notes import VerifierKey
from access_policy.log.signers import signers_of
from access_policy.use_cases import Policy
from hub_config.bootstrap import StateProblem, lookup_problem, open_policy
from hub_config.checkpoint_folder import checkpoint_folder
from hub_config.cli.answers import instant, mark, show_json, show_line
from hub_config.cli.log import is_bare, verification
from hub_config.cli.manifests import Folder, folders_in_use, manifest_problem
from hub_config.cli.options import Call, Parser, leaf
from hub_config.databases import log_exists
from hub_config.login_settings import issuer_of
from hub_config.origins import SHARED, OriginSettings, shared_problem
from hub_config.places import Places
from hub_config.proxy import ProxyMissingError, proxy_command
from hub_config.rotating import missing_notes
from hub_config.running import load_running
from hub_config.settings import Settings, SettingsProblem, load_settings, login_problem
from spawner.buckets import bucket_of
from spawner.storage import DatasetProblem, location_components, open_dataset_folder


class Line(msgspec.Struct, frozen=True):
    """What one check found."""

    check: str
    ok: bool
    text: str


def add(commands: "argparse._SubParsersAction[Parser]") -> None:
    """Add the command."""
    leaf(commands, "check", check, "check settings, log, clock, datasets, sandbox and proxy (1: one of them fails)")


def check(call: Call) -> int:
    """Print a line for each check. Raises StateProblem where there is no Sluis to check."""
    if not log_exists(call.places):
        raise StateProblem(f"there is no Sluis in `{call.places.state}`; run `sluis init`, or `sluis run --demo`")
    lines = [*_tried("log", lambda: _log(call)), *_settings(call)]
    if all(line.ok for line in lines):
        lines += _tried("mail", lambda: _mail(call.places))
        lines += _tried("network", lambda: _network(call.places))
        lines += _tried("datasets", lambda: _datasets(call.places, load_settings(call.places.settings)))
    lines += _tried("cluster", lambda: _cluster(call.places)) if _in_cluster(call.places) else _machine(call.places)
    if call.json:
        show_json(lines)
    else:
        for line in lines:
            show_line(f"{mark(line.ok)} {line.check}: {line.text}")
    return 0 if all(line.ok for line in lines) else 1


def _settings(call: Call) -> Iterator[Line]:
    try:
        settings = load_settings(call.places.settings)
        yield Line("settings", True, f"`{call.places.settings}` can be used")
        if not call.places.demo.exists():
            problem = login_problem(settings)
            yield Line("login", problem is None, problem or f"people log in at {_where(settings)}")
            problem = shared_problem(settings.origins, demo_on_loopback=False)
            yield Line("addresses", problem is None, problem or _addresses(settings.origins))
    except SettingsProblem as problem:
        yield Line("settings", False, str(problem))


def _where(settings: Settings) -> str:
    return ", ".join(issuer_of(one) for one in settings.login.providers) or settings.login.issuer


def _addresses(origins: OriginSettings) -> str:
    return "hub, desk and workspaces have web addresses of their own" if origins.own else SHARED


def _tried(name: str, lines: Callable[[], list[Line]]) -> list[Line]:
    """Turn what stops a check into its line: the others are still worth knowing."""
    try:
        return lines()
    except (LogError, StateProblem, SettingsProblem, OSError) as error:
        return [Line(name, False, str(error))]


def _log(call: Call) -> list[Line]:
    found = verification(call, checkpoint_folder(call.places))
    cut = f"; observations 1 to {found.cut} were cut after their years" if found.cut else ""
    way_out = "" if is_bare(found) else "; run `sluis log verify`, restore a backup"
    lines = [Line("log", found.ok, f"{found.size} facts, whole{cut}" if found.ok else f"{found.problem}{way_out}")]
    if found.ok or verification(call, None).ok:
        lines += _beside(call.places)
        lines += [*_checkpoints(call.places, found.compared.checkpoints), *_clock(call.places)]
    return lines


def _beside(places: Places) -> list[Line]:
    """Look at what lies beside the rows and is not in the tree: sealing keys and uploaded files (AUD-11)."""
    policy, keys = open_policy(places), load_keys(places.keys)
    try:
        with policy.reading_behind() as state:
            erased, origin = set(state.erased), log_origin(state.installation)
        listed = {owner for owner, _ in read_erased(checkpoint_folder(places), keys, origin)}
        lost, files = lost_keys(policy.store.database, erased | listed), file_problems(policy.store.database)
        lookup = lookup_problem(places, policy.store)
        signing = _signing_key(places, policy, keys)
    finally:
        policy.store.close()
    told = f"keys of `{len(lost)}` are gone without an erasure ({', '.join(lost[:3])}, …); restore them from a backup"
    changed = f"`{len(files)}` are not as they were sent ({'; '.join(files[:3])}, …); restore a backup"
    return [
        Line("keys", lookup is None, lookup or "those of this log"),
        signing,
        Line("seals", not lost, told if lost else "no sealing key is gone but by an erasure"),
        Line("files", not files, changed if files else "all uploaded files are as they were sent"),
    ]


def _signing_key(places: Places, policy: Policy, keys: Keys) -> Line:
    """Say which key signs, since when, and how many did before it (AUD-12)."""
    name = "signing key"
    with policy.reading_behind() as state:
        ours = VerifierKey(log_origin(state.installation), keys.public)
        notes = signers_of(checkpoint_folder(places), keys, ours.name).notes
        began = [instant(one.at) for one in state.rotations if one.key == str(ours)]
        missing = missing_notes(state, ours, len(notes))
        outlasted = unheld_in(policy.store.database, notes, state.losses)
    if (places.keys / SUCCESSOR).exists():
        return Line(name, False, "a rotation was interrupted; run `sluis keys rotate` again")
    since = began[-1] if began else "a history that was lost" if notes else "the beginning"
    problem = missing or next((difference_from(note, policy.store.head().size) for note in outlasted), None)
    return Line(name, problem is None, problem or f"{ours}, since {since}, {len(notes)} before it")


def _checkpoints(places: Places, compared: int) -> list[Line]:
    policy = open_policy(places)
    try:
        trouble = policy.trouble()
    finally:
        policy.store.close()
    folder = checkpoint_folder(places)
    within = folder.resolve().is_relative_to(places.state.resolve())
    text = f"the log is the one that was signed, `{compared}` agree with it; they go to `{folder}`"
    text += ", inside the state folder, and are lost together with it" if within else ""
    return [Line("checkpoints", trouble is None, text if trouble is None else f"nothing is decided: {trouble.text}")]


def _clock(places: Places) -> list[Line]:
    policy = open_policy(places)
    try:
        with policy.reading_behind():
            trouble, now = policy.clock_trouble(), policy.store.now()
    finally:
        policy.store.close()
    return [Line("clock", trouble is None, trouble.text if trouble else f"{instant(now)}, after the newest fact")]


def _mail(places: Places) -> list[Line]:
    from hub_config.cli.mail_checks import mail_state

    return [Line("mail", *mail_state(places, load_settings(places.settings)))]


def _network(places: Places) -> list[Line]:
    from hub_config.cli.network_checks import network_state

    policy = open_policy(places)
    try:
        with policy.reading() as state:
            return [Line("network", *network_state(load_settings(places.settings), state))]
    finally:
        policy.store.close()


def _datasets(places: Places, settings: Settings) -> list[Line]:
    policy = open_policy(places)
    try:
        with policy.reading() as state:
            folders = list(folders_in_use(state))
    finally:
        policy.store.close()
    return [_folder(places, settings, folder) for folder in folders]


def _folder(places: Places, settings: Settings, one: Folder) -> Line:
    name, root = f"dataset {one.name}", places.datasets(settings.data.folder)
    try:
        if settings.cluster is not None:
            return Line(name, True, f"`{bucket_of(one.location).url}`; what lies there is not looked at from here")
        os.close(open_dataset_folder(root, one.location))
        folder = root.joinpath(*location_components(one.location))
        problem = manifest_problem(folder, one.manifest)
    except (DatasetProblem, OSError) as error:
        return Line(name, False, str(error))
    return Line(name, problem is None, problem or f"`{one.location}` is as registered (names and sizes)")


def _in_cluster(places: Places) -> bool:
    try:
        return load_settings(places.settings).cluster is not None
    except SettingsProblem:
        return False


def _cluster(places: Places) -> list[Line]:
    from hub_config.cli.cluster_checks import cluster_lines
    from hub_config.machines import cluster_api

    cluster = load_settings(places.settings).cluster
    policy = open_policy(places)
    try:
        with policy.reading_behind() as state:
            return [] if cluster is None else [*cluster_lines(cluster_api(), cluster, state, policy.now())]
    finally:
        policy.store.close()


def _machine(places: Places) -> Iterator[Line]:
    from spawner.sandbox import sandbox_problem

    problem = sandbox_problem()
    yield Line("sandbox", problem is None, problem or "bubblewrap can make one")
    try:
        proxy_command()
        yield Line("proxy", True, "its files are there")
    except ProxyMissingError as missing:
        yield Line("proxy", False, str(missing))
    yield Line("running", True, _running(places))


def _running(places: Places) -> str:
    try:
        running = load_running(places)
        os.kill(running.supervisor_pid, 0)
    except (FileNotFoundError, ProcessLookupError, msgspec.MsgspecError):
        return "no"
    except PermissionError:
        return "yes, as another user"
    return f"yes, at {running.url}"
