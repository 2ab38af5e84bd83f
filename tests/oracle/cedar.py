"""A foreign oracle for the effect: the policy in Cedar, its inputs read off the history as plain values.

What is looked up here is what is on record. How it combines, that nothing is allowed by default, and whether an instant
lies in a term is Cedar's answer, from `policy.cedar`.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cedarpy

from access_policy import events as e
from access_policy.events import Fact
from access_policy.model.enums import Action, Assurance, DataKind, DocumentKind, Regime, Route, TransferBasis
from access_policy.model.jurisdictions import EEA, MODEL_CLAUSES
from access_policy.rules import Query
from tests.oracle import history as h
from tests.oracle import holdings as d
from tests.oracle import law, request_reasons

NEVER = 2**60
Values = dict[str, Any]
Facts = list[Fact]
Datasets = list[e.DatasetRegistered]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_POLICIES = cedarpy.PolicySet.from_str((Path(__file__).parent / "policy.cedar").read_text(encoding="utf-8"))


def cedar_allows(facts: Facts, query: Query) -> bool:
    """Ask Cedar. Raises AssertionError where it could not evaluate a policy: an error must not pass for an answer."""
    offered, entities = d.open_datasets(facts, query.request), json.dumps(_entities(facts, query))
    context: Values = {"at": micros(query.at)}
    asked = {"principal": f'Person::"{query.person}"', "context": json.dumps(context)}
    use = asked | {"action": 'Action::"use_dataset"'}
    usable = [one for one in offered if _allows(use | {"resource": f'Dataset::"{one.dataset}"'}, entities)]
    matter = _that_matter(facts, query, offered, usable or offered)
    whole = json.dumps(context | _context(facts, query, matter))
    about = {"action": f'Action::"{query.action}"', "resource": f'Request::"{query.request}"', "context": whole}
    return _allows(asked | about, entities)


def _allows(asked: Values, entities: str) -> bool:
    answer = cedarpy.is_authorized(asked, _POLICIES, entities)
    assert not answer.diagnostics.errors, answer.diagnostics.errors
    return bool(answer.allowed)


def _that_matter(facts: Facts, query: Query, offered: Datasets, usable: Datasets) -> Datasets:
    """Return the datasets whose own conditions bind: those that run, or those that could be opened."""
    running = d.workspace_of(facts, query.request, query.person)
    if query.action is Action.OPEN_WORKSPACE or running is None:
        return usable
    return [one for one in offered if one.dataset in running[1].datasets]


def _entities(facts: Facts, query: Query) -> list[Values]:
    request = {"type": "Request", "id": query.request}
    datasets = d.open_datasets(facts, query.request)
    return [
        {"uid": {"type": "Person", "id": query.person}, "attrs": _person(facts, query), "parents": []},
        {"uid": request, "attrs": _request(facts, query), "parents": []},
        *(
            {"uid": {"type": "Dataset", "id": one.dataset}, "attrs": _dataset(facts, query, one), "parents": []}
            for one in datasets
        ),
    ]


def _dataset(facts: Facts, query: Query, what: e.DatasetRegistered) -> Values:
    return {
        "request": {"__entity": {"type": "Request", "id": query.request}},
        "assurance": _level(what.assurance),
        "opted_out_inside": sorted(d.opted_out(facts, query.request, what.dataset)),
        "clinical": what.kind is DataKind.CLINICAL,
        **_passed(facts, query, set(what.trainings)),
    }


def micros(instant: datetime | None, missing: int = NEVER) -> int:
    """Return an instant as microseconds since 1970, UTC."""
    return missing if instant is None else (instant - _EPOCH) // timedelta(microseconds=1)


def _person(facts: Facts, query: Query) -> Values:
    who = query.person
    email, institution = h.email_of(facts, who), h.institution_of(facts, who)
    verification = h.verification_of(facts, who)
    stopped, free = (h.last_seq(facts, kind, person=who) for kind in (e.PersonDisabled, e.PersonEnabled))
    return {
        "id": who, "known": h.is_known(facts, who), "stopped": stopped > free,
        "email": email, "domain": email.rpartition("@")[2], "institution": institution or "",
        "verified_until": micros(verification.until, 0) if verification else 0,
        "assurance": _level(verification.assurance) if verification else -1,
        "confirmed_factors": sum(h.factors_of(facts, who).values()),
        **_institution(facts, institution), **_accepted(facts, who),
    }  # fmt: skip


def _level(assurance: Assurance) -> int:
    return list(Assurance).index(assurance)


def _institution(facts: Facts, institution: str | None) -> Values:
    recorded = h.told(facts, e.AgreementRecorded, institution=institution)
    ended = h.last_seq(facts, e.AgreementEnded, institution=institution)
    term = recorded[-1][1] if recorded and recorded[-1][0] > ended else None
    return {
        "centre": any(one.centre for _, one in h.told(facts, e.InstitutionRegistered, institution=institution)),
        "agreement_begins": micros(term.begins) if term else NEVER,
        "agreement_ends": micros(term.ends) if term else 0,
        "excluded_until": _excluded_until(facts, institution),
        "domains": list(h.domains_of(facts, institution)),
    }


def _excluded_until(facts: Facts, institution: str | None) -> int:
    lifted = h.last_seq(facts, e.ExclusionLifted, institution=institution)
    told = h.told(facts, e.OrganisationExcluded, institution=institution)
    return max((micros(one.until) for seq, one in told if seq > lifted), default=0)


def _accepted(facts: Facts, who: str) -> Values:
    conduct, ban = DocumentKind.CODE_OF_CONDUCT, DocumentKind.NO_REIDENTIFICATION
    return {
        "conduct_binds": h.binding_since(facts, conduct),
        "conduct_accepted": h.last_seq(facts, e.DocumentAccepted, person=who, document=conduct),
        "ban_binds": h.binding_since(facts, ban),
        "ban_accepted": h.last_seq(facts, e.DocumentAccepted, person=who, document=ban),
    }


def _request(facts: Facts, query: Query) -> Values:
    request = query.request
    kinds = (e.RequestRefused, e.RequestWithdrawn, e.RequestEnded)
    refused, withdrawn, ended = (bool(h.told(facts, kind, request=request)) for kind in kinds)
    term = h.term_of(facts, request)
    licensee = next((one.institution for _, one in h.told(facts, e.RequestOpened, request=request)), None)
    return {
        "excluded_until": _excluded_until(facts, licensee),
        "known": bool(h.told(facts, e.RequestOpened, request=request)),
        "approved": bool(h.approvals_of(facts, request)), "refused": refused, "withdrawn": withdrawn, "ended": ended,
        "suspended": max(
            h.last_seq(facts, e.RequestSuspended, request=request), h.suspended_by_loss(facts, request)
        ),
        "reinstated": h.last_seq(facts, e.RequestReinstated, request=request),
        "begins": micros(term[0]) if term else NEVER, "ends": micros(term[1]) if term else 0,
        "available": min((seq for seq, _ in h.told(facts, e.RequestMadeAvailable, request=request)), default=0),
        "clinical": h.route_of(facts, request) is Route.CLINICAL, **_data(facts, request),
    }  # fmt: skip


def _data(facts: Facts, request: str) -> Values:
    form, approvals = h.form_of(facts, request), h.approvals_of(facts, request)
    asked = [d.registered(facts, name) for name in d.datasets_of(facts, request)]
    granted = d.open_datasets(facts, request)
    return {
        "ehds": form is not None and form.regime is Regime.EHDS,
        "clinical_data": any(what is not None and what.kind is DataKind.CLINICAL for what in asked),
        "open": [what.dataset for what in granted],
        "opt_out_exception": any(getattr(one, "opt_out_exception", False) for _, one in approvals),
    }


def _context(facts: Facts, query: Query, matter: Datasets) -> Values:
    return {
        **_own_conditions(facts, query, matter), **_contact(facts, query), **_transfer(facts, query),
        **_licence(facts, query), **_workspace(facts, query), **_session(facts, query),
    }  # fmt: skip


def _own_conditions(facts: Facts, query: Query, matter: Datasets) -> Values:
    """Return what the datasets that matter ask for, with the courses that bind everybody."""
    of_all = {str(one.course) for _, one in h.told(facts, e.CourseRegistered) if one.required}
    return {
        **_passed(facts, query, of_all.union(*(what.trainings for what in matter))),
        "needed_assurance": max((_level(what.assurance) for what in matter), default=0),
        "opted_out_clinical": _opted_out(facts, query, [one for one in matter if one.kind is DataKind.CLINICAL]),
        "opted_out_others": _opted_out(facts, query, [one for one in matter if one.kind is not DataKind.CLINICAL]),
        "zones": sorted({str(what.zone) for what in matter} | _began(facts, query)),
    }


def _began(facts: Facts, query: Query) -> set[str]:
    """Return where a running workspace has to be reached from since its start; an opening looks at none (S78)."""
    running = d.workspace_of(facts, query.request, query.person)
    return set() if running is None or query.action is Action.OPEN_WORKSPACE else {str(running[1].zone)}


def _opted_out(facts: Facts, query: Query, among: Sequence[e.DatasetRegistered]) -> list[str]:
    return sorted({out for one in among for out in d.opted_out(facts, query.request, one.dataset)})


def _passed(facts: Facts, query: Query, needed: set[str]) -> Values:
    passed = {name: one for name in sorted(needed) if (one := h.course_of(facts, query.person, name)) is not None}
    return {
        "courses": sorted(needed), "passed": list(passed),
        "revoked": [name for name, one in passed.items() if one.revoked],
        "outdated": [name for name, one in passed.items() if one.outdated],
        "trained_until": min((micros(one.ends) for one in passed.values()), default=NEVER),
    }  # fmt: skip


def _contact(facts: Facts, query: Query) -> Values:
    contact = d.contact_of(facts, query.request, query.person)
    return {
        "is_contact": contact is not None,
        "contact_since": contact.seq if contact else NEVER,
        "contact_email": contact.email if contact else "",
        "contact_institution": contact.institution or "" if contact else "",
        "contact_left": contact is not None and h.left_since(facts, query.person, contact.seq),
        "contact_reached": d.reached_at(facts, query.request, query.person),
        "contact_available": h.last_seq(facts, e.ContactMadeAvailable, request=query.request, person=query.person),
    }


def _transfer(facts: Facts, query: Query) -> Values:
    entity = request_reasons.entity_of(facts, query)
    country, basis = h.country_of(facts, entity), law.basis_of(facts, query.request, entity)
    eea, home = EEA.get(country), _applicants_country(facts, query)
    home_eea = EEA.get(home)
    begins, ends = _ground(facts, country, basis, query.at) if basis else (NEVER, 0)
    return {
        "eea_begins": micros(eea.begins) if eea else NEVER, "eea_ends": micros(eea.ends) if eea else 0,
        "listed": law.is_listed(facts, country, query.at),
        "home_eea_begins": micros(home_eea.begins) if home_eea else NEVER,
        "home_eea_ends": micros(home_eea.ends) if home_eea else 0,
        "home_listed": law.is_listed(facts, home, query.at), "basis": str(basis.basis) if basis else "",
        "protection": basis is not None and basis.protection_adequate,
        "contractual": basis is not None and basis.contractual_measures,
        "technical": basis is not None and basis.technical_measures, "basis_begins": begins, "basis_ends": ends,
    }  # fmt: skip


def _applicants_country(facts: Facts, query: Query) -> str:
    opened = h.told(facts, e.RequestOpened, request=query.request)
    return h.country_of(facts, opened[0][1].institution) if opened else ""


def _ground(facts: Facts, country: str, basis: e.TransferBasisRecorded, at: datetime) -> tuple[int, int]:
    """Return from when to when a ground carries: a contract from its conclusion on, a decision while one is there."""
    if basis.basis is TransferBasis.ADEQUACY:
        there = basis.scope is not None and law.is_adequate(facts, country, basis.scope, at)
        return (0, NEVER) if there else (NEVER, 0)
    if basis.clauses is None or basis.concluded is None or not law.clauses_hold(basis.clauses, basis.concluded, at):
        return NEVER, 0
    return micros(basis.concluded), micros(MODEL_CLAUSES[basis.clauses].ends)


def _licence(facts: Facts, query: Query) -> Values:
    entity = request_reasons.entity_of(facts, query)
    binding = law.licence_that_binds(facts, query.request, entity, query.at)
    eea, others = DocumentKind.LICENCE_EEA, DocumentKind.LICENCE_NON_EEA
    signed = {eea: -1, others: -1}
    for signatures in request_reasons.complete_texts(facts, query):
        (kind,) = {one.licence for _, one in signatures.values()}
        signed[kind] = max(signed[kind], min(seq for seq, _ in signatures.values()))
    return {
        "licence": str(binding),
        "eea_binds": h.binding_since(facts, eea), "eea_signed": signed[eea],
        "others_bind": h.binding_since(facts, others), "others_signed": signed[others],
    }  # fmt: skip


def _workspace(facts: Facts, query: Query) -> Values:
    running = d.workspace_of(facts, query.request, query.person)
    since, names = (running[0], running[1].datasets) if running else (0, ())
    return {
        "runs": running is not None,
        "run_ends": micros(running[1].run_ends) if running else NEVER,
        "in_workspace": list(names),
        "still_open": [name for name in names if d.is_open(facts, query.request, name)],
        "taken_away": any(d.was_taken_away(facts, query.request, name, since) for name in names),
    }


def _removals(facts: Facts, query: Query) -> list[tuple[int, e.FactorRemoved]]:
    """Return the facts by which the factor of the session was taken away."""
    given = query.session.given if query.session is not None else None
    return h.told(facts, e.FactorRemoved, person=query.person, factor=given) if given else []


def _session(facts: Facts, query: Query) -> Values:
    session = query.session
    own = session is not None and session.person == query.person
    kinds = (e.FactorsReset, e.PersonDisabled)
    void = [h.at_of(facts, one) for one, _ in _removals(facts, query)] + [
        h.at_of(facts, seq) for kind in kinds for seq, _ in h.told(facts, kind, person=query.person)
    ]
    return {
        "session_person": session.person if session else "",
        "session_begun": micros(session.begun) if session else NEVER,
        "session_ends": micros(session.ends) if session else 0,
        "session_ended": micros(session.ended) if session else NEVER,
        "session_factor": session is not None and session.factor is not None,
        "session_active": micros(session.active) if session else NEVER,
        "idle_micros": h.idle_minutes(facts) * 60_000_000,
        "session_given": (session.given or "") if session else "",
        "confirmed": [one for one, counts in h.factors_of(facts, query.person).items() if counts],
        "sessions_void": max((micros(instant) for instant in void), default=0),
        "zone": str(session.zone) if session is not None and own else "",
    }
