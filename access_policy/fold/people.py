"""The fold of facts about people."""

from collections.abc import Callable
from typing import Any

from access_policy import events as e
from access_policy.fold.data import end_place
from access_policy.model.codes import digest_of
from access_policy.model.enums import Role
from access_policy.model.texts import ERASED
from access_policy.state import Acceptance, Appointment, Confirmation, Factor, Person, State, Verification


def _person_registered(s: State, f: e.Fact, v: e.PersonRegistered) -> None:
    s.people[v.person] = Person(v.person, v.name, v.email, v.institution, f.at, f.at, f.at, v.position, v.field)
    if v.email and v.email != ERASED:
        s.emails[v.email] = v.person
    s.requests_of.setdefault(v.person, {})


def _name_corrected(s: State, f: e.Fact, v: e.NameCorrected) -> None:
    s.people[v.person].name = v.name


def _email_corrected(s: State, f: e.Fact, v: e.EmailCorrected) -> None:
    person = s.people[v.person]
    _address_freed(s, person)
    _reached_by(s, f, person, v.email)


def _reached_by(s: State, f: e.Fact, person: Person, email: str) -> None:
    person.email, person.email_since = email, f.at
    if email != ERASED:
        s.emails[email] = person.person


def _person_moved(s: State, f: e.Fact, v: e.PersonMoved) -> None:
    person = s.people[v.person]
    left(s, f, person)
    person.institution = v.institution
    _reached_by(s, f, person, v.email)


def _person_left(s: State, f: e.Fact, v: e.PersonLeft) -> None:
    left(s, f, s.people[v.person])
    for study in s.studies.values():
        if study.central_investigator is not None:
            end_place(study.central_investigator, v.person, f)


def _address_freed(s: State, person: Person) -> None:
    """ID-05: who left keeps no address that has become somebody else's since, and takes none of theirs away."""
    if s.emails.get(person.email) == person.person:
        del s.emails[person.email]


def left(s: State, f: e.Fact, person: Person) -> None:
    """Take the person out of their institution, and what rests on it away."""
    _address_freed(s, person)
    person.institution, person.moved = None, f.at
    for appointment in person.appointments:
        if appointment.role is Role.SIGNATORY and appointment.until > f.at:
            appointment.until = f.at
    for request in s.requests_of[person.person]:
        contact = s.requests[request].contacts.get(person.person)
        if contact is not None and contact.left is None:
            contact.left = f.at
    for dataset in s.datasets.values():
        if dataset.steward == person.person:
            dataset.steward = None  # until it is handed over (S99)
    for study in s.studies.values():
        for named in study.local_investigators.values():
            end_place(named, person.person, f)


def _identity_linked(s: State, f: e.Fact, v: e.IdentityLinked) -> None:
    s.identities[v.identity] = v.person
    person = s.people[v.person]
    person.identities.append(v.identity)
    if f.actor.person is not None:
        person.linked_by.append(f.actor.person)


def _person_verified(s: State, f: e.Fact, v: e.PersonVerified) -> None:
    person = s.people[v.person]
    person.verification = Verification(f.actor.person, f.at, v.until, v.assurance, v.method, v.factors)
    person.verification_changed = f.at


def _verification_withdrawn(s: State, f: e.Fact, v: e.VerificationWithdrawn) -> None:
    person = s.people[v.person]
    person.verification, person.verification_changed, person.confirmation = None, f.at, None


def _person_disabled(s: State, f: e.Fact, v: e.PersonDisabled) -> None:
    person = s.people[v.person]
    person.disabled = f.at
    void_sessions(person, f)


def _person_enabled(s: State, f: e.Fact, v: e.PersonEnabled) -> None:
    person = s.people[v.person]
    person.disabled, person.enabled = None, f.at


def _role_appointed(s: State, f: e.Fact, v: e.RoleAppointed) -> None:
    s.people[v.person].appointments.append(Appointment(v.role, v.scope, f.at, v.until))


