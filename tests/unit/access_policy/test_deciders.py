"""Who decides on a request and what follows from it: quorum, findings, exclusions, signatories, late renewals."""

import hashlib
from typing import Any

import pytest

from access_policy import events as e
from access_policy.actor import person
from access_policy.model.enums import Action, RequestStatus, Role
from access_policy.model.ids import CourseName, InstitutionName, PersonId, RequestId
from access_policy.reasons import ReasonCode
from access_policy.rules import Query
from tests.unit.access_policy.findings import Asking, day
from tests.unit.access_policy.parties import exclude
from tests.unit.access_policy.situations import (
    INTAKE,
    Clinical,
    another_member,
    approve,
    ask_extension,
    find_about_renewal,
    ready_to_approve,
    term_of,
    unapproved,
    vote,
    with_assessed_renewal,
    with_renewal,
)
from tests.unit.access_policy.world import (
    ADMIN,
    ASSESSOR,
    BOARD_MEMBER,
    COLLEAGUE,
    DAY,
    INSTALLATION,
    OPEN,
    REPRESENTATIVE,
    RESEARCHER,
    SIGNATORY,
    STEWARD,
    TICK,
    TRAINER,
    World,
    appoint,
    everything_holds,
    kinds,
    name_investigator,
    sign,
)

HOSPITAL = InstitutionName("hospital")
SCANS = {"request": OPEN, "reason": "more", "datasets": "scans", "necessities": "the outcome"}


def quorum_of(needed: int, world: World | None = None) -> World:
    """Return a world in which so many members have to vote for something."""
    world = world or everything_holds()
    world.do("adopt-settings", INSTALLATION, session_hours=10, term_days_longest=1096, board_quorum=needed)
    return world


def _amendment() -> World:
    world = everything_holds()
    world.do("propose-amendment", RESEARCHER, **SCANS)
    return world


def _ballot(world: World, about: dict[str, Any], approve: bool = True) -> dict[str, Any]:
    digest = world.state.requests[OPEN].digest
    return {"request": OPEN, "approve": approve, "reason": "a reason", "digest": digest, **about}


CHANGES = pytest.mark.parametrize(
    ("made", "about", "name", "arguments", "event"),
    [
        (_amendment, {"amendment": 1}, "approve-amendment", {"amendment": 1}, e.AmendmentApproved),
        (with_assessed_renewal, {"extension": True}, "grant-extension", {}, e.ExtensionGranted),
    ],
    ids=["an amendment", "an extension"],
)


@CHANGES
def test_a_change_of_the_grant_needs_the_quorum(made: Any, about: Any, name: str, arguments: Any, event: Any) -> None:
    """S20, S42, E19: with a quorum of two one member alone changes nothing; with another's vote they do."""
    world = quorum_of(2, made())
    arguments = {"request": OPEN, "reason": "yes", **arguments}
    assert world.refusal(name, BOARD_MEMBER, **arguments) == "not_complete"
    (voted,) = world.do("vote-on-request", another_member(world, "bea"), **_ballot(world, about))
    assert isinstance(voted, e.BoardVoted)
    assert (voted.amendment, voted.extension) == (about.get("amendment"), about.get("extension", False))
    assert kinds(world.do(name, BOARD_MEMBER, **arguments)) == [event]


@CHANGES
def test_votes_against_a_change_count(made: Any, about: Any, name: str, arguments: Any, event: Any) -> None:
    """S20, S42, E19: as many against it as for it is no approval, also with a quorum of one."""
    world = made()
    world.do("vote-on-request", another_member(world, "bea"), **_ballot(world, about, approve=False))
    assert world.refusal(name, BOARD_MEMBER, request=OPEN, reason="yes", **arguments) == "not_complete"


@CHANGES
def test_one_member_does_not_refuse_a_change(made: Any, about: Any, name: str, arguments: Any, event: Any) -> None:
    """S20, S42, E19: a refusal of a change needs the quorum too, and more against it than for it."""
    world = quorum_of(2, made())
    refusal, arguments = _OPPOSITE[name], {"request": OPEN, "reason": "no", **arguments}
    assert world.refusal(refusal, BOARD_MEMBER, **arguments) == "not_complete"
    bea = another_member(world, "bea")
    world.do("vote-on-request", bea, **_ballot(world, about))
    assert world.refusal(refusal, BOARD_MEMBER, **arguments) == "not_complete"
    world.do("vote-on-request", bea, **_ballot(world, about, approve=False))
    assert len(world.do(refusal, BOARD_MEMBER, **arguments)) == 1


