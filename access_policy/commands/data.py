"""Datasets and licence texts (S24, S25, S81-S83, S87, S99)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Line, Name, Outcome, Refusal, RefusalCode, Text
from access_policy.model.enums import ConsentBasis, DataKind, Region, Zone
from access_policy.model.ids import DatasetName, LicenceName
from access_policy.state import State


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


class WithdrawDataset(Command, frozen=True, kw_only=True):
    """Stop offering a dataset, to every request, at once."""

    dataset: Name
    reason: Text


class ReopenDataset(Command, frozen=True, kw_only=True):
    """Offer a withdrawn dataset again."""

    dataset: Name


class PublishLicence(Command, frozen=True, kw_only=True):
    """Publish a licence text by its SHA-256."""

    licence: Name
    title: Line
    digest: Line


def register_dataset(state: State, c: RegisterDataset, actor: Actor, at: datetime) -> Outcome:
    """S83: no attestation, no dataset. S99: the checksum of its manifest. DAT-05: a plain folder name."""
    if DatasetName(c.dataset) in state.datasets:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"dataset `{c.dataset}` is registered already")
    if not c.attested:
        return Refusal(RefusalCode.NOT_COMPLETE, "the attestation is missing that no person can be traced in the data")
    if not _is_digest(c.manifest):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "`manifest` is no SHA-256 in 64 hexadecimal digits")
    if not _is_location(c.location):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"location `{c.location}` is no folder below the dataset folder")
    return (
        e.DatasetRegistered(
            dataset=DatasetName(c.dataset), title=c.title, source=c.source, kind=c.kind, version=c.version,
            location=c.location, manifest=c.manifest, region=c.region, zone=c.zone, consent=c.consent, attested=True,
        ),
    )  # fmt: skip


def withdraw_dataset(state: State, c: WithdrawDataset, actor: Actor, at: datetime) -> Outcome:
    """S82, S94, REQ-10: existing grants die with it."""
    dataset = state.datasets.get(DatasetName(c.dataset))
    if dataset is None or dataset.withdrawn is not None:
        return Refusal(RefusalCode.NOT_FOUND, f"no dataset named `{c.dataset}` is offered")
    return (e.DatasetWithdrawn(dataset=dataset.dataset, reason=c.reason),)


def reopen_dataset(state: State, c: ReopenDataset, actor: Actor, at: datetime) -> Outcome:
    """S82."""
    dataset = state.datasets.get(DatasetName(c.dataset))
    if dataset is None or dataset.withdrawn is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no dataset named `{c.dataset}` is withdrawn")
    return (e.DatasetReopened(dataset=dataset.dataset),)


def publish_licence(state: State, c: PublishLicence, actor: Actor, at: datetime) -> Outcome:
    """S25: version and hash."""
    if LicenceName(c.licence) in state.licences:
        return Refusal(
            RefusalCode.ALREADY_EXISTS, f"licence `{c.licence}` is published already; give the next a new name"
        )
    if not _is_digest(c.digest):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "`digest` is no SHA-256 in 64 hexadecimal digits")
    return (e.LicencePublished(licence=LicenceName(c.licence), title=c.title, digest=c.digest),)


def _is_digest(text: str) -> bool:
    return len(text) == 64 and all(sign in "0123456789abcdef" for sign in text)


def _is_location(text: str) -> bool:
    parts = text.split("/")
    plain = all(part.replace("-", "").replace("_", "").replace(".", "").isalnum() and part.isascii() for part in parts)
    return plain and not any(part.startswith(".") for part in parts)
