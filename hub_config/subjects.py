"""Subjects of datasets at the door: nobody guesses from the log who withdrew a consent or opted out (S82, E72).

A steward names a subject by the SHA-256 of its pseudonym, and pseudonyms are few enough to try them all. So the command
line and the desk make an HMAC of it with the installation's lookup key, before the core sees it. What older logs hold
is the bare SHA-256: where a dataset knows a subject by that, it goes on to be named so, and still matches.
"""

from collections.abc import Callable

import msgspec

from access_policy.commands.base import Command
from access_policy.commands.versions import RecordConsentWithdrawal, RecordOptOut, ReleaseVersion, ReverseOptOut
from access_policy.model.ids import DatasetName
from access_policy.state import State

Identity = Callable[[str, str], str]
_LABEL = "sluis:subject"
"""Stands where the issuer of a login stands, so that the HMAC of a subject is never that of a login."""


def with_hidden_subjects(command: Command, state: State, identity: Identity) -> Command:
    """Return the command as the core gets it. `identity` makes the HMAC of two texts (`identity_digest`)."""
    if isinstance(command, ReleaseVersion):
        known = _known(state, command.dataset)
        named = [one for subject in command.excluded for one in _forms(subject, known, identity)]
        twice = len(set(command.excluded)) < len(command.excluded)  # which the core refuses
        return command if twice else msgspec.structs.replace(command, excluded=tuple(dict.fromkeys(named)))
    if isinstance(command, RecordConsentWithdrawal | RecordOptOut | ReverseOptOut):
        known = _known(state, command.dataset)
        return msgspec.structs.replace(command, subject=_forms(command.subject, known, identity)[-1])
    return command


def _known(state: State, name: str | None) -> frozenset[str]:
    dataset = state.datasets.get(DatasetName(name or ""))
    if dataset is None:
        return frozenset()
    return dataset.excluded.union(dataset.withdrawn_consents, dataset.opt_outs)


def _forms(subject: str, known: frozenset[str], identity: Identity) -> list[str]:
    """Return under which names a dataset knows a subject: the bare one of an older log, the HMAC, or both."""
    hidden = identity(_LABEL, subject)
    return [one for one in (hidden, subject) if one in known] or [hidden]
