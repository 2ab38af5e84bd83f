"""How the log says that it cannot do something: one line each, with what to do next. Decides nothing itself."""


class LogError(Exception):
    """What all errors of the log share. The text is one lower-case line that may be shown to an operator."""


class StaleState(LogError):
    """An append was decided on a state that is no longer the newest (POL-10); read the new facts and decide again."""

    def __init__(self, expected: int, newest: int) -> None:
        super().__init__(f"decided on fact `{expected}` but the log is at `{newest}`; read the new facts, decide again")
        self.expected = expected
        self.newest = newest


class LogUnavailable(LogError):
    """The database did not answer: locked, full, read-only or gone. Nothing was written (AUD-05)."""


class LogDamaged(LogUnavailable):
    """The database answers, but what it holds is no whole log: a table or a page is gone (AUD-01)."""


class LeaseLost(LogError):
    """Another process took the lease under which this one writes. Nothing was written (FLT-03)."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the lease `{name}` is another process's by now; nothing was written")


class UnreadableLog(LogError):
    """A row, a key or the database's form is not what this release can read. Decide nothing on it."""


class UnusableKeys(LogError):
    """The installation's key files are missing, damaged, or open to others."""


class LogBehind(LogError):
    """The log is shorter than or different from its newest checkpoint: nothing is decided (AUD-02)."""


class UntrustedCheckpoint(LogError):
    """A checkpoint file is no signed note of this log (AUD-03)."""


class KeyRetired(UntrustedCheckpoint):
    """The checkpoint key in hand was replaced by a rotation: it signs nothing any more (AUD-12)."""
