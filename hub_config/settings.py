"""`sluis.toml`: one frozen Settings; an unknown key stops the start.

Every key's docstring is its line in `docs/reference/settings.md` and its comment in the file that `sluis init` writes.
Nothing here reads the environment: that is `bootstrap.py`'s part.
"""

import tomllib
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from access_policy.model.enums import LicenceReading, Zone
from access_policy.plain_words import plain_words
from hub_config.cluster_settings import Cluster, cluster_problem
from hub_config.leash_settings import LeashSettings
from hub_config.login_settings import Login, LoginProvider, missing_key, providers_problem
from hub_config.mail_settings import Mail, mail_problem
from hub_config.network_settings import NetworkSettings, door_problem, network_problem
from hub_config.origins import OriginSettings, origin_problem
from spawner.workspace import DataPath, Profile

GIB = 1024**3


class SettingsProblem(Exception):
    """`sluis.toml` cannot be used. The text is one line that says what and what to do."""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What decisions depend on; adopted as a fact at the first start that finds it changed."""

    session_hours: Annotated[
        int, Meta(ge=1, le=24, description="hours after which a session ends and both factors are asked for again")
    ] = 12
    term_days_longest: Annotated[int, Meta(ge=1, le=3653, description="the longest term of a grant, in days")] = 1096
    licence_for_adequate: Annotated[
        LicenceReading,
        Meta(description="which licence binds a party outside the EEA whose country is adequate: eea or non-eea (S64)"),
    ] = LicenceReading.EEA
    board_quorum: Annotated[
        int,
        Meta(ge=1, le=50, description="board members who have to vote for a request, the one who approves included"),
    ] = 1
    retention_years: Annotated[
        int, Meta(ge=1, le=50, description="years that records about a person stay readable before they can be erased")
    ] = 5
    contact_days: Annotated[
        int, Meta(ge=1, le=365, description="days within which an intake or a renewal is answered (S13, S44)")
    ] = 7
    review_days: Annotated[int, Meta(ge=1, le=365, description="days within which a signed form is reviewed (S21)")] = (
        42
    )
    availability_days: Annotated[
        int, Meta(ge=1, le=365, description="days from a clinical approval to available data (S52)")
    ] = 7
    decision_months: Annotated[
        int, Meta(ge=1, le=3, description="months within which a permit of the EHDS is decided; the law's most (E8)")
    ] = 3
    deferral_months: Annotated[
        int, Meta(ge=1, le=3, description="months by which that is put off once; the law's most (E8)")
    ] = 3
    accelerated_months: Annotated[
        int, Meta(ge=1, le=2, description="months within which an accelerated request is decided (E8)")
    ] = 2
    reminder_days: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=365)], ...],
        Meta(description="days before an end on which a reminder goes out, the longest first (S41)"),
    ] = (60, 30, 14, 7, 1)
    idle_minutes: Annotated[
        int, Meta(ge=5, le=720, description="minutes without a sign of the person after which a session ends (S76)")
    ] = 60


class Contact(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom people ask; it stands on every page (S97)."""

    name: Annotated[str, Meta(min_length=1, max_length=100, description="name of the help desk")] = (
        "the data access desk"
    )
    email: Annotated[str, Meta(pattern=r"^[^@\s]+@[^@\s]+$", description="its e-mail address")] = "desk@sluis.example"


class Data(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where datasets lie."""

    folder: Annotated[
        str, Meta(description="folder that holds the datasets' folders; relative paths start at the state folder")
    ] = "datasets"


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the log is kept, and where its signed heads go."""

    database: Annotated[
        str,
        Meta(
            max_length=500,
            description="PostgreSQL that holds the log, such as `postgresql://db.example.org/sluis`, without user and "
            "password; empty: `log.sqlite` in the state folder. Set by `sluis init --database`",
        ),
    ] = ""
    checkpoints: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=500,
            description="folder that signed checkpoints are written to; relative paths start at the state folder. It "
            "should lie on another machine's disk, which takes files and lets none be removed; then it has to be there",
        ),
    ] = "checkpoints"
    checkpoint_minutes: Annotated[
        int,
        Meta(ge=1, le=1440, description="minutes between two checkpoints; each withdrawal is signed at once besides"),
    ] = 1


