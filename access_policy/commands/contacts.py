"""A download contact who comes later: asked for by the licensee, checked, let in (S30-S38)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Line, OfRequest, Outcome, PersonRef, Refusal, RefusalCode, Text
from access_policy.commands.conditions import account_missing, not_running, party_excluded
from access_policy.commands.grants import not_to_be_handed_out
from access_policy.commands.independence import reads_only
from access_policy.commands.sizes import too_many_contacts
from access_policy.email import normal_email
from access_policy.model.enums import Regime, Role, Route
from access_policy.model.ids import PersonId
from access_policy.standing import acts_as, signs_for
from access_policy.state import AskedContact, Contact, Person, Request, State


class AskContact(OfRequest, frozen=True, kw_only=True):
    """Ask, as the licensee's signatory, for a new download contact: name, position, institutional e-mail address."""

    person: PersonRef
    name: Line
    position: Line
    email: Line


class CheckContact(OfRequest, frozen=True, kw_only=True):
    """Record that a new contact works at the organisation and takes part in the project: they become a contact."""

    person: PersonRef


class RefuseContact(OfRequest, frozen=True, kw_only=True):
    """Refuse a new contact, with the reason."""

    person: PersonRef
    reason: Text


class RemoveContact(OfRequest, frozen=True, kw_only=True):
    """Take a download contact's access to the request away."""

    person: PersonRef


class MakeAvailableToContact(OfRequest, frozen=True, kw_only=True):
    """Make the data available to a contact who was added later."""

    person: PersonRef


