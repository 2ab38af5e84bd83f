"""The installation itself: its beginning, its settings, and commands that wait for a second person."""

from datetime import datetime
from itertools import pairwise
from typing import Annotated

import msgspec
from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Digest, Instant, Line, Outcome, Refusal, RefusalCode, writer_of
from access_policy.model.enums import LicenceReading, Role
from access_policy.model.instants import format_instant
from access_policy.standing import acts_as
from access_policy.state import State, epoch_of

VerifierKey = Annotated[str, Meta(max_length=300, pattern=r"^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}\Z")]
"""A public key as C2SP signed-note writes it."""


class AdoptSettings(Command, frozen=True, kw_only=True):
    """Adopt the settings that decisions depend on. The program does this at a start that finds them changed."""

    session_hours: Annotated[int, Meta(ge=1, le=24)]
    term_days_longest: Annotated[int, Meta(ge=1, le=3653)]
    licence_for_adequate: LicenceReading = LicenceReading.EEA
    board_quorum: Annotated[int, Meta(ge=1, le=50)] = 1
    retention_years: Annotated[int, Meta(ge=1, le=50)] = 5
    contact_days: Annotated[int, Meta(ge=1, le=365)] = 7
    review_days: Annotated[int, Meta(ge=1, le=365)] = 42
    availability_days: Annotated[int, Meta(ge=1, le=365)] = 7
    decision_months: Annotated[int, Meta(ge=1, le=3)] = 3
    deferral_months: Annotated[int, Meta(ge=1, le=3)] = 3
    accelerated_months: Annotated[int, Meta(ge=1, le=2)] = 2
    reminder_days: tuple[Annotated[int, Meta(ge=1, le=365)], ...] = (60, 30, 14, 7, 1)
    idle_minutes: Annotated[int, Meta(ge=5, le=720)] = 60


class FinishUpgrade(Command, frozen=True, kw_only=True):
    """Let the log be of a later format from now on; `sluis upgrade finish` gives it. There is no way back."""

    format: int


class RotateCheckpointKey(Command, frozen=True, kw_only=True):
    """Let another key sign the log's checkpoints; `sluis keys rotate` gives it. `lost`: the former one is not there."""

    number: Annotated[int, Meta(ge=1, le=999_999)]
    former: VerifierKey
    key: VerifierKey
    lost: bool = False


class CutObservations(Command, frozen=True, kw_only=True):
    """Let the first `size` observations go, whose tree has this root. Only the warden does this, once a day.

    `since` is the time of the oldest that stays, which has to be older than the years for which they are kept, too.
    """

    size: Annotated[int, Meta(ge=1)]
    root: Digest
    since: Instant


class RecordSecurityTest(Command, frozen=True, kw_only=True):
    """Record the yearly security test: who tested what, and when."""

    tester: Line
    scope: Line
    on: Instant


class RecordProviderAudit(Command, frozen=True, kw_only=True):
    """Record an independent audit of the provider: by whom, of what, and when."""

    auditor: Line
    scope: Line
    on: Instant


class ConfirmProposal(Command, frozen=True, kw_only=True):
    """Confirm a command that another admin proposed; it is then carried out, as that admin's command."""

    proposal: int


class DropProposal(Command, frozen=True, kw_only=True):
    """Take back or turn down a proposed command."""

    proposal: int


def adopt_settings(state: State, c: AdoptSettings, actor: Actor, at: datetime) -> Outcome:
    """S64, E48: settings as facts, all of them at once; a changed file changes no past decision (S41, POL-05)."""
    wanted = msgspec.structs.asdict(c)
    if not c.reminder_days or any(sooner >= later for later, sooner in pairwise(c.reminder_days)):
        text = (
            f"`reminder_days` are different days, the longest first, such as `60, 7`; not `{_listed(c.reminder_days)}`"
        )
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    if state.settings.since is not None and all(getattr(state.settings, name) == wanted[name] for name in wanted):
        return Refusal(RefusalCode.WRONG_STATE, "these settings are in force already")
    return (e.PolicySettingsAdopted(**wanted),)


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(str(number) for number in numbers)


def finish_upgrade(state: State, c: FinishUpgrade, actor: Actor, at: datetime) -> Outcome:
    """A format that this release knows, and that is later than the log's (FLT-10)."""
    if not 1 <= c.format <= e.FORMAT:
        return Refusal(
            RefusalCode.NOT_ALLOWED_VALUE, f"this release writes formats up to `{e.FORMAT}`, not `{c.format}`"
        )
    if c.format <= state.format:
        return Refusal(RefusalCode.WRONG_STATE, f"the log is of format `{state.format}` already; nothing is left to do")
    return (e.UpgradeFinished(format=c.format),)


def rotate_checkpoint_key(state: State, c: RotateCheckpointKey, actor: Actor, at: datetime) -> Outcome:
    """AUD-12: one after another. Which keys these are is known outside the log, and seen to by who rotates."""
    newest = next((one for one in state.rotations[-1:] if one.epoch == epoch_of(state.losses)), None)
    if c.key == c.former:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "a key does not follow itself; make a new one")
    if newest is not None and (c.number < newest.number or c.key == newest.key):
        return Refusal(RefusalCode.WRONG_STATE, f"rotation `{newest.number}`, to `{newest.key}`, stands already")
    return (e.CheckpointKeyRotated(number=c.number, former=c.former, key=c.key, lost=c.lost),)


def cut_observations(state: State, c: CutObservations, actor: Actor, at: datetime) -> Outcome:
    """E48, E50: access logs are kept for their years. Which rows these are is asked by who appends, and by the log."""
    kept_until = c.since + state.settings.retention
    if at < kept_until:
        text = f"observations up to `{c.size}` are kept until `{format_instant(kept_until)}`"
        return Refusal(RefusalCode.WRONG_STATE, text)
    if state.cut is not None and c.size <= state.cut.size:
        return Refusal(RefusalCode.WRONG_STATE, f"observations up to `{state.cut.size}` were cut already")
    return (e.ObservationsCut(size=c.size, root=c.root, since=c.since),)


def record_security_test(state: State, c: RecordSecurityTest, actor: Actor, at: datetime) -> Outcome:
    """S95: a test that took place; one that is planned is none."""
    return _to_come(c.on, at) or (e.SecurityTested(writer=writer_of(actor), tester=c.tester, scope=c.scope, on=c.on),)


def record_provider_audit(state: State, c: RecordProviderAudit, actor: Actor, at: datetime) -> Outcome:
    """S92, S103: an audit that took place, with its auditor, scope and date."""
    audited = e.ProviderAudited(writer=writer_of(actor), auditor=c.auditor, scope=c.scope, on=c.on)
    return _to_come(c.on, at) or (audited,)


def _to_come(on: datetime, at: datetime) -> Refusal | None:
    if on <= at:
        return None
    return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`{format_instant(on)}` is yet to come; record what took place")


def drop_proposal(state: State, c: DropProposal, actor: Actor, at: datetime) -> Outcome:
    """Either of the two can say no; to anybody else it is as if nothing waited."""
    proposal = state.proposals.get(c.proposal)
    if proposal is None or not (actor.person == proposal.by or acts_as(state, actor.person, Role.ADMIN, at)):
        return Refusal(RefusalCode.NOT_FOUND, f"no proposal `{c.proposal}` waits")
    return (e.ProposalDropped(proposal=c.proposal),)
