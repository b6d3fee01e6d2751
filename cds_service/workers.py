"""
gunicorn, made quiet and patient: no banner, no words of a request in an answer or a log, and no thread held for ever.

gunicorn gives a connection a thread as soon as it is there, and closes it in the one loop that everything passes. So
a few clients that send slowly, or nothing, would stop a worker. Here the loop itself gathers the head of a request,
a thread has a deadline for the rest, and nobody waits for a client that has its answer.
"""

from __future__ import annotations

import errno
import logging
import re
import selectors
import socket
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.http.body import Body
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.http.wsgi import Response
from gunicorn.workers.gthread import TConn, ThreadWorker

from cds_service.web.headers import HEADERS, NOTHING
from cds_service.web.replies import FHIR_JSON, outcome_of

LOG = logging.getLogger(__name__)
READ_SECONDS = 20
"""From its first moment for the head of a request, which holds no thread; and as long again for its body."""
ANSWER_SECONDS = 30
"""From the whole head until the answer is taken: the body, the longest call that can be set, and the way back."""
LINGER_SECONDS = 2
"""For the client to close after us: closing on what it still sends would destroy the answer on its way."""
HEAD_BYTES = 65_536
RECEIVE_BYTES = 65_536
HEAD_END = re.compile(rb"\n\r?\n")
"""Also where it is not as HTTP wants it: gunicorn then refuses it at once."""
BAD = 400, "Bad Request", "invalid", "expected HTTP/1.1, got something else"
TOO_LONG = 414, "URI Too Long", "too-long", "expected a shorter address"
TOO_LARGE = 431, "Request Header Fields Too Large", "too-long", "expected fewer and shorter header fields"
BROKEN = 500, "Internal Server Error", "exception", "expected to answer, failed inside the service"
Answer = tuple[int, str, str, str]


class Connection(socket.socket):
    """A client's; while `since` is set, reading and writing have to end READ_SECONDS and ANSWER_SECONDS after it."""

    since: float | None = None

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As ever; raises TimeoutError at the end of the time for reading."""
        if self.since is not None:
            self.settimeout(_left(self.since + READ_SECONDS))
        return super().recv(size, flags)

    def sendall(self, sent: Any, flags: int = 0) -> None:  # noqa: ANN401 - as socket's
        """As ever; at the end of the time for writing as if the client were gone, which gunicorn takes calmly."""
        try:
            if self.since is not None:
                self.settimeout(_left(self.since + ANSWER_SECONDS))
            super().sendall(sent, flags)
        except TimeoutError:
            LOG.info("answer not taken in time")
            raise BrokenPipeError(errno.EPIPE, "expected the client to take its answer in time") from None


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn ships no types
    """Threads for requests whose head is whole; what is no HTTP is answered without repeating it."""

    def enqueue_req(self, conn: TConn) -> None:
        """Where gunicorn would give a connection a thread: it waits for the head of a request without one."""
        if not conn.initialized:
            conn.sock = Connection(fileno=conn.sock.detach())
            conn.init()
            conn.data_ready = True
        conn.sock.settimeout(0)
        if HEAD_END.search(conn.parser.unreader.buf.getvalue()):  # it came with the request before
            super().enqueue_req(conn)
        else:
            self._await(conn, READ_SECONDS, self.on_pending_socket_readable)

    def on_pending_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Take what there is of the head; the thread then finds the whole of it in gunicorn's own buffer."""
        received, unreader = _received(client), conn.parser.unreader
        head = unreader.take_buffered() + (received or b"")
        unreader.unread(head)
        if received == b"":
            self._drop(conn)
        elif HEAD_END.search(head, max(0, len(head) - len(received or b"") - 3)):
            self._leave(conn)
            super().enqueue_req(conn)
        elif len(head) > HEAD_BYTES:
            self._leave(conn)
            self.handle_error(None, client, conn.client, LimitRequestHeaders("head"))
            self._linger(conn)

    def handle(self, conn: TConn) -> object:
        """Answer one request, within its time."""
        conn.sock.since = monotonic()
        try:
            return super().handle(conn)
        finally:
            conn.sock.since = None

    def finish_request(self, conn: TConn, fs: Future[object]) -> None:
        """Keep the connection, or close it without making the loop wait for the client."""
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            self._linger(conn)

    def murder_pending(self) -> None:
        """Close what has waited for too long."""
        now = monotonic()
        for conn in [one for one in self.pending_conns if one.timeout <= now]:
            self._drop(conn)

    def handle_error(self, req: object, client: socket.socket, addr: object, exc: Exception) -> None:  # noqa: ARG002 - as gunicorn calls it
        """Say what kind of fault it was, and no word of what was sent."""
        answer = _answer_to(exc)
        if isinstance(exc, ParseException):
            LOG.info("request is no HTTP", extra={"status": answer[0], "fault": type(exc).__name__})
        else:
            LOG.error("call failed", extra={"fault": type(exc).__name__})
        with suppress(OSError):  # it is gone
            client.sendall(_written(answer))

    def _await(self, conn: TConn, seconds: float, then: Callable[[TConn, socket.socket], None]) -> None:
        conn.timeout = monotonic() + seconds
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(then, conn))

    def _leave(self, conn: TConn) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)

    def _drop(self, conn: TConn) -> None:
        self._leave(conn)
        self._close(conn)

    def _close(self, conn: TConn) -> None:
        self.nr_conns -= 1
        conn.close()

    def _linger(self, conn: TConn) -> None:
        """Say that nothing more comes, and close when the client has, or after a while."""
        try:
            conn.sock.settimeout(0)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._close(conn)
        else:
            self._await(conn, LINGER_SECONDS, self._discard)

    def _discard(self, conn: TConn, client: socket.socket) -> None:
        if _received(client) == b"":
            self._drop(conn)


