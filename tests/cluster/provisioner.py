"""Makes a folder of the node for each claim of the storage class `folders`, as a cloud's provisioner makes a disk.

The volumes are of kind `local`, so the kubelet gives them to the pod's `fsGroup` as it does with a disk. Any access
mode is granted, since there is one node. A claim that is deleted takes its volume and folder along.

    python -m tests.cluster.provisioner KUBECONFIG FOLDER
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from tests.cluster.api import Api, RefusedError, Thing
from tests.cluster.setting import NODE, say
from tests.cluster.watching import Objects, Watched

CLASS, PROVISIONER = "folders", "sluis.test/folders"
_VOLUMES = "/api/v1/persistentvolumes"
KINDS = {"claims": "/api/v1/persistentvolumeclaims", "volumes": _VOLUMES}


def volume(claim: Thing, folder: Path) -> dict[str, Any]:
    """The volume of a claim, in this folder."""
    name = {key: claim["metadata"][key] for key in ("name", "namespace", "uid")}
    term = {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [NODE]}]}
    annotations = {"pv.kubernetes.io/provisioned-by": PROVISIONER}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": _name(claim), "annotations": annotations},
        "spec": {
            "accessModes": claim["spec"]["accessModes"],
            "capacity": {"storage": claim["spec"]["resources"]["requests"]["storage"]},
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", **name},
            "local": {"path": str(folder / _name(claim))},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": CLASS,
        },
    }


def _name(claim: Thing) -> str:
    return f"pvc-{claim['metadata']['uid']}"


def main(kubeconfig: Path, folder: Path) -> None:
    """Provides and takes away, after each change of claims or volumes."""
    api = Api.of(kubeconfig)
    folder.mkdir(parents=True, exist_ok=True)

    def provide(objects: Objects) -> None:
        there = {each["metadata"]["name"] for each in objects["volumes"]}
        for claim in objects["claims"]:
            if claim["spec"].get("storageClassName") == CLASS and _name(claim) not in there:
                (folder / _name(claim)).mkdir(exist_ok=True)
                api.apply(volume(claim, folder))
                say(f"provided {_name(claim)} for {claim['metadata']['namespace']}/{claim['metadata']['name']}")
        for each in objects["volumes"]:
            if each["spec"].get("storageClassName") == CLASS and each["status"].get("phase") == "Released":
                shutil.rmtree(folder / each["metadata"]["name"], ignore_errors=True)
                api.delete(f"{_VOLUMES}/{each['metadata']['name']}")

    watched = Watched(api, KINDS)
    while True:
        try:
            watched.turn(provide)
        except RefusedError as refused:
            say(str(refused))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
