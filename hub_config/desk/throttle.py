"""How often strangers are listened to: so many an hour in all, since a stranger has no account to count by (REQ-14).

And how often one person is given what takes long to make. It counts in this process and forgets at its end; the core
has bounds of its own, which last.
"""

from collections import deque
from datetime import datetime, timedelta
from threading import Lock

MOST = 30
_WINDOW = timedelta(hours=1)


class Throttle:
    """Admits `most` in any hour. Safe to use from several threads."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._admitted: deque[datetime] = deque()
        self._lock = Lock()

    def admits(self, at: datetime) -> bool:
        """Say whether one more may come in at `at`, and count it if so. What is turned away is not counted."""
        with self._lock:
            while self._admitted and self._admitted[0] <= at - _WINDOW:
                self._admitted.popleft()
            if len(self._admitted) >= self._most:
                return False
            self._admitted.append(at)
            return True


class Throttles:
    """Admits each person `most` times in any hour. Safe to use from several threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._each: dict[str, Throttle] = {}
        self._lock = Lock()

    def admits(self, person: str, at: datetime) -> bool:
        """Say whether this person may come in once more at `at`, and count it if so."""
        with self._lock:
            mine = self._each.setdefault(person, Throttle(self._most))
        return mine.admits(at)
