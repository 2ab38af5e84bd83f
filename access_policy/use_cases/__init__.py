"""The only door to the log: `Policy` asks and changes, `begin` writes the first facts of a new one."""

from access_policy.use_cases.beginning import Beginning, FirstAdmin, begin
from access_policy.use_cases.formats import unknown_kind
from access_policy.use_cases.policy import Done, Policy
from access_policy.use_cases.retention import cut_observations

__all__ = ["Beginning", "Done", "FirstAdmin", "Policy", "begin", "cut_observations", "unknown_kind"]
