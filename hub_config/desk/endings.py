"""Why a workspace ended, or will end, in words for its person: what the rules say, or what hub and warden saw (S97)."""

import msgspec

from access_policy.leash import GIVEN_END, WITHHELD, codes_of
from access_policy.reasons import REASONS, ReasonCode
from access_policy.state import Ending
from spawner.pod_words import TOLD

ENDINGS = {
    **TOLD,
    "stopped": "it was stopped on request",
    "start_failed": "it could not be started; tell the help desk",
    "sandbox": "it could not be started; tell the help desk",
    "dataset": "it could not be started with its data; tell the help desk",
    "wish_not_allowed": "it was asked for in a way that is not offered",
    "no_decision": "no decision could be made just then; start it again",
    "no_longer_allowed": "what it rests on was withdrawn while it started; your requests say what is missing",
    "admission_not_seen": "the cluster did not check new workspaces just then; try again in a few minutes",
    "ended_by_itself": "its program ended by itself",
    "store_silence": "the log did not answer for too long, so nobody could say that it may go on; start it again",
    "process_ended": "its program ended by itself, and nothing says why; start it again",
    "ended_by_warden": "what it rests on was withdrawn for a while; start it again if your requests say that you may",
    "hub_stopped": "the hub was stopped; files in its home are kept",
    "not_allowed": "it was not allowed to go on",
    GIVEN_END: "the time that it was given at its start is over; start it again",
    WITHHELD: "what it rests on was withdrawn",
}  # where no fact took the ground away


class Why(msgspec.Struct, frozen=True):
    """One cause of an end: the words, and where it is a reason its requirement, the next step and who can take it."""

    code: str
    text: str
    next_step: str = ""
    owner: str = ""
    requirement: str = ""


def why_of(code: str) -> Why:
    """Return the words of one code of an ending."""
    if code in set(ReasonCode):
        reason = REASONS[ReasonCode(code)]
        return Why(code, reason.failing, reason.next_step, str(reason.owner), reason.requirement)
    return Why(code, ENDINGS.get(code, code.replace("_", " ")))


def ending_texts(ending: Ending) -> list[str]:
    """Return in words why a workspace ended: the reasons' texts, or that it was stopped."""
    return [why_of(code).text for code in codes_of(ending.why)]
