"""What the parts of one running Sluis know of each other: addresses and shared secrets, written by `sluis run`.

The file is 0600 and gone after a stop. All addresses are loopback but `url`, which is where browsers come in; in a
cluster they are those of the Services, and each pod has a file of its own (`in_cluster.py`), without the secrets that
its part does not need.
"""

from urllib.parse import urlsplit

import msgspec

from hub_config.doors import INSTITUTE, PUBLIC, Door
from hub_config.origins import Origins
from hub_config.places import Places


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """One start of Sluis. `identity_issuer` is the issuer's name in identities, which a demo's port must not change.

    `client_secrets` are those of several login providers, by name.
    `listen` is the address that parts listen on where it is not the one that they are known by; `bind` is the proxy's,
    where browsers come by another. Those of the institute's door are empty where there is none.
    """

    url: str
    demo: bool
    hub: str
    proxy_api: str
    desk: str
    issuer: str
    identity_issuer: str
    client_id: str
    client_secret: str
    proxy_token: str
    desk_token: str
    warden_token: str
    supervisor_pid: int
    warden: str = ""
    desk_probes: str = ""
    listen: str = ""
    bind: str = ""
    origins: Origins | None = None
    mail_password: str = ""
    client_secrets: dict[str, str] = {}
    institute_url: str = ""
    institute_bind: str = ""
    institute_api: str = ""
    institute_networks: tuple[str, ...] = ()
    institute_balancers: int = 0

    @property
    def web(self) -> Origins:
        """Where browsers find hub, desk and workspaces."""
        return self.origins or Origins(hub=self.url, desk=self.url)

    @property
    def doors(self) -> tuple[Door, ...]:
        """The proxies by which browsers come in; the public one first."""
        public = Door(PUBLIC, self.url, self.proxy_api)
        institute = Door(INSTITUTE, self.institute_url or self.url, self.institute_api)
        return (public, institute) if self.institute_api else (public,)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The origins of the hub, one for each door."""
        return tuple(door.url for door in self.doors)

    def listening(self, url: str) -> tuple[str, int]:
        """Return host and port that the part behind a URL listens on."""
        parts = urlsplit(url)
        return self.listen or parts.hostname or "127.0.0.1", parts.port or 0


def save_running(places: Places, running: Running) -> None:
    """Write the file, whole or not at all, 0600."""
    draft = places.running.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.encode(running))
    draft.replace(places.running)


def load_running(places: Places) -> Running:
    """Read the file. Raises FileNotFoundError where Sluis does not run."""
    return msgspec.json.decode(places.running.read_bytes(), type=Running)