class StandardLogger(Logger):  # type: ignore[misc] # as above
    """gunicorn's messages go where all others go, and there is no access log: a call has a line of its own."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401 - gunicorn's settings
        """No handlers of its own."""
        self.cfg = cfg
        self._access_log_enabled = False
        self.error_log.propagate = True
        self.error_log.setLevel(self.LOG_LEVELS[cfg.loglevel])


def shape_answers() -> None:
    """
    Close the connection after a request whose body was not read; and leave out the Server header.

    gunicorn has no setting for either. It would read a refused request to its end, in a thread, to keep the
    connection; and the header tells an attacker what to try.
    """
    headers: Callable[[Response], list[str]] = Response.default_headers

    def shaped(self: Response) -> list[str]:
        if _is_unread(self.req.body):
            self.force_close()
        return [line for line in headers(self) if not line.startswith("Server:")]

    Response.default_headers = shaped


def _is_unread(body: Body) -> bool:
    """A reader counts down a length that was announced, and lets go of its parser after the last chunk."""
    reader = body.reader
    return bool(body.failed or getattr(reader, "length", 0) or getattr(reader, "parser", None))


def _left(until: float) -> float:
    """The seconds until then; raises TimeoutError."""
    if (left := until - monotonic()) <= 0:
        raise TimeoutError("expected the client to be quicker")
    return left


def _received(client: socket.socket) -> bytes | None:
    """What has come; nothing at its end, None if there is nothing yet."""
    try:
        return client.recv(RECEIVE_BYTES)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _answer_to(fault: Exception) -> Answer:
    if isinstance(fault, LimitRequestLine):
        return TOO_LONG
    if isinstance(fault, LimitRequestHeaders):
        return TOO_LARGE
    return BAD if isinstance(fault, ParseException) else BROKEN


def _written(answer: Answer) -> bytes:
    status, reason, issue, diagnostics = answer
    body = outcome_of(issue, diagnostics)
    fields = {**HEADERS, "Content-Security-Policy": NOTHING, "Connection": "close"}
    fields |= {"Content-Type": FHIR_JSON, "Content-Length": str(len(body))}
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
