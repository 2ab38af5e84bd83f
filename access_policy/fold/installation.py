"""The fold of the installation's own facts."""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.model.enums import RequestStatus
from access_policy.model.ids import PersonId
from access_policy.model.texts import ERASED
from access_policy.state import Cut, Loss, Proposal, Rotation, Settings, State, epoch_of

_LIVE = frozenset({RequestStatus.APPROVED, RequestStatus.LICENSED, RequestStatus.ACTIVE})


def _installation_begun(s: State, f: e.Fact, v: e.InstallationBegun) -> None:
    """AUD-01: once, as the first fact: a later one would make a demo or an older format of a log."""
    if s.seq:
        raise ValueError("the installation has begun already")
    s.installation, s.demo, s.format, s.begun = v.installation, v.demo, v.format, f.at


def _upgrade_finished(s: State, f: e.Fact, v: e.UpgradeFinished) -> None:
    if v.format <= s.format:
        raise ValueError(f"a log of format `{s.format}` does not go on to format `{v.format}`")
    s.format = v.format


def _loss_accepted(s: State, f: e.Fact, v: e.LossAccepted) -> None:
    """AUD-02: what was withdrawn may be among what was lost, so no grant goes on; each is reinstated by two people."""
    if v.epoch <= epoch_of(s.losses):
        raise ValueError(f"history `{v.epoch}` does not follow `{epoch_of(s.losses)}`")
    s.losses.append(Loss(v.epoch, v.kept, v.lost, v.observations, f.at))
    for request in s.requests.values():
        if request.status in _LIVE and request.suspended is None:
            request.suspended = f.at
            s.touched[f"request {request.request}"] = f.seq


def _key_rotated(s: State, f: e.Fact, v: e.CheckpointKeyRotated) -> None:
    """AUD-12: numbers only grow, or stay for one that is begun again; an accepted loss may leave some of them out."""
    if s.rotations and v.number < s.rotations[-1].number:
        raise ValueError(f"rotation `{v.number}` does not follow `{s.rotations[-1].number}`")
    s.rotations.append(Rotation(v.number, v.former, v.key, v.lost, f.seq, f.at, epoch_of(s.losses)))


def _observations_cut(s: State, f: e.Fact, v: e.ObservationsCut) -> None:
    """E48: only ever more of them, and only what was kept for its years; a row that says otherwise was forged."""
    if v.size <= (s.cut.size if s.cut is not None else 0) or v.since + s.settings.retention > f.at:
        raise ValueError(f"observations up to `{v.size}` were not to be cut")
    s.cut = Cut(v.size, v.root, v.since, f.at)


def _settings_adopted(s: State, f: e.Fact, v: e.PolicySettingsAdopted) -> None:
    s.settings = Settings(
        v.session_hours, v.term_days_longest, v.licence_for_adequate, v.board_quorum, v.retention_years,
        v.contact_days, v.review_days, v.availability_days,
        v.decision_months, v.deferral_months, v.accelerated_months, v.reminder_days,
        v.idle_minutes, f.at,
    )  # fmt: skip


def _proposed(s: State, f: e.Fact, v: e.CommandProposed) -> None:
    """A proposal whose arguments were erased cannot be read any more, and waits no more (E50)."""
    s.last_proposal = v.proposal
    if v.arguments != ERASED:
        by = f.actor.person or PersonId("")
        s.proposals[v.proposal] = Proposal(v.proposal, v.command, v.arguments, by, f.at, f.seq, v.person)


def _proposal_closed(s: State, f: e.Fact, v: e.ProposalConfirmed | e.ProposalDropped) -> None:
    s.proposals.pop(v.proposal, None)


def _security_tested(s: State, f: e.Fact, v: e.SecurityTested) -> None:
    s.security_tested = v.on if s.security_tested is None else max(v.on, s.security_tested)


def _provider_audited(s: State, f: e.Fact, v: e.ProviderAudited) -> None:
    s.provider_audited = v.on if s.provider_audited is None else max(v.on, s.provider_audited)


APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {
    e.InstallationBegun: _installation_begun,
    e.UpgradeFinished: _upgrade_finished,
    e.LossAccepted: _loss_accepted,
    e.ObservationsCut: _observations_cut,
    e.CheckpointKeyRotated: _key_rotated,
    e.PolicySettingsAdopted: _settings_adopted,
    e.CommandProposed: _proposed,
    e.ProposalConfirmed: _proposal_closed,
    e.ProposalDropped: _proposal_closed,
    e.SecurityTested: _security_tested,
    e.ProviderAudited: _provider_audited,
}
