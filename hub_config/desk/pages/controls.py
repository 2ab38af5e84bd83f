"""The controls of the centre for auditors and admins, read only; that they were read is recorded (S92, E51)."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from access_policy import events as e
from access_policy.model.enums import DocumentKind
from hub_config.desk.controls import agreements, controls, standing
from hub_config.desk.desk import PREFIX, Visiting
from hub_config.desk.listing import Number, Words, listing
from hub_config.desk.render import page
from hub_config.desk.sight import Area, need

router = APIRouter(prefix=PREFIX)
Organisations = Annotated[int, Query(ge=1, le=1_000_000)]


@router.get("/controls")
def shown(
    request: Request, visit: Visiting, q: Words = "", number: Number = 1, organisations: Organisations = 1
) -> Response:
    """Show each control and whether it holds, audits and tests, agreements, the privacy notice (S56, S66, S90-S95)."""
    with visit.reading() as view:
        need(view, Area.LOG)
    visit.desk.policy.observe(visit.actor, e.LogRead(what="controls"))
    with visit.reading() as view:
        every = [(one, standing(view, one)) for one in controls()]
        return page(
            request, "controls.html", view,
            found=listing(every, q, number, lambda one: f"{' '.join(one[0].ids)} {one[0].text}"),
            failing=sum(held is not None and not held.holds for _, held in every),
            agreements=listing(agreements(view), "", organisations, lambda one: one.about),
            dates={one.check: held for one, held in every if one.check in ("security-test", "provider-audit")},
            notice=view.state.documents.get(DocumentKind.PRIVACY_NOTICE),
        )  # fmt: skip
