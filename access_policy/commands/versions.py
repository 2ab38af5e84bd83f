"""Versions of a dataset, and whose data they may not hold: withdrawn consents and opt-outs (S82, S99, E72)."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Digest, Line, Name, Outcome, Refusal, RefusalCode
from access_policy.commands.data import files_problem, not_attested, parties_of_dataset
from access_policy.commands.old_files import used_before
from access_policy.model.enums import ConsentBasis
from access_policy.model.ids import DatasetName
from access_policy.state import Dataset, Files, State

_INFORMED_CONSENT = ConsentBasis.INFORMED_CONSENT
MOST_EXCLUDED = 10_000
"""More than a list holds elsewhere: whoever was ever taken out for good is named in every later version again."""


class ReleaseVersion(Command, frozen=True, kw_only=True):
    """Release a new version of a dataset, attested anew. `excluded` are the subjects (SHA-256) taken out of it."""

    dataset: Name
    version: Line
    location: Line
    manifest: Digest
    attested: bool
    excluded: Annotated[tuple[Digest, ...], Meta(max_length=MOST_EXCLUDED)] = ()


class RecordConsentWithdrawal(Command, frozen=True, kw_only=True):
    """Record that consent for a subject (SHA-256) is withdrawn: the version closes at once for every request.

    Name the dataset, or the study: then every dataset of the study that rests on consent closes.
    """

    subject: Digest
    dataset: Name | None = None
    study: Name | None = None


class RecordOptOut(Command, frozen=True, kw_only=True):
    """Record that a subject (SHA-256) opted out: permits issued from now on may not have their data."""

    dataset: Name
    subject: Digest


class ReverseOptOut(Command, frozen=True, kw_only=True):
    """Record that a subject (SHA-256) took their opt-out back."""

    dataset: Name
    subject: Digest


def release_version(state: State, c: ReleaseVersion, actor: Actor, at: datetime) -> Outcome:
    """S82, S83, S99, E72: attested, under a name of its own, without anybody whose consent was ever withdrawn.

    REQ-01, REQ-02: nobody opens or moves by it what they would get themselves, whether it is closed or not.
    """
    dataset = state.datasets.get(DatasetName(c.dataset))
    if dataset is None:
        return _no_dataset(c.dataset)
    if dataset.withdrawn is not None:
        return Refusal(RefusalCode.WRONG_STATE, f"dataset `{c.dataset}` is withdrawn; reopen it first")
    problem = (
        _opens_for_itself(state, dataset, actor)
        or not_attested(c.attested)
        or _version_problem(dataset, c)
        or files_problem(state, c.dataset, c.location, c.manifest)
        or used_before(state, Files(dataset.dataset, None, c.version, c.location, c.manifest))
        or _excluded_problem(dataset, c)
    )
    return problem or (
        e.VersionReleased(
            dataset=dataset.dataset, version=c.version, location=c.location, manifest=c.manifest, excluded=c.excluded,
            attested=True,
        ),
    )  # fmt: skip


def _opens_for_itself(state: State, dataset: Dataset, actor: Actor) -> Refusal | None:
    if actor.person not in parties_of_dataset(state, dataset.dataset):
        return None
    text = f"who asks for `{dataset.dataset}`, or has a part in a grant of it, releases no version of it"
    return Refusal(RefusalCode.FOUR_EYES, text)


def _no_dataset(name: str) -> Refusal:
    return Refusal(RefusalCode.NOT_FOUND, f"no dataset is named `{name}`")


def _version_problem(dataset: Dataset, c: ReleaseVersion) -> Refusal | None:
    """S82: a name that comes back would let extracts of the old version in again."""
    if c.version not in dataset.versions:
        return None
    return Refusal(RefusalCode.ALREADY_EXISTS, f"`{c.dataset}` had a version `{c.version}` already; name the new one")


def _excluded_problem(dataset: Dataset, c: ReleaseVersion) -> Refusal | None:
    """S82: whose consent was ever withdrawn is in no later version."""
    excluded = frozenset(c.excluded)
    if len(excluded) != len(c.excluded):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "`excluded` names a subject twice; name each once")
    left_in = len(dataset.withdrawn_consents.keys() - excluded)
    if left_in:
        text = f"`excluded` leaves out {left_in} whose consent is withdrawn; they never come back"
        return Refusal(RefusalCode.NOT_COMPLETE, text)
    return None


def record_consent_withdrawal(state: State, c: RecordConsentWithdrawal, actor: Actor, at: datetime) -> Outcome:
    """S82: closes the version at once, for every request; of a withdrawn dataset too, since it may be reopened.

    Of a study it closes each dataset that rests on consent, by a fact for each.
    """
    named = _resting_on_consent(state, c)
    if isinstance(named, Refusal):
        return named
    fresh = [one for one in named if c.subject not in one.withdrawn_consents]
    if not fresh:
        return Refusal(RefusalCode.ALREADY_EXISTS, "the consent for this subject is withdrawn already")
    return tuple(e.ConsentWithdrawn(dataset=one.dataset, subject=c.subject) for one in fresh)


def _resting_on_consent(state: State, c: RecordConsentWithdrawal) -> list[Dataset] | Refusal:
    """Return the one dataset that is named, or those of the study that rest on consent."""
    if (c.dataset is None) == (c.study is None):
        return Refusal(RefusalCode.NOT_COMPLETE, "name either the `dataset` or the `study`")
    if c.dataset is not None:
        dataset = state.datasets.get(DatasetName(c.dataset))
        return _no_dataset(c.dataset) if dataset is None else [dataset]
    found = [one for one in state.datasets.values() if one.study == c.study and one.consent is _INFORMED_CONSENT]
    text = f"no dataset that rests on consent comes from a study named `{c.study}`"
    return found or Refusal(RefusalCode.NOT_FOUND, text)


def record_opt_out(state: State, c: RecordOptOut, actor: Actor, at: datetime) -> Outcome:
    """E72: it binds permits from now on."""
    dataset = state.datasets.get(DatasetName(c.dataset))
    if dataset is None:
        return _no_dataset(c.dataset)
    if dataset.is_opted_out(c.subject):
        return Refusal(RefusalCode.ALREADY_EXISTS, "this subject opted out already")
    return (e.OptedOut(dataset=dataset.dataset, subject=c.subject),)


def reverse_opt_out(state: State, c: ReverseOptOut, actor: Actor, at: datetime) -> Outcome:
    """E72: an opt-out can be taken back; a withdrawn consent cannot (S82)."""
    dataset = state.datasets.get(DatasetName(c.dataset))
    if dataset is None:
        return _no_dataset(c.dataset)
    if not dataset.is_opted_out(c.subject):
        return Refusal(RefusalCode.WRONG_STATE, "this subject did not opt out; there is nothing to take back")
    return (e.OptOutReversed(dataset=dataset.dataset, subject=c.subject),)
