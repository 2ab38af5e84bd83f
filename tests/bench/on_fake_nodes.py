"""What starts on fake nodes stand on: the chart's rights and policies, a log on PostgreSQL, the warden's own places."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import NamedTuple
from unittest.mock import patch

from kubernetes.client import ApiClient, Configuration

from access_policy.log.postgres import upgrade_server
from access_policy.use_cases import Policy
from spawner import cluster_names as names
from spawner.warden.api import KINDS, Api
from spawner.warden.grants import Site
from tests import postgres
from tests.bench.many_requests import Many, many
from tests.bench.reconcile import Ahead, Counted, Looking
from tests.chart.rendering import NAMESPACE, merged, render
from tests.cluster.handle import Cluster
from tests.cluster.locks import VALUES

HOMES = "made-before"
"""A storage class of nobody's: fake nodes mount nothing, so the volumes are only names."""

SITE = Site(storage_cidrs=("199.36.153.8/30",), storage_class=HOMES)
_ORDER = ("CustomResourceDefinition", "ServiceAccount", "ClusterRole", "ClusterRoleBinding",
          "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")  # fmt: skip
_GRANTS = "customresourcedefinitions/accessgrants.sluis.dev"
_OURS = ("Namespace", "ResourceQuota", "ServiceAccount", "PersistentVolumeClaim", "NetworkPolicy", "RoleBinding",
         "AccessGrant")  # fmt: skip


class Databases(NamedTuple):
    """The log with its requests, and where JupyterHub keeps its own tables."""

    log: Many
    hub: str

    @property
    def policy(self) -> Policy:
        """The log's."""
        return self.log.policy


@contextmanager
def databases(requests: int) -> Iterator[Databases]:
    """A PostgreSQL that waits for the disk, on a Unix socket, with a log of so many active requests."""
    os.environ["PGUSER"] = postgres.OWNER
    server = postgres.Server(safe=True)
    try:
        for name in ("sluis", "jupyterhub"):
            server.do(f"CREATE DATABASE {name}")
        upgrade_server(server.url("sluis"))
        log = many(server.url("sluis"), requests)
        with closing(log.policy.store):
            yield Databases(log, server.url("jupyterhub").replace("postgresql:", "postgresql+psycopg:", 1))
    finally:
        server.end()


def install(cluster: Cluster) -> None:
    """The chart's definition of grants, its accounts, rights and admission policies."""
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    values = merged(VALUES, {"singleuser": {"storage": {"dynamic": {"storageClass": HOMES}}}})
    for kind in _ORDER:
        cluster.apply([each for each in render(values) if each["kind"] == kind], NAMESPACE)
        if kind == "CustomResourceDefinition":
            cluster.await_condition(f"/apis/apiextensions.k8s.io/v1/{_GRANTS}", "Established")


@contextmanager
def looking(cluster: Cluster, policy: Policy) -> Iterator[Looking]:
    """The warden with its own account, before which every call is counted."""
    clock, account = Ahead(), cluster.as_account(NAMESPACE, "warden")
    configuration = Configuration(host=account.server, api_key={"authorization": f"Bearer {account.token}"})
    configuration.ssl_ca_cert = account.authority
    api = Api(ApiClient(configuration), clock)
    counted = Counted(partial(api._call))
    with patch.object(api, "_call", counted):
        yield Looking(policy, api, clock, counted, SITE)


def versions(cluster: Cluster) -> dict[str, str]:
    """Each object of the places with its version: another one means that somebody wrote."""
    found = {}
    for kind in _OURS:
        root, plural, _ = KINDS[kind]
        for each in cluster.admin.read(f"{root}/{plural}", labelSelector=names.REQUEST)["items"]:
            found[each["metadata"]["uid"]] = each["metadata"]["resourceVersion"]
    return found


def give_homes(cluster: Cluster, requests: tuple[str, ...], person: str) -> None:
    """A volume for the home of a person in each request, for its claim by name; before the chart lets nobody do so."""
    for request in requests:
        claim = {"namespace": names.namespace(request), "name": names.home(person)}
        spec = {
            "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "10Gi"}, "claimRef": claim,
            "hostPath": {"path": "/none"}, "storageClassName": HOMES,
        }  # fmt: skip
        metadata = {"name": f"{claim['namespace']}-{claim['name']}"}
        volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec}
        cluster.admin.ask("POST", "/api/v1/persistentvolumes", json=volume).raise_for_status()
