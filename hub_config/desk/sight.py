"""What a person sees and is offered, read from the permission table; no permission is written here a second time.

An area is open to whoever could give one of its commands. A command is offered where the permission table lets it pass
and, where nothing but a reason is left to fill in, where its handler would carry it out: a dry run of the pure core.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from typing import Any
from urllib.parse import urlencode

import msgspec

from access_policy.commands.base import Command, OfPerson, OfRequest, Refusal, RefusalCode, name_of
from access_policy.commands.licences import text_to_sign
from access_policy.handle import handle
from access_policy.model.enums import Party, RequestStatus
from access_policy.model.ids import CourseName, InstitutionName, PersonId
from access_policy.permissions import TABLE, Standing, authorise, standings_of
from access_policy.queues import GIVEN_BY
from access_policy.standing import investigates, signing_at
from access_policy.state import Request
from hub_config.desk.desk import PREFIX, NotYours, View
from hub_config.desk.kinds import kind_of, kinds
from hub_config.desk.words import DANGEROUS, command_label


class Area(StrEnum):
    """A part of the desk that is not for everybody."""

    PEOPLE = "people"
    COURSES = "courses"
    INSTITUTIONS = "institutions"
    VERIFYING = "verifying"
    PROPOSALS = "proposals"
    QUEUE = "queue"
    WORKSPACES = "workspaces"
    LOG = "log"


_PARTS = frozenset({Standing.HUB, Standing.DESK, Standing.WARDEN, Standing.INSTALLATION})
_RELATIONS = frozenset(
    {
        Standing.SELF, Standing.VERIFIER, Standing.APPLICANT, Standing.MEMBER, Standing.SIGNATORY,
        Standing.INVESTIGATOR,
    }
)  # fmt: skip
_APPLYING = frozenset({Standing.APPLICANT})
_READERS = frozenset({Standing.AUDITOR})
"""Who reads without a command of their own (S92)."""


def _givers(*names: str) -> frozenset[Standing]:
    everyone: frozenset[Standing] = frozenset().union(*(TABLE[command].standings for command in kinds(*names)))
    return everyone - _RELATIONS - _PARTS


AREAS: dict[Area, frozenset[Standing]] = {
    Area.PEOPLE: _givers("verify-person", "disable-person", "certify-person", "revoke-certification") | _READERS,
    Area.COURSES: _givers("register-course"),
    Area.INSTITUTIONS: _givers("register-institution", "record-agreement"),
    # who signs for an institution verifies its own people only; the page shows no others (S73)
    Area.VERIFYING: TABLE[kind_of("verify-person")].standings,
    Area.PROPOSALS: _givers("confirm-proposal", "drop-proposal"),
    # who answers, assesses, decides or signs; the page shows each their own tasks
    Area.QUEUE: frozenset().union(*(TABLE[of_task[0]].standings for of_task in GIVEN_BY.values())) - _APPLYING,
    Area.WORKSPACES: _givers("stop-workspace"),
    # no command reads the log: it is for those who answer for roles, and for auditors
    Area.LOG: _givers("end-role") | _READERS,
}
_DETAILS = _givers("verify-person", "disable-person") | TABLE[kind_of("verify-person")].standings
_JOINERS = _givers("link-identity", "join-identity")
_STEWARDS = _givers("register-dataset", "withdraw-dataset")
_CONFIRMERS = _givers("confirm-proposal")
_OF_REQUESTS = tuple(row for row in TABLE.values() if issubclass(row.command, OfRequest))

_WITH_BYTES = kinds("keep-file", "attach-file")
"""Commands that come with a file; `pages/files.py` gives them."""
COMMANDS: dict[str, type[Command]] = {
    name_of(kind): kind for kind, row in TABLE.items() if row.standings - _PARTS and kind not in _WITH_BYTES
}  # what a person can give at all by a form or by name


@dataclass(frozen=True)
class Offer:
    """A command that the visitor may give now, and the link to its form."""

    command: str
    label: str
    link: str
    dangerous: bool


def standings(view: View) -> frozenset[Standing]:
    """Return how the visitor stands in general; a trainer of one course counts as one, a signatory of anything, too."""
    courses: list[CourseName | None] = [None, *view.state.courses]
    probes = [_probe(kind_of("certify-person"), {"person": "", "course": course or ""}) for course in courses]
    signs = {Standing.SIGNATORY} if signing_at(view.state, view.visit.person, view.at) else set[Standing]()
    if investigates(view.state, view.visit.person, view.at):
        signs = {*signs, Standing.INVESTIGATOR}
    return frozenset(signs).union(*(standings_of(view.state, probe, view.actor, view.at) for probe in probes))


def areas(view: View) -> list[Area]:
    """Return the areas that are open to the visitor."""
    mine = standings(view)
    return [area for area, givers in AREAS.items() if givers & mine]


def need(view: View, area: Area) -> None:
    """Raise NotYours unless the area is open to the visitor (REQ-03)."""
    if area not in areas(view):
        raise NotYours


def sees_details(view: View, person: PersonId) -> bool:
    """Say whether the visitor sees a person's verification, factors and roles: their own, or as one who checks them."""
    mine = standings_of(view.state, OfPerson(person=person), view.actor, view.at)
    return bool(mine & (_DETAILS | {Standing.SELF, Standing.VERIFIER}))


