"""The table `[cluster]` of `sluis.toml`: with it workspaces are pods of a Kubernetes cluster, else sandboxes here.

Everything that the hub's and the warden's objects depend on beside the decision stands in it, so that both make the
same of it. A wrong value, or one that fits no other, stops the start. Nothing here reads the environment.
"""

import ipaddress
import re
from collections.abc import Iterator
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from access_policy.model.enums import Region
from hub_config.origins import is_private
from spawner.cluster_names import namespace
from spawner.warden.grants import Metadata, Site

_IMAGE = re.compile(r"[a-z0-9][a-z0-9._:/-]{0,254}@sha256:[0-9a-f]{64}", re.ASCII)
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_WIDEST = {4: 24, 6: 56}  # bits; a wider network would hold other pods, and the cluster's API (DEP-08)
_NAME = r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"


class Cluster(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Workspaces as pods of a Kubernetes cluster; without this table they are sandboxes on this machine."""

    url: Annotated[
        str,
        Meta(
            max_length=200, description="address that browsers use, such as `https://sluis.example.org`, without path"
        ),
    ]
    region: Annotated[Region, Meta(description="region of the cluster and of its buckets, in the EU (S87)")]
    image: Annotated[
        str,
        Meta(max_length=400, description="image of the workspaces by digest: `registry.example.org/name@sha256:…`"),
    ]
    hub_database: Annotated[
        str,
        Meta(
            max_length=500,
            description="PostgreSQL of JupyterHub itself, such as `postgresql://jupyterhub@db.example.org/jupyterhub`, "
            "without a password; another database than the log's",
        ),
    ]
    namespace: Annotated[str, Meta(pattern=_NAME, description="namespace that hub, proxy, desk and warden run in")] = (
        "sluis"
    )
    namespace_prefix: Annotated[
        str, Meta(description="how the namespaces of requests begin; the number follows: `sluis-dr-12`")
    ] = "sluis-"
    home_gib: Annotated[
        int, Meta(ge=1, le=65536, description="size of the home of one person for one request, in GiB")
    ] = 10
    storage_class: Annotated[
        str, Meta(max_length=253, description="storage class of homes; empty: the cluster's own default")
    ] = ""
    host_aliases: Annotated[
        tuple[str, ...],
        Meta(
            max_length=50,
            description="what a workspace, which has no DNS, has to know: `ADDRESS NAME`, such as the storage's names",
        ),
    ] = ()
    storage_cidrs: Annotated[
        tuple[str, ...],
        Meta(max_length=20, description="addresses of the storage that workspaces reach on port 443, as CIDR"),
    ] = ()
    metadata_server: Annotated[
        Metadata,
        Meta(description="who carries out network policies: dataplane-v2, or iptables (Calico and the like)"),
    ] = Metadata.DATAPLANE_V2


def cluster_problem(cluster: Cluster, database: str, checkpoints: str) -> str | None:
    """Say in a line what is wrong with the table, or with what stands beside it; None where it can be used."""
    return next(_problems(cluster, database, checkpoints), None)


def site_of(cluster: Cluster, institute: bool) -> Site:
    """Return what the warden's objects depend on; `institute` says whether there is a proxy of the institute's."""
    return Site(
        institute=institute,
        parts=cluster.namespace,
        prefix=cluster.namespace_prefix,
        storage_cidrs=cluster.storage_cidrs,
        metadata=cluster.metadata_server,
        home_gib=cluster.home_gib,
        storage_class=cluster.storage_class,
    )


def host_alias(line: str) -> tuple[str, str]:
    """Return address and name of an alias. Raises ValueError with what is wrong."""
    address, _, name = line.partition(" ")
    try:
        ipaddress.ip_address(address)
    except ValueError:
        name = ""
    if not _HOST.fullmatch(name) or len(name) > 253:
        raise ValueError(f"cluster.host_aliases: `{line[:80]}` is none; write it as `199.36.153.8 storage.example.org`")
    return address, name


def _problems(cluster: Cluster, database: str, checkpoints: str) -> Iterator[str]:
    if not database:
        yield "a cluster's parts share the log in PostgreSQL; write its URL at log.database, or leave [cluster] out"
    if not checkpoints.startswith("/"):
        yield "log.checkpoints has to be a folder that all pods share; write its full path"
    if cluster.region is Region.LOCAL:
        yield "cluster.region `local` is no region of a cluster; write one such as `europe-west4`"
    if not _IMAGE.fullmatch(cluster.image):
        yield "cluster.image is no image by digest; write it as `registry.example.org/name@sha256:…`"
    yield from filter(None, (_url_problem(cluster.url), _hub_database_problem(cluster.hub_database, database)))
    yield from _listed_problems(cluster)


def _url_problem(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        plain = parts.hostname and url == f"{parts.scheme}://{parts.netloc}" and "@" not in url and parts.port != 0
    except ValueError:
        return f"cluster.url `{url[:80]}` is no address; write it as `https://sluis.example.org`"
    if not plain or parts.scheme not in ("https", "http") or not url.isascii():
        return f"cluster.url `{url[:80]}` is no address; write it as `https://sluis.example.org`"
    if parts.scheme == "http" and not is_private(url):
        return f"cluster.url `{url}` is not encrypted; write `https://`, and let the balancer before the proxy end TLS"
    return None


def _hub_database_problem(url: str, database: str) -> str | None:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    form = "write it like `postgresql://jupyterhub@db.example.org/jupyterhub`"
    try:
        parts, log = conninfo_to_dict(url), conninfo_to_dict(database)
    except psycopg.Error:
        return f"cluster.hub_database is no URL of a database; {form}"
    if not url.startswith("postgresql://") or not parts.get("dbname") or not parts.get("user") or "options" in parts:
        return f"cluster.hub_database is no URL of a database with a user; {form}"
    if "password" in parts:
        return "cluster.hub_database holds a password; leave it out: it stands in the Secret, in `pgpass`"
    if all(parts.get(key) == log.get(key) for key in ("host", "hostaddr", "port", "dbname")):
        return "cluster.hub_database is the log's database; JupyterHub needs one of its own"
    return None


def _listed_problems(cluster: Cluster) -> Iterator[str]:
    try:
        namespace("DR-1", cluster.namespace_prefix)
        for line in cluster.host_aliases:
            host_alias(line)
    except ValueError as error:
        yield str(error)
    if cluster.namespace.startswith(f"{cluster.namespace_prefix}dr-"):
        yield f"cluster.namespace `{cluster.namespace}` is named like a request's; choose another"
    for cidr in cluster.storage_cidrs:
        try:
            network = ipaddress.ip_network(cidr)
        except ValueError:
            yield f"cluster.storage_cidrs: `{cidr[:60]}` is no network; write it as `199.36.153.8/30`"
            continue
        if network.prefixlen < (most := _WIDEST[network.version]):
            yield f"cluster.storage_cidrs: `{cidr}` is too wide; write networks of /{most} or smaller"
