"""The expected pod as KubeSpawner's settings: pure, every one that touches a pod, set anew at each start.

A spawner object may live for several starts, and what one of them set must not reach the next: so each start sets
`baseline`, which empties all that KubeSpawner could put into a pod, and then `pod_traits`. KubeSpawner takes most texts
as templates; a brace in one of them is a refusal, since nothing of ours has any.
"""

from typing import Any

from spawner.manifest import Cluster

KEPT_LABELS = ("component", "hub.jupyter.org/servername", "hub.jupyter.org/username", "app.kubernetes.io/component")

_EMPTY_LISTS = (
    "additional_profile_form_template_paths", "args", "env_keep", "extra_containers", "image_pull_secrets",
    "init_containers", "node_affinity_preferred", "node_affinity_required", "pod_affinity_preferred",
    "pod_affinity_required", "pod_anti_affinity_preferred", "pod_anti_affinity_required", "profile_list",
    "supplemental_gids", "tolerations",
)  # fmt: skip
_EMPTY_DICTS = (
    "environment", "group_overrides", "lifecycle_hooks", "storage_extra_annotations", "storage_extra_labels",
    "storage_selector", "user_namespace_annotations", "user_namespace_labels",
)  # fmt: skip
_NONE = (
    "after_pod_created_hook", "allow_privilege_escalation", "apply_user_options", "cmd", "cpu_guarantee", "cpu_limit",
    "fs_gid", "get_pod_url", "gid", "mem_guarantee", "mem_limit", "modify_pod_hook", "pre_spawn_hook", "scheduler_name",
    "storage_class", "uid",
)  # fmt: skip
_EMPTY_TEXTS = (
    "default_url", "hub_connect_ip", "notebook_dir", "pod_connect_ip", "priority_class_name", "profile_form_template",
)  # fmt: skip
# The home is the warden's to make and keep; services and secrets are made by nobody; the end is seen, then told.
_OFF = (
    "debug", "delete_pvc", "delete_stopped_pods", "enable_user_namespaces", "handle_legacy_names", "privileged",
    "remember_pvc_name", "services_enabled", "storage_pvc_ensure",
)  # fmt: skip


def baseline(cluster: Cluster) -> dict[str, Any]:
    """Settings that are the same for every workspace, most of them empty; new objects at each call."""
    return {
        **{name: [] for name in _EMPTY_LISTS},
        **{name: {} for name in _EMPTY_DICTS},
        **dict.fromkeys(_NONE),
        **dict.fromkeys(_EMPTY_TEXTS, ""),
        **dict.fromkeys(_OFF, False),
        "component_label": "singleuser-server",
        "disable_user_config": True,
        "dns_name_template": "{name}.{namespace}.svc.cluster.local",
        "events_enabled": True,
        "hub_connect_port": 0,
        "hub_connect_url": cluster.hub_url,
        "ip": "0.0.0.0",  # noqa: S104 (in the pod)
        "pvc_name_template": "none",
        "secret_mount_path": "/none",
        "secret_name_template": "none",
        "slug_scheme": "safe",
        "storage_access_modes": ["ReadWriteOnce"],
        "storage_capacity": None,
        "user_namespace_template": "none",
    }


def pod_traits(pod: dict[str, Any]) -> dict[str, Any]:
    """The settings from which KubeSpawner makes exactly this pod."""
    metadata, spec = pod["metadata"], pod["spec"]
    (container,) = spec["containers"]
    return _checked({
        "namespace": metadata["namespace"],
        "pod_name_template": metadata["name"],
        "common_labels": {},
        "extra_labels": {name: value for name, value in metadata["labels"].items() if name not in KEPT_LABELS},
        "extra_annotations": dict(metadata["annotations"]),
        "service_account": spec["serviceAccountName"],
        "automount_service_account_token": spec["automountServiceAccountToken"],
        "pod_security_context": spec["securityContext"],
        "node_selector": spec.get("nodeSelector", {}),
        "volumes": spec["volumes"],
        **_container_traits(container),
        "extra_pod_config": {name: value for name, value in spec.items() if name in _BY_POD_CONFIG},
    })  # fmt: skip


def _container_traits(container: dict[str, Any]) -> dict[str, Any]:
    return {
        "image": container["image"],
        "image_pull_policy": container["imagePullPolicy"],
        "port": container["ports"][0]["containerPort"],
        "working_dir": container["workingDir"],
        "container_security_context": container["securityContext"],
        "volume_mounts": container["volumeMounts"],
        "extra_resource_limits": container["resources"]["limits"],
        "extra_resource_guarantees": container["resources"]["requests"],
        "extra_container_config": {"command": container["command"]},
    }


_BY_POD_CONFIG = (
    "activeDeadlineSeconds", "dnsConfig", "dnsPolicy", "enableServiceLinks", "hostAliases", "restartPolicy",
    "runtimeClassName", "terminationGracePeriodSeconds",
)  # fmt: skip


def _checked(traits: dict[str, Any]) -> dict[str, Any]:
    if any("{" in text or "}" in text for text in _texts(traits)):
        raise ValueError(
            "a brace in a workspace's settings would be a template; take it out of [cluster] or [[profiles]]"
        )
    return traits


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []
