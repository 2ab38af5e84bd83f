"""How a pod is changed: each function here returns a change, which `pod_changes` gives a name and a refusal."""

import copy
from typing import Any

from spawner import cluster_names as names
from tests.cluster.locks import Change, Object

SIDECAR = "gke-gcsfuse-sidecar"
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"
ELSEWHERE = "198.51.100.9"


def spec(**fields: Any) -> Change:
    """Other fields of the pod's specification."""
    return lambda one: one["spec"].update(fields)


def without(*path: str) -> Change:
    """The field at a path of the pod is taken out."""

    def change(one: Object) -> None:
        *tables, last = path
        for table in tables:
            one = one[table]
        del one[last]

    return change


def metadata(**fields: Any) -> Change:
    """Other fields of the pod's metadata."""
    return lambda one: one["metadata"].update(fields)


def labelled(**labels: str) -> Change:
    """Other labels of ours."""
    return lambda one: one["metadata"]["labels"].update({f"sluis.dev/{key}": value for key, value in labels.items()})


def annotated(name: str, value: str) -> Change:
    """Another annotation."""
    return lambda one: one["metadata"]["annotations"].update({name: value})


def grouped(**fields: Any) -> Change:
    """Other fields of the pod's own security context."""
    return lambda one: one["spec"]["securityContext"].update(fields)


# --- the notebook ---


def notebook(**fields: Any) -> Change:
    """Other fields of the notebook."""
    return lambda one: one["spec"]["containers"][0].update(fields)


def secured(**fields: Any) -> Change:
    """Other fields of the notebook's security context."""
    return lambda one: one["spec"]["containers"][0]["securityContext"].update(fields)


def limited(**limits: str | None) -> Change:
    """Other limits of the notebook; `None` takes one out."""

    def change(one: Object) -> None:
        now = one["spec"]["containers"][0]["resources"]["limits"]
        now.update({key.replace("_", "-"): value for key, value in limits.items()})
        for key in [key for key, value in now.items() if value is None]:
            del now[key]

    return change


def with_variable(**source: Any) -> Change:
    """One variable more of the notebook, with its value from elsewhere."""
    return lambda one: one["spec"]["containers"][0]["env"].append({"name": "MORE", "valueFrom": source})


def mounted_in_notebook(name: str) -> Change:
    """A volume that the notebook sees too."""
    return lambda one: one["spec"]["containers"][0]["volumeMounts"].append({"name": name, "mountPath": "/home/more"})


def home_as_device(one: Object) -> None:
    """The notebook has the home's blocks instead of its files."""
    container = one["spec"]["containers"][0]
    container["volumeMounts"] = [each for each in container["volumeMounts"] if each["name"] != "home"]
    container["volumeDevices"] = [{"name": "home", "devicePath": "/dev/home"}]


# --- the sidecar, and other containers ---


def sidecar(**fields: Any) -> Change:
    """Other fields of the sidecar."""
    return lambda one: one["spec"]["initContainers"][0].update(fields)


def secured_sidecar(**fields: Any) -> Change:
    """Other fields of the sidecar's security context."""
    return lambda one: one["spec"]["initContainers"][0]["securityContext"].update(fields)


def more(kind: str, **fields: Any) -> Change:
    """One container more, otherwise like the notebook, instead of all others that are no notebooks."""

    def change(one: Object) -> None:
        like = {key: value for key, value in one["spec"]["containers"][0].items() if key not in ("ports", "lifecycle")}
        one["spec"][kind] = [*(one["spec"][kind] if kind == "containers" else []), copy.deepcopy(like | fields)]
        if fields["name"] == SIDECAR and kind == "containers":
            one["spec"].pop("initContainers")

    return change


def another_beside_the_sidecar(**fields: Any) -> Change:
    """A container that starts before the notebook, with everything else like the sidecar."""
    return lambda one: one["spec"]["initContainers"].append(one["spec"]["initContainers"][0] | fields)


# --- volumes ---


def volume(**source: Any) -> Change:
    """One volume more."""
    return lambda one: one["spec"]["volumes"].append({"name": "more", **source})


def claim(name: str) -> Change:
    """Another claim for the home."""

    def change(one: Object) -> None:
        (home,) = [each for each in one["spec"]["volumes"] if each["name"] == "home"]
        home["persistentVolumeClaim"]["claimName"] = name

    return change


def _dataset(one: Object) -> Object:
    """The second dataset's bucket, which has a prefix."""
    found: list[Object] = [each["csi"] for each in one["spec"]["volumes"] if each["name"] == names.volume(2)]
    return found[0]


def bucket(**fields: Any) -> Change:
    """Other fields of a dataset's volume; `None` takes one out."""

    def change(one: Object) -> None:
        _dataset(one).update(fields)
        for key in [key for key, value in _dataset(one).items() if value is None]:
            del _dataset(one)[key]

    return change


def attributes(**fields: str | None) -> Change:
    """Other attributes of a dataset's volume; `None` takes one out."""

    def change(one: Object) -> None:
        now = _dataset(one)["volumeAttributes"]
        now.update(fields)
        for key in [key for key, value in now.items() if value is None]:
            del now[key]

    return change


def options(old: str, new: str) -> Change:
    """Other options of a dataset's mount."""

    def change(one: Object) -> None:
        now = _dataset(one)["volumeAttributes"]
        assert old in now["mountOptions"]
        now["mountOptions"] = now["mountOptions"].replace(old, new)

    return change


# --- several at once, where one alone would be another fault ---


def all_of(*changes: Change) -> Change:
    """These changes, one after the other."""

    def change(one: Object) -> None:
        for each in changes:
            each(one)

    return change


def without_data(one: Object) -> None:
    """No dataset is mounted."""
    one["spec"]["volumes"] = [each for each in one["spec"]["volumes"] if "csi" not in each]
    container = one["spec"]["containers"][0]
    container["volumeMounts"] = [each for each in container["volumeMounts"] if not each["name"].startswith("ds-")]


def covered_token(one: Object) -> None:
    """A folder lies where a token would be put, so that the cluster adds no volume for it."""
    for kind, name in (("initContainers", "gke-gcsfuse-tmp"), ("containers", "tmp")):
        one["spec"][kind][0]["volumeMounts"].append({"name": name, "mountPath": TOKEN})
