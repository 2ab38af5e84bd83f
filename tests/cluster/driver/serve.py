"""A node driver that answers to the name of GKE's Cloud Storage FUSE CSI driver, for a real kubelet.

The same name and attributes and the real gcsfuse, but a store on loopback, no identity and no sidecar: gcsfuse runs on
the node as root, so a pod's network policy, host aliases and limits do not reach it, and a pod without the annotation
`gke-gcsfuse/volumes` works here. A volume is mounted read-only where the pod asks for it, and read-write where not
(DAT-14): to refuse that is the admission policy's part.

    python -m tests.cluster.driver.serve FOLDER
"""

import ctypes
import importlib
import signal
import sys
import threading
from collections.abc import Callable
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
from grpc_tools import protoc

from tests.cluster.driver.mounts import MountFailedError, Mounts
from tests.cluster.driver.options import OptionRefusedError, mount_of
from tests.cluster.setting import CACHE, HERE, NODE, say

NAME = "gcsfuse.csi.storage.gke.io"
SOCKET = Path("/var/lib/kubelet/plugins", NAME, "csi.sock")
REGISTRATION = Path(f"/var/lib/kubelet/plugins_registry/{NAME}-reg.sock")
_PR_SET_PDEATHSIG = 1


def stubs(name: str) -> tuple[Any, Any]:
    """Messages and services of a specification, made from its text."""
    folder, source = CACHE / "stubs", HERE / "driver" / "specification"
    folder.mkdir(parents=True, exist_ok=True)
    common = Path(protoc.__file__).parent / "_proto"
    words = [f"-I{source}", f"-I{common}", f"--python_out={folder}", f"--grpc_python_out={folder}", f"{name}.proto"]
    if protoc.main(["protoc", *words]) != 0:
        raise SystemExit(f"cluster: no stubs from {source}/{name}.proto")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return importlib.import_module(f"{name}_pb2"), importlib.import_module(f"{name}_pb2_grpc")


CSI, CSI_SERVICES = stubs("csi")
PLUGIN, PLUGIN_SERVICES = stubs("pluginregistration")
_Identity: Any = CSI_SERVICES.IdentityServicer
_Node: Any = CSI_SERVICES.NodeServicer
_Registration: Any = PLUGIN_SERVICES.RegistrationServicer


class Identity(_Identity):  # type: ignore[misc]
    """Who this is; no controller service."""

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802 (the specification's names, here and below)
        return CSI.GetPluginInfoResponse(name=NAME, vendor_version="0")

    def GetPluginCapabilities(self, request: Any, context: Any) -> Any:  # noqa: N802
        return CSI.GetPluginCapabilitiesResponse()

    def Probe(self, request: Any, context: Any) -> Any:  # noqa: N802
        return CSI.ProbeResponse()


class Registration(_Registration):  # type: ignore[misc]
    """Tells the kubelet where the driver listens."""

    def GetInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return PLUGIN.PluginInfo(type="CSIPlugin", name=NAME, endpoint=str(SOCKET), supported_versions=["1.0.0"])

    def NotifyRegistrationStatus(self, request: Any, context: Any) -> Any:  # noqa: N802
        say("registered" if request.plugin_registered else f"not registered: {request.error}")
        return PLUGIN.RegistrationStatusResponse()


class Node(_Node):  # type: ignore[misc]
    """Mounts and unmounts; no staging, no statistics."""

    def __init__(self, mounts: Mounts) -> None:
        self._mounts = mounts

    def NodeGetInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return CSI.NodeGetInfoResponse(node_id=NODE)

    def NodeGetCapabilities(self, request: Any, context: Any) -> Any:  # noqa: N802
        return CSI.NodeGetCapabilitiesResponse()

    def NodePublishVolume(self, request: Any, context: Any) -> Any:  # noqa: N802
        attributes = dict(request.volume_context)
        pod = f"{attributes.get('csi.storage.k8s.io/pod.namespace')}/{attributes.get('csi.storage.k8s.io/pod.name')}"
        options = list(request.volume_capability.mount.mount_flags)
        try:
            mount = mount_of(attributes, request.volume_id, options)
            self._mounts.publish(request.volume_id, request.target_path, mount, request.readonly)
        except OptionRefusedError as refused:
            say(f"refused {pod}: {refused}")
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(refused))
        except MountFailedError as failed:
            say(f"failed {pod}: {failed}")
            context.abort(grpc.StatusCode[failed.code], str(failed))
        else:
            mode = "read-only" if request.readonly else "read-write"
            say(f"published {pod}: {mount.bucket} {mode} {' '.join(mount.flags)}")
        return CSI.NodePublishVolumeResponse()

    def NodeUnpublishVolume(self, request: Any, context: Any) -> Any:  # noqa: N802
        try:
            self._mounts.unpublish(request.target_path)
        except MountFailedError as failed:
            context.abort(grpc.StatusCode[failed.code], str(failed))
        say(f"unpublished {request.target_path}")
        return CSI.NodeUnpublishVolumeResponse()


def serve(path: Path, *services: tuple[Callable[[Any, Any], None], object]) -> grpc.Server:
    """A server on a Unix socket."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    server = grpc.server(futures.ThreadPoolExecutor(8))
    for add, servicer in services:
        add(servicer, server)
    server.add_insecure_port(f"unix://{path}")
    server.start()
    return server


def main(folder: Path) -> None:
    """Serves until it is told to end, or whoever started it is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)  # `nsenter --pid` forks, and passes no signal on
    folder.mkdir(parents=True, exist_ok=True)
    identity = (CSI_SERVICES.add_IdentityServicer_to_server, Identity())
    node = (CSI_SERVICES.add_NodeServicer_to_server, Node(Mounts(folder)))
    running = [serve(SOCKET, identity, node)]
    running.append(serve(REGISTRATION, (PLUGIN_SERVICES.add_RegistrationServicer_to_server, Registration())))
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    say("listening")
    stopped.wait()
    REGISTRATION.unlink(missing_ok=True)  # so that the kubelet takes the driver off the node


if __name__ == "__main__":
    main(Path(sys.argv[1]))
