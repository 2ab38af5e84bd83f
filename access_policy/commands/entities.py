"""An organisation that was named in a form by mistake is taken out of it again (S68)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Name, OfRequest, Outcome, Refusal, RefusalCode
from access_policy.model.ids import InstitutionName
from access_policy.state import State


class DropEntity(OfRequest, frozen=True, kw_only=True):
    """Take an organisation out of the form again."""

    institution: Name


def drop_entity(state: State, c: DropEntity, actor: Actor, at: datetime) -> Outcome:
    """S68: a further organisation, none of whose people is a download contact; the applicant's own one stays."""
    request, name = state.requests[c.request], InstitutionName(c.institution)
    if name not in request.entities:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.institution}` does not take part in `{c.request}`")
    if name == request.institution:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`{c.institution}` is the applicant's own, and stays")
    people = [person for person, contact in request.contacts.items() if contact.institution == name]
    if people:
        text = f"`{people[0]}` of `{c.institution}` is a download contact; take the contact out first"
        return Refusal(RefusalCode.WRONG_STATE, text)
    return (e.EntityDropped(request=c.request, institution=name),)
