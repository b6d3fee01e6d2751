"""The command line for clients' tokens: say, locally, why one fails."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import BinaryIO

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from cds_service.asking import instant_of
from cds_service.clients_file import leeway_of, load_clients
from cds_service.settings import Settings
from cds_service.trust.audience import FEEDBACK, audiences_of
from cds_service.trust.claims import Moment
from cds_service.trust.door import Trusted, trusted
from cds_service.trust.explaining import Explanation, Point, explain
from cds_service.trust.key_sets import FETCH_SECONDS, KeySets
from cds_service.trust.token import MOST_CHARACTERS
from cds_service.web.services import SERVICES
from cds_service.wsgi import now, outbound_of

BEFORE = re.compile(r"^\s*(authorization\s*:)?\s*(bearer\s)?\s*", re.IGNORECASE)
MARKS = {True: ("yes", "green"), False: ("NO", "bold red"), None: ("not asked", "dim")}


@click.group()
def token() -> None:
    """The tokens that clients sign their calls with."""


@token.command(name="explain")
@click.argument("file", type=click.File("rb"))
@click.option("--clients", help="TOML file of clients; without it, as COBALAMIN_CLIENTS says.")
@click.option("--audience", default="", help="URL that was called; without it, any endpoint below COBALAMIN_BASE_URL.")
@click.option("--at", help="Instant to judge at (RFC 3339), such as that of the call; without it, now.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def explain_(file: BinaryIO, clients: str | None, audience: str, at: str | None, *, as_json: bool) -> None:
    """
    Say check by check why a client's token in FILE (- for standard input) fails, or that it holds.

    FILE may also hold the whole Authorization header. The token itself is not printed. The key sets of its client are
    fetched as the service would. Exit status 1 if a check fails.
    """
    settings = Settings.from_environ(os.environ, clients=clients)
    text = BEFORE.sub("", file.read(2 * MOST_CHARACTERS).decode("ascii", "replace"), count=1).strip()
    moment = Moment(_instant(at).timestamp(), audiences(audience, settings.base_url))
    found = explain(text, _trusted(settings), moment)
    if as_json:
        click.echo(msgspec.json.encode({"holds": found.holds, "checks": found.points, "says": found.says}))
    else:
        show(found, sorted(moment.audiences), Console())
    if not found.holds:
        raise click.exceptions.Exit(1)


def _instant(text: str | None) -> datetime:
    return instant_of(text) if text else now()


def _trusted(settings: Settings) -> Trusted:
    if not settings.clients:
        raise click.UsageError("expected a file of clients at --clients or COBALAMIN_CLIENTS, got none")
    listed = load_clients(Path(settings.clients), leeway_of(settings)).values()
    urls = {url for client in listed for url in client.jwks_urls}
    return trusted(listed, KeySets(urls, outbound_of(settings).get, monotonic, FETCH_SECONDS))


def audiences(called: str, base_url: str) -> frozenset[str]:
    """What `aud` may name; empty where neither an address nor a base is known. Raises UsageError for no URL."""
    if called:
        if not (found := audiences_of(called, "")):
            raise click.UsageError("expected an http(s) URL at --audience, got another")
        return found
    paths = [f"/cds-services/{name}" for name in SERVICES] if base_url else []
    return frozenset().union(*(audiences_of(base_url, path + tail) for path in paths for tail in ("", FEEDBACK)))


def show(found: Explanation, addresses: Iterable[str], console: Console) -> None:
    """Tables for people. Everything from the token is shown as text, never as markup."""
    says = Table("The token says", "", show_edge=False)
    for name, value in found.says.items():
        says.add_row(name, Text(value))
    checks = Table("Check", "Holds", "Expected", show_edge=False)
    for point in found.points:
        word, style = MARKS[point.holds]
        checks.add_row(point.check, Text(word, style), Text(_expected(point)))
    for table in (says, checks):
        console.print(table)
        console.print()
    failed = [point.check for point in found.points if point.holds is False]
    if "audience" in failed:
        console.print(Text("aud may be: " + ", ".join(addresses)))
    console.print(f"The token does not hold: {', '.join(failed)}." if failed else "The token holds.")


def _expected(point: Point) -> str:
    return point.said if point.holds is False else point.said.partition(", got")[0].removeprefix("expected ")