_OPPOSITE = {"approve-amendment": "refuse-amendment", "grant-extension": "refuse-extension"}


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({}, "wrong_state"),
        ({"amendment": 2}, "not_found"),
        ({"extension": True}, "wrong_state"),
        ({"amendment": 1, "extension": True}, "not_allowed_value"),
        ({"amendment": 1, "digest": "1" * 64}, "changed_meanwhile"),
    ],
    ids=["the decided request", "an unknown amendment", "no extension", "both", "another form"],
)
def test_a_vote_on_a_change_is_refused(about: dict[str, Any], code: str) -> None:
    """S20, REQ-04: a vote after the approval says what it is about, and that waits."""
    world = _amendment()
    assert world.refusal("vote-on-request", BOARD_MEMBER, **_ballot(world, about)) == code


def test_one_member_does_not_refuse_against_the_board() -> None:
    """S20, S22: a refusal needs the quorum, and more against it than for it."""
    world, request = ready_to_approve()
    bea, ben = another_member(world, "bea"), another_member(world, "ben")
    for member in (bea, ben):
        vote(world, member, request)
    assert world.refusal("refuse-request", BOARD_MEMBER, request=request, reason="no") == "not_complete"
    for member in (bea, ben):
        vote(world, member, request, approve=False)
    quorum_of(4, world)
    assert world.refusal("refuse-request", BOARD_MEMBER, request=request, reason="no") == "not_complete"
    quorum_of(3, world)
    assert kinds(world.do("refuse-request", BOARD_MEMBER, request=request, reason="no")) == [e.RequestRefused]


def _finding(request: RequestId, met: bool) -> dict[str, Any]:
    return {"request": request, "criterion": "legal", "met": met, "reason": "a reason"}


def test_nobody_turns_what_another_found_not_met_into_met() -> None:
    """S20, E11: only its author finds otherwise; anybody may find that something is not met."""
    world, request = ready_to_approve()
    world.do("record-finding", ASSESSOR, **_finding(request, False))
    assert world.refusal("record-finding", BOARD_MEMBER, **_finding(request, True)) == "four_eyes"
    world.do("record-finding", ASSESSOR, **_finding(request, True))
    world.do("record-finding", BOARD_MEMBER, **_finding(request, False))
    assert world.refusal("record-finding", ASSESSOR, **_finding(request, True)) == "four_eyes"
    assert unapproved(world, request) == "not_complete"


@pytest.mark.parametrize("lost", ["tie", "role"])
def test_the_word_of_who_finds_no_more_is_replaced(lost: str) -> None:
    """S20: where its author has a tie by now, or no part in the review, another person finds anew."""
    world, request = ready_to_approve()
    other = another_member(world, "bea")
    world.do("record-finding", other, **_finding(request, False))
    if lost == "tie":
        world.do("declare-conflict", other, request=request, reason="my sister")
    else:
        world.do("end-role", ADMIN, person=other, role="board-member")
    assert kinds(world.do("record-finding", BOARD_MEMBER, **_finding(request, True))) == [e.FindingRecorded]


def _moved(world: World, who: PersonId) -> None:
    email = f"{world.state.people[who].name.lower()}@hospital.example"
    world.append([(person(ADMIN), e.PersonMoved(person=who, institution=HOSPITAL, email=email))])


def test_findings_and_the_assessment_of_who_has_a_tie_by_now_do_not_count() -> None:
    """S19, S20: who came to work where the request comes from; somebody without a tie does it anew."""
    world, request = ready_to_approve()
    _moved(world, ASSESSOR)
    assert unapproved(world, request) == "not_complete"
    other = world.register("ase", "centre")
    appoint(world, other, "assessor")
    for criterion in ("social", "ethical", "legal", "contractual"):
        world.do("record-finding", other, request=request, criterion=criterion, met=True, reason="it does")
    assert unapproved(world, request) == "not_complete"
    world.do("assess-request", other, request=request, assessment="sound")
    assert world.refusal("assess-request", other, request=request, assessment="again") == "wrong_state"
    assert kinds(approve(world, request)) == [e.RequestApproved]


def test_a_renewal_is_assessed_anew_where_the_assessor_has_a_tie_by_now() -> None:
    """S20, S42: as for the request itself."""
    world = with_assessed_renewal()
    _moved(world, ASSESSOR)
    assert world.refusal("grant-extension", BOARD_MEMBER, request=OPEN, reason="yes") == "not_complete"
    other = world.register("ase", "centre")
    appoint(world, other, "assessor")
    world.do("assess-extension", other, request=OPEN, assessment="sound")
    find_about_renewal(world, by=other)
    assert kinds(world.do("grant-extension", BOARD_MEMBER, request=OPEN, reason="yes")) == [e.ExtensionGranted]


