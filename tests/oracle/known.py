"""Where the decision and the oracle are known to differ, until one of them is changed. Nothing else may stand here."""

from collections.abc import Sequence

from access_policy.events import Fact
from access_policy.model.jurisdictions import AdequacyScope
from access_policy.reasons import ReasonCode
from access_policy.rules import Query
from tests.oracle import history as h
from tests.oracle import law, naive, request_reasons
from tests.oracle.naive import NaiveAnswer

_R = ReasonCode


def is_unsettled(facts: Sequence[Fact], query: Query) -> bool:
    """S63, S64: a party in a country with a full adequacy decision, whose ground on record is another one."""
    entity = request_reasons.entity_of(facts, query)
    country, basis = h.country_of(facts, entity), law.basis_of(facts, query.request, entity)
    instants = [query.at, *(one for one in naive.instants(facts, query) if one > query.at)]
    full = any(law.is_adequate(facts, country, AdequacyScope.FULL, one) for one in instants)
    return full and not law.in_eea(country, query.at) and (basis is None or basis.scope is not AdequacyScope.FULL)


def unsettled_codes(facts: Sequence[Fact], query: Query, answer: NaiveAnswer) -> set[ReasonCode]:
    """Return the codes of a denial that the two do not agree on; each comes beside another that denies.

    S74: a course that was never passed hides that another was passed in an old version; a certification that was
    revoked hides that it is over. E72: before a permit, opt-outs since the request was opened do not count.
    """
    codes = set()
    if _R.TRAINING_MISSING in answer.failing:
        codes.add(_R.TRAINING_OUTDATED)
    if _R.TRAINING_REVOKED in answer.failing:
        codes.add(_R.TRAINING_EXPIRED)
    if not h.approvals_of(facts, query.request):
        codes.add(_R.OPT_OUT_IGNORED)
    return codes
