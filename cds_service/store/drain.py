"""
The database's side of the store: moves lines from the spool into the tables, each exactly once.

How far a segment has been moved is a row, written in the transaction that inserts what was moved, so
a crash anywhere leaves both or neither.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from cds_service.store.database import reading
from cds_service.store.depth import write_moved
from cds_service.store.lines import line_decoder
from cds_service.store.models import SpoolPosition
from cds_service.store.rows import insert_new, rows_of
from cds_service.store.segment import APPEND, REJECTED, segments, sync_folder, try_lock, write_whole

BATCH_BYTES = 1024 * 1024
LOCK = "drain.lock"
log = logging.getLogger(__name__)


class Drain:
    """
    Moves the segments of one spool folder into a database: this process's, other processes', dead ones'.

    `rejected` counts the lines that were no records and went to rejected.jsonl, `torn` the last lines
    that their writers did not live to finish, which are dropped.
    """

    def __init__(self, engine: Engine, spool_dir: Path, batch_bytes: int = BATCH_BYTES) -> None:
        self.rejected = self.torn = 0
        self._engine, self._folder, self._batch_bytes = engine, spool_dir, batch_bytes
        self._decoder = line_decoder()

    def drain_once(self) -> int:
        """
        Move every complete line that is there now; the number of lines that left the spool.

        0 if another drain is at work, here or in another process. A database that is away ends the
        round: the lines stay for the next one. Never raises OSError or SQLAlchemyError.
        """
        moved = 0
        try:
            with _sole(self._folder) as alone:
                for lines in self._batches() if alone else ():
                    moved += lines
        except (OSError, SQLAlchemyError) as fault:
            _say_later(fault)
        return moved

    def _batches(self) -> Iterator[int]:
        paths = segments(self._folder)
        known = self._positions() if paths else {}
        moved = {path.name: known.get(path.name, 0) for path in paths}
        try:
            for path in paths:
                yield from self._drain_path(path, moved)
        finally:
            write_moved(self._folder, moved)

    def _drain_path(self, path: Path, moved: dict[str, int]) -> Iterator[int]:
        try:
            with path.open("rb", buffering=self._batch_bytes) as file:
                yield from self._drain_segment(path, file, moved)
        except OSError as fault:
            _say_later(fault)  # one segment that cannot be read does not hold up the others

    def _drain_segment(self, path: Path, file: BinaryIO, moved: dict[str, int]) -> Iterator[int]:
        offset = moved[path.name]
        orphan = try_lock(file.fileno())  # before the end is looked for: nobody writes to it from here on
        end = os.fstat(file.fileno()).st_size
        while offset < end and (lines := self._lines_from(file, offset)):
            self._move(path.name, offset, lines)
            offset += sum(map(len, lines))
            moved[path.name] = offset
            yield len(lines)
        if orphan:
            self.torn += offset < end
            self._delete(path)
            del moved[path.name]

    def _lines_from(self, file: BinaryIO, offset: int) -> list[bytes]:
        """Complete lines. Each time from their start: the last may have been half written when it was read before."""
        file.seek(offset)
        return _complete(file.readlines(self._batch_bytes))

    def _move(self, segment: str, offset: int, lines: list[bytes]) -> None:
        try:
            self._transact(segment, offset, lines)
        except (DataError, IntegrityError):
            # The database is there and refuses a value. Halve until the one line is found that has it.
            half = len(lines) // 2
            if not half:
                self._transact(segment, offset, lines, refused=True)
                return
            self._move(segment, offset, lines[:half])
            self._move(segment, offset + sum(map(len, lines[:half])), lines[half:])

    def _transact(self, segment: str, offset: int, lines: list[bytes], *, refused: bool = False) -> None:
        rows = rows_of(() if refused else lines, self._decoder)
        rejected = lines if refused else rows.rejected
        with self._engine.begin() as connection:
            insert_new(connection, rows)
            _advance(connection, segment, offset + sum(map(len, lines)))
            # Last before the commit: while the database is away this must not be done at every try.
            self._reject(rejected)
        self.rejected += len(rejected)

    def _reject(self, lines: list[bytes]) -> None:
        if not lines:
            return
        fd = os.open(self._folder / REJECTED, APPEND, 0o600)
        try:
            write_whole(fd, b"".join(lines), os.fstat(fd).st_size)
            os.fsync(fd)
        finally:
            os.close(fd)
        log.error("%d lines of the spool are no records, see %s", len(lines), REJECTED)

    def _positions(self) -> dict[str, int]:
        with reading(self._engine).begin() as connection:
            rows = connection.execute(select(SpoolPosition.segment, SpoolPosition.offset))
            return {segment: offset for segment, offset in rows}  # noqa: C416 a Row is no pair to the type checker

    def _delete(self, path: Path) -> None:
        # The file first. A crash in between leaves a row that no segment will ever use again; the other
        # way round it would leave a segment without a position, to be moved a second time.
        path.unlink()
        sync_folder(self._folder)
        with self._engine.begin() as connection:
            connection.execute(delete(SpoolPosition).where(SpoolPosition.segment == path.name))


def _advance(connection: Connection, segment: str, offset: int) -> None:
    moved = update(SpoolPosition).where(SpoolPosition.segment == segment).values(offset=offset)
    if not connection.execute(moved).rowcount:
        connection.execute(insert(SpoolPosition).values(segment=segment, offset=offset))


def _complete(lines: list[bytes]) -> list[bytes]:
    """Leave out a last line that has no end: a living writer will finish it, a dead one never will."""
    return lines if not lines or lines[-1].endswith(b"\n") else lines[:-1]


def _say_later(fault: Exception) -> None:
    log.warning("spool not drained, will try again: %s", type(fault).__name__)  # a message may hold values


@contextmanager
def _sole(folder: Path) -> Iterator[bool]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(folder / LOCK, APPEND, 0o600)
    try:
        yield try_lock(fd)
    finally:
        os.close(fd)
