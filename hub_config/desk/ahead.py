"""What comes next for the visitor themselves, before it is about any request: in the words of the core (S97)."""

from typing import Any

from access_policy.decision import decide
from access_policy.model.enums import Action
from access_policy.model.ids import RequestId
from access_policy.next_steps import plan
from access_policy.reasons import ReasonCode
from access_policy.rules import Query
from hub_config.desk.desk import PREFIX, View

_R = ReasonCode
OF_PERSON = frozenset(
    {
        _R.INSTITUTION_NOT_TRUSTED, _R.ORGANISATION_EXCLUDED, _R.EMAIL_NOT_INSTITUTIONAL, _R.PERSON_NOT_VERIFIED,
        _R.VERIFICATION_EXPIRED, _R.FACTOR_MISSING, _R.FACTOR_NOT_CONFIRMED, _R.CONDUCT_NOT_ACCEPTED,
        _R.REIDENTIFICATION_NOT_ACCEPTED, _R.TRAINING_MISSING, _R.TRAINING_REVOKED, _R.TRAINING_OUTDATED,
        _R.TRAINING_EXPIRED,
    }
)  # fmt: skip
"""The conditions that are the same for every request."""

_TO_YOU: dict[ReasonCode, tuple[str, str]] = {
    _R.PERSON_NOT_VERIFIED: (
        "nobody has verified who you are",
        "an admin, or who signs for your institution, does that, for example in a video call",
    ),
    _R.VERIFICATION_EXPIRED: (
        "the word of who verified you has run out", "an admin, or who signs for your institution, verifies you anew"
    ),
    _R.FACTOR_NOT_CONFIRMED: (
        "your second factor does not count yet", "whoever verified you looks at it with you, or hands you a code for it"
    ),
    _R.REIDENTIFICATION_NOT_ACCEPTED: (
        "you have not accepted the ban on tracing people in the data", "read it and accept it"
    ),
}  # fmt: skip
"""What lacks and what comes next, in words to the person themselves, where the words of the reason are not."""

_TEXTS = ("Read and accept it", f"{PREFIX}/me#texts")


def steps_ahead(view: View) -> list[dict[str, Any]]:
    """Return the steps that are left for the visitor, in order, each with who can take it now, and with a door.

    `door` is where the visitor can do something about it themselves: what it says, and its address; None elsewhere.
    """
    question = Query(view.visit.person, RequestId(""), Action.OPEN_WORKSPACE, view.at, view.visit.session)
    steps = plan(view.state, decide(view.state, question))
    doors = _doors(view)
    return [_to_you(step) | {"door": doors.get(_R(step["code"]))} for step in steps if step["code"] in OF_PERSON]


def _to_you(step: dict[str, Any]) -> dict[str, Any]:
    text, following = _TO_YOU.get(_R(step["code"]), (step["text"], step["next_step"]))
    return step | {"text": text, "next_step": following}


def _doors(view: View) -> dict[ReasonCode, tuple[str, str]]:
    """Return the doors by what they are about. A code that was handed over is given on the page of one's factors."""
    factors = f"{view.visit.desk.hub}/factors"
    issued, verified = view.me.confirmation, view.me.verification is not None
    code = "Give the code that you got" if issued is not None and view.at < issued.until else "Your second factors"
    return {
        _R.FACTOR_MISSING: ("Set one up", factors),
        _R.FACTOR_NOT_CONFIRMED: (code if verified else "Your second factors", factors),
        _R.CONDUCT_NOT_ACCEPTED: _TEXTS,
        _R.REIDENTIFICATION_NOT_ACCEPTED: _TEXTS,
    }
