"""The link in the mail of an invitation, at a running Sluis: whoever opens it, however often, changes nothing."""

from functools import partial

import httpx
import pytest

from access_policy.state import Invitation
from hub_config.bootstrap import identity_of, open_policy
from hub_config.invitations import invitation_token
from hub_config.places import Places
from tests.integration.whole import RunningSluis

pytestmark = pytest.mark.integration


def test_a_link_that_a_mail_scanner_fetches(demo: RunningSluis) -> None:
    """ID-13: opened beforehand, again, by a form or as a guess, it uses nothing up, and nobody is in by it."""
    places = Places(demo.state)
    policy = open_policy(places)
    try:
        with policy.reading() as state:
            number, before = next(iter(state.invitations)), dict(state.invitations)
        assert isinstance(before[number], Invitation)
        facts = policy.store.newest()
        token = invitation_token(partial(identity_of, places), number)
        guess = token[:-1] + ("0" if token[-1] != "0" else "1")
        address = "/services/desk/invitation/"
        with httpx.Client(base_url=demo.url, timeout=30, trust_env=False) as scanner:
            opened = [scanner.get(address + token) for _ in range(3)]
            assert [one.status_code for one in opened] == [200] * 3
            assert before[number].email not in opened[0].text
            assert scanner.get(address + guess).status_code == 404
            assert scanner.get(f"{address}{number}").status_code == 404
            assert scanner.post(address + token).status_code == 404
            assert scanner.get("/hub/api/user").status_code == 403
        with policy.reading() as state:
            assert dict(state.invitations) == before
        assert policy.store.newest() == facts
    finally:
        policy.store.close()
