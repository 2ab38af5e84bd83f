"""Listing the requests of a person in which they may open a workspace, while everything around them grows.

What the desk's home page does: the state knows the requests of each person, and `decide` is asked for each of them.
Beside it, in one interleaved run: scans over all requests, and Cedar asked for the same requests. First the number of
datasets grows, then the number of other people's requests, at last that of one person's own (POL-10, REQ-14). Asserts
that all give the same list, and no time. Run it by `make bench`, or `python -m tests.bench.listing --help`.
"""

import argparse
import sys
from collections.abc import Callable, Iterator

from access_policy import events as e
from access_policy.actor import component
from access_policy.decision import decide
from access_policy.fold import fold
from access_policy.model.enums import Action, Component, FactorKind, Zone
from access_policy.model.ids import PersonId, RequestId
from access_policy.rules import Query, Session
from access_policy.state import Request, State
from tests.bench.engines import Cedar, facts_of
from tests.bench.timing import multiples, p50, quiet, timed
from tests.bench.world import BEGAN, NOW, YEAR, BigWorld, Size

OURS, AGAIN, CEDAR = "requests_of and decide", "the same once more", "cedarpy for each of them"
HAVE = 3
Listed = list[RequestId]


def openable(state: State, person: PersonId, session: Session) -> Listed:
    """Return the requests of a person in which they may open a workspace."""
    return [one for one in state.requests_of.get(person, {}) if _may(state, person, one, session)]


def _may(state: State, person: PersonId, request: RequestId, session: Session) -> bool:
    return decide(state, Query(person, request, Action.OPEN_WORKSPACE, NOW, session)).allowed


def _scan_contacts(state: State, person: PersonId, session: Session) -> Listed:
    """Look through the contacts of all requests, and decide on those of the person."""
    return [
        name for name, one in state.requests.items() if person in one.contacts and _may(state, person, name, session)
    ]


def _scan_all(state: State, person: PersonId, session: Session) -> Listed:
    """Decide on all requests."""
    return [name for name in state.requests if _may(state, person, name, session)]


def session_of(person: PersonId) -> Session:
    """Return a session with both factors, from inside."""
    return Session("s", person, BEGAN, NOW + YEAR, FactorKind.TOTP, Zone.INSTITUTE)


def some_people(state: State, count: int) -> list[PersonId]:
    """Return people who have a part in the same number of requests, at every size, and have one to open."""
    found = (
        person
        for person, requests in state.requests_of.items()
        if len(requests) == HAVE and person in state.people and openable(state, person, session_of(person))
    )
    return [person for person, _ in zip(found, range(count), strict=False)]


def calls_of(state: State, person: PersonId, cedar: Cedar) -> dict[str, Callable[[], Listed]]:
    """Return each way of listing that looks at their own requests; Cedar's slices are made before."""
    session = session_of(person)
    asked = [(one, Query(person, one, Action.OPEN_WORKSPACE, NOW, session)) for one in state.requests_of[person]]
    slices = [(one, *cedar.slice_of(facts_of(state, query))) for one, query in asked]
    return {
        OURS: lambda: openable(state, person, session),
        AGAIN: lambda: openable(state, person, session),
        CEDAR: lambda: [one for one, question, entities in slices if cedar.allows(question, entities)],
    }


def scans_of(state: State, person: PersonId) -> dict[str, Callable[[], Listed]]:
    """Return the ways of listing that look at everybody's requests."""
    session = session_of(person)
    return {
        "scan of all contacts": lambda: _scan_contacts(state, person, session),
        "decide on all requests": lambda: _scan_all(state, person, session),
    }


def measure(size: Size, lists: int, scans: int) -> dict[str, float]:
    """Return the p50 of each way in microseconds; the scans come after, for they leave no cache as it was."""
    world, cedar = BigWorld(size), Cedar()
    state = world.state
    people = some_people(state, lists)
    taken: dict[str, list[int]] = {}
    with quiet():
        for person in people:
            _time(state, calls_of(state, person, cedar), openable(state, person, session_of(person)), taken)
        for person in people[:scans]:
            _time(state, scans_of(state, person), openable(state, person, session_of(person)), taken)
    return {name: p50(times) / 1000 for name, times in taken.items()}


