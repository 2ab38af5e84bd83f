"""The tests' own ground: what the other files build on works on a real API server, kubelet and store."""

from typing import Any

import psycopg
import pytest

from tests.cluster import processes
from tests.cluster.api import RefusedError
from tests.cluster.handle import Cluster, bucket_volume, restricted_pod

WAIT = ("sh", "-c", "trap 'exit 0' TERM; sleep 3600 & wait")
SERVE = "mkdir /tmp/w; echo served >/tmp/w/i; exec httpd -f -p 8080 -h /tmp/w"
GRANTS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: trials.tests.sluis.dev}
spec:
  group: tests.sluis.dev
  names: {kind: Trial, plural: trials, singular: trial}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {buckets: {type: array, maxItems: 9, items: {type: string, maxLength: 63}}}}
"""
POLICY = """
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: trials}
spec:
  failurePolicy: Fail
  paramKind: {apiVersion: tests.sluis.dev/v1, kind: Trial}
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
  validations:
  - expression: >-
      !has(object.spec.volumes) || object.spec.volumes.all(v, !has(v.csi) ||
      v.csi.volumeAttributes['bucketName'] in params.spec.buckets)
    message: not among the buckets of this namespace's trial
    reason: Forbidden
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: trials}
spec:
  policyName: trials
  validationActions: [Deny]
  paramRef: {name: grant, parameterNotFoundAction: Deny}
  matchResources: {namespaceSelector: {matchLabels: {tests.sluis.dev/trial: "yes"}}}
"""


def shell(cluster: Cluster, namespace: str, pod: str, line: str) -> str:
    done = cluster.exec(namespace, pod, "sh", "-c", line)
    return (done.stdout + done.stderr).strip()


def test_pod_runs_by_digest_and_writes_logs(cluster: Cluster, namespace: str) -> None:
    """An image is found by its digest, as the chart names it, and the pod's output is read (DEP-06)."""
    image = cluster.image("busybox")
    assert "@sha256:" in image
    pod = restricted_pod("p", image, "sh", "-c", "id -u; id -G", restartPolicy="Never")
    cluster.run(namespace, pod, "Succeeded")
    assert cluster.logs(namespace, "p").split() == ["1000", "100"]


@pytest.mark.parametrize("image", ["sluis", "workspace"])
def test_images_run_as_the_dockerfiles_say(cluster: Cluster, namespace: str, image: str) -> None:
    """Hub and workspace have their Python, packages and own code, on a read-only root and not as root (DEP-05)."""
    modules = {
        "sluis": "hub_config.cli, jupyterhub, kubespawner, psycopg",
        "workspace": "jupyterlab, ipykernel, pandas",
    }
    code = f"import os, {modules[image]}; print(os.getuid())"
    pod = restricted_pod("p", cluster.image(image), "python", "-P", "-c", code, restartPolicy="Never")
    pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] = True
    pod["spec"]["securityContext"] = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    cluster.run(namespace, pod, "Succeeded")
    assert cluster.logs(namespace, "p").split() == [{"sluis": "10001", "workspace": "1000"}[image]]


def test_node_of_the_proxy_runs(cluster: Cluster, namespace: str) -> None:
    """The image of the four parts starts the real `node` and finds the proxy's packages."""
    line = "cd /opt/sluis/proxy && exec node -e 'require(\"configurable-http-proxy\"); console.log(process.version)'"
    pod = restricted_pod("p", cluster.image("sluis"), "sh", "-c", line, restartPolicy="Never")
    cluster.run(namespace, pod, "Succeeded")
    assert cluster.logs(namespace, "p").startswith("v24.")


def test_restricted_refuses_a_plain_pod(cluster: Cluster, namespace: str) -> None:
    """Pod Security refuses what does not drop its rights (SPW-10)."""
    plain = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
    plain["spec"] = {"containers": [{"name": "c", "image": cluster.image("busybox")}]}
    with pytest.raises(RefusedError, match="violates PodSecurity") as refused:
        cluster.admin.create(plain, namespace)
    assert refused.value.status == 403


