"""oidc-provider (npm), a provider of somebody else's, started for the tests of the login."""

from pathlib import Path

from hub_config.proxy import node_binary

HERE = Path(__file__).parent


def provider_command(issuer: str, client: tuple[str, str], callback: str) -> list[str]:
    """Return the command that starts it at a loopback issuer for one client: its id and secret."""
    assert (HERE / "node_modules" / "oidc-provider").is_dir(), "not installed: make install-dev"
    return [str(node_binary()), str(HERE / "provider.mjs"), issuer.rpartition(":")[2], *client, callback]
