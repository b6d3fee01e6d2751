"""One append-only file that its writer holds by flock for as long as the writer lives."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
import time
from pathlib import Path
from typing import Self
from uuid import uuid4

SUFFIX = ".jsonl"
REJECTED = "rejected.jsonl"
APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC


class Segment:
    """
    A segment open for writing, and locked.

    The lock belongs to the open file, not to the process: it falls when the file is closed or its
    writer dies, however it dies, and a drain of the same process sees it as any other does.
    """

    def __init__(self, path: Path, fd: int) -> None:
        self.path, self.fd, self.size, self.torn = path, fd, 0, False
        self._name_is_on_disk = False

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Create a segment in `folder`, which is created where missing; raises OSError."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            path = folder / f"{time.time_ns():020d}-{uuid4()}{SUFFIX}"
            fd = os.open(path, APPEND | os.O_EXCL, 0o600)
            if try_lock(fd) and os.fstat(fd).st_nlink:
                return cls(path, fd)
            # A drain met the file between creation and lock, took it for an orphan and deletes it.
            os.close(fd)

    def write(self, record: bytes) -> None:
        """Append all of `record` or, raising OSError, nothing; `torn` says that a part could not be cut off."""
        try:
            write_whole(self.fd, record, self.size)
        except OSError:
            self.torn = os.fstat(self.fd).st_size != self.size
            raise
        self.size += len(record)

    def sync(self, fd: int) -> None:
        """Return once everything written so far is on disk; `fd` is a duplicate of ours. Raises OSError."""
        os.fsync(fd)
        if not self._name_is_on_disk:
            sync_folder(self.path.parent)
            self._name_is_on_disk = True

    def close(self) -> None:
        """Let go of the file: from now on it is an orphan, complete, for a drain to move and delete."""
        os.close(self.fd)


def write_whole(fd: int, record: bytes, end: int) -> None:
    """
    Append `record` to a file of `end` bytes; on OSError cut off whatever part of it was written.

    A drain never reads the part that is cut off, because the newline is the record's last byte.
    """
    try:
        written = os.write(fd, record)
        while written < len(record):
            written += os.write(fd, record[written:])
    except OSError:
        os.ftruncate(fd, end)
        raise


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def segments(folder: Path) -> list[Path]:
    """
    List the segments, those begun first before the others: about the order in which the lines were written.

    The version before gave names without the time; its segments come first, by their last line.
    """
    found = (path for path in folder.glob(f"*{SUFFIX}") if path.name != REJECTED)
    return sorted(found, key=_begun)


def _begun(path: Path) -> tuple[int, str]:
    timed = path.name[: len(f"{0:020d}")].isdigit()
    return (sys.maxsize, path.name) if timed else (path.stat().st_mtime_ns, path.name)


def try_lock(fd: int) -> bool:
    """Take the file's lock unless another open file holds it."""
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False
