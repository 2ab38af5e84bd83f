"""What a request, and later its renewal, gets a finding for before the board may say yes (S8, S42, S55, E10)."""

from collections.abc import Mapping

from access_policy.commands.base import Refusal, RefusalCode
from access_policy.commands.independence import has_tie
from access_policy.model.enums import Criterion, Regime, Scenario
from access_policy.state import Recorded, Request, State

GUIDING_PRINCIPLES = (Criterion.SOCIAL, Criterion.ETHICAL, Criterion.LEGAL, Criterion.CONTRACTUAL)
REUSE_CRITERIA = (Criterion.LEGAL_CONSTRAINTS, Criterion.CONSENT_TERMS)
EHDS_CRITERIA = tuple(one for one in Criterion if one not in (*GUIDING_PRINCIPLES, *REUSE_CRITERIA))


def criteria_of(request: Request) -> tuple[Criterion, ...]:
    """Return what a request needs a finding for before it is approved, or extended (S8, S42, S55, E10)."""
    return criteria_for(request.scenario, request.regime)


def criteria_for(scenario: Scenario | None, regime: Regime) -> tuple[Criterion, ...]:
    """Return what any request of this scenario under these rules needs a finding for (S8, S42, S55, E10)."""
    reuse = REUSE_CRITERIA if scenario is Scenario.OWN_HOSPITAL_REUSE else ()
    ehds = EHDS_CRITERIA if regime is Regime.EHDS else ()
    return (*GUIDING_PRINCIPLES, *reuse, *ehds)


def findings_missing(state: State, request: Request, findings: Mapping[Criterion, Recorded]) -> Refusal | None:
    """Refuse while a criterion is not met. S20: what somebody found who has a tie by now does not count."""
    met = {criterion for criterion, one in findings.items() if one.met and not has_tie(state, request, one.by)}
    missing = [one for one in criteria_of(request) if one not in met]
    if missing:
        return Refusal(RefusalCode.NOT_COMPLETE, f"findings are missing or not met: `{', '.join(missing)}`")
    return None