def sees_person(view: View, person: PersonId) -> bool:
    """Say whether the visitor sees that a person exists."""
    return person in view.state.people and (Area.PEOPLE in areas(view) or sees_details(view, person))


def sees_all_datasets(view: View) -> bool:
    """Say whether the visitor sees datasets that are not offered, and where datasets lie (POL-09)."""
    return bool(standings(view) & _STEWARDS)


def sees_all_proposals(view: View) -> bool:
    """Say whether the visitor sees what others proposed, with its reasons; everybody sees their own (REQ-03)."""
    return bool(standings(view) & _CONFIRMERS)


def sees_logins(view: View) -> bool:
    """Say whether the visitor sees logins that belong to nobody, and joins them to people (S73, E24)."""
    return bool(standings(view) & _JOINERS)


def sees_request(view: View, request: Request) -> bool:
    """Say whether the visitor takes part in a request: by a role, as its applicant, or as a contact (REQ-03, S92)."""
    if view.actor.person in request.contacts and view.actor.person is not None:
        return True
    mine = standings_of(view.state, OfRequest(request=request.request), view.actor, view.at)
    draft = request.status is RequestStatus.DRAFT
    return bool(mine & _READERS) or any(
        row.standings & mine and (not draft or row.statuses is None or RequestStatus.DRAFT in row.statuses)
        for row in _OF_REQUESTS
    )


def stands(view: View, kind: type[Command], known: dict[str, Any]) -> bool:
    """Say whether the visitor stands so to what is known of a command that its form may be shown to them."""
    row = TABLE[kind]
    probes = _probes(view, kind, known)
    return any(row.standings & standings_of(view.state, probe, view.actor, view.at) for probe in probes)


def objection(view: View, kind: type[Command], known: dict[str, Any]) -> Refusal | None:
    """Say why the visitor could not give a command of which `known` is known, or None."""
    if any(issubclass(kind, of) and not known.get(name) for of, name in ((OfPerson, "person"), (OfRequest, "request"))):
        return None  # its form still has to say about whom or what
    refusals = [_objection(view, kind, known, probe) for probe in _probes(view, kind, known)]
    return None if None in refusals else refusals[0]


def _objection(view: View, kind: type[Command], known: dict[str, Any], probe: Command) -> Refusal | None:
    refusal = authorise(view.state, probe, view.actor, view.at)
    if refusal is not None or _open_fields(kind, known):
        return refusal
    outcome = handle(view.state, probe, view.actor, view.at)
    return outcome if isinstance(outcome, Refusal) and outcome.code not in _MENDABLE else None


_FREE_TEXT = ("reason", "assessment", "heard", "necessity")
_MENDABLE = (RefusalCode.NOT_ALLOWED_VALUE, RefusalCode.NOT_COMPLETE)


