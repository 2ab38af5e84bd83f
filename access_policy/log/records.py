"""Records: what changes and goes beside the log, in the same database: factors, sessions, logins, files.

No decision reads a record that a fact does not name. Tokens are never stored, only their SHA-256 (MFA-11); secrets are
sealed with their person's key. All instants are aware and UTC. How long records live, and how many failures are too
many, is decided by their callers. Each subject has a module of its own.
"""

from collections.abc import Collection

from access_policy.log.ask_records import Ask, AskRecords
from access_policy.log.draft_records import DraftRecords, KeptDraft
from access_policy.log.factor_records import Factor, FactorRecords, NewFactor
from access_policy.log.file_records import OpenedFile, SealedFile, read_file, read_names, seal_file, store_file
from access_policy.log.login_records import LoginRecords, PendingKind, PendingLogin, open_claims
from access_policy.log.outbox import Outbox
from access_policy.log.record_base import Transaction, token_digest
from access_policy.log.session_records import Session, SessionRecords, StepUp, StepUpAsked


class Records(FactorRecords, SessionRecords, AskRecords, LoginRecords, DraftRecords):
    """All records. Every method raises LogUnavailable where the database does not answer."""

    @property
    def outbox(self) -> Outbox:
        """Return the notices that wait to be sent, in the same transaction where there is one."""
        return Outbox(self._read, self._write, self._keyring, self._sealer)

    def seal_file(self, owner: str, name: str, content: bytes) -> SealedFile:
        """Seal an uploaded file, kept with the fact that names it. Raises ValueError for an erased owner."""
        with self._sealing() as (_, sealer):
            return seal_file(sealer, owner, name, content)

    def store_file(self, file: SealedFile) -> None:
        """Keep a sealed file."""
        with self._write() as connection:
            store_file(connection, file)

    def file(self, digest: str) -> OpenedFile | None:
        """Return a file by its fact's hash, None where it is gone. Raises UnreadableLog where its bytes do not fit."""
        with self._read() as connection:
            return read_file(connection, self._opening(connection), digest)

    def file_names(self, digests: Collection[str]) -> dict[str, str]:
        """Return the names of files by their facts' hashes, as far as they can be read."""
        with self._read() as connection:
            return read_names(connection, self._opening(connection), digests)


__all__ = [
    "Ask",
    "Factor",
    "KeptDraft",
    "NewFactor",
    "PendingKind",
    "PendingLogin",
    "Records",
    "Session",
    "StepUp",
    "StepUpAsked",
    "Transaction",
    "open_claims",
    "token_digest",
]
