"""What the warden may do in the cluster: one literal table, pure data, which the chart's ClusterRole repeats.

No wildcard. It makes what a request's place is made of, and never a pod: only the hub makes pods, by the binding that
the warden makes in each place. It reads no secrets. `bind` is on the one role that it hands on, and on nothing else.
"""

from typing import NamedTuple

from spawner.cluster_names import HUB_ROLE

POLICIES = (
    "sluis-accounts", "sluis-bindings", "sluis-grants", "sluis-homes", "sluis-makers", "sluis-namespaces",
    "sluis-no-bucket-volumes", "sluis-no-doors", "sluis-no-node-doors", "sluis-no-tokens", "sluis-parts-stay",
    "sluis-pod-updates", "sluis-workspace-pods",
)  # fmt: skip
"""The admission policies of the chart, and the bindings of the same names (DAT-15)."""

MAKE = ("create", "list", "update")
MAKE_AND_TAKE = ("create", "delete", "list", "update")


class Right(NamedTuple):
    """One rule of the role: the verbs on some resources of a group, perhaps on the named objects alone."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()


RIGHTS: tuple[Right, ...] = (
    Right("", ("namespaces", "resourcequotas"), MAKE),
    Right("", ("serviceaccounts",), MAKE_AND_TAKE),
    Right("", ("persistentvolumeclaims",), ("create", "delete", "list")),
    Right("networking.k8s.io", ("networkpolicies",), MAKE_AND_TAKE),
    Right("rbac.authorization.k8s.io", ("rolebindings",), MAKE_AND_TAKE),
    Right("rbac.authorization.k8s.io", ("clusterroles",), ("bind",), (HUB_ROLE,)),
    Right("sluis.dev", ("accessgrants",), MAKE_AND_TAKE),
    Right("", ("pods",), ("delete", "list")),
    Right("", ("nodes",), ("get",)),
    Right(
        "admissionregistration.k8s.io",
        ("validatingadmissionpolicies", "validatingadmissionpolicybindings"),
        ("get",),
        POLICIES,
    ),
)
