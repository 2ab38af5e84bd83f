"""Where everything of one installation lies: the state folder and what is in it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The state folder's paths. Everything in it belongs to the user who runs Sluis."""

    state: Path

    @property
    def settings(self) -> Path:
        """The settings, `sluis.toml`."""
        return self.state / "sluis.toml"

    @property
    def log(self) -> Path:
        """The log's database."""
        return self.state / "log.sqlite"

    @property
    def keys(self) -> Path:
        """The installation's keys, 0600 each."""
        return self.state / "keys"

    @property
    def checkpoints(self) -> Path:
        """Signed checkpoints of the log."""
        return self.state / "checkpoints"

    @property
    def signed(self) -> Path:
        """The newest checkpoint of the facts that was signed from here (0600); in no backup."""
        return self.state / "signed.json"

    @property
    def homes(self) -> Path:
        """Homes, one for each person and request."""
        return self.state / "homes"

    @property
    def run(self) -> Path:
        """What runs now: one folder for each sandbox, gone after a stop."""
        return self.state / "run"

    @property
    def hub(self) -> Path:
        """JupyterHub's own database and secrets."""
        return self.state / "hub"

    @property
    def parts(self) -> Path:
        """What the parts of `sluis run` print."""
        return self.state / "parts"

    @property
    def endings(self) -> Path:
        """What the warden ended while the log was silent, until it is on record (0600)."""
        return self.state / "warden" / "endings.jsonl"

    @property
    def lock(self) -> Path:
        """Held by the one `sluis run` of this state."""
        return self.state / "running.lock"

    @property
    def running(self) -> Path:
        """Addresses and shared secrets of the parts that run now (0600)."""
        return self.state / "running.json"

    @property
    def anchor(self) -> Path:
        """When the running `sluis run` believed the wall clock last (0600)."""
        return self.state / "anchor.json"

    @property
    def demo(self) -> Path:
        """The demo's people with their second-factor secrets (0600); demo only."""
        return self.state / "demo.json"

    @property
    def documents(self) -> Path:
        """The published texts, each under its SHA-256; anybody may read them."""
        return self.state / "documents"

    def datasets(self, folder: str) -> Path:
        """The datasets' folder as the settings name it."""
        return self.state / folder
