"""Steps of a grant: signed, made available, changed, ended; and its workspaces."""

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from access_policy import events as e
from access_policy.model import enums as m
from access_policy.model.ids import DatasetName, InstitutionName, PersonId, RequestId
from tests.oracle import conditions, law
from tests.oracle import history as h
from tests.oracle import holdings as d
from tests.oracle.request_steps import clauses_for, decide_request, entities_of, fill_in, live_requests
from tests.oracle.walking import PEOPLE, Event, Pick, datasets_of, record, requests_of, version_of
from tests.unit.access_policy import world as w
from tests.unit.access_policy.world import DAY, DIGEST, World

SIGNERS = {m.Party.RESEARCHER: w.RESEARCHER, m.Party.LICENSEE: w.SIGNATORY, m.Party.REPRESENTATIVE: w.REPRESENTATIVE}


def sign(world: World, pick: Pick) -> list[Event]:
    """One party of an entity signs, or all three."""
    live = [one for one in live_requests(world) if h.route_of(world.facts, one) is m.Route.DATA_ACCESS]
    if not live:
        return []
    request = pick(live)
    institution = pick(entities_of(world, request))
    licence = law.licence_that_binds(world.facts, request, institution, world.at)
    parties = pick([list(SIGNERS), list(SIGNERS), list(SIGNERS)[:1], list(SIGNERS)[1:]])
    return signatures(world, request, institution, licence, parties)


def signatures(
    world: World, request: RequestId, institution: InstitutionName, licence: m.DocumentKind, parties: Sequence[m.Party]
) -> list[Event]:
    """Return the signatures of parties under the newest version of a licence."""
    version = version_of(world, licence)
    return [
        e.LicenceSigned(
            request=request, institution=institution, party=party, person=SIGNERS[party], licence=licence,
            version=version, digest=DIGEST,
        )
        for party in parties
    ]  # fmt: skip


def settle(world: World, pick: Pick) -> list[Event]:
    """All that an approved request waits for is done: grounds, signatures, availability; or one is forgotten."""
    waiting = [one for one in live_requests(world) if not h.told(world.facts, e.RequestMadeAvailable, request=one)]
    if not waiting:
        return []
    request, forgotten = pick(waiting), pick(["nothing", "nothing", "nothing", "ground", "signature", "availability"])
    events: list[Event] = []
    for institution in entities_of(world, request):
        if forgotten != "ground":
            events.append(clauses_for(request, institution, world.at - DAY))
        parties = list(SIGNERS)[1:] if forgotten == "signature" else list(SIGNERS)
        licence = law.licence_that_binds(world.facts, request, institution, world.at)
        events += signatures(world, request, institution, licence, parties)
    if h.route_of(world.facts, request) is m.Route.CLINICAL:
        events = [one for one in events if not isinstance(one, e.LicenceSigned)]
    if forgotten != "availability":
        events.append(
            e.RequestMadeAvailable(request=request, contacts=pick([None, None, _contacts(world, request)[1:]]))
        )
    return events


def _contacts(world: World, request: RequestId) -> tuple[PersonId, ...]:
    return tuple(one for one in PEOPLE if d.contact_of(world.facts, request, one) is not None)


def whole_request(world: World, pick: Pick) -> list[Event]:
    """A request goes all its way, or as far as somebody does not stop it."""
    for step in (fill_in, decide_request):
        record(world, step(world, pick))
    return settle(world, pick)


def make_available(world: World, pick: Pick) -> list[Event]:
    """What was granted is made available, all of it or what is new."""
    live = live_requests(world)
    if not live:
        return []
    request = pick(live)
    granted, there = d.granted_datasets(world.facts, request), d.available_datasets(world.facts, request)
    fresh = tuple(DatasetName(one) for one in sorted(granted - there))
    return [e.RequestMadeAvailable(request=request, datasets=pick([None, fresh]))] if fresh else []


def prepare(world: World, pick: Pick) -> list[Event]:
    """An extract of a granted dataset is prepared from the version in force."""
    live = live_requests(world)
    granted = sorted(d.granted_datasets(world.facts, request := pick(live))) if live else []
    if not granted:
        return []
    name = DatasetName(pick(granted))
    return [extract(request, name, d.version_of(world.facts, name))]


def extract(request: RequestId, name: DatasetName, version: str) -> e.ExtractPrepared:
    """Return an extract for a request from a version of a dataset."""
    return e.ExtractPrepared(request=request, dataset=name, version=version, location="x", manifest=DIGEST, patients=9)


def add_contact(world: World, pick: Pick) -> list[Event]:
    """A new contact is asked for, checked, and made available: one step, two or three."""
    live, who = live_requests(world), pick(PEOPLE)
    here = [one for one in live if h.institution_of(world.facts, who) in entities_of(world, one)]
    new = [one for one in here if d.contact_of(world.facts, one, who) is None]
    if not new:
        return []
    request, email = pick(new), h.email_of(world.facts, who)
    steps: list[Event] = [
        e.ContactAsked(request=request, person=who, name="N", position="PhD", email=email),
        e.ContactChecked(request=request, person=who),
    ]
    if h.told(world.facts, e.RequestMadeAvailable, request=request):
        steps.append(e.ContactMadeAvailable(request=request, person=who))
    return steps[: pick([1, 2, 3, 3])]


