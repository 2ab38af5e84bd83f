"""The table `[leash]` of `sluis.toml`: what happens to running workspaces while the log does not answer (POL-04)."""

from typing import Annotated

import msgspec
from msgspec import Meta

from spawner.warden.silence import Silence


class LeashSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """For how long workspaces go on without anybody who can say that they may."""

    store_silence_seconds: Annotated[
        int, Meta(ge=10, le=3600, description="seconds without an answer of the log after which workspaces end")
    ] = 300
    restricted_silence_seconds: Annotated[
        int, Meta(ge=10, le=3600, description="the same for workspaces of the institute's network, never longer")
    ] = 30

    @property
    def silence(self) -> Silence:
        """Return both as the warden and the hub take them."""
        return Silence(self.store_silence_seconds, min(self.restricted_silence_seconds, self.store_silence_seconds))
