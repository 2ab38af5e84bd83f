"""How questions and answers look on the wire (AuthZEN 1.0, sections 5 to 8): read strictly, unknown fields ignored.

Whatever lacks a field or has one of another type is unreadable, with one line that says what; nothing is guessed.
"""

from collections.abc import Mapping
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
from msgspec import Meta

from access_policy.decision import as_json
from access_policy.evaluation import Answer, Asked

MOST_EVALUATIONS = 100
MOST_RESULTS = 100
_Word = Annotated[str, Meta(min_length=1, max_length=200)]
_Properties = dict[str, Any]
T = TypeVar("T", bound=msgspec.Struct)


class Unreadable(Exception):
    """A question that cannot be read; the text says in one line what to mend."""


class Entity(msgspec.Struct, frozen=True):
    """A subject or a resource, as far as it is given: what has to be there is asked for where it is needed."""

    type: _Word | None = None
    id: _Word | None = None
    properties: _Properties = {}


class Named(msgspec.Struct, frozen=True):
    """An action."""

    name: _Word | None = None
    properties: _Properties = {}


class Page(msgspec.Struct, frozen=True):
    """Which part of the results is wanted: `token` is the last one of the page before."""

    token: Annotated[str, Meta(max_length=200)] = ""
    limit: Annotated[int, Meta(ge=1)] = MOST_RESULTS


class Question(msgspec.Struct, frozen=True):
    """One question, or what an evaluation of a batch leaves to its head."""

    subject: Entity | None = None
    action: Named | None = None
    resource: Entity | None = None
    context: _Properties | None = None


class Options(msgspec.Struct, frozen=True):
    """How a batch is gone through (section 7.1.2)."""

    evaluations_semantic: str = "execute_all"


class Batch(Question, frozen=True):
    """Several questions; what stands at the head counts where one of them says nothing."""

    evaluations: Annotated[list[msgspec.Raw], Meta(max_length=MOST_EVALUATIONS)] = []
    options: Options = Options()


class Search(Question, frozen=True):
    """A question with one thing left open."""

    page: Page = Page()


def read(kind: type[T], body: bytes | msgspec.Raw) -> T:
    """Read a message. Raises Unreadable."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(f"the message is no question: {str(error)[:200]}") from None


def merged(head: Question, one: Question) -> Question:
    """Return a question of a batch with what its head says (section 7.1.1): an entity is taken as a whole, but for a
    type, id or name that it lacks."""
    return Question(
        subject=_entity(head.subject, one.subject), action=_named(head.action, one.action),
        resource=_entity(head.resource, one.resource), context=head.context if one.context is None else one.context,
    )  # fmt: skip


def _entity(head: Entity | None, one: Entity | None) -> Entity | None:
    if one is None or head is None:
        return one or head
    return Entity(one.type or head.type, one.id or head.id, one.properties)


def _named(head: Named | None, one: Named | None) -> Named | None:
    if one is None or head is None:
        return one or head
    return Named(one.name or head.name, one.properties)


def asked(question: Question, left_out: str = "") -> Asked:
    """Return what is asked; `left_out` is what a search leaves open. Raises Unreadable where anything else lacks."""
    subject, resource = question.subject or _lacks("subject"), question.resource or _lacks("resource")
    action = "" if left_out == "action" else (question.action or _lacks("action")).name or _lacks("action.name")
    context = question.context or {}
    return Asked(
        subject_type=subject.type or _lacks("subject.type"),
        subject=_id(subject, "subject", left_out),
        action=action,
        resource_type=resource.type or _lacks("resource.type"),
        resource=_id(resource, "resource", left_out),
        request=_text(resource.properties, "request"),
        zone=_text(context, "zone"),
    )


def _id(entity: Entity, name: str, left_out: str) -> str:
    return "" if left_out == name else entity.id or _lacks(f"{name}.id")


def _text(values: Mapping[str, Any], name: str) -> str:
    found = values.get(name, "")
    return found if isinstance(found, str) else ""


def _lacks(name: str) -> NoReturn:
    raise Unreadable(f"`{name}` is missing")


def written(answer: Answer, *, whole: bool) -> dict[str, Any]:
    """Return an answer: the codes of what fails, and where the caller may read them whole reasons and the steps."""
    if answer.allowed and not whole:
        return {"decision": True}
    context: dict[str, Any] = {} if answer.allowed else {"reason_codes": list(answer.codes)}
    if whole and answer.decision is not None:
        told = as_json(answer.decision)
        context |= {name: told[name] for name in ("reasons", "until", "at", "seq", "rules")}
    return {"decision": answer.allowed, "context": context}


def failed(text: str) -> dict[str, Any]:
    """Return what stands in a batch for a question that cannot be read (section 7.2.1)."""
    return {"decision": False, "context": {"error": {"status": 400, "message": text}}}
