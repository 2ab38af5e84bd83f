"""The decision function for other systems: the OpenID AuthZEN Authorization API 1.0. The rules stand in the core."""

METADATA = "/.well-known/authzen-configuration/services/desk"
"""Where the specification puts the metadata of a base address with a path (section 9.2.1); the proxy routes it here."""
