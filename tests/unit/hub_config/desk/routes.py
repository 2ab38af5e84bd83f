"""What the desk serves, read off the application itself."""

from fastapi import FastAPI
from fastapi.routing import APIRoute

from tests.unit.hub_config.desk.seed import DESK


def routes(app: FastAPI) -> set[tuple[str, str]]:
    """Return the method and the address below the desk of every route."""
    document = app.openapi_url
    found: set[tuple[str, str]] = set()
    pending = list(app.routes)
    while pending:
        route = pending.pop()
        inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
        if isinstance(route, APIRoute):
            found |= {(method, route.path.removeprefix(DESK)) for method in route.methods or ()}
        elif inner:
            pending += inner
        else:
            assert getattr(route, "path", None) == document, f"an unknown kind of route: {route}"
    return found
