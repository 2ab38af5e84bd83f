"""Which countries count as what, and from when to when: data for the rules on transfers (S57-S64, S67, S101, E13).

The rules ask three separate questions about the country in which a legal entity is established, and none of the
answers replaces another:

* Is it in the European Economic Area? `EEA` and `in_eea` (S57, S62).
* Did the Commission find its protection adequate, and for whom? `ADEQUACY` (S58, S59, S64).
* Is it listed for the secondary use of health data? `ELIGIBLE_THIRD_COUNTRIES` (E13).

`MODEL_CLAUSES` and `clauses_carry` add which standard contractual clauses can be a basis where there is no decision
(S101). This module decides nothing: whether a party is certified, or falls under a law that a decision names, is a
fact about the party and is recorded elsewhere. All tables are read at an instant, so that a decision of the past
replays with the list of its day (S67).

Dates become UTC instants as follows. An act begins at 00:00 UTC of its date: one or two hours after the first hour of
that day in Brussels (Regulation 1182/71, Article 4(2)), hence never too early. An act that expires on a date ends
with the last hour of that day in Brussels (Article 4(3)), which is 22:00 UTC in summer and 23:00 UTC in winter.
A decision on adequacy begins on the day of its adoption.

Marks in the comments: `OJ title` where number and date were read in the Official Journal's title of the act or of an
act that names it; `OJ number` where only the number was, and the date was not; `not from the OJ` where neither was.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec


class Span(NamedTuple):
    """The half-open interval [begins, ends), both UTC; `ends` is None while no end is known (REQ-08)."""

    begins: datetime
    ends: datetime | None

    def holds(self, at: datetime) -> bool:
        """Say whether `at`, an aware instant, lies in the span."""
        return self.begins <= at and (self.ends is None or at < self.ends)


def _from(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def _summer_end(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 22, tzinfo=UTC)


def _winter_end(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 23, tzinfo=UTC)


# One row is easier to compare with the standard than 249 lines.
# fmt: off
COUNTRIES: Final[frozenset[str]] = frozenset({
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA", "BB", "BD",
    "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV", "BW", "BY", "BZ", "CA",
    "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX", "CY", "CZ", "DE",
    "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK", "FM", "FO", "FR", "GA",
    "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK",
    "HM", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP",
    "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT",
    "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS",
    "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ",
    "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS",
    "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST",
    "SV", "SX", "SY", "SZ", "TC", "TD", "TF", "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW",
    "TZ", "UA", "UG", "UM", "US", "UY", "UZ", "VA", "VC", "VE", "VG", "VI", "VN", "VU", "WF", "WS", "YE", "YT", "ZA",
    "ZM", "ZW",
})
# fmt: on
"""The 249 officially assigned alpha-2 codes of ISO 3166-1 (S57).

Reserved codes are not among them: Greece is `GR` and never `EL`, the United Kingdom `GB` and never `UK`; `XK` is not
assigned.
"""


def is_country(code: str) -> bool:
    """Say whether `code` is an officially assigned alpha-2 code of ISO 3166-1, in upper case (S57)."""
    return code in COUNTRIES


EEA: Final[Mapping[str, Span]] = {
    # Agreement on the European Economic Area, in force on 1 January 1994.
    **dict.fromkeys(("AT", "BE", "DE", "DK", "ES", "FI", "FR", "GR"), Span(_from(1994, 1, 1), None)),
    **dict.fromkeys(("IE", "IS", "IT", "LU", "NL", "NO", "PT", "SE"), Span(_from(1994, 1, 1), None)),
    # In force for Liechtenstein on 1 May 1995.
    "LI": Span(_from(1995, 5, 1), None),
    # EEA Enlargement Agreement 2004: applied provisionally from 1 May 2004; in force on 6 December 2005.
    **dict.fromkeys(("CY", "CZ", "EE", "HU", "LT", "LV", "MT", "PL", "SI", "SK"), Span(_from(2004, 5, 1), None)),
    # EEA Enlargement Agreement 2007: applied provisionally from 1 August 2007; in force on 9 November 2011.
    **dict.fromkeys(("BG", "RO"), Span(_from(2007, 8, 1), None)),
    # EEA Enlargement Agreement 2014: applied provisionally from 12 April 2014.
    "HR": Span(_from(2014, 4, 12), None),
    # A member until 31 January 2020, then treated as one until the transition period ended with 31 December 2020,
    # at midnight in Brussels (Withdrawal Agreement, Articles 126 and 127).
    "GB": Span(_from(1994, 1, 1), _winter_end(2020, 12, 31)),
}
"""Each state that is or was in the European Economic Area, and from when to when (S57, S62).

