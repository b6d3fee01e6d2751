"""
Tokens that were used already, known to all workers at once.

A small database of its own, so that this goes on while the main one is away: by default a SQLite file beside the
spool, for several hosts a PostgreSQL by URL. It holds digests and instants, and nothing that is not worthless within a
day: so it has no migrations, and SQLite need not wait for the disk. SQLAlchemy, because it speaks to both.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    LargeBinary,
    MetaData,
    Table,
    create_engine,
    delete,
    event,
    insert,
    make_url,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.schema import CreateIndex, CreateTable

from cds_service.errors import SettingsFault
from cds_service.store.database import DRIVERS, POSTGRESQL

LOG = logging.getLogger(__name__)
PURGE_EVERY = 256
REST_SECONDS = 5
PATIENCE_MS = 250
POSTGRESQL_WAITS = {"connect_timeout": 1, "options": f"-c statement_timeout={PATIENCE_MS}", "tcp_user_timeout": 2000}
SETTING = "COBALAMIN_REPLAY_URL"
USED = Table(
    "used_tokens",
    MetaData(),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
BY_EXPIRY = Index("used_tokens_until", USED.c.until)


class Replays:
    """
    Remembers tokens until they have expired. Safe between threads and processes; connects only once it is used.

    Where the database does not work, tokens pass unchecked and `unchecked` is called for each: missing advice harms a
    patient, while a stolen token needs broken TLS and is worth a few minutes. It is then left alone for REST_SECONDS.
    """

    def __init__(self, url: str, clock: Callable[[], float], unchecked: Callable[[], object]) -> None:
        self._clock, self._unchecked = clock, unchecked
        self._rests_until = float("-inf")
        self._engine = _engine_of(url)
        self._lock = threading.Lock()
        self._made, self._taken = False, 0

    def first_use(self, issuer: str, jti: str, until: float, now: float) -> bool:
        """Whether this token was not used before; it is from now on, until that instant (seconds since 1970)."""
        if self._clock() < self._rests_until:
            self._unchecked()
            return True
        try:
            return self._take(hashlib.sha256(f"{issuer}\0{jti}".encode()).digest(), until, now)
        except (SQLAlchemyError, OSError) as fault:
            self._unchecked()
            self._made, self._rests_until = False, self._clock() + REST_SECONDS
            LOG.error("replay store unavailable", extra={"fault": type(fault).__name__})  # noqa: TRY400 - a traceback would hold the digest
            return True

    def close(self) -> None:
        """Let go of every connection."""
        self._engine.dispose()

    def _take(self, digest: bytes, until: float, now: float) -> bool:
        self._make()
        with self._engine.connect() as connection:
            self._purge(connection, now)
            try:
                connection.execute(insert(USED).values(digest=digest, until=int(until) + 1))
            except IntegrityError:
                return False
        return True

    def _make(self) -> None:
        with self._lock:
            if self._made:
                return
            if self._engine.dialect.name == "sqlite" and (file := self._engine.url.database):
                Path(file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._engine.connect() as connection:
                for made in (CreateTable(USED, if_not_exists=True), CreateIndex(BY_EXPIRY, if_not_exists=True)):
                    # PostgreSQL says so if another worker makes it at the same time; the insert tells if nobody did.
                    with contextlib.suppress(IntegrityError, ProgrammingError):
                        connection.execute(made)
            self._made = True

    def _purge(self, connection: Connection, now: float) -> None:
        self._taken += 1
        if self._taken % PURGE_EVERY == 0:
            connection.execute(delete(USED).where(USED.c.until < now))


def _engine_of(url: str) -> Engine:
    """Every statement is its own transaction: that the insert succeeds is the check."""
    try:
        target = make_url(url)
        driver = DRIVERS.get(target.drivername, target.drivername)
        waits = POSTGRESQL_WAITS if driver == POSTGRESQL else {"timeout": PATIENCE_MS / 1000}
        engine = create_engine(
            target.set(drivername=driver),
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
            pool_pre_ping=True,
            max_overflow=-1,
            connect_args=waits,
        )
    except (ArgumentError, ModuleNotFoundError, ValueError) as fault:  # their messages repeat the URL
        raise SettingsFault(
            f"{SETTING}: expected an SQLAlchemy URL and its driver, got {type(fault).__name__}"
        ) from None
    if engine.dialect.name not in {"sqlite", "postgresql"}:
        raise SettingsFault(f"{SETTING}: expected sqlite:// or postgresql://, got another kind of database")
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
    return engine


def _set_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = OFF")  # lost with the power, it costs one token's second use
    # Busy while another worker does the same on a new file: then it is done, for the mode is the file's.
    with contextlib.suppress(sqlite3.OperationalError):
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.close()
