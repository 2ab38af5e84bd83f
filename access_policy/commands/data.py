"""Datasets: registered with all that is known of them, withdrawn, offered again (S81-S83, S87, S99, E26)."""

import re
from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Line, Name, Outcome, PersonRef, Refusal, RefusalCode, Text, writer_of
from access_policy.commands.old_files import used_before
from access_policy.model.enums import Assurance, ConsentBasis, DataKind, Region, Role, Route, Zone
from access_policy.model.ids import CourseName, DatasetName, InstitutionName, PersonId, StudyName
from access_policy.standing import acts_as
from access_policy.state import Files, State

MOST_NAMED = 20
_BUCKET = re.compile(r"gs://([a-z0-9][a-z0-9_.-]{1,61}[a-z0-9])(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,127})*", re.ASCII)
_DUO_CODE = re.compile(r"DUO:[0-9]{7}")


class RegisterDataset(Command, frozen=True, kw_only=True):
    """Register a dataset: what it is, where it lies, its manifest's SHA-256, the attestation and the consent basis."""

    dataset: Name
    title: Line
    source: Text
    kind: DataKind
    version: Line
    location: Line
    manifest: Line
    region: Region
    consent: ConsentBasis
    attested: bool
    zone: Zone = Zone.ANYWHERE
    steward: PersonRef | None = None
    study: Name | None = None
    hospitals: tuple[Name, ...] = ()
    trainings: tuple[Name, ...] = ()
    routes: tuple[Route, ...] = (Route.DATA_ACCESS,)
    assurance: Assurance = Assurance.LOW
    duo: tuple[Line, ...] = ()


class HandOverDataset(Command, frozen=True, kw_only=True):
    """Name another steward for a dataset, for instance once its steward has left."""

    dataset: Name
    steward: PersonRef


class WithdrawDataset(Command, frozen=True, kw_only=True):
    """Stop offering a dataset, to every request, at once."""

    dataset: Name
    reason: Text


class ReopenDataset(Command, frozen=True, kw_only=True):
    """Offer a withdrawn dataset again."""

    dataset: Name


def register_dataset(state: State, c: RegisterDataset, actor: Actor, at: datetime) -> Outcome:
    """S81, S82, S83, S87, S99, E26: attested, with kind, region, consent basis, checksum and a folder of its own."""
    if DatasetName(c.dataset) in state.datasets:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"dataset `{c.dataset}` is registered already")
    files = Files(DatasetName(c.dataset), None, c.version, c.location, c.manifest)
    problem = not_attested(c.attested) or files_problem(state, c.dataset, c.location, c.manifest)
    problem = problem or used_before(state, files)
    problem = problem or _list_problem(c) or _route_problem(c)
    steward = PersonId(c.steward) if c.steward is not None else actor.person
    problem = problem or _steward_problem(state, steward, at) or _unknown_problem(state, c)
    return problem or (_registered(c, steward),)


def _registered(c: RegisterDataset, steward: PersonId | None) -> e.DatasetRegistered:
    return e.DatasetRegistered(
        dataset=DatasetName(c.dataset), title=c.title, source=c.source, kind=c.kind, version=c.version,
        location=c.location, manifest=c.manifest, region=c.region, zone=c.zone, consent=c.consent, attested=True,
        steward=steward, study=StudyName(c.study) if c.study is not None else None,
        hospitals=tuple(InstitutionName(name) for name in c.hospitals),
        trainings=tuple(CourseName(name) for name in c.trainings), routes=c.routes, assurance=c.assurance, duo=c.duo,
    )  # fmt: skip


def not_attested(attested: bool) -> Refusal | None:
    """S83: a dataset, each of its versions and each extract, since few patients are traced more easily than many."""
    if attested:
        return None
    return Refusal(RefusalCode.NOT_COMPLETE, "the attestation is missing that no person can be traced in the data")


def files_problem(state: State, dataset: str, location: str, manifest: str) -> Refusal | None:
    """S99, DAT-05: a checksum, and a plain folder or bucket. DAT-03, S82: none that overlaps another dataset's."""
    if not _is_digest(manifest):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "`manifest` is no SHA-256 in 64 hexadecimal digits")
    if not _is_location(location):
        text = f"location `{location}` is no folder below the dataset folder, and no `gs://bucket/prefix`"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    for other in state.datasets.values():
        if other.dataset != dataset and _overlap(location, other.location):
            return Refusal(RefusalCode.ALREADY_EXISTS, f"location `{location}` overlaps that of `{other.dataset}`")
    return None


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(sign in "0123456789abcdef" for sign in text)


def _is_location(text: str) -> bool:
    """DAT-05: one spelling each of a folder below the dataset folder, and of a bucket or a part of one."""
    if text.startswith("gs://"):
        bucket = _BUCKET.fullmatch(text)
        return bucket is not None and ".." not in bucket[1] and not bucket[1].replace(".", "").isdecimal()
    parts = text.split("/")
    plain = all(part.replace("-", "").replace("_", "").replace(".", "").isalnum() and part.isascii() for part in parts)
    return plain and not any(part.startswith(".") for part in parts)