def make_available_to_contact(world: World, pick: Pick) -> list[Event]:
    """A contact who came later gets the data."""
    pairs = [(one, who) for one in requests_of(world) for who in PEOPLE if _waits_for_data(world, one, who)]
    if not pairs:
        return []
    request, who = pick(pairs)
    return [e.ContactMadeAvailable(request=request, person=who)]


def _waits_for_data(world: World, request: RequestId, who: PersonId) -> bool:
    available = h.told(world.facts, e.RequestMadeAvailable, request=request)
    return bool(available) and d.contact_of(world.facts, request, who) is not None


def remove_contact(world: World, pick: Pick) -> list[Event]:
    """A contact is removed."""
    request, who = pick(requests_of(world)), pick(PEOPLE)
    is_one = d.contact_of(world.facts, request, who) is not None
    return [e.ContactRemoved(request=request, person=who)] if is_one else []


def amend(world: World, pick: Pick) -> list[Event]:
    """A permit is amended by data and people; or the amendment waits, or is refused."""
    live = live_requests(world)
    if not live:
        return []
    request, data = pick(live), pick([(), (pick(datasets_of(world)),)])
    here = [one for one in PEOPLE if h.institution_of(world.facts, one) in entities_of(world, request)]
    people = pick([(), tuple(here[-1:])])
    number = _next_amendment(world)
    answers: list[type[e.AmendmentApproved | e.AmendmentRefused]] = [e.AmendmentApproved, e.AmendmentRefused]
    return [
        e.AmendmentProposed(request=request, amendment=number, datasets=data, contacts=people, reason="more"),
        pick(answers)(request=request, amendment=number, reason="so"),
    ]


def _next_amendment(world: World) -> int:
    return 1 + sum(len(h.told(world.facts, e.AmendmentProposed, request=one)) for one in requests_of(world))


def widen(world: World, pick: Pick) -> list[Event]:
    """A dataset with conditions of its own comes to a permit, perhaps under a workspace that runs.

    It is registered before: an opt-out at the very instant of a permit is no case of this.
    """
    live = live_requests(world)
    if not live:
        return []
    request, number = pick([*live[:1], *live]), _next_amendment(world)
    name = DatasetName(f"data-{len(datasets_of(world))}")
    like = pick([one for _, one in h.told(world.facts, e.DatasetRegistered)])
    plain = msgspec.structs.replace(like, dataset=name, trainings=(), zone=m.Zone.ANYWHERE)
    record(world, conditions.with_conditions(plain, conditions.some_conditions(pick)))
    made = e.RequestMadeAvailable(request=request, datasets=pick([None, (name,)]))
    return [
        e.AmendmentProposed(request=request, amendment=number, datasets=(name,), contacts=(), reason="more"),
        e.AmendmentApproved(request=request, amendment=number, reason="so"),
        *pick([[], [made], [made]]),
    ]


def change_grant(world: World, pick: Pick) -> list[Event]:
    """A grant is extended, suspended, reinstated; seldom ended, or suspended with all others after a loss."""
    live = live_requests(world)
    if not live:
        return []
    request = pick(live)
    term = h.term_of(world.facts, request)
    later = max(world.at, term[1] if term else world.at) + pick([DAY, 200 * DAY])
    extended = e.ExtensionGranted(request=request, ends=later, reason="more")
    suspended = e.RequestSuspended(request=request, reason="a doubt")
    reinstated = e.RequestReinstated(request=request, reason="no doubt")
    epoch = 1 + len(h.told(world.facts, e.LossAccepted))
    lost = e.LossAccepted(epoch=epoch, kept=1, lost=len(world.facts), observations=0)
    ended = e.RequestEnded(request=request, reason="x")
    return [pick([extended, extended, suspended, reinstated, reinstated, ended, lost])]


def start(world: World, pick: Pick) -> list[Event]:
    """A workspace is started with what opens, or with some of it."""
    request, who = pick(requests_of(world)), pick(PEOPLE)
    names = tuple(one.dataset for one in d.open_datasets(world.facts, request))
    if d.workspace_of(world.facts, request, who) is not None or not names:
        return []
    held = pick([names, names, names[:1], names[-1:]])
    run_ends = world.at + pick([timedelta(minutes=3), timedelta(hours=8)])
    return [
        e.WorkspaceStarted(
            person=who, request=request, profile="small", datasets=held, run_ends=run_ends, until=run_ends,
            decision="{}", zone=pick([m.Zone.ANYWHERE, m.Zone.ANYWHERE, m.Zone.INSTITUTE]),
        )
    ]  # fmt: skip


def end(world: World, pick: Pick) -> list[Event]:
    """A workspace ends."""
    pairs = [(one, who) for one in requests_of(world) for who in PEOPLE if d.workspace_of(world.facts, one, who)]
    if not pairs:
        return []
    request, who = pick(pairs)
    return [e.WorkspaceEnded(person=who, request=request, why="stopped", after_ms=None)]
