"""Whether the admission policies of the chart stand, as far as the warden can see (DAT-15).

It makes no pods, so it cannot try them: it looks at the objects, and whether the API server has taken them in. That a
bad pod is refused is tried by the hub, which makes pods.
"""

from collections.abc import Callable

from spawner.warden.api import Api, Key, Object
from spawner.warden.rights import POLICIES

_AGAIN = 60.0


class Locks:
    """Looks at the policies; once they stand, again every minute."""

    def __init__(self, api: Api, monotonic: Callable[[], float]) -> None:
        self._api = api
        self._monotonic = monotonic
        self._next: float | None = None

    def problems(self) -> list[str]:
        """Return what is missing, one line each; empty where all stand. Raises `Trouble`."""
        if self._next is not None and self._monotonic() < self._next:
            return []
        found = [line for name in POLICIES for line in self._of(name)]
        self._next = None if found else self._monotonic() + _AGAIN
        return found

    @property
    def stand(self) -> bool:
        """Whether all of them stood when they were last looked at."""
        return self._next is not None

    def _of(self, name: str) -> list[str]:
        policy = self._api.get(Key("ValidatingAdmissionPolicy", "", name))
        binding = self._api.get(Key("ValidatingAdmissionPolicyBinding", "", name))
        if policy is None or binding is None:
            missing = "policy" if policy is None else "binding of the policy"
            return [f"the admission {missing} `{name}` is not there; nobody is let in: install the chart again"]
        if not _refuses(policy, binding):
            return [f"the admission policy `{name}` refuses nothing; nobody is let in: install the chart again"]
        return [] if _is_seen(policy) else [f"the admission policy `{name}` is not in force yet; nobody is let in"]


def _refuses(policy: Object, binding: Object) -> bool:
    bound, spec = binding.get("spec") or {}, policy.get("spec") or {}
    denies = bound.get("policyName") == policy["metadata"]["name"] and "Deny" in (bound.get("validationActions") or ())
    return denies and spec.get("failurePolicy", "Fail") == "Fail"


def _is_seen(policy: Object) -> bool:
    status = policy.get("status") or {}
    return bool(status.get("observedGeneration", 0) >= policy["metadata"].get("generation", 1))
