"""Mounts by the real gcsfuse, one process a volume; runs in the node's mount and pid namespaces."""

import ctypes
import json
import os
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from tests.cluster.driver.options import Mount
from tests.cluster.setting import BIN, STORE

MNT_FORCE, MNT_DETACH = 1, 2
_BOUND = 20
_C = ctypes.CDLL(None, use_errno=True)


class MountFailedError(RuntimeError):
    """`code` is the name of a gRPC status, the text what the pod's event says."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class _NoMetadata(BaseHTTPRequestHandler):
    """gcsfuse asks for a metadata server when it starts; here it hears at once that nothing is there."""

    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("Metadata-Flavor", "Google")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *values: object) -> None:  # noqa: A002 (the standard library's name)
        pass


def mounted(target: str) -> bool:
    """Whether something is mounted there."""
    return any(line.split()[4] == target for line in Path("/proc/self/mountinfo").read_text().splitlines())


class Mounts:
    """The volumes that this driver has mounted. `folder` keeps gcsfuse's configurations and logs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        server = ThreadingHTTPServer(("127.0.0.1", 0), _NoMetadata)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._metadata = f"127.0.0.1:{server.server_port}"

    def publish(self, volume: str, target: str, mount: Mount, readonly: bool) -> None:
        """Mounts; does nothing where it is mounted already, since the kubelet may ask again."""
        if mounted(target):
            return
        if mount.checked:
            _look_up(mount.bucket)
        Path(target).mkdir(mode=0o750, parents=True, exist_ok=True)
        base = self._folder / volume
        base.with_suffix(".json").write_text(json.dumps(mount.configuration))
        command = self._command(base, mount, readonly)
        surroundings = {**os.environ, "GCE_METADATA_HOST": self._metadata}
        with base.with_suffix(".log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--", mount.bucket, target],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=surroundings,
            )
        self._wait(process, mount.bucket, target, base.with_suffix(".log"))

    @staticmethod
    def _command(base: Path, mount: Mount, readonly: bool) -> list[str]:
        command = [
            str(BIN / "gcsfuse"),
            "--foreground",
            "--anonymous-access",
            "--disable-autoconfig",
            "--machine-type=none",
        ]
        command += ["--custom-endpoint", f"{STORE}/storage/v1/", "--config-file", str(base.with_suffix(".json"))]
        return [*command, "-o", "allow_other", *(["-o", "ro"] if readonly else []), *mount.flags]

    def _wait(self, process: subprocess.Popen[bytes], bucket: str, target: str, log: Path) -> None:
        end = time.monotonic() + _BOUND
        while not mounted(target):
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                said = log.read_text()[-400:].strip()
                code = "INVALID_ARGUMENT" if "unknown flag" in said or "invalid keys" in said else "INTERNAL"
                where = f'failed to mount volume "{bucket}" to target path "{target}"'
                raise MountFailedError(code, f"{where}: gcsfuse exit {process.wait()}: {said}")
            time.sleep(0.01)
        self._running[target] = process

    def unpublish(self, target: str) -> None:
        """Unmounts by force, which ends the connection for every copy of the mount; a plain umount would not."""
        while mounted(target):
            path = target.encode()
            if _C.umount2(path, MNT_FORCE) and _C.umount2(path, MNT_DETACH):
                raise MountFailedError("INTERNAL", f"umount {target}: {os.strerror(ctypes.get_errno())}")
        process = self._running.pop(target, None)
        if process is not None:
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if Path(target).is_dir():
            Path(target).rmdir()


def _look_up(bucket: str) -> None:
    """Asks the store for the bucket, in the words of GKE's driver; gcsfuse does not against a store on localhost."""
    text = f'failed to get GCS bucket "{bucket}"'
    try:
        answer = httpx.get(f"{STORE}/storage/v1/b/{bucket}", timeout=5, trust_env=False)
    except httpx.TransportError as error:
        raise MountFailedError("UNAVAILABLE", f"{text}: {error}") from error
    if answer.is_error:
        codes = {404: "NOT_FOUND", 403: "PERMISSION_DENIED", 401: "UNAUTHENTICATED"}
        said = f"{text}: {answer.status_code} {answer.reason_phrase}"
        raise MountFailedError(codes.get(answer.status_code, "INTERNAL"), said)
