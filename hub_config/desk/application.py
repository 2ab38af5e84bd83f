"""The desk's application: its routes, its errors, and the shield around them."""

from functools import partial

from fastapi import APIRouter, FastAPI
from starlette.types import Lifespan

from hub_config.desk import api
from hub_config.desk.access import routes as access
from hub_config.desk.access.errors import add_access_handlers
from hub_config.desk.desk import PREFIX, Desk
from hub_config.desk.errors import add_handlers
from hub_config.desk.pages import (
    controls,
    do,
    documents,
    drafts,
    files,
    homes,
    intake,
    invitation,
    letter,
    loss,
    mine,
    own,
    people,
    people_logins,
    people_waiting,
    public,
    queue,
    register,
    requests,
    signing,
    step_up,
    things,
    training,
    transfers,
    watch,
)
from hub_config.desk.render import broken_page, large_page
from hub_config.desk.rest import controls as rest_controls
from hub_config.desk.rest import drafts as draft_rest
from hub_config.desk.rest import follows as rest_follows
from hub_config.desk.rest import letters, queues, researcher
from hub_config.desk.rest import log as rest_log
from hub_config.desk.rest import register as register_rest
from hub_config.desk.rest import signing as signing_rest
from hub_config.desk.rest import training as training_rest
from hub_config.desk.rest import transfers as rest_transfers
from hub_config.desk.security import Address, Shield

_PAGES: tuple[APIRouter, ...] = (
    homes.router, loss.router, mine.router, people.router, requests.router, things.router, documents.router,
    watch.router, do.router, letter.router, signing.router,
    step_up.router, public.router, intake.router, register.router, invitation.router,
    people_waiting.router, people_logins.router, own.router, queue.router, drafts.router, training.router,
    controls.router, transfers.router,
)  # fmt: skip


def create_app(
    desk: Desk, login: APIRouter | None = None, service: str = "", beside: Lifespan[FastAPI] | None = None
) -> FastAPI:
    """Return the application. `login` holds the login's own routes; `service` is the address that it listens on;
    `beside` runs for as long as it does.
    """
    app = FastAPI(
        title="Sluis desk", version="1", docs_url=None, redoc_url=None, openapi_url=f"{PREFIX}/api/v1/openapi.json",
        description="What the desk's pages do, for programs. Times are RFC 3339 in UTC; errors are RFC 9457.",
        redirect_slashes=False, lifespan=beside,
    )  # fmt: skip
    app.state.desk = desk
    for router in (*_PAGES, *((login,) if login is not None else ())):
        app.include_router(router, include_in_schema=False)
    app.include_router(access.router)
    app.include_router(api.router)
    app.include_router(files.router)
    app.include_router(rest_follows.router)
    app.include_router(researcher.router)
    app.include_router(rest_controls.router)
    app.include_router(rest_transfers.router)
    app.include_router(rest_log.router)
    app.include_router(queues.router)
    app.include_router(letters.router)
    app.include_router(signing_rest.router)
    app.include_router(register_rest.router)
    app.include_router(draft_rest.router)
    app.include_router(training_rest.router)
    add_handlers(app)
    add_access_handlers(app)
    broken, large = (partial(made, desk.settings.contact, desk.hub) for made in (broken_page, large_page))
    address = Address(desk.url, service, desk.web.all, desk.institute)
    app.add_middleware(Shield, address=address, broken=broken, large=large)
    return app
