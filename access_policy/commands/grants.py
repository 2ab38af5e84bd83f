"""What follows from an approved request: extracts, data made available, the grant suspended, reinstated, ended."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Digest, Line, Name, OfRequest, Outcome, Refusal, RefusalCode, Text
from access_policy.commands.conditions import account_missing, grounds_missing, licences_missing, not_running
from access_policy.commands.data import files_problem, not_attested
from access_policy.commands.independence import too_close_to_hand_out
from access_policy.commands.old_files import used_before
from access_policy.model.enums import Role
from access_policy.model.ids import DatasetName, PersonId
from access_policy.standing import acts_as, signs_for
from access_policy.state import Dataset, Files, Request, State


class PrepareExtract(OfRequest, frozen=True, kw_only=True):
    """Record an extract of a dataset's version in force for this one request: some patients."""

    dataset: Name
    location: Line
    manifest: Digest
    patients: Annotated[int, Meta(ge=1)]
    attested: bool


class MakeAvailable(OfRequest, frozen=True, kw_only=True):
    """Make the granted data available to the download contacts."""


class SuspendRequest(OfRequest, frozen=True, kw_only=True):
    """Suspend a grant while something is looked into: its workspaces end."""

    reason: Text


class ReinstateRequest(OfRequest, frozen=True, kw_only=True):
    """Let a suspended grant hold again."""

    reason: Text


class EndRequest(OfRequest, frozen=True, kw_only=True):
    """End an approved request at once: no grant follows from it any more, and its workspaces end."""

    reason: Text


def prepare_extract(state: State, c: PrepareExtract, actor: Actor, at: datetime) -> Outcome:
    """S3, S75, S83: of a granted dataset, in the version in force, attested, in a folder of its own (REQ-10, S99)."""
    request, name = state.requests[c.request], DatasetName(c.dataset)
    dataset = state.datasets.get(name)
    if dataset is None or name not in request.granted:
        return Refusal(RefusalCode.NOT_FOUND, f"no dataset named `{c.dataset}` is granted by `{c.request}`")
    if not dataset.open:
        return Refusal(RefusalCode.WRONG_STATE, f"dataset `{c.dataset}` is not offered now")
    files = Files(name, c.request, dataset.version, c.location, c.manifest)
    problem = _not_theirs(state, request, actor) or files_problem(state, c.dataset, c.location, c.manifest)
    problem = problem or not_attested(c.attested) or _no_folder_of_its_own(state, c, dataset)
    problem = problem or used_before(state, files)
    if problem is not None:
        return problem
    if _prepared(request, c, dataset):
        return Refusal(RefusalCode.ALREADY_EXISTS, f"this extract of `{c.dataset}` is recorded already")
    return (
        e.ExtractPrepared(
            request=c.request, dataset=name, version=dataset.version, location=c.location, manifest=c.manifest,
            patients=c.patients, attested=True,
        ),
    )  # fmt: skip


def _no_folder_of_its_own(state: State, c: PrepareExtract, dataset: Dataset) -> Refusal | None:
    """S3, S75: an extract is neither the whole dataset nor in reach of another request."""
    elsewhere = [
        extract.location
        for other in state.requests.values()
        for name, extract in other.extracts.items()
        if (other.request, name) != (c.request, c.dataset)
    ]
    holds = _within(dataset.location, c.location)
    if not holds and not any(_within(c.location, one) or _within(one, c.location) for one in elsewhere):
        return None
    text = f"location `{c.location}` holds the whole dataset, or overlaps another extract; take a folder of its own"
    return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)


def _within(one: str, other: str) -> bool:
    return f"{one}/".startswith(f"{other}/")


def _prepared(request: Request, c: PrepareExtract, dataset: Dataset) -> bool:
    there = request.extracts.get(dataset.dataset)
    wanted = (dataset.version, c.location, c.manifest, c.patients)
    return there is not None and wanted == (there.version, there.location, there.manifest, there.patients)


