"""Single changes of a workspace's pod, none of which a cluster with the chart's policies lets in."""

import copy
from typing import Any

from spawner import cluster_names as names
from tests.cluster.locks import SIDECAR, Change, Object


def _spec(one: Object, **fields: Any) -> None:
    one["spec"].update(fields)


def _notebook(one: Object, **fields: Any) -> None:
    one["spec"]["containers"][0].update(fields)


def _secured(one: Object, **fields: Any) -> None:
    one["spec"]["containers"][0]["securityContext"].update(fields)


def _labelled(one: Object, **labels: str) -> None:
    one["metadata"]["labels"].update({f"sluis.dev/{name}": value for name, value in labels.items()})


def _bucket(one: Object, **fields: Any) -> None:
    _dataset(one)["csi"].update(fields)


def _mounted(one: Object, **attributes: str) -> None:
    _dataset(one)["csi"]["volumeAttributes"].update(attributes)


def _dataset(one: Object) -> Object:
    """The second dataset's volume, which has a prefix."""
    (found,) = [each for each in one["spec"]["volumes"] if each["name"] == names.volume(2)]
    return dict(found, csi=found["csi"])


def _options(one: Object, old: str, new: str) -> None:
    attributes = _dataset(one)["csi"]["volumeAttributes"]
    assert old in attributes["mountOptions"]
    attributes["mountOptions"] = attributes["mountOptions"].replace(old, new)


def _volume(one: Object, **source: Any) -> None:
    one["spec"]["volumes"].append({"name": "more", **source})


def _more(one: Object, kind: str, **fields: Any) -> None:
    other = {name: value for name, value in one["spec"]["containers"][0].items() if name not in ("ports", "lifecycle")}
    one["spec"][kind] = [*(one["spec"][kind] if kind == "containers" else []), copy.deepcopy(other | fields)]
    if fields["name"] == "gke-gcsfuse-sidecar" and kind == "containers":
        one["spec"].pop("initContainers")


def _limited(one: Object, **limits: str) -> None:
    one["spec"]["containers"][0]["resources"]["limits"].update(limits)


def _sidecar(one: Object, **fields: Any) -> None:
    one["spec"]["initContainers"][0].update(fields)


def _grouped(one: Object, **fields: Any) -> None:
    one["spec"]["securityContext"].update(fields)


def _mounted_in_notebook(one: Object, name: str) -> None:
    one["spec"]["containers"][0]["volumeMounts"].append({"name": name, "mountPath": "/home/more"})


def _annotated(one: Object, name: str, value: str) -> None:
    one["metadata"]["annotations"][name] = value


def _claim(one: Object, name: str) -> None:
    (home,) = [each for each in one["spec"]["volumes"] if each["name"] == "home"]
    home["persistentVolumeClaim"]["claimName"] = name


def _secret_in(one: Object) -> None:
    source = {"secretKeyRef": {"name": "other", "key": "key"}}
    one["spec"]["containers"][0]["env"].append({"name": "SECRET", "valueFrom": source})


def _another_start(one: Object) -> None:
    _labelled(one, start="x")
    _annotated(one, "sluis.dev/seq", "x")


def _wholly_another_person(one: Object) -> None:
    """Right in itself, but of somebody whom the grant does not name."""
    _labelled(one, person="5")
    _claim(one, "home-p-5")
    _spec(one, serviceAccountName="p-5", volumes=[each for each in one["spec"]["volumes"] if "csi" not in each])
    one["metadata"]["name"] = "p-5"
    mounts = one["spec"]["containers"][0]["volumeMounts"]
    _notebook(one, volumeMounts=[each for each in mounts if not each["name"].startswith("ds-")])


