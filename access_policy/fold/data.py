"""The fold of facts about texts, studies and datasets."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from access_policy import events as e
from access_policy.model.ids import DatasetName, PersonId
from access_policy.state import Dataset, Document, DocumentVersion, Files, Investigator, OptOut, Request, State, Study


def _document_published(s: State, f: e.Fact, v: e.DocumentPublished) -> None:
    document = s.documents.get(v.document)
    if document is not None and document.current.version == v.version:
        document.current.digests[v.language] = v.digest
        return
    version = DocumentVersion(v.version, v.title, f.at, v.binding, {v.language: v.digest})
    if document is None:
        s.documents[v.document] = Document(v.document, [version], f.at)
        return
    document.versions.append(version)
    if v.binding:
        document.binding_since = f.at


def _study_registered(s: State, f: e.Fact, v: e.StudyRegistered) -> None:
    s.studies[v.study] = Study(v.study, v.title, v.purpose)


def _investigator_named(s: State, f: e.Fact, v: e.InvestigatorNamed) -> None:
    study, named = s.studies[v.study], Investigator(v.person, f.at, v.until)
    if v.hospital is None:
        study.central_investigator = named
    else:
        study.local_investigators[v.hospital] = named


def _investigator_ended(s: State, f: e.Fact, v: e.InvestigatorEnded) -> None:
    study = s.studies[v.study]
    named = study.central_investigator if v.hospital is None else study.local_investigators.get(v.hospital)
    if named is not None:
        end_place(named, v.person, f)


def end_place(named: Investigator, person: PersonId, f: e.Fact) -> None:
    """End the place of an investigator, if it is still this person's."""
    if named.person == person:
        named.until = min(named.until, f.at)


def _dataset_registered(s: State, f: e.Fact, v: e.DatasetRegistered) -> None:
    s.datasets[v.dataset] = Dataset(
        v.dataset, v.title, v.source, v.kind, v.version, v.location, v.manifest, v.region, v.zone, v.consent,
        v.attested, f.at, f.at, v.steward, v.study, v.hospitals, v.trainings, frozenset(v.routes), v.assurance, v.duo,
        versions=(v.version,),
    )  # fmt: skip
    s.files.append(Files(v.dataset, None, v.version, v.location, v.manifest))


def _dataset_handed_over(s: State, f: e.Fact, v: e.DatasetHandedOver) -> None:
    s.datasets[v.dataset].steward = v.steward


def _version_released(s: State, f: e.Fact, v: e.VersionReleased) -> None:
    dataset = s.datasets[v.dataset]
    if dataset.closed is not None:
        dataset.since = f.at
    dataset.version, dataset.location, dataset.manifest = v.version, v.location, v.manifest
    dataset.released = f.at
    dataset.versions = (*dataset.versions, v.version)
    excluded = frozenset(v.excluded)
    if not excluded <= dataset.excluded:
        dataset.shrunk = f.at
    dataset.closed, dataset.excluded = None, excluded
    _look_whom_it_holds(dataset)
    s.files.append(Files(v.dataset, None, v.version, v.location, v.manifest))


def _look_whom_it_holds(dataset: Dataset) -> None:
    inside = [terms for subject, terms in dataset.opt_outs.items() if subject not in dataset.excluded]
    dataset.opt_outs_inside = tuple(one for terms in inside for one in terms)


def _consent_withdrawn(s: State, f: e.Fact, v: e.ConsentWithdrawn) -> None:
    dataset = s.datasets[v.dataset]
    dataset.withdrawn_consents[v.subject] = f.at
    dataset.closed = dataset.closed or f.at


def _opted_out(s: State, f: e.Fact, v: e.OptedOut) -> None:
    dataset = s.datasets[v.dataset]
    if not dataset.is_opted_out(v.subject):
        dataset.opt_outs.setdefault(v.subject, []).append(OptOut(f.at))
        _look_whom_it_holds(dataset)


def _opt_out_reversed(s: State, f: e.Fact, v: e.OptOutReversed) -> None:
    dataset = s.datasets[v.dataset]
    if dataset.is_opted_out(v.subject):
        dataset.opt_outs[v.subject][-1].ends = f.at


def _dataset_withdrawn(s: State, f: e.Fact, v: e.DatasetWithdrawn) -> None:
    s.datasets[v.dataset].withdrawn = f.at


def _dataset_reopened(s: State, f: e.Fact, v: e.DatasetReopened) -> None:
    """S82, REQ-10: grants that are older than the withdrawal stay dead; the board grants the dataset anew."""
    dataset = s.datasets[v.dataset]
    for request in s.requests.values():
        granted = request.granted.get(v.dataset)
        if granted is not None and dataset.withdrawn is not None and granted <= dataset.withdrawn:
            _end_grant(request, v.dataset, dataset.withdrawn)
    dataset.withdrawn, dataset.since = None, f.at


def _end_grant(request: Request, dataset: DatasetName, at: datetime) -> None:
    """End the grant of one dataset. What the board grants later waits for a step of its own, also if it is all."""
    del request.granted[dataset]
    request.lapsed[dataset] = at
    request.available_datasets.pop(dataset, None)


APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {
    e.DocumentPublished: _document_published,
    e.StudyRegistered: _study_registered,
    e.InvestigatorNamed: _investigator_named,
    e.InvestigatorEnded: _investigator_ended,
    e.DatasetRegistered: _dataset_registered,
    e.DatasetHandedOver: _dataset_handed_over,
    e.VersionReleased: _version_released,
    e.ConsentWithdrawn: _consent_withdrawn,
    e.OptedOut: _opted_out,
    e.OptOutReversed: _opt_out_reversed,
    e.DatasetWithdrawn: _dataset_withdrawn,
    e.DatasetReopened: _dataset_reopened,
}
