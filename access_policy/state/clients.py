"""What is known of the programs that may ask."""

from dataclasses import dataclass
from datetime import datetime

from access_policy.model.enums import ResourceType
from access_policy.model.ids import ClientName


@dataclass(slots=True)
class Client:
    """A registered program; nobody but the holder of the secret behind `digest` asks as it, until it is `ended`."""

    client: ClientName
    title: str
    resource_types: frozenset[ResourceType]
    searches: bool
    reads_reasons: bool
    tells_zone: bool
    digest: str
    since: datetime
    ended: datetime | None = None
