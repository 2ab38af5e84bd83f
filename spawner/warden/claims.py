"""The homes of a cluster, which are claims: what an admin ordered to be deleted goes with its volume (E62).

Whether the volume's bytes go with it is the storage class's to say: its `reclaimPolicy` has to be `Delete`.
"""

from access_policy.state import Home
from spawner import cluster_names as names
from spawner.warden.api import Api, Key, key_of


class ClaimHomes:
    """The claims of one installation's requests."""

    def __init__(self, api: Api, prefix: str, installation: str) -> None:
        self._api = api
        self._prefix = prefix
        self._installation = installation

    def delete(self, home: Home, /) -> bool:
        """Delete its claim; True once it is seen to be gone. Raises OSError for no answer."""
        key = Key("PersistentVolumeClaim", names.namespace(home.request, self._prefix), _name(home))
        labels = names.person_labels(self._installation, home.request, home.person)
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        found = [one for one in self._api.list("PersistentVolumeClaim", selector) if key_of(one) == key]
        for one in found:
            self._api.delete(one)
        return not found


def _name(home: Home) -> str:
    return names.home(home.person, home.number)
