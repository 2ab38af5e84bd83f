"""What follows from an approved request: extracts, data made available, the grant suspended, reinstated, ended."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Digest, Line, Name, OfRequest, Outcome, Refusal, RefusalCode, Text
from access_policy.commands.conditions import grounds_missing, licences_missing
from access_policy.commands.data import files_problem
from access_policy.commands.old_files import used_before
from access_policy.model.enums import Role
from access_policy.model.ids import DatasetName
from access_policy.standing import acts_as, signs_for
from access_policy.state import Dataset, Files, Request, State


class PrepareExtract(OfRequest, frozen=True, kw_only=True):
    """Record an extract of a dataset's version in force for this one request: some patients."""

    dataset: Name
    location: Line
    manifest: Digest
    patients: Annotated[int, Meta(ge=1)]


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
    """S3, S75: of a granted dataset, in the version in force, in a folder of its own (REQ-10, S99)."""
    request, name = state.requests[c.request], DatasetName(c.dataset)
    dataset = state.datasets.get(name)
    if dataset is None or name not in request.granted:
        return Refusal(RefusalCode.NOT_FOUND, f"no dataset named `{c.dataset}` is granted by `{c.request}`")
    if not dataset.open:
        return Refusal(RefusalCode.WRONG_STATE, f"dataset `{c.dataset}` is not offered now")
    files = Files(name, c.request, dataset.version, c.location, c.manifest)
    problem = _decided(request, actor) or files_problem(state, c.dataset, c.location, c.manifest)
    problem = problem or _no_folder_of_its_own(state, c, dataset)
    problem = problem or used_before(state, files)
    if problem is not None:
        return problem
    if _prepared(request, c, dataset):
        return Refusal(RefusalCode.ALREADY_EXISTS, f"this extract of `{c.dataset}` is recorded already")
    return (
        e.ExtractPrepared(
            request=c.request, dataset=name, version=dataset.version, location=c.location, manifest=c.manifest,
            patients=c.patients,
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
    """S26, S52, S100: after all conditions of the route hold; what is offered and was not made available before."""
    request = state.requests[c.request]
    fresh = [name for name in request.granted if name not in request.available_datasets]
    if not fresh:
        return Refusal(RefusalCode.WRONG_STATE, f"everything of `{c.request}` is available already")
    offered = tuple(name for name in fresh if name in state.datasets and state.datasets[name].open)
    if not offered:
        return Refusal(RefusalCode.WRONG_STATE, f"no dataset of `{c.request}` is offered now")
    if request.suspended is not None:
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.request}` is suspended; it is reinstated or ended first")
    if request.term is not None and at >= request.term.ends:
        return Refusal(RefusalCode.WRONG_STATE, f"the term of `{c.request}` is over; it has to be asked for anew")
    problem = _decided(request, actor) or licences_missing(state, request, at) or grounds_missing(state, request, at)
    return problem or (e.RequestMadeAvailable(request=c.request, datasets=offered),)


def _decided(request: Request, actor: Actor) -> Refusal | None:
    """E11: who assessed the request, or decided on it, prepares no data for it and hands none out."""
    if actor.person not in {request.decided_by, request.assessed_by, *request.investigators.values()}:
        return None
    text = f"who assessed `{request.request}` or decided on it hands out no data for it; ask another person"
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
