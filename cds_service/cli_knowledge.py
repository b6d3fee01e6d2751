"""The command line for the owner of the rules: check, compare two versions, export."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import track

from cds_service import show
from cds_service.asking import instant_of
from cds_service.comparing import advice, advice_of_version, changes
from cds_service.knowledge import load_knowledge, roots
from cds_service.publishing import export, published
from cds_service.settings import PREFIX
from cds_service.wsgi import now

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
SITE = click.option(
    "--site",
    default="",
    envvar=f"{PREFIX}SITE_CODES",
    help="Your own folder of code sets; or as COBALAMIN_SITE_CODES says.",
)
AS_OF = "Instant to judge at (RFC 3339) where a request names none; without it, now."


@click.group()
def knowledge() -> None:
    """Protocols, code sets, card texts and rules."""


@knowledge.command()
@SITE
def check(site: str) -> None:
    """Load all knowledge and check it; a fault is named with file, line and key."""
    show.knowledge(load_knowledge(roots(site)), Console())


@knowledge.command(name="advice")
@click.argument("folder", type=FOLDER)
@click.option("--as-of", help=AS_OF)
@SITE
def advice_(folder: Path, as_of: str | None, site: str) -> None:
    """Print what every rule finds in the requests (*.json) in FOLDER under every protocol, a JSON line each."""
    files = track(_requests(folder), "records", console=Console(stderr=True), transient=True)
    for said in advice(files, load_knowledge(roots(site)), _instant(as_of)):
        click.echo(msgspec.json.encode(said))


@knowledge.command()
@click.argument("old", type=FOLDER)
@click.argument("new", type=FOLDER)
@click.option("--records", type=FOLDER, required=True, help="Folder of CDS Hooks requests (*.json) to run both over.")
@click.option("--as-of", help=AS_OF)
@click.option("--json", "as_json", is_flag=True, help="One JSON list of changes.")
def diff(old: Path, new: Path, records: Path, as_of: str | None, *, as_json: bool) -> None:
    """
    Print which patients' advice changes from version OLD to version NEW, and how.

    OLD and NEW are checkouts, or folders where the wheel is installed; both run as they are, rules included, and with
    the code sets that COBALAMIN_SITE_CODES names.
    """
    instant = _instant(as_of)
    versions = track((old, new), "versions", console=Console(stderr=True), transient=True)
    before, after = (advice_of_version(version, records, instant) for version in versions)
    found = changes(before, after)
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(found), indent=2, ensure_ascii=False))
    else:
        show.changes(found, len(_requests(records)), Console())


@knowledge.command(name="export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@SITE
def export_(folder: Path, site: str) -> None:
    """Write rules, regimens and code sets into FOLDER as FHIR PlanDefinition, ActivityDefinition and ValueSet."""
    definitions = published(load_knowledge(roots(site)), roots(site))
    total = sum(len(resources) for resources in definitions.values())
    written = list(
        track(export(definitions, folder), "writing", total=total, console=Console(stderr=True), transient=True)
    )
    click.echo(f"Wrote {len(written)} resources to {folder}.")


def _requests(folder: Path) -> list[Path]:
    found = sorted(folder.glob("*.json"))
    if not found:
        raise click.ClickException(f"expected CDS Hooks requests (*.json) in {folder}, got none")
    return found


def _instant(as_of: str | None) -> datetime:
    return instant_of(as_of) if as_of else now()