def make_available(state: State, c: MakeAvailable, actor: Actor, at: datetime) -> Outcome:
    """S26, S52, S100: after all conditions of the route hold; what is ready and was not made available before.

    S27, S38: the first time to the contacts with a valid account and a second factor; the others have their own step.
    """
    request = state.requests[c.request]
    fresh = [name for name in request.granted if name not in request.available_datasets]
    if not fresh:
        return Refusal(RefusalCode.WRONG_STATE, f"everything of `{c.request}` is available already")
    ready = tuple(name for name in fresh if _is_ready(state, request, name))
    if not ready:
        text = f"no dataset of `{c.request}` is offered now with an extract of its newest version; prepare one"
        return Refusal(RefusalCode.WRONG_STATE, text)
    problem = not_to_be_handed_out(state, request, actor, at)
    if problem is not None:
        return problem
    reached = None if request.available is not None else _reached(state, request, at)
    if isinstance(reached, Refusal):
        return reached
    return (e.RequestMadeAvailable(request=c.request, datasets=ready, contacts=reached),)


def _is_ready(state: State, request: Request, name: DatasetName) -> bool:
    """S3, S52: offered, and its extract, where there is one, is of the version in force."""
    dataset, extract = state.datasets.get(name), request.extracts.get(name)
    return dataset is not None and dataset.open and (extract is None or extract.version == dataset.version)


def _reached(state: State, request: Request, at: datetime) -> tuple[PersonId, ...] | Refusal:
    """S27, S38: the contacts who lack nothing; where everybody lacks something, what the first one does."""
    lacking = {person: account_missing(state, request, person, at) for person in request.contacts}
    ready = tuple(person for person, problem in lacking.items() if problem is None)
    text = f"`{request.request}` has no download contact; it gets one first"
    return ready or next((one for one in lacking.values() if one is not None), Refusal(RefusalCode.NOT_COMPLETE, text))


def not_to_be_handed_out(state: State, request: Request, actor: Actor, at: datetime) -> Refusal | None:
    """Refuse to hand data out, to all contacts or to a new one, while a condition of the route is open.

    E11, S20: by who reviewed it or has a tie. E58, S46: while it rests, or once it is over. S26: without all
    signatures. S60, E59: grounds.
    """
    problem = _not_theirs(state, request, actor) or not_running(request, at)
    return problem or licences_missing(state, request, at) or grounds_missing(state, request, at)


def _not_theirs(state: State, request: Request, actor: Actor) -> Refusal | None:
    """E11, S20: who assessed, found, voted or decided on a request or a change of it, or has a tie, hands nothing out.

    Nor do they prepare data of it.
    """
    decided = actor.person in {request.assessed_by, *request.deciders}
    if not decided and not too_close_to_hand_out(state, request, actor.person):
        return None
    text = f"who reviewed `{request.request}` or has a tie to it hands out no data for it; ask another person"
    return Refusal(RefusalCode.FOUR_EYES, text)


def suspend_request(state: State, c: SuspendRequest, actor: Actor, at: datetime) -> Outcome:
    """E58, S94: at once, with the reason; a grant rests once at a time."""
    if state.requests[c.request].suspended is not None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.request}` is suspended already")
    return (e.RequestSuspended(request=c.request, reason=c.reason),)


def reinstate_request(state: State, c: ReinstateRequest, actor: Actor, at: datetime) -> Outcome:
    """E58: only what is suspended is reinstated; what is over has to be asked for anew."""
    if state.requests[c.request].suspended is None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.request}` is not suspended")
    return (e.RequestReinstated(request=c.request, reason=c.reason),)


def end_request(state: State, c: EndRequest, actor: Actor, at: datetime) -> Outcome:
    """S94: the centre, or the licensee, ends it at once. S68: another organisation of it only takes its own out."""
    request = state.requests[c.request]
    runs_it = any(acts_as(state, actor.person, role, at) for role in (Role.ADMIN, Role.REPRESENTATIVE))
    if not runs_it and request.institution not in signs_for(state, request, actor.person, at):
        text = f"the licensee of `{c.request}` ends it; take the contacts of your own organisation out"
        return Refusal(RefusalCode.NOT_PERMITTED, text)
    return (e.RequestEnded(request=c.request, reason=c.reason),)