@pytest.mark.parametrize("who", [BOARD_MEMBER, ASSESSOR], ids=["who decided", "who assessed"])
def test_who_decided_or_assessed_hands_out_no_data(who: PersonId) -> None:
    """E11: neither an extract nor the availability is theirs; the steward's it is."""
    world = everything_holds()
    request = world.ask(RequestStatus.LICENSED)
    appoint(world, who, "data-steward")
    extract = {"request": request, "dataset": "tumours", "location": "extract-9", "manifest": "9" * 64, "patients": 4}
    extract["attested"] = True
    assert world.refusal("prepare-extract", who, **extract) == "four_eyes"
    assert world.refusal("make-available", who, request=request) == "four_eyes"
    assert kinds(world.do("prepare-extract", STEWARD, **extract)) == [e.ExtractPrepared]
    assert kinds(world.do("make-available", STEWARD, request=request)) == [e.RequestMadeAvailable]


def test_an_investigator_who_approved_hands_out_no_data() -> None:
    """E11, S49: on the clinical route as on the board's."""
    clinical = Clinical()
    world, request = clinical.world, clinical.request
    for who in (clinical.central, clinical.local):
        world.do("approve-clinical", who, **clinical.approval())
    appoint(world, clinical.central, "data-steward")
    assert world.refusal("make-available", clinical.central, request=request) == "four_eyes"


@pytest.mark.parametrize("part", ["applicant", "contact"])
def test_who_waits_for_data_names_no_investigator(part: str) -> None:
    """S49, REQ-02: neither proposes nor confirms who decides about the data that they ask for."""
    clinical = Clinical()
    world = clinical.world
    who = RESEARCHER if part == "applicant" else COLLEAGUE
    if part == "contact":
        named = e.ContactNamed(request=clinical.request, person=who, email="cas@hospital.example")
        world.append([(person(RESEARCHER), named)])
    world.append([(person(ADMIN), e.RoleAppointed(person=who, role=Role.ADMIN, scope=None, until=day(900)))])
    arguments = {"study": "biopsy", "person": world.register("ida", "centre"), "until": world.at + 900 * DAY}
    assert world.refusal("name-investigator", who, **arguments) == "four_eyes"
    world.do("name-investigator", ADMIN, **arguments)
    proposal = world.state.last_proposal
    assert world.refusal("confirm-proposal", who, proposal=proposal) == "four_eyes"


def test_who_takes_no_part_names_an_investigator() -> None:
    """S49: two admins without a request name another one."""
    world = Clinical().world
    assert e.InvestigatorNamed in kinds(name_investigator(world, "biopsy", world.register("ida", "centre")))


@pytest.mark.parametrize(
    ("name", "who", "arguments"),
    [
        ("approve-amendment", BOARD_MEMBER, {"amendment": 1, "reason": "yes"}),
        ("propose-amendment", RESEARCHER, {key: SCANS[key] for key in ("datasets", "necessities", "reason")}),
        ("ask-extension", SIGNATORY, INTAKE),
    ],
)
def test_nothing_more_for_who_is_shut_out(name: str, who: PersonId, arguments: dict[str, Any]) -> None:
    """E59: an excluded organisation neither asks for more nor gets it; after the exclusion it does."""
    world = _amendment()
    until = exclude(world, HOSPITAL)
    assert world.refusal(name, who, request=OPEN, **arguments) == "not_complete"
    world.at = until
    world.do(name, who, request=OPEN, **arguments)


def test_no_extension_for_who_is_shut_out() -> None:
    """E59: one that was asked for before is not granted meanwhile."""
    world = with_assessed_renewal()
    exclude(world, HOSPITAL)
    assert world.refusal("grant-extension", BOARD_MEMBER, request=OPEN, reason="yes") == "not_complete"


def test_no_approval_for_who_is_shut_out() -> None:
    """E59: shut out after the request came in, and whichever of its organisations it is."""
    world, request = ready_to_approve()
    exclude(world, HOSPITAL)
    assert unapproved(world, request) == "not_complete"


