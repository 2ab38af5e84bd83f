"""What the address proves that somebody logs in with: to who has an account here, and to who has none (S16, S31, S73).

A person is their login identity and never their address (ID-09): the address says at which institution somebody works.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from access_policy.commands.intake import open_to
from access_policy.commands.people import trusted_institution
from access_policy.email import domain_of
from access_policy.model.codes import shown_code
from access_policy.model.ids import InstitutionName
from access_policy.state import Institution, Invitation, Person, State

_REFERENCE_SIGNS = 12


class ByInstitution(msgspec.Struct, frozen=True):
    """The institution that declared the address's domain is trusted now: who works there registers themselves."""

    institution: InstitutionName


class ByInvitation(msgspec.Struct, frozen=True):
    """The address was invited to one request, from an institution that is not trusted yet."""

    invitation: Invitation

    @property
    def institution(self) -> InstitutionName:
        """For which institution."""
        return self.invitation.institution


WayIn = ByInstitution | ByInvitation


def way_in(state: State, email: str, at: datetime) -> WayIn | None:
    """Return how who proved an address, and is not known by their identity, becomes a person; None: not at all.

    Whether a person has the address already makes no difference here (ID-12): the command refuses a second account.
    """
    found = trusted_institution(state, email, at)
    if isinstance(found, Institution):
        return ByInstitution(found.institution)
    numbers = (number for number, one in state.invitations.items() if one.email == email)
    waiting = [one for number in numbers if isinstance(one := open_to(state, number, email), Invitation)]
    return ByInvitation(max(waiting, key=lambda one: one.invitation)) if waiting else None


class ProvedAddress(StrEnum):
    """How the address that a provider proved fits the one on record; with the last two nobody comes in."""

    SAME = "same"
    OTHER = "other"
    FOREIGN = "foreign"
    ANOTHERS = "anothers"


def proved_address(state: State, person: Person, email: str) -> ProvedAddress:
    """Compare what a provider proved for a known identity with the record (S16, S73, ID-05, ID-09).

    Another address of the person's own institution is for the admins to look at (`OTHER`). One of no domain that the
    institution declared means that the person does not work there as far as the provider knows (`FOREIGN`), and one
    that is on record as somebody else's that an address went to another person (`ANOTHERS`). A provider that proves no
    address says nothing about it.
    """
    if state.emails.get(email, person.person) != person.person:
        return ProvedAddress.ANOTHERS
    if email in ("", person.email):
        return ProvedAddress.SAME
    institution = state.institutions.get(person.institution) if person.institution is not None else None
    declared = institution is not None and domain_of(email) in institution.domains
    return ProvedAddress.OTHER if declared else ProvedAddress.FOREIGN


def trusted_names(state: State, at: datetime, proved: frozenset[str]) -> list[str]:
    """Return, in order, the names of the institutions whose people can register themselves at `at`.

    `proved` are the domains whose addresses some login provider proves.
    """
    found = [one for one in state.institutions.values() if not proved.isdisjoint(one.domains)]
    return sorted(one.name for one in found if one.trusted_at(at) and not one.excluded_at(at))


def login_reference(identity: str) -> str:
    """Return by what a login is told on the telephone: the beginning of its HMAC. It opens nothing."""
    return shown_code(identity[:_REFERENCE_SIGNS].upper())