class Backup(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """To whom backups are encrypted; the private keys are never on this machine."""

    recipients: Annotated[
        tuple[str, ...], Meta(max_length=20, description="age public keys (age1...) that `sluis backup` encrypts to")
    ] = ()
    key_recipients: Annotated[
        tuple[str, ...],
        Meta(max_length=20, description="age public keys that `sluis keys export` encrypts to; best other ones"),
    ] = ()


class Size(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A profile: a size of workspace that people choose from (S86)."""

    name: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{0,19}$", description="short name of the profile")]
    label: Annotated[str, Meta(min_length=1, max_length=80, description="what people read")]
    cpus: Annotated[float, Meta(gt=0, le=512, description="number of cores")] = 1.0
    memory_gib: Annotated[float, Meta(gt=0, le=4096, description="memory of one process, in GiB")] = 4.0
    processes: Annotated[int, Meta(ge=64, le=65536, description="number of processes and threads")] = 512
    file_gib: Annotated[float, Meta(gt=0, le=4096, description="largest file that can be written, in GiB")] = 8.0
    zone: Annotated[
        Zone, Meta(description="institute: offered, and reached, from the institute's network only (S78); or anywhere")
    ] = Zone.ANYWHERE
    max_run_hours: Annotated[int, Meta(ge=1, le=720, description="hours after which the workspace ends")] = 72
    data: Annotated[
        DataPath,
        Meta(description="how data reach a workspace in a cluster: mount, or api (a gVisor profile has to say api)"),
    ] = DataPath.MOUNT
    runtime_class: Annotated[
        str,
        Meta(
            pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$",
            description="runtime class in a cluster, such as gvisor; empty: the nodes' own",
        ),
    ] = ""
    node_selector: Annotated[
        tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,300}=[A-Za-z0-9._-]{0,63}$")], ...],
        Meta(max_length=10, description="labels that a node of the cluster has to have, each as `label=value`"),
    ] = ()
    cpu_request: Annotated[
        float, Meta(ge=0, le=512, description="cores that a cluster keeps free for it; 0: as many as `cpus`")
    ] = 0.0
    memory_request_gib: Annotated[
        float, Meta(ge=0, le=4096, description="memory that a cluster keeps free for it, in GiB; 0: as `memory_gib`")
    ] = 0.0

    def __post_init__(self) -> None:
        """Refuse what no cluster can start: a mount under gVisor, and a request above the limit."""
        if self.runtime_class == "gvisor" and self.data is DataPath.MOUNT:
            raise ValueError(f'profile `{self.name}`: buckets are not mounted under gVisor; write data = "api"')
        if self.cpu_request > self.cpus or self.memory_request_gib > self.memory_gib:
            raise ValueError(f"profile `{self.name}` asks for more than it may use; lower its requests")

    def as_profile(self) -> Profile:
        """Return the profile as the spawners know it, in bytes and seconds."""
        return Profile(
            name=self.name, label=self.label, cpus=self.cpus, memory_bytes=int(self.memory_gib * GIB),
            processes=self.processes, file_bytes=int(self.file_gib * GIB), max_run_seconds=self.max_run_hours * 3600,
            data=self.data, runtime_class=self.runtime_class, cpu_request=self.cpu_request,
            node_selector=tuple((one.partition("=")[0], one.partition("=")[2]) for one in self.node_selector),
            memory_request_bytes=int(self.memory_request_gib * GIB), zone=self.zone,
        )  # fmt: skip


_SMALL = Size(name="small", label="Small: 1 core, 4 GiB for each process")
_LARGE = Size(name="large", label="Large: 2 cores, 12 GiB for each process", cpus=2.0, memory_gib=12.0, processes=1024)


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of `sluis.toml`."""

    login: Login = Login()
    origins: OriginSettings = OriginSettings()
    policy: Policy = Policy()
    contact: Contact = Contact()
    data: Data = Data()
    log: Log = Log()
    backup: Backup = Backup()
    leash: LeashSettings = LeashSettings()
    profiles: Annotated[tuple[Size, ...], Meta(min_length=1, description="the sizes of workspaces")] = (_SMALL, _LARGE)
    mail: Mail | None = None
    network: NetworkSettings | None = None
    cluster: Cluster | None = None

    @property
    def workspace_profiles(self) -> tuple[Profile, ...]:
        """Return the profiles as the spawners know them."""
        return tuple(size.as_profile() for size in self.profiles)


def login_problem(settings: Settings) -> str | None:
    """Say what keeps people from logging in, or None."""
    missing = missing_key(settings.login, in_cluster=settings.cluster is not None)
    return None if missing is None else f"fill in login.{missing} in sluis.toml"


def load_settings(file: Path) -> Settings:
    """Read `sluis.toml`. Raises SettingsProblem: no file, bad TOML, an unknown key, a value out of range."""
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsProblem(
            f"there is no `{file}`; run `sluis init`, or `sluis run --demo` in an empty folder"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsProblem(f"cannot read `{file}`: {error}") from None
    try:
        settings = msgspec.convert(tomllib.loads(text), Settings)
    except tomllib.TOMLDecodeError as error:
        raise SettingsProblem(f"`{file}` is no TOML: {error}") from None
    except msgspec.ValidationError as error:
        raise SettingsProblem(
            f"`{file}`: {plain_words(error, _table_of(error))}; see docs/reference/settings.md"
        ) from None
    _check(settings, file)
    return settings


def _table_of(error: msgspec.ValidationError) -> type[msgspec.Struct]:
    """Return the part of the settings that an error speaks of."""
    tables: dict[str, type[msgspec.Struct]] = {
        "$.login.providers": LoginProvider, "$.login": Login, "$.policy": Policy, "$.contact": Contact, "$.data": Data,
        "$.origins": OriginSettings,
        "$.log": Log, "$.backup": Backup, "$.leash": LeashSettings,
        "$.profiles": Size, "$.mail": Mail, "$.network": NetworkSettings, "$.cluster": Cluster,
    }  # fmt: skip
    return next((table for path, table in tables.items() if f"`{path}" in str(error)), Settings)


def _check(settings: Settings, file: Path) -> None:
    if settings.log.database:
        _check_database(settings.log.database, file)
    if settings.cluster is not None:
        _check_cluster(settings, settings.cluster, file)
    if settings.mail is not None and (problem := mail_problem(settings.mail, in_cluster=settings.cluster is not None)):
        raise SettingsProblem(f"`{file}`: {problem}")
    if problem := providers_problem(settings.login, in_cluster=settings.cluster is not None):
        raise SettingsProblem(f"`{file}`: {problem}")
    cluster_url = settings.cluster.url if settings.cluster is not None else ""
    if problem := origin_problem(settings.origins, cluster_url):
        raise SettingsProblem(f"`{file}`: {problem}")
    if settings.network is not None:
        _check_network(settings, settings.network, cluster_url, file)
    names = [size.name for size in settings.profiles]
    for name in names:
        if names.count(name) > 1:
            raise SettingsProblem(f"`{file}`: profile `{name}` stands there twice; give each a name of its own")


def _check_network(settings: Settings, network: NetworkSettings, cluster_url: str, file: Path) -> None:
    problem = network_problem(network, cluster_url)
    if problem is None:
        problem = door_problem(network, settings.origins, cluster_url)
    if problem is not None:
        raise SettingsProblem(f"`{file}`: {problem}")


def _check_database(url: str, file: Path) -> None:
    from access_policy.log.postgres import url_problem

    problem = url_problem(url)
    if problem is not None:
        raise SettingsProblem(f"`{file}`: log.database is {problem}")


def _check_cluster(settings: Settings, cluster: Cluster, file: Path) -> None:
    problem = cluster_problem(cluster, settings.log.database, settings.log.checkpoints)
    if problem is None and settings.login.client_secret_file:
        problem = "leave login.client_secret_file out: in a cluster the secret is mounted as `client-secret`"
    if problem is not None:
        raise SettingsProblem(f"`{file}`: {problem}")
