"""Recovery codes: ten of 100 random bits, shown once, each good once; new ones kill the set before (S17, MFA-12).

They let their person in and look after their factors, and are given for nothing else (see `access_policy/step_ups.py`).
A code has too many bits to be guessed from its SHA-256, which is all that is kept of it (MFA-11).
"""

from collections.abc import Callable

from access_policy.commands.factors import EnrolFactor
from access_policy.log.records import NewFactor, Records
from access_policy.model.codes import CODE_LENGTH, digest_of, shown_code
from access_policy.model.enums import FactorKind
from access_policy.model.ids import FactorId
from access_policy.use_cases import Policy
from hub_config.login.factors import SecondFactors

HOW_MANY = 10


def new_codes(new_secret: Callable[[], str]) -> tuple[str, ...]:
    """Return new codes in their one form; `new_secret` gives at least so many random signs of base 32."""
    return tuple(new_secret()[:CODE_LENGTH] for _ in range(HOW_MANY))


def first_codes(digest: str) -> FactorId:
    """Return the id of a person's first set, made after the step-up with this digest."""
    return FactorId(f"recovery-{digest[:32]}")


def renew(
    policy: Policy, factors: SecondFactors, command: EnrolFactor, beside: Callable[[Records], bool]
) -> tuple[str, ...] | None:
    """Make a set of codes in place of the one that stands, and return them as people read them.

    The fact, the codes' digests and what `beside` does are one append; None: nothing of it was possible.
    """
    codes, factor, person = new_codes(factors.new_secret), FactorId(command.factor), command.person

    def keep(records: Records) -> bool:
        records.delete_factor(factor)
        records.save_factor(
            NewFactor(factor=factor, person=person, kind=FactorKind.RECOVERY, secret=""), policy.now()
        )  # fmt: skip
        records.save_recovery_codes(factor, person, map(digest_of, codes))
        return records.activate_factor(factor) and beside(records)

    return tuple(map(shown_code, codes)) if factors.enrol(command, keep) else None
