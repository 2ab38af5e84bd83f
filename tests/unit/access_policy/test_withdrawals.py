"""What only takes access away: after it nothing is allowed that was not allowed without it, until something is given.

The literal list of all other kinds stands here too, so that each new kind is put into one of the two on purpose.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from access_policy import events as e
from access_policy.actor import person
from access_policy.decision import decide
from access_policy.fold import fold
from access_policy.model.enums import Action, FactorKind, Role, Zone
from access_policy.model.ids import (
    ClientName,
    CourseName,
    DatasetName,
    FactorId,
    InstitutionName,
    PersonId,
    ProviderName,
    RequestId,
    StudyName,
)
from access_policy.model.jurisdictions import AdequacyScope
from access_policy.rules import Query, Session
from access_policy.state import State
from access_policy.withdrawals import MAY_TAKE, TAKING
from tests.unit.access_policy.journeys import JOURNEYS
from tests.unit.access_policy.test_flips import DECADE
from tests.unit.access_policy.test_giving_facts import ASKING, Journey, _history, _name
from tests.unit.access_policy.world import ADMIN, DAY, DIGEST, NOON, OPEN, RESEARCHER, RESTRICTED

OTHERS = frozenset(
    {
        "AdequacyDecided", "AgreementRecorded", "AmendmentApproved", "AmendmentProposed", "AttendanceClaimed",
        "AttendanceConfirmed", "BoardVoted", "CheckpointKeyRotated", "ClientRegistered", "ClockPaused", "ClockResumed",
        "ConflictDeclared",
        "ContactAsked", "ContactChecked", "ContactMadeAvailable", "ContactNamed", "CountryListed", "CourseRegistered",
        "ConfirmationCodeIssued", "ConfirmationCodeRedeemed", "NameCorrected",
        "CourseRevised", "DatasetDropped", "DatasetHandedOver", "DatasetRegistered", "DatasetReopened",
        "DatasetRequested", "DecisionDeferred", "DocumentAccepted", "DocumentPublished", "DomainsDeclared",
        "EmailCorrected", "EmergencyAccessGranted", "EntityDropped", "EntityNamed", "ExclusionLifted",
        "ExtensionAnswered", "ExtensionAsked", "ExtensionAssessed", "ExtensionGranted", "ExtensionSubmitted",
        "ExtractPrepared", "FactorConfirmed",
        "FactorEnrolled", "FileDropped", "FileKept", "FindingRecorded", "HearingRecorded", "HomeReleased",
        "IdentityLinked",
        "InstallationBegun", "InstitutionCorrected", "InstitutionRegistered", "IntakeReceived", "InvestigatorApproved",
        "InvestigatorNamed", "InvitationAccepted", "InvitationSent", "LicenceSigned", "ObservationsCut",
        "OptOutReversed", "PersonCertified", "PersonEnabled", "PersonErased", "PersonMoved", "PersonRegistered",
        "PersonVerified", "PolicySettingsAdopted", "ProtectionConfirmed", "ProviderAudited", "ProviderTrusted",
        "PublicationRecorded", "RequestAccelerated", "RequestApproved", "RequestAssessed", "RequestDescribed",
        "RequestMadeAvailable", "RequestOpened", "RequestReinstated", "RequestReturned", "RequestSubmitted",
        "RoleAppointed", "SecurityTested", "StudyRegistered", "TrainingPlanned", "TransferBasisRecorded",
        "UpgradeFinished", "VersionReleased", "WorkspaceStarted",
    }
)  # fmt: skip
"""What may give something, or is not urgent: an erasure waits for a date, and so for a clock that is right (E50).

