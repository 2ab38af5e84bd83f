"""A change of what was granted: further datasets or people, which the board decides (E18, E19)."""

from datetime import datetime

import msgspec

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Name, OfRequest, Outcome, PersonRef, Refusal, RefusalCode, Text
from access_policy.commands.conditions import grounds_missing, not_running
from access_policy.commands.independence import an_auditor_among, tie
from access_policy.commands.quorum import against, quorum_missing
from access_policy.commands.review import for_the_board
from access_policy.commands.sizes import too_many_contacts, too_many_datasets
from access_policy.model.enums import Regime
from access_policy.model.ids import DatasetName, PersonId
from access_policy.scenarios import facts_of, scenario_of
from access_policy.state import Amendment, Request, State

MOST_OPEN_AMENDMENTS = 5


class ProposeAmendment(OfRequest, frozen=True, kw_only=True):
    """Propose a change of the permit: further datasets or contacts. Until the board decides, the old version rules.

    `necessities` has one line for each dataset, in the order of `datasets`: why the research needs it.
    """

    reason: Text
    datasets: tuple[Name, ...] = ()
    necessities: Text | None = None
    contacts: tuple[PersonRef, ...] = ()


class ApproveAmendment(OfRequest, frozen=True, kw_only=True):
    """Approve an amendment: a new version of the permit."""

    amendment: int
    reason: Text


class RefuseAmendment(OfRequest, frozen=True, kw_only=True):
    """Refuse an amendment: the old version stands."""

    amendment: int
    reason: Text


def propose_amendment(state: State, c: ProposeAmendment, actor: Actor, at: datetime) -> Outcome:
    """E19, S3: what is offered and not granted yet, each with its own necessity, and who is no contact yet (S33).

    E13, E59, S60, S101: while each party's ground stands, as for the request itself. E58, S46: while the grant runs.
    REQ-14: bounded.
    """
    request = state.requests[c.request]
    datasets = tuple(DatasetName(name) for name in c.datasets)
    contacts = tuple(PersonId(person) for person in c.contacts)
    necessities = [line.strip() for line in (c.necessities or "").split("\n") if line.strip()]
    problem = _proposable(request, datasets, contacts) or _no_addition(state, request, datasets, contacts)
    problem = problem or _unexplained(datasets, necessities) or not_running(request, at)
    problem = problem or an_auditor_among(state, contacts, at) or grounds_missing(state, request, at, datasets)
    problem = problem or too_many_datasets(request, datasets) or too_many_contacts(request, contacts)
    return problem or (
        e.AmendmentProposed(
            request=c.request, amendment=request.last_amendment + 1, datasets=datasets, contacts=contacts,
            reason=c.reason, necessities="\n".join(necessities),
        ),
    )  # fmt: skip


def _unexplained(datasets: tuple[DatasetName, ...], necessities: list[str]) -> Refusal | None:
    """S3: as in the form, each dataset has its own necessity."""
    if len(necessities) == len(datasets):
        return None
    text = f"`{len(datasets)}` datasets are named; write as many lines in `necessities`, one for each in their order"
    return Refusal(RefusalCode.NOT_COMPLETE, text)


def _proposable(request: Request, datasets: tuple[DatasetName, ...], contacts: tuple[PersonId, ...]) -> Refusal | None:
    """E19, S31, S35: under the institute's own rules only the licensee asks for people, and by another command."""
    if for_the_board(request) is not None:
        return Refusal(RefusalCode.WRONG_STATE, "a clinical request is not amended; send in another one")
    if not datasets and not contacts:
        return Refusal(RefusalCode.NOT_COMPLETE, "an amendment names at least one dataset or one contact")
    if len({*datasets, *contacts}) != len(datasets) + len(contacts):
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "an amendment names each dataset and each contact once")
    if contacts and request.regime is not Regime.EHDS:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "the licensee's signatory asks for new contacts: `ask-contact`")
    if len(request.amendments) >= MOST_OPEN_AMENDMENTS:
        text = f"`{MOST_OPEN_AMENDMENTS}` amendments wait already; the board decides on one first"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return None


