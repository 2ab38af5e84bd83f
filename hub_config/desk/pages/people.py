"""People: the list, and a person with what the visitor may do about them."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response

from access_policy.commands.base import Command, OfPerson, OfRequest
from access_policy.model.enums import Role
from access_policy.model.ids import PersonId
from access_policy.permissions import TABLE
from access_policy.state import Person
from hub_config.desk.desk import PREFIX, NotYours, View, Visiting
from hub_config.desk.kinds import kinds
from hub_config.desk.listing import Number, Words, listing
from hub_config.desk.pages.files import files_of
from hub_config.desk.render import page
from hub_config.desk.sight import Area, Offer, need, offers, offers_each, sees_details, sees_person

router = APIRouter(prefix=f"{PREFIX}/people")

_BY_COURSE = kinds("certify-person", "revoke-certification")
_OF_FACTOR = kinds("confirm-factor", "redeem-confirmation-code", "remove-factor")
_OF_ONE_THING = (
    *_BY_COURSE,
    *_OF_FACTOR,
    *kinds("accept-document", "claim-attendance", "end-role", "revoke-trainer", "stop-workspace"),
)
_ABOUT = tuple(
    kind
    for kind in TABLE
    if issubclass(kind, OfPerson) and not issubclass(kind, OfRequest) and kind not in _OF_ONE_THING
)


@router.get("")
def people(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """List people, searched by name, number, institution and role."""
    with visit.reading() as view:
        need(view, Area.PEOPLE)
        found = listing(list(view.state.people.values()), q, number, lambda one: _text(view, one))
        return page(
            request, "people.html", view, people=found, sees=partial(sees_details, view),
            actions=offers(view, kinds("register-person")),
        )  # fmt: skip


def _text(view: View, person: Person) -> str:
    roles = " ".join(one.role for one in person.appointments if one.holds(view.at))
    return f"{person.person} {person.name} {person.institution} {roles if sees_details(view, person.person) else ''}"


@router.get("/{number}")
def person_page(request: Request, number: str, visit: Visiting) -> Response:
    """Show a person, as far as the visitor may see them."""
    identifier = PersonId(number)
    with visit.reading() as view:
        if not sees_person(view, identifier):
            raise NotYours
        return page(
            request, "person.html", view, person=view.state.people[identifier],
            details=sees_details(view, identifier),
            actions=sorted(offers(view, _about(view, identifier), person=identifier), key=lambda one: one.dangerous),
            courses=_by_course(view, identifier), factors=_factor_offers(view, identifier),
            ending_roles=_role_offers(view, identifier), uploads=files_of(view, person=identifier),
        )  # fmt: skip


def _about(view: View, person: PersonId) -> tuple[type[Command], ...]:
    """Return the commands about a person as such; what a trainer issued is taken back of trainers only.

    Of the two that link a login, the one for a first login or the one by two admins (ID-09).
    """
    found = view.state.people[person]
    other = kinds("link-identity") if found.identities or found.appointments else kinds("join-identity")
    about = tuple(kind for kind in _ABOUT if kind not in other)
    trains = any(one.role is Role.TRAINER for one in found.appointments)
    return (*about, *kinds("revoke-trainer")) if trains else about


def _by_course(view: View, person: PersonId) -> dict[str, list[Offer]]:
    return offers_each(view, _BY_COURSE, "course", view.state.courses, person=person)


def _factor_offers(view: View, person: PersonId) -> dict[str, list[Offer]]:
    """Return what a verifier does; what people do about their own stands on the hub's page of them (MFA-08)."""
    return offers_each(view, kinds("confirm-factor"), "factor", view.state.people[person].factors, person=person)


def _role_offers(view: View, person: PersonId) -> dict[str, list[Offer]]:
    roles = {one.role for one in view.state.people[person].appointments if one.holds(view.at)}
    return offers_each(view, kinds("end-role"), "role", [role.value for role in roles], person=person)