def _role_ended(s: State, f: e.Fact, v: e.RoleEnded) -> None:
    for appointment in s.people[v.person].appointments:
        if appointment.role is v.role and appointment.until > f.at:
            appointment.until = f.at


def _factor_enrolled(s: State, f: e.Fact, v: e.FactorEnrolled) -> None:
    """S76: whatever a row says, only a confirmed factor of the same person vouches for another one."""
    person = s.people[v.person]
    vouching = person.factors.get(v.vouched_by) if v.vouched_by != v.factor else None
    confirmed = f.at if vouching is not None and vouching.confirmed is not None else None
    person.factors[v.factor] = Factor(v.kind, f.at, confirmed)
    person.sum_factors_up(f.at)


def _factor_confirmed(s: State, f: e.Fact, v: e.FactorConfirmed) -> None:
    person = s.people[v.person]
    person.factors[v.factor].confirmed = f.at
    person.sum_factors_up(f.at)


def _factor_removed(s: State, f: e.Fact, v: e.FactorRemoved) -> None:
    """S76: a factor that is not there any more ends the sessions that began with it; the rule looks it up."""
    person = s.people[v.person]
    del person.factors[v.factor]
    person.factors_removed[v.factor] = f.at
    person.sum_factors_up(f.at)


def _code_issued(s: State, f: e.Fact, v: e.ConfirmationCodeIssued) -> None:
    s.people[v.person].confirmation = Confirmation(v.digest, f.actor.person, v.until)


def _code_redeemed(s: State, f: e.Fact, v: e.ConfirmationCodeRedeemed) -> None:
    """S76, AUD-11: who wrote this knew the code that the verifier handed over; a row that says otherwise was forged."""
    person = s.people[v.person]
    code, factor = person.confirmation, person.factors[v.factor]
    if code is None or f.at >= code.until or digest_of(v.code) != code.digest:
        raise ValueError(f"no code that is open confirms factor `{v.factor}` of `{v.person}`")
    factor.confirmed, person.confirmation = f.at, None
    person.sum_factors_up(f.at)


def _factors_reset(s: State, f: e.Fact, v: e.FactorsReset) -> None:
    person = s.people[v.person]
    person.lose_factors(f.at)
    void_sessions(person, f)


def void_sessions(person: Person, f: e.Fact) -> None:
    """Let no session from before count any more."""
    person.sessions_void = f.at if person.sessions_void is None else max(f.at, person.sessions_void)


def _document_accepted(s: State, f: e.Fact, v: e.DocumentAccepted) -> None:
    s.people[v.person].accepted[v.document] = Acceptance(v.version, f.at)


def _erasure_asked(s: State, f: e.Fact, v: e.ErasureAsked) -> None:
    s.people[v.person].erasure_not_before = v.not_before


APPLIERS: dict[type[e.Event], Callable[[State, e.Fact, Any], None]] = {
    e.PersonRegistered: _person_registered,
    e.NameCorrected: _name_corrected,
    e.EmailCorrected: _email_corrected,
    e.PersonMoved: _person_moved,
    e.PersonLeft: _person_left,
    e.IdentityLinked: _identity_linked,
    e.PersonVerified: _person_verified,
    e.VerificationWithdrawn: _verification_withdrawn,
    e.PersonDisabled: _person_disabled,
    e.PersonEnabled: _person_enabled,
    e.RoleAppointed: _role_appointed,
    e.RoleEnded: _role_ended,
    e.FactorEnrolled: _factor_enrolled,
    e.FactorConfirmed: _factor_confirmed,
    e.FactorRemoved: _factor_removed,
    e.ConfirmationCodeIssued: _code_issued,
    e.ConfirmationCodeRedeemed: _code_redeemed,
    e.FactorsReset: _factors_reset,
    e.DocumentAccepted: _document_accepted,
    e.ErasureAsked: _erasure_asked,
}
