"""The database: SQLite or PostgreSQL by its URL, its engine and its migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from cds_service.errors import SettingsFault

MIGRATIONS = Path(__file__).parent / "migrations"
PATIENCE_SECONDS = 10
STATEMENT_SECONDS = 60
PRAGMAS = (
    "PRAGMA synchronous = FULL",  # a segment is deleted on the strength of a commit
    "PRAGMA foreign_keys = ON",
)
SETTING = "COBALAMIN_DATABASE_URL"
POSTGRESQL = "postgresql+psycopg"
DRIVERS = {"postgres": POSTGRESQL, "postgresql": POSTGRESQL, POSTGRESQL: POSTGRESQL}
MIGRATING = 0xB12
"""The number of the advisory lock under which one host at a time migrates a PostgreSQL database."""


def engine_of(url: str, patience_seconds: float = PATIENCE_SECONDS) -> Engine:
    """
    Build an engine, and the folder of a SQLite file; connects to nothing. Open it after fork, one a process.

    `patience_seconds` is how long it waits for a connection or a lock. Raises SettingsFault for another kind of
    database and for a driver that is not installed.
    """
    target = target_of(url)
    if target.drivername == POSTGRESQL:
        return _engine(target, connect_args=_postgresql_arguments(patience_seconds))
    _create_folder(target)
    engine = _engine(target, connect_args={"timeout": patience_seconds})
    event.listen(engine, "connect", _set_pragmas(patience_seconds))
    event.listen(engine, "begin", _begin)
    return engine


def reading(engine: Engine) -> Engine:
    """
    Give the same engine for transactions that only read, and that see one moment of the database throughout.

    SQLite does so of itself, and such a transaction waits for no writer there.
    """
    isolated = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    return engine.execution_options(reads=True, **isolated)


def migrate(engine: Engine, revision: str = "head") -> None:
    """
    Bring the tables up to `revision`. Workers and hosts may all call this as they start: the first does it.

    Raises SettingsFault for a database that a newer version of this service has made.
    """
    with engine.begin() as connection:
        _alone(connection)
        config = _config(connection)
        _check_known(connection, config)
        command.upgrade(config, revision)


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the tables back to `revision`, and what they held with them; raises SettingsFault as `migrate` does."""
    with engine.begin() as connection:
        _alone(connection)
        config = _config(connection)
        _check_known(connection, config)
        command.downgrade(config, revision)


def revision_of(connection: Connection) -> str:
    """The revision that the tables are at; "" for an empty database."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def newest_revision() -> str:
    """The revision that this version of the service works with."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head() or ""


def _check_known(connection: Connection, config: Config) -> None:
    revision = revision_of(connection)
    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    if revision and revision not in known:
        raise SettingsFault(
            f"{SETTING}: expected a database of revision {max(known)} or older, got revision {revision[:32]}: "
            "a newer version of this service has made it; start that version, or go back with its own `store downgrade`"
        )


def _alone(connection: Connection) -> None:
    """In PostgreSQL, take turns until the end of the transaction, however long the first needs."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def target_of(url: str) -> URL:
    """Read the URL of a database, with the driver that we use; raises SettingsFault, which does not repeat it."""
    try:
        target = make_url(url)
    except (ArgumentError, ValueError):  # their messages repeat the URL, and there may be a password in it
        raise SettingsFault(f"{SETTING}: expected an SQLAlchemy URL, got something else") from None
    if target.drivername in {"sqlite", "sqlite+pysqlite"}:
        return target
    if target.drivername not in DRIVERS:
        raise SettingsFault(f"{SETTING}: expected sqlite:// or postgresql://, got another kind of database")
    return target.set(drivername=DRIVERS[target.drivername])


def _engine(target: URL, connect_args: dict[str, object]) -> Engine:
    try:
        # Errors must not carry patients' values. The ping notices a server that was restarted in between.
        return create_engine(target, hide_parameters=True, pool_pre_ping=True, connect_args=connect_args)
    except (ModuleNotFoundError, NoSuchModuleError) as fault:
        raise SettingsFault(
            f"{SETTING}: expected the driver psycopg for PostgreSQL, got none; install cobalamin-cds[postgres]"
        ) from fault


def _postgresql_arguments(patience_seconds: float) -> dict[str, object]:
    """Nothing waits for ever on a server that is stuck, or gone without a word."""
    milliseconds = int(patience_seconds * 1000)
    statement = int(min(patience_seconds / PATIENCE_SECONDS, 1) * STATEMENT_SECONDS * 1000)
    return {
        "connect_timeout": max(1, round(patience_seconds)),
        "options": f"-c statement_timeout={statement} -c lock_timeout={milliseconds} -c timezone=UTC",
        "application_name": "cobalamin-cds",
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
    }


def _create_folder(url: URL) -> None:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def _set_pragmas(patience_seconds: float) -> Callable[[DBAPIConnection, ConnectionPoolEntry], None]:
    def set_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late: after the first read
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(pragma)
        _write_ahead(cursor, patience_seconds)
        cursor.close()

    return set_pragmas


def _write_ahead(cursor: DBAPICursor, patience_seconds: float) -> None:
    # SQLite does not apply its busy timeout here, and workers that start on a new file all come at once.
    end = monotonic() + patience_seconds
    while True:
        try:
            _set_journal(cursor)
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > end:
                raise
            sleep(0.005)
        else:
            return


def _set_journal(cursor: DBAPICursor) -> None:
    cursor.execute("PRAGMA page_count")
    if cursor.fetchone() == (0,):  # later it would do nothing, and a purge could not give room back
        cursor.execute("PRAGMA auto_vacuum = INCREMENTAL")
    cursor.execute("PRAGMA journal_mode = WAL")


def _begin(connection: Connection) -> None:
    # A transaction that reads before it writes must hold the write lock from its start, or it fails at
    # its first write when another wrote in between. It is also what makes `migrate` one at a time.
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
