"""What the webhook of the Cloud Storage FUSE driver makes of a workspace's pod, by its own recorded answers.

`tests/vectors/gcsfuse-webhook` has the answers and how they were got. To ask one that runs anew, which writes them:

    python -m tests.gcsfuse_webhook https://localhost:18443/inject
"""

import base64
import copy
import json
import ssl
import sys
import urllib.request
from pathlib import Path
from typing import Any

import yaml

Pod = dict[str, Any]

ANSWERS = Path(__file__).parent / "vectors" / "gcsfuse-webhook"
PODS = Path(__file__).parent / "unit" / "spawner" / "pods"
ANNOTATION = "gke-gcsfuse/"
_SIZES = {"cpu": "cpu-limit", "ephemeral-storage": "ephemeral-storage-limit", "memory": "memory-limit"}


def sent(name: str) -> Pod:
    """The pod of a profile as the hub sends it."""
    return dict(yaml.safe_load((PODS / f"{name}.yaml").read_text(encoding="utf-8")))


def recorded(name: str) -> dict[str, Any]:
    """What was `asked` and `answered` about the pod of a profile, and which other `spelling` came back."""
    return dict(json.loads((ANSWERS / f"{name}.json").read_text(encoding="utf-8")))


def asked_of(pod: Pod) -> dict[str, Any]:
    """What the webhook reads of a pod that has one notebook and no container of its own."""
    annotations = {name: text for name, text in pod["metadata"]["annotations"].items() if name.startswith(ANNOTATION)}
    return {
        "annotations": annotations,
        "containers": [each["name"] for each in pod["spec"]["containers"]],
        **made_of(pod),
    }


def made_of(pod: Pod) -> dict[str, Any]:
    """What the webhook changes of a pod."""
    return {"initContainers": pod["spec"].get("initContainers", []), "volumes": pod["spec"]["volumes"]}


def with_sidecar(pod: Pod, image: str = "") -> Pod:
    """The pod as the webhook answers: its sidecar before all else, with the sizes that the pod asks for."""
    changed, answered = copy.deepcopy(pod), copy.deepcopy(recorded("small")["answered"])
    (sidecar,) = answered["initContainers"]
    limits = {name: pod["metadata"]["annotations"][ANNOTATION + key] for name, key in _SIZES.items()}
    sidecar |= {"image": image or sidecar["image"], "resources": {"limits": limits, "requests": dict(limits)}}
    folders = [each for each in answered["volumes"] if each["name"].startswith("gke-gcsfuse-")]
    changed["spec"]["initContainers"] = [sidecar, *changed["spec"].get("initContainers", [])]
    changed["spec"]["volumes"] = [*folders, *changed["spec"]["volumes"]]
    return changed


# --- asking anew ---


def ask(url: str, pod: Pod) -> list[dict[str, Any]]:
    """The operations of the JSON patch (RFC 6902) that a running webhook answers; none where nothing changes."""
    names = {"namespace": pod["metadata"]["namespace"], "name": pod["metadata"]["name"]}
    kinds = {"kind": {"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE", "uid": "1"}
    resource = {"resource": {"group": "", "version": "v1", "resource": "pods"}}
    request = {**kinds, **resource, **names, "object": pod}
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    asking = urllib.request.Request(url, json.dumps(review).encode(), {"Content-Type": "application/json"})
    unchecked = ssl._create_unverified_context()  # it runs on this machine, with a certificate of its own making
    with urllib.request.urlopen(asking, context=unchecked, timeout=30) as response:
        answer = json.load(response)["response"]
    if not answer["allowed"]:
        raise SystemExit(f"the webhook refuses the pod `{names['name']}`: {answer['status']}")
    return list(json.loads(base64.b64decode(answer["patch"]))) if "patch" in answer else []


def patched(pod: Pod, operations: list[dict[str, Any]]) -> Pod:
    """The pod with these operations (`add`, `replace`, `remove`) done."""
    changed: Any = copy.deepcopy(pod)
    for each in operations:
        *folders, last = [part.replace("~1", "/").replace("~0", "~") for part in each["path"].split("/")[1:]]
        place = changed
        for folder in folders:
            place = place[int(folder) if isinstance(place, list) else folder]
        if each["op"] == "remove":
            place.pop(int(last) if isinstance(place, list) else last)
        elif isinstance(place, list) and each["op"] == "add":
            place.insert(int(last), each["value"])
        else:
            place[int(last) if isinstance(place, list) else last] = each["value"]
    return dict(changed)


def main(url: str) -> None:
    """Ask about the pod of every profile and write the answers."""
    for name in sorted(path.stem for path in PODS.glob("*.yaml")):
        pod = sent(name)
        operations = ask(url, pod)
        changed = ("/spec/initContainers", "/spec/volumes")
        spelling = [each for each in operations if not each["path"].startswith(changed)]
        said = {"asked": asked_of(pod), "answered": made_of(patched(pod, operations)), "spelling": spelling}
        (ANSWERS / f"{name}.json").write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
