"""The alarm for a clock that is off: said once in the process's log and in the audit, and once more when it is over.

Looks, and decides nothing: what a clock that is off stops is the policy's to say (FLT-12, MFA-14).
"""

import logging

from access_policy import events as e
from access_policy.actor import Actor
from access_policy.log import forms
from access_policy.log.errors import LogError
from access_policy.use_cases import Policy

_log = logging.getLogger("sluis.clock")


class ClockAlarm:
    """Looks at the time again and again for one process."""

    def __init__(self, policy: Policy, actor: Actor) -> None:
        """Take the policy whose clock is looked at, and who records the alarm."""
        self._policy = policy
        self._actor = actor
        self._raised = False

    def look(self) -> None:
        """Raise the alarm where the time is off and it was not raised yet; what keeps it from that is tried again."""
        try:
            self._look()
        except LogError as error:
            _log.debug("whether the clock is right cannot be told: %s", error)  # the warden says what is wrong

    def _look(self) -> None:
        with self._policy.reading() as state:
            trouble, known = self._policy.clock_trouble(), forms.is_known("ClockJumped", state.format)
        if trouble is None and self._raised:
            _log.warning("the clock is right again")
        if trouble is not None and not self._raised:
            _log.error("%s", trouble.text)
            if known:
                self._policy.observe(self._actor, e.ClockJumped(seconds=trouble.seconds, what=trouble.text))
        self._raised = trouble is not None
