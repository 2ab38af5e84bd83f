"""Cedar and Casbin, asked the same question over the same facts: a slice of one person, one request and one session.

The slice is made before the clock runs: what is timed is the engine. Cedar is timed twice: reading the slice and
deciding, and deciding alone on a slice that was read before. Neither says which of our reasons held, nor until when.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import casbin
import cedarpy

from access_policy.model.ids import CENTRE
from access_policy.rules import Query
from access_policy.state import Certification, Person, Request, State

NEVER = 2**53
Facts = dict[str, Any]


def facts_of(state: State, query: Query) -> Facts:
    """Return what the two engines decide on: plain values, looked up and counted, with no rule in them."""
    session = query.session
    assert session is not None
    about_session = {
        "session_ends": _number(session.ends), "session_begun": _number(session.begun),
        "factor": session.factor is not None, "inside": session.zone == "institute",
    }  # fmt: skip
    return (
        {"person": query.person, "request": query.request, "at": _number(query.at)}
        | _of_person(state, state.people.get(query.person))
        | _of_request(state, query, state.requests[query.request])
        | about_session
    )


def _of_person(state: State, person: Person | None) -> Facts:
    if person is None:
        return {"known": False} | dict.fromkeys(_PERSON_NUMBERS, 0) | dict.fromkeys(_PERSON_TRUTHS, False) | _NO_TEXTS
    institution = state.institutions[person.institution or CENTRE]
    agreement = institution.agreement
    certified = {
        course.course: one for course in state.required_courses if (one := person.certifications.get(course.course))
    }
    standing = [_standing(certifications) for certifications in certified.values()]
    return {
        "known": True,
        "disabled": person.disabled is not None,
        "void": _number(person.sessions_void) if person.sessions_void else 0,
        "centre": institution.centre,
        "agreement_begins": _number(agreement.begins) if agreement else NEVER,
        "agreement_ends": _number(agreement.ends) if agreement else 0,
        "email": person.email,
        "works_at_now": str(person.institution),
        "domain": person.email.rpartition("@")[2],
        "domains": sorted(institution.domains),
        "verified_until": _number(person.verification.until) if person.verification else 0,
        "confirmed": any(factor.confirmed for factor in person.factors.values()),
        "accepted": [str(kind) for kind in person.accepted],
        "texts": [str(kind) for kind in state.documents if not kind.startswith("licence")],
        "required": [str(course.course) for course in state.required_courses],
        "passed": [str(course) for course in certified],
        "trained_until": min((_number(one.ends) if one else 0 for one in standing), default=0),
    }


_PERSON_NUMBERS = ("void", "agreement_begins", "agreement_ends", "verified_until", "trained_until")
_PERSON_TRUTHS = ("disabled", "centre", "confirmed")
_NO_TEXTS: Facts = {
    "email": "", "domain": "", "domains": [], "required": [], "passed": [], "accepted": [], "texts": [],
    "works_at_now": "",
}  # fmt: skip


def _standing(certifications: list[Certification]) -> Certification | None:
    standing = [one for one in certifications if one.revoked is None]
    return max(standing, key=lambda one: one.ends) if standing else None


def _of_request(state: State, query: Query, request: Request) -> Facts:
    opening = [one for name in request.datasets if (one := state.datasets[name]).attested and one.withdrawn is None]
    contact = request.contacts.get(query.person)
    entities = [request.entities[contact.institution]] if contact and contact.institution in request.entities else []
    return {
        "status": str(request.status),
        "contacts": [str(person) for person in request.contacts],
        "form_email": request.contacts[query.person].email if query.person in request.contacts else "",
        "signers": len({one.person for entity in entities for one in entity.signatures.values()}),
        "works_at": str(contact.institution) if contact is not None else "",
        "suspended": request.suspended is not None,
        "available": request.available is not None,
        "begins": _number(request.term.begins) if request.term else 0,
        "ends": _number(request.term.ends) if request.term else 0,
        "open": [str(one.dataset) for one in opening],
        "restricted": all(one.zone == "institute" for one in opening),
    }


def _number(instant: datetime) -> int:
    return int(instant.timestamp() * 1_000_000)


_CONDITIONS = {
    "person_disabled": "principal.known && !principal.disabled",
    "institution_not_trusted": "principal.centre || (principal.agreement_begins <= context.at"
    " && context.at < principal.agreement_ends)",
    "email_not_institutional": "principal.domains.contains(principal.domain)",
    "verification": "context.at < principal.verified_until",
    "factor": "principal.confirmed",
    "training_missing": "!principal.required.isEmpty() && principal.passed.containsAll(principal.required)",
    "training_expired": "context.at < principal.trained_until",
    "request": 'resource.status == "active" || resource.status == "licensed" || resource.status == "approved"',
    "not_accepted": "principal.accepted.containsAll(principal.texts)",
    "request_suspended": "!resource.suspended",
    "contact_moved": "resource.works_at == principal.works_at_now",
    "not_a_contact": "resource.contacts.contains(principal.id)",
    "contact_email_differs": "resource.form_email == principal.email",
    "licence_not_signed": "resource.signers == 3",
    "not_made_available": "resource.available",
    "term_not_begun": "resource.begins <= context.at",
    "term_over": "context.at < resource.ends",
    "no_dataset_open": "!resource.open.isEmpty()",
    "session_over": "context.at < context.session_ends",
    "session_void": "principal.void < context.session_begun",
    "session_without_factor": "context.factor",
    "zone": "!resource.restricted || context.inside",
}
_PERSON_KEYS = (*_PERSON_NUMBERS, *_PERSON_TRUTHS, *_NO_TEXTS, "known")
_REQUEST_KEYS = (
    "status", "contacts", "form_email", "signers", "available", "begins", "ends", "open", "restricted", "works_at",
    "suspended",
)  # fmt: skip
_CONTEXT_KEYS = ("at", "session_ends", "session_begun", "factor", "inside")


class Cedar:
    """Cedar through `cedarpy`: one permit, and a forbid for each condition; the policies are read once."""

    def __init__(self) -> None:
        forbids = "\n".join(
            f'@id("{code}") forbid (principal, action, resource) unless {{ {condition} }};'
            for code, condition in _CONDITIONS.items()
        )
        self._policies = cedarpy.PolicySet.from_str(f"permit (principal, action, resource);\n{forbids}")

    def slice_of(self, facts: Facts) -> tuple[dict[str, Any], str]:
        """Return a request and its two entities, as JSON."""
        person = {key: facts[key] for key in _PERSON_KEYS} | {"id": facts["person"]}
        request = {key: facts[key] for key in _REQUEST_KEYS}
        entities = [
            {"uid": {"type": "Person", "id": facts["person"]}, "attrs": person, "parents": []},
            {"uid": {"type": "Request", "id": facts["request"]}, "attrs": request, "parents": []},
        ]
        question = {
            "principal": f'Person::"{facts["person"]}"', "action": 'Action::"open_workspace"',
            "resource": f'Request::"{facts["request"]}"',
            "context": json.dumps({key: facts[key] for key in _CONTEXT_KEYS}),
        }  # fmt: skip
        return question, json.dumps(entities)

    def read(self, entities: str) -> Any:
        """Return entities that need no reading again."""
        return cedarpy.Entities.from_json_str(entities)

    def allows(self, question: dict[str, Any], entities: Any) -> bool:
        """Ask Cedar."""
        return bool(cedarpy.is_authorized(question, self._policies, entities).allowed)


_MODEL = """
[request_definition]
r = sub, obj, act, env
[policy_definition]
p = act
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = {matcher}
"""
_FOR_CASBIN = {
    "not_a_contact": "g(r.sub.id, r.obj.id)",
    "email_not_institutional": "r.sub.domain in r.sub.domains",
    "not_accepted": "contains_all(r.sub.accepted, r.sub.texts)",
    "training_missing": "some(r.sub.required) && contains_all(r.sub.passed, r.sub.required)",
    "no_dataset_open": "some(r.obj.open)",
}


class Casbin:
    """Casbin through `pycasbin`: contacts as roles (RBAC), everything else as attributes of the two (ABAC).

    It is given the contacts of the requests that are asked about only: adding all of them takes minutes at ten times
    the size, for each one is looked for in the list of those before.
    """

    def __init__(self, requests: Iterable[Request]) -> None:
        conditions = (_FOR_CASBIN.get(code, _for_casbin(condition)) for code, condition in _CONDITIONS.items())
        matcher = " && ".join(("r.act == p.act", *(f"({condition})" for condition in conditions)))
        model = casbin.Model()
        model.load_model_from_text(_MODEL.format(matcher=matcher))
        self._enforcer = casbin.Enforcer(model)
        self._enforcer.add_function("some", bool)
        self._enforcer.add_function("contains_all", lambda have, need: set(need) <= set(have))
        self._enforcer.add_policy("open_workspace")
        contacts = [[str(who), str(one.request)] for one in requests for who in one.contacts]
        self._enforcer.add_grouping_policies(contacts)

    def slice_of(self, facts: Facts) -> tuple[SimpleNamespace, SimpleNamespace, str, SimpleNamespace]:
        """Return the arguments of `enforce`."""
        person = SimpleNamespace(id=facts["person"], **{key: facts[key] for key in _PERSON_KEYS})
        request = SimpleNamespace(id=facts["request"], **{key: facts[key] for key in _REQUEST_KEYS})
        return person, request, "open_workspace", SimpleNamespace(**{key: facts[key] for key in _CONTEXT_KEYS})

    def allows(self, arguments: tuple[Any, ...]) -> bool:
        """Ask Casbin."""
        return bool(self._enforcer.enforce(*arguments))


def _for_casbin(condition: str) -> str:
    for name, short in (("principal.", "r.sub."), ("resource.", "r.obj."), ("context.", "r.env.")):
        condition = condition.replace(name, short)
    return condition
