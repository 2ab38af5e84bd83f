"""A workspace's own web origin, as every spawner gives it to the proxy, to its server and to the hub's login."""

from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub.spawner import SpawnException
from traitlets import HasTraits, Unicode

from spawner.decided import Decided

pytestmark = pytest.mark.unit
ADDRESS = "https://p-3-dr-12.work.example:8443/user/p-3/dr-12/"


class Spawner(HasTraits):
    """The hub's, as far as addresses go."""

    proxy_spec = Unicode("/user/p-3/dr-12/")
    public_url = Unicode("https://hub.example/user/p-3/dr-12/")

    def get_env(self) -> dict[str, str]:
        """What the hub tells of itself."""
        return {"JUPYTERHUB_OAUTH_CALLBACK_URL": "/user/p-3/dr-12/oauth_callback", "OTHER": "kept"}


class Own(Decided, Spawner):
    """One with hosts of their own."""

    origin_of = staticmethod(lambda person, request: f"https://{person}-{request}.work.example:8443")  # type: ignore[assignment]
    name = Unicode("dr-12")
    log = SimpleNamespace(exception=lambda *_: None)

    def __init__(self, **given: Any) -> None:
        self.user = SimpleNamespace(name="p-3")
        client = SimpleNamespace(redirect_uri="/user/p-3/dr-12/oauth_callback")
        self.orm_spawner = SimpleNamespace(user_options={}, oauth_client=client)
        super().__init__(**given)


class Shared(Own):
    """One on the hub's own host."""

    origin_of = staticmethod(lambda person, request: "")


def test_its_route_and_its_address_name_its_own_host() -> None:
    """SES-07: the route without a port, as the proxy knows hosts."""
    one = Own()
    assert (one.proxy_spec, one.public_url) == ("p-3-dr-12.work.example/user/p-3/dr-12/", ADDRESS)


def test_its_login_comes_back_to_its_own_host() -> None:
    """SES-07: the server asks for it, and the hub leads nowhere else (SES-03)."""
    one = Own()
    assert one.get_env() == {"JUPYTERHUB_OAUTH_CALLBACK_URL": f"{ADDRESS}oauth_callback", "OTHER": "kept"}
    with pytest.raises(SpawnException):
        one._decide()  # there is no policy here
    assert one.orm_spawner.oauth_client.redirect_uri == f"{ADDRESS}oauth_callback"


def test_on_the_hubs_host_all_stays_as_the_hub_has_it() -> None:
    """SES-07: in a demo on loopback."""
    one = Shared()
    assert (one.proxy_spec, one.public_url) == ("/user/p-3/dr-12/", "https://hub.example/user/p-3/dr-12/")
    assert one.get_env()["JUPYTERHUB_OAUTH_CALLBACK_URL"] == "/user/p-3/dr-12/oauth_callback"
    with pytest.raises(SpawnException):
        one._decide()
    assert one.orm_spawner.oauth_client.redirect_uri == "/user/p-3/dr-12/oauth_callback"


def test_a_server_without_a_name_has_no_origin() -> None:
    """SPW-01: none is ever started, but the hub makes its object."""
    one = Own(name="")
    assert one.proxy_spec == "/user/p-3/dr-12/"
