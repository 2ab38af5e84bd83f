"""Plain questions to a history of facts: a request's data, which of them open, its contacts, what runs."""

from typing import NamedTuple

from access_policy import events as e
from access_policy.events import Fact
from access_policy.model.enums import Zone
from tests.oracle.history import Facts, approvals_of, email_of, institution_of, last_seq, left_since, told, until_seq


def asked_datasets(facts: Facts, request: str) -> set[str]:
    """Return the datasets that stand in the form (S3)."""
    asked: set[str] = set()
    for fact in facts:
        event = fact.event
        if isinstance(event, e.DatasetRequested) and event.request == request:
            asked.add(event.dataset)
        elif isinstance(event, e.DatasetDropped) and event.request == request:
            asked.discard(event.dataset)
    return asked


def amendments(facts: Facts, request: str) -> list[tuple[int, e.AmendmentProposed]]:
    """Return the amendments that the board approved, each with the number of the approval (E19)."""
    approved = []
    for seq, approval in told(facts, e.AmendmentApproved, request=request):
        proposed = told(facts, e.AmendmentProposed, request=request, amendment=approval.amendment)
        approved += [(seq, one) for _, one in proposed[-1:]]
    return approved


def granted_datasets(facts: Facts, request: str) -> set[str]:
    """Return the datasets that were granted, but for those whose grant died (S3, E19, REQ-10)."""
    return set(_grants(facts, request))


def _grants(facts: Facts, request: str) -> dict[str, int]:
    """Return the number of the fact that granted each dataset; what is granted twice counts from the first time."""
    grants: dict[str, int] = {}
    for seq, dataset in sorted(_granting(facts, request)):
        if dataset not in grants or _died(facts, dataset, grants[dataset], seq):
            grants[dataset] = seq
    return {dataset: seq for dataset, seq in grants.items() if not _died(facts, dataset, seq, len(facts) + 1)}


