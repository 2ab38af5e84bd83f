"""What the kinds of second factor are worth, and how many of each a person has: literal tables (S17, S76)."""

from access_policy.model.enums import FactorKind

MOST_OF_KIND = {FactorKind.TOTP: 2, FactorKind.PASSKEY: 10, FactorKind.RECOVERY: 1, FactorKind.PROVIDER: 10}
"""How many factors of a kind a person has at most; two for codes, so that a new phone follows an old one."""

PHISHING_RESISTANT = frozenset({FactorKind.PASSKEY})
"""The kinds that no page of somebody else's can pass on (NIST SP 800-63B-4, 3.2.5)."""
