"""So many within a minute and no more, each key for itself."""

from __future__ import annotations

import threading
from itertools import chain

from cds_service.web.limits import PerMinute


class Hands:
    """A clock whose hands we move, in seconds."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_what_is_too_much_is_told_how_long_the_minute_lasts() -> None:
    hands = Hands()
    counted = PerMinute(2, hands)
    assert [counted.take("a"), counted.take("a")] == [0, 0]
    hands.at += 45
    assert counted.take("a") == 15


def test_each_key_counts_for_itself() -> None:
    counted = PerMinute(1, Hands())
    assert [counted.take("a"), counted.take("b")] == [0, 0]
    assert counted.take("a") > 0


def test_the_next_minute_begins_anew_and_forgets_every_key() -> None:
    hands = Hands()
    counted = PerMinute(1, hands)
    assert [counted.take("a") > 0, counted.take("a") > 0] == [False, True]
    hands.at += 59.9
    assert counted.take("a") > 0
    hands.at += 0.1
    assert counted.take("a") == 0
    assert counted.take("a") == 60


def test_threads_together_get_no_more_than_one_would() -> None:
    counted, taken = PerMinute(500, Hands()), [list[float]() for _ in range(4)]

    def take(mine: list[float]) -> None:
        mine.extend(counted.take("a") for _ in range(250))

    threads = [threading.Thread(target=take, args=(mine,)) for mine in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(seconds == 0 for seconds in chain.from_iterable(taken)) == 500
