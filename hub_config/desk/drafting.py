"""Drafts of request forms at the desk: kept for their person, shown with what is looked at, and sent on as commands."""

from typing import Any

from access_policy import events as e
from access_policy.commands.base import RefusalCode, name_of
from access_policy.drafts import MOST_DRAFTS, Draft, filling, missing_of, opening, too_large
from access_policy.log.records import KeptDraft
from access_policy.model.enums import Criterion
from hub_config.desk.desk import NotYours, Visit
from hub_config.desk.errors import Refused
from hub_config.desk.give import give

CRITERIA: dict[Criterion, str] = {
    Criterion.SOCIAL: "Is it of use to patients or to the public?",
    Criterion.ETHICAL: "Is it right towards the people whose data they are?",
    Criterion.LEGAL: "Does the law allow it?",
    Criterion.CONTRACTUAL: "Do the contracts under which the data were given allow it?",
    Criterion.LEGAL_CONSTRAINTS: "Does reuse within the hospital keep to the law and to ethics?",
    Criterion.CONSENT_TERMS: "Does it keep to the consent that the patients signed?",
    Criterion.PERMITTED_PURPOSE: "Is the purpose one that the Regulation permits?",
    Criterion.DATA_NECESSARY: "Are the data needed, and no more than these?",
    Criterion.LAWFUL_BASIS: "Is there a lawful basis for the processing?",
    Criterion.QUALIFIED_APPLICANT: "Can the applicant do what they plan?",
    Criterion.SAFEGUARDS: "Are the safeguards sufficient?",
    Criterion.ETHICAL_REVIEW: "Is the ethical review done that the law asks for?",
    Criterion.OPT_OUT_EXCEPTION: "Where data of people who opted out are asked for: does the exception hold?",
    Criterion.OTHER_REQUIREMENTS: "Are the other requirements of the Regulation met?",
    Criterion.RISK_TO_SECURITY: "Is there a risk to security?",
    Criterion.RISK_TO_CONFIDENTIALITY: "Is there a risk to confidential data?",
}
"""What the board looks at, as a question to the applicant (S8, S55, E10)."""


def my_draft(visit: Visit, name: str) -> KeptDraft:
    """Return a draft of the visitor's. Raises NotYours for anybody else's, or none (REQ-03)."""
    found = next((one for one in visit.desk.policy.records.drafts_of(visit.person) if one.draft == name), None)
    if found is None:
        raise NotYours
    return found


def new_draft(visit: Visit, form: Draft) -> str:
    """Keep a new draft and return its name. Raises Refused (REQ-14)."""
    _check(form)
    policy, name = visit.desk.policy, visit.desk.new_name()
    if not policy.records.create_draft(name, visit.person, form, policy.now(), MOST_DRAFTS):
        text = f"you have {MOST_DRAFTS} drafts, and more are not kept; delete one, or send one in"
        raise Refused(422, RefusalCode.NOT_ALLOWED_VALUE, text)
    return name


def save_draft(visit: Visit, name: str, form: Draft) -> None:
    """Keep other answers in a draft. Raises NotYours, or Refused."""
    _check(form)
    policy = visit.desk.policy
    if not policy.records.change_draft(name, visit.person, form, policy.now()):
        raise NotYours


def _check(form: Draft) -> None:
    problem = too_large(form)
    if problem is not None:
        raise Refused(422, RefusalCode.NOT_ALLOWED_VALUE, problem)


def drop_draft(visit: Visit, name: str) -> None:
    """Delete a draft. Raises NotYours."""
    if not visit.desk.policy.records.delete_draft(name, visit.person):
        raise NotYours


def open_request(visit: Visit, kept: KeptDraft) -> str:
    """Open the request of a draft and fill it in; return its number, the draft is gone. Raises Refused.

    Where a later answer is refused the draft stays, and goes on with the request that is open by then.
    """
    form, missing = kept.form, missing_of(kept.form)
    if missing:
        raise Refused(422, RefusalCode.NOT_COMPLETE, f"the form still needs: {', '.join(missing)}")
    if not form.request:
        form = _opened(visit, kept)
    for kind, arguments in filling(form, form.request):
        give(visit, name_of(kind), arguments)
    drop_draft(visit, kept.draft)
    return form.request


def _opened(visit: Visit, kept: KeptDraft) -> Draft:
    done = give(visit, "open-request", opening(kept.form))
    (number,) = [fact.event.request for fact in done.facts if isinstance(fact.event, e.RequestOpened)]
    form = with_request(kept.form, number)
    save_draft(visit, kept.draft, form)
    return form


def with_request(form: Draft, number: str) -> Draft:
    """Return a draft that goes on with a request of this number; nobody types one."""
    values: dict[str, Any] = {name: getattr(form, name) for name in form.__struct_fields__}
    return Draft(**{**values, "request": number})
