"""Single changes of a workspace's pod, none of which a cluster with the chart's policies lets in.

They stand under the beginning of what the API server says to each, after `sluis: `: one heading for each validation.
A change is single where it breaks one clause of one validation, so that a clause that is lost lets it in.
"""

from spawner import cluster_names as names
from tests.cluster import pod_edits as by
from tests.cluster.locks import SIDECAR, Change

_OTHER = {"name": "other"}
_HOOK = {"exec": {"command": ["true"]}}
_TEMPLATE = {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}
_OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "x"}
_ALIAS = {"ip": "199.36.153.8", "hostnames": ["storage.example.org"]}
_SEALED = {"runtimeClassName": "gvisor", "nodeSelector": {"pool": "sealed"}}
_ADDED = {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}

CHANGES: dict[str, dict[str, Change]] = {
    # whose it is (DAT-02, SPW-14)
    "the pod's labels and annotations are not those of": {
        "another installation": by.labelled(installation="other"),
        "another installation in the annotation": by.annotated("sluis.dev/installation", "other"),
        "another request": by.labelled(request="13"),
        "another part": by.labelled(part="hub"),
        "no start": by.without("metadata", "labels", "sluis.dev/start"),
        "a start that is no number": by.all_of(by.labelled(start="x"), by.annotated("sluis.dev/seq", "x")),
        "another start than it says": by.annotated("sluis.dev/seq", "40"),
    },
    "the pod does not say from which network": {
        "no network": by.without("metadata", "labels", "sluis.dev/zone"),
        "another word": by.labelled(zone="everywhere"),
    },
    "the grant of this request does not name": {
        "somebody else, whole": by.all_of(
            by.labelled(person="5"), by.claim("home-p-5"), by.without_data, by.metadata(name="p-5"),
            by.spec(serviceAccountName="p-5"),
        ),
        "a person who is not granted": by.labelled(person="5"),
        "no person": by.without("metadata", "labels", "sluis.dev/person"),
        "another person's label": by.labelled(person="4"),
        "another name": by.metadata(name="p-33"),
    },
    "the pod's service account is not": {
        "another person's account": by.spec(serviceAccountName="p-4"),
        "the namespace's default account": by.spec(serviceAccountName="default"),
        "no account": by.without("spec", "serviceAccountName"),
    },
    "the pod would outlive the grant": {
        "no end": by.without("spec", "activeDeadlineSeconds"),
        "an end after the grant's": by.spec(activeDeadlineSeconds=9 * 3600),
    },
    # its data (DAT-05, DAT-13, DAT-14)
    "a volume is neither a granted bucket": {
        "another person's home": by.claim("home-p-4"),
        "another claim": by.claim("data"),
        "a home that was set aside": by.claim("home-p-3-4"),
        "the other network's home": by.claim("home-p-3-2"),
        "the institute's home in a pod that is reached from anywhere": by.all_of(
            by.labelled(zone="anywhere"), by.without_data
        ),
        "a folder of the node": by.volume(hostPath={"path": "/"}),
        "a secret": by.volume(secret={"secretName": "other"}),
        "a config map": by.volume(configMap=_OTHER),
        "a projected token": by.volume(projected={"sources": [{"serviceAccountToken": {"path": "t"}}]}),
        "the pod's own fields": by.volume(downwardAPI={"items": []}),
        "a volume made for the pod": by.volume(ephemeral={"volumeClaimTemplate": _TEMPLATE}),
        "a folder of another machine": by.volume(nfs={"server": by.ELSEWHERE, "path": "/"}),
        "a token of the cluster, as a volume": by.spec(automountServiceAccountToken=True),
    },
    "a bucket is not mounted as it has to be": {
        "no bucket": by.attributes(bucketName=None),
        "a mount that can be written": by.bucket(readOnly=False),
        "a mount that does not say whether": by.bucket(readOnly=None),
        "a mount with a secret": by.bucket(nodePublishSecretRef=_OTHER),
        "a cache that outlives the grant": by.attributes(metadataCacheTTLSeconds="60"),
        "an attribute more": by.attributes(skipCSIBucketAccessCheck="true"),
        "another driver": by.bucket(driver="secrets-store.csi.k8s.io"),
    },
    "a bucket, or its prefix, is not in": {
        "a bucket that is not granted": by.attributes(bucketName="liver-data"),
        "every bucket": by.attributes(bucketName="_"),
        "a pod that is reached from anywhere": by.all_of(by.labelled(zone="anywhere"), by.claim("home-p-3-2")),
        "the whole bucket instead of its prefix": by.options("only-dir=part/b,", ""),
        "another prefix": by.options("part/b", "part"),
        "a prefix that begins like the granted one": by.options("part/b", "part/bb"),
        "a prefix out of the granted one": by.options("part/b", "part/b/../c"),
        "two prefixes": by.options("only-dir=part/b", "only-dir=part/b,only-dir=part/c"),
        "another store": by.options("implicit-dirs", f"implicit-dirs,custom-endpoint=http://{by.ELSEWHERE}"),
    },
    # what runs in it (SPW-02, SPW-10)
    "the pod is not one container `notebook`": {
        "another image": by.notebook(image="registry.example.org/other@sha256:" + "a" * 64),
        "the image by a tag": by.notebook(image="registry.example.org/workspace:latest"),
        "another name of the container": by.notebook(name="other"),
        "a second container": by.more("containers", name="second"),
        "a value from a secret": by.with_variable(secretKeyRef={"name": "other", "key": "key"}),
        "all values of a secret": by.notebook(envFrom=[{"secretRef": _OTHER}]),
        "a hook": by.notebook(lifecycle={"postStart": _HOOK}),
        "a hook at the end": by.notebook(lifecycle={"preStop": _HOOK}),
    },
    "a container is neither the notebook nor": {
        "an init container": by.more("initContainers", name="before"),
        "a sidecar of another name": by.another_beside_the_sidecar(name="before"),
        "a sidecar from elsewhere": by.more("containers", name=by.SIDECAR),
        "an init sidecar from elsewhere": by.sidecar(image="registry.example.org/other:v1"),
        "a sidecar from a repository that begins alike": by.sidecar(image=f"{SIDECAR}-own/image:v1"),
    },
    "the storage's sidecar is not as its webhook": {
        "another program in the sidecar": by.sidecar(command=["/gcsfuse"]),
        "all values of a secret in the sidecar": by.sidecar(envFrom=[{"secretRef": _OTHER}]),
        "a value from a secret in the sidecar": by.sidecar(
            env=[{"name": "MORE", "valueFrom": {"secretKeyRef": {"name": "other", "key": "key"}}}]
        ),
        "the home in the sidecar": by.sidecar(volumeMounts=[{"name": "home", "mountPath": "/home"}]),
        "the home's blocks in the sidecar": by.sidecar(volumeDevices=[{"name": "home", "devicePath": "/dev/home"}]),
        "the data in the sidecar": by.sidecar(
            volumeMounts=[{"name": names.volume(2), "mountPath": "/d", "readOnly": True}]
        ),
        "the sidecar as the notebook's user": by.secured_sidecar(runAsUser=1000),
        "the sidecar in the notebook's group": by.secured_sidecar(runAsGroup=100),
        "the sidecar's root can be written": by.secured_sidecar(readOnlyRootFilesystem=False),
        "a hook of the sidecar": by.sidecar(lifecycle={"preStop": _HOOK}),
        "the sidecar's folder in the notebook": by.mounted_in_notebook("gke-gcsfuse-tmp"),
    },
    "a container would start again": {
        "a container that starts again": by.notebook(restartPolicy="Always"),
        "the node asks another machine": by.notebook(livenessProbe={"httpGet": {"host": by.ELSEWHERE, "port": 80}}),
        "the node asks whether it is ready": by.notebook(readinessProbe=_HOOK),
        "the node asks whether it has started": by.notebook(startupProbe=_HOOK),
        "the node asks the sidecar": by.sidecar(startupProbe=_HOOK),
    },
    "the notebook is not held to": {
        "a root that can be written": by.secured(readOnlyRootFilesystem=False),
        "root": by.secured(runAsUser=0),
        "another user": by.secured(runAsUser=1001),
        "perhaps root": by.secured(runAsNonRoot=False),
        "root's group": by.secured(runAsGroup=0),
        "the home's blocks": by.home_as_device,
        "no limits": by.notebook(resources={}),
        "no limit of memory": by.limited(memory=None),
        "no limit of cores": by.limited(cpu=None),
    },
    "a container has a port, system calls or rights": {
        "privileged": by.secured(privileged=True, allowPrivilegeEscalation=True),
        "more rights on the way": by.secured(allowPrivilegeEscalation=True),
        "more rights on the way in the sidecar": by.secured_sidecar(allowPrivilegeEscalation=True),
        "a capability": by.secured(capabilities=_ADDED),
        "a capability of the sidecar": by.secured_sidecar(capabilities=_ADDED),
        "all capabilities": by.secured(capabilities={}),
        "every system call": by.secured(seccompProfile={"type": "Unconfined"}),
        "every system call of the sidecar": by.secured_sidecar(seccompProfile={"type": "Unconfined"}),
        "every system call of the pod": by.grouped(seccompProfile={"type": "Unconfined"}),
        "no AppArmor": by.secured(appArmorProfile={"type": "Unconfined"}),
        "no AppArmor for the pod": by.grouped(appArmorProfile={"type": "Unconfined"}),
        "the kernel's files": by.all_of(by.secured(procMount="Unmasked"), by.spec(hostUsers=False)),
        "a port of the node": by.notebook(ports=[{"containerPort": 8888, "hostPort": 8888}]),
    },
    # what it shares and knows (NET-10, SPW-11)
    "the pod shares something with its node": {
        "the node's network": by.all_of(by.spec(hostNetwork=True), by.notebook(ports=[])),
        "the node's processes": by.spec(hostPID=True),
        "the node's memory": by.spec(hostIPC=True),
        "shared processes": by.spec(shareProcessNamespace=True),
        "perhaps root in the pod": by.grouped(runAsNonRoot=False),
        "root's group for the pod": by.grouped(runAsGroup=0),
        "root's group for its folders": by.grouped(fsGroup=0),
        "another group": by.grouped(supplementalGroups=[0]),
        "a setting of the kernel": by.grouped(sysctls=[{"name": "net.ipv4.ip_unprivileged_port_start", "value": "1"}]),
    },
    "the pod would be given a token": {
        "a token of the cluster": by.all_of(by.spec(automountServiceAccountToken=True), by.covered_token),
        "a token of the cluster by default": by.without("spec", "automountServiceAccountToken"),
        "the names of services": by.spec(enableServiceLinks=True),
    },
    "the pod would look up names": {
        "the cluster's DNS": by.spec(dnsPolicy="ClusterFirst"),
        "another name server": by.spec(dnsConfig={"nameservers": [by.ELSEWHERE]}),
        "names to search": by.spec(dnsConfig={"nameservers": ["127.0.0.1"], "searches": ["example.org"]}),
        "another address for a name": by.spec(hostAliases=[_ALIAS | {"ip": by.ELSEWHERE}]),
        "a name that is not allowed": by.spec(hostAliases=[_ALIAS | {"hostnames": ["x.org"]}]),
    },
    # where it runs
    "the pod's runtime class and node selector": {
        "another runtime": by.spec(runtimeClassName="other"),
        "mounts under gVisor": by.spec(**_SEALED),
        "gVisor on other nodes than its own": by.all_of(by.spec(runtimeClassName="gvisor"), by.without_data),
        "nodes that no profile names": by.spec(nodeSelector={"zone": "x"}),
        "other nodes": by.spec(nodeSelector={"pool": "parts"}),
    },
    "the pod may use more than": {
        "more cores than a profile has": by.limited(cpu="900"),
        "more memory than a profile has": by.limited(memory="4000Gi"),
        "more of the node's disk": by.limited(ephemeral_storage="2Gi"),
        "as much of the node's disk as there is": by.limited(ephemeral_storage=None),
        "a device": by.limited(**{"example.org/device": "1"}),
    },
    "the pod tolerates nodes": {
        "nodes that are not for workspaces": by.spec(tolerations=[{"operator": "Exists"}]),
        "nodes of the parts": by.spec(tolerations=[{"key": "sluis.dev/parts", "operator": "Exists"}]),
    },
    "the pod would not end": {
        "an end that is put off": by.spec(terminationGracePeriodSeconds=999_999_999),
        "an end that somebody holds up": by.metadata(finalizers=["example.org/held"]),
        "a pod that belongs to another object": by.metadata(ownerReferences=[_OWNER]),
    },
    "the pod asks for a place": {
        "a node by name": by.spec(nodeName="node1"),
        "a liking for nodes": by.spec(affinity={"nodeAffinity": {}}),
        "a claim to a device": by.spec(resourceClaims=[{"name": "device", "resourceClaimName": "device"}]),
        "another scheduler": by.spec(schedulerName="other"),
        "a pod that starts again": by.spec(restartPolicy="Always"),
        "an importance": by.spec(priorityClassName="system-node-critical"),
    },
    # what the storage's webhook would do for it
    "an annotation of the storage's sidecar": {
        "more of the pod for the sidecar": by.annotated("gke-gcsfuse/additional-volume-mounts", "x"),
        "other credentials": by.annotated("gke-gcsfuse/workload-identity-credential-configmap", "x"),
    },
}  # fmt: skip
