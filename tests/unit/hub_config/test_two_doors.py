"""Each door gets its routes whatever becomes of the other: one that hangs keeps no start waiting (NET-04)."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from hub_config.two_doors import TwoDoors
from tests.unit.hub_config import test_gated_proxy
from tests.unit.hub_config.test_gated_proxy import Gate, Proxy, routes

gate, user = test_gated_proxy.gate, test_gated_proxy.user


class Doors(TwoDoors, Proxy):
    """The public proxy over a table in memory, with one of the institute's that hangs or refuses."""

    institute_api = "http://institute"
    patience = 0.05


@pytest.fixture
def doors() -> Doors:
    made = Doors()
    made.institute = Proxy()
    return made


async def _hangs(path: str, method: str = "GET", body: Any = None) -> Any:
    await asyncio.Event().wait()


async def _refuses(path: str, method: str = "GET", body: Any = None) -> Any:
    raise ConnectionRefusedError


@pytest.mark.parametrize("trouble", [_hangs, _refuses])
def test_a_start_and_an_end_do_not_wait_for_the_other_door(
    gate: Gate, user: SimpleNamespace, doors: Doors, trouble: Any
) -> None:
    """NET-04, FLT-06: the public route comes and goes; the other gets what it missed with the next check."""
    doors.institute.api_request = trouble

    async def both() -> None:
        async with asyncio.timeout(10):
            await doors.add_user(user, "dr-1")
            assert "/user/p-3/dr-1" in routes(doors)
            await doors.delete_user(user, "dr-1")
            assert "/user/p-3/dr-1" not in routes(doors)

    asyncio.run(both())


def test_both_doors_get_an_open_route(gate: Gate, user: SimpleNamespace, doors: Doors) -> None:
    """S96: where nothing is wrong."""
    asyncio.run(doors.add_user(user, "dr-1"))
    assert "/user/p-3/dr-1" in routes(doors)
    assert "/user/p-3/dr-1" in routes(doors.institute)
