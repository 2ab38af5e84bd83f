"""`demo.json`: who can log in at the demo's provider. Read by the provider, by a start, and by `sluis demo people`."""

import msgspec

from access_policy.model.ids import PersonId
from hub_config.bootstrap import StateProblem
from hub_config.places import Places


class DemoLogin(msgspec.Struct, frozen=True):
    """What stands in `demo.json` of a person, as far as it cannot change."""

    person: PersonId
    login: str


def demo_logins(places: Places) -> list[DemoLogin]:
    """Return who can log in. Raises StateProblem where the file is gone or is not what the demo wrote."""
    try:
        return msgspec.json.decode(places.demo.read_bytes(), type=list[DemoLogin])
    except (OSError, msgspec.MsgspecError) as error:
        raise StateProblem(
            f"`{places.demo}` cannot be read ({error}); put it back, or begin a new demo with --state"
        ) from None