def _granting(facts: Facts, request: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for seq, approval in approvals_of(facts, request):
        named = approval.datasets if isinstance(approval, e.RequestApproved) else None
        found += [(seq, one) for one in (asked_datasets(facts, request) if named is None else named)]
    return found + [(seq, one) for seq, amendment in amendments(facts, request) for one in amendment.datasets]


def _died(facts: Facts, dataset: str, granted: int, before: int) -> bool:
    """Say whether a dataset was withdrawn after its grant, and offered again before a fact (S82, REQ-10)."""
    reopened = [seq for seq, _ in told(facts, e.DatasetReopened, dataset=dataset) if seq < before]
    return any(granted < seq < max(reopened, default=0) for seq, _ in told(facts, e.DatasetWithdrawn, dataset=dataset))


def available_datasets(facts: Facts, request: str) -> set[str]:
    """Return the datasets that were made available since they were granted (S100)."""
    available: set[str] = set()
    for seq, made in told(facts, e.RequestMadeAvailable, request=request):
        then = _grants(until_seq(facts, seq), request)
        named = then.keys() if made.datasets is None else set(made.datasets)
        available |= {one for one, granted in _grants(facts, request).items() if one in named and granted < seq}
    return available


def reached_at(facts: Facts, request: str, person: str) -> int:
    """Return the number of the fact that made the data available to all, 0 where it did not reach the person (S38)."""
    made = told(facts, e.RequestMadeAvailable, request=request)
    if not made or (made[0][1].contacts is not None and person not in made[0][1].contacts):
        return 0
    return made[0][0]


def datasets_of(facts: Facts, request: str) -> set[str]:
    """Return those asked for before the approval, those granted after it, those available once any is."""
    if told(facts, e.RequestMadeAvailable, request=request):
        return available_datasets(facts, request)
    if approvals_of(facts, request):
        return granted_datasets(facts, request)
    return asked_datasets(facts, request)


def registered(facts: Facts, dataset: str) -> e.DatasetRegistered | None:
    """Return what a dataset is."""
    return next((one for _, one in told(facts, e.DatasetRegistered, dataset=dataset)), None)


def excluded_subjects(facts: Facts, dataset: str) -> set[str]:
    """Return the subjects that were taken out of the version in force (S82, E72)."""
    released = told(facts, e.VersionReleased, dataset=dataset)
    return set(released[-1][1].excluded) if released else set()


def consent_is_missing(facts: Facts, dataset: str) -> bool:
    """Say whether a consent was withdrawn since the version in force came, or its subject is still in it (S82)."""
    withdrawn = told(facts, e.ConsentWithdrawn, dataset=dataset)
    released = last_seq(facts, e.VersionReleased, dataset=dataset)
    without = excluded_subjects(facts, dataset)
    return any(seq > released or one.subject not in without for seq, one in withdrawn)


def version_of(facts: Facts, dataset: str) -> str:
    """Return the version in force of a dataset."""
    released = told(facts, e.VersionReleased, dataset=dataset)
    what = registered(facts, dataset)
    return released[-1][1].version if released else what.version if what else ""


def is_offered(facts: Facts, dataset: str) -> bool:
    """Say whether a dataset is attested, not withdrawn, and without subjects who took consent back (S82, S83)."""
    what = registered(facts, dataset)
    withdrawn = last_seq(facts, e.DatasetWithdrawn, dataset=dataset)
    reopened = last_seq(facts, e.DatasetReopened, dataset=dataset)
    return what is not None and what.attested and withdrawn <= reopened and not consent_is_missing(facts, dataset)


def is_open(facts: Facts, request: str, dataset: str) -> bool:
    """Say whether a dataset is offered to a request; where it has an extract, only from the version in force (S3)."""
    extracts = told(facts, e.ExtractPrepared, request=request, dataset=dataset)
    current = not extracts or extracts[-1][1].version == version_of(facts, dataset)
    return is_offered(facts, dataset) and current


def open_datasets(facts: Facts, request: str) -> list[e.DatasetRegistered]:
    """Return the datasets of a request that are open to it, by name."""
    names = sorted(name for name in datasets_of(facts, request) if is_open(facts, request, name))
    return [what for name in names if (what := registered(facts, name)) is not None]


def is_restricted(what: e.DatasetRegistered) -> bool:
    """Say whether a dataset opens from the institute's network only (S77)."""
    return what.zone is Zone.INSTITUTE


def granted_by(facts: Facts, request: str, dataset: str) -> int | None:
    """Return the number of the fact that granted a dataset: an approval, or that of an amendment (E19)."""
    return _grants(facts, request).get(dataset)


def opted_out(facts: Facts, request: str, dataset: str) -> set[str]:
    """Return who was opted out when a dataset was granted, or is now, and is in the version in force (E72)."""
    granted = granted_by(facts, request, dataset)
    out: set[str] = set()
    for fact in facts if granted is None else until_seq(facts, granted):
        if isinstance(fact.event, e.OptedOut) and fact.event.dataset == dataset:
            out.add(fact.event.subject)
        elif isinstance(fact.event, e.OptOutReversed) and fact.event.dataset == dataset:
            out.discard(fact.event.subject)
    return out - excluded_subjects(facts, dataset)


class Contact(NamedTuple):
    """How somebody became a download contact: by which fact, with which address, working where."""

    seq: int
    email: str
    institution: str | None


def contact_of(facts: Facts, request: str, person: str) -> Contact | None:
    """Return how somebody is a download contact: in the form, at the licensee's wish, or by amendment (S27, S30).

    Who is one already, and has not left, is one since the first time (E19).
    """
    contact: Contact | None = None
    for fact in facts:
        if getattr(fact.event, "request", None) != request:
            continue
        email = _address_given(facts, fact, person)
        if email is not None:
            before = until_seq(facts, fact.seq)
            stays = contact is not None and not left_since(before, person, contact.seq)
            since = contact.seq if contact is not None and stays else fact.seq
            contact = Contact(since, email, institution_of(before, person))
        elif isinstance(fact.event, e.ContactRemoved) and fact.event.person == person:
            contact = None
    return contact


def _address_given(facts: Facts, fact: Fact, person: str) -> str | None:
    event = fact.event
    if isinstance(event, e.ContactNamed) and event.person == person:
        return event.email
    if isinstance(event, e.ContactChecked) and event.person == person:
        return told(until_seq(facts, fact.seq), e.ContactAsked, request=event.request, person=person)[-1][1].email
    if isinstance(event, e.AmendmentApproved):
        named = [one for seq, one in amendments(facts, event.request) if seq == fact.seq and person in one.contacts]
        return email_of(until_seq(facts, fact.seq), person) if named else None
    return None


def workspace_of(facts: Facts, request: str, person: str) -> tuple[int, e.WorkspaceStarted] | None:
    """Return the running workspace of somebody and a request, with the number of its start."""
    started = told(facts, e.WorkspaceStarted, request=request, person=person)
    ended = last_seq(facts, e.WorkspaceEnded, request=request, person=person)
    return started[-1] if started and started[-1][0] > ended else None


def was_taken_away(facts: Facts, request: str, dataset: str, since: int) -> bool:
    """Say whether what a workspace got at fact `since` was withdrawn, or became less, later (S3, S82, S94).

    It stays so where the dataset is offered again, or in a version without the subject: the old files are still there.
    """
    kinds = (e.ConsentWithdrawn, e.DatasetWithdrawn)
    withdrawn = any(last_seq(facts, kind, dataset=dataset) > since for kind in kinds)
    extracted = last_seq(facts, e.ExtractPrepared, request=request, dataset=dataset) > since
    return withdrawn or extracted or _lost_somebody(facts, dataset, since)


def _lost_somebody(facts: Facts, dataset: str, since: int) -> bool:
    """Say whether a version that came after fact `since` left somebody out who was in the one before it."""
    before: set[str] = set()
    for seq, released in told(facts, e.VersionReleased, dataset=dataset):
        if seq > since and set(released.excluded) - before:
            return True
        before = set(released.excluded)
    return False
