"""Events about the installation itself, its settings, its tests, and commands that wait for a second person."""

from datetime import datetime

from access_policy.events.base import FactEvent
from access_policy.model.enums import LicenceReading
from access_policy.model.ids import PersonId
from access_policy.model.texts import CommandText, DigestText, KeyText, PersonText, WriterText


class InstallationBegun(FactEvent, frozen=True, kw_only=True):
    """The first fact of every log: which installation this is, whether it is a demo, and the format it begins with."""

    v: int = 2
    installation: DigestText
    demo: bool
    format: int = 1


class UpgradeFinished(FactEvent, frozen=True, kw_only=True):
    """From now on the log is of a later format, which the release before does not read: there is no way back."""

    format: int


class LossAccepted(FactEvent, frozen=True, kw_only=True):
    """Two admins go on with a log that lost facts: history number `epoch` begins, and every live grant is suspended.

    `kept` facts and `observations` are those that signed checkpoints prove to have been kept; `lost` is the size of the
    newest checkpoint of the history that ended. What was signed beyond `kept` is excused from here on (AUD-02).
    """

    epoch: int
    kept: int
    lost: int
    observations: int


class CheckpointKeyRotated(FactEvent, frozen=True, kw_only=True):
    """From now on another key signs the log's checkpoints: rotation `number` retires `former` for `key` (AUD-12).

    Both are verifier keys of C2SP signed-note. With `lost` the former key was not there any more to vouch for the new
    one. A rotation that could not be finished is begun again under its number. Nobody gains or loses access by it.
    """

    number: int
    former: KeyText
    key: KeyText
    lost: bool = False


class ObservationsCut(FactEvent, frozen=True, kw_only=True):
    """The first `size` observations are gone: the years for which they were kept were over (E48).

    `root` is that of their tree, in hex, which a checkpoint signed. `since` is the time of the oldest observation that
    stands, older than those years itself, so that it proves by its place that all before it were.
    """

    size: int
    root: DigestText
    since: datetime


class PolicySettingsAdopted(FactEvent, frozen=True, kw_only=True):
    """The settings that decisions depend on, as the installation found them at a start.

    `idle_minutes` is after how long without a sign of the person a session ends (S76), `licence_for_adequate` the
    reading of S64; `retention_years` the floor of E48, `reminder_days` when
    somebody is reminded before an end (S41); the others are days, months or counts.
    """

    v: int = 2
    session_hours: int
    term_days_longest: int
    licence_for_adequate: LicenceReading = LicenceReading.EEA
    board_quorum: int = 1
    retention_years: int = 5
    contact_days: int = 7
    review_days: int = 42
    availability_days: int = 7
    decision_months: int = 3
    deferral_months: int = 3
    accelerated_months: int = 2
    reminder_days: tuple[int, ...] = (60, 30, 14, 7, 1)
    idle_minutes: int = 60


class CommandProposed(FactEvent, frozen=True, kw_only=True):
    """A command that needs two people was given by the first of them.

    Its arguments may hold a reason or an evidence, so they are sealed (E50) with the key of `person`: whom it is about,
    or the applicant of the request, or else who proposed it.
    """

    proposal: int
    command: CommandText
    person: PersonId
    arguments: PersonText


class ProposalConfirmed(FactEvent, frozen=True, kw_only=True):
    """A second person confirmed a proposed command; its own events follow in the same append."""

    proposal: int


class ProposalDropped(FactEvent, frozen=True, kw_only=True):
    """A proposed command was taken back or turned down."""

    proposal: int


class SecurityTested(FactEvent, frozen=True, kw_only=True):
    """The yearly test for weak spots took place (S95)."""

    v: int = 2
    writer: PersonId = PersonId("")
    tester: WriterText
    scope: WriterText
    on: datetime


class ProviderAudited(FactEvent, frozen=True, kw_only=True):
    """An independent audit of the provider is on record: by whom, of what, when (S92, S103)."""

    v: int = 2
    writer: PersonId = PersonId("")
    auditor: WriterText
    scope: WriterText
    on: datetime
