"""What a workspace's page says about its end: how urgent, when and why, and what to do (POL-03, POL-04)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from access_policy.leash import STEPS, Leash
from access_policy.model.instants import format_instant
from access_policy.reasons import ReasonCode
from hub_config.desk.endings import Why
from hub_config.desk.words import instant

KEPT = "Files in its home are kept."


class Banner(msgspec.Struct, frozen=True):
    """What is shown. Who closes it does not see it again under the same `key`. `link` is a path of the hub's host, or
    an address."""

    key: str
    urgent: bool
    words: str
    next: str
    link: str
    link_words: str


class Link(msgspec.Struct, frozen=True):
    """Where to go, and what the link says."""

    address: str
    words: str


def of_running(leash: Leash, why: Sequence[Why], desk: Link) -> Banner | None:
    """Return the warning that applies to a workspace that runs, or None."""
    if leash.step is None:
        return None
    urgent, until = leash.step == STEPS[0], format_instant(leash.until)
    return Banner(
        f"{leash.step} {until}", urgent, f"{_when(leash)} {_cause(why, ending=not leash.left)}",
        f"Save your work. {KEPT}{_later(leash)}{steps(why)}", desk.address, _link_words(why, desk),
    )  # fmt: skip


def of_ended(at: datetime, why: Sequence[Why], page: Link) -> Banner:
    """Return what a page that was left open says of a workspace that ended."""
    words = f"This workspace ended at {instant(at)}: {_texts(why)}."
    return Banner(f"ended {format_instant(at)}", True, words, f"{KEPT}{steps(why)}", page.address, page.words)


def of_silence(left: timedelta, at: datetime, desk: Link) -> Banner:
    """Return what is said while the log is silent; `left` is how much longer workspaces go on at `at`, about.

    Said once, then in the last minute, and when that is over.
    """
    ends = f"it ends within {_minutes(left)}, by {instant(at + left)}" if left else "it ends now, or has ended"
    words = f"Sluis' log does not answer, so nobody can say that this workspace may go on. Without an answer {ends}."
    advice = f"Save your work if that is still possible. {KEPT} This notice goes once the log answers again."
    step = " over" if not left else " 1" if left <= timedelta(minutes=1) else ""
    return Banner(f"silent{step}", True, words, advice, desk.address, desk.words)


def of_end_in_silence(page: Link) -> Banner:
    """Return what is said of a workspace that the hub does not run any more while the log is silent."""
    words = "This workspace ended while Sluis' log did not answer."
    return Banner("ended in silence", True, words, f"{KEPT} Start it again once the log answers.", *_pair(page))


def steps(why: Sequence[Why]) -> str:
    """Return the next step of each cause that has one, and who can take it."""
    told = [f" Next: {one.next_step}. Who can: {one.owner}." for one in why if one.next_step]
    return "".join(dict.fromkeys(told))


def _when(leash: Leash) -> str:
    if not leash.left:
        return "This workspace is being ended."
    within = "a minute" if leash.step == STEPS[0] else f"{leash.step} minutes"
    at = f"{leash.until:%Y-%m-%d %H:%M:%S} UTC" if leash.step == STEPS[0] else instant(leash.until)
    return f"This workspace ends in less than {within}, at {at}."


def _cause(why: Sequence[Why], *, ending: bool) -> str:
    return f"{'Why' if ending else 'Then'}: {_texts(why)}."


def _later(leash: Leash) -> str:
    return f" A new one can run until {instant(leash.later)}: stop this one, and start it again." if leash.later else ""


def _texts(why: Sequence[Why]) -> str:
    return "; ".join(one.text for one in why)


def _minutes(left: timedelta) -> str:
    minutes = max(1, -(-left // timedelta(minutes=1)))
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def _link_words(why: Sequence[Why], desk: Link) -> str:
    term = any(one.code == ReasonCode.TERM_OVER for one in why)
    return f"{desk.words}: ask for an extension" if term else desk.words


def _pair(link: Link) -> tuple[str, str]:
    return link.address, link.words
