"""How much of the disk the spool may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cds_service.store.segment import segments

COUNT_SECONDS = 1.0


class Room:
    """
    The room for all segments in a folder, this process's and others'.

    They are counted anew at most once a second; in between what is written here is added. Several processes may so
    exceed `most_bytes` by what they write in a second. Threads must take turns.
    """

    def __init__(self, folder: Path, most_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._most, self._clock = folder, most_bytes, clock
        self._taken, self._counted_at = 0, float("-inf")

    def takes(self, size: int) -> bool:
        """Whether `size` more bytes fit; if so they count as written. Raises OSError."""
        now = self._clock()
        if now - self._counted_at >= COUNT_SECONDS:
            self._taken, self._counted_at = bytes_of(self._folder), now
        if self._taken + size > self._most:
            return False
        self._taken += size
        return True


def bytes_of(folder: Path) -> int:
    """The bytes of all segments in a folder, which may be missing."""
    total = 0
    for path in segments(folder):
        with suppress(FileNotFoundError):  # a drain has just deleted it
            total += path.stat().st_size
    return total
