"""The outermost layer: the real environment, clock, disk and database put together into a running application."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

from flask import Flask

from cds_service import __version__
from cds_service.app import create_app
from cds_service.clients import Client
from cds_service.clients_file import check_clients, leeway_of, load_clients
from cds_service.demo.patients import load_demo
from cds_service.errors import SettingsFault
from cds_service.fhir.fetching import Fetching, Limits
from cds_service.knowledge import Knowledge, load_knowledge, roots
from cds_service.metrics import Metrics
from cds_service.openapi import load_schemas, openapi_of
from cds_service.outbound import Outbound
from cds_service.publishing import published
from cds_service.recorder import recorder_of
from cds_service.repeats import RepeatsOnRecord, limits_of
from cds_service.settings import Settings
from cds_service.store.database import engine_of
from cds_service.store.drain import Drain
from cds_service.store.insights import Ledger
from cds_service.store.reach import Reach
from cds_service.store.shown import ShownLately
from cds_service.store.upkeep import DrainThread, Purge, Upkeep
from cds_service.tracing import tracing_to
from cds_service.trust.start import check_development, token_door
from cds_service.web.state import Door, Repeats, State, all_shown, anybody, nothing_fetched


def now() -> datetime:
    """The present instant."""
    return datetime.now(UTC)


def build(settings: Settings, metrics_dir: str = "") -> Flask:
    """
    The application over real parts; raises KnowledgeFault or SettingsFault rather than starting half.

    `metrics_dir` is the folder in which the processes of a server share their metrics.
    """
    check_development(settings)
    knowledge = load_knowledge(roots(settings.site_codes))
    if settings.protocol not in knowledge.protocols:
        raise SettingsFault(f"COBALAMIN_PROTOCOL: expected one of {', '.join(knowledge.protocols)}")
    description = openapi_of(settings.base_url, load_schemas(roots().fhir_profiles / "schemas"))
    recorder, definitions = recorder_of(settings), published(knowledge, roots(settings.site_codes))
    repeats, outbound = repeats_of(settings, knowledge), outbound_of(settings)
    fetching = fetching_of(settings, knowledge, outbound) if settings.fetch else nothing_fetched
    metrics = Metrics(__version__, knowledge.version, metrics_dir)
    clients = clients_of(settings, knowledge)
    here = State(
        settings,
        knowledge,
        recorder,
        now,
        description,
        definitions,
        door=door_of(settings, clients, outbound, metrics),
        fetching=fetching,
        repeats=repeats,
        metrics=metrics,
        tracing=tracing_to(settings.telemetry_url, __version__),
        reached=Reach(settings.database_url),
        ledger=Ledger(settings.database_url),
        demo=load_demo(roots().fhir_profiles / "demo") if settings.demo else None,
        smart=tuple(one for one in clients if one.smart_app),
    )
    return create_app(here)


def clients_of(settings: Settings, knowledge: Knowledge) -> tuple[Client, ...]:
    """The clients that the settings name, checked also against the knowledge; raises ClientsFault."""
    if not settings.clients:
        return ()
    path = Path(settings.clients)
    loaded = load_clients(path, leeway_of(settings))
    check_clients(path, loaded, knowledge)
    return tuple(loaded.values())


def door_of(settings: Settings, clients: Iterable[Client], outbound: Outbound, metrics: Metrics) -> Door:
    """Who may come in: with a file of clients those alone, by their tokens; without one, whoever can reach us."""
    if not settings.clients:
        return anybody
    return token_door(settings, clients, outbound.get, now, monotonic, metrics.unchecked.inc)


def outbound_of(settings: Settings) -> Outbound:
    """The one way out to FHIR servers and key sets; raises SettingsFault."""
    if settings.ca_bundle and not Path(settings.ca_bundle).is_file():
        raise SettingsFault("COBALAMIN_CA_BUNDLE: expected a file of certificates, got none")
    return Outbound(
        private_networks=settings.private_networks,
        most_bytes=settings.fetch_bytes,
        at_once=settings.fetch_threads,
        ca_bundle=settings.ca_bundle,
    )


def fetching_of(settings: Settings, knowledge: Knowledge, outbound: Outbound) -> Fetching:
    """The way to the FHIR servers of calls."""
    limits = Limits(settings.fetch_threads, settings.fetch_pages, settings.max_resources)
    return Fetching(outbound, limits, knowledge.matters)


def repeats_of(settings: Settings, knowledge: Knowledge) -> Repeats:
    """What holds repeats back; where it is switched off, or nobody can be known again, nothing does."""
    key = settings.pseudonym_key.get_secret_value()
    limits = limits_of(settings.repeat_hours, settings.mute_days)
    if settings.demo or not key or not (limits.repeat or limits.mute):
        return all_shown
    return RepeatsOnRecord(ShownLately(settings.database_url, monotonic), limits, knowledge.rules, key)


def start_drain(settings: Settings) -> DrainThread:
    """Begin, in a thread of its own, to drain the spool into the database and to remove from it what is too old."""
    engine, keep = engine_of(settings.database_url), timedelta(days=settings.retention_days)
    old = Purge(engine, settings.spool_dir, keep, now) if keep else None
    thread = DrainThread(Upkeep(engine, Drain(engine, settings.spool_dir), old), settings.drain_seconds)
    thread.start()
    return thread


def application(environ: Mapping[str, str]) -> Flask:
    """For WSGI servers that load an application by name: `cds_service.wsgi:application(os.environ)`."""
    return build(Settings.from_environ(environ))
