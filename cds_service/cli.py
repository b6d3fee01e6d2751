"""The command line: serve, evaluate, explain, knowledge check, openapi, health."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import click
import requests
from msgspec.structs import replace
from rich.console import Console

from cds_service import __version__, show
from cds_service.answer import Answer, answer
from cds_service.asking import asked_of, instant_of
from cds_service.cli_knowledge import knowledge
from cds_service.errors import CdsError, RequestError
from cds_service.hooks import HookRequest, HookResponse, read_request, write_response
from cds_service.knowledge import load_knowledge, roots
from cds_service.openapi import load_schemas, openapi_of
from cds_service.schemas import remarks_on
from cds_service.settings import PREFIX, Settings, settings_table
from cds_service.wsgi import now

SECONDS_FOR_HEALTH = 3


class Faults(click.Group):
    """Our own errors end a command with their message and without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own signature
        """Run the command."""
        try:
            return super().invoke(ctx)
        except RequestError as fault:
            raise click.ClickException(f"{fault} at {fault.path}") from None
        except CdsError as fault:
            raise click.ClickException(str(fault)) from None


@click.group(cls=Faults, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="cobalamin-cds")
def main() -> None:
    """Vitamin B12 decision support over CDS Hooks."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # each start checks the migrations, and would say so


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """One option for each setting, from the table of settings."""
    for variable, default, kind, text in reversed(list(settings_table())):
        name = variable.removeprefix(PREFIX).lower().replace("_", "-")
        form = f"--{name}/--no-{name}" if kind == "bool" else f"--{name}"
        option = click.option(form, default=None, help=f"{text} [{variable}; default {default or 'empty'}]")
        command = option(command)
    return command


@main.command()
@_with_settings
def serve(**given: object) -> None:
    """Answer hook calls. Every option can also be set in the environment, under the name in brackets."""
    from cds_service.server import run  # noqa: PLC0415 - gunicorn is needed by this command only

    run(Settings.from_environ(os.environ, **given))


def _reads_request(command: Callable[..., None]) -> Callable[..., None]:
    command = click.option("--as-of", help="Instant to judge at (RFC 3339); before the request's own.")(command)
    command = click.option("--protocol", help="Protocol to judge by; before the request's own.")(command)
    return click.argument("file", type=click.File("rb"))(command)


def _ask(file: BinaryIO, protocol: str | None, as_of: str | None) -> tuple[bytes, HookRequest, Answer]:
    body = file.read()
    settings = Settings.from_environ(os.environ, demo=True)
    request, known = read_request(body), load_knowledge(roots(settings.site_codes))
    if protocol is not None and protocol not in known.protocols:
        named = ", ".join(known.protocols)
        raise click.ClickException(f"expected one of {named}, got another protocol at --protocol")
    asked = asked_of(request, settings, known, now())
    asked = replace(asked, protocol_id=protocol or asked.protocol_id, as_of=instant_of(as_of) if as_of else asked.as_of)
    return body, request, answer(request, asked)


@main.command()
@_reads_request
@click.option("--json", "as_json", is_flag=True, help="The response as the service would send it.")
def evaluate(file: BinaryIO, protocol: str | None, as_of: str | None, *, as_json: bool) -> None:
    """Print the cards for a CDS Hooks request in FILE (- for standard input)."""
    _, _, found = _ask(file, protocol, as_of)
    if as_json:
        click.echo(json.dumps(json.loads(write_response(HookResponse(found.cards))), indent=2, ensure_ascii=False))
    else:
        show.cards(found.cards, Console())


@main.command()
@_reads_request
def explain(file: BinaryIO, protocol: str | None, as_of: str | None) -> None:
    """Print every rule's verdict for a request in FILE, the facts, and what was not read and why."""
    body, request, found = _ask(file, protocol, as_of)
    schemas = load_schemas(roots().fhir_profiles / "schemas")
    show.explanation(found, remarks_on(json.loads(body), schemas[f"request-{request.hook}"], schemas), Console())


main.add_command(knowledge)


@main.command()
def openapi() -> None:
    """Print the OpenAPI description of the service."""
    click.echo(json.dumps(openapi_of("", load_schemas(roots().fhir_profiles / "schemas")), indent=2))


@main.command()
@click.option("--url", default=None, help="Base URL of the service; without it, as the settings say.")
def health(url: str | None) -> None:
    """Ask a running service whether it answers; exit status 1 if not."""
    settings = Settings.from_environ(os.environ)
    base = url or f"http://127.0.0.1:{settings.port}"
    try:
        reply = requests.get(f"{base}/health", timeout=SECONDS_FOR_HEALTH)
        reply.raise_for_status()
    except requests.RequestException as fault:
        raise click.ClickException(f"expected a healthy service at {base}, got {type(fault).__name__}") from None
    click.echo(reply.text)
