"""The command line for the file of clients: check one, print an example to start from."""

from __future__ import annotations

import os
from pathlib import Path

import click
from rich.console import Console

from cds_service import show
from cds_service.clients_file import check_clients, leeway_of, load_clients
from cds_service.knowledge import load_knowledge, roots
from cds_service.settings import Settings

EXAMPLES = ("epic", "oracle", "sandbox", "inferno")


@click.group()
def clients() -> None:
    """The clients that may call the service."""


@clients.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """
    Check the file of clients in FILE as the service does when it starts, under the settings of the environment.

    A fault is named with line, key and what was expected.
    """
    settings = Settings.from_environ(os.environ)
    loaded = load_clients(file, leeway_of(settings))
    check_clients(file, loaded, load_knowledge(roots(settings.site_codes)))
    show.clients(loaded.values(), Console())


@clients.command()
@click.argument("name", type=click.Choice(EXAMPLES))
def example(name: str) -> None:
    """Print the example of NAME, to be filled in."""
    click.echo((roots().fhir_profiles / "clients" / f"{name}.toml").read_text("utf-8"), nl=False)
