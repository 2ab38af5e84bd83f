"""From a volume's attributes to gcsfuse's flags and configuration, as GKE's Cloud Storage FUSE CSI driver takes them.

Pure. `mountOptions` is a list with commas of `flag`, `flag=value` and `config:key:value`; some flags are refused. An
attribute that is not known is ignored, as there. Read are `bucketName`, `mountOptions`, `metadataCacheTTLSeconds` and
`skipCSIBucketAccessCheck`; of a persistent volume, its handle and its mount options.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

REFUSED = frozenset(
    {
        *("o", "foreground", "config-file", "log-file", "log-format", "cache-dir", "temp-dir", "key-file", "token-url"),
        *("reuse-token-from-url", "prometheus-port", "kernel-params-file"),
    }
)
# the default retries without end
BOUNDED = ("--max-retry-attempts", "3", "--max-retry-sleep", "1s")


class OptionRefusedError(ValueError):
    """The text is what the pod's event says."""


@dataclass(frozen=True)
class Mount:
    """What is mounted: the bucket, gcsfuse's flags, its configuration, and whether the bucket is looked up before."""

    bucket: str
    flags: tuple[str, ...] = ()
    configuration: Mapping[str, Any] = field(default_factory=dict)
    checked: bool = True


def mount_of(attributes: Mapping[str, str], handle: str = "", persistent_options: Iterable[str] = ()) -> Mount:
    """The mount that a volume's attributes ask for; a persistent volume's bucket is its handle."""
    inline = attributes.get("csi.storage.k8s.io/ephemeral") == "true"
    bucket = attributes.get("bucketName", "" if inline else handle)
    if not bucket:
        raise OptionRefusedError('NodePublishVolume VolumeContext "bucketName" must be provided')
    options = [*attributes.get("mountOptions", "").split(","), *persistent_options]
    flags, configuration = _read(option.strip() for option in options)
    for name in ("metadataCacheTTLSeconds", "metadataCacheTtlSeconds"):
        if name in attributes:
            configuration.setdefault("metadata-cache", {})["ttl-secs"] = int(attributes[name])
    if "gcs-retries" not in configuration:
        flags += BOUNDED
    return Mount(bucket, tuple(flags), configuration, attributes.get("skipCSIBucketAccessCheck") != "true")


def _read(options: Iterable[str]) -> tuple[list[str], dict[str, Any]]:
    flags: list[str] = []
    configuration: dict[str, Any] = {}
    for option in filter(None, options):
        name = option.partition("=")[0].lstrip("-")
        if name in REFUSED:
            raise OptionRefusedError(f"mount option '{option}' is not allowed")
        if ":" in name:
            *keys, value = option.split(":")
            _put(configuration, keys, _value(value))
        else:
            flags.append(f"--{option.lstrip('-')}")
    return flags, configuration


def _put(configuration: dict[str, Any], keys: list[str], value: object) -> None:
    for key in keys[:-1]:
        configuration = configuration.setdefault(key, {})
    configuration[keys[-1]] = value


def _value(text: str) -> object:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.lstrip("-").isdigit() else text