class TwoHouses:
    """The good world, whose request has a further organisation, `clinic`, with a contact and a signatory."""

    def __init__(self) -> None:
        self.world = everything_holds()
        self.world.do(
            "register-institution", ADMIN, institution="clinic", name="Clinic", country="NL", domains="clinic.example"
        )
        ends = self.world.at + 900 * DAY
        self.world.do("record-agreement", ADMIN, institution="clinic", begins=self.world.at, ends=ends)
        self.contact, self.signatory = (self.world.register(name, "clinic") for name in ("con", "sig"))
        self.world.make_ready(self.contact)
        appoint(self.world, self.signatory, "signatory", "clinic")
        self.world.let_sign(self.signatory)
        self.request = self._ask()

    def _ask(self) -> RequestId:
        world = self.world
        request = world.ask(RequestStatus.DRAFT)
        world.do("name-entity", RESEARCHER, request=request, institution="clinic")
        world.do("name-contact", RESEARCHER, request=request, person=self.contact, email="con@clinic.example")
        world.bring(request, RequestStatus.APPROVED)
        for house, licensee in (("hospital", SIGNATORY), ("clinic", self.signatory)):
            for party, who in (("researcher", RESEARCHER), ("licensee", licensee), ("representative", REPRESENTATIVE)):
                world.do("sign-licence", who, request=request, party=party, institution=house)
        world.do("make-available", STEWARD, request=request)
        return request

    def may_keep(self) -> tuple[str, ...]:
        """Return why the contact of the clinic may not keep a workspace now; nothing where they may."""
        query = Query(self.contact, self.request, Action.KEEP_WORKSPACE, self.world.at)
        return tuple(str(code) for code in self.world.decide(query).codes)


def test_who_works_elsewhere_has_nothing_while_the_licensee_is_shut_out() -> None:
    """E59: the exclusion of the licensee stops every contact of its request, until it ends."""
    houses = TwoHouses()
    assert houses.may_keep() == ()
    until = exclude(houses.world, HOSPITAL)
    assert houses.may_keep() == ("organisation_excluded",)
    houses.world.at = until - TICK
    assert houses.may_keep() == ("organisation_excluded",)
    houses.world.at = until
    assert houses.may_keep() == ()


@pytest.mark.parametrize(
    ("own", "at", "found"),
    [
        (None, 3, (False, 2, 4)),
        ((1, 3), 2.5, (False, 1, 4)),
        ((1, 3), 3, (False, 1, 4)),
        ((3, 6), 3.5, (False, 2, 6)),
        ((3, 6), 5, (False, 2, 6)),
        ((3, 6), 6, (True, 6, None)),
        ((5, 6), 5.5, (False, 5, 6)),
        (None, 4, (True, 4, None)),
    ],
)
def test_two_exclusions_count_as_one_where_they_touch(own: Any, at: float, found: Any) -> None:
    """E59: since when and until when the person's own organisation or the licensee is shut out."""
    houses = TwoHouses()
    asking = Asking(houses.world, houses.contact, houses.request)
    asking.institution.excluded, asking.institution.excluded_until = day(2), day(4)
    if own is not None:
        clinic = houses.world.state.institutions[InstitutionName("clinic")]
        clinic.excluded, clinic.excluded_until = day(own[0]), day(own[1])
    finding = asking.found(ReasonCode.ORGANISATION_EXCLUDED, day(at))
    holds, since, ends = found
    assert (finding.holds, finding.since, finding.holds_from) == (
        holds,
        day(since),
        None if ends is None else day(ends),
    )


def test_the_signatory_of_a_further_organisation_takes_only_its_own_out() -> None:
    """S27, S68: neither ends the request nor removes the licensee's contacts; the licensee does both."""
    houses = TwoHouses()
    world, about = houses.world, {"request": houses.request}
    assert world.refusal("end-request", houses.signatory, **about, reason="no") == "not_permitted"
    assert world.refusal("remove-contact", houses.signatory, **about, person=RESEARCHER) == "not_permitted"
    removed = world.do("remove-contact", houses.signatory, **about, person=houses.contact)
    assert kinds(removed) == [e.ContactRemoved]
    assert kinds(world.do("remove-contact", SIGNATORY, **about, person=RESEARCHER)) == [e.ContactRemoved]
    assert kinds(world.do("end-request", SIGNATORY, **about, reason="done")) == [e.RequestEnded]


def test_the_licensee_removes_a_contact_of_a_further_organisation() -> None:
    """S27: whose licence it is answers for everybody; so do the applicant and an admin."""
    for who in (SIGNATORY, RESEARCHER, ADMIN):
        houses = TwoHouses()
        removed = houses.world.do("remove-contact", who, request=houses.request, person=houses.contact)
        assert kinds(removed) == [e.ContactRemoved]


