"""Single lines of the rules that no other test pins down."""

from datetime import datetime

import pytest

from access_policy.model.enums import DataKind, Regime
from access_policy.model.ids import DatasetName
from access_policy.reasons import ReasonCode as R
from access_policy.rules import Finding
from access_policy.rules.parties import EHDS_BINDS_FROM
from access_policy.state import OptOut
from tests.unit.access_policy.findings import Asking, day
from tests.unit.access_policy.world import TICK

TUMOURS = DatasetName("tumours")
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
