"""The log: facts and observations that are only added, provably, and the records beside them.

`LogStore` is the door for `use_cases`; `store.py` says how to use it. Keys are made and loaded by `keys.py`, checked
by `verify.py`, and tree heads leave the machine through `checkpoints.py`. Nothing here decides who may do what.
"""

from access_policy.log.errors import (
    LogError,
    LogUnavailable,
    StaleState,
    UnreadableLog,
    UntrustedCheckpoint,
    UnusableKeys,
)
from access_policy.log.keys import Keys, create_keys, identity_digest, load_keys
from access_policy.log.store import Head, LogStore

__all__ = [
    "Head",
    "Keys",
    "LogError",
    "LogStore",
    "LogUnavailable",
    "StaleState",
    "UnreadableLog",
    "UntrustedCheckpoint",
    "UnusableKeys",
    "create_keys",
    "identity_digest",
    "load_keys",
]
