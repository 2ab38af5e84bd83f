"""The program and the environment of the server in a pod: whose files it runs (SPW-12), what it is told (SPW-11)."""

from collections.abc import Mapping
from datetime import UTC, datetime

from spawner.buckets import bucket_of
from spawner.workspace import DataPath, Workspace

HOME = "/home/jovyan"

# The names that the hub gives to a server which JupyterHub's own server reads, and no others (SPW-11).
HUB_NAMES = (
    "JUPYTERHUB_ACTIVITY_URL",
    "JUPYTERHUB_API_TOKEN",
    "JUPYTERHUB_API_URL",
    "JUPYTERHUB_BASE_URL",
    "JUPYTERHUB_CLIENT_ID",
    "JUPYTERHUB_COOKIE_HOST_PREFIX_ENABLED",
    "JUPYTERHUB_COOKIE_OPTIONS",
    "JUPYTERHUB_HOST",
    "JUPYTERHUB_OAUTH_ACCESS_SCOPES",
    "JUPYTERHUB_OAUTH_CALLBACK_URL",
    "JUPYTERHUB_OAUTH_CLIENT_ALLOWED_SCOPES",
    "JUPYTERHUB_PUBLIC_HUB_URL",
    "JUPYTERHUB_PUBLIC_URL",
    "JUPYTERHUB_SERVER_NAME",
    "JUPYTERHUB_SERVICE_PREFIX",
    "JUPYTERHUB_SERVICE_URL",
    "JUPYTERHUB_USER",
)

# The server's own program (SPW-12): no file of the home runs in it, no core dump is written, nothing else of the person
# reads its memory, and kernels do not get its token. `rfc3987_syntax`: builds a grammar for a second, for nothing here.
LAUNCH = """\
import ctypes, os, resource, sys
ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
os.umask(0o077)
token = os.environ.pop("JUPYTERHUB_API_TOKEN")
sys.modules["rfc3987_syntax"] = None
from jupyterhub.singleuser.extension import JupyterHubSingleUser
JupyterHubSingleUser.launch_instance(["--HubAuth.api_token=" + token, *sys.argv[2:]])
"""


def environment(workspace: Workspace, python: str, given: Mapping[str, str]) -> dict[str, str]:
    """What the server gets: the hub's names and addresses, and what it runs for; nothing else (SPW-11)."""
    threads = str(max(1, round(workspace.profile.cpus)))
    counts = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    by_api = workspace.mounts if workspace.profile.data is DataPath.API else ()
    own = {
        "HOME": HOME,
        "JUPYTERHUB_DEFAULT_URL": "/lab",
        "JUPYTERHUB_DISABLE_USER_CONFIG": "1",
        "JUPYTERHUB_ROOT_DIR": HOME,
        "JUPYTER_RUNTIME_DIR": "/tmp/jupyter",  # noqa: S108 (the pod's own)
        "LANG": "C.UTF-8",
        "PATH": f"{python.rpartition('/')[0]}:/usr/local/bin:/usr/bin:/bin",
        "SLUIS_DATASETS": " ".join(f"{mount.dataset}={bucket_of(mount.source).url}" for mount in by_api),
        "SLUIS_INSTALLATION": workspace.installation,
        "SLUIS_PERSON": workspace.person,
        "SLUIS_REQUEST": workspace.request,
        "SLUIS_UNTIL": instant(workspace.until),
        "TMPDIR": "/tmp",  # noqa: S108 (the pod's own)
    }
    from_hub = {name: given[name] for name in HUB_NAMES if given.get(name)}
    return from_hub | dict.fromkeys(counts, threads) | {name: value for name, value in own.items() if value}


def instant(until: datetime | None) -> str:
    """An instant in UTC as RFC 3339 to the second, rounded down; empty for none."""
    return "" if until is None else until.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"
