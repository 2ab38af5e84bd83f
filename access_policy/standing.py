"""What a person is in a role or to a request: look-ups that the authorisation and the handlers share.

Pure, and it decides nothing: who may give a command follows from `permission_table.py`.
"""

from datetime import datetime

from access_policy.model.enums import Capacity, InvestigatorPlace, Role
from access_policy.model.ids import InstitutionName, PersonId
from access_policy.rules.training import trained_for
from access_policy.state import Investigator, Request, State, Study


def acts_as(state: State, person: PersonId | None, role: Role, at: datetime) -> bool:
    """Say whether a person acts in a role at `at`: appointed to it, trained for it (E28), and not stopped (S94)."""
    found = state.people.get(person) if person is not None else None
    if found is None or found.disabled is not None:
        return False
    appointed = any(one.role is role and one.holds(at) for one in found.appointments)
    return appointed and trained_for(state, found, role, at)


def signs_for(state: State, request: Request, person: PersonId | None, at: datetime) -> frozenset[InstitutionName]:
    """Return for which organisations of a request a person is the signatory at `at` (S34, S68)."""
    found = state.people.get(person) if person is not None else None
    if found is None:
        return frozenset()
    held = {one.scope for one in found.appointments if one.role is Role.SIGNATORY and one.holds(at)}
    return frozenset(name for name in request.entities if name in held)


def has_signatory(state: State, request: Request, name: InstitutionName, at: datetime) -> bool:
    """Say whether somebody signs for an organisation of a request, or was invited to it as the signatory (S23, S34)."""
    invited = any(
        one.request == request.request and one.institution == name and one.capacity is Capacity.SIGNATORY
        for one in state.invitations.values()
    )
    return invited or any(
        appointment.role is Role.SIGNATORY and appointment.scope == name and appointment.holds(at)
        for person in state.people.values()
        if person.disabled is None
        for appointment in person.appointments
    )


def places_of(state: State, request: Request, person: PersonId, at: datetime) -> frozenset[InvestigatorPlace]:
    """Return as which investigators a person answers for a request at `at`: of all studies of its data (S49, S50).

    The local one is that of the hospital which the request comes from, and works there; the central one works
    somewhere. A stopped person answers for nothing (S94).
    """
    found, studies, here = state.people.get(person), _studies_of(state, request), request.institution
    if found is None or found.disabled is not None or not studies or here is None:
        return frozenset()
    places = {
        InvestigatorPlace.CENTRAL: found.institution is not None
        and all(_is_theirs(study.central_investigator, person, at) for study in studies),
        InvestigatorPlace.LOCAL: found.institution == here
        and all(_is_theirs(study.local_investigators.get(here), person, at) for study in studies),
    }
    return frozenset(place for place, holds in places.items() if holds)


def _studies_of(state: State, request: Request) -> list[Study]:
    """Return the studies that the data of a request come from; none where some data come from no study."""
    datasets = [state.datasets[name] for name in request.datasets if name in state.datasets]
    studies = [state.studies[one.study] for one in datasets if one.study in state.studies]
    return studies if len(studies) == len(datasets) else []


def _is_theirs(named: Investigator | None, person: PersonId, at: datetime) -> bool:
    return named is not None and named.person == person and named.holds(at)
