"""What of a row the Merkle tree hashes: its stored bytes, so that erasing a sealing key changes no hash.

The leaf is the five columns (seq in decimal, at, actor, kind, payload), each behind its length in bytes (32 bits, big
endian), so that no two rows share a leaf. An outsider needs nothing else to recompute it.
"""

from access_policy.log.merkle import leaf_hash


def leaf_of(seq: int, at: bytes, actor: bytes, kind: bytes, payload: bytes) -> bytes:
    """Return the RFC 6962 leaf hash of a row."""
    parts = (b"%d" % seq, at, actor, kind, payload)
    return leaf_hash(b"".join([len(part).to_bytes(4, "big") + part for part in parts]))  # a list is faster here
