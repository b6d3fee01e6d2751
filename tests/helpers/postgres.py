"""A real PostgreSQL for tests: one cluster for each session (or xdist worker), one database for each test."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine

from cds_service.store.database import engine_of, migrate

DEBIAN = Path("/usr/lib/postgresql")
OWNER = "postgres"
SECONDS = 60
OPTIONS = ("fsync=off", "full_page_writes=off", "listen_addresses=", "shared_buffers=16MB", "max_connections=50")


class Cluster:
    """A PostgreSQL of our own, on a Unix socket in its folder: no port that another could have taken."""

    def __init__(self, tools: Path, folder: Path) -> None:
        self.folder, self._tools, self.place = folder, tools, folder / "cluster"

    def create(self) -> None:
        """Make the cluster; without fsync a crash of the machine would spoil it, a crash of the server does not."""
        self._run("initdb", "-D", self.place, "-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        """Start, and return once it answers. After a kill the old one's children may need a moment to go."""
        options = " ".join(f"-c {option}" for option in (*OPTIONS, f"unix_socket_directories={self.folder}"))
        end = time.monotonic() + SECONDS
        while True:
            try:
                self._run("pg_ctl", "-D", self.place, "-l", self.folder / "log", "-o", options, "-w", "start")
            except subprocess.CalledProcessError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
            else:
                return

    def stop(self, mode: str = "immediate") -> None:
        """Stop; `immediate` ends it as a power cut would."""
        self._run("pg_ctl", "-D", self.place, "-m", mode, "-w", "stop")

    def kill(self) -> None:
        """Kill -9 of the server itself."""
        os.kill(int((self.place / "postmaster.pid").read_text("utf-8").split("\n", 1)[0]), signal.SIGKILL)

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stopped for as long as the block lasts, or until the block starts it."""
        self.stop("fast")
        try:
            yield
        finally:
            if not (self.place / "postmaster.pid").exists():
                self.start()

    def url(self, database: str) -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql://{OWNER}@/{database}?host={self.folder}"

    def query(self, statement: str) -> None:
        """Run one statement of an administrator."""
        with psycopg.connect(f"host={self.folder} user={OWNER} dbname=postgres", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload] # written here, from no input

    def command(self, tool: str, *arguments: object) -> list[str]:
        """A tool of PostgreSQL as its owner would call it."""
        as_owner = ("runuser", "-u", OWNER, "--") if os.geteuid() == 0 else ()
        return [*as_owner, str(self._tools / tool), *map(str, arguments)]

    def _run(self, tool: str, *arguments: object) -> None:
        # Not captured by pipes: a server that goes on would hold them open.
        with (self.folder / "tools.log").open("ab") as said:
            subprocess.run(
                self.command(tool, *arguments), check=True, stdout=said, stderr=said, cwd=self.folder, timeout=SECONDS
            )


def tools() -> Path | None:
    """The folder of initdb, or None."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return versions[-1].parent if versions else None


@contextmanager
def guarded(cluster: Cluster) -> Iterator[None]:
    """Stop the cluster and remove it at the end, also where this process is killed: a shell waits for that."""
    stop = shlex.join(cluster.command("pg_ctl", "-D", cluster.place, "-m", "immediate", "-w", "stop"))
    script = f"read -r _; {stop}; rm -rf {shlex.quote(str(cluster.folder))}"
    with subprocess.Popen(
        ["sh", "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    ) as guard:
        try:
            yield
        finally:
            guard.communicate(timeout=SECONDS)


@contextmanager
def running_cluster(found: Path) -> Iterator[Cluster]:
    """A running PostgreSQL made with these tools."""
    # Not below pytest's own folder: PostgreSQL refuses to run as root, and others may not look into that one.
    folder = Path(tempfile.mkdtemp(prefix="cds-postgres-", dir="/tmp"))
    if os.geteuid() == 0:
        shutil.chown(folder, OWNER)
    running = Cluster(found, folder)
    with guarded(running):
        running.create()
        running.start()
        yield running


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running PostgreSQL."""
    found = tools()
    if found is None:
        pytest.skip("PostgreSQL is not installed (no initdb)")
    with running_cluster(found) as running:
        yield running


@pytest.fixture
def postgres_url(cluster: Cluster) -> Iterator[str]:
    """The URL of an empty database."""
    name = f"test_{uuid4().hex}"
    cluster.query(f"CREATE DATABASE {name}")
    yield cluster.url(name)
    cluster.query(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of either kind: a test that asks for it runs twice."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/deep/er/store.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    """The engine of such a database, with our tables in it."""
    engine = engine_of(store_url)
    migrate(engine)
    yield engine
    engine.dispose()
