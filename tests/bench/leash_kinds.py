"""The kinds of endings: what takes the ground of a workspace, and what gives it back for the next one.

Each is a ground of S46, S72-S74, S76, S82, S94, REQ-10 or of the licence, taken by the product's own command, or the
clock that comes to an instant that was named before (POL-03).
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from access_policy.model.enums import TransferBasis
from access_policy.reasons import ReasonCode
from hub_config.bootstrap import present
from hub_config.demo.people import COURSE
from tests.bench.leash_rooms import ADMIN, INSIDE, REPRESENTATIVE, STEWARD, TRAINER, Room, Rooms

_R = ReasonCode


class Kind(NamedTuple):
    """One kind, with the reason that goes on record.

    `take` returns the instant (UTC) from which the ground is gone, `mend` gives it back.
    `prepare` comes before its workspace is started, where that has to know the instant from its start. `room` is the
    only one in which it can happen, where there is one.
    """

    name: str
    reason: ReasonCode
    take: Callable[[Rooms, Room], datetime]
    mend: Callable[[Rooms, Room], object]
    clock: bool = False
    prepare: Callable[[Rooms, Room], object] | None = None
    room: int | None = None


def _nothing(_rooms: Rooms, _room: Room) -> None:
    """Nothing has to be mended."""


def _bind(document: str) -> Callable[[Rooms, Room], datetime]:
    """Let a new version of a text bind: what was signed or accepted before counts no more."""

    def take(rooms: Rooms, _room: Room) -> datetime:
        return rooms.agree(
            ADMIN, "bind-document", document=document, version=secrets.token_hex(4), language="en", title="A new text",
            digest=secrets.token_hex(32),
        ).at  # fmt: skip

    return take


def _withdraw_consent(rooms: Rooms, room: Room) -> datetime:
    room.excluded = (*room.excluded, secrets.token_hex(32))
    return rooms.give(STEWARD, "record-consent-withdrawal", dataset=room.name, subject=room.excluded[-1]).at


def _release_anew(rooms: Rooms, room: Room) -> None:
    room.version += 1
    rooms.release(room)


def _offer_again(rooms: Rooms, room: Room) -> None:
    """Grants of before stay dead (REQ-10), so it takes a new request."""
    rooms.agree(STEWARD, "reopen-dataset", dataset=room.name)
    rooms.ask(room)


def _verify_for_a_while(rooms: Rooms, room: Room) -> None:
    rooms.give(ADMIN, "withdraw-verification", person=rooms.person(room.login), reason="to be done anew")
    room.ends = present() + rooms.ahead
    rooms.verify(room.login, room.ends)


def _ask_for_a_while(rooms: Rooms, room: Room) -> None:
    rooms.ask(room, present() + rooms.ahead)


KINDS = (
    Kind(
        "request ended",
        _R.REQUEST_ENDED,
        lambda rooms, room: rooms.give(REPRESENTATIVE, "end-request", request=room.request, reason="over").at,
        lambda rooms, room: rooms.ask(room),
    ),
    Kind(
        "licence replaced", _R.LICENCE_SUPERSEDED, _bind("licence-eea"), lambda rooms, room: rooms.sign(room),
        room=INSIDE,
    ),
    Kind(
        "certification revoked",
        _R.TRAINING_REVOKED,
        lambda rooms, room: rooms.give(
            TRAINER, "revoke-certification", person=rooms.person(room.login), course=COURSE, reason="a mistake"
        ).at,
        lambda rooms, room: rooms.certify(room),
    ),
    Kind(
        "second factor removed",
        _R.FACTOR_MISSING,
        lambda rooms, room: rooms.agree(ADMIN, "reset-factors", person=rooms.person(room.login)).at,
        lambda rooms, room: rooms.enrol(room.login),
    ),
    Kind(
        "person stopped",
        _R.PERSON_DISABLED,
        lambda rooms, room: rooms.give(ADMIN, "disable-person", person=rooms.person(room.login), reason="left").at,
        lambda rooms, room: rooms.give(ADMIN, "enable-person", person=rooms.person(room.login)),
    ),
    Kind("consent withdrawn", _R.DATASET_WITHDRAWN, _withdraw_consent, _release_anew),
    Kind(
        "agreement ended",
        _R.INSTITUTION_NOT_TRUSTED,
        lambda rooms, room: rooms.give(ADMIN, "end-agreement", institution=room.name).at,
        lambda rooms, room: rooms.trust(room),
    ),
    Kind(
        "ground of transfer gone",
        _R.TRANSFER_BASIS_MISSING,
        lambda rooms, room: rooms.base(room, TransferBasis.NONE).at,
        lambda rooms, room: rooms.base(room, TransferBasis.MODEL_CLAUSES),
    ),
    Kind(
        "dataset withdrawn",
        _R.DATASET_WITHDRAWN,
        lambda rooms, room: rooms.give(STEWARD, "withdraw-dataset", dataset=room.name, reason="a flaw").at,
        _offer_again,
    ),
    Kind(
        "verification over", _R.VERIFICATION_EXPIRED, lambda _, room: room.ends,
        lambda rooms, room: rooms.verify(room.login, rooms.day(700)),
        prepare=_verify_for_a_while,
        clock=True,
    ),
    Kind(
        "term over", _R.TERM_OVER, lambda _, room: room.ends, lambda rooms, room: rooms.ask(room), clock=True,
        prepare=_ask_for_a_while, room=INSIDE + 1,
    ),
)  # fmt: skip

ALL_AT_ONCE = Kind("all at once", _R.CONDUCT_NOT_ACCEPTED, _bind("code-of-conduct"), _nothing)
"""One fact that takes the ground of every workspace."""
