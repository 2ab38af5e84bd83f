"""The words of the pages: labels of commands and fields, what a refusal means and what to do next, instants."""

from datetime import datetime
from typing import NamedTuple

from access_policy.commands.base import Command, RefusalCode
from access_policy.model.enums import FactorKind
from access_policy.reasons import ReasonCode
from hub_config.desk.kinds import kind_of, kinds

DANGEROUS: frozenset[type[Command]] = frozenset(
    kinds(
        "ask-erasure", "delete-home", "disable-person", "distrust-provider", "end-adequacy", "end-agreement",
        "end-investigator", "end-request", "end-role", "exclude-organisation", "record-consent-withdrawal",
        "record-departure", "refuse-amendment", "refuse-contact", "refuse-extension", "refuse-request",
        "remove-contact", "reset-factors", "revoke-certification", "revoke-trainer", "stop-workspace",
        "suspend-request", "unlist-country", "withdraw-dataset", "withdraw-request", "withdraw-verification",
    )
)  # fmt: skip

TYPED: dict[type[Command], str] = {
    kind_of("disable-person"): "person",
    kind_of("reset-factors"): "person",
    kind_of("record-departure"): "person",
    kind_of("revoke-trainer"): "person",
    kind_of("end-request"): "request",
    kind_of("suspend-request"): "request",
    kind_of("delete-home"): "request",
    kind_of("withdraw-dataset"): "dataset",
    kind_of("record-consent-withdrawal"): "dataset",
    kind_of("end-agreement"): "institution",
    kind_of("exclude-organisation"): "institution",
    kind_of("end-adequacy"): "country",
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
    "end-investigator": "End the place of an investigator",
    "assess-request": "Record the assessment",
    "approve-request": "Approve",
    "refuse-request": "Refuse",
    "make-available": "Make the data available",
    "make-available-to-contact": "Make the data available to this contact",
    "accept-document": "Accept",
    "accept-loss": "Accept a loss of facts",
    "accept-invitation": "Take the invitation up",
    "answer-extension": "Record that the renewal was answered",
    "answer-intake": "Invite to the form",
    "approve-clinical": "Approve as investigator",
    "ask-contact": "Ask for a new download contact",
    "ask-erasure": "Ask for erasure",
    "ask-extension": "Ask for an extension",
    "assess-extension": "Record the assessment of the renewal",
    "check-contact": "Confirm this contact",
    "claim-attendance": "Give an attendance code",
    "confirm-protection": "Confirm the protection of privacy",
    "correct-email": "Correct the e-mail address",
    "correct-name": "Correct the name",
    "issue-confirmation-code": "Issue a code to hand over",
    "redeem-confirmation-code": "Give the code of your verifier",
    "remove-factor": "Take this factor away",
    "declare-conflict": "Declare a tie to the request",
    "accelerate-request": "Have it decided faster",
    "record-hearing": "Record the hearing of the user",
    "defer-decision": "Take more time to decide, once",
    "describe-request": "Fill in the form",
    "drop-dataset": "Take this dataset out",
    "drop-entity": "Take this organisation out",
    "hand-over-dataset": "Name another steward",
    "correct-institution": "Correct name or country",
    "exclude-organisation": "Shut the organisation out",
    "exempt-person": "Exempt from a course",
    "grant-extension": "Grant the renewal",
    "invite-party": "Invite somebody to this request",
    "join-identity": "Link a further login identity",
    "lift-exclusion": "Lift the exclusion",
    "list-country": "List a country as eligible",
    "move-person": "Record a new institution",
    "name-entity": "Name a further organisation",
    "name-investigator": "Name as investigator of a study",
    "pause-clock": "Pause a clock",
    "publish-document": "Publish a text",
    "bind-document": "Publish a new text that binds",
    "record-consent-withdrawal": "Record a withdrawn consent",
    "record-departure": "Record that the person left",
    "record-opt-out": "Record an opt-out",
    "record-transfer-basis": "Record the ground of the transfer",
    "refuse-contact": "Refuse this contact",
    "refuse-extension": "Refuse the renewal",
    "resume-clock": "Let a clock go on",
    "return-request": "Send the form back",
    "reverse-opt-out": "Record that an opt-out was taken back",
    "revoke-trainer": "Take back all that this trainer issued",
    "submit-extension": "Submit the renewal",
    "unlist-country": "Take a country off the list",
    "vote-on-request": "Vote",
    "grant-emergency-access": "Give an operator emergency access",
    "end-emergency-access": "End this emergency access",
    "release-home": "Release this home",
    "delete-home": "Delete this home for ever",
}

