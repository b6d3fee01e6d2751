"""The outermost layer: the real environment, clock, disk and database put together into a running application."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import Flask

from cds_service.app import create_app
from cds_service.errors import SettingsFault
from cds_service.knowledge import load_knowledge, roots
from cds_service.openapi import load_schemas, openapi_of
from cds_service.publishing import published
from cds_service.recorder import Recorder
from cds_service.settings import Settings
from cds_service.store.database import engine_of, migrate
from cds_service.store.drain import Drain, DrainThread
from cds_service.store.spool import Spool
from cds_service.web.state import State


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def build(settings: Settings) -> Flask:
    """The application over real parts; raises KnowledgeFault or SettingsFault rather than starting half."""
    knowledge = load_knowledge(roots(settings.site_codes))
    if settings.protocol not in knowledge.protocols:
        raise SettingsFault(f"COBALAMIN_PROTOCOL: expected one of {', '.join(knowledge.protocols)}")
    description = openapi_of(settings.base_url, load_schemas(roots().fhir_profiles / "schemas"))
    recorder, definitions = Recorder(Spool(settings.spool_dir)), published(knowledge, roots())
    return create_app(State(settings, knowledge, recorder, now, description, definitions))


def start_drain(settings: Settings) -> DrainThread:
    """Bring the database up to date and begin to drain the spool into it, in a thread of its own."""
    engine = engine_of(settings.database_url)
    migrate(engine)
    thread = DrainThread(Drain(engine, settings.spool_dir), settings.drain_seconds)
    thread.start()
    return thread


def application(environ: Mapping[str, str]) -> Flask:
    """For WSGI servers that load an application by name: `cds_service.wsgi:application(os.environ)`."""
    return build(Settings.from_environ(environ))
