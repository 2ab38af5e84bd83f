"""The decision function for other systems: the OpenID AuthZEN Authorization API 1.0. The rules stand in the core."""
