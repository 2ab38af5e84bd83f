"""What the log holds of a program's secret."""

from hashlib import sha256


def digest_of(secret: str) -> str:
    """Return the digest of a secret that is random and long, so that its digest tells nothing of it."""
    return sha256(secret.encode()).hexdigest()
