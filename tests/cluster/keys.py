"""The cluster's authority, the API server's certificates, the service accounts' key, one kubeconfig an identity."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.cluster.setting import API_PORT, FIRST_SERVICE, NODE, NODE_ADDRESS, Setting

SERVER = f"https://127.0.0.1:{API_PORT}"
PROVISIONER = "sluis-test-provisioner"
# file name: user and groups
IDENTITIES = {
    "admin": ("admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "proxy": ("system:kube-proxy", ""),
    "kubelet": (f"system:node:{NODE}", "system:nodes"),
    "policies": ("sluis-test-policies", ""),
    "provisioner": (PROVISIONER, ""),
}
_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_ADDRESSES = ("127.0.0.1", NODE_ADDRESS, FIRST_SERVICE)


def write(setting: Setting) -> None:
    """Everything anew, readable by root only."""
    folder = setting.keys
    folder.mkdir(parents=True, mode=0o700)
    authority, root = _authority(folder)
    names: list[x509.GeneralName] = [
        *map(x509.DNSName, _NAMES),
        *(x509.IPAddress(ip_address(each)) for each in _ADDRESSES),
    ]
    issue = _Issuer(folder, authority, root)
    issue("apiserver", _subject("kube-apiserver"), names)
    issue("apiserver-kubelet-client", _subject("kube-apiserver-kubelet-client", "system:masters"), [])
    accounts = _key(folder, "accounts")
    public = accounts.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    (folder / "accounts.pub").write_bytes(public)
    lines = []
    for name, (user, groups) in IDENTITIES.items():
        token = secrets.token_hex(16)
        lines.append(f'{token},{user},{user},"{groups}"\n')
        setting.kubeconfig(name).write_text(kubeconfig(setting, token))
    (folder / "tokens.csv").write_text("".join(lines))


def kubeconfig(setting: Setting, token: str) -> str:
    """A kubeconfig (JSON is YAML) of whoever has this token."""
    cluster = {"server": SERVER, "certificate-authority": str(setting.keys / "authority.crt")}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        }
    )


def _subject(name: str, organisation: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    return x509.Name(parts)


def _key(folder: Path, name: str) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.PrivateFormat.TraditionalOpenSSL
    text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    (folder / f"{name}.key").write_bytes(text)
    return key


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    begun = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    begun = begun.serial_number(x509.random_serial_number())
    return begun.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=30))


def _authority(folder: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = _key(folder, "authority")
    name = _subject("sluis-test-authority")
    builder = _builder(name, name, key.public_key())
    root = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate = root.sign(key, hashes.SHA256())
    (folder / "authority.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return key, certificate


class _Issuer:
    """Signs certificates: for serving where it is given names, for a client where not."""

    def __init__(self, folder: Path, key: ec.EllipticCurvePrivateKey, root: x509.Certificate) -> None:
        self._folder, self._key, self._root = folder, key, root

    def __call__(self, name: str, subject: x509.Name, names: list[x509.GeneralName]) -> None:
        usage = ExtendedKeyUsageOID.SERVER_AUTH if names else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = _builder(subject, self._root.subject, _key(self._folder, name).public_key())
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        (self._folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
