"""What a field of a form may name, where that is short enough to choose from. It offers; the handlers decide."""

from collections.abc import Callable, Iterable
from typing import Any

from access_policy.commands.base import Command, OfRequest, name_of
from access_policy.model.ids import PersonId, RequestId
from access_policy.state import Request, State
from hub_config.desk.desk import View
from hub_config.desk.kinds import kind_of, kinds
from hub_config.desk.presets import SIGNING, parties_for
from hub_config.desk.words import FACTORS, instant

Options = tuple[tuple[str, str], ...]
_MOST = 500
_COLLEAGUES = kinds("name-contact", "ask-contact", "describe-request")
_ANY_INSTITUTION = kinds("name-entity", "answer-intake")
IN_PART = kinds("approve-request")
"""Commands that grant all datasets of a request, or those that are ticked (S3)."""
_MADE_BY = {"provider": "trust-provider"}
_EVERY_DATASET = kinds(
    "release-version", "record-consent-withdrawal", "record-opt-out", "reverse-opt-out", "hand-over-dataset"
)


def choices(view: View, kind: type[Command], name: str, values: dict[str, str]) -> Options:
    """Return what the field `name` of a command may name, with what people read; nothing where it is free."""
    if name_of(kind) == _MADE_BY.get(name, f"register-{name}"):
        return ()
    if name in ("person", "physician_person"):
        found = _colleagues(view, values) if kind in _COLLEAGUES else ()
    elif name == "party" and kind is SIGNING:
        found = _parties(view, values)
    elif name == "factors":
        found = tuple(_factors(view, values))
    elif name == "dataset" or (name == "datasets" and kind in IN_PART):
        found = tuple(_datasets(view, kind, values))
    elif name == "institution" and issubclass(kind, OfRequest) and kind not in _ANY_INSTITUTION:
        found = _entities(view, values)
    else:
        found = _things(view.state, name)
    return tuple(sorted(found)) if len(found) <= _MOST else ()


_LISTED: dict[str, Callable[[State], Iterable[tuple[str, str]]]] = {
    "course": lambda state: ((one.course, one.title) for one in state.courses.values()),
    "study": lambda state: ((one.study, one.title) for one in state.studies.values()),
    "provider": lambda state: ((one.provider, one.name) for one in state.providers.values()),
    "institution": lambda state: ((one.institution, one.name) for one in state.institutions.values()),
    "physician_institution": lambda state: ((one.institution, one.name) for one in state.institutions.values()),
    "hospital": lambda state: ((one.institution, one.name) for one in state.institutions.values()),
}


def _things(state: State, name: str) -> Options:
    return tuple(_LISTED[name](state)) if name in _LISTED else ()


def _request(view: View, values: dict[str, str]) -> Request | None:
    return view.state.requests.get(RequestId(values.get("request", "")))


def _colleagues(view: View, values: dict[str, str]) -> Options:
    """Return the people of the visitor's own institution, where it takes part in the request (S33)."""
    request, mine = _request(view, values), view.me.institution
    if request is None or mine is None or mine not in request.entities:
        return ()
    people = view.state.people.values()
    return tuple((one.person, f"{one.name} ({one.person})") for one in people if one.institution == mine)


def _entities(view: View, values: dict[str, str]) -> Options:
    request, known = _request(view, values), view.state.institutions
    names = request.entities if request is not None else ()
    return tuple((name, known[name].name) for name in names if name in known)


def _factors(view: View, values: dict[str, str]) -> Iterable[tuple[str, str]]:
    """Return the second factors of the person that a form is about (S76)."""
    person = view.state.people.get(PersonId(values.get("person", "")))
    for name, one in person.factors.items() if person is not None else ():
        counts = "it counts already" if one.confirmed is not None else "it does not count yet"
        yield name, f"{FACTORS[one.kind]}, enrolled {instant(one.enrolled)}; {counts}"


def _parties(view: View, values: dict[str, str]) -> Options:
    """Return the parties that the visitor stands for (S23)."""
    request = _request(view, values)
    names = request.entities if request is not None else ()
    parties = {party for name in names if request is not None for party in parties_for(view, request, name)}
    return tuple((party.value, party.value) for party in parties)


def _datasets(view: View, kind: type[Command], values: dict[str, str]) -> Iterable[tuple[str, str]]:
    request = _request(view, values)
    for one in view.state.datasets.values():
        if _fits(kind, request, one):
            yield one.dataset, f"{one.dataset}: {one.title}"


def _fits(kind: type[Command], request: Request | None, dataset: Any) -> bool:
    if issubclass(kind, OfRequest) and kind is not kind_of("request-dataset"):
        return request is not None and dataset.dataset in request.datasets
    if kind in _EVERY_DATASET:
        return True
    return bool(dataset.open) != (kind is kind_of("reopen-dataset"))
