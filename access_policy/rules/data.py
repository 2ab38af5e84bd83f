"""Conditions on the datasets: offered, without those who opted out, and still those of the running workspace."""

from datetime import datetime

from access_policy.model.enums import Zone
from access_policy.reasons import ReasonCode
from access_policy.rules.case import Case, Finding, earlier
from access_policy.rules.parties import ehds_binds_from
from access_policy.state import Dataset

_ANYWHERE, _INSTITUTE = Zone.ANYWHERE, Zone.INSTITUTE


def no_dataset_open(case: Case, code: ReasonCode = ReasonCode.NO_DATASET_OPEN) -> Finding:
    """S82, S83, S99, REQ-10: a dataset of the request is registered, attested and not withdrawn."""
    first: datetime | None = None
    for dataset in case.offered:
        first = earlier(first, dataset.since)
    if first is not None:
        return Finding(code, True, first)
    gone = [_gone_since(dataset) for dataset in case.datasets]
    return Finding(code, False, max(gone, default=case.request.opened if case.request is not None else None))


def _gone_since(dataset: Dataset) -> datetime:
    """Return since when a dataset that is not offered is not: closed, or without an extract of its newest version."""
    return dataset.closed_since or max(dataset.since, dataset.released)


def opt_out_ignored(case: Case, code: ReasonCode = ReasonCode.OPT_OUT_IGNORED) -> Finding:
    """E72: under the EHDS, who opted out before the permit is not in its data. Earlier permits stay as they are."""
    request, binds = case.request, ehds_binds_from(case)
    if request is None or binds is None or request.opt_out_exception:
        return Finding(code, request is not None, None if request is None else request.opened)
    ignored = [
        one for dataset in case.offered for one in _opted_out_before(request.granted.get(dataset.dataset), dataset)
    ]
    if not ignored:
        return Finding(code, True, request.approved or request.opened)
    if case.at < binds:
        return Finding(code, True, request.approved, binds)
    return Finding(code, False, max(binds, request.approved or max(request.opened, min(ignored))))


def _opted_out_before(granted: datetime | None, dataset: Dataset) -> list[datetime]:
    """Return when people of the version opted out before it was granted: all of them, where it is not granted yet."""
    return [opted for opted in dataset.opt_outs.values() if granted is None or opted < granted]


def dataset_withdrawn(case: Case, code: ReasonCode = ReasonCode.DATASET_WITHDRAWN) -> Finding:
    """S82: a workspace that holds a dataset which is offered no more ends; unmounting revokes nothing."""
    if case.workspace is None:
        return Finding(code, True, case.request.opened if case.request is not None else None)
    held = case.workspace.datasets
    offered = {dataset.dataset for dataset in case.offered if dataset.since <= case.workspace.started}
    if offered.issuperset(held):
        return Finding(code, True, case.workspace.started)
    gone = [_gone_since(one) for one in case.datasets if one.dataset in held and one.dataset not in offered]
    return Finding(code, False, min(gone, default=None))


def zone(case: Case, code: ReasonCode = ReasonCode.ZONE) -> Finding:
    """S77, S78: some data are opened and reached from the institute's network only; the others from anywhere (S96)."""
    for dataset in case.offered:
        if dataset.zone is not _ANYWHERE:
            inside = case.session is not None and case.session.zone is _INSTITUTE
            return Finding(code, inside, case.session.begun if case.session is not None else None)
    return Finding(code, True, case.request.opened if case.request is not None else None)
