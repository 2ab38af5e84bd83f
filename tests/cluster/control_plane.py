"""etcd, kube-apiserver, kube-controller-manager, kube-scheduler: command lines, start, and when they are ready."""

import httpx

from tests.cluster import api, keys, processes
from tests.cluster.setting import API_PORT, BIN, NODE_ADDRESS, POD_RANGE, SERVICE_RANGE, Setting

ETCD = "http://127.0.0.1:2379"
_PEER = "http://127.0.0.1:2380"
# A node that does not answer is `Unknown` after this; shorter than the default of 50 s, since tests wait for it.
NODE_GRACE = 20
CONTROLLERS = ("kube-controller-manager", "kube-scheduler")


def command(setting: Setting, part: str) -> list[str]:
    """The command line of a part of the control plane."""
    flags = {
        "etcd": _etcd,
        "kube-apiserver": _apiserver,
        "kube-controller-manager": _controllers,
        "kube-scheduler": _scheduler,
    }[part](setting)
    return [str(BIN / part), *(f"--{name}={value}" for name, value in flags.items())]


def _etcd(setting: Setting) -> dict[str, str]:
    return {
        "name": "t",
        "data-dir": str(setting.folder / "etcd"),
        "listen-client-urls": ETCD,
        "advertise-client-urls": ETCD,
        "listen-peer-urls": _PEER,
        "initial-advertise-peer-urls": _PEER,
        "initial-cluster": f"t={_PEER}",
        "unsafe-no-fsync": "true",  # nothing of it has to outlive the machine
        "log-level": "warn",
    }


def _apiserver(setting: Setting) -> dict[str, str]:
    folder = setting.keys
    return {
        "etcd-servers": ETCD,
        "bind-address": "0.0.0.0",  # of the network namespace
        "secure-port": str(API_PORT),
        "advertise-address": NODE_ADDRESS,
        "service-cluster-ip-range": SERVICE_RANGE,
        "tls-cert-file": f"{folder}/apiserver.crt",
        "tls-private-key-file": f"{folder}/apiserver.key",
        "client-ca-file": f"{folder}/authority.crt",
        "token-auth-file": f"{folder}/tokens.csv",
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": f"{folder}/accounts.pub",
        "service-account-signing-key-file": f"{folder}/accounts.key",
        "kubelet-client-certificate": f"{folder}/apiserver-kubelet-client.crt",
        "kubelet-client-key": f"{folder}/apiserver-kubelet-client.key",
        "kubelet-preferred-address-types": "InternalIP",
        "allow-privileged": "true",
        "profiling": "false",
    }


def _controllers(setting: Setting) -> dict[str, str]:
    return {
        "kubeconfig": str(setting.kubeconfig("controller-manager")),
        "leader-elect": "false",
        "bind-address": "127.0.0.1",
        "cert-dir": str(setting.folder / "controllers"),
        "use-service-account-credentials": "true",
        "service-account-private-key-file": f"{setting.keys}/accounts.key",
        "root-ca-file": f"{setting.keys}/authority.crt",
        # with the client's usual limits the first service account takes five seconds
        "kube-api-qps": "500",
        "kube-api-burst": "1000",
        "cluster-cidr": POD_RANGE,
        "allocate-node-cidrs": "false",
        "configure-cloud-routes": "false",
        "node-monitor-grace-period": f"{NODE_GRACE}s",
        "node-monitor-period": "1s",
    }


def _scheduler(setting: Setting) -> dict[str, str]:
    return {
        "kubeconfig": str(setting.kubeconfig("scheduler")),
        "leader-elect": "false",
        "bind-address": "127.0.0.1",
        "cert-dir": str(setting.folder / "scheduler"),
    }


def start(setting: Setting) -> None:
    """Starts the four and waits until controllers make service accounts. Runs inside the network namespace."""
    keys.write(setting)
    for part in ("etcd", "kube-apiserver"):
        processes.start(setting, part, command(setting, part))
    processes.until("the API server is ready", lambda: ready(setting))
    for part in CONTROLLERS:
        processes.start(setting, part, command(setting, part))
    admin = api.Api.of(setting.kubeconfig("admin"))
    account = "/api/v1/namespaces/default/serviceaccounts/default"
    processes.until("controllers have made the first service account", lambda: admin.get(account).status_code == 200)


def ready(setting: Setting) -> bool:
    """Whether the API server says that it is ready."""
    try:
        return api.Api.of(setting.kubeconfig("admin")).get("/readyz").is_success
    except httpx.TransportError:
        return False
