"""What the endpoints of one application share; put there by create_app, and by nobody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from flask import Flask, current_app

from cds_service.answer import Fetch, no_fetch
from cds_service.clients import DEVELOPMENT, Client
from cds_service.hooks import Card, HookRequest
from cds_service.knowledge import Knowledge
from cds_service.publishing import Published
from cds_service.recorder import Recorder
from cds_service.settings import Settings

Clock = Callable[[], datetime]
Cards = tuple[Card, ...]
KEY = "cobalamin-cds"


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

    def __call__(
        self, request: HookRequest, client: Client, cards: tuple[Card, ...], now: datetime
    ) -> tuple[Card, ...]:
        """The cards that are to be shown."""
        ...


def anybody(authorization: str | None, path: str) -> Client:  # noqa: ARG001 - a Door
    """Development: nobody is checked."""
    return DEVELOPMENT


def nothing_fetched(request: HookRequest, client: Client, seconds: float) -> Fetch:  # noqa: ARG001 - a Fetching
    """Nothing is fetched, whatever is missing."""
    return no_fetch


def all_shown(request: HookRequest, client: Client, cards: Cards, now: datetime) -> Cards:  # noqa: ARG001 - a Repeats
    """Every card is shown, however often."""
    return cards


@dataclass(frozen=True, slots=True)
class State:
    """
    Settings, knowledge, recorder, the clock (it gives instants with a zone), and what is published of it all.

    `door`, `fetching` and `repeats` reach out of the process; as they stand here they do not.
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


def install(app: Flask, state: State) -> None:
    """Give the application its state."""
    app.extensions[KEY] = state


def state() -> State:
    """The state of the application that answers the current request."""
    found: State = current_app.extensions[KEY]
    return found
