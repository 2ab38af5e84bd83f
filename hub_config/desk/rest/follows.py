"""What a command would do at once, for programs."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Header

from hub_config.desk.desk import PREFIX, Visiting
from hub_config.desk.follows import follows, follows_json
from hub_config.desk.give import check_stands, command_named
from hub_config.desk.pages.do import check_token

router = APIRouter(prefix=f"{PREFIX}/api/v1", tags=["desk"])


@router.post("/commands/{name}/preview")
def preview(
    name: str,
    visit: Visiting,
    arguments: Annotated[dict[str, Any], Body()],
    x_csrf_token: Annotated[str, Header(max_length=200)] = "",
) -> dict[str, Any]:
    """Say who would lose or gain what at once if you gave this command (S94); nothing is done.

    `known` is false for a command that takes nobody's access, and where arguments are missing.
    """
    check_token(visit, x_csrf_token)
    kind = command_named(name)
    with visit.reading() as view:
        check_stands(view, kind, arguments)
        return follows_json(follows(view, kind, arguments))