def _no_addition(
    state: State, request: Request, datasets: tuple[DatasetName, ...], contacts: tuple[PersonId, ...]
) -> Refusal | None:
    for name in datasets:
        if name in request.granted:
            return Refusal(RefusalCode.ALREADY_EXISTS, f"dataset `{name}` is granted already")
    for person in contacts:
        if person in request.contacts:
            return Refusal(RefusalCode.ALREADY_EXISTS, f"`{person}` is a download contact already")
    return _cannot_be_added(state, request, datasets, contacts)


def _cannot_be_added(
    state: State, request: Request, datasets: tuple[DatasetName, ...], contacts: tuple[PersonId, ...]
) -> Refusal | None:
    """REQ-10, POL-09: a dataset that is not offered looks like one that was never there. S33: who works there."""
    for name in datasets:
        dataset = state.datasets.get(name)
        if dataset is None or not dataset.open or request.route not in dataset.routes:
            return Refusal(RefusalCode.NOT_FOUND, f"no dataset named `{name}` is offered")
    for person in contacts:
        if person not in state.people or state.people[person].institution not in request.entities:
            return Refusal(RefusalCode.NOT_FOUND, f"`{person}` is nobody of the organisations of `{request.request}`")
    return _another_scenario(state, request, datasets)


def _another_scenario(state: State, request: Request, datasets: tuple[DatasetName, ...]) -> Refusal | None:
    """S5-S8: the scenario, and so what is found about a request, is that of the form that was approved.

    It is worked out of what stands in the form: an older log does not name it.
    """
    if not datasets or request.form is None:
        return None
    facts = facts_of(state, request, request.form)
    hospitals = tuple(frozenset(state.datasets[name].hospitals) for name in datasets)
    scenario = scenario_of(msgspec.structs.replace(facts, hospitals=(*facts.hospitals, *hospitals)))
    if scenario is scenario_of(facts):
        return None
    text = f"with these datasets `{request.request}` takes the scenario `{scenario}`; send in a new request for them"
    return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)


def approve_amendment(state: State, c: ApproveAmendment, actor: Actor, at: datetime) -> Outcome:
    """E18, E19, S20: by the board's quorum without a tie, while all that it adds can still be added (REQ-10).

    E19: and while none of it was added by another amendment, whose contacts keep what they were given.

    E13, E59, S60, S101: and while each party's ground stands. E58, S46: and while the grant runs.
    """
    request = state.requests[c.request]
    amendment = amendment_for(state, request, c.amendment, actor)
    if isinstance(amendment, Refusal):
        return amendment
    if _no_addition(state, request, amendment.datasets, amendment.contacts) is not None:
        text = f"what amendment `{c.amendment}` adds is there, not offered, works elsewhere or does not fit; refuse it"
        return Refusal(RefusalCode.CHANGED_MEANWHILE, text)
    problem = an_auditor_among(state, amendment.contacts, at) or not_running(request, at)
    problem = problem or grounds_missing(state, request, at, amendment.datasets)
    problem = problem or quorum_missing(state, request, amendment.votes, actor, at)
    return problem or (e.AmendmentApproved(request=c.request, amendment=c.amendment, reason=c.reason),)


def refuse_amendment(state: State, c: RefuseAmendment, actor: Actor, at: datetime) -> Outcome:
    """E19, S20: by the board's quorum; the old version stands."""
    request = state.requests[c.request]
    amendment = amendment_for(state, request, c.amendment, actor)
    if isinstance(amendment, Refusal):
        return amendment
    problem = quorum_missing(state, request, against(amendment.votes), actor, at)
    return problem or (e.AmendmentRefused(request=c.request, amendment=c.amendment, reason=c.reason),)


def amendment_for(state: State, request: Request, number: int, actor: Actor) -> Amendment | Refusal:
    """Return an amendment that waits, or why the actor does not decide on it (S20)."""
    amendment = request.amendments.get(number)
    if amendment is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no amendment `{number}` of `{request.request}` waits")
    if actor.person in (amendment.proposed_by, *amendment.contacts):
        return Refusal(RefusalCode.FOUR_EYES, "who proposed an amendment, or is added by it, does not decide on it")
    return tie(state, request, actor) or amendment
