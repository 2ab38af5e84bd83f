"""What lasts is said at its beginning and once a minute, not at each of two looks a second."""

import pytest

from spawner.warden.news import EVERY, News

pytestmark = pytest.mark.unit

AWAY = "cannot see what runs"


class Looks:
    """Half a second between two of them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.news = News(lambda: self.now)

    def said(self, number: int, trouble: str = AWAY) -> int:
        """How often a trouble is said that is met at so many looks in a row."""
        count = 0
        for _ in range(number):
            count += self.news.is_new(trouble)
            self.now += 0.5
        return count


def test_a_trouble_that_lasts_is_said_once_a_minute() -> None:
    """FLT-06: with the API away for three minutes, a line for each of them."""
    assert Looks().said(int(3 * EVERY / 0.5)) == 3


def test_each_trouble_is_said_for_itself() -> None:
    """FLT-04: one does not hide another."""
    looks = Looks()
    assert (looks.said(3), looks.said(3, "the proxy does not answer"), looks.said(3)) == (1, 1, 0)


def test_a_trouble_that_comes_back_is_a_new_one() -> None:
    """FLT-06: after it was seen to be over, and where nobody met it for a while."""
    looks = Looks()
    assert (looks.said(3), looks.news.is_over(AWAY), looks.news.is_over(AWAY), looks.said(3)) == (1, True, False, 1)
    looks.now += 30
    assert looks.said(3) == 1
