"""The address that a provider proves for somebody who is known: it has to be one of where they work (S73, ID-05)."""

from access_policy import events as e
from access_policy.arrivals import ProvedAddress, proved_address
from access_policy.model.ids import PersonId
from access_policy.use_cases import Policy
from hub_config.login.flow import PageRefused
from hub_config.login.refusals import Refusals
from hub_config.login.sessions import HUB

_REFUSED = {
    ProvedAddress.FOREIGN: (
        "address_foreign",
        "The address at your login provider is none of your institution here; an admin records where you work now.",
    ),
    ProvedAddress.ANOTHERS: (
        "address_of_another",
        "The address at your login provider is on record as somebody else's; an admin looks at it with you.",
    ),
}
"""What goes into the log, and what the person reads. Neither holds an address."""


def check_address(policy: Policy, refusals: Refusals, person: PersonId, identity: str, email: str) -> None:
    """Raise PageRefused for an address that is not of the person's institution; another one of it is on record then.

    The admins see at the desk whose address differs, and correct it with the person.
    """
    with policy.reading_behind() as state:
        found = proved_address(state, state.people[person], email)
    if found in _REFUSED:
        why, text = _REFUSED[found]
        refusals.record(identity, why)
        raise PageRefused(text)
    if found is ProvedAddress.OTHER:
        policy.observe(HUB, e.LoginAddressDiffered(person=person))
