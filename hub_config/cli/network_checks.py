"""The line of `sluis check` about the institute's network: who is inside, and what nobody can open without it."""

from access_policy.model.enums import Zone
from access_policy.state import State
from hub_config.network_settings import NetworkSettings
from hub_config.settings import Settings


def network_state(settings: Settings, state: State) -> tuple[bool, str]:
    """Return whether what is for the institute's network can be opened at all, and a line about it (S77, S78)."""
    datasets = [f"dataset `{one.dataset}`" for one in state.datasets.values() if one.open and _inside(one.zone)]
    restricted = [*datasets, *(f"profile `{one.name}`" for one in settings.profiles if _inside(one.zone))]
    if settings.network is not None:
        table = _table(settings.network, settings.origins.own)
        return True, f"{table}; {len(restricted) or 'no'} datasets and profiles are for it only"
    if not restricted:
        return True, "nobody is inside, sluis.toml has no table [network]; nothing asks for it"
    named = ", ".join(restricted[:3]) + (", …" if len(restricted) > 3 else "")
    return False, f"nobody can open {named}: nobody is inside; fill in [network] in sluis.toml, see docs/network.md"


def _inside(zone: Zone) -> bool:
    return zone is not Zone.ANYWHERE


def _table(network: NetworkSettings, own: bool) -> str:
    where = network.institute_url or ("the same names" if own else "the port that `sluis run` says")
    return f"{', '.join(network.institute[:5])} by {where}; a look counts for {network.recheck_seconds} seconds"
