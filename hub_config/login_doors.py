"""From the settings to the providers by which people log in: the composition root's part of it."""

from collections.abc import Iterator

import msgspec

from access_policy.email import domain_of
from access_policy.use_cases import Policy
from hub_config.login.presets import ONE_PROVIDER, rules_of
from hub_config.login.provider import Client
from hub_config.login.providers import Door, Doors
from hub_config.login_settings import Login, issuer_of
from hub_config.running import Running


def doors(login: Login, running: Running, policy: Policy) -> Doors:
    """Return the providers: a demo's own, those of `[[login.providers]]`, or the one of `[login]`."""
    if login.providers and not running.demo:
        return Doors(_several(login, running))
    rules = ONE_PROVIDER
    if running.demo:
        rules = msgspec.structs.replace(rules, scopes=("openid", "email", "profile"), domains=_invented(policy))
    with policy.reading_behind() as state:
        client = Client(running.issuer, running.client_id, running.client_secret, invented=state.demo)
    return Doors([Door(title="", client=client, rules=rules, identity_issuer=running.identity_issuer)])


def _invented(policy: Policy) -> frozenset[str]:
    """Return the domains of a demo: those that institutions declared, and those that people there came with."""
    with policy.reading_behind() as state:
        declared = {domain for one in state.institutions.values() for domain in one.domains}
        return frozenset(declared | {domain_of(one.email) for one in state.people.values()} - {""})


def _several(login: Login, running: Running) -> Iterator[Door]:
    for one in login.providers:
        issuer = issuer_of(one)
        client = Client(issuer, one.client_id, running.client_secrets.get(one.name, ""))
        yield Door(title=one.title, client=client, rules=rules_of(one), identity_issuer=issuer)