Where an accession was applied provisionally before it entered into force, the earlier date counts. A territory with a
code of its own (`AX`, `RE`, `GL`, `SJ`) is not here, although the agreement covers some of them: an organisation in
one that it covers is registered under the code of its state.
"""


def in_eea(country: str, at: datetime) -> bool:
    """Say whether `country` was in the European Economic Area at the aware instant `at` (S57, S62)."""
    span = EEA.get(country)
    return span is not None and span.holds(at)


class AdequacyScope(StrEnum):
    """For which recipients in a country a decision on adequacy counts (S58).

    Only `FULL` follows from the country alone. For every other scope it must be on record that the party is one of
    those meant; without that the party is treated as one without a decision.
    """

    FULL = "full"
    """Any recipient. What decisions of this scope leave out (credit data, missionary work) is no research."""

    COMMERCIAL_ORGANISATIONS = "commercial-organisations"
    """Canada: recipients subject to the Personal Information Protection and Electronic Documents Act (PIPEDA)."""

    BUSINESS_OPERATORS = "business-operators"
    """Japan: personal information handling business operators under the Act on the Protection of Personal Information.

    Universities and other bodies aimed at academic studies are left out as far as they process data for such studies
    (Implementing Decision (EU) 2019/419, Article 1(2)).
    """

    DATA_PRIVACY_FRAMEWORK = "data-privacy-framework"
    """United States: organisations on the Data Privacy Framework List.

    Source: Implementing Decision (EU) 2023/1795, Article 1. Only those under the Federal Trade Commission or the
    Department of Transportation can be certified.
    """

    PRIVACY_SHIELD = "privacy-shield"
    """United States: organisations on the Privacy Shield List, until the judgment C-311/18 (S59)."""


class Adequacy(msgspec.Struct, frozen=True):
    """One decision of the Commission on adequacy, and from when to when it counts (S58; GDPR Article 45).

    `country` is an ISO 3166-1 alpha-2 code, `begins` and `ends` are UTC and half-open, `ends` is None where the
    decision names no end, and `act` is the decision's number.
    """

    country: str
    scope: AdequacyScope
    begins: datetime
    ends: datetime | None
    act: str

    def holds(self, at: datetime) -> bool:
        """Say whether the decision counted at the aware instant `at`."""
        return Span(self.begins, self.ends).holds(at)


_FULL = AdequacyScope.FULL
_COMMERCIAL = AdequacyScope.COMMERCIAL_ORGANISATIONS
_OPERATORS = AdequacyScope.BUSINESS_OPERATORS
_SHIELD = AdequacyScope.PRIVACY_SHIELD
_FRAMEWORK = AdequacyScope.DATA_PRIVACY_FRAMEWORK

ADEQUACY: Final[tuple[Adequacy, ...]] = (
    # Under Directive 95/46/EC, Article 25(6); they go on under GDPR Article 45(9). The title of Implementing Decision
    # (EU) 2016/2295, which amends all of these, has their numbers.
    Adequacy("AD", _FULL, _from(2010, 10, 19), None, "Decision 2010/625/EU"),  # OJ title
    Adequacy("AR", _FULL, _from(2003, 6, 30), None, "Decision 2003/490/EC"),  # OJ number
    Adequacy("CA", _COMMERCIAL, _from(2001, 12, 20), None, "Decision 2002/2/EC"),  # OJ number
    Adequacy("CH", _FULL, _from(2000, 7, 26), None, "Decision 2000/518/EC"),  # OJ number
    Adequacy("FO", _FULL, _from(2010, 3, 5), None, "Decision 2010/146/EU"),  # OJ number
    Adequacy("GG", _FULL, _from(2003, 11, 21), None, "Decision 2003/821/EC"),  # OJ number
    Adequacy("IL", _FULL, _from(2011, 1, 31), None, "Decision 2011/61/EU"),  # OJ number
    Adequacy("IM", _FULL, _from(2004, 4, 28), None, "Decision 2004/411/EC"),  # OJ number
    Adequacy("JE", _FULL, _from(2008, 5, 8), None, "Decision 2008/393/EC"),  # OJ number
    Adequacy("NZ", _FULL, _from(2012, 12, 19), None, "Implementing Decision 2013/65/EU"),  # OJ number
    Adequacy("UY", _FULL, _from(2012, 8, 21), None, "Implementing Decision 2012/484/EU"),  # OJ number
    # Invalid since the judgment C-311/18 (Schrems II), without a period of grace (S59). It was given on 16 July 2020 at
    # an hour not recorded here, so the whole of that day in UTC already counts as without. Not from the OJ.
    Adequacy("US", _SHIELD, _from(2016, 7, 12), _from(2020, 7, 16), "Implementing Decision (EU) 2016/1250"),
    # Under GDPR Article 45(3).
    Adequacy("JP", _OPERATORS, _from(2019, 1, 23), None, "Implementing Decision (EU) 2019/419"),  # OJ title
    # The two later decisions, of 24 June and 19 December 2025, amend the date on which the first expires; each row
    # begins where the one before ends. Between the transition period and 28 June 2021 Article 782 of the Trade and
    # Cooperation Agreement took the place of a decision; it is none and has no row. Not from the OJ.
    Adequacy("GB", _FULL, _from(2021, 6, 28), _summer_end(2025, 6, 27), "Implementing Decision (EU) 2021/1772"),
    Adequacy("GB", _FULL, _summer_end(2025, 6, 27), _winter_end(2025, 12, 27), "Implementing Decision (EU) 2025/1226"),
    Adequacy("GB", _FULL, _winter_end(2025, 12, 27), _winter_end(2031, 12, 27), "Implementing Decision (EU) 2025/2574"),
    Adequacy("KR", _FULL, _from(2021, 12, 17), None, "Implementing Decision (EU) 2022/254"),  # OJ title
    # Upheld by T-553/23 on 3 September 2025; under appeal in C-703/25 P.
    Adequacy("US", _FRAMEWORK, _from(2023, 7, 10), None, "Implementing Decision (EU) 2023/1795"),  # OJ title
    Adequacy("BR", _FULL, _from(2026, 1, 26), None, "Implementing Decision (EU) 2026/179"),  # not from the OJ
)
"""The Commission's decisions on adequacy, those no longer in effect included (S58, S59).

