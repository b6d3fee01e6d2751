"""gunicorn, made quiet: no banner, no words of a request in an answer or a log, and no thread held for ever."""

from __future__ import annotations

import logging
import socket
import struct
from collections.abc import Callable
from typing import Any

from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.http.wsgi import Response
from gunicorn.workers.gthread import ThreadWorker

LOG = logging.getLogger(__name__)
READ_SECONDS = 20
BAD, TOO_LONG, TOO_LARGE = (400, "Bad Request"), (414, "URI Too Long"), (431, "Request Header Fields Too Large")


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn ships no types
    """Threads; what is no HTTP is answered without repeating it."""

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: Exception) -> None:
        """Say what kind of fault it was, and no word of what was sent."""
        if not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        status, reason = _answer_to(exc)
        LOG.info("request is no HTTP", extra={"status": status, "fault": type(exc).__name__})
        util.write_error(client, status, reason, "")


class StandardLogger(Logger):  # type: ignore[misc] # as above
    """gunicorn's messages go where all others go, and there is no access log: a call has a line of its own."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn's settings
        """No handlers of its own."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True
        self.error_log.setLevel(self.LOG_LEVELS[cfg.loglevel])


def without_banner() -> None:
    """Leave out the Server header, which tells an attacker what to try; gunicorn has no setting for it."""
    headers: Callable[[Response], list[str]] = Response.default_headers

    def unnamed(self: Response) -> list[str]:
        return [line for line in headers(self) if not line.startswith("Server:")]

    Response.default_headers = unnamed


def bound_reads(listener: socket.socket) -> None:
    """
    A client that stops in the middle of a request gives its thread back after READ_SECONDS.

    gunicorn's threads read without a time limit. The kernel's is taken over by every connection of a listener.
    """
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", READ_SECONDS, 0))


def _answer_to(fault: ParseException) -> tuple[int, str]:
    if isinstance(fault, LimitRequestLine):
        return TOO_LONG
    return TOO_LARGE if isinstance(fault, LimitRequestHeaders) else BAD
