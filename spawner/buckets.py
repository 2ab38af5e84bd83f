"""Where a dataset lies in a cloud's storage: `gs://bucket`, or `gs://bucket/prefix` for a part of one (DAT-05).

Read strictly, once for all: the spawner's mount, the warden's grant and the check at registration see the same bucket
and prefix, or a refusal. A sandbox takes folders only (`storage.py`), a cluster buckets only.
"""

import re

import msgspec

from spawner.storage import DatasetProblem

SCHEME = "gs://"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{1,61}[a-z0-9]", re.ASCII)
_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}(?:/[A-Za-z0-9][A-Za-z0-9._-]{0,127})*", re.ASCII)
_LONGEST = 1024


class Bucket(msgspec.Struct, frozen=True):
    """A bucket, or the part of it below `prefix`, which has no slash at its ends and is empty for the whole bucket."""

    bucket: str
    prefix: str = ""

    @property
    def url(self) -> str:
        """As it is registered, and as programs name it."""
        return SCHEME + "/".join(filter(None, (self.bucket, self.prefix)))


def bucket_of(location: str) -> Bucket:
    """The bucket and prefix of a registered location; `DatasetProblem` for a folder and for every other spelling."""
    if not location.startswith(SCHEME):
        raise DatasetProblem(
            f"dataset location `{location[:80]}` is a folder of one machine, and a cluster has none of them; "
            "register a version that lies at `gs://bucket/prefix`"
        )
    name, slash, prefix = location.removeprefix(SCHEME).partition("/")
    if len(location) > _LONGEST or not is_bucket_name(name) or (slash and not _PREFIX.fullmatch(prefix)):
        raise DatasetProblem(
            f"dataset location `{location[:80]}` is no bucket; write it as `gs://bucket/prefix`, in names of a-z, A-Z, "
            "0-9, `.`, `_` and `-`, joined by single slashes"
        )
    return Bucket(name, prefix)


def is_bucket_name(text: str) -> bool:
    """Whether this may name one bucket: never `_`, which means every bucket there is, and no number of a machine."""
    return _NAME.fullmatch(text) is not None and ".." not in text and not text.replace(".", "").isdecimal()
