"""What happens before the parts of `sluis run` start, and after they ended. Checks come first: nothing half-starts."""

import ipaddress
import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from access_policy.actor import component
from access_policy.commands.base import Refusal
from access_policy.commands.installation import AdoptSettings
from access_policy.commands.workspaces import RecordEnding
from access_policy.log.checkpoints import log_origin
from access_policy.log.clock import SteadyClock
from access_policy.log.keys import SUCCESSOR, load_keys
from access_policy.log.verify import verify
from access_policy.model.enums import Component
from access_policy.use_cases import Policy
from hub_config.anchor import AnchorKeeper
from hub_config.bootstrap import StateProblem, lookup_problem, open_policy, present, since_boot
from hub_config.checkpoint_folder import checkpoint_folder
from hub_config.cli.manifests import folders_in_use, manifest_problem
from hub_config.databases import as_stored, log_exists
from hub_config.demo.logins import demo_logins
from hub_config.demo.people import DEMO_ISSUER
from hub_config.institute_door import check_port, institute_door, is_free
from hub_config.lock import only_one
from hub_config.login_settings import first_issuer
from hub_config.origins import origins_of, start_problem
from hub_config.places import Places
from hub_config.proxy import proxy_command
from hub_config.running import Running
from hub_config.settings import Settings, load_settings, login_problem
from spawner.running import clean_up, end_sandbox, running_sandboxes
from spawner.sandbox import sandbox_problem
from spawner.storage import DatasetProblem, open_dataset_folder
from spawner.strays import strays

_INSTALLATION = component(Component.INSTALLATION)
_WARDEN = component(Component.WARDEN)


class Surroundings(msgspec.Struct, frozen=True):
    """What `sluis run` was asked for, as far as it has to be checked."""

    demo: bool
    bind: str
    port: int
    database: str = ""
    institute_port: int | None = None


@contextmanager
def before_start(places: Places, wanted: Surroundings, say: Callable[[str], None]) -> Iterator[AnchorKeeper]:
    """Hold the state for this one run, and check all that a start needs. Raises StateProblem and its like.

    From here on the time is this process's for all that opens the log, until the block ends (FLT-12).
    """
    _check_address(wanted)
    _check_presence(places, wanted)
    with only_one(places), _no_parts_left(places):
        _check_keys(places)
        _check_port(wanted)
        _check_machine()
        if wanted.demo and not log_exists(places):
            _seed(places, wanted.database, say)
        settings = load_settings(places.settings)
        _check_database(wanted, settings)
        check_port(settings.network, wanted.bind, wanted.port, wanted.institute_port)
        with AnchorKeeper(places, SteadyClock(present, since_boot)) as anchor:
            _check_state(places, wanted, settings, say)
            yield anchor


def _check_state(places: Places, wanted: Surroundings, settings: Settings, say: Callable[[str], None]) -> None:
    """Check what the log holds, and end what a killed run left."""
    with closing((policy := open_policy(places)).store):
        behind = _check_log(places, policy, wanted)
        _check_origins(wanted, settings)
        if problem := lookup_problem(places, policy.store):
            raise StateProblem(problem)
        if behind is None:
            _check_datasets(places, settings, policy)
            adopt_settings(settings, policy)
        else:
            say(f"nothing is decided: {behind}")
        if wanted.demo:
            demo_logins(places)
        if not wanted.demo and login_problem(settings):
            say(f"nobody can log in yet: {login_problem(settings)}")
        _clean(places, policy)


def _check_address(wanted: Surroundings) -> None:
    try:
        address = ipaddress.ip_address(wanted.bind)
    except ValueError:
        raise StateProblem(f"`{wanted.bind}` is no IP address; use 127.0.0.1") from None
    if wanted.demo and not address.is_loopback:
        raise StateProblem(f"a demo runs on loopback only, and `{wanted.bind}` is not; leave --bind out")


def _check_presence(places: Places, wanted: Surroundings) -> None:
    if log_exists(places):
        return
    if places.keys.exists() and not (places.state / ".new").exists():
        raise StateProblem(f"the log `{places.log}` is gone; restore a backup, nothing is started")
    if not wanted.demo:
        raise StateProblem(f"there is no Sluis in `{places.state}`; run `sluis init`, or `sluis run --demo`")


def _check_keys(places: Places) -> None:
    """AUD-12: a rotation that was interrupted is finished first; until then nobody can sign."""
    if (places.keys / SUCCESSOR).exists():
        raise StateProblem("a rotation of the checkpoint key was interrupted; run `sluis keys rotate` again")


def _check_database(wanted: Surroundings, settings: Settings) -> None:
    if wanted.database and wanted.database != settings.log.database:
        raise StateProblem("--database is for a new demo, and this one's log is elsewhere; leave --database out")


def _check_origins(wanted: Surroundings, settings: Settings) -> None:
    if problem := start_problem(settings.origins, wanted.demo, wanted.port):
        raise StateProblem(problem)


@contextmanager
def _no_parts_left(places: Places) -> Iterator[None]:
    try:
        yield
    finally:
        places.running.unlink(missing_ok=True)


def _check_port(wanted: Surroundings) -> None:
    if not is_free(wanted.bind, wanted.port):
        raise StateProblem(f"port {wanted.port} of {wanted.bind} cannot be used; choose another with --port")


def _check_machine() -> None:
    problem = sandbox_problem()
    if problem is not None:
        raise StateProblem(f"no workspace could run here: {problem}")
    proxy_command()


def _seed(places: Places, database: str, say: Callable[[str], None]) -> None:
    from hub_config.demo.seed import Elsewhere, seed

    seed(places, say, elsewhere=Elsewhere(database))


