"""People who wait for somebody to verify them, and second factors that wait for their verifier (S73, S76).

An admin sees all of them, who signs for an institution sees its own people.
"""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from access_policy.commands.factors import may_verify
from access_policy.model.enums import Assurance
from access_policy.state import Person
from hub_config.desk.desk import PREFIX, View, Visiting
from hub_config.desk.kinds import kinds
from hub_config.desk.listing import Number, Words, listing
from hub_config.desk.render import page
from hub_config.desk.sight import Area, Offer, need, offers, offers_each, sees_logins
from hub_config.desk.stated import stated_by_provider

router = APIRouter(prefix=f"{PREFIX}/verify")

_VERIFY = kinds("verify-person")
_FACTOR = kinds("confirm-factor")
_CODE = kinds("issue-confirmation-code")


@dataclass(frozen=True)
class Waiting:
    """Somebody who waits: what their provider states of them, and what the visitor may do."""

    person: Person
    stated: Assurance | None
    actions: list[Offer]


@router.get("")
def waiting(request: Request, visit: Visiting, q: Words = "", number: Number = 1) -> Response:
    """List who waits to be verified, whoever came first at the top; then the factors that wait for the visitor."""
    with visit.reading() as view:
        need(view, Area.VERIFYING)
        found = listing(_unverified(view), q, number, lambda one: f"{one.person} {one.name} {one.institution}")
        return page(
            request, "verify.html", view, people=found,
            rows=[_waiting(view, one) for one in found.items], factors=_factors(view), logins=sees_logins(view),
        )  # fmt: skip


def _unverified(view: View) -> list[Person]:
    found = [one for one in view.state.people.values() if _waits(view, one)]
    return sorted(found, key=lambda one: one.since)


def _waits(view: View, person: Person) -> bool:
    """Say whether somebody waits for the visitor: works somewhere, is not stopped, and not verified now."""
    verification = person.verification
    verified = verification is not None and view.at < verification.until
    here = person.institution is not None and person.disabled is None and person.person not in view.state.erased
    return here and not verified and may_verify(view.state, person.person, view.visit.person, view.at)


def _waiting(view: View, person: Person) -> Waiting:
    stated = stated_by_provider(view, person.person)
    return Waiting(person, stated.assurance if stated else None, offers(view, _VERIFY, person=person.person))


def _factors(view: View) -> list[Waiting]:
    """Return whom the visitor verified and who has a factor that does not count yet, with the ways to let it count."""
    mine = [one for one in view.state.people.values() if _verified_by(view, one)]
    return [Waiting(one, None, _ways(view, one)) for one in mine if any(_open(one))]


def _verified_by(view: View, person: Person) -> bool:
    verification = person.verification
    return verification is not None and verification.by == view.visit.person and person.disabled is None


def _open(person: Person) -> list[str]:
    return [name for name, factor in person.factors.items() if factor.confirmed is None]


def _ways(view: View, person: Person) -> list[Offer]:
    each = offers_each(view, _FACTOR, "factor", _open(person), person=person.person)
    return [*(one for found in each.values() for one in found), *offers(view, _CODE, person=person.person)]
