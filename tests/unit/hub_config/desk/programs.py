"""A registered program at the desk: what it sends, and what comes back."""

from typing import Any

from hub_config.desk.access.secrets import digest_of
from tests.unit.hub_config.desk.seed import DESK, World

SECRET = "s" * 43
BASE = f"{DESK}/access/v1"


def register(world: World, name: str = "bucket-proxy", secret: str = SECRET, **rights: Any) -> "Program":
    """Register a program that may ask about everything unless told otherwise, and return it."""
    types = rights.pop("resource_types", ("request", "dataset"))
    digest = digest_of(secret)
    world.do("register-client", "admin", client=name, title="A proxy", resource_types=types, digest=digest, **rights)
    return Program(world, f"{name}.{secret}")


class Program:
    """Another system: no browser, no cookie, one secret."""

    def __init__(self, world: World, token: str) -> None:
        self.http = world.client().http
        self.headers = {"authorization": f"Bearer {token}"}

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None, **options: Any) -> Any:
        """Send a question as it is."""
        given = {"json": body} if body is not None else {}
        return self.http.post(f"{BASE}/{path}", headers={**self.headers, **(headers or {})}, **given, **options)

    def ask(self, subject: str, action: str, resource: str, kind: str = "request", **more: Any) -> Any:
        """Ask one well-formed question and return the answer's JSON."""
        answer = self.post("evaluation", question(subject, action, resource, kind, **more))
        assert answer.status_code == 200, answer.text
        return answer.json()


def question(subject: str, action: str, resource: str, kind: str = "request", **more: Any) -> dict[str, Any]:
    """Return a question about a person; `purpose` is the request that a dataset is asked about with."""
    purpose = more.pop("purpose", None)
    properties = {"properties": {"request": purpose}} if purpose is not None else {}
    return {
        "subject": {"type": "person", "id": subject},
        "action": {"name": action},
        "resource": {"type": kind, "id": resource, **properties},
        **more,
    }