def ask_contact(state: State, c: AskContact, actor: Actor, at: datetime) -> Outcome:
    """S30, S31, S33-S36: the licensee's signatory, never the applicant, for who works at that organisation.

    E58, S46, E59: while the grant runs, and no organisation of it is shut out. REQ-14: bounded.
    """
    request = state.requests[c.request]
    problem = _not_by_asking(request) or _not_the_licensee(request, actor)
    problem = problem or not_running(request, at) or party_excluded(state, request, at)
    if problem is not None:
        return problem
    person = state.people.get(PersonId(c.person))
    if person is None or person.institution not in signs_for(state, request, actor.person, at):
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.person}` is nobody of the organisation that you sign for")
    problem = reads_only(state, person.person, at) or _known(request, person.person)
    problem = problem or _another_address(person, c.email) or too_many_contacts(request, {person.person})
    return problem or (
        e.ContactAsked(request=c.request, person=person.person, name=c.name, position=c.position, email=person.email),
    )


def _not_by_asking(request: Request) -> Refusal | None:
    """E19: a permit's people change by an amendment. S53: a clinical request has the people of its form."""
    if request.route is Route.CLINICAL:
        return Refusal(RefusalCode.WRONG_STATE, "a clinical request has the contacts of its form; send in another one")
    if request.regime is Regime.EHDS:
        return Refusal(RefusalCode.WRONG_STATE, "the people of a permit change by an amendment; propose one")
    return None


def _not_the_licensee(request: Request, actor: Actor) -> Refusal | None:
    """S35: the applicant may not ask, whatever else they are."""
    if actor.person != request.applicant:
        return None
    return Refusal(RefusalCode.FOUR_EYES, "the applicant may not ask for a contact; another signatory does")


def _known(request: Request, person: PersonId) -> Refusal | None:
    if person in request.contacts:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"`{person}` is a download contact of `{request.request}` already")
    if person in request.contacts_asked:
        return Refusal(RefusalCode.ALREADY_EXISTS, f"`{person}` is asked for already and waits for the check")
    return None


def _another_address(person: Person, text: str) -> Refusal | None:
    """S36, S38: the address is the institutional one of the account."""
    try:
        email = normal_email(text)
    except ValueError as error:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, str(error))
    if email == person.email:
        return None
    return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`{email}` is not the address of `{person.person}`'s account")


def check_contact(state: State, c: CheckContact, actor: Actor, at: datetime) -> Outcome:
    """S32, S33: by another person than the one who asked, and while the new contact works there as it was asked.

    S34: while the one who asked still signs there. E58, S46, E59: while the grant runs, and nobody is shut out.
    """
    request, person = state.requests[c.request], PersonId(c.person)
    asked = request.contacts_asked.get(person)
    if asked is None:
        return _not_asked(request, person)
    if actor.person == asked.asked_by:
        return Refusal(RefusalCode.FOUR_EYES, "who asked for the contact does not check them")
    problem = not_running(request, at) or party_excluded(state, request, at)
    problem = problem or reads_only(state, person, at) or _changed(request, asked, state.people[person])
    problem = problem or _signs_no_more(state, request, asked, state.people[person], at)
    return problem or (e.ContactChecked(request=c.request, person=person),)


def _not_asked(request: Request, person: PersonId) -> Refusal:
    return Refusal(RefusalCode.NOT_FOUND, f"nobody asked for `{person}` as a contact of `{request.request}`")


def _changed(request: Request, asked: AskedContact, person: Person) -> Refusal | None:
    stayed = person.moved < asked.asked
    if stayed and person.institution in request.entities and person.email == asked.email:
        return None
    text = f"`{person.person}` left or has another address now; refuse, and let the signatory ask again"
    return Refusal(RefusalCode.CHANGED_MEANWHILE, text)


def _signs_no_more(state: State, request: Request, asked: AskedContact, person: Person, at: datetime) -> Refusal | None:
    """S34: who asked signs, also now, for the organisation that the new contact works for."""
    if person.institution in signs_for(state, request, asked.asked_by, at):
        return None
    text = f"who asked for `{person.person}` signs for `{person.institution}` no more; refuse, and let another one ask"
    return Refusal(RefusalCode.CHANGED_MEANWHILE, text)


def refuse_contact(state: State, c: RefuseContact, actor: Actor, at: datetime) -> Outcome:
    """S32, S33: who does not work there or takes no part in the project is refused, with the reason."""
    request, person = state.requests[c.request], PersonId(c.person)
    if person not in request.contacts_asked:
        return _not_asked(request, person)
    return (e.ContactRefused(request=c.request, person=person, reason=c.reason),)


def remove_contact(state: State, c: RemoveContact, actor: Actor, at: datetime) -> Outcome:
    """S27: removing the contact removes the access. S68: who signs for a further organisation removes its own."""
    request, person = state.requests[c.request], PersonId(c.person)
    contact = request.contacts.get(person)
    if contact is None:
        return Refusal(RefusalCode.NOT_FOUND, f"`{person}` is no download contact of `{c.request}`")
    if not _may_remove(state, request, contact, actor, at):
        return Refusal(RefusalCode.NOT_PERMITTED, f"you do not sign for the organisation of `{person}`")
    return (e.ContactRemoved(request=c.request, person=person),)


def _may_remove(state: State, request: Request, contact: Contact, actor: Actor, at: datetime) -> bool:
    if actor.person == request.applicant or acts_as(state, actor.person, Role.ADMIN, at):
        return True
    return not {request.institution, contact.institution}.isdisjoint(signs_for(state, request, actor.person, at))


def make_available_to_contact(state: State, c: MakeAvailableToContact, actor: Actor, at: datetime) -> Outcome:
    """S38, S100: once, to a contact with a valid account, a second factor and the address that was named (S27).

    S26, S60, E11, E58: on the same conditions as it is made available to all.
    """
    request, person = state.requests[c.request], PersonId(c.person)
    contact = request.contacts.get(person)
    if contact is None:
        return Refusal(RefusalCode.NOT_FOUND, f"`{person}` is no download contact of `{c.request}`")
    if contact.available is not None:
        return Refusal(RefusalCode.WRONG_STATE, f"the data of `{c.request}` are available to `{person}` already")
    problem = not_to_be_handed_out(state, request, actor, at) or account_missing(state, request, person, at)
    return problem or (e.ContactMadeAvailable(request=c.request, person=person),)
