"""One at a time: whoever makes or runs an installation holds the lock in its state folder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from hub_config.bootstrap import StateProblem
from hub_config.places import Places


@contextmanager
def only_one(places: Places) -> Iterator[None]:
    """Hold the lock; the kernel gives it back whatever happens. Raises StateProblem where another process has it."""
    try:
        places.state.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = places.lock.open("a")
    except OSError as error:
        raise StateProblem(f"`{error.filename}` cannot be used ({error.strerror}); choose another --state") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateProblem(f"Sluis runs already for `{places.state}`; end that one first (Ctrl-C)") from None
        yield