def test_service_account_has_only_its_own_rights(cluster: Cluster, namespace: str) -> None:
    """A token of an account without a role reads nothing, and its namespace's role gives just that (DEP-04)."""
    account = cluster.as_account(namespace, "default")
    path = f"/api/v1/namespaces/{namespace}/pods"
    assert account.get(path).status_code == 403
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    group = "rbac.authorization.k8s.io"
    role = {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": {"name": "r"}, "rules": rules}
    subjects = [{"kind": "ServiceAccount", "name": "default", "namespace": namespace}]
    ref = {"apiGroup": group, "kind": "Role", "name": "r"}
    binding = {**role, "kind": "RoleBinding", "roleRef": ref, "subjects": subjects}
    del binding["rules"]
    cluster.apply([role, binding], namespace)
    processes.until("the role is in force", lambda: account.get(path).status_code == 200, 10)
    assert account.get("/api/v1/namespaces/default/pods").status_code == 403


def test_admission_policy_takes_its_parameter_from_the_namespace(cluster: Cluster, namespace: str) -> None:
    """A pod mounts only what its namespace's object names, and none is made without such an object (DAT-15)."""
    cluster.apply(GRANTS)
    crd = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/trials.tests.sluis.dev"
    cluster.await_condition(crd, "Established")
    cluster.apply(POLICY)
    cluster.admin.merge(f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": {"tests.sluis.dev/trial": "yes"}}})
    mounts = {"volumeMounts": [{"name": "d", "mountPath": "/data", "readOnly": True}]}

    def answer(bucket: str) -> str:
        pod = restricted_pod("p", cluster.image("busybox"), volumes=[bucket_volume("d", bucket)], **dict(mounts))
        try:
            cluster.admin.create(pod, namespace, dryRun="All")
        except RefusedError as refused:
            return str(refused)
        return "admitted"

    trial = {"apiVersion": "tests.sluis.dev/v1", "kind": "Trial", "metadata": {"name": "grant"}}
    try:
        processes.until("a pod without a parameter is refused", lambda: "no params found" in answer("alpha"), 20)
        cluster.apply({**trial, "spec": {"buckets": ["alpha"]}}, namespace)
        processes.until("the parameter is seen", lambda: answer("alpha") == "admitted", 20)
        assert "not among the buckets" in answer("beta")
        cluster.apply({**trial, "spec": {"buckets": ["beta"]}}, namespace)
        processes.until("the change is seen", lambda: "not among the buckets" in answer("alpha"), 20)
        assert answer("beta") == "admitted"
    finally:
        for kind in ("validatingadmissionpolicybindings", "validatingadmissionpolicies"):
            cluster.admin.delete(f"/apis/admissionregistration.k8s.io/v1/{kind}/trials")
        cluster.admin.delete(crd)


def test_deadline_ends_a_pod(cluster: Cluster, namespace: str) -> None:
    """`activeDeadlineSeconds` ends a pod without the hub (FLT-08)."""
    pod = restricted_pod("p", cluster.image("busybox"), *WAIT, activeDeadlineSeconds=3, restartPolicy="Never")
    failed = cluster.run(namespace, pod, "Failed")
    assert failed["status"]["reason"] == "DeadlineExceeded"


def test_claim_is_kept_and_belongs_to_its_group(cluster: Cluster, namespace: str) -> None:
    """What a pod writes into its claim is there for the next pod, and gone with the claim."""
    claim: dict[str, Any] = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "home-p-3"}}
    claim["spec"] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    cluster.apply(claim, namespace)
    home = {"volumes": [{"name": "h", "persistentVolumeClaim": {"claimName": "home-p-3"}}]}
    for name, line in (("writes", "echo kept >/h/file"), ("reads", "cat /h/file; ls -ln /h")):
        at = [{"name": "h", "mountPath": "/h"}]
        pod = restricted_pod(
            name, cluster.image("busybox"), "sh", "-c", line, volumeMounts=at, restartPolicy="Never", **home
        )
        cluster.run(namespace, pod, "Succeeded")
    kept = cluster.logs(namespace, "reads")
    assert kept.startswith("kept\n")
    assert " 1000 " in kept
    assert " 100 " in kept


def test_postgres_serves_from_a_pod(cluster: Cluster, namespace: str) -> None:
    """PostgreSQL by reference: a pod of its own behind a service address, by password only."""
    address = serve_postgres(cluster, namespace)
    code = (
        "import psycopg, sys\n"
        f"url = 'postgresql://sluis_owner:{{}}@{address}:5432/postgres'\n"
        "print(psycopg.connect(url.format('for-tests')).execute('select 41 + 1').fetchone()[0])\n"
        "try: psycopg.connect(url.format('wrong'))\n"
        "except psycopg.OperationalError: print('refused')\n"
    )
    cluster.run(
        namespace,
        restricted_pod("asks", cluster.image("sluis"), "python", "-P", "-c", code, restartPolicy="Never"),
        "Succeeded",
    )
    assert cluster.logs(namespace, "asks").split() == ["42", "refused"]


def serve_postgres(cluster: Cluster, namespace: str) -> str:
    """A PostgreSQL in the namespace; gives its service address, once it answers there."""
    at = [{"name": "data", "mountPath": "/var/lib/postgresql"}, {"name": "tmp", "mountPath": "/tmp"}]
    container = {
        "env": [{"name": "POSTGRES_PASSWORD", "value": "for-tests"}],
        "readinessProbe": {"tcpSocket": {"port": 5432}, "periodSeconds": 1},
    }
    pod = restricted_pod("postgres", cluster.image("postgres"), volumeMounts=at, container=container)
    pod["spec"]["securityContext"] |= {"runAsUser": 10002, "runAsGroup": 10002, "fsGroup": 10002}
    pod["spec"]["volumes"] = [{"name": "data", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "postgres"}}
    made = cluster.apply({**service, "spec": {"selector": {"app": "postgres"}, "ports": [{"port": 5432}]}}, namespace)
    cluster.run(namespace, pod)
    address = str(made[0]["spec"]["clusterIP"])
    processes.until("PostgreSQL answers at its service address", lambda: answers(address))
    return address


def answers(address: str) -> bool:
    """Whether a PostgreSQL lets its owner in."""
    try:
        psycopg.connect(f"postgresql://sluis_owner:for-tests@{address}:5432/postgres", connect_timeout=3).close()
    except psycopg.OperationalError:
        return False
    return True