_FIELDS = {
    "improves_treatment": "Finding: it improves the treatment of cancer",
    "public_interest": "Finding: it is in the public interest",
    "attested": "I attest that no person can be traced in the data",
    "centre": "This is the centre itself",
    "required": "Everybody who opens a workspace must have passed it",
    "begins": "Begins (UTC)",
    "ends": "Ends (UTC)",
    "passed_on": "The examination was passed on (UTC)",
    "until": "Until (UTC)",
    "issuer": "Issuer of the OpenID Connect provider",
    "subject": "Subject (`sub`) at that provider",
    "manifest": "SHA-256 of the manifest",
    "digest": "SHA-256 of the text",
    "necessities": "Why the research needs each dataset: one line for each, in their order",
    "necessity": "Why the research needs it",
    "email": "Institutional e-mail address",
    "validity_days": "Days that a certification holds",
    "contractual_measures": "The contractual measures are in place",
    "country": "Country (two capital letters)",
    "domains": "E-mail domains, with commas between",
    "scope": "Scope: a trainer's course (none: all courses)",
    "location": "Folder of the dataset, below the dataset folder",
    "zone": "Network that the data require",
    "person": "Person",
    "kept": "Facts that are proven to be kept",
    "lost": "Facts that were signed",
    "epoch": "Number of the history that begins",
    "observations": "Observations that are proven to be kept",
    "acknowledgement": "The acknowledgement, as it stands in the publication",
    "act": "Act, by its number",
    "approve": "My vote",
    "assurance": "How surely the identity is proofed",
    "binding": "It binds anew: what was accepted or signed before counts no more",
    "clauses": "Version of the EU model clauses",
    "clock": "Which clock",
    "code": "Attendance code",
    "concluded": "The clauses were concluded on (UTC)",
    "conditions": "Conditions of the permit",
    "controller": "Controller (who decides what is done with the data)",
    "duo": "Data Use Ontology codes",
    "excluded": "Subjects that were taken out (SHA-256 each)",
    "factors": "Second factors that you looked at",
    "heard": "What the user said",
    "hospital": "Hospital (for its local investigator)",
    "met": "Does the request meet it?",
    "on": "On (UTC)",
    "operator": "User name of the operator at the cluster's API",
    "minutes": "Minutes, from the confirmation on",
    "opt_out_exception": "The law of the country lets data of people who opted out be used",
    "physician": "Treating physician, by name, where they have no account here",
    "physician_institution": "Institution of a physician who has no account here",
    "physician_person": "Treating physician, where it is for treatment",
    "protection_adequate": "The level of protection is adequate",
    "technical_measures": "The technical measures are in place",
    "processor": "Processor (who handles the data for the controller)",
    "purpose_kind": "What the data are for",
    "since": "Since (UTC)",
    "tests_treatment": "Is a treatment tested in children?",
    "tools": "Programs that are needed",
    "why": "Why it stands still",
}


FACTORS: dict[FactorKind, str] = {
    FactorKind.TOTP: "one-time codes",
    FactorKind.PASSKEY: "passkey",
    FactorKind.RECOVERY: "recovery codes",
    FactorKind.PROVIDER: "second factor of the login provider",
}
"""What people call the kinds of second factors."""

_ANSWERS = {"approve": ("For it", "Against it"), "met": ("Yes, it is met", "No, it is not met")}


def answers(name: str) -> tuple[tuple[str, str], ...]:
    """Return the two answers to a question that somebody has to decide, the value first."""
    yes, no = _ANSWERS.get(name, ("Yes", "No"))
    return ("true", yes), ("false", no)


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
    RefusalCode.CLOCK_JUMPED: Word("a clock is wrong, so nobody is let in anew", "tell the help desk", "admin"),
    RefusalCode.STEP_UP_NEEDED: Word("this needs your second factor", "log in again, then do it", "you"),
    RefusalCode.UPGRADE_FIRST: Word("this waits for an upgrade to be finished", "ask the operator", "the operator"),
    RefusalCode.ACCESS_DENIED: Word("a condition does not hold", "the page of the request names it", "you"),
    "bad_request": Word("the values could not be read", "correct the field that the message names", "you"),
    "forbidden_field": Word("a field was sent that does not belong here", "send only the fields of the form", "you"),
    "forged_form": Word("the form did not come from your login", "open the page again and send it once more", "you"),
    "log_unavailable": Word("the log cannot be read, so nothing is decided", "try again in a minute", "admin"),
    "log_behind": Word("the log lost facts, so nothing is decided", "wait until two admins looked at it", "admin"),
    "too_often": Word("this was asked for too often", "try again in an hour", "you"),
    "session_missing": Word("nobody is logged in", "log in with both factors", "you"),
}  # fmt: skip