Source: Directive 95/46/EC, Article 25(6), and GDPR, Article 45(3) and (9). Left out: Safe Harbour (2000/520/EC) and
Hungary (2000/519/EC, in the EEA since 2004), over before any request here; the European Patent Organisation, which is
no country; and decisions under Directive (EU) 2016/680, which are for law enforcement.
"""


class ModelClauses(StrEnum):
    """The versions of the EU standard contractual clauses, each by the number of its decision (S101)."""

    CONTROLLERS_2001 = "2001/497/EC"
    """Controller to controller, set I."""

    CONTROLLERS_2004 = "2004/915/EC"
    """Controller to controller, set II, added to 2001/497/EC."""

    PROCESSORS_2010 = "2010/87/EU"
    """Controller to processor."""

    GDPR_2021 = "(EU) 2021/914"
    """The four modules under GDPR Article 46(2)(c)."""


OLD_CLAUSES_REPEALED: Final = _summer_end(2021, 9, 26)
"""From this instant no contract can be concluded on clauses older than (EU) 2021/914 (its Article 4(2) and (3)).

They are repealed with effect from 27 September 2021, which begins in Brussels at 22:00 UTC of the day before. In the OJ
2001/497/EC, 2004/915/EC and 2010/87/EU end with 26 September 2021.
"""

_OLD_CLAUSES_END = _winter_end(2022, 12, 27)

MODEL_CLAUSES: Final[Mapping[ModelClauses, Span]] = {
    ModelClauses.CONTROLLERS_2001: Span(_from(2001, 9, 3), _OLD_CLAUSES_END),  # OJ: 2001/497/EC, Article 6
    ModelClauses.CONTROLLERS_2004: Span(_from(2005, 4, 1), _OLD_CLAUSES_END),  # OJ: 2001/497/EC as amended on that day
    ModelClauses.PROCESSORS_2010: Span(_from(2010, 5, 15), _OLD_CLAUSES_END),  # OJ number
    ModelClauses.GDPR_2021: Span(_from(2021, 6, 27), None),  # OJ L 199, 7.6.2021: the twentieth day after
}
"""From when to when each version of the model clauses can carry a transfer (S101).

The older ones go on for contracts from before `OLD_CLAUSES_REPEALED`, until 27 December 2022, as long as what is
done with the data stays as it was (Implementing Decision (EU) 2021/914, Article 4(4)). 2002/16/EC is left out: nothing
could be concluded on it after 2010/87/EU took its place.
"""


def clauses_carry(version: ModelClauses, concluded: datetime, at: datetime) -> bool:
    """Say whether a contract on `version`, concluded at `concluded`, can carry a transfer at `at` (S101).

    Both are aware. A contract carries nothing before it is concluded, and none on an older version counts that was
    concluded from `OLD_CLAUSES_REPEALED` on.
    """
    span = MODEL_CLAUSES[version]
    concludable = version is ModelClauses.GDPR_2021 or concluded < OLD_CLAUSES_REPEALED
    return concludable and span.begins <= concluded <= at and span.holds(at)


def clauses_end(version: ModelClauses, concluded: datetime) -> datetime | None:
    """Return when a contract on `version` that was concluded at `concluded` ceases to carry a transfer (S101)."""
    if version is not ModelClauses.GDPR_2021 and concluded >= OLD_CLAUSES_REPEALED:
        return concluded
    return MODEL_CLAUSES[version].ends


class EligibleThirdCountry(msgspec.Struct, frozen=True):
    """One third country whose applicants may apply for health data, and from when to when (E13).

    `country` is an ISO 3166-1 alpha-2 code, `begins` and `ends` are UTC and half-open, and `act` is the number of the
    implementing act.
    """

    country: str
    begins: datetime
    ends: datetime | None
    act: str

    def holds(self, at: datetime) -> bool:
        """Say whether the listing counted at the aware instant `at`."""
        return Span(self.begins, self.ends).holds(at)


ELIGIBLE_THIRD_COUNTRIES: Final[tuple[EligibleThirdCountry, ...]] = ()
"""The third countries listed under Regulation (EU) 2025/327, Article 91(1) (E13).

Empty until the first such implementing act is published; adequacy or a licence does not replace a listing.
"""
