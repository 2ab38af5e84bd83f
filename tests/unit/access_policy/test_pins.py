"""Single lines of the rules that no other test pins down."""

from datetime import datetime

import pytest

from access_policy import events as e
from access_policy.model.enums import DataKind, DocumentKind, Party, Regime
from access_policy.model.ids import CourseName, DatasetName
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Finding, case_of
from access_policy.rules.particulars import EHDS_BINDS_FROM
from access_policy.state import Course, OptOut
from tests.unit.access_policy.findings import Asking, day
from tests.unit.access_policy.happenings import HOSPITAL, happens
from tests.unit.access_policy.world import DIGEST, OPEN, TICK

TUMOURS, EXPRESSIONS = DatasetName("tumours"), DatasetName("expressions")
BINDS = EHDS_BINDS_FROM[DataKind.CLINICAL]


@pytest.mark.parametrize(
    ("approved", "since"), [(None, day(0)), (day(3), day(3))], ids=["before the permit", "after the permit"]
)
def test_an_opt_out_that_matters_later_says_since_when_it_does_not_yet(
    approved: datetime | None, since: datetime
) -> None:
    """E72, E2: since the approval, or since the request was opened where there is none; until the rules bind."""
    asking = Asking()
    asking.request.regime, asking.request.approved, asking.request.opened = Regime.EHDS, approved, day(0)
    asking.request.datasets, asking.request.granted = {TUMOURS: "the outcome"}, {TUMOURS: day(3)} if approved else {}
    asking.state.datasets[TUMOURS].opt_outs_inside = (OptOut(day(1)),)
    code = R.OPT_OUT_IGNORED
    assert asking.found(code, BINDS - TICK) == Finding(code, True, since, BINDS)


def _signs_again(asking: Asking, party: Party, licence: DocumentKind) -> None:
    signed = asking.request.entities[HOSPITAL].signatures[party]
    event = e.LicenceSigned(
        request=OPEN, institution=HOSPITAL, party=party, person=signed.person, licence=licence, version="1",
        digest=DIGEST,
    )  # fmt: skip
    happens(asking.world, event, by=signed.person)


@pytest.mark.parametrize("other", Party)
@pytest.mark.parametrize("then", [None, *Party], ids=lambda party: f"then {party or 'nobody'} signs the right one")
def test_one_signature_on_another_licence_is_enough_to_supersede(other: Party, then: Party | None) -> None:
    """S24, S62: where nothing is complete, whoever gave it; since the first signature, until that party mends it."""
    asking = Asking()
    entity = asking.request.entities[HOSPITAL]
    entity.texts.clear()
    _signs_again(asking, other, DocumentKind.LICENCE_NON_EEA)
    if then is not None:
        _signs_again(asking, then, DocumentKind.LICENCE_EEA)
    instants = [one.at for one in entity.signatures.values()]
    since = max(instants) if then is other else min(instants)
    code = R.LICENCE_SUPERSEDED
    assert asking.found(code) == Finding(code, then is other, since)


@pytest.mark.parametrize("other", Party)
def test_one_signature_on_another_licence_undoes_no_complete_one(other: Party) -> None:
    """S24, S62: what all three signed under the licence that binds stays signed, since the last of them signed."""
    asking = Asking()
    last = max(one.at for one in asking.request.entities[HOSPITAL].signatures.values())
    _signs_again(asking, other, DocumentKind.LICENCE_NON_EEA)
    code = R.LICENCE_SUPERSEDED
    assert asking.found(code) == Finding(code, True, last)


@pytest.mark.parametrize("names", [(TUMOURS, EXPRESSIONS), (EXPRESSIONS, TUMOURS)], ids=", ".join)
def test_each_dataset_adds_the_courses_that_it_asks_for(names: tuple[DatasetName, DatasetName]) -> None:
    """S74: two datasets that ask for different courses ask for both; missing since the later was registered."""
    asking = Asking()
    for number, name in enumerate(names, 1):
        one = CourseName(f"of-{name}")
        asking.state.courses[one] = Course(one, one, 30, False, day(number), frozenset(), "1", day(0))
        asking.state.datasets[name].trainings = (one,)
    asked = {one.course for one in case_of(asking.state, asking.query()).courses if not one.required}
    assert asked == {"of-tumours", "of-expressions"}
    assert asking.found(R.TRAINING_MISSING, day(9)) == Finding(
        R.TRAINING_MISSING, False, max(day(2), asking.person.since)
    )
