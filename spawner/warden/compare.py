"""Whether an object is as it is wanted, and what to write where it is not: pure.

What the API server adds by itself, such as a namespace's finalizers, is left alone. What widens something is not: the
fields that are wanted are wanted exactly, and a service account has no annotation that nobody here gave it.
"""

from collections.abc import Mapping
from typing import Any

from spawner.cluster_names import INSTALLATION, REQUEST

Object = dict[str, Any]

_NOT_COMPARED = ("apiVersion", "kind", "metadata")
_MADE_ONCE = frozenset({"PersistentVolumeClaim"})  # a home can only grow, and nobody lets it
_PLAIN = frozenset({"ServiceAccount"})  # an annotation of it may be an identity in the cloud


def is_ours(one: Object, installation: str) -> bool:
    """Say whether this installation made an object, by its labels."""
    labels = one["metadata"].get("labels") or {}
    return labels.get(INSTALLATION) == installation and bool(labels.get(REQUEST))


def differs(found: Object, wanted: Object) -> bool:
    """Say whether an object has to be written."""
    if wanted["kind"] in _MADE_ONCE:
        return False
    texts = any(_lacks(found, wanted, name) for name in ("labels", "annotations"))
    return texts or _has_more(found, wanted) or any(found.get(name) != value for name, value in _content(wanted, found))


def written_over(found: Object, wanted: Object) -> Object:
    """Return what to write: what was found, with what is wanted in its place; only if nobody wrote meanwhile."""
    metadata = dict(found["metadata"])
    for name in ("labels", "annotations"):
        kept = {} if name == "annotations" and wanted["kind"] in _PLAIN else metadata.pop(name, None) or {}
        metadata[name] = {**kept, **(wanted["metadata"].get(name) or {})}
    return {**found, **dict(_content(wanted, found)), "apiVersion": wanted["apiVersion"], "metadata": metadata}


def must_be_made_anew(found: Object, wanted: Object) -> bool:
    """Say whether the API lets nobody change what differs: which role a binding gives."""
    return bool(found.get("roleRef") != wanted.get("roleRef"))


def _content(wanted: Object, found: Object) -> list[tuple[str, Any]]:
    """Return the fields that count. Of a grant `seq` does not: it says when the rest was last worked out."""
    fields = [(name, value) for name, value in wanted.items() if name not in _NOT_COMPARED]
    if wanted["kind"] != "AccessGrant":
        return fields
    now, then = wanted["spec"], found.get("spec") or {}
    same = {**now, "seq": None} == {**then, "seq": None}
    return [("spec", then if same else now)]


def _lacks(found: Object, wanted: Object, name: str) -> bool:
    there: Mapping[str, str] = found["metadata"].get(name) or {}
    return any(there.get(key) != value for key, value in (wanted["metadata"].get(name) or {}).items())


def _has_more(found: Object, wanted: Object) -> bool:
    there = (found["metadata"].get("annotations") or {}).keys()
    return wanted["kind"] in _PLAIN and bool(there - (wanted["metadata"].get("annotations") or {}).keys())
