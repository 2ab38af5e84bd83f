"""The chart as Helm's own engine renders it: values to begin with, and the objects that come of them."""

import copy
import functools
import json
from pathlib import Path
from typing import Any

import helm_python
import yaml

Object = dict[str, Any]
Values = dict[str, Any]

CHART = Path(__file__).parents[2] / "helm" / "sluis"
DIGEST = "sha256:" + "a" * 64
WORKSPACE_IMAGE = f"registry.example.org/workspace@{DIGEST}"
NAMESPACE = "sluis"

REQUIRED: Values = {
    "url": "https://sluis.example.org",
    "origins": {"desk": "https://desk.example.org", "workspaces": "https://*.work.example.org"},
    "region": "europe-west4",
    "image": {"repository": "registry.example.org/sluis", "digest": DIGEST},
    "existingSecret": "sluis-secrets",
    "keys": {"existingSecret": "sluis-keys"},
    "database": {
        "url": "postgresql://db.example.org/sluis",
        "hubUrl": "postgresql://jupyterhub@db.example.org/jupyterhub",
        "cidrs": ["10.0.0.5/32"],
    },
    "checkpoints": {"existingClaim": "checkpoints"},
    "config": {"login": {"issuer": "https://login.example.org", "client_id": "sluis"}},
    "singleuser": {
        "image": {"repository": "registry.example.org/workspace", "digest": DIGEST},
        "gcsfuse": {"sidecarRepositories": ["registry.example.org/gcs-fuse-csi-driver-sidecar-mounter"]},
    },
    "networkPolicy": {"browsers": {"cidrs": ["130.211.0.0/22"]}, "apiServer": {"cidrs": ["10.0.0.2/32"]}},
}
"""What has to be written, and nothing else."""

_PART: Values = {
    "nodeSelector": {"topology.kubernetes.io/zone": "europe-west4-a"},
    "tolerations": [{"key": "sluis.dev/parts", "operator": "Exists", "effect": "NoSchedule"}],
    "serviceAccount": {"annotations": {"example.org/identity": "part"}},
}

KITCHEN_SINK: Values = {
    "origins": {"desk": "", "workspaces": "", "allowShared": True},
    "network": {
        "institute": ["192.0.2.0/24", "2001:db8::/32"],
        "url": "https://sluis.inside.example.org",
        "balancers": 2,
        "browsers": {"cidrs": ["10.1.0.0/24"]},
        "service": {"type": "LoadBalancer", "annotations": {"networking.gke.io/load-balancer-type": "Internal"}},
    },
    "imagePullSecrets": ["registry"],
    "metrics": {"namespace": "monitoring", "podLabels": {"app": "prometheus"}, "dashboard": True},
    "database": {"cidrs": [], "namespace": "databases", "podLabels": {"app": "postgres"}, "port": 6432},
    "documents": {"existingConfigMap": "documents"},
    "config": {
        "policy": {"session_hours": 8, "reminder_days": [30, 7]},
        "mail": {"host": "mail.example.org", "sender": "sluis@example.org", "user": "sluis"},
        "contact": {"name": 'the "desk" & <co>\nof data', "email": "desk@sluis.example"},
        "profiles": [
            {"name": "small", "label": "Small"},
            {
                "name": "sealed",
                "label": "Sealed",
                "data": "api",
                "runtime_class": "gvisor",
                "node_selector": ["topology.kubernetes.io/region=europe-west4", "pool=sealed"],
            },
        ],
    },
    "hub": {**_PART, "pdb": {"enabled": True}},
    "proxy": {
        "service": {
            "type": "LoadBalancer",
            "loadBalancerIP": "198.51.100.7",
            "annotations": {"example.org/balancer": "external"},
        },
        "chp": {**_PART, "pdb": {"enabled": True}},
    },
    "desk": _PART,
    "warden": {**_PART, "replicas": 1},
    "prepare": _PART,
    "singleuser": {
        "storage": {"capacity": "20Gi", "dynamic": {"storageClass": "encrypted"}},
        "hostAliases": [{"ip": "199.36.153.8", "hostnames": ["storage.example.org", "www.example.org"]}],
        "networkPolicy": {"storageCidrs": ["199.36.153.8/30"], "metadataServer": "iptables"},
        "gcsfuse": {"sidecarRepositories": ["registry.example.org/gke/gcs-fuse-csi-driver-sidecar-mounter"]},
        "priorityClassNames": ["usual"],
    },
    "networkPolicy": {
        "issuer": {"cidrs": ["203.0.113.0/24"]},
        "mail": {"cidrs": ["198.51.100.25/32"], "port": 465},
        "dns": {"cidrs": ["169.254.20.10/32"]},
    },
    "admission": {
        "deleteUsers": ["system:serviceaccount:controllers:namespaces"],
        "tokenUsers": ["system:metadata-server"],
        "volumeUsers": ["system:serviceaccount:storage:provisioner"],
    },
}
"""On top of the required values, what turns every branch of the templates the other way."""

VARIANTS = {"required": {}, "kitchen sink": KITCHEN_SINK}


def merged(*layers: Values) -> Values:
    """The layers one over the other, tables merged and all else replaced."""
    result: Values = {}
    for layer in layers:
        for key, value in layer.items():
            old = result.get(key)
            both = isinstance(old, dict) and isinstance(value, dict)
            result[key] = merged(old, value) if isinstance(old, dict) and both else copy.deepcopy(value)
    return result


def without(values: Values, path: str) -> Values:
    """The values without what stands at a path such as `image.digest`."""
    result = copy.deepcopy(values)
    *tables, last = path.split(".")
    functools.reduce(lambda table, key: table[key], tables, result).pop(last)
    return result


def at(path: str, value: Any) -> Values:
    """Values that hold nothing but this at a path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return dict(value)


def render(values: Values) -> list[Object]:
    """Every object of the chart; raises what Helm raises where the values are refused."""
    return copy.deepcopy(_rendered(json.dumps(values)))


@functools.cache
def _rendered(values: str) -> list[Object]:
    texts = templates(json.loads(values))
    return [
        each for name in sorted(texts) for each in yaml.safe_load_all(texts[name]) if each and name.endswith("yaml")
    ]


def templates(values: Values) -> dict[str, str]:
    """The text of each template."""
    with helm_python.Chart.load(CHART) as chart:
        found: dict[str, str] = chart.render(values, name="sluis", namespace=NAMESPACE)
    return found


def variant(name: str) -> list[Object]:
    """The objects of one of the `VARIANTS`."""
    return render(merged(REQUIRED, VARIANTS[name]))


def doors_of(name: str) -> list[str]:
    """The proxies of one of the `VARIANTS`: the institute's only where it has a network."""
    return ["proxy", *(["proxy-institute"] if "network" in VARIANTS[name] else [])]


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    """Those of some kinds."""
    return [each for each in objects if each["kind"] in kinds]


def named(objects: list[Object], kind: str, name: str) -> Object:
    """The one of a kind and name."""
    (found,) = [each for each in of_kind(objects, kind) if each["metadata"]["name"] == name]
    return found


def pod_specs(objects: list[Object]) -> dict[str, Object]:
    """The pod of each workload, by its name."""
    return {
        each["metadata"]["name"]: each["spec"]["template"] for each in objects if "template" in each.get("spec", {})
    }
