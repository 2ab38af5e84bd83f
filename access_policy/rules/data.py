"""Conditions on the datasets: offered, without those who opted out, and still those of the running workspace."""

from datetime import datetime

from access_policy.model.enums import Action, Regime, Zone
from access_policy.reasons import ReasonCode
from access_policy.rules.case import Case, Finding, earlier
from access_policy.rules.particulars import ignored_from, opted_out
from access_policy.state import Dataset

_ANYWHERE, _INSTITUTE, _EHDS = Zone.ANYWHERE, Zone.INSTITUTE, Regime.EHDS
_OPEN = Action.OPEN_WORKSPACE


def no_dataset_open(case: Case, code: ReasonCode = ReasonCode.NO_DATASET_OPEN) -> Finding:
    """S82, S83, S99, REQ-10: a dataset of the request is registered, attested and not withdrawn."""
    first: datetime | None = None
    for dataset in case.offered:
        first = earlier(first, dataset.since)
    if first is not None:
        return Finding(code, True, first)
    if case.request is None:
        return Finding(code, False)
    gone = [*(_gone_since(dataset) for dataset in case.datasets), *case.request.lapsed.values()]
    return Finding(code, False, max(gone, default=case.request.opened))


def _gone_since(dataset: Dataset) -> datetime:
    """Return since when a dataset that is not offered is not: closed, or without an extract of its newest version."""
    return dataset.closed_since or max(dataset.since, dataset.released)


def opt_out_ignored(case: Case, code: ReasonCode = ReasonCode.OPT_OUT_IGNORED) -> Finding:
    """E72: under the EHDS, who was opted out at the permit is not in its data. Earlier permits stay as they are.

    Taking the opt-out back later mends nothing: the permit was given while it stood. It fails a workspace that runs
    from the first of its datasets on, and an opening from the last on, for until then another opened.
    """
    request = case.request
    if request is None or request.regime is not _EHDS or request.opt_out_exception:
        return Finding(code, request is not None, None if request is None else request.opened)
    ignored = [(ignored_from(request, one), opted_out(request, one)) for one in case.wanted]
    coming = [(binds, begun) for binds, begun in ignored if binds is not None]
    bound = [
        max(binds, request.approved or max(request.opened, min(begun))) for binds, begun in coming if binds <= case.at
    ]
    if bound:
        running = case.workspace is not None and case.query.action is not _OPEN
        return Finding(code, False, min(bound) if running else max(bound))
    return Finding(code, True, request.approved or request.opened, min([binds for binds, _ in coming], default=None))


def dataset_withdrawn(case: Case, code: ReasonCode = ReasonCode.DATASET_WITHDRAWN) -> Finding:
    """S82, S3: a workspace that holds more than it would get now ends; unmounting revokes nothing."""
    if case.workspace is None:
        return Finding(code, True, case.request.opened if case.request is not None else None)
    held = case.workspace.datasets
    kept = {dataset.dataset for dataset in case.offered if not _changes(case, dataset, case.workspace.started)}
    if kept.issuperset(held):
        return Finding(code, True, case.workspace.started)
    lost = [one for one in case.datasets if one.dataset in held and one.dataset not in kept]
    since = [_lost_since(case, one, case.workspace.started) for one in lost]
    since += [at for name, at in (case.request.lapsed if case.request is not None else {}).items() if name in held]
    return Finding(code, False, min(since, default=None))


def _changes(case: Case, dataset: Dataset, started: datetime) -> list[datetime]:
    """Return when, after a start, a dataset was offered anew, came without somebody, or as a new extract (S3, S82)."""
    extract = case.request.extracts.get(dataset.dataset) if case.request is not None else None
    changed = (dataset.since, dataset.shrunk, extract.prepared if extract is not None else None)
    return [at for at in changed if at is not None and at > started]


def _lost_since(case: Case, dataset: Dataset, started: datetime) -> datetime:
    """Return since when a workspace that started then holds what it would not get now."""
    if dataset in case.offered:
        return min(_changes(case, dataset, started))
    return min([_gone_since(dataset), *_changes(case, dataset, started)])


def zone(case: Case, code: ReasonCode = ReasonCode.ZONE) -> Finding:
    """S77, S78: some data are opened and reached from the institute's network only; the others from anywhere (S96).

    From elsewhere a workspace opens without them, if others are left; one that holds them, or was started as one of the
    institute's, is not reached from there.
    """
    running = case.workspace if case.query.action is not _OPEN else None
    restricted = running is not None and running.zone is not _ANYWHERE
    if restricted or [None for dataset in case.wanted if dataset.zone is not _ANYWHERE]:
        inside = case.session is not None and case.session.zone is _INSTITUTE
        return Finding(code, inside, case.session.begun if case.session is not None else None)
    return Finding(code, True, case.request.opened if case.request is not None else None)