def _check_log(places: Places, policy: Policy, wanted: Surroundings) -> str | None:
    """Return why nothing is to be decided on the log, which then starts for its admins (AUD-02); None: it is whole."""
    with policy.reading_behind() as state:
        demo, origin = state.demo, log_origin(state.installation)
    trouble = policy.trouble()
    folder = checkpoint_folder(places) if trouble is None else None
    found = verify(as_stored(places, policy), folder, load_keys(places.keys), origin)
    if not found.ok:
        raise StateProblem(f"the log does not verify: {found.problem}; nothing is started; run `sluis log verify`")
    if wanted.demo and not demo:
        raise StateProblem(f"`{places.state}` is no demo; leave --demo out, or choose another folder with --state")
    if demo and not wanted.demo:
        raise StateProblem(f"`{places.state}` is a demo; start it with --demo, or choose another folder with --state")
    return None if trouble is None else trouble.text


def _check_datasets(places: Places, settings: Settings, policy: Policy) -> None:
    with policy.reading() as state:
        folders = list(folders_in_use(state))
    root = places.datasets(settings.data.folder)
    for dataset, location, manifest in folders:
        try:
            os.close(open_dataset_folder(root, location))
            problem = manifest_problem(root / location, manifest)
        except (DatasetProblem, OSError) as error:
            problem = str(error)
        if problem is not None:
            raise StateProblem(f"dataset `{dataset}` cannot be used: {problem} (`sluis check` looks at all of them)")


def adopt_settings(settings: Settings, policy: Policy) -> None:
    """Append the settings that decisions depend on, where they changed. Raises StateProblem."""
    wanted = {name: getattr(settings.policy, name) for name in AdoptSettings.__struct_fields__}
    with policy.reading() as state:
        in_force = {name: getattr(state.settings, name) for name in wanted}
        if state.settings.since is not None and wanted == in_force:
            return
    outcome = policy.handle(AdoptSettings(**wanted), _INSTALLATION)
    if isinstance(outcome, Refusal):
        raise StateProblem(f"the settings below [policy] cannot be adopted: {outcome.text}; correct sluis.toml")


def _clean(places: Places, policy: Policy) -> None:
    """End what a killed run left behind, and write down that it ended (SBX-04, FLT-07)."""
    for folder in (places.run, places.hub, places.parts, places.homes, places.checkpoints):
        folder.mkdir(mode=0o711 if folder in (places.run, places.homes) else 0o700, exist_ok=True)
    for sandbox in (*running_sandboxes(places.run), *strays(places.run)):
        end_sandbox(sandbox)
    clean_up(places.run)
    _record_all_ended(policy, "sluis_was_killed")


def after_stop(places: Places) -> str | None:
    """End every workspace, record it, and sign the log's heads; say why that could not be done, or None."""
    for sandbox in (*running_sandboxes(places.run), *strays(places.run)):
        end_sandbox(sandbox)
    clean_up(places.run)
    policy = open_policy(places)
    try:
        _record_all_ended(policy, "sluis_stopped")
        return policy.sign()
    finally:
        policy.store.close()


def _record_all_ended(policy: Policy, seen: str) -> None:
    """Record it on a log that is whole; on another the next start does, once it is."""
    if policy.trouble() is not None:
        return
    with policy.reading() as state:
        known = list(state.workspaces.values())
    for one in known:
        policy.handle(RecordEnding(person=one.person, request=one.request, started=one.seq, seen=seen), _WARDEN)


def draw_running(places: Places, bind: str, port: int, institute_port: int | None = None) -> Running:
    """Choose free ports and fresh secrets for one run."""
    settings = load_settings(places.settings)
    policy = open_policy(places)
    with policy.reading_behind() as state:
        demo = state.demo
    policy.store.close()
    hub, proxy_api, desk, warden, provider = (f"http://127.0.0.1:{free}" for free in _free_ports(5))
    bound = f"http://{bind if ':' not in bind else f'[{bind}]'}:{port}"
    origins = origins_of(settings.origins, bound, told=not demo)
    return Running(
        **institute_door(settings.network, bind, port, institute_port, origins.own),
        url=origins.hub,
        bind=bound,
        origins=origins,
        demo=demo,
        hub=hub,
        proxy_api=proxy_api,
        desk=desk,
        warden=warden,
        issuer=provider if demo else first_issuer(settings.login),
        identity_issuer=DEMO_ISSUER if demo else first_issuer(settings.login),
        client_id="sluis" if demo else settings.login.client_id,
        client_secret=secrets.token_hex(32) if demo else _client_secret("login", settings.login.client_secret_file),
        client_secrets={} if demo else _client_secrets(settings),
        proxy_token=secrets.token_hex(32),
        desk_token=secrets.token_hex(32),
        warden_token=secrets.token_hex(32),
        supervisor_pid=os.getpid(),
        mail_password=mail_password(settings),
    )


def _client_secrets(settings: Settings) -> dict[str, str]:
    return {one.name: _client_secret(f"login provider {one.name}", one.client_secret_file)
            for one in settings.login.providers}  # fmt: skip


def _client_secret(whose: str, file: str) -> str:
    if not file:
        return ""
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise StateProblem(f"{whose}: client_secret_file `{file}` cannot be read: {error.strerror}") from None


def mail_password(settings: Settings) -> str:
    """Return the password for the mail server, empty where there is none. Raises StateProblem."""
    file = settings.mail.password_file if settings.mail is not None else ""
    if not file:
        return ""
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise StateProblem(f"mail.password_file `{file}` cannot be read: {error.strerror}") from None


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
