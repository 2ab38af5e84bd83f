"""Whether the admission policies of the chart stand, as far as the warden can see (DAT-15).

It makes no pods, so it cannot try them: it looks at the objects, and whether the API server has taken them in. That a
bad pod is refused is tried by the hub, which makes pods.
"""

from collections.abc import Callable
from typing import NamedTuple

from spawner.warden.api import Api, Key, Object
from spawner.warden.rights import POLICIES

_AGAIN = 60.0


class _Problem(NamedTuple):
    """What is wrong with one policy; `broken`: what it has to refuse gets in."""

    line: str
    broken: bool = True


class Locks:
    """Looks at the policies; once they stand, again every minute."""

    def __init__(self, api: Api, monotonic: Callable[[], float]) -> None:
        self._api = api
        self._monotonic = monotonic
        self._next: float | None = None
        self.broken = False  # whether one was seen to be missing, or to refuse nothing

    def problems(self) -> list[str]:
        """Return what is missing, one line each; empty where all stand. Raises `Trouble`."""
        if self._next is not None and self._monotonic() < self._next:
            return []
        seen = [self._of(name) for name in POLICIES]
        self.broken = any(one is not None and one.broken for one in seen)
        found = [one.line for one in seen if one is not None]
        self._next = None if found else self._monotonic() + _AGAIN
        return found

    @property
    def stand(self) -> bool:
        """Whether all of them stood when they were last looked at."""
        return self._next is not None

    def _of(self, name: str) -> _Problem | None:
        policy = self._api.get(Key("ValidatingAdmissionPolicy", "", name))
        binding = self._api.get(Key("ValidatingAdmissionPolicyBinding", "", name))
        if policy is None or binding is None:
            missing = "policy" if policy is None else "binding of the policy"
            return _Problem(f"the admission {missing} `{name}` is not there; nobody is let in: install the chart again")
        if not _refuses(policy, binding):
            return _Problem(f"the admission policy `{name}` refuses nothing; nobody is let in: install the chart again")
        if not _is_seen(policy):
            return _Problem(f"the admission policy `{name}` is not in force yet; no place is opened", broken=False)
        return None


def _refuses(policy: Object, binding: Object) -> bool:
    bound, spec = binding.get("spec") or {}, policy.get("spec") or {}
    denies = bound.get("policyName") == policy["metadata"]["name"] and "Deny" in (bound.get("validationActions") or ())
    return denies and spec.get("failurePolicy", "Fail") == "Fail"


def _is_seen(policy: Object) -> bool:
    status = policy.get("status") or {}
    return bool(status.get("observedGeneration", 0) >= policy["metadata"].get("generation", 1))
