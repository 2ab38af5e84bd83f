"""The hub's spawners as this installation wires them: a record of wishes that reach no decision, before either one."""

from collections.abc import Callable
from html import escape
from typing import Any, ClassVar

from jupyterhub.spawner import SpawnException
from traitlets import default

from hub_config.gate import Gate
from spawner.decided import Decided
from spawner.sandbox import SandboxSpawner
from spawner.workspace import Workspace, profile_form

_UNDECIDED = ("wish_not_allowed", "request_unknown")


class WishesOnRecord(Decided):
    """What stands before either spawner. The composition root sets `gate`, and what the spawner itself names."""

    gate: ClassVar[Gate]

    @default("options_form")
    def _form_of_profiles(self) -> Callable[[Decided], str]:
        """A form even where there is one profile only: looking at a page starts nothing (SES-06)."""
        return lambda spawner: profile_form(spawner.offered()) or f"<p>{escape(spawner.offered()[0].label)}</p>"

    def _decide(self) -> Workspace:
        try:
            return super()._decide()
        except SpawnException as refused:
            self._record(refused)
            raise

    def _wish_from_form(self, form: dict[str, Any]) -> dict[str, str]:
        try:
            return super()._wish_from_form(form)
        except SpawnException as refused:
            self._record(refused)
            raise

    def _record(self, refused: SpawnException) -> None:
        """The gate records what it refuses; a wish that is none, and a workspace without a request, never reach it."""
        if refused.reason in _UNDECIDED:
            self.gate.refuse_wish(self.user.name.upper(), self.name.upper(), refused.reason)


class HubSpawner(WishesOnRecord, SandboxSpawner):
    """Sandboxes. The composition root sets what `SandboxSpawner` names: `policy`, `profiles`, `places`, `host`."""
