"""The loop that empties the outbox: one notice at a time for all processes, each sent once or not at all (S37, S67).

A notice is claimed, its mail is made, and it is noted as handed over before the server is told to take it. Then:
the server took it, and that is written down with an observation; or it has not got it, and it is tried again; or it
will never take it; or it said nothing, and nobody sends it again by itself. Who dies at any point leaves one of these.
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import partial
from hashlib import sha256
from threading import Event, Thread

from jinja2 import TemplateError

from access_policy.actor import component
from access_policy.events import NoticeFailed, NoticeSent
from access_policy.log.errors import LogError, UnreadableLog
from access_policy.log.forms import is_known
from access_policy.log.outbox import Entry, Standing
from access_policy.log.records import Records
from access_policy.model.enums import Component
from access_policy.model.ids import PersonId, RequestId, is_person_id, is_request_id
from access_policy.use_cases import Policy
from hub_config.notices.collector import Collector
from hub_config.notices.letters import Origin, mail_of
from hub_config.notices.schedule import CLAIM, KEPT, LATEST, next_try
from hub_config.notices.smtp import Answer, Became, Envelope

_LOGGER = logging.getLogger("sluis.notices")
_DESK = component(Component.DESK)
_PAUSE = 2.0  # seconds between two looks at an outbox in which nothing is due
_STOP = 2.0  # seconds that a stop waits for a mail on its way; it is in the outbox, whatever becomes of it

Deliver = Callable[[Envelope, Callable[[], bool]], Answer]


class Why(StrEnum):
    """Why a notice is not sent, or not known to be."""

    REFUSED = "refused"
    GAVE_UP = "gave_up"
    TOO_LATE = "too_late"
    UNREADABLE = "unreadable"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class Post:
    """From whom mails are, and how one is delivered."""

    origin: Origin
    deliver: Deliver


@dataclass
class Loop:
    """Sends the notices of one installation; without `post` they stay in the outbox. One for the process."""

    policy: Policy
    collector: Collector
    post: Post | None
    _stop: Event = field(default_factory=Event)
    _owed: list[Callable[[], bool]] = field(default_factory=list)
    _trouble: str = ""

    def turn(self) -> bool:
        """Write down what the facts since tell of, then send one notice; say whether there was one. Raises LogError."""
        with self.policy.reading() as state:
            knows = is_known(NoticeSent.__name__, state.format)
        self.collector.write(self.policy)
        if not knows:
            return False
        self._settle_what_is_known()
        outbox, at = self.policy.records.outbox, self.policy.now()
        if self.post is None or not outbox.is_due(at):
            return False
        claimed = outbox.claim(at, at + CLAIM)
        if claimed is not None:
            self._send(claimed, self.post)
        return claimed is not None

    def run(self) -> None:
        """Send until `stop`. Nothing that goes wrong ends it: what was not written down is done again."""
        self._try(self._forget)
        while not self._stop.is_set():
            if not self._try(self.turn):
                self._stop.wait(_PAUSE)

    def stop(self) -> None:
        """End the loop after the notice that it is at."""
        self._stop.set()

    def _settle_what_is_known(self) -> None:
        """Write down what could not be written before, what others left behind, and what comes too late."""
        while self._owed:
            self._owed[0]()
            self._owed.pop(0)
        outbox, at = self.policy.records.outbox, self.policy.now()
        for one in outbox.left_behind(at):
            self._failed(one, Why.UNCERTAIN)
        for one in outbox.unsent_since(at - LATEST):
            self._failed(one, Why.TOO_LATE)

    def _forget(self) -> bool:
        return self.policy.records.outbox.forget(self.policy.now() - KEPT) > 0

    def _try(self, step: Callable[[], bool]) -> bool:
        try:
            done, trouble = step(), ""
        except LogError as error:
            done, trouble = False, str(error)
        except Exception as error:  # the edge of the thread
            done, trouble = False, f"{type(error).__name__}: {error}"
        if trouble not in ("", self._trouble):
            _LOGGER.error("no notice is sent now: %s", trouble)
        self._trouble = trouble
        return done

    def _send(self, claimed: Entry, post: Post) -> None:
        outbox = self.policy.records.outbox
        envelope = self._envelope(claimed, post)
        if envelope is None:
            self._failed(claimed, Why.UNREADABLE)
            return
        message = post.origin.message_id(claimed.id)

        def hand_over() -> bool:
            return outbox.hand_over(claimed, message, self.policy.now() + CLAIM)

        self._note(claimed, envelope, message, post.deliver(envelope, hand_over))

    def _envelope(self, claimed: Entry, post: Post) -> Envelope | None:
        """Return what goes to the server; None where the notice is damaged, or its owner's key is gone."""
        try:
            letter = self.policy.records.outbox.letter(claimed)
            if letter is None:
                return None
            mail = mail_of(letter, claimed.id, claimed.created, post.origin)
        except (UnreadableLog, ValueError, LookupError, TemplateError):
            return None
        return Envelope(post.origin.address, letter.address, mail.as_bytes())

    def _note(self, claimed: Entry, envelope: Envelope, message: str, answer: Answer) -> None:
        if answer.became is Became.TAKEN:
            sent = NoticeSent(
                notice=claimed.id, template=claimed.template, person=_person(claimed), request=_request(claimed),
                message=message, answer=answer.code, digest=sha256(envelope.mail).hexdigest(), tries=claimed.tries,
            )  # fmt: skip
            self._settled(claimed, Standing.SENT, sent)
        elif answer.became is Became.REFUSED:
            self._failed(claimed, Why.REFUSED, answer.code)
        elif answer.became is Became.UNCERTAIN:
            self._failed(claimed, Why.UNCERTAIN)
        elif answer.became is Became.NOT_TAKEN:
            self._later(claimed, answer)

    def _later(self, claimed: Entry, answer: Answer) -> None:
        due = next_try(claimed.tries, self.policy.now())
        if due is None:
            self._failed(claimed, Why.GAVE_UP, answer.code)
        elif self.policy.records.outbox.put_back(claimed, due, answer.code):
            told = (claimed.id, claimed.template, answer.code or answer.trouble, due.isoformat())
            _LOGGER.warning("notice `%s` (%s) was not taken (%s), it is tried again at %s", *told)

    def _failed(self, one: Entry, why: Why, code: int = 0) -> None:
        failed = NoticeFailed(
            notice=one.id, template=one.template, person=_person(one), request=_request(one), why=why, answer=code,
            tries=one.tries,
        )  # fmt: skip
        if self._settled(one, Standing.UNCERTAIN if why is Why.UNCERTAIN else Standing.FAILED, failed):
            _LOGGER.error("notice `%s` (%s, %s): %s; see `sluis notice list`", one.id, one.template, one.owner, why)

    def _settled(self, one: Entry, standing: Standing, event: NoticeSent | NoticeFailed) -> bool:
        """Write down what became of a notice, with the observation of it or not at all; False: it is not ours."""
        settle = partial(_settle, one, standing, self.policy.now(), event.answer)

        def write() -> bool:
            try:
                self.policy.observe(_DESK, event, settle)
            except _NotOurs:
                return False
            return True

        try:
            return write()
        except LogError:
            self._owed.append(write)
            raise


class _NotOurs(Exception):
    """Another sender has the notice by now, or it is gone."""


def _settle(one: Entry, standing: Standing, at: datetime, answer: int, records: Records) -> None:
    if not records.outbox.settle(one, standing, at, answer or None):
        raise _NotOurs
    records.outbox.forget(at - KEPT)


def _person(one: Entry) -> PersonId | None:
    return PersonId(one.owner) if is_person_id(one.owner) else None


def _request(one: Entry) -> RequestId | None:
    return RequestId(one.owner) if is_request_id(one.owner) else None


def collecting(policy: Policy) -> Collector:
    """Return what looks at every fact that this process takes in from now on. Raises LogError."""
    collector = Collector(policy.records.outbox.reached())
    policy.follow(collector.listen)
    return collector


@asynccontextmanager
async def sending(loop: Loop) -> AsyncIterator[None]:
    """Run the loop beside an application, in a thread that keeps nobody from ending."""
    thread = Thread(target=loop.run, name="notices", daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.stop()
        thread.join(_STOP)
