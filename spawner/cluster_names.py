"""Every name, label and annotation of ours in a cluster, made from person and request numbers only (SPW-07).

No name comes from text that someone typed, so there is nothing to escape, shorten or mix up (CVE-2020-15110): different
numbers give different names, of at most 24 characters, each a DNS label (RFC 1123). What a name says is never believed
by itself: an object is ours where its labels say so too.
"""

import re

from spawner.workspace import number

PREFIX = "sluis-"

# Labels of everything that the hub or the warden makes; persons' objects and pods carry more of them.
INSTALLATION = "sluis.dev/installation"  # an annotation of pods too
REQUEST = "sluis.dev/request"
PERSON = "sluis.dev/person"
PART = "sluis.dev/part"
START = "sluis.dev/start"
ZONE = "sluis.dev/zone"
WORKSPACE = "workspace"

# Annotations of pods.
SEQ = "sluis.dev/seq"
UNTIL = "sluis.dev/until"

# Labels of a request's namespace beside those of everything.
ENFORCE = "pod-security.kubernetes.io/enforce"
ENFORCE_VERSION = "pod-security.kubernetes.io/enforce-version"
RESTRICTED = "restricted"

# Objects of which a request's namespace has one.
GRANT = "grant"
QUOTA = "quota"
DEFAULT_DENY = "default-deny"
ALLOW = "allow"
HUB_BINDING = "hub"
HUB_ROLE = "sluis-workspaces"
CONTAINER = "notebook"
PORT = 8888

_PREFIX = re.compile(r"[a-z](?:[a-z0-9-]{0,14}-)?", re.ASCII)


def namespace(request: str, prefix: str = PREFIX) -> str:
    """The namespace of `DR-12`: `sluis-dr-12`; `ValueError` for another form of id or a prefix that is none."""
    if not _PREFIX.fullmatch(prefix) or "--" in prefix:
        raise ValueError(
            f"namespace prefix `{prefix[:40]}` is none; use up to 16 of a-z, 0-9 and `-`, with `-` at the end"
        )
    return f"{prefix}dr-{number(request, 'DR')}"


def request_of(name: str, prefix: str = PREFIX) -> str | None:
    """The request whose namespace this is, `DR-12`; None for every other name."""
    found = (
        re.fullmatch(r"dr-([1-9][0-9]{0,8})", name.removeprefix(prefix), re.ASCII) if name.startswith(prefix) else None
    )
    return f"DR-{found[1]}" if found else None


def account(person: str) -> str:
    """The service account of `P-3` in a request's namespace, one a person (DAT-02): `p-3`."""
    return f"p-{number(person, 'P')}"


def pod(person: str) -> str:
    """The pod of `P-3` in a request's namespace: `p-3`."""
    return account(person)


def home(person: str, number_of_home: int = 1) -> str:
    """The claim of a home of `P-3` for a request: `home-p-3`, and further ones of theirs `home-p-3-2`."""
    further = f"-{number_of_home}" if number_of_home != 1 else ""
    return f"home-{account(person)}{further}"


def volume(index: int) -> str:
    """The pod's volume of the dataset that stands at this place among the decision's, from 1: `ds-1`."""
    return f"ds-{index}"


def request_labels(installation: str, request: str) -> dict[str, str]:
    """What everything that was made for a request carries."""
    return {INSTALLATION: installation, REQUEST: str(number(request, "DR"))}


def person_labels(installation: str, request: str, person: str) -> dict[str, str]:
    """What everything that was made for one person of a request carries."""
    return request_labels(installation, request) | {PERSON: str(number(person, "P"))}


def pod_labels(installation: str, request: str, person: str, seq: int) -> dict[str, str]:
    """What a workspace's pod carries; `seq` is the log's number of its start, beside which is its `ZONE`."""
    return person_labels(installation, request, person) | {PART: WORKSPACE, START: str(seq)}


def namespace_labels(installation: str, request: str, version: str = "latest") -> dict[str, str]:
    """What a request's namespace carries; `version` is that of the pod security standard, such as `v1.36`."""
    return request_labels(installation, request) | {ENFORCE: RESTRICTED, ENFORCE_VERSION: version}
