"""Opens the log for one command: verified first, because a changed row can be read as easily as an honest one (AUD-01).

A command of the line is a process of its own that reads the whole log anyway; hashing it costs less than reading it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from access_policy.events import Fact, InstallationBegun
from access_policy.log.checkpoints import log_origin
from access_policy.log.errors import LogBehind
from access_policy.log.keys import load_keys
from access_policy.log.store import LogStore
from access_policy.log.verify import verify
from access_policy.model.ids import PersonId, RequestId, is_person_id, is_request_id
from access_policy.state import State
from access_policy.use_cases import Policy
from hub_config.bootstrap import StateProblem, open_policy
from hub_config.checkpoint_folder import checkpoint_folder
from hub_config.cli.answers import quoted
from hub_config.cli.options import UsageProblem
from hub_config.databases import as_stored
from hub_config.places import Places


@contextmanager
def opened(places: Places, *, behind: bool = False) -> Iterator[Policy]:
    """Give the verified log; close it afterwards. Raises StateProblem or LogError where nothing may be read from it.

    With `behind` a log that is behind its newest checkpoint is given, too: to see what is left, and to accept the loss.
    """
    policy = open_policy(places)
    try:
        _check(places, policy, behind)
        yield policy
    finally:
        policy.store.close()


def _check(places: Places, policy: Policy, behind: bool) -> None:
    stored, keys, origin = as_stored(places, policy), load_keys(places.keys), origin_of(policy.store)
    found = verify(stored, checkpoint_folder(places), keys, origin)
    if not found.ok and verify(stored, None, keys, origin).ok:
        trouble = policy.trouble()
        if trouble is not None and not behind:
            raise LogBehind(trouble.text)
        if trouble is not None:
            return
    if not found.ok:
        raise StateProblem(f"the log does not verify: {found.problem}; run `sluis log verify`, restore a backup")


def origin_of(store: LogStore) -> str:
    """Return the name under which this log's checkpoints are signed. Raises StateProblem or LogError."""
    try:
        first: Fact | None = next(store.facts_since(0), None)
    except (TypeError, ValueError) as error:  # a row with values of other types than the program ever wrote
        raise StateProblem(f"the log cannot be read ({error}); run `sluis log verify`, restore a backup") from None
    if first is None or not isinstance(first.event, InstallationBegun):
        raise StateProblem("the log does not begin as a log does; run `sluis log verify`, restore a backup")
    return log_origin(first.event.installation)


def known_person(state: State, text: str) -> PersonId:
    """Return the id of a person. Raises UsageProblem where there is none."""
    if not is_person_id(text) or PersonId(text) not in state.people:
        raise UsageProblem(f"there is no person {quoted(text)}; `sluis person list` shows all, with ids such as `P-1`")
    return PersonId(text)


def known_request(state: State, text: str) -> RequestId:
    """Return the id of a request. Raises UsageProblem where there is none."""
    if not is_request_id(text) or RequestId(text) not in state.requests:
        raise UsageProblem(f"there is no request {quoted(text)}; `sluis request list` shows all, with ids like `DR-1`")
    return RequestId(text)
