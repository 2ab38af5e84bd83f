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
FORMER_KEY, NEW_KEY = (f"sluis.dev/sample+{digit * 8}+{digit * 44}" for digit in "01")

_ARGUMENTS: dict[str, dict[str, Any]] = {
    "adopt-settings": {"session_hours": 8, "term_days_longest": 365},
    "finish-upgrade": {"format": 2},
    "rotate-checkpoint-key": {"number": 1, "former": FORMER_KEY, "key": NEW_KEY},
    "cut-observations": {"size": 3, "root": DIGEST, "since": NOON - timedelta(days=4000)},
    "accept-loss": {"kept": 1, "lost": 9, "epoch": 1, "observations": 0},
    "record-security-test": {"tester": "a tester", "scope": "the platform", "on": NOON},
    "record-provider-audit": {"auditor": "an auditor", "scope": "ISO 27001", "on": NOON},
    "publish-document": {"document": "faq", "version": "1", "language": "en", "title": "Questions", "digest": DIGEST},
    "bind-document": {"document": "faq", "version": "1", "language": "en", "title": "Questions", "digest": DIGEST},
    "confirm-proposal": {"proposal": 1},
    "drop-proposal": {"proposal": 1},
    "register-institution": {"institution": "clinic", "name": "Clinic", "country": "DE", "domains": ("a.example",)},
    "correct-institution": {"institution": "hospital", "name": "Hospital", "country": "BE", **_TEXT},
    "declare-domains": {"institution": "hospital", "domains": ("clinic.example",)},
    "record-agreement": {"institution": "hospital", "begins": NOON, "ends": LATER},
    "end-agreement": {"institution": "hospital"},
    "exclude-organisation": {"institution": "hospital", "until": LATER, **_TEXT},
    "lift-exclusion": {"institution": "hospital"},
    "record-adequacy": {"country": "GE", "scope": "full", "begins": NOON, "act": "an act"},
    "end-adequacy": {"country": "JP", "scope": "business-operators", "ends": LATER, "act": "a judgment"},
    "list-country": {"country": "GE", "begins": NOON, "act": "an act"},
    "unlist-country": {"country": "GE", "ends": LATER, "act": "an act"},
    "register-self": {
        "name": "Noor", "email": "noor@hospital.example", "position": "PhD student", "field": "leukaemia",
        "identity": "id-noor", "issuer": "https://idp.hospital.example", "subject": "noor",
    },
    "correct-name": {"name": "Nel Jansen"},
    "register-person": {"name": "Nel", "email": "nel@hospital.example", "institution": "hospital"},
    "link-identity": {"identity": "id-9", "issuer": "https://idp.centre.example", "subject": "nel"},
    "join-identity": {
        "identity": "id-10", "issuer": "https://idp.hospital.example", "subject": "nel.b", "evidence": "a letter",
    },
    "correct-email": {"email": "nel.b@hospital.example"},
    "move-person": {"institution": "centre", "email": "nel@centre.example"},
    "record-departure": {},
    "accept-document": {"document": "code-of-conduct", "version": "1"},
    "ask-erasure": {},
    "erase-person": {},
    "keep-file": {"digest": DIGEST, "size": 1000, "media": "application/pdf"},
    "attach-file": {"digest": DIGEST, "size": 1000, "media": "application/pdf", "purpose": "cv"},
    "drop-file": {"file": 1},
    "verify-person": {"method": "in-person", "until": LATER, "evidence": "a passport"},
    "withdraw-verification": _TEXT,
    "disable-person": _TEXT,
    "enable-person": {},
    "appoint-role": {"role": "trainer", "until": LATER},
    "appoint-signatory": {"until": LATER},
    "end-role": {"role": "trainer"},
    "enrol-factor": {"factor": "second", "kind": "totp"},
    "confirm-factor": {"factor": "first"},
    "remove-factor": {"factor": "first"},
    "issue-confirmation-code": {"digest": DIGEST},
    "redeem-confirmation-code": {"factor": "first", "code": "abcd efgh ijkl mnop qrst"},
    "reset-factors": {},
    "register-course": {"course": "cloud", "title": "Cloud", "validity_days": 365},
    "certify-person": {"course": "privacy"},
    "revoke-certification": {"course": "privacy", **_TEXT},
    "revise-course": {"course": "privacy", "version": "2", "binding": False},
    "plan-training": {"course": "privacy", "on": LATER, "code": DIGEST},
    "claim-attendance": {"training": 1, "code": "blue heron"},
    "confirm-attendance": {"training": 1, "people": ("P-3",)},
    "exempt-person": {"course": "privacy", "until": LATER, **_TEXT},
    "register-client": {"client": "bucket-proxy", "title": "Proxy", "resource_types": ("dataset",), "digest": DIGEST},
    "end-client": {"client": "bucket-proxy"},
    "trust-provider": {"provider": "academy", "name": "Academy", "course": "privacy", "until": LATER},
    "distrust-provider": {"provider": "academy"},
    "accept-certificate": {"course": "privacy", "provider": "academy", "passed_on": NOON, "ends": LATER},
    "revoke-trainer": {"since": NOON, **_TEXT},
    "register-study": {"study": "relapse", "title": "Relapse", "purpose": "why it comes back"},
    "name-investigator": {"study": "relapse", "hospital": "hospital", "until": LATER},
    "end-investigator": {"study": "relapse", "hospital": "hospital"},
    "register-dataset": {
        "dataset": "images", "title": "Images", "source": "a PyPI package", "kind": "clinical", "version": "1",
        "location": "images", "manifest": DIGEST, "region": "local", "consent": "informed-consent", "attested": True,
    },
    "hand-over-dataset": {"dataset": "tumours", "steward": "P-9"},
    "withdraw-dataset": {"dataset": "tumours", **_TEXT},
    "reopen-dataset": {"dataset": "tumours"},
    "release-version": {
        "dataset": "tumours", "version": "2", "location": "tumours-2", "manifest": "1" * 64,
        "attested": True,
    },
    "record-consent-withdrawal": {"dataset": "tumours", "subject": DIGEST},
    "record-opt-out": {"dataset": "tumours", "subject": DIGEST},
    "reverse-opt-out": {"dataset": "tumours", "subject": DIGEST},
    "submit-intake": {"name": "Nel", "surname": "Jansen", "email": "nel@hospital.example"},
    "answer-intake": {"institution": "hospital"},
    "invite-party": {"capacity": "contact", "institution": "hospital", "email": "nel@hospital.example"},
    "register-invited": {
        "invitation": 1, "name": "Nel", "email": "nel@hospital.example", "identity": "id-nel",
        "issuer": "https://idp.hospital.example", "subject": "nel",
    },
    "accept-invitation": {"invitation": 1, "title": "Survival", "purpose": "Which treatment helps"},
    "open-request": {"title": "Survival", "purpose": "Which treatment helps"},
    "describe-request": {
        "purpose_kind": "research", "field_of_work": "leukaemia", "tests_treatment": False,
        "controller": "the hospital", "processor": "the centre",
    },
    "drop-dataset": {"dataset": "tumours"},
    "name-entity": {"institution": "centre"},
    "drop-entity": {"institution": "centre"},
    "confirm-protection": {"institution": "hospital", "confirmations": ("independent-supervision",)},
    "request-dataset": {"dataset": "tumours", "necessity": "the outcome"},
    "name-contact": {"email": "rosa@hospital.example"},
    "remove-contact": {},
    "submit-request": {},
    "withdraw-request": {},
    "return-request": _TEXT,
    "assess-request": {"assessment": "sound"},
    "record-finding": {"criterion": "social", "met": True, **_TEXT},
    "pause-clock": {"why": "waiting-for-advice", "note": "the ethics committee"},
    "resume-clock": {},
    "accelerate-request": _TEXT,
    "record-hearing": {"heard": "it was a mistake"},
    "defer-decision": _TEXT,
    "record-transfer-basis": {
        "institution": "hospital", "basis": "model-clauses", "clauses": "(EU) 2021/914", "concluded": NOON,
        "protection_adequate": True, "contractual_measures": True, "technical_measures": True,
    },
    "declare-conflict": _TEXT,
    "vote-on-request": {"approve": True, "digest": DIGEST, **_TEXT},
    "approve-request": {
        "improves_treatment": True, "public_interest": True, "digest": DIGEST, "begins": NOON, "ends": LATER, **_TEXT,
    },
    "refuse-request": _TEXT,
    "approve-clinical": {"begins": NOON, "ends": LATER, "digest": DIGEST},
    "sign-licence": {"party": "researcher"},
    "prepare-extract": {
        "dataset": "tumours", "location": "extract-1", "manifest": DIGEST, "patients": 40, "attested": True,
    },
    "make-available": {},
    "ask-contact": {"name": "Cas", "position": "analyst", "email": "cas@hospital.example"},
    "check-contact": {},
    "refuse-contact": _TEXT,
    "make-available-to-contact": {},
    "propose-amendment": {"datasets": ("scans",), "necessities": "the outcome", **_TEXT},
    "approve-amendment": {"amendment": 1, **_TEXT},
    "refuse-amendment": {"amendment": 1, **_TEXT},
    "ask-extension": {"name": "Rosa", "surname": "Rood", "email": "rosa@hospital.example"},
    "answer-extension": {},
    "submit-extension": {"ends": LATER, **_TEXT},
    "assess-extension": {"assessment": "sound"},
    "grant-extension": _TEXT,
    "refuse-extension": _TEXT,
    "suspend-request": _TEXT,
    "reinstate-request": _TEXT,
    "end-request": _TEXT,
    "record-publication": {
        "title": "Survival", "link": "https://journal.example/1", "acknowledgement": "thanks",
    },
    "start-workspace": {"profile": "small", "max_run_seconds": 3600, "session": None},
    "stop-workspace": {},
    "record-ending": {"started": 1, "seen": "gone"},
    "record-doubt": {"started": 1, "node": "node-1"},
    "set-home-aside": {"home": 1},
    "release-home": {"home": 1, **_TEXT},
    "delete-home": {"home": 1, **_TEXT},
    "record-home-deleted": {"home": 1},
    "grant-emergency-access": {"operator": "ops@example.org", "minutes": 30, **_TEXT},
    "end-emergency-access": {"operator": "ops@example.org"},
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
