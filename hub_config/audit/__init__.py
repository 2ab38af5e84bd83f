"""The audit pack: what an outsider needs to see, and to check offline, who could open what and why (E53)."""
