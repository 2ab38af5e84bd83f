"""KubeSpawner's watches, one a kind and namespace: mended where they gave up, ended where nobody needs them.

KubeSpawner keeps a watch for ever, also one that has given up after a minute without the API server, whose last news
then count as the present. Here such a watch is replaced before it is believed, and each ends with the last spawner that
needs it, so that the hub holds no more connections than namespaces in use. A watch is a convenience: what runs is known
to the warden from lists of its own.
"""

import asyncio
from functools import cache
from typing import Any, ClassVar
from weakref import WeakSet

from kubernetes_asyncio.client import Configuration
from kubespawner import KubeSpawner
from kubespawner.clients import load_config

WATCH_SECONDS = 50  # less than the 60 of its request; upstream's 10 would list every namespace anew six times a minute
CONNECTIONS = 4096


@cache
def widen_the_client() -> None:
    """More connections at once than the client's hundred, of which every watch holds one."""
    load_config(host="", ssl_ca_cert="", verify_ssl=None)  # as KubeSpawner itself asks, which then finds it done
    configuration = Configuration.get_default_copy()
    configuration.connection_pool_maxsize = CONNECTIONS
    configuration.client_side_validation = False  # an answer that lacks something is no reason to lose a pod
    Configuration.set_default(configuration)


class WatchingSpawner(KubeSpawner):  # type: ignore[misc]  # kubespawner ships no types
    """KubeSpawner with such watches."""

    _users: ClassVar[dict[tuple[str, str | None], WeakSet[Any]]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        widen_the_client()
        super().__init__(*args, **kwargs)

    async def _start_reflector(
        self, kind: str, reflector_class: type[Any], replace: bool = False, **kwargs: Any
    ) -> Any:
        key = self._get_reflector_key(kind)
        self._users.setdefault(key, WeakSet()).add(self)
        times = {"timeout_seconds": WATCH_SECONDS, "restart_seconds": WATCH_SECONDS}
        again = replace or _has_given_up(self.reflectors.get(key))
        try:
            return await super()._start_reflector(kind, reflector_class, replace=again, **(times | kwargs))
        except Exception:
            _has_given_up(self.reflectors.get(key))  # its future is asked, too, or asyncio tells the same once more
            raise

    async def release(self, kind: str) -> None:
        """Say that this spawner needs its namespace's watch no more; the last one ends it."""
        key = self._get_reflector_key(kind)
        users = self._users.get(key, WeakSet())
        users.discard(self)
        if not users:
            self._users.pop(key, None)
            reflector = self.reflectors.pop(key, None)
            if reflector is not None:
                await asyncio.shield(reflector.stop())


def _has_given_up(reflector: Any) -> bool:
    if reflector is None:
        return False
    first = reflector.first_load_future
    failed = first.done() and (first.cancelled() or first.exception() is not None)
    return failed or (reflector.watch_task is not None and reflector.watch_task.done())
