"""What is known of institutions and of the law of countries."""

from dataclasses import dataclass
from datetime import datetime

from access_policy.model.ids import InstitutionName
from access_policy.model.instants import Term


@dataclass(slots=True)
class Institution:
    """An institution, its declared e-mail domains (lower case, IDNA) and its agreement (S72, S73).

    `excluded_until` shuts it out (E59). `country_since` is when the country that stands was written down.
    """

    institution: InstitutionName
    name: str
    country: str
    domains: frozenset[str]
    domains_since: datetime
    centre: bool
    since: datetime
    agreement: Term | None = None
    agreement_recorded: datetime | None = None
    agreement_ended: datetime | None = None
    last_agreement_over: datetime | None = None
    excluded: datetime | None = None
    excluded_until: datetime | None = None
    country_since: datetime | None = None

    def trusted_at(self, at: datetime) -> bool:
        """Say whether the institution is the centre, or has an agreement in force at `at` (S72)."""
        term, ended = self.agreement, self.agreement_ended
        return self.centre or (term is not None and ended is None and term.begins <= at < term.ends)

    def excluded_at(self, at: datetime) -> bool:
        """Say whether the institution is shut out at `at` (E59)."""
        return self.excluded_until is not None and at < self.excluded_until
