"""What is done behind the calls: the tables brought up to date, the spool moved into them, what is too old removed."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from cds_service.store.database import migrate
from cds_service.store.drain import Drain
from cds_service.store.purge import purge
from cds_service.store.segment import APPEND, try_lock

PURGED = "purged"
PURGE_SECONDS = 3600
BATCHES_A_ROUND = 20
LOG = logging.getLogger(__name__)


def migrate_if_there(engine: Engine) -> bool:
    """
    Bring the tables up to date; False, and a warning, if the database is away.

    Raises SettingsFault for a database of a newer version, and SQLAlchemyError for one that is none.
    """
    try:
        migrate(engine)
    except OperationalError as fault:
        LOG.warning("database away, records wait in the spool", extra={"fault": type(fault.orig).__name__})
        return False
    return True


class Purge:
    """
    Removes what is older than `keep`, once an hour and one process of a host at a time.

    A round does a bounded piece of the work, so that the spool does not wait for it.
    """

    def __init__(self, engine: Engine, folder: Path, keep: timedelta, clock: Callable[[], datetime]) -> None:
        self._engine, self._path, self._keep, self._clock = engine, folder / PURGED, keep, clock

    def purge_if_due(self) -> int:
        """Remove a piece, if it is time; the number of evaluations and feedback removed. Raises OSError too."""
        now = self._clock()
        if now.timestamp() - self._last() < PURGE_SECONDS:
            return 0
        fd = os.open(self._path, APPEND, 0o600)
        try:
            return self._purge(now) if try_lock(fd) else 0
        finally:
            os.close(fd)

    def _purge(self, now: datetime) -> int:
        batches = list(islice(purge(self._engine, now - self._keep), BATCHES_A_ROUND))
        done = len(batches) < BATCHES_A_ROUND
        instant = now.timestamp() if done else 0
        os.utime(self._path, (instant, instant))
        return sum(batches)

    def _last(self) -> float:
        try:
            return self._path.stat().st_mtime
        except FileNotFoundError:
            return 0


class Upkeep:
    """The chores of one process, in their order."""

    def __init__(self, engine: Engine, drain: Drain, old: Purge | None = None) -> None:
        self._engine, self._drain, self._old, self._migrated = engine, drain, old, False

    def __call__(self) -> None:
        """Do what there is to do now. Raises SettingsFault for a database of a newer version."""
        self._migrated = self._migrated or migrate_if_there(self._engine)
        if not self._migrated:
            return
        self._drain.drain_once()
        if self._old is None:
            return
        try:
            self._old.purge_if_due()
        except (OSError, SQLAlchemyError) as fault:
            LOG.warning("old rows not removed, will try again", extra={"fault": type(fault).__name__})


class DrainThread:
    """Does its chores behind the calls, every `interval_seconds`. Start it after fork: threads do not survive one."""

    def __init__(self, chores: Callable[[], object], interval_seconds: float) -> None:
        self._chores, self._interval = chores, interval_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="drain", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after one last round. Close the spool before, and its segment is moved and deleted."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._interval):
            self._round()
        self._round()

    def _round(self) -> None:
        try:
            self._chores()
        except Exception as fault:  # noqa: BLE001 - a thread that died unseen would fill the disk
            LOG.error("drain failed, will try again", extra={"fault": type(fault).__name__})  # noqa: TRY400 - a traceback holds values