def command_label(name: str) -> str:
    """Return what stands on the button of a command: `Approve` for `approve-request`."""
    return _COMMANDS.get(name, name.replace("-", " ").capitalize())


_HELP = {
    "approve-request": "Approve for a term, with the two findings. What you approve is exactly the form shown here.",
    "link-identity": "Link the identity with which the person logs in at the provider.",
    "register-course": "A course, how long a certification of it holds, and whether everybody must have passed it.",
    "accept-document": "Accept the version in force of a text that binds everybody. Read it first.",
    "appoint-role": "Appoint a person; another admin confirms. A signatory is recorded by the representative.",
    "approve-clinical": "Approve as investigator of the study. What you approve is exactly the form shown here.",
    "describe-request": "Fill in the form. The data may not be used where a treatment is tested in children.",
    "name-investigator": "Name the investigator of a study until a date: the central one, or the local one of a "
    "hospital, who works there. Another admin confirms. Who was it before is it no more.",
    "plan-training": "Plan a training session. Its attendants get to see the code; the log keeps the hash only.",
    "bind-document": "Publish a new version that everybody concerned accepts or signs anew; another admin confirms.",
    "publish-document": "Publish a version of a text, by the SHA-256 of its bytes. A binding version has to be "
    "accepted or signed anew; one that is not only mends the wording.",
    "record-transfer-basis": "Record on what ground an organisation outside the EEA may get data, and its measures. "
    "Recipients belong to an adequacy decision; version and date belong to the EU model clauses.",
    "sign-licence": "Sign the licence for the party that you stand for.",
    "verify-person": "Record that you checked who the person is, for two years at most. Second factors that you "
    "looked at with them count from now on.",
    "issue-confirmation-code": "Hand a code over to somebody whom you verified. With it a second factor of theirs "
    "counts, once, within a week. The newest code counts.",
    "join-identity": "Join a further login to the account of a person, with the evidence that both are theirs. Another "
    "admin confirms.",
    "vote-on-request": "Vote as a board member. What you vote on is exactly the form shown here.",
    "confirm-proposal": "Confirm what another admin proposed. It is then carried out as their command.",
}  # where a command's own description speaks of more than the form shows


def command_help(name: str, kind: type[Command]) -> str:
    """Return what stands above a command's form."""
    return _HELP.get(name) or (kind.__doc__ or "").strip().replace("`", "")


_FIELDS_OF = {
    "record-finding.extension": "It is about the extension that is open",
    "vote-on-request.amendment": "Number of the amendment, where the vote is about one",
    "vote-on-request.extension": "The vote is about the extension that is open",
    "revise-course.binding": "Does it bind anew, so that everybody has to pass it again?",
    "end-adequacy.scope": "For which recipients",
    "plan-training.code": "The code that its attendants get to see",
    "issue-confirmation-code.digest": "SHA-256 of the code",
    "redeem-confirmation-code.code": "The code that your verifier handed over",
    "join-identity.evidence": "Evidence that both logins are theirs",
    "verify-person.evidence": "Evidence: what the verification rests on",
    "verify-person.method": "How you checked",
    "record-adequacy.scope": "For which recipients",
    "record-consent-withdrawal.subject": "Subject (SHA-256 of the pseudonym)",
    "record-opt-out.subject": "Subject (SHA-256 of the pseudonym)",
    "record-provider-audit.scope": "What was audited",
    "record-security-test.scope": "What was tested",
    "record-transfer-basis.scope": "For which recipients the adequacy decision counts",
    "reverse-opt-out.subject": "Subject (SHA-256 of the pseudonym)",
}  # where a field means something else than in other commands


def field_label(name: str, command: str = "") -> str:
    """Return the label of a field, where a command is named of that command's."""
    return _FIELDS_OF.get(f"{command}.{name}") or _FIELDS.get(name, name.replace("_", " ").capitalize())


PAGES: dict[str, str] = {
    ReasonCode.CONDUCT_NOT_ACCEPTED: "me",
    ReasonCode.REIDENTIFICATION_NOT_ACCEPTED: "me",
    ReasonCode.LICENCE_SUPERSEDED: "documents",
}
"""The page of the desk on which a reason's next step is taken, where there is one for everybody."""


def instant(at: datetime | None) -> str:
    """Write an instant for people: ISO, to the minute, with its zone."""
    return "" if at is None else at.strftime("%Y-%m-%d %H:%M UTC")
