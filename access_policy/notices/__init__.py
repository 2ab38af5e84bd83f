"""Who is told what, and when: notices as pure values, for an outbox that sends each key once (S37, S41, S45, S67).

`notices_from` answers a fact, `reminders` the clock. Nothing is sent here, and whether something was is not known here:
a key says the same for the same occasion every time, so that whoever sends can leave out what went out before.
"""

from access_policy.notices.base import Notice, NoticeKind
from access_policy.notices.occasions import notices_from
from access_policy.notices.reminders import reminders

__all__ = ["Notice", "NoticeKind", "notices_from", "reminders"]
