"""Transfers outside the EEA: how each party to a live grant stands, and who would lose what if a decision ended.

Pure. Both histories are asked with `decide`, of the contacts of parties in that country alone.
"""

from dataclasses import replace
from datetime import datetime

import msgspec

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.decision import decide
from access_policy.fold import suppose
from access_policy.model.enums import Action, TransferBasis
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from access_policy.model.jurisdictions import in_eea
from access_policy.overview import case_of_entity, live_parties
from access_policy.reasons import ReasonCode
from access_policy.rules import Query
from access_policy.rules.parties import transfer_basis_lapsed, transfer_basis_missing
from access_policy.state import Entity, Memo, Request, State
from access_policy.supposed import misfit


class Party(msgspec.Struct, frozen=True):
    """A party outside the EEA to a live grant, and whether its ground holds, until when by the clock alone (S60)."""

    request: RequestId
    institution: InstitutionName
    country: str
    basis: TransferBasis
    holds: bool
    until: datetime | None


class Lost(msgspec.Struct, frozen=True):
    """What a contact would lose from the supposed end on, and why (S67)."""

    request: RequestId
    institution: InstitutionName
    person: PersonId
    datasets: tuple[DatasetName, ...]
    codes: tuple[ReasonCode, ...]


def parties_outside(state: State, at: datetime) -> list[Party]:
    """Return every party outside the EEA to a grant that lives at `at` (S57, S60, S68)."""
    return [
        _party(state, request, entity, at)
        for request, entity in live_parties(state, at)
        if not in_eea(state.institutions[entity.institution].country, at)
    ]


def _party(state: State, request: Request, entity: Entity, at: datetime) -> Party:
    case = case_of_entity(state, request, entity, at)
    found = (transfer_basis_missing(case), transfer_basis_lapsed(case))
    return Party(
        request.request, entity.institution, state.institutions[entity.institution].country,
        entity.transfer.basis if entity.transfer is not None else TransferBasis.NONE,
        all(one.holds for one in found), min((one.until for one in found if one.until), default=None),
    )  # fmt: skip


def if_it_ended(state: State, end: e.AdequacyEnded, actor: Actor, at: datetime) -> list[Lost]:
    """Return who would lose what at the end of a decision (S67), by request and person; the state stays as it is.

    Raises ValueError for an end that has passed, and where there is no such decision or it would come to nothing.
    """
    if end.ends < at:
        raise ValueError("the end lies in the past; give an instant from now on")
    problem = misfit(state, end, at)
    if problem is not None:
        raise ValueError(problem)
    same = [one for one in state.adequacy if (one.country, one.scope) == (end.country, end.scope)]
    if not any(one.begins < end.ends and (one.ends is None or end.ends < one.ends) for one in same):
        raise ValueError("no decision of that country and scope would end then")
    supposed = replace(state, touched=dict(state.touched), memo=Memo())
    suppose(supposed, e.Fact(state.seq + 1, at, actor, end))
    now = replace(state, workspaces={}, memo=Memo())
    then = replace(supposed, workspaces={}, memo=Memo())
    found = (
        _lost(now, then, Query(person, request.request, Action.KEEP_WORKSPACE, end.ends), entity.institution)
        for request, entity in live_parties(state, at)
        if state.institutions[entity.institution].country == end.country
        for person, contact in request.contacts.items()
        if contact.institution == entity.institution
    )
    return [one for one in found if one is not None]


def _lost(now: State, then: State, query: Query, institution: InstitutionName) -> Lost | None:
    before, after = decide(now, query), decide(then, query)
    left = {one.name for one in after.datasets}
    gone = tuple(one.name for one in before.datasets if one.name not in left)
    return Lost(query.request, institution, query.person, gone, after.codes) if gone else None
