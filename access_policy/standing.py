"""What a person is in a role or to a request: look-ups that the authorisation and the handlers share.

Pure, and it decides nothing: who may give a command follows from `permission_table.py`.
"""

from datetime import datetime

from access_policy.model.enums import Capacity, InvestigatorPlace, Role
from access_policy.model.ids import InstitutionName, PersonId
from access_policy.rules.training import trained_for
from access_policy.state import Investigator, Invitation, Request, State, Study


def acts_as(state: State, person: PersonId | None, role: Role, at: datetime) -> bool:
    """Say whether a person acts in a role at `at`: appointed to it, trained for it (E28), and not stopped (S94)."""
    found = state.people.get(person) if person is not None else None
    if found is None or found.disabled is not None:
        return False
    appointed = any(one.role is role and one.holds(at) for one in found.appointments)
    return appointed and trained_for(state, found, role, at)


def signs_for(state: State, request: Request, person: PersonId | None, at: datetime) -> frozenset[InstitutionName]:
    """Return for which organisations of a request a person is the signatory at `at` (S34, S68).

    Only who has passed the courses of that role (S74, E28), and is not stopped (S94).
    """
    return signing_at(state, person, at) & request.entities.keys()


def signing_at(state: State, person: PersonId | None, at: datetime) -> frozenset[InstitutionName]:
    """Return for which institutions a person is the signatory at `at`, whatever it is about (S34, S73)."""
    found = state.people.get(person) if person is not None else None
    if found is None or found.disabled is not None or not trained_for(state, found, Role.SIGNATORY, at):
        return frozenset()
    held = (one.scope for one in found.appointments if one.role is Role.SIGNATORY and one.holds(at))
    return frozenset(InstitutionName(scope) for scope in held if scope is not None)


def has_confirmed_factor(state: State, person: PersonId) -> bool:
    """Say whether a person has a second factor of their own that was confirmed with them (S76)."""
    return any(factor.confirmed is not None for factor in state.people[person].factors.values())


def applicant_left(state: State, request: Request) -> bool:
    """Say whether the applicant does not work at the institution of the request any more (S9, S23, S33)."""
    applicant = state.people.get(request.applicant) if request.applicant is not None else None
    return applicant is not None and applicant.institution != request.institution


def signing_addresses(state: State, request: Request, name: InstitutionName, at: datetime) -> list[str]:
    """Return the addresses of who signs for an organisation of a request, or is invited to it as such (S23, S34)."""
    invited = {
        one.email
        for one in state.invitations.values()
        if one.request == request.request and one.institution == name and one.capacity is Capacity.SIGNATORY
        if invitation_stands(state, one)
    }
    appointed = {
        person.email
        for person in state.people.values()
        if person.disabled is None
        for appointment in person.appointments
        if appointment.role is Role.SIGNATORY and appointment.scope == name and appointment.holds(at)
    }
    return sorted(invited | appointed)


def invitation_stands(state: State, invitation: Invitation) -> bool:
    """Say whether an invitation still reaches somebody: not where its address is of somebody who left (S33, S34).

    Who took it up and left meanwhile is not reached by it again where they come back.
    """
    if invitation.person is not None and invitation.accepted is not None:
        person = state.people[invitation.person]
        return person.institution == invitation.institution and person.moved <= invitation.accepted
    owner = state.emails.get(invitation.email)
    if owner is not None:
        return state.people[owner].institution == invitation.institution
    return not any(one.email == invitation.email for one in state.people.values())


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


def investigates(state: State, person: PersonId, at: datetime) -> bool:
    """Say whether a person is an investigator of any study at `at`, and not stopped (S50, S94)."""
    found = state.people.get(person)
    if found is None or found.disabled is not None:
        return False
    return any(
        _is_theirs(named, person, at)
        for study in state.studies.values()
        for named in (study.central_investigator, *study.local_investigators.values())
    )


def _studies_of(state: State, request: Request) -> list[Study]:
    """Return the studies that the data of a request come from; none where some data come from no study."""
    datasets = [state.datasets[name] for name in request.datasets if name in state.datasets]
    studies = [state.studies[one.study] for one in datasets if one.study in state.studies]
    return studies if len(studies) == len(datasets) else []


def _is_theirs(named: Investigator | None, person: PersonId, at: datetime) -> bool:
    return named is not None and named.person == person and named.holds(at)
