"""Long lists, a part at a time: `--limit` says how many, `--after` the id that the part before ended with."""

import argparse
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from access_policy.model.ids import is_person_id
from hub_config.cli.answers import quoted
from hub_config.cli.options import Parser

Thing = TypeVar("Thing")


class Page(NamedTuple, Generic[Thing]):
    """A part of a list, and how many follow it."""

    rows: list[Thing]
    more: int


def add_limit(parser: Parser, example: str) -> None:
    """Let a list of people be asked for in parts."""
    parser.add_argument("--limit", type=count, metavar="N", help="at most so many (all)")
    parser.add_argument("--after", type=_person, metavar="PERSON", help=f"only those after this one, such as {example}")


def page(found: Sequence[Thing], given: argparse.Namespace, number: Callable[[Thing], int]) -> Page[Thing]:
    """Return the part that was asked for of things in the order of their numbers."""
    first = 0 if given.after is None else given.after
    rest = [one for one in found if number(one) > first]
    rows = rest if given.limit is None else rest[: given.limit]
    return Page(rows, len(rest) - len(rows))


def count(text: str) -> int:
    """Return how many are wanted, for argparse."""
    if not (text.isascii() and text.isdecimal() and int(text[:6]) > 0 and len(text) <= 6):
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no number from 1 to 999999")
    return int(text)


def _person(text: str) -> int:
    if not is_person_id(text):
        raise argparse.ArgumentTypeError(f"{quoted(text)} is no id of a person such as `P-20`")
    return int(text.removeprefix("P-"))