CHANGES: dict[str, Change] = {
    # whose it is (DAT-02, SPW-14)
    "another installation": lambda one: _labelled(one, installation="other"),
    "another installation in the annotation": lambda one: _annotated(one, "sluis.dev/installation", "other"),
    "another request": lambda one: _labelled(one, request="13"),
    "another part": lambda one: _labelled(one, part="hub"),
    "no start": lambda one: one["metadata"]["labels"].pop("sluis.dev/start"),
    "a start that is no number": _another_start,
    "another start than it says": lambda one: _annotated(one, "sluis.dev/seq", "40"),
    "somebody else, whole": _wholly_another_person,
    "a person who is not granted": lambda one: _labelled(one, person="5"),
    "no person": lambda one: one["metadata"]["labels"].pop("sluis.dev/person"),
    "another person's label": lambda one: _labelled(one, person="4"),
    "another person's account": lambda one: _spec(one, serviceAccountName="p-4"),
    "the namespace's default account": lambda one: _spec(one, serviceAccountName="default"),
    "no account": lambda one: one["spec"].pop("serviceAccountName"),
    "another name": lambda one: one["metadata"].update(name="p-33"),
    "no end": lambda one: one["spec"].pop("activeDeadlineSeconds"),
    "an end after the grant's": lambda one: _spec(one, activeDeadlineSeconds=9 * 3600),
    # its data (DAT-05, DAT-13, DAT-14)
    "a bucket that is not granted": lambda one: _mounted(one, bucketName="liver-data"),
    "every bucket": lambda one: _mounted(one, bucketName="_"),
    "no bucket": lambda one: _dataset(one)["csi"]["volumeAttributes"].pop("bucketName"),
    "the whole bucket instead of its prefix": lambda one: _options(one, "only-dir=part/b,", ""),
    "another prefix": lambda one: _options(one, "part/b", "part"),
    "a prefix that begins like the granted one": lambda one: _options(one, "part/b", "part/bb"),
    "a prefix out of the granted one": lambda one: _options(one, "part/b", "part/b/../c"),
    "two prefixes": lambda one: _options(one, "only-dir=part/b", "only-dir=part/b,only-dir=part/c"),
    "another store": lambda one: _options(one, "implicit-dirs", "implicit-dirs,custom-endpoint=http://198.51.100.9"),
    "a mount that can be written": lambda one: _bucket(one, readOnly=False),
    "a mount that does not say whether": lambda one: _dataset(one)["csi"].pop("readOnly"),
    "a cache that outlives the grant": lambda one: _mounted(one, metadataCacheTTLSeconds="60"),
    "an attribute more": lambda one: _mounted(one, skipCSIBucketAccessCheck="true"),
    "another driver": lambda one: _bucket(one, driver="secrets-store.csi.k8s.io"),
    "another person's home": lambda one: _claim(one, "home-p-4"),
    "another claim": lambda one: _claim(one, "data"),
    "a folder of the node": lambda one: _volume(one, hostPath={"path": "/"}),
    "a secret": lambda one: _volume(one, secret={"secretName": "other"}),
    "a config map": lambda one: _volume(one, configMap={"name": "other"}),
    "a projected token": lambda one: _volume(one, projected={"sources": [{"serviceAccountToken": {"path": "t"}}]}),
    "the pod's own fields": lambda one: _volume(one, downwardAPI={"items": []}),
    "a volume made for the pod": lambda one: _volume(
        one,
        ephemeral={
            "volumeClaimTemplate": {
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
            }
        },
    ),
    "a folder of another machine": lambda one: _volume(one, nfs={"server": "198.51.100.9", "path": "/"}),
    # what runs in it (SPW-02, SPW-10)
    "another image": lambda one: _notebook(one, image="registry.example.org/other@sha256:" + "a" * 64),
    "the image by a tag": lambda one: _notebook(one, image="registry.example.org/workspace:latest"),
    "another name of the container": lambda one: _notebook(one, name="other"),
    "a second container": lambda one: _more(one, "containers", name="second"),
    "an init container": lambda one: _more(one, "initContainers", name="before"),
    "a sidecar from elsewhere": lambda one: _more(one, "containers", name="gke-gcsfuse-sidecar"),
    "an init sidecar from elsewhere": lambda one: _more(one, "initContainers", name="gke-gcsfuse-sidecar"),
    "a sidecar from a repository that begins alike": lambda one: _more(
        one, "initContainers", name="gke-gcsfuse-sidecar", image=f"{SIDECAR}-own/image:v1"
    ),
    "a value from a secret": _secret_in,
    "all values of a secret": lambda one: _notebook(one, envFrom=[{"secretRef": {"name": "other"}}]),
    "a hook": lambda one: _notebook(one, lifecycle={"postStart": {"exec": {"command": ["true"]}}}),
    "a hook at the end": lambda one: _notebook(one, lifecycle={"preStop": {"exec": {"command": ["true"]}}}),
    "a root that can be written": lambda one: _secured(one, readOnlyRootFilesystem=False),
    "root": lambda one: _secured(one, runAsUser=0),
    "another user": lambda one: _secured(one, runAsUser=1001),
    "perhaps root": lambda one: _secured(one, runAsNonRoot=False),
    "privileged": lambda one: _secured(one, privileged=True, allowPrivilegeEscalation=True),
    "more rights on the way": lambda one: _secured(one, allowPrivilegeEscalation=True),
    "a capability": lambda one: _secured(one, capabilities={"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}),
    "all capabilities": lambda one: _secured(one, capabilities={}),
    "every system call": lambda one: _secured(one, seccompProfile={"type": "Unconfined"}),
    "no limits": lambda one: _notebook(one, resources={}),
    "root's group": lambda one: _secured(one, runAsGroup=0),
    "root's group for the pod": lambda one: _grouped(one, runAsGroup=0),
    "root's group for its folders": lambda one: _grouped(one, fsGroup=0),
    "more cores than a profile has": lambda one: _limited(one, cpu="900"),
    "more memory than a profile has": lambda one: _limited(one, memory="4000Gi"),
    "more of the node's disk": lambda one: _limited(one, **{"ephemeral-storage": "2Gi"}),
    "as much of the node's disk as there is": lambda one: one["spec"]["containers"][0]["resources"]["limits"].pop(
        "ephemeral-storage"
    ),
    "a device": lambda one: _limited(one, **{"example.org/device": "1"}),
    "a container that starts again": lambda one: _notebook(one, restartPolicy="Always"),
    "the node asks another machine": lambda one: _notebook(
        one, livenessProbe={"httpGet": {"host": "198.51.100.9", "port": 80}}
    ),
    "another program in the sidecar": lambda one: _sidecar(one, command=["/gcsfuse"]),
    "a secret in the sidecar": lambda one: _sidecar(one, envFrom=[{"secretRef": {"name": "other"}}]),
    "the home in the sidecar": lambda one: _sidecar(one, volumeMounts=[{"name": "home", "mountPath": "/home"}]),
    "the data in the sidecar": lambda one: _sidecar(
        one, volumeMounts=[{"name": names.volume(2), "mountPath": "/d", "readOnly": True}]
    ),
    "the sidecar as the notebook's user": lambda one: one["spec"]["initContainers"][0]["securityContext"].update(
        runAsUser=1000
    ),
    "a hook of the sidecar": lambda one: _sidecar(one, lifecycle={"preStop": {"exec": {"command": ["true"]}}}),
    "the sidecar's folder in the notebook": lambda one: _mounted_in_notebook(one, "gke-gcsfuse-tmp"),
    "a port of the node": lambda one: _notebook(one, ports=[{"containerPort": 8888, "hostPort": 8888}]),
    # what it shares and knows (NET-10, SPW-11)
    "the node's network": lambda one: _spec(one, hostNetwork=True),
    "the node's processes": lambda one: _spec(one, hostPID=True),
    "the node's memory": lambda one: _spec(one, hostIPC=True),
    "shared processes": lambda one: _spec(one, shareProcessNamespace=True),
    "another group": lambda one: one["spec"]["securityContext"].update(supplementalGroups=[0]),
    "a token of the cluster": lambda one: _spec(one, automountServiceAccountToken=True),
    "a token of the cluster by default": lambda one: one["spec"].pop("automountServiceAccountToken"),
    "the names of services": lambda one: _spec(one, enableServiceLinks=True),
    "the cluster's DNS": lambda one: _spec(one, dnsPolicy="ClusterFirst"),
    "another name server": lambda one: one["spec"]["dnsConfig"].update(nameservers=["198.51.100.9"]),
    "names to search": lambda one: one["spec"]["dnsConfig"].update(searches=["example.org"]),
    "another host's name": lambda one: _spec(
        one, hostAliases=[{"ip": "198.51.100.9", "hostnames": ["www.example.org"]}]
    ),
    "a name that is not allowed": lambda one: _spec(one, hostAliases=[{"ip": "199.36.153.8", "hostnames": ["x.org"]}]),
    # where it runs
    "another runtime": lambda one: _spec(one, runtimeClassName="other"),
    "mounts under gVisor": lambda one: _spec(one, runtimeClassName="gvisor"),
    "other nodes": lambda one: _spec(one, nodeSelector={"pool": "parts"}),
    "a node by name": lambda one: _spec(one, nodeName="node1"),
    "a liking for nodes": lambda one: _spec(one, affinity={"nodeAffinity": {}}),
    "another scheduler": lambda one: _spec(one, schedulerName="other"),
    "an importance": lambda one: _spec(one, priorityClassName="system-node-critical"),
    "nodes that are not for workspaces": lambda one: _spec(one, tolerations=[{"operator": "Exists"}]),
    "nodes of the parts": lambda one: _spec(one, tolerations=[{"key": "sluis.dev/parts", "operator": "Exists"}]),
    "an end that is put off": lambda one: _spec(one, terminationGracePeriodSeconds=999_999_999),
    "an end that somebody holds up": lambda one: one["metadata"].update(finalizers=["example.org/held"]),
    "a pod that belongs to another object": lambda one: one["metadata"].update(
        ownerReferences=[{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "x"}]
    ),
    "a pod that starts again": lambda one: _spec(one, restartPolicy="Always"),
    # what the storage's webhook would do for it
    "more of the pod for the sidecar": lambda one: _annotated(one, "gke-gcsfuse/additional-volume-mounts", "x"),
    "other credentials": lambda one: _annotated(one, "gke-gcsfuse/workload-identity-credential-configmap", "x"),
}
