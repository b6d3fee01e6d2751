"""The command line: serve, evaluate, explain, knowledge check, openapi, health."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any, BinaryIO, TypedDict, Unpack

import click
import requests
from msgspec.structs import replace
from rich.console import Console

from cds_service import __version__, show
from cds_service.answer import Answer, answer
from cds_service.asking import asked_of, instant_of
from cds_service.cli_clients import clients
from cds_service.cli_knowledge import knowledge
from cds_service.cli_store import store
from cds_service.cli_token import token
from cds_service.clients import DEVELOPMENT
from cds_service.errors import CdsError, RequestError
from cds_service.hooks import HookRequest, HookResponse, read_request, write_response
from cds_service.knowledge import load_knowledge, roots
from cds_service.openapi import load_schemas, openapi_of
from cds_service.schemas import remarks_on
from cds_service.settings import PREFIX, Settings, settings_table
from cds_service.texts import LANGUAGE, LANGUAGES
from cds_service.wsgi import fetching_of, now, outbound_of

SECONDS_FOR_HEALTH = 3
SECONDS_TO_FETCH = 10
FETCH_HELP = "Ask the request's fhirServer for what it did not bring; COBALAMIN_PRIVATE_NETWORKS for a local one."


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
    command = click.option("--fetch", is_flag=True, help=FETCH_HELP)(command)
    command = click.option("--protocol", help="Protocol to judge by; before the request's own.")(command)
    command = click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGE, help="Of the cards.")(command)
    return click.argument("file", type=click.File("rb"))(command)


class Options(TypedDict):
    """How a request in a file is asked."""

    protocol: str | None
    as_of: str | None
    language: str
    fetch: bool


def _ask(file: BinaryIO, options: Options) -> tuple[bytes, HookRequest, Answer]:
    body = file.read()
    settings = Settings.from_environ(os.environ, demo=True)
    request, known = read_request(body), load_knowledge(roots(settings.site_codes))
    protocol, as_of, language = options["protocol"], options["as_of"], options["language"]
    if protocol is not None and protocol not in known.protocols:
        named = ", ".join(known.protocols)
        raise click.ClickException(f"expected one of {named}, got another protocol at --protocol")
    asked = asked_of(
        request, settings, known, now(), preferred=lambda offered: language if language in offered else None
    )
    asked = replace(asked, protocol_id=protocol or asked.protocol_id, as_of=instant_of(as_of) if as_of else asked.as_of)
    if not options["fetch"]:
        return body, request, answer(request, asked)
    with closing(outbound_of(settings)) as outbound, closing(fetching_of(settings, known, outbound)) as fetching:
        return body, request, answer(request, asked, fetching(request, DEVELOPMENT, SECONDS_TO_FETCH))


@main.command()
@_reads_request
@click.option("--json", "as_json", is_flag=True, help="The response as the service would send it.")
def evaluate(file: BinaryIO, *, as_json: bool, **options: Unpack[Options]) -> None:
    """Print the cards for a CDS Hooks request in FILE (- for standard input)."""
    _, _, found = _ask(file, options)
    if as_json:
        click.echo(json.dumps(json.loads(write_response(HookResponse(found.cards))), indent=2, ensure_ascii=False))
    else:
        show.cards(found.cards, Console())


@main.command()
@_reads_request
def explain(file: BinaryIO, **options: Unpack[Options]) -> None:
    """Print every rule's verdict for a request in FILE, the facts, and what was not read and why."""
    body, request, found = _ask(file, options)
    schemas = load_schemas(roots().fhir_profiles / "schemas")
    show.explanation(found, remarks_on(json.loads(body), schemas[f"request-{request.hook}"], schemas), Console())


main.add_command(knowledge)
main.add_command(store)
main.add_command(clients)
main.add_command(token)


@main.command()
def openapi() -> None:
    """Print the OpenAPI description of the service."""
    click.echo(json.dumps(openapi_of("", load_schemas(roots().fhir_profiles / "schemas")), indent=2))


@main.command()
@click.option("--url", default=None, help="Base URL of the service; without it, as the settings say.")
@click.option("--ready", is_flag=True, help="Ask whether it should be given calls, and print what it stands on.")
def health(url: str | None, *, ready: bool) -> None:
    """Ask a running service whether it answers; exit status 1 if not."""
    settings = Settings.from_environ(os.environ)
    base = url or f"http://127.0.0.1:{settings.port}"
    try:
        reply = requests.get(f"{base}/health/ready" if ready else f"{base}/health", timeout=SECONDS_FOR_HEALTH)
    except requests.RequestException as fault:
        raise click.ClickException(f"expected a healthy service at {base}, got {type(fault).__name__}") from None
    if not reply.ok:
        raise click.ClickException(f"expected a healthy service at {base}, got {reply.status_code} {reply.text}")
    click.echo(reply.text)
