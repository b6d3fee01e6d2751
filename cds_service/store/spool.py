"""The web worker's side of the store: one line appended to a local file, whatever the database does."""

from __future__ import annotations

import errno
import os
import threading
import weakref
from collections.abc import Callable
from pathlib import Path

from cds_service.errors import StoreUnavailable
from cds_service.store.room import Room
from cds_service.store.segment import Segment

SEGMENT_BYTES = 8 * 1024 * 1024
MOST_BYTES = 2_000_000_000
SEGMENTS_IN_MOST = 8
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Spool:
    """
    Appends lines to this process's own segment in `folder`.

    Lines survive the death of the process from the moment that an append returns; those of
    `append_safely` survive the death of the machine. Threads may share a spool. A forked child leaves
    its parent's segment alone and opens its own on its first append. Where all segments in the folder would
    take more than `most_bytes`, nothing is written. `lost` counts the lines that `append` could not write.
    """

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES, most_bytes: int = MOST_BYTES) -> None:
        self.lost = 0
        self.folder, self._limit = folder, min(segment_bytes, most_bytes // SEGMENTS_IN_MOST)
        self._room = Room(folder, most_bytes)
        self._lock = threading.Lock()
        self._segment: Segment | None = None
        # Weakly, because a hook at fork cannot be taken back.
        os.register_at_fork(after_in_child=_forgetting(weakref.ref(self)))

    def append(self, record: bytes) -> bool:
        """Append a line; False, and counted, where it could not be written. Never raises OSError."""
        with self._lock:
            try:
                self._write(record)
            except OSError:
                self.lost += 1
                return False
        return True

    def append_safely(self, record: bytes) -> None:
        """Append a line and return once it is on disk; raises StoreUnavailable."""
        try:
            with self._lock:
                segment = self._write(record)
                # A duplicate outlives a rotation by another thread; nobody waits for the disk under the lock.
                fd = os.dup(segment.fd)
            self._sync(segment, fd)
        except OSError as fault:
            raise StoreUnavailable(f"expected a line on disk, got {fault.strerror}") from fault

    def close(self) -> None:
        """Give the segment up to the drains; a later append opens another."""
        with self._lock:
            self._let_go()

    def _write(self, record: bytes) -> Segment:
        if not self._room.takes(len(record)):
            self._let_go()  # only a segment that nobody holds is deleted once it is drained
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        segment = self._segment
        if segment is None or segment.size >= self._limit:
            segment = self._turn()
        try:
            segment.write(record)
        except OSError as fault:
            if segment.torn or (segment.size and fault.errno in FULL):
                self._let_go()  # the next line must not continue this one; a full disk must become free once drained
            raise
        return segment

    def _turn(self) -> Segment:
        following = Segment.create(self.folder)  # first, so that a full disk leaves us the segment we have
        self._let_go()
        self._segment = following
        return following

    def _let_go(self) -> None:
        segment, self._segment = self._segment, None
        if segment is not None:
            segment.close()

    def _sync(self, segment: Segment, fd: int) -> None:
        try:
            segment.sync(fd)
        except OSError:
            # After a failed fsync the kernel may call lost pages clean: a later fsync would prove nothing.
            with self._lock:
                if self._segment is segment:
                    self._let_go()
            raise
        finally:
            os.close(fd)

    def _forget(self) -> None:
        # In a forked child: the lock may be held by a thread that is not here, and the segment is the parent's.
        self._lock = threading.Lock()
        self._let_go()


def _forgetting(spool: weakref.ref[Spool]) -> Callable[[], None]:
    def forget() -> None:
        if (living := spool()) is not None:
            living._forget()  # noqa: SLF001 this module's own

    return forget
