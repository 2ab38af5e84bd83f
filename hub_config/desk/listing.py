"""Lists of pages: searched and cut into pages, with both in the address."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Query

# how an address names them
Words = Annotated[str, Query(max_length=200)]
Kind = Annotated[str, Query(max_length=40)]
Number = Annotated[int, Query(ge=1, le=1_000_000)]

T = TypeVar("T")
SIZE = 20


@dataclass(frozen=True)
class Listing(Generic[T]):
    """One page of a list, and where it stands in the whole."""

    items: Sequence[T]
    number: int
    pages: int
    total: int
    words: str


def listing(items: Sequence[T], words: str, number: int, text_of: Callable[[T], str]) -> Listing[T]:
    """Return the page `number` of the items whose text holds every one of `words`, whatever the case."""
    wanted = words.casefold().split()[:8]
    found = [item for item in items if all(word in text_of(item).casefold() for word in wanted)] if wanted else items
    pages = max(1, -(-len(found) // SIZE))
    number = min(max(1, number), pages)
    return Listing(found[(number - 1) * SIZE : number * SIZE], number, pages, len(found), words)
