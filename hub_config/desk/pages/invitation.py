"""Where the link in the mail of an invitation leads: which request it is to, and what comes next (S12, S13, S31)."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as InAddress
from fastapi.responses import Response

from access_policy.commands.base import Refusal
from access_policy.commands.intake import open_to
from access_policy.model.enums import Capacity
from access_policy.state import Invitation, State
from hub_config.desk.desk import PREFIX, MaybeVisiting, NotYours, desk_of
from hub_config.desk.render import public_page
from hub_config.invitations import invitation_number

router = APIRouter(prefix=f"{PREFIX}/invitation")

PARTS: dict[Capacity, str] = {
    Capacity.APPLICANT: "as its applicant",
    Capacity.CONTACT: "as a download contact",
    Capacity.SIGNATORY: "to sign for your institution",
}


@router.get("/{token}")
def invitation(request: Request, token: Annotated[str, InAddress(max_length=60)], visit: MaybeVisiting) -> Response:
    """Show the request's number, the institution and the way in; no address and nothing of the request (REQ-03)."""
    desk = desk_of(request)
    number = invitation_number(desk.identity, token)
    with desk.policy.reading() as state:
        found = state.invitations.get(number or 0)
        if found is None:
            raise NotYours
        is_open, institution = _is_open(state, found), state.institutions[found.institution].name
    return public_page(
        request, visit, "invitation.html", institution=institution, part=PARTS[found.capacity], number=found.request,
        open=is_open,
    )  # fmt: skip


def _is_open(state: State, one: Invitation) -> bool:
    return not isinstance(open_to(state, one.invitation, one.email), Refusal)