Dropping a dataset from a draft can change from when the law binds it (E2).
"""

HOSPITAL, TUMOURS = InstitutionName("hospital"), DatasetName("tumours")
REASON: dict[str, Any] = {"reason": "a question"}
HIM: dict[str, Any] = {"person": RESEARCHER}

WITHDRAWALS: tuple[e.FactEvent, ...] = (
    e.AdequacyEnded(country="KR", scope=AdequacyScope.FULL, ends=NOON, act="a judgment"),
    e.AgreementEnded(institution=HOSPITAL),
    e.AmendmentRefused(request=OPEN, amendment=1, **REASON),
    e.CertificationRevoked(course=CourseName("privacy"), **HIM, **REASON),
    e.CommandProposed(proposal=900, command="reset-factors", arguments="{}", **HIM),
    e.ConsentWithdrawn(dataset=TUMOURS, subject=DIGEST),
    e.ContactRefused(request=OPEN, **HIM, **REASON),
    e.ContactRemoved(request=OPEN, **HIM),
    e.ContactRemoved(request=RequestId("DR-3"), **HIM),
    e.CountryUnlisted(country="KR", ends=NOON + 10_000 * DAY, act="another one"),
    e.DatasetWithdrawn(dataset=TUMOURS, **REASON),
    e.DatasetWithdrawn(dataset=DatasetName("expressions"), **REASON),
    e.EmergencyAccessEnded(request=OPEN, operator="ops@example.org"),
    e.EndNotConfirmed(request=OPEN, node="node-1", **HIM),
    e.ErasureAsked(not_before=NOON, **HIM),
    e.ExtensionRefused(request=OPEN, **REASON),
    e.FactorRemoved(factor=FactorId("first"), **HIM),
    e.FactorsReset(**HIM),
    e.HomeDeleted(request=OPEN, home=1, **HIM),
    e.HomeDeletionOrdered(request=OPEN, home=1, writer=ADMIN, **HIM, **REASON),
    e.HomeSetAside(request=OPEN, home=1, datasets=(TUMOURS,), **HIM),
    e.InvestigatorEnded(study=StudyName("relapse"), hospital=None, **HIM),
    e.LossAccepted(epoch=1, kept=1, lost=2, observations=0),
    e.OptedOut(dataset=TUMOURS, subject=DIGEST),
    e.OrganisationExcluded(institution=HOSPITAL, until=NOON + 20_000 * DAY, **REASON),
    e.PersonDisabled(**HIM, **REASON),
    e.PersonLeft(**HIM),
    e.PersonLeft(person=ADMIN),
    e.ProposalConfirmed(proposal=1),
    e.ProposalDropped(proposal=1),
    e.ClientEnded(client=ClientName("bucket-proxy")),
    e.ProviderDistrusted(provider=ProviderName("academy")),
    e.RequestEnded(request=OPEN, **REASON),
    e.RequestRefused(request=OPEN, **REASON),
    e.RequestSuspended(request=OPEN, **REASON),
    e.RequestWithdrawn(request=RESTRICTED),
    e.RoleEnded(person=ADMIN, role=Role.ADMIN),
    e.VerificationWithdrawn(**HIM, **REASON),
    e.WorkspaceEnded(request=OPEN, why="stopped", after_ms=1, **HIM),
    e.WorkspaceStopAsked(request=OPEN, **HIM),
)
"""One of each kind at least, about the people and things that the journeys are about."""

LATER = tuple(days * DAY for days in (0, 1, 40, 400, 800, 4000))
Question = tuple[PersonId, RequestId, Action, Zone]


def test_every_kind_is_placed() -> None:
    """FLT-12: a kind of fact only takes away, or stands in the literal list of the others; never in both."""
    taking = {kind.__name__ for kind in TAKING}
    assert taking | OTHERS == set(e.FACTS)
    assert taking & OTHERS == set()
    assert {kind.__name__ for kind in MAY_TAKE} <= OTHERS


def test_each_kind_is_tried() -> None:
    """No kind counts as taking away that the law below was not tried on."""
    assert {type(event) for event in WITHDRAWALS} == TAKING


def _questions(state: State) -> Iterator[Question]:
    """Give each question that means something: an opening, or one about a workspace that is there."""
    for who in ASKING:
        for request in state.requests:
            for action in Action:
                if action is Action.OPEN_WORKSPACE or (who, request) in state.workspaces:
                    yield from ((who, request, action, zone) for zone in Zone)


def _allows(state: State, fact: e.Fact, question: Question, after: Any) -> frozenset[DatasetName] | None:
    """Return the datasets that a question is allowed with, so long after a fact; None where it is denied."""
    who, request, action, zone = question
    session = Session("old", who, NOON - DAY, NOON + 2 * DECADE, FactorKind.TOTP, zone)
    decision = decide(state, Query(who, request, action, fact.at + after, session))
    return frozenset(one.name for one in decision.datasets) if decision.allowed else None


def _gained(before: State, after: State, fact: e.Fact) -> list[str]:
    """Return what the later state allows and the earlier does not, at the instant of a fact and long after."""
    found = []
    for question in _questions(after):
        for later in LATER:
            now = _allows(after, fact, question, later)
            then = _allows(before, fact, question, later)
            if now is not None and (then is None or not now <= then):
                found.append(f"{question} after {later}: {then} became {now} by {type(fact.event).__name__}")
    return found


@pytest.mark.parametrize("journey", JOURNEYS, ids=_name)
def test_no_withdrawal_gives(journey: Journey) -> None:
    """FLT-12, POL-12: whatever only takes away gives nobody anything, wherever it happens in any journey."""
    before, after = State(), State()
    for fact in _history(journey):
        fold(after, fact)
        if type(fact.event) in TAKING:
            assert _gained(before, after, fact) == []
        fold(before, fact)


@pytest.mark.parametrize("journey", JOURNEYS, ids=_name)
def test_what_is_not_signed_at_once_takes_nothing(journey: Journey) -> None:
    """AUD-02: a loss of the newest facts that no checkpoint knows of brings back nothing that was taken away."""
    before, after = State(), State()
    for fact in _history(journey):
        fold(after, fact)
        if type(fact.event) not in TAKING | MAY_TAKE:
            assert _gained(after, before, fact) == []
        fold(before, fact)


def _taken(state: State, events: list[e.FactEvent], at: Any) -> list[e.Fact]:
    """Fold withdrawals, those that speak of what is there."""
    done = []
    for event in events:
        fact = e.Fact(state.seq + 1, at, person(ADMIN), event)
        try:
            fold(state, fact)
        except (LookupError, ValueError):
            state.seq = fact.seq  # what it speaks of is not there, or done: the next one follows
        done.append(fact)
    return done


@given(journey=st.sampled_from(JOURNEYS), events=st.lists(st.sampled_from(WITHDRAWALS), min_size=1, max_size=4))
@settings(max_examples=100)
def test_withdrawals_put_anywhere_give_nothing(journey: Journey, events: list[e.FactEvent]) -> None:
    """FLT-12, POL-12: several of them, at the end of any journey, whether or not they were due."""
    before, after = State(), State()
    for fact in _history(journey):
        fold(before, fact)
        fold(after, fact)
    facts = _taken(after, events, _history(journey)[-1].at)
    assert _gained(before, after, facts[-1]) == []


@given(journey=st.sampled_from(JOURNEYS), event=st.sampled_from(WITHDRAWALS), data=st.data())
@settings(max_examples=100)
def test_a_withdrawal_in_the_middle_gives_nothing_then(
    journey: Journey, event: e.FactEvent, data: st.DataObject
) -> None:
    """FLT-12: while a request is under way too, when a workspace runs, before anything was granted."""
    facts = _history(journey)
    here = data.draw(st.integers(0, len(facts) - 1))
    before, after = State(), State()
    for fact in facts[:here]:
        fold(before, fact)
        fold(after, fact)
    at = facts[here].at
    (taken,) = _taken(after, [event], at)
    assert _gained(before, after, msgspec.structs.replace(taken, at=at)) == []
