"""What comes next for the visitor themselves, before it is about any request: in the words of the core (S97)."""

from typing import Any

from access_policy.decision import decide
from access_policy.model.enums import Action
from access_policy.model.ids import RequestId
from access_policy.next_steps import plan
from access_policy.reasons import ReasonCode
from access_policy.rules import Query
from hub_config.desk.desk import View

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


def steps_ahead(view: View) -> list[dict[str, Any]]:
    """Return the steps that are left for the visitor, in order, each with who can take it now."""
    question = Query(view.visit.person, RequestId(""), Action.OPEN_WORKSPACE, view.at, view.visit.session)
    steps = plan(view.state, decide(view.state, question))
    return [step for step in steps if step["code"] in OF_PERSON]
