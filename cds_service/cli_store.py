"""The command line for the operator of the store: status, migrate, downgrade, purge, export."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, get_args

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from cds_service.errors import StoreUnavailable
from cds_service.settings import Settings
from cds_service.store.database import downgrade, engine_of, migrate, newest_revision, reading, revision_of
from cds_service.store.depth import spool_state, waiting_lines
from cds_service.store.export import Form, Span, count_rows, export
from cds_service.store.purge import count_before, purge
from cds_service.store.queries import counts
from cds_service.wsgi import now

FORMS = click.Choice(get_args(Form))
Advance = Callable[[int], None]


@click.group()
def store() -> None:
    """The database and the spool, as COBALAMIN_DATABASE_URL and COBALAMIN_SPOOL_DIR name them."""


@store.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def status(*, as_json: bool) -> None:
    """Print what is kept, what waits in the spool, and the revision of the tables."""
    settings = Settings.from_environ(os.environ)
    with _opened(settings) as engine:
        with reading(engine).begin() as connection:
            revision = revision_of(connection)
        kept = counts(engine) if revision else {}
    waiting = asdict(spool_state(settings.spool_dir, now())) | {"lines": waiting_lines(settings.spool_dir)}
    del waiting["lost"]  # a running worker's own count, which its metrics tell
    found = {"revision": revision, "expected": newest_revision(), "rows": kept, "spool": waiting}
    click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2) if as_json else _written(found))


def _written(found: Mapping[str, object], prefix: str = "") -> str:
    lines = []
    for name, value in found.items():
        if isinstance(value, Mapping):
            lines.append(_written(value, f"{prefix}{name} "))
        else:
            lines.append(f"{prefix}{name}: {value if value != '' else 'none'}")
    return "\n".join(filter(None, lines))


@store.command(name="migrate")
def migrate_() -> None:
    """Bring the tables up to date; `serve` does the same as it starts."""
    with _opened(Settings.from_environ(os.environ)) as engine:
        migrate(engine)
    click.echo(f"The tables are at revision {newest_revision()}.")


@store.command(name="downgrade")
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask.")
def downgrade_(revision: str, *, yes: bool) -> None:
    """Take the tables back to REVISION, before an older version of the service starts. Stop this one first."""
    if not yes:
        click.confirm(f"Everything that came after revision {revision} is removed. Go on?", abort=True)
    with _opened(Settings.from_environ(os.environ)) as engine:
        downgrade(engine, revision)
    click.echo(f"The tables are at revision {revision}.")


@store.command(name="purge")
@click.option("--days", type=click.IntRange(min=1), help="Keep this many days; without it, as the settings say.")
@click.option("--dry-run", is_flag=True, help="Only count what would go.")
def purge_(days: int | None, *, dry_run: bool) -> None:
    """Remove evaluations, their cards and feedback that are older than they are to be kept."""
    settings = Settings.from_environ(os.environ)
    keep = days or settings.retention_days
    if not keep:
        raise click.ClickException("expected --days, or COBALAMIN_RETENTION_DAYS above 0, got neither: all is kept")
    before = now() - timedelta(days=keep)
    with _opened(settings) as engine:
        old = count_before(engine, before)
        if not dry_run:
            with _progress("removing", old["evaluation"] + old["feedback"]) as advance:
                for gone in purge(engine, before):
                    advance(gone)
    words = ", ".join(f"{number} {name}" for name, number in old.items())
    click.echo(f"{'Would remove' if dry_run else 'Removed'} what came before {before:%Y-%m-%d %H:%M} UTC: {words}.")


class Instant(click.ParamType[datetime]):
    """A day, which begins at midnight in UTC, or an RFC 3339 instant."""

    name = "day"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read it."""
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail("expected a day such as 2026-01-31, or an RFC 3339 instant", param, ctx)
        return found if found.tzinfo else found.replace(tzinfo=UTC)


@store.command(name="export")
@click.argument("file", type=click.File("wb", lazy=True))
@click.option("--since", type=Instant(), help="Only what came then or later: a day (UTC) or an RFC 3339 instant.")
@click.option("--until", type=Instant(), help="Only what came before then.")
@click.option("--format", "form", type=FORMS, default="jsonl", show_default=True, help="The form of a line.")
@click.option("--table", type=click.Choice(["evaluation", "card", "feedback"]), help="Only this; CSV needs it.")
def export_(file: BinaryIO, since: datetime | None, until: datetime | None, form: Form, table: str | None) -> None:
    """Write what is kept into FILE (- for standard output), a row a line, the oldest first."""
    if form == "csv" and not table:
        raise click.UsageError("expected --table with --format csv, because one CSV file is one table")
    span = Span(since, until, (table,) if table else ("evaluation", "card", "feedback"))
    with _opened(Settings.from_environ(os.environ)) as engine, _progress("rows", count_rows(engine, span)) as advance:
        file.write(b"")  # opens the file, which is then there also without a row
        for lines, number in export(engine, span, form):
            file.write(lines)
            advance(number)


@contextmanager
def _opened(settings: Settings) -> Iterator[Engine]:
    """The database; one that is away, or without our tables, is told in a line."""
    engine = engine_of(settings.database_url)
    try:
        yield engine
    except SQLAlchemyError as fault:
        kind = type(getattr(fault, "orig", None) or fault).__name__
        raise StoreUnavailable(f"expected a database that answers at COBALAMIN_DATABASE_URL, got {kind}") from None
    finally:
        engine.dispose()


@contextmanager
def _progress(words: str, total: int) -> Iterator[Advance]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(words, total=total)
        yield lambda number: progress.advance(task, number)
