"""Facts about registered programs: other systems that ask the decision function (OpenID AuthZEN 1.0)."""

from access_policy.events.base import FactEvent
from access_policy.model.enums import ResourceType
from access_policy.model.ids import ClientName
from access_policy.model.texts import DigestText, OrganisationText


class ClientRegistered(FactEvent, frozen=True, kw_only=True):
    """A program may ask about these types of resources, with the secret of this SHA-256 digest (`digest`).

    `searches`: it may ask who or what is allowed; `reads_reasons`: it is told whole reasons, not codes alone;
    `tells_zone`: what it says of the place of a browser counts (S77).
    """

    client: ClientName
    title: OrganisationText
    resource_types: tuple[ResourceType, ...]
    searches: bool
    reads_reasons: bool
    tells_zone: bool
    digest: DigestText


class ClientEnded(FactEvent, frozen=True, kw_only=True):
    """A program is answered no more."""

    client: ClientName
