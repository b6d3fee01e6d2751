"""The database: its engine and its migrations."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from time import monotonic, sleep

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry

MIGRATIONS = Path(__file__).parent / "migrations"
PATIENCE_SECONDS = 10
PRAGMAS = (
    f"PRAGMA busy_timeout = {PATIENCE_SECONDS * 1000}",
    "PRAGMA synchronous = FULL",  # a segment is deleted on the strength of a commit
    "PRAGMA foreign_keys = ON",
)


def engine_of(url: str) -> Engine:
    """Build an engine, and the folder of a SQLite file; connects to nothing. Open it after fork, one a process."""
    target = make_url(url)
    engine = create_engine(target, hide_parameters=True)  # errors must not carry patients' values
    if target.get_backend_name() == "sqlite":
        _create_folder(target)
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
    return engine


def reading(engine: Engine) -> Engine:
    """Give the same engine for transactions that only read: in SQLite they then wait for no writer."""
    return engine.execution_options(reads=True)


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the tables up to `revision`. Workers may all call this as they start: the first does it."""
    with engine.begin() as connection:
        command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the tables back to `revision`, and what they held with them."""
    with engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _create_folder(url: URL) -> None:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _set_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late: after the first read
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    _write_ahead(cursor)
    cursor.close()


def _write_ahead(cursor: DBAPICursor) -> None:
    # SQLite does not apply its busy timeout here, and workers that start on a new file all come at once.
    end = monotonic() + PATIENCE_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > end:
                raise
            sleep(0.005)
        else:
            return


def _begin(connection: Connection) -> None:
    # A transaction that reads before it writes must hold the write lock from its start, or it fails at
    # its first write when another wrote in between. It is also what makes `migrate` one at a time.
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