def test_a_representative_without_the_course_of_their_role_signs_nothing() -> None:
    """S23, E28: who signs for the centre acts as its representative."""
    world = everything_holds()
    request = world.ask(RequestStatus.APPROVED)
    course = e.CourseRegistered(
        course=CourseName("law"), title="Law", validity_days=30, required=False, roles=(Role.REPRESENTATIVE,)
    )
    world.append([(person(ADMIN), course)])
    arguments = {"request": request, "party": "representative"}
    assert world.refusal("sign-licence", REPRESENTATIVE, **arguments) == "not_permitted"
    world.do("certify-person", TRAINER, person=REPRESENTATIVE, course="law")
    assert kinds(world.do("sign-licence", REPRESENTATIVE, **arguments)) == [e.LicenceSigned]


def test_a_representative_who_gets_the_data_does_not_sign_for_the_centre() -> None:
    """S23: a contact of the request is no party that hands data out."""
    world = everything_holds()
    request = world.ask(RequestStatus.APPROVED)
    named = e.ContactNamed(request=request, person=REPRESENTATIVE, email="rik@centre.example")
    world.append([(person(RESEARCHER), named)])
    arguments = {"request": request, "party": "representative"}
    assert world.refusal("sign-licence", REPRESENTATIVE, **arguments) == "not_permitted"
    sign(world, request, "researcher", "licensee")


def test_an_extension_is_asked_for_in_the_licensees_own_name() -> None:
    """S16, S43: the main applicant of the renewal has an address of the licensee."""
    world = everything_holds()
    for email in ("rosa@mail.example", "rosa@centre.example", "rosa@sub.hospital.example"):
        assert (
            world.refusal("ask-extension", SIGNATORY, request=OPEN, **INTAKE | {"email": email}) == "not_allowed_value"
        )
    assert kinds(ask_extension(world)) == [e.ExtensionAsked]


def test_a_late_renewal_is_not_assessed_into_a_new_grant() -> None:
    """S46, REQ-08: at the instant of the end the grant is over for good."""
    world = with_renewal()
    world.do("assess-extension", ASSESSOR, request=OPEN, assessment="sound")
    world.at = term_of(world).ends
    assert world.refusal("grant-extension", BOARD_MEMBER, request=OPEN, reason="yes") == "wrong_state"
    assert kinds(world.do("refuse-extension", BOARD_MEMBER, request=OPEN, reason="late")) == [e.ExtensionRefused]


_CODE = "blue heron"


def _attended() -> World:
    world = everything_holds()
    digest = hashlib.sha256(_CODE.encode()).hexdigest()
    world.do("plan-training", TRAINER, course="privacy", on=world.at, code=digest)
    world.do("claim-attendance", COLLEAGUE, person=COLLEAGUE, training=1, code=_CODE)
    return world


@pytest.mark.parametrize("late", [False, True], ids=["a tick before", "at sixty days"])
def test_an_old_claim_of_attendance_certifies_nobody(late: bool) -> None:
    """S74, REQ-08: a claim is confirmed within sixty days, half-open."""
    world = _attended()
    world.at = world.state.trainings[1].claimed[COLLEAGUE] + 60 * DAY - (TICK * (not late))
    arguments = {"training": 1, "people": (COLLEAGUE,)}
    if late:
        assert world.refusal("confirm-attendance", TRAINER, **arguments) == "wrong_state"
    else:
        assert e.PersonCertified in kinds(world.do("confirm-attendance", TRAINER, **arguments))


@pytest.mark.parametrize("after", [False, True], ids=["revoked before the claim", "revoked after it"])
def test_a_claim_from_before_a_revocation_certifies_nobody(after: bool) -> None:
    """S74: what was revoked does not come back by an older training."""
    world = everything_holds()
    world.do("certify-person", TRAINER, person=COLLEAGUE, course="privacy")
    revoked = e.CertificationRevoked(person=COLLEAGUE, course=CourseName("privacy"), reason="cheated")
    if not after:
        world.append([(person(TRAINER), revoked)])
    digest = hashlib.sha256(_CODE.encode()).hexdigest()
    world.do("plan-training", TRAINER, course="privacy", on=world.at, code=digest)
    world.do("claim-attendance", COLLEAGUE, person=COLLEAGUE, training=1, code=_CODE)
    arguments = {"training": 1, "people": (COLLEAGUE,)}
    if after:
        world.append([(person(TRAINER), revoked)])
        assert world.refusal("confirm-attendance", TRAINER, **arguments) == "wrong_state"
    else:
        assert e.PersonCertified in kinds(world.do("confirm-attendance", TRAINER, **arguments))
