"""People: the list, and a person with what the visitor may do about them."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from access_policy.commands.people import (
    AppointRole,
    ConfirmFactor,
    DisablePerson,
    EnablePerson,
    EndRole,
    LinkIdentity,
    RegisterPerson,
    ResetFactors,
    VerifyPerson,
    WithdrawVerification,
)
from access_policy.commands.training import CertifyPerson, RevokeCertification
from access_policy.model.ids import PersonId
from access_policy.state import Person
from hub_config.desk.desk import PREFIX, NotYours, View, Visiting
from hub_config.desk.listing import listing
from hub_config.desk.render import page
from hub_config.desk.sight import Area, Offer, areas, offers, sees_details, sees_person

router = APIRouter(prefix=f"{PREFIX}/people")

_ABOUT = (VerifyPerson, WithdrawVerification, LinkIdentity, AppointRole, EnablePerson, ResetFactors, DisablePerson)


@router.get("")
def people(
    request: Request,
    visit: Visiting,
    q: Annotated[str, Query(max_length=200)] = "",
    number: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    """List people, searched by name, number, institution and role."""
    with visit.reading() as view:
        if Area.PEOPLE not in areas(view):
            raise NotYours
        found = listing(list(view.state.people.values()), q, number, lambda one: _text(view, one))
        return page(
            request, "people.html", view, people=found, sees=partial(sees_details, view),
            actions=offers(view, (RegisterPerson,)),
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
            actions=sorted(offers(view, _ABOUT, person=identifier), key=lambda one: one.dangerous),
            courses=_by_course(view, identifier), factors=_factor_offers(view, identifier),
            ending_roles=_role_offers(view, identifier),
        )  # fmt: skip


def _by_course(view: View, person: PersonId) -> dict[str, list[Offer]]:
    kinds = (CertifyPerson, RevokeCertification)
    return {course: offers(view, kinds, person=person, course=course) for course in view.state.courses}


def _factor_offers(view: View, person: PersonId) -> dict[str, list[Offer]]:
    factors = view.state.people[person].factors
    return {factor: offers(view, (ConfirmFactor,), person=person, factor=factor) for factor in factors}


def _role_offers(view: View, person: PersonId) -> dict[str, list[Offer]]:
    roles = {one.role for one in view.state.people[person].appointments if one.holds(view.at)}
    return {role: offers(view, (EndRole,), person=person, role=role.value) for role in roles}
