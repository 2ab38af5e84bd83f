"""From an intake to a form: answered by the data access office, invited by e-mail, taken up (S12, S13, S31)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Command, Line, Name, OfRequest, Outcome, Refusal, RefusalCode, Text
from access_policy.commands.independence import reads_only
from access_policy.commands.people import name_of_their_own
from access_policy.commands.requests import OVER
from access_policy.email import domain_of, normal_email
from access_policy.model.enums import Capacity, RequestStatus
from access_policy.model.ids import InstitutionName, PersonId, RequestId
from access_policy.standing import invitation_stands
from access_policy.state import Invitation, Person, State

MOST_INTAKES = 1000
MOST_INTAKES_OF_ONE = 3
MOST_INVITATIONS = 20


class SubmitIntake(Command, frozen=True, kw_only=True):
    """Ask to apply: name, surname and e-mail address of the main applicant. Anybody may; the desk passes it on."""

    name: Line
    surname: Line
    email: Line


class AnswerIntake(OfRequest, frozen=True, kw_only=True):
    """Answer an intake: invite its e-mail address, of a registered institution, to the form of this one request."""

    institution: Name


class InviteParty(OfRequest, frozen=True, kw_only=True):
    """Invite an e-mail address to this one request as its contact or as the signatory of one of its organisations."""

    capacity: Capacity
    institution: Name
    email: Line


class RegisterInvited(Command, frozen=True, kw_only=True):
    """Register the person who came with an invitation and proved the e-mail address. Only the login does this.

    `identity` is the HMAC of issuer and subject, by which the next login finds the person.
    """

    invitation: int
    name: Line
    email: Line
    identity: Line
    issuer: Line
    subject: Line
    position: Line | None = None
    field: Line | None = None


class AcceptInvitation(Command, frozen=True, kw_only=True):
    """Take your invitation up; an applicant gets the form of the request, with this title and purpose."""

    invitation: int
    title: Line | None = None
    purpose: Text | None = None


def submit_intake(state: State, c: SubmitIntake, actor: Actor, at: datetime) -> Outcome:
    """S12: name, surname and one form of the address. Two bounds keep strangers from flooding the office (REQ-14).

    Whether anybody here has the address makes no difference, and both bounds are refused with one text (ID-12).
    """
    try:
        email = normal_email(c.email)
    except ValueError as error:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, str(error))
    waiting = [one.intake_email for one in state.requests.values() if one.status is RequestStatus.INTAKE]
    if len(waiting) >= MOST_INTAKES or waiting.count(email) >= MOST_INTAKES_OF_ONE:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "too many intakes wait for an answer; come again in a week")
    request = RequestId(f"DR-{len(state.requests) + 1}")
    return (e.IntakeReceived(request=request, name=c.name, surname=c.surname, email=email),)


def answer_intake(state: State, c: AnswerIntake, actor: Actor, at: datetime) -> Outcome:
    """S13: the way to the form goes to the intake's own address, at an institution that is not shut out (E59)."""
    email = state.requests[c.request].intake_email
    problem = _not_of(state, c.institution, email) or _excluded(state, c.institution, at)
    return problem or (_invitation(state, c.request, Capacity.APPLICANT, email, c.institution),)


