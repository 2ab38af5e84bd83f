"""What stands in a form before anybody types: what is on record already, and where only one value fits.

It fills in and hides nothing; whoever gives the command sees it, and the handlers decide.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from access_policy.commands.base import Command
from access_policy.commands.licences import LicenceText, licence_to_sign, parties_of, text_to_sign
from access_policy.model.enums import Assurance, Party, RequestStatus, Role
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from access_policy.standing import acts_as
from access_policy.state import Amendment, Person, Request
from hub_config.desk.desk import View
from hub_config.desk.kinds import kind_of, kinds
from hub_config.desk.stated import Stated, stated_by_provider

SIGNING = kind_of("sign-licence")
VERIFYING = kind_of("verify-person")
ISSUING = kind_of("issue-confirmation-code")
OF_FACTORS = (VERIFYING, ISSUING, *kinds("confirm-factor"))
"""Commands by which somebody vouches for a person, who is shown beside the form (S73, S76)."""
_DESCRIBING = kind_of("describe-request")
_FINDING = kind_of("record-finding")
_APPROVING = kind_of("approve-request")
OF_AMENDMENT = kinds("approve-amendment", "refuse-amendment", "vote-on-request")
"""Commands that may be about one amendment, which is then shown (E19)."""


@dataclass(frozen=True)
class ToSign:
    """The text of a licence that an organisation's next signature is under (S24, S25)."""

    institution: InstitutionName
    title: str
    text: LicenceText


def preset(view: View, kind: type[Command], known: dict[str, str]) -> dict[str, str]:
    """Return what a form begins with, beside what is known from its address."""
    if kind is VERIFYING:
        return _verifying(view, known)
    request = view.state.requests.get(RequestId(known.get("request", "")))
    if request is None:
        return {}
    if kind is SIGNING:
        return _signing(view, request, known)
    if kind is _DESCRIBING:
        return _described(request)
    if kind is _APPROVING:
        return {"datasets": ", ".join(sorted(request.datasets))}
    return _changing(request, known) if kind in (*OF_AMENDMENT, _FINDING) else {}


def _verifying(view: View, known: dict[str, str]) -> dict[str, str]:
    """E26: the level that the login provider stated, as far as the visitor may give it; they decide."""
    stated = stated_by_provider(view, PersonId(known.get("person", "")))
    if stated is None or stated.assurance is None:
        return {}
    high = stated.assurance is Assurance.HIGH and not _is_admin(view)
    offered = Assurance.SUBSTANTIAL if high else stated.assurance
    return {"assurance": offered.value}


def _is_admin(view: View) -> bool:
    return acts_as(view.state, view.visit.person, Role.ADMIN, view.at)


def _described(request: Request) -> dict[str, str]:
    """Return the answers that a draft has already, so that a correction does not empty the rest."""
    if request.form is None:
        return {}
    given = {name: getattr(request.form, name) for name in request.form.__slots__}
    answers = {"regime": request.regime, **given}
    return {name: _written(value) for name, value in answers.items() if value not in (None, "")}


def _written(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _signing(view: View, request: Request, known: dict[str, str]) -> dict[str, str]:
    """S23, S25, S68: the party and the organisation where they are one, and the text to sign there."""
    places = [(name, party) for name in _organisations(request, known) for party in parties_for(view, request, name)]
    places = [place for place in places if known.get("party") in (None, place[1].value)]
    names, parties = {name for name, _ in places}, {party for _, party in places}
    found = {"party": next(iter(parties)).value} if len(parties) == 1 else {}
    return found | (_text_at(view, request, names.pop()) if len(names) == 1 else {})


def _text_at(view: View, request: Request, name: InstitutionName) -> dict[str, str]:
    texts = [one.text for one in to_sign(view, request, {"institution": name})]
    text = {"version": texts[0].version, "language": texts[0].language} if texts else {}
    return {"institution": name, **text}


def parties_for(view: View, request: Request, name: InstitutionName) -> frozenset[Party]:
    """Return the parties that the visitor stands for at one organisation of a request."""
    return parties_of(view.state, request, request.entities[name], view.visit.person, view.at)


def _organisations(request: Request, known: dict[str, str]) -> list[InstitutionName]:
    return [name for name in request.entities if known.get("institution") in (None, name)]


def to_sign(view: View, request: Request, known: dict[str, str]) -> list[ToSign]:
    """Return the licences that are to be signed: of the organisation that is known, else of all (S24, S68)."""
    found = []
    for name in _organisations(request, known):
        entity = request.entities[name]
        text = text_to_sign(view.state, entity, view.at)
        if text is not None:
            document = view.state.documents[licence_to_sign(view.state, entity, view.at)]
            found.append(ToSign(name, document.current.title, text))
    return found


@dataclass(frozen=True)
class Subject:
    """Whom a verifier vouches for, and what the login provider stated of them."""

    person: Person
    stated: Stated | None


def subject_of(view: View, kind: type[Command], known: dict[str, str]) -> Subject | None:
    """Return the person that a verifier has to have before their eyes, where the form is about one (S73)."""
    person = view.state.people.get(PersonId(known.get("person", ""))) if kind in OF_FACTORS else None
    return None if person is None else Subject(person, stated_by_provider(view, person.person))


def _changing(request: Request, known: dict[str, str]) -> dict[str, str]:
    """E19, S42: after the approval, the one amendment or the renewal that waits."""
    if request.status in (RequestStatus.SUBMITTED, RequestStatus.ASSESSED) or "amendment" in known:
        return {}
    waiting, renewal = list(request.amendments), request.extension
    if renewal is not None and renewal.submitted is not None:
        return {} if waiting else {"extension": "true"}
    return {"amendment": str(waiting[0])} if len(waiting) == 1 else {}


def amendments_about(request: Request, kind: type[Command], known: dict[str, str]) -> list[Amendment]:
    """Return the amendments that a command is about: the one that is known, else all that wait (E19)."""
    if kind not in OF_AMENDMENT:
        return []
    return [one for one in request.amendments.values() if known.get("amendment", "") in ("", str(one.number))]