def with_many(count: int) -> tuple[State, PersonId]:
    """Return a world in which one person may open a workspace in so many requests of their own, and in a few more."""
    state = BigWorld(Size(100, 50, 100)).state
    (who,) = some_people(state, 1)
    (like, *_) = openable(state, who, session_of(who))
    for number in range(len(state.requests) + 1, len(state.requests) + count + 1):
        for event in _granted(state, state.requests[like], RequestId(f"DR-{number}"), who):
            fold(state, e.Fact(state.seq + 1, BEGAN, component(Component.INSTALLATION), event))
    return state, who


def _granted(state: State, like: Request, request: RequestId, who: PersonId) -> Iterator[e.FactEvent]:
    """Yield what makes a request of a person's own like one that they may open."""
    term, institution = like.term, like.institution
    assert term is not None
    assert institution is not None
    yield e.RequestOpened(request=request, applicant=who, institution=institution, title="x", purpose="x")
    yield from (e.DatasetRequested(request=request, dataset=one, necessity="x") for one in like.datasets)
    yield e.ContactNamed(request=request, person=who, email=state.people[who].email)
    yield e.RequestSubmitted(request=request, digest="0" * 64)
    yield e.RequestApproved(
        request=request, improves_treatment=True, public_interest=True, reason="x", begins=term.begins, ends=term.ends
    )
    for party, signed in like.entities[institution].signatures.items():
        yield e.LicenceSigned(
            request=request, institution=institution, party=party, person=signed.person, licence=signed.licence,
            version=signed.version, digest="0" * 64,
        )  # fmt: skip
    yield e.RequestMadeAvailable(request=request)


def report_of_one(counts: list[int]) -> None:
    """Print what the list of a person takes who has many requests of their own, in all and for each of them."""
    print(f"\n{'one person with so many of their own':40}{'ms':>10}{'µs each':>10}{'again':>10}")
    for count in counts:
        state, who = with_many(count)
        session = session_of(who)
        state.memo.clear()
        with quiet():
            first, again = (timed(lambda: openable(state, who, session)) for _ in range(2))  # noqa: B023 -- called at once
        own = len(state.requests_of[who])
        print(f"{own:<40,}{first / 1e6:10.2f}{first / 1e3 / own:10.1f}{again / 1e3 / own:10.1f}")


def _time(state: State, calls: dict[str, Callable[[], Listed]], expected: Listed, taken: dict[str, list[int]]) -> None:
    state.memo.clear()  # as after any fact; what comes second finds what the first one kept
    for name, call in calls.items():
        answers: list[Listed] = []
        taken.setdefault(name, []).append(timed(lambda call=call, answers=answers: answers.append(call())))  # type: ignore[misc]
        assert answers == [expected]


def report(name: str, sizes: list[Size], lists: int, scans: int) -> None:
    """Print what each way costs at each size, and how much that is of the first."""
    found = [measure(size, lists, scans) for size in sizes]
    heads = "".join(f"{getattr(size, name):>10,}" for size in sizes)
    print(f"\n{f'µs p50 per list, by {name}':34}{heads}    multiples of the first")
    for way in found[0]:
        middles = [each[way] for each in found]
        print(f"{way:34}" + "".join(f"{middle:10.1f}" for middle in middles) + "  " + multiples(middles, middles[0]))
    ratios = [each[CEDAR] / each[OURS] for each in found]
    print(f"{'cedarpy, times ours':34}" + "".join(f"{ratio:10.1f}" for ratio in ratios))


def main(arguments: list[str] | None = None) -> int:
    """Print the three tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.listing", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--datasets", type=int, nargs="+", default=[50, 500, 5_000, 50_000])
    parser.add_argument("--requests", type=int, nargs="+", default=[500, 5_000, 50_000, 200_000])
    parser.add_argument("--own", type=int, nargs="+", default=[50, 500, 5_000, 10_000], help="of one person")
    parser.add_argument("--lists", type=int, default=200, help="lists at each size")
    parser.add_argument("--scans", type=int, default=3, help="how many of them by scans too")
    chosen = parser.parse_args(arguments)
    print(f"Each list is of a person with a part in {HAVE} requests; people grow with requests, two for each.")
    report("datasets", [Size(10_000, each, 5_000) for each in chosen.datasets], chosen.lists, chosen.scans)
    report("requests", [Size(2 * each, 500, each) for each in chosen.requests], chosen.lists, chosen.scans)
    report_of_one(chosen.own)
    return 0


if __name__ == "__main__":
    sys.exit(main())