def invite_party(state: State, c: InviteParty, actor: Actor, at: datetime) -> Outcome:
    """S15, S31, S68: a contact or a signatory of an organisation that takes part; bounded (REQ-14)."""
    if c.capacity is Capacity.APPLICANT:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, "a request has one applicant; invite a contact or a signatory")
    if InstitutionName(c.institution) not in state.requests[c.request].entities:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.institution}` does not take part in `{c.request}`")
    try:
        email = normal_email(c.email)
    except ValueError as error:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, str(error))
    problem = _not_of(state, c.institution, email) or _invited_enough(state, c, email)
    return problem or (_invitation(state, c.request, c.capacity, email, c.institution),)


def _invited_enough(state: State, c: InviteParty, email: str) -> Refusal | None:
    sent = [one for one in state.invitations.values() if one.request == c.request]
    if any((one.email, one.capacity) == (email, c.capacity) and invitation_stands(state, one) for one in sent):
        return Refusal(RefusalCode.ALREADY_EXISTS, f"this address is invited to `{c.request}` as {c.capacity} already")
    if sum(one.accepted is None for one in sent) >= MOST_INVITATIONS:
        text = f"{MOST_INVITATIONS} invitations to `{c.request}` are open; wait until one is taken up"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return None


def _not_of(state: State, name: str, email: str) -> Refusal | None:
    """S73: the address is one of the institution's, label by label (ID-01, ID-02). An erased one is nobody's."""
    institution = state.institutions.get(InstitutionName(name))
    if institution is None:
        return Refusal(RefusalCode.NOT_FOUND, f"no institution is named `{name}`; register it first")
    if domain_of(email) not in institution.domains:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`{domain_of(email)}` is no domain that `{name}` declared")
    return None


def _excluded(state: State, name: str, at: datetime) -> Refusal | None:
    if not state.institutions[InstitutionName(name)].excluded_at(at):
        return None
    return Refusal(RefusalCode.NOT_PERMITTED, f"`{name}` is shut out for now; it cannot ask for data")


def _invitation(state: State, request: RequestId, capacity: Capacity, email: str, institution: str) -> e.InvitationSent:
    return e.InvitationSent(
        invitation=len(state.invitations) + 1, request=request, capacity=capacity, email=email,
        institution=InstitutionName(institution),
    )  # fmt: skip


def register_invited(state: State, c: RegisterInvited, actor: Actor, at: datetime) -> Outcome:
    """S16, S31: who proved the invited address becomes a person of the institution; one account for each (ID-05)."""
    try:
        email = normal_email(c.email)
    except ValueError as error:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, str(error))
    invitation = open_to(state, c.invitation, email)
    if isinstance(invitation, Refusal):
        return invitation
    if email in state.emails:
        return Refusal(RefusalCode.ALREADY_EXISTS, "a person with this e-mail address is registered already")
    if c.identity in state.identities:
        return Refusal(RefusalCode.ALREADY_EXISTS, "this login identity belongs to a person already")
    name = name_of_their_own(c.name)
    if isinstance(name, Refusal):
        return name
    person = PersonId(f"P-{len(state.people) + 1}")
    return (
        e.PersonRegistered(
            person=person, name=name, email=email, institution=invitation.institution, position=c.position or "",
            field=c.field or "",
        ),
        e.IdentityLinked(person=person, identity=c.identity, issuer=c.issuer, subject=c.subject),
    )  # fmt: skip


def open_to(state: State, number: int, email: str) -> Invitation | Refusal:
    """Find an invitation for a proved address. To anybody else it looks like one that was never sent (REQ-03)."""
    invitation = state.invitations.get(number)
    if invitation is None or invitation.email != email or _not_of(state, invitation.institution, email) is not None:
        return Refusal(RefusalCode.NOT_FOUND, f"no invitation `{number}` waits for you")
    if invitation.accepted is not None:
        return Refusal(RefusalCode.WRONG_STATE, f"invitation `{number}` was taken up already")
    if state.requests[invitation.request].status in OVER:
        return Refusal(RefusalCode.WRONG_STATE, f"`{invitation.request}` is over; its invitations open nothing")
    return invitation


def accept_invitation(state: State, c: AcceptInvitation, actor: Actor, at: datetime) -> Outcome:
    """S12-S14, S31: by the one who was invited, once; the applicant of an intake gets the form of that request.

    S92: an auditor takes up none.
    """
    person = state.people[actor.person or PersonId("")]
    invitation = open_to(state, c.invitation, person.email)
    if isinstance(invitation, Refusal):
        return invitation
    problem = reads_only(state, person.person, at)
    if problem is not None:
        return problem
    if person.institution != invitation.institution:
        text = f"you are not on record at `{invitation.institution}`; an admin records where you work now"
        return Refusal(RefusalCode.NOT_PERMITTED, text)
    taken_up = e.InvitationAccepted(invitation=c.invitation, request=invitation.request, person=person.person)
    if invitation.capacity is not Capacity.APPLICANT:
        return (taken_up,)
    opened = _excluded(state, invitation.institution, at) or _opened(c, invitation, person)
    return opened if isinstance(opened, Refusal) else (taken_up, opened)


def _opened(c: AcceptInvitation, invitation: Invitation, person: Person) -> e.RequestOpened | Refusal:
    if c.title is None or c.purpose is None:
        return Refusal(RefusalCode.NOT_COMPLETE, "give the request its `title` and `purpose`")
    return e.RequestOpened(
        request=invitation.request, applicant=person.person, institution=invitation.institution, title=c.title,
        purpose=c.purpose,
    )  # fmt: skip
