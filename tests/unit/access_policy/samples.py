"""One sound example of every command, about any person and any request: what the tests of the whole table give."""

from datetime import timedelta
from typing import Any

from access_policy.commands.base import Command, OfPerson, OfRequest, name_of
from access_policy.commands.workspaces import StartWorkspace
from access_policy.model.ids import PersonId, RequestId
from access_policy.permissions import TABLE
from tests.unit.access_policy.world import DIGEST, NOON, OPEN, RESEARCHER

LATER = NOON + timedelta(days=100)
_TEXT = {"reason": "a reason"}

_ARGUMENTS: dict[str, dict[str, Any]] = {
    "adopt-settings": {"session_hours": 8, "term_days_longest": 365},
    "confirm-proposal": {"proposal": 1},
    "drop-proposal": {"proposal": 1},
    "register-institution": {"institution": "clinic", "name": "Clinic", "country": "DE", "domains": ("a.example",)},
    "declare-domains": {"institution": "hospital", "domains": ("clinic.example",)},
    "record-agreement": {"institution": "hospital", "begins": NOON, "ends": LATER},
    "end-agreement": {"institution": "hospital"},
    "register-person": {"name": "Nel", "email": "nel@hospital.example", "institution": "hospital"},
    "link-identity": {"identity": "id-9", "issuer": "https://idp.centre.example", "subject": "nel"},
    "verify-person": {"method": "in-person", "until": LATER},
    "withdraw-verification": _TEXT,
    "disable-person": _TEXT,
    "enable-person": {},
    "appoint-role": {"role": "trainer", "until": LATER},
    "end-role": {"role": "trainer"},
    "enrol-factor": {"factor": "second", "kind": "totp"},
    "confirm-factor": {"factor": "first"},
    "reset-factors": {},
    "register-course": {"course": "cloud", "title": "Cloud", "validity_days": 365},
    "certify-person": {"course": "privacy"},
    "revoke-certification": {"course": "privacy", **_TEXT},
    "register-dataset": {
        "dataset": "images", "title": "Images", "source": "a PyPI package", "kind": "clinical", "version": "1",
        "location": "images", "manifest": DIGEST, "region": "local", "consent": "informed-consent", "attested": True,
    },
    "withdraw-dataset": {"dataset": "tumours", **_TEXT},
    "reopen-dataset": {"dataset": "tumours"},
    "publish-licence": {"licence": "eea-2", "title": "EEA licence", "digest": DIGEST},
    "open-request": {"title": "Survival", "purpose": "Which treatment helps"},
    "request-dataset": {"dataset": "tumours", "necessity": "the outcome"},
    "name-contact": {"email": "rosa@hospital.example"},
    "remove-contact": {},
    "submit-request": {},
    "withdraw-request": {},
    "assess-request": {"assessment": "sound"},
    "approve-request": {
        "improves_treatment": True, "public_interest": True, "licence": "eea-1", "begins": NOON, "ends": LATER, **_TEXT,
    },
    "refuse-request": _TEXT,
    "sign-licence": {"party": "researcher"},
    "make-available": {},
    "end-request": _TEXT,
    "start-workspace": {"profile": "small", "max_run_seconds": 3600, "session": None},
    "stop-workspace": {},
    "record-ending": {"started": 1, "seen": "gone"},
}  # fmt: skip


def sample(kind: type[Command], person: PersonId = RESEARCHER, request: RequestId = OPEN) -> Command:
    """Return a command of a type, about a person and a request where it is about one."""
    return Command.registered[name_of(kind)](**sample_arguments(kind, person, request))


def sample_arguments(kind: type[Command], person: PersonId = RESEARCHER, request: RequestId = OPEN) -> dict[str, Any]:
    """Return the arguments of `sample`."""
    about = {
        name: value for name, value in (("person", person), ("request", request)) if name in kind.__struct_fields__
    }
    return _ARGUMENTS[name_of(kind)] | about


COMMANDS = tuple(TABLE)
OF_PERSON = tuple(kind for kind in COMMANDS if issubclass(kind, OfPerson))
OF_REQUEST = tuple(kind for kind in COMMANDS if issubclass(kind, OfRequest))
FROM_TEXT = tuple(kind for kind in COMMANDS if kind is not StartWorkspace)
"""All but the one that carries a session: the hub makes it, and no text does."""
