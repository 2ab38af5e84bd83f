"""The ground on which an organisation outside the EEA may get data, and its measures (S57-S60, S101)."""

from datetime import datetime

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.commands.base import Instant, Name, OfRequest, Outcome, Refusal, RefusalCode
from access_policy.model.enums import TransferBasis
from access_policy.model.ids import InstitutionName
from access_policy.model.jurisdictions import AdequacyScope, ModelClauses, clauses_carry, in_eea
from access_policy.rules.parties import adequacy_spans
from access_policy.state import Entity, State

PRIVACY_SHIELD_ENDED = datetime.fromisoformat("2020-07-16T00:00:00+00:00")
"""The judgment C-311/18 (Schrems II) made it invalid on that day, without a period of grace (S59)."""


class RecordTransferBasis(OfRequest, frozen=True, kw_only=True):
    """Record on what ground an organisation outside the EEA may get data, and which measures are in place.

    `scope` goes with `adequacy`; `clauses` and `concluded` go with `model-clauses`.
    """

    institution: Name
    basis: TransferBasis
    scope: AdequacyScope | None = None
    clauses: ModelClauses | None = None
    concluded: Instant | None = None
    protection_adequate: bool = False
    contractual_measures: bool = False
    technical_measures: bool = False


def record_transfer_basis(state: State, c: RecordTransferBasis, actor: Actor, at: datetime) -> Outcome:
    """S58-S60, S68, S101: for each organisation outside the EEA, its ground and the three things it rests on."""
    entity = state.requests[c.request].entities.get(InstitutionName(c.institution))
    if entity is None:
        return Refusal(RefusalCode.NOT_FOUND, f"`{c.institution}` takes no part in `{c.request}`")
    if in_eea(state.institutions[entity.institution].country, at):
        return Refusal(RefusalCode.WRONG_STATE, f"`{c.institution}` is in the EEA and needs no ground for a transfer")
    problem = _incomplete(c) or _void(state, entity, c, at)
    return problem or (
        e.TransferBasisRecorded(
            request=c.request, institution=entity.institution, basis=c.basis, scope=c.scope, clauses=c.clauses,
            concluded=c.concluded, protection_adequate=c.protection_adequate,
            contractual_measures=c.contractual_measures, technical_measures=c.technical_measures,
        ),
    )  # fmt: skip


_NEEDS: dict[TransferBasis, frozenset[str]] = {
    TransferBasis.ADEQUACY: frozenset({"scope"}),
    TransferBasis.MODEL_CLAUSES: frozenset({"clauses", "concluded"}),
    TransferBasis.NONE: frozenset(),
}


def _incomplete(c: RecordTransferBasis) -> Refusal | None:
    """S60, S101: each basis has what belongs to it, and nothing else."""
    given = {name for name in ("scope", "clauses", "concluded") if getattr(c, name) is not None}
    needed = _NEEDS[c.basis]
    if given == needed:
        return None
    wanted = " and ".join(f"`{name}`" for name in sorted(needed)) or "neither `scope`, `clauses` nor `concluded`"
    return Refusal(RefusalCode.NOT_COMPLETE, f"the basis `{c.basis}` goes with {wanted}, and with nothing else")


def _void(state: State, entity: Entity, c: RecordTransferBasis, at: datetime) -> Refusal | None:
    """S58, S59, S101: a decision on adequacy that holds now, or clauses that a contract of that day can rest on."""
    if c.scope is AdequacyScope.PRIVACY_SHIELD and at >= PRIVACY_SHIELD_ENDED:
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, f"`{c.scope}` is invalid since 16 July 2020; take another basis")
    if c.scope is not None and not any(span.holds(at) for span in adequacy_spans(state, entity, c.scope)):
        text = f"no decision on adequacy of the scope `{c.scope}` holds for the country of `{c.institution}` now"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    if c.clauses is not None and c.concluded is not None and not clauses_carry(c.clauses, c.concluded, at):
        text = f"the clauses `{c.clauses}` carry nothing now when concluded on `{c.concluded:%Y-%m-%d}`"
        return Refusal(RefusalCode.NOT_ALLOWED_VALUE, text)
    return None
