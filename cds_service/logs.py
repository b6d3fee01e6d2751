"""
Logs: one JSON line on standard error for each event, and only fields that are named here.

Whatever logs, ours or a library, passes this one place. Our own messages are constant words with their values in
fields. A library's message may hold an address with a patient in it, so of those only the template is kept.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict as Event
from structlog.typing import Processor

OURS = "cds_service"
FIELDS = frozenset({
    "timestamp", "level", "logger", "event", "cards", "client", "count", "critical", "dropped", "fault", "hook",
    "info", "issuer", "items", "jti", "key", "knowledge", "lines", "ms", "outcome", "pid", "protocol", "reason",
    "rule", "seconds", "service", "status", "tenant", "trace_id", "warning", "where",
})  # fmt: skip
"""Every field that a line may have; a test holds the code to them."""
WORDS = 200
QUIET = {"alembic": logging.WARNING, "urllib3": logging.WARNING, "sqlalchemy": logging.WARNING}
"""Libraries that would say at each start or query what nobody asked for."""
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
WITHHELD = "(a library's words withheld)"
PLACE = re.compile(r"%(?:\(\w+\))?[-+ #0]*\d*(?:\.\d+)?[a-zA-Z]")


class AllowList:
    """Lets the fields of FIELDS pass; others are dropped, and their number is told in the line and counted here."""

    def __init__(self) -> None:
        self.dropped = 0
        self.tell: Callable[[int], None] = _nobody

    def __call__(self, logger: object, method: str, event: Event) -> Event:  # noqa: ARG002 - structlog's
        """The event with allowed fields only, each a number or a few words."""
        kept = {name: _plain(value) for name, value in event.items() if name in FIELDS}
        if missing := len(event) - len(kept):
            self.dropped += missing
            self.tell(missing)
            kept["dropped"] = missing
        return kept


def _nobody(_: int) -> None:
    """Until somebody counts too."""


class Lines(logging.StreamHandler[TextIO]):
    """Writes lines; where one cannot be written, says so without the record, whose arguments may hold values."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """One line lost."""
        fault = sys.exc_info()[0]
        with suppress(OSError, ValueError):  # nobody is left to tell
            sys.stderr.write(
                f'{{"event": "log line lost", "logger": "{record.name}", "fault": "{fault and fault.__name__}"}}\n'
            )


def configure(level: str, stream: TextIO | None = None, *, people: bool = False) -> AllowList:
    """
    Send every logger of this process through the allow-list to `stream` (standard error).

    `people`: coloured lines for a person at a terminal, instead of JSON.
    """
    allowed = AllowList()
    renderer = structlog.dev.ConsoleRenderer() if people else structlog.processors.JSONRenderer()
    stages: list[Processor] = [_without_record, allowed, renderer]
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _fault_only,
        _words,
    ]
    handler = Lines(stream or sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(processors=stages, foreign_pre_chain=first, use_get_message=False, pass_foreign_args=True)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LEVELS[level])
    for name, least in QUIET.items():
        logging.getLogger(name).setLevel(max(least, LEVELS[level]))
    logging.captureWarnings(capture=True)
    return allowed


def begin(**fields: str) -> None:
    """Fields for every line of this thread from here on; those of the call before are forgotten."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(**fields)


def end() -> None:
    """Forget the fields of this thread."""
    structlog.contextvars.clear_contextvars()


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)[:WORDS]


def _without_record(_: object, __: str, event: Event) -> Event:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return event


def _fault_only(_: object, __: str, event: Event) -> Event:
    """Of an exception its kind: its message and the locals of its frames may hold a patient."""
    found = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if isinstance(found, tuple) and found[0] is not None:
        event.setdefault("fault", found[0].__name__)
    return event


def _words(_: object, __: str, event: Event) -> Event:
    """Ours are filled in. Of a library's, what its authors wrote and numbers; what came filled in is withheld."""
    record, given = event["_record"], event.pop("positional_args", None) or ()
    if record.name.split(".")[0] == OURS:
        event["event"] = _filled(event["event"], given)
    else:
        event["where"] = f"{record.module}:{record.lineno}"
        event["event"] = _template(event["event"], given)
    return event


def _filled(template: str, given: object) -> str:
    try:
        return template % given if given else template
    except (TypeError, ValueError):
        return template


def _template(template: str, given: object) -> str:
    if not given:
        return WITHHELD
    numbers = iter(given if isinstance(given, tuple) else ())
    return PLACE.sub(lambda _: _number(next(numbers, None)), template)


def _number(value: object) -> str:
    return str(value) if isinstance(value, int | float) else "*"
