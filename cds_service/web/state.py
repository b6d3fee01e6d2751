"""What the endpoints of one application share; put there by create_app, and by nobody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask, current_app

from cds_service.knowledge import Knowledge
from cds_service.publishing import Published
from cds_service.recorder import Recorder
from cds_service.settings import Settings

Clock = Callable[[], datetime]
KEY = "cobalamin-cds"


@dataclass(frozen=True, slots=True)
class State:
    """Settings, knowledge, recorder, the clock (it gives instants with a zone), and what is published of it all."""

    settings: Settings
    knowledge: Knowledge
    recorder: Recorder
    clock: Clock
    openapi: Mapping[str, Any]
    published: Published


def install(app: Flask, state: State) -> None:
    """Give the application its state."""
    app.extensions[KEY] = state


def state() -> State:
    """The state of the application that answers the current request."""
    found: State = current_app.extensions[KEY]
    return found