def _overlap(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _list_problem(c: RegisterDataset) -> Refusal | None:
    lists = {"hospitals": c.hospitals, "trainings": c.trainings, "routes": c.routes, "duo": c.duo}
    for name, values in lists.items():
        if len(values) > MOST_NAMED or len(set(values)) != len(values):
            return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`{name}` names each once, and {MOST_NAMED} at most")
    unknown = [code for code in c.duo if _DUO_CODE.fullmatch(code) is None]
    if unknown:
        return Refusal(
            RefusalCode.NOT_ALLOWED_VALUE, f"`{unknown[0]}` is no Data Use Ontology code; one is DUO:0000007"
        )
    return None


def _route_problem(c: RegisterDataset) -> Refusal | None:
    """S9, S80, S82: a route leads to it; what patients did not consent to is reached by no clinical route."""
    if not c.routes:
        return Refusal(RefusalCode.NOT_COMPLETE, "`routes` is empty; name the routes that lead to the dataset")
    if Route.CLINICAL in c.routes and c.study is None:
        text = "the clinical route needs a `study`: its investigators are those who approve (S49, S50)"
        return Refusal(RefusalCode.NOT_COMPLETE, text)
    if Route.CLINICAL in c.routes and c.consent is not ConsentBasis.INFORMED_CONSENT:
        text = f"the clinical route needs the consent basis `{ConsentBasis.INFORMED_CONSENT}`, not `{c.consent}`"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return None


def _steward_problem(state: State, steward: PersonId | None, at: datetime) -> Refusal | None:
    if acts_as(state, steward, Role.DATA_STEWARD, at):
        return None
    return Refusal(RefusalCode.NOT_FOUND, f"`{steward}` is nobody who acts as a data steward")


def _unknown_problem(state: State, c: RegisterDataset) -> Refusal | None:
    """S10, S11, S74: what the dataset rests on is registered before it."""
    studies = [("study", c.study)] if c.study is not None and StudyName(c.study) not in state.studies else []
    hospitals = [("institution", name) for name in c.hospitals if InstitutionName(name) not in state.institutions]
    courses = [("course", name) for name in c.trainings if CourseName(name) not in state.courses]
    for what, name in (*studies, *hospitals, *courses):
        return Refusal(RefusalCode.NOT_FOUND, f"no {what} is named `{name}`; register it first")
    return None


def hand_over_dataset(state: State, c: HandOverDataset, actor: Actor, at: datetime) -> Outcome:
    """S99: to somebody else who acts as a data steward."""
    dataset, steward = state.datasets.get(DatasetName(c.dataset)), PersonId(c.steward)
    if dataset is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no dataset is named `{c.dataset}`")
    if dataset.steward == steward:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"`{steward}` is the steward of `{c.dataset}` already")
    handed_over = e.DatasetHandedOver(dataset=dataset.dataset, steward=steward)
    return _steward_problem(state, steward, at) or (handed_over,)


def withdraw_dataset(state: State, c: WithdrawDataset, actor: Actor, at: datetime) -> Outcome:
    """S82, S94, REQ-10: existing grants die with it."""
    dataset = state.datasets.get(DatasetName(c.dataset))
    if dataset is None or dataset.withdrawn is not None:
        return Refusal(RefusalCode.NOT_FOUND, f"no dataset named `{c.dataset}` is offered")
    return (e.DatasetWithdrawn(dataset=dataset.dataset, writer=writer_of(actor), reason=c.reason),)


def reopen_dataset(state: State, c: ReopenDataset, actor: Actor, at: datetime) -> Outcome:
    """S82: a version that a withdrawn consent closed stays closed; only a new version opens the dataset again.

    REQ-01, REQ-02: nobody opens again what they would get themselves.
    """
    dataset = state.datasets.get(DatasetName(c.dataset))
    if dataset is None or dataset.withdrawn is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no dataset named `{c.dataset}` is withdrawn")
    if actor.person in parties_of_dataset(state, dataset.dataset):
        text = f"who asks for `{c.dataset}`, or has a part in a grant of it, does not offer it again"
        return Refusal(RefusalCode.FOUR_EYES, text)
    return (e.DatasetReopened(dataset=dataset.dataset),)


def not_offered(state: State, names: tuple[DatasetName, ...]) -> Refusal | None:
    """S82, S83, REQ-10: nobody grants a dataset that is withdrawn, closed or not attested now."""
    closed = [name for name in names if name not in state.datasets or not state.datasets[name].open]
    if not closed:
        return None
    text = f"dataset `{closed[0]}` is not offered now; grant the others, or wait until it is"
    return Refusal(RefusalCode.CHANGED_MEANWHILE, text)


def parties_of_dataset(state: State, dataset: DatasetName) -> set[PersonId]:
    """Return the applicants and contacts of the requests that ask for a dataset or hold it (REQ-02)."""
    requests = [one for one in state.requests.values() if dataset in one.datasets or dataset in one.granted]
    applicants = {one.applicant for one in requests if one.applicant is not None}
    return applicants.union(*[one.contacts for one in requests])
