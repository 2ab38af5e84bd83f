"""The treating physician in a form: a person of the applicant's institution, or by name where they have no account.

Whoever that is asks for the data, by themselves or through the applicant, and so does not approve them (S9, S49, S50).
"""

from access_policy.commands.base import Refusal, RefusalCode
from access_policy.model.ids import PersonId
from access_policy.model.texts import ERASED
from access_policy.state import Form, Request, State


def physician_problem(
    state: State, request: Request, person: str | None, name: str | None, institution: str | None
) -> Refusal | None:
    """S9: refuse a physician who is not of the applicant's institution, or who is named in two ways or by half."""
    if person is not None and (name is not None or institution is not None):
        text = "name the physician by `physician_person`, or where they have no account by name and institution"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    if person is not None:
        return None if _works_there(state, request, PersonId(person)) else _not_of(request, person)
    return _named(state, request, name, institution)


def _named(state: State, request: Request, name: str | None, institution: str | None) -> Refusal | None:
    if name is None and institution is None:
        return None
    if name is None or institution is None:
        text = "a physician without an account is named by `physician` and `physician_institution`"
        return Refusal(RefusalCode.NOT_COMPLETE, text)
    if institution != request.institution:
        return _not_of(request, institution)
    known = [one for one in state.people.values() if one.institution == institution and _is_called(one.name, name)]
    if known:
        text = f"a person of `{institution}` has that name; give their number as `physician_person`"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return None


def _not_of(request: Request, named: str) -> Refusal:
    text = f"`{named}` is not of `{request.institution}`, where the patient is treated and the request comes from"
    return Refusal(RefusalCode.NOT_FOUND, text)


def _works_there(state: State, request: Request, person: PersonId) -> bool:
    found = state.people.get(person)
    return found is not None and found.institution is not None and found.institution == request.institution


def is_physician(state: State, form: Form | None, person: PersonId) -> bool:
    """Say whether a person is the physician whom a form names, by their number or by their name (S9)."""
    if form is None:
        return False
    return form.physician_person == person or _is_called(state.people[person].name, form.physician)


def _is_called(name: str, text: str) -> bool:
    """Say whether every word of a name stands in a text, in whatever order and beside whatever title."""
    words = _words(name)
    return name != ERASED and bool(words) and words <= _words(text)


def _words(text: str) -> set[str]:
    return set("".join(sign if sign.isalnum() else " " for sign in text.casefold()).split())
