"""The *restricted* Pod Security Standard v1.35 of Kubernetes, as a checker for tests: where a pod breaks which rule.

Written from the published standard (kubernetes.io, Pod Security Standards); `tests/vectors/pod-security` has upstream's
own pods to prove it on. It judges pods of Linux strictly and of Windows as far as those pods need.
"""

from collections.abc import Iterator
from typing import Any

Container = dict[str, Any]
Pod = dict[str, Any]

VOLUMES = {
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
}  # fmt: skip
SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
SECCOMP = {"RuntimeDefault", "Localhost"}
SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
}  # fmt: skip
APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


def violations(pod: Pod) -> list[str]:
    """One line for each rule that is broken, with the container where it is one's; empty for an acceptable pod."""
    spec = pod["spec"]
    found = [*_of_pod(spec), *_of_apparmor(pod["metadata"].get("annotations") or {})]
    linux = spec.get("os", {}).get("name") != "windows"
    for container in containers(spec):
        broken = [*_of_container(container), *(_of_linux(container, spec) if linux else ())]
        found += [f"{container['name']}: {one}" for one in broken]
    return found


def containers(spec: dict[str, Any]) -> list[Container]:
    """Every container of whatever kind."""
    return [one for kind in ("initContainers", "containers", "ephemeralContainers") for one in spec.get(kind) or ()]


def _of_pod(spec: dict[str, Any]) -> Iterator[str]:
    yield from (name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name))
    for volume in spec.get("volumes") or ():
        yield from (f"volume of the kind {kind}" for kind in volume.keys() - VOLUMES - {"name"})
    security = spec.get("securityContext") or {}
    yield from _of_security(security)
    yield from (f"sysctl {one['name']}" for one in security.get("sysctls") or () if one["name"] not in SYSCTLS)


def _of_apparmor(annotations: dict[str, str]) -> Iterator[str]:
    for name, value in annotations.items():
        if name.startswith(APPARMOR) and value not in ("", "runtime/default") and not value.startswith("localhost/"):
            yield f"{name} {value}"


def _of_security(security: dict[str, Any]) -> Iterator[str]:
    """What may stand neither on a pod nor on a container."""
    if security.get("runAsUser") == 0:
        yield "runAsUser 0"
    selinux = security.get("seLinuxOptions") or {}
    if selinux.get("type", "") not in SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
        yield "seLinuxOptions"
    if (security.get("windowsOptions") or {}).get("hostProcess"):
        yield "hostProcess"
    if (security.get("seccompProfile") or {}).get("type", "RuntimeDefault") not in SECCOMP:
        yield "seccompProfile"
    if (security.get("appArmorProfile") or {}).get("type", "RuntimeDefault") not in SECCOMP:
        yield "appArmorProfile"


def _of_container(container: Container) -> Iterator[str]:
    security = container.get("securityContext") or {}
    yield from _of_security(security)
    if security.get("privileged"):
        yield "privileged"
    if security.get("procMount", "Default") != "Default":
        yield "procMount"
    if any(port.get("hostPort") for port in container.get("ports") or ()):
        yield "hostPort"
    lifecycle = container.get("lifecycle") or {}
    probes = [container.get(kind) for kind in ("livenessProbe", "readinessProbe", "startupProbe")]
    for probe in [*probes, lifecycle.get("postStart"), lifecycle.get("preStop")]:
        if any((probe or {}).get(kind, {}).get("host") for kind in ("httpGet", "tcpSocket")):
            yield "a probe or hook of another host"


def _of_linux(container: Container, spec: dict[str, Any]) -> Iterator[str]:
    security, of_pod = container.get("securityContext") or {}, spec.get("securityContext") or {}
    capabilities = security.get("capabilities") or {}
    if security.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation"
    if "ALL" not in capabilities.get("drop", ()) or set(capabilities.get("add", ())) - {"NET_BIND_SERVICE"}:
        yield "capabilities"
    if not security.get("runAsNonRoot", of_pod.get("runAsNonRoot")):
        yield "runAsNonRoot"
    if not (security.get("seccompProfile") or of_pod.get("seccompProfile")):
        yield "no seccompProfile"