def _probes(view: View, kind: type[Command], known: dict[str, Any]) -> list[Command]:
    """Return the command as far as it is known; where its course is still to be chosen, once for each."""
    if "course" not in kind.__struct_fields__ or known.get("course"):
        return [_probe(kind, known)]
    return [_probe(kind, {**known, "course": course}) for course in ("", *view.state.courses)]


def _probe(kind: type[Command], known: dict[str, Any]) -> Command:
    fields = msgspec.structs.fields(kind)
    blank = {field.name: "-" if field.name in _FREE_TEXT else None for field in fields if field.required}
    given = {field.name: known[field.name] for field in fields if field.name in known}
    numbers = {field.name: _number(given[field.name]) for field in fields if field.name in given and field.type is int}
    return kind(**{**blank, **given, **numbers})


def _number(value: Any) -> int:
    """Return a number that may have come from an address; what is none names nothing."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _open_fields(kind: type[Command], known: dict[str, Any]) -> bool:
    required = {field.name for field in msgspec.structs.fields(kind) if field.required}
    return bool(required - known.keys() - set(_FREE_TEXT))


_UNDER_REVIEW = (RequestStatus.SUBMITTED, RequestStatus.ASSESSED)
_HAS_SENSE: dict[type[Command], Callable[[Request], bool]] = {
    kind_of("submit-extension"): lambda one: one.extension is not None and one.extension.submitted is None,
    kind_of("record-finding"): lambda one: (
        one.status in _UNDER_REVIEW or (one.extension is not None and one.extension.submitted is not None)
    ),
    kind_of("vote-on-request"): lambda one: (
        one.status in _UNDER_REVIEW
        or bool(one.amendments)
        or (one.extension is not None and one.extension.assessed is not None)
    ),
}
"""What a request has to be like for a button to have sense whose form has more than a reason to fill in."""


def _has_sense(view: View, kind: type[Command], known: dict[str, Any]) -> bool:
    request = view.state.requests.get(known.get("request", ""))
    return request is None or kind not in _HAS_SENSE or _HAS_SENSE[kind](request)


def offers(view: View, commands: Iterable[type[Command]], **known: Any) -> list[Offer]:
    """Return those of the commands that the visitor may give now about what is known."""
    sensible = [kind for kind in commands if kind not in _WITH_BYTES and _has_sense(view, kind, known)]
    return [offer(kind, **known) for kind in sensible if stands(view, kind, known) and not objection(view, kind, known)]


def offer(kind: type[Command], **known: Any) -> Offer:
    """Return the link to a command's form with what is known filled in."""
    name = name_of(kind)
    query = f"?{urlencode(known)}" if known else ""
    return Offer(name, command_label(name), f"{PREFIX}/do/{name}{query}", kind in DANGEROUS)


def party_offers(view: View, request: Request) -> list[Offer]:
    """Return the parties, of each organisation, for which the visitor may sign the licence now (S23, S68)."""
    signing, several = kinds("sign-licence"), len(request.entities) > 1
    found = []
    for party, name in product(Party, request.entities):
        known = {"request": request.request, "party": party.value} | ({"institution": name} if several else {})
        known |= _version_to_sign(view, request, name)
        words = f"for the {party}" + (f" of {name}" if several else "")
        found += [replace(one, label=f"{one.label} {words}") for one in offers(view, signing, **known)]
    return found


def _version_to_sign(view: View, request: Request, name: InstitutionName) -> dict[str, str]:
    """Return the text of the licence that an organisation has to sign now, so that it is the one that was read."""
    text = text_to_sign(view.state, request.entities[name], view.at)
    return {} if text is None else {"version": text.version, "language": text.language}


def offers_each(
    view: View, commands: Iterable[type[Command]], field: str, values: Iterable[Any], **known: Any
) -> dict[Any, list[Offer]]:
    """Return, for each value of a field, the commands that the visitor may give about it now."""
    chosen = tuple(commands)
    return {value: offers(view, chosen, **{**known, field: value}) for value in values}
