"""Connections that go only to allowed addresses, and answers that must be whole by a deadline: under `requests`."""

from __future__ import annotations

import io
import socket
from http.client import HTTPResponse
from time import monotonic
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from cds_service.addresses import may_connect

HOSTS, SHORTEST = 32, 0.001


class RefusedAddress(Exception):
    """The name stands for an address that may not be called; a fault of ours, and none of the network's."""


class _Timed(io.RawIOBase):
    """
    Reads from a socket up to one deadline for all reads together.

    A plain timeout begins anew with every read, and a server that sends a byte now and then would never meet it.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        super().__init__()
        self._sock, self._raw, self._deadline = sock, sock.makefile("rb", buffering=0), deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # noqa: ANN401 - any writable buffer
        left = self._deadline - monotonic()
        if left <= 0:
            raise TimeoutError("expected the answer before its deadline")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    """An answer whose head and body together have the time that the socket has as it begins."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as its base
        super().__init__(sock, *args, **options)
        left = sock.gettimeout()
        if left is not None:
            self.fp.close()
            self.fp = io.BufferedReader(_Timed(sock, monotonic() + left))


class _Guarded(HTTPConnection):
    """Looks the name up once, judges every address, and connects to one of those that were judged."""

    private_networks = False
    response_class = _TimedResponse

    def _new_conn(self) -> socket.socket:
        """In place of urllib3's own, which looks the name up by itself; called before TLS and before any byte."""
        found = self._looked_up()
        if not found or not all(may_connect(one, private_networks=self.private_networks) for one in found):
            raise RefusedAddress
        ends, fault = monotonic() + (self.timeout or 0), OSError("no address")
        for address in found:
            try:
                left = max(ends - monotonic(), SHORTEST)
                return create_connection((address, self.port), left, socket_options=self.socket_options)
            except OSError as failed:
                fault = failed
        if isinstance(fault, TimeoutError):
            raise ConnectTimeoutError(self, "expected a connection in time") from fault
        raise NewConnectionError(self, "expected a connection") from fault

    def _looked_up(self) -> tuple[str, ...]:
        try:
            rows = socket.getaddrinfo(self._dns_host.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as fault:
            raise NewConnectionError(self, "expected a name that can be looked up") from fault
        return tuple(dict.fromkeys(str(row[4][0]) for row in rows))


class _GuardedTLS(_Guarded, HTTPSConnection):
    """The same under TLS."""


class _Open(_Guarded):
    private_networks = True


class _OpenTLS(_Open, HTTPSConnection):
    """The same under TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Guarded


class _PoolTLS(HTTPSConnectionPool):
    ConnectionCls = _GuardedTLS


class _OpenPool(HTTPConnectionPool):
    ConnectionCls = _Open


class _OpenPoolTLS(HTTPSConnectionPool):
    ConnectionCls = _OpenTLS


class GuardedAdapter(HTTPAdapter):
    """What `requests` sends through: pooled connections of the guarded kind."""

    def __init__(self, at_once: int, *, private_networks: bool) -> None:
        super().__init__(pool_connections=HOSTS, pool_maxsize=at_once)
        pools = (_OpenPool, _OpenPoolTLS) if private_networks else (_Pool, _PoolTLS)
        self.poolmanager.pool_classes_by_scheme = dict(zip(("http", "https"), pools, strict=True))
