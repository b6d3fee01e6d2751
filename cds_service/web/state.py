"""What the endpoints of one application share; put there by create_app, and by nobody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from flask import Flask, current_app

from cds_service.answer import Answer
from cds_service.clients import DEVELOPMENT, Client
from cds_service.demo.patients import Demo
from cds_service.fhir.fetching import Fetch, no_fetch
from cds_service.hooks import HookRequest
from cds_service.knowledge import Knowledge
from cds_service.metrics import Metrics
from cds_service.publishing import Published
from cds_service.recorder import Recorder
from cds_service.repeats import Shown
from cds_service.settings import Settings
from cds_service.store.depth import SpoolState, spool_state
from cds_service.store.insights import Ledger
from cds_service.tracing import NoTracing, Tracing

Clock = Callable[[], datetime]
KEY = "cobalamin-cds"
NOWHERE = "sqlite://"
"""A database in memory, without tables."""


class Door(Protocol):
    """Who may come in."""

    def __call__(self, authorization: str | None, path: str) -> Client:
        """The client that signed the Authorization header for this path; raises Unauthorized."""
        ...


class Fetching(Protocol):
    """A way to the FHIR server of one call."""

    def __call__(self, request: HookRequest, client: Client, seconds: float) -> Fetch:
        """What fetches for this call within so many seconds from now."""
        ...


class Repeats(Protocol):
    """What a user has seen already."""

    def __call__(self, request: HookRequest, client: Client, found: Answer, now: datetime) -> Shown:
        """The cards of an answer that are to be shown, and those that are held back."""
        ...


def anybody(authorization: str | None, path: str) -> Client:  # noqa: ARG001 - a Door
    """Development: nobody is checked."""
    return DEVELOPMENT


def nothing_fetched(request: HookRequest, client: Client, seconds: float) -> Fetch:  # noqa: ARG001 - a Fetching
    """Nothing is fetched, whatever is missing."""
    return no_fetch


def all_shown(request: HookRequest, client: Client, found: Answer, now: datetime) -> Shown:  # noqa: ARG001 - a Repeats
    """Every card is shown, however often."""
    return Shown(found.cards)


def in_reach() -> bool:
    """There is no database that could be away."""
    return True


@dataclass(frozen=True, slots=True)
class State:
    """
    Settings, knowledge, recorder, the clock (it gives instants with a zone), and what is published of it all.

    `door`, `fetching`, `repeats`, `tracing`, `reached` and `ledger` reach out of the process; as they stand here they
    do not.
    `demo` are the example patients, in demo mode; `smart` the clients whose users may open the SMART app.
    """

    settings: Settings
    knowledge: Knowledge
    recorder: Recorder
    clock: Clock
    openapi: Mapping[str, Any]
    published: Published
    door: Door = anybody
    fetching: Fetching = nothing_fetched
    repeats: Repeats = all_shown
    metrics: Metrics = field(default_factory=Metrics)
    tracing: Tracing = field(default_factory=NoTracing)
    reached: Callable[[], bool] = in_reach
    ledger: Ledger = field(default_factory=lambda: Ledger(NOWHERE))
    demo: Demo | None = None
    smart: tuple[Client, ...] = ()

    def waiting(self) -> SpoolState:
        """What waits in the spool for the database; raises OSError where it cannot be read."""
        return spool_state(self.settings.spool_dir, self.clock(), self.recorder.spool.lost)


def install(app: Flask, state: State) -> None:
    """Give the application its state."""
    app.extensions[KEY] = state


def state() -> State:
    """The state of the application that answers the current request."""
    found: State = current_app.extensions[KEY]
    return found
