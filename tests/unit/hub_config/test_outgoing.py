"""Who makes connections: each module that can is named with whom it asks, and nobody asks an address of a person's."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[3]

CLIENTS = {
    "aiohttp", "google", "http.client", "httpx", "jupyterhub.httpclient", "kubernetes", "kubernetes_asyncio",
    "requests", "smtplib", "socket", "tornado.httpclient", "urllib.request", "urllib3", "websocket",
}  # fmt: skip
"""What a module can make connections with, or name the trouble of one."""

ASKS = {
    "hub_config/cluster_spawner.py": "the cluster's API",
    "hub_config/desk/app.py": "the desk's own probes",
    "hub_config/gated_proxy.py": "the proxies' API",
    "hub_config/institute_door.py": "nobody: looks for a free port",
    "hub_config/login/authenticator.py": "the login provider of the settings",
    "hub_config/machines.py": "the cluster's API",
    "hub_config/notices/smtp.py": "the mail server of the settings",
    "hub_config/proxy_routes.py": "the proxies' API",
    "hub_config/startup.py": "nobody: looks for a free port",
    "hub_config/supervisor.py": "the parts that it started",
    "hub_config/two_doors.py": "the proxies' API",
    "spawner/launcher.py": "nobody: listens on the workspace's socket",
    "spawner/own_pod.py": "the cluster's API",
    "spawner/reflectors.py": "the cluster's API",
    "spawner/relay.py": "the hub, for a workspace",
    "spawner/sandbox.py": "the workspace's own server",
    "spawner/warden/api.py": "the cluster's API",
}


def imported(file: Path) -> set[str]:
    """Return the modules that a file imports, each with those above it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [str(node.module), *(f"{node.module}.{one.name}" for one in node.names)]
        for name in names:
            parts = name.split(".")
            found |= {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
    return found


def test_whoever_can_make_a_connection_is_named_with_whom_it_asks() -> None:
    """NET-09: what decides, what is shown and what is told makes none; the rest asks what the settings name."""
    files = [one for part in ("access_policy", "hub_config", "spawner") for one in (ROOT / part).rglob("*.py")]
    can = {str(one.relative_to(ROOT)) for one in files if "node_modules" not in one.parts and imported(one) & CLIENTS}
    assert can == set(ASKS)
