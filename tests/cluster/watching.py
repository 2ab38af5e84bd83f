"""All objects of some kinds, kept up with the API server: a list, then a watch; after any trouble from the list."""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from tests.cluster.api import Api, RefusedError, Thing
from tests.cluster.setting import say

Objects = Mapping[str, list[Thing]]


class Watched:
    """Follows kinds (name: path) in threads of their own. `turn` hands everything over after each change."""

    def __init__(self, api: Api, kinds: Mapping[str, str]) -> None:
        self._api, self._kinds = api, kinds
        self._objects: dict[str, dict[str, Thing]] = {}
        self._lock, self._changed = threading.Lock(), threading.Event()
        for kind in kinds:
            threading.Thread(target=self._follow, args=(kind,), daemon=True).start()

    def turn(self, act: Callable[[Objects], Any]) -> None:
        """Waits for a change, and acts on all objects once every kind is known."""
        self._changed.wait()
        self._changed.clear()
        with self._lock:
            known = {kind: list(objects.values()) for kind, objects in self._objects.items()}
        if len(known) == len(self._kinds):
            act(known)

    def again(self) -> None:
        """Makes the next `turn` act without a change."""
        self._changed.set()

    def _follow(self, kind: str) -> None:
        while True:
            try:
                self._watch(kind)
            except (httpx.HTTPError, RefusedError, KeyError) as error:
                say(f"{kind}: {error!r}")
                time.sleep(0.5)

    def _watch(self, kind: str) -> None:
        listed = self._api.read(self._kinds[kind])
        with self._lock:
            self._objects[kind] = {each["metadata"]["uid"]: each for each in listed["items"]}
        self._changed.set()
        for event in self._api.watch(self._kinds[kind], listed["metadata"]["resourceVersion"]):
            if event["type"] == "ERROR":
                return
            thing = event["object"]
            with self._lock:
                if event["type"] == "DELETED":
                    self._objects[kind].pop(thing["metadata"]["uid"], None)
                else:
                    self._objects[kind][thing["metadata"]["uid"]] = thing
            self._changed.set()
