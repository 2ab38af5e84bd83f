"""The words of the pages: labels of commands and fields, what a refusal means and what to do next, instants."""

from datetime import datetime
from typing import NamedTuple

from access_policy.commands.base import Command, RefusalCode
from access_policy.commands.board import EndRequest, RefuseRequest
from access_policy.commands.data import WithdrawDataset
from access_policy.commands.institutions import EndAgreement
from access_policy.commands.people import DisablePerson, EndRole, ResetFactors, WithdrawVerification
from access_policy.commands.requests import RemoveContact, WithdrawRequest
from access_policy.commands.training import RevokeCertification
from access_policy.commands.workspaces import StopWorkspace
from access_policy.reasons import REASONS, ReasonCode
from access_policy.state import Ending

DANGEROUS: frozenset[type[Command]] = frozenset(
    {
        DisablePerson, EndAgreement, EndRequest, EndRole, RefuseRequest, RemoveContact, ResetFactors,
        RevokeCertification, StopWorkspace, WithdrawDataset, WithdrawRequest, WithdrawVerification,
    }
)  # fmt: skip

TYPED: dict[type[Command], str] = {
    DisablePerson: "person",
    ResetFactors: "person",
    EndRequest: "request",
    WithdrawDataset: "dataset",
    EndAgreement: "institution",
}  # commands that end somebody's access: the field whose value has to be typed once more

_COMMANDS = {
    "disable-person": "Stop this person",
    "enable-person": "Let this person act again",
    "name-contact": "Name a download contact",
    "request-dataset": "Ask for a dataset",
    "reset-factors": "Reset second factors",
    "submit-request": "Sign and submit",
    "open-request": "Open a request",
    "link-identity": "Link a login identity",
    "appoint-role": "Appoint to a role",
    "end-role": "End a role",
    "assess-request": "Record the assessment",
    "approve-request": "Approve",
    "refuse-request": "Refuse",
    "make-available": "Make the data available",
}

_FIELDS = {
    "improves_treatment": "Finding: it improves the treatment of cancer",
    "public_interest": "Finding: it is in the public interest",
    "attested": "I attest that no person can be traced in the data",
    "centre": "This is the centre itself",
    "required": "Everybody who opens a workspace must have passed it",
    "begins": "Begins (UTC)",
    "ends": "Ends (UTC)",
    "until": "Until (UTC)",
    "issuer": "Issuer of the OpenID Connect provider",
    "subject": "Subject (`sub`) at that provider",
    "manifest": "SHA-256 of the manifest",
    "digest": "SHA-256 of the text",
    "necessity": "Why the research needs it",
    "email": "Institutional e-mail address",
    "validity_days": "Days that a certification holds",
    "country": "Country (two capital letters)",
    "domains": "E-mail domains, with commas between",
    "scope": "Scope: a signatory's institution, a trainer's course (none: all courses)",
    "location": "Folder of the dataset, below the dataset folder",
    "zone": "Network that the data require",
    "person": "Person",
}


class Word(NamedTuple):
    """What a code that is no reason of a decision means."""

    text: str
    next_step: str
    owner: str


CODES: dict[str, Word] = {
    RefusalCode.NOT_PERMITTED: Word("this is not yours to do", "ask the help desk who can do it", "you"),
    RefusalCode.PERSONAL_COMMAND: Word("this is never done on behalf of somebody", "do it yourself, logged in", "you"),
    RefusalCode.FOUR_EYES: Word("this needs another person", "ask a colleague with the same role", "you"),
    RefusalCode.WRONG_STATE: Word("things have moved on, or are not this far yet", "look at the page again", "you"),
    RefusalCode.NOT_FOUND: Word("there is no such thing, or it is not yours", "check the name or the number", "you"),
    RefusalCode.ALREADY_EXISTS: Word("it is there already", "look it up, or choose another name", "you"),
    RefusalCode.NOT_COMPLETE: Word("something is missing", "fill in what is missing", "you"),
    RefusalCode.NOT_ALLOWED_VALUE: Word("a value is not allowed", "correct the value", "you"),
    RefusalCode.CHANGED_MEANWHILE: Word("the form is not the one that you read", "read it again, then decide", "you"),
    RefusalCode.ACCESS_DENIED: Word("a condition does not hold", "the page of the request names it", "you"),
    "bad_request": Word("the values could not be read", "correct the field that the message names", "you"),
    "forbidden_field": Word("a field was sent that does not belong here", "send only the fields of the form", "you"),
    "forged_form": Word("the form did not come from your login", "open the page again and send it once more", "you"),
    "log_unavailable": Word("the log cannot be read, so nothing is decided", "try again in a minute", "admin"),
    "session_missing": Word("nobody is logged in", "log in with both factors", "you"),
}  # fmt: skip


def command_label(name: str) -> str:
    """Return what stands on the button of a command: `Approve` for `approve-request`."""
    return _COMMANDS.get(name, name.replace("-", " ").capitalize())


_HELP = {
    "approve-request": "Approve for a term, with the two findings. What you approve is exactly the form shown here.",
    "link-identity": "Link the identity with which the person logs in at the provider.",
    "register-course": "A course, how long a certification of it holds, and whether everybody must have passed it.",
    "confirm-proposal": "Confirm what another admin proposed. It is then carried out as their command.",
}  # where a command's own description speaks of more than the form shows


def command_help(name: str, kind: type[Command]) -> str:
    """Return what stands above a command's form."""
    return _HELP.get(name) or (kind.__doc__ or "").strip()


def field_label(name: str) -> str:
    """Return the label of a command's field."""
    return _FIELDS.get(name, name.replace("_", " ").capitalize())


def instant(at: datetime | None) -> str:
    """Write an instant for people: ISO, to the minute, with its zone."""
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M UTC")


_ENDINGS = {
    "stopped": "it was stopped on request",
    "start_failed": "it could not be started; tell the help desk",
    "ended_by_itself": "its program ended by itself",
    "hub_stopped": "the hub was stopped; files in its home are kept",
    "not_allowed": "it was not allowed to go on",
}  # what the spawner saw, where no fact took the ground away


def ending_texts(ending: Ending) -> list[str]:
    """Return in words why a workspace ended: the reasons' texts, or that it was stopped."""
    return [_ending_text(code.strip()) for code in ending.why.split(",")]


def _ending_text(code: str) -> str:
    if code in list(ReasonCode):
        return REASONS[ReasonCode(code)].failing
    return _ENDINGS.get(code, code.replace("_", " "))
