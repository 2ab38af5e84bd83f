"""Keeps the objects of all requests' places as `grants.py` wants them, from the log and the cluster's API alone.

Each pass compares and writes only what differs, so that it may be broken off anywhere and begun again. What stands
under a name of ours and is not ours is never adopted, changed or deleted: it is told, and that place lets nobody in,
also one that did. Nor does any place before the admission policies are seen to stand, or where one is gone (DAT-15).
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from access_policy.state import State
from spawner import cluster_names as names
from spawner.warden.api import Api, Key, Object, Trouble, key_of
from spawner.warden.compare import differs, is_ours, must_be_made_anew, written_over
from spawner.warden.grants import Given, Place, Site, closed_place, given, open_place
from spawner.warden.locks import Locks
from spawner.warden.machine import Nothing, Still, Work

AGAIN = 10.0
"""Seconds after which everything is compared again though no fact changed anything."""

_LETS_IN = ("RoleBinding", "AccessGrant")
_GROUND = ("Namespace", "ResourceQuota", "ServiceAccount", "PersistentVolumeClaim", "NetworkPolicy")
_TAKEN_AWAY = frozenset({"ServiceAccount", "NetworkPolicy", "RoleBinding", "AccessGrant"})
_LONGEST_WAIT = 8.0
_LOGGER = logging.getLogger("sluis.warden")


class Places:
    """All places of one installation. What it remembers between two passes saves calls and decides nothing."""

    def __init__(self, api: Api, site: Site, installation: str, monotonic: Callable[[], float]) -> None:
        self.api = api
        self.site = site
        self.installation = installation
        self.locks = Locks(api, monotonic)
        self.passed = False
        self._monotonic = monotonic
        self._given: tuple[Given, ...] | None = None
        self._told: frozenset[str] = frozenset()
        self._next = 0.0
        self._failed = 0

    def prepare(self, state: State, at: datetime) -> Work:
        """Return the next pass; nothing to do where the last one found all in order and nothing changed since."""
        now, wanted = self._monotonic(), given(state, at)
        if now < self._next and wanted == self._given:
            return Nothing()
        return Pass(self, wanted, state.seq)

    def done(self, wanted: tuple[Given, ...], told: frozenset[str], again: bool) -> None:
        """Note how a pass went: what it tells is said once, what failed is tried again, sooner at first."""
        self._given = wanted
        for line in sorted(told - self._told):
            _LOGGER.error("%s", line)
        self._told = told
        self._failed = self._failed + 1 if again else 0
        self.passed = self.passed or not again
        wait = min(_LONGEST_WAIT, 0.25 * 2.0 ** min(self._failed, 8)) if again else AGAIN
        self._next = self._monotonic() + wait

    @property
    def told(self) -> frozenset[str]:
        """Return what the last pass told, one line each."""
        return self._told


class Pass:
    """One pass over all places: the `Work` of the cluster. One that is broken off is begun again at the next look."""

    def __init__(self, keeper: Places, wanted: tuple[Given, ...], seq: int) -> None:
        places = (open_place(keeper.site, keeper.installation, one, seq) for one in wanted)
        self._keeper = keeper
        self._api = keeper.api
        self._wanted = wanted
        self._places = {one.namespace: one for one in places}
        self._seq = seq
        self._still: Still
        self._told: set[str] = set()
        self._again = False
        self._broken = False

    def withdraw(self, still: Still, /) -> None:
        """Take away and narrow what lets workspaces in, before they are ended (DAT-04)."""
        self._still = still
        self._whole(self._withdraw)

    def provide(self, still: Still, /) -> bool:
        """Make and mend everything else, place by place."""
        self._still = still
        if not self._broken:
            self._whole(self._provide)
        self._keeper.done(self._wanted, frozenset(self._told), self._again)
        return not self._told

    def _whole(self, part: Callable[[], None]) -> None:
        try:
            part()
        except Trouble as trouble:
            self._broken = self._again = True
            self._told.add(_line(trouble))

    def _withdraw(self) -> None:
        wanted = {key_of(one): one for place in self._places.values() for one in place.lets_in}
        for found in [one for kind in _LETS_IN for one in self._ours(kind)]:
            goal = wanted.get(key_of(found))
            if goal is None:
                self._try(found, partial(self._api.delete, found))
            elif differs(found, goal):
                self._try(found, partial(self._narrow, found, goal))

    def _provide(self) -> None:
        found = {key_of(one): one for kind in (*_GROUND, *_LETS_IN) for one in self._ours(kind)}
        spaces = {key.name: one for key, one in found.items() if key.kind == "Namespace"}
        foreign = self._foreign_ways(spaces)
        opening = self._opening()
        wanted: set[Key] = set()
        for place in [*self._places.values(), *self._closed(spaces)]:
            wanted |= {key_of(one) for one in (*place.ground, *place.lets_in)}
            whole = self._keep(place.ground, found)
            if not whole or place.namespace in foreign or self._keeper.locks.broken:
                self._shut(place, found)
            elif opening:
                self._keep(place.lets_in, found)
        self._take_away([one for key, one in found.items() if key not in wanted and key.kind in _TAKEN_AWAY])

    def _ours(self, kind: str) -> list[Object]:
        selector = f"{names.INSTALLATION}={self._keeper.installation},{names.REQUEST}"
        return [one for one in self._api.list(kind, selector) if is_ours(one, self._keeper.installation)]

    def _foreign_ways(self, spaces: Mapping[str, Object]) -> frozenset[str]:
        """Return the places with a network policy that is not ours: one stray rule opens what ours close."""
        found = set()
        for one in self._api.list("NetworkPolicy"):
            key = key_of(one)
            if key.namespace in spaces and not is_ours(one, self._keeper.installation):
                self._told.add(f"{key} is not ours and may open the network of workspaces; nobody is let in: delete it")
                found.add(key.namespace)
        return frozenset(found)

    def _opening(self) -> bool:
        """Say whether places may be opened: the admission policies stand."""
        problems = self._keeper.locks.problems()
        self._told.update(problems)
        return not problems

    def _closed(self, spaces: Mapping[str, Object]) -> Iterable[Place]:
        for name in spaces.keys() - self._places.keys():
            request = names.request_of(name, self._keeper.site.prefix)
            if request is None:
                self._told.add(f"Namespace {name} bears our labels and no name of ours; it is left alone")
            else:
                yield closed_place(self._keeper.site, self._keeper.installation, request)

    def _keep(self, wanted: Iterable[Object], found: Mapping[Key, Object]) -> bool:
        """Make and mend objects in their order; False, and no further, where one of them cannot be had now."""
        return all(self._keep_one(one, found.get(key_of(one))) for one in wanted)

    def _keep_one(self, wanted: Object, found: Object | None) -> bool:
        if found is None:
            return self._try(wanted, partial(self._api.create, wanted), making=True)
        if found["metadata"].get("deletionTimestamp"):
            self._told.add(f"{key_of(found)} is being deleted by somebody; it is made again once it is gone")
            return False
        if not differs(found, wanted):
            return True
        return self._try(wanted, partial(self._mend, found, wanted)) and not must_be_made_anew(found, wanted)

    def _narrow(self, found: Object, wanted: Object) -> None:
        """Mend what lets in; where the API does not take it, it goes: what is too wide does not stay (DAT-15)."""
        try:
            self._mend(found, wanted)
        except Trouble as trouble:
            if trouble.of_all or trouble.status == 409:
                raise
            self._told.add(_line(trouble))
            self._api.delete(found)

    def _mend(self, found: Object, wanted: Object) -> None:
        if must_be_made_anew(found, wanted):
            self._api.delete(found)
            self._again = True
        elif wanted["kind"] == "AccessGrant" and (found.get("spec") or {}).get("seq", 0) > self._seq:
            self._told.add(f"{key_of(found)} is of a later fact than `{self._seq}`; another warden knows more")
        else:
            self._api.replace(written_over(found, wanted))

    def _shut(self, place: Place, found: Mapping[Key, Object]) -> None:
        self._take_away([found[key] for one in place.lets_in if (key := key_of(one)) in found])

    def _take_away(self, objects: Iterable[Object]) -> None:
        for one in objects:
            self._try(one, partial(self._api.delete, one))

    def _try(self, one: Object, act: Callable[[], object], *, making: bool = False) -> bool:
        """Do one thing; what is wrong with one object is in no other's way (FLT-04)."""
        self._still()
        try:
            act()
        except Trouble as trouble:
            if trouble.of_all:
                raise
            if making and trouble.status == 409:
                self._told.add(f"{key_of(one)} was made by somebody else; it is left alone: delete it, or rename it")
            else:
                self._told.add(_line(trouble))
                self._again = self._again or trouble.status == 409 or trouble.status >= 500
            return False
        return True


def _line(trouble: Trouble) -> str:
    return f"{trouble}; it is tried again"
