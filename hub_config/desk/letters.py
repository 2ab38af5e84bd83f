"""The letter of a decision: what was decided, on which form, why, and where that stands in the log (S22, E15)."""

from dataclasses import dataclass
from datetime import datetime

from access_policy import events as e
from access_policy.overview import permit_versions
from access_policy.state import Request
from hub_config.desk.desk import View
from hub_config.desk.told import decision_of
from hub_config.desk.words import instant

_BOARD, _INVESTIGATORS = "Data Access Board", "investigators of the study"


@dataclass(frozen=True)
class LetterFinding:
    """A finding that the decision rests on."""

    criterion: str
    met: bool
    reason: str


@dataclass(frozen=True)
class Letter:
    """A decision as it was made: a later change of the grant is not in it. Instants are UTC.

    `position` is the number of the decision's fact in the log; `digest` the SHA-256 of the form that was decided on.
    """

    request: str
    title: str
    applicant: str
    institution: str
    approved: bool
    decided: datetime
    by: str
    position: int
    digest: str
    reason: str
    datasets: list[str]
    begins: datetime | None
    ends: datetime | None
    permit: str
    conditions: str
    fees: str
    findings: list[LetterFinding]


def letter_of(view: View, request: Request) -> Letter | None:
    """Return the letter of a request's decision, None where it is not decided."""
    fact = decision_of(view.visit, request)
    if fact is None:
        return None
    event, state = fact.event, view.state
    person = state.people.get(request.applicant) if request.applicant is not None else None
    place = state.institutions.get(request.institution) if request.institution is not None else None
    permits = permit_versions(request, view.at)
    refused = isinstance(event, e.RequestRefused)
    datasets = tuple(request.datasets) if refused or not permits else permits[0].datasets
    return Letter(
        request.request, request.title, person.name if person else "", place.name if place else "", not refused,
        fact.at, _INVESTIGATORS if isinstance(event, e.InvestigatorApproved) else _BOARD, fact.seq,
        request.digest or "", getattr(event, "reason", ""), list(datasets), getattr(event, "begins", None),
        getattr(event, "ends", None), permits[0].identifier if permits else "", getattr(event, "conditions", ""),
        getattr(event, "fees", ""), _findings(request, fact.at),
    )  # fmt: skip


def _findings(request: Request, at: datetime) -> list[LetterFinding]:
    made = ((criterion, one) for criterion, one in request.findings.items() if one.at <= at)
    return [LetterFinding(criterion.value, one.met, one.reason) for criterion, one in made]


def plain_letter(letter: Letter, contact: str) -> str:
    """Write the letter as plain text. What people wrote is indented, so that none of it looks like a line of ours."""
    lines = [
        f"Decision on data access request {letter.request}",
        "",
        *_part("Title", letter.title),
        *_part("Applicant", ", ".join(one for one in (letter.applicant, letter.institution) if one)),
        *_part("Outcome", "approved" if letter.approved else "refused"),
        *_part("Decided", f"{instant(letter.decided)}, by the {letter.by}"),
        *_part("Reason", letter.reason),
        *_part("Datasets", ", ".join(letter.datasets)),
        *_part("Term", f"{instant(letter.begins)} to {instant(letter.ends)}" if letter.begins else ""),
        *_part("Permit", letter.permit),
        *_part("Conditions", letter.conditions),
        *_part("Fees", letter.fees),
        *_part("Findings", "\n".join(_finding(one) for one in letter.findings)),
        *_part("SHA-256 of the form that was decided on", letter.digest),
        *_part("Position in the log", f"fact {letter.position}"),
        *_part("Questions", contact),
    ]
    return "\n".join(lines)


def _finding(one: LetterFinding) -> str:
    return f"{one.criterion.replace('-', ' ')}: {'met' if one.met else 'not met'}; {one.reason}"


def _part(label: str, text: str) -> list[str]:
    return [f"{label}:", *(f"    {line}" for line in text.splitlines()), ""] if text else []
