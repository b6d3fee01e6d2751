"""
Calling out over HTTP, guarded: to FHIR servers and for key sets. Nothing else in the service calls out.

https only, no redirects, no cookies, no proxies or passwords from the environment; the address is judged after the
name is looked up and the connection goes to that very address, so that a name that changes its address gains nothing.
Bytes, depth and time of an answer are bounded, and a host that keeps failing is left alone for a while.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from itertools import accumulate
from typing import Any

import requests
import urllib3

from cds_service.addresses import origin_of
from cds_service.breaker import Breaker
from cds_service.errors import OutboundFault
from cds_service.outbound_connections import GuardedAdapter, RefusedAddress

DEEPEST = 100
"""Levels of JSON. FHIR in use has about a dozen."""
BLOCK = 1 << 16
BUSY, BROKEN, REDIRECTS = frozenset({429, 503}), 500, range(300, 400)
AWAY = frozenset({"timeout", "unreachable"})
MOST_WAITS, LEAST_WAIT, SHORTEST = 2, 0.05, 0.001
FORM = "application/x-www-form-urlencoded"
SECONDS = re.compile(r"[0-9]{1,6}")


class Outbound:
    """
    A pool of connections for one process. Safe between threads; opens nothing before the first call.

    `private_networks` opens loopback and private addresses and plain http (development). `ca_bundle` is a file of
    authorities to trust in place of the usual ones. `clock` and `sleep` count seconds.
    """

    def __init__(
        self,
        *,
        private_networks: bool,
        most_bytes: int,
        at_once: int,
        ca_bundle: str = "",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._private, self._most_bytes = private_networks, most_bytes
        self._clock, self._sleep = clock, sleep
        self._breaker = Breaker(clock)
        self._session = _session(GuardedAdapter(at_once, private_networks=private_networks), ca_bundle)

    def get(self, url: str, headers: Mapping[str, str], seconds: float) -> bytes:
        """
        The JSON at a URL, at most so many seconds from now (the looking up of a name may take longer).

        Raises OutboundFault.
        """
        return self._send(requests.Request("GET", url, headers=dict(headers)), seconds)

    def post_form(self, url: str, form: str, headers: Mapping[str, str], seconds: float) -> bytes:
        """The JSON that answers a form, itself already encoded; else as `get`."""
        sent = requests.Request("POST", url, headers={**headers, "Content-Type": FORM}, data=form)
        return self._send(sent, seconds)

    def close(self) -> None:
        """Let go of every connection."""
        self._session.close()

    def _send(self, request: requests.Request, seconds: float) -> bytes:
        """Again where a busy server asks to wait and there is time for it."""
        deadline, host = self._clock() + seconds, self._host_of(request.url)
        for _ in range(MOST_WAITS):
            try:
                return self._tried(request, host, deadline)
            except OutboundFault as fault:
                wait = max(fault.wait, LEAST_WAIT) if fault.wait is not None else seconds
                if self._clock() + wait >= deadline:
                    raise
            self._sleep(wait)
        return self._tried(request, host, deadline)

    def _host_of(self, url: str) -> str:
        path = url.partition("?")[0]
        host = origin_of(path)
        if not host or not (self._private or host.startswith("https:")):
            raise OutboundFault("refused-address")
        return host

    def _tried(self, request: requests.Request, host: str, deadline: float) -> bytes:
        if not self._breaker.may_try(host):
            raise OutboundFault("circuit-open")
        try:
            body = self._answered(request, deadline)
        except OutboundFault as fault:
            if fault.kind in AWAY or fault.status in BUSY or fault.status >= BROKEN:
                self._breaker.failed(host)
            else:
                self._breaker.succeeded(host)
            raise
        self._breaker.succeeded(host)
        return body

    def _answered(self, request: requests.Request, deadline: float) -> bytes:
        try:
            timeout = urllib3.Timeout(total=max(deadline - self._clock(), SHORTEST))
            prepared = self._session.prepare_request(request)
            options: dict[str, Any] = {"stream": True, "allow_redirects": False, "timeout": timeout}
            with self._session.send(prepared, **options) as response:
                return self._body_of(response, deadline)
        except RefusedAddress:
            raise OutboundFault("refused-address") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as fault:
            late = isinstance(fault, requests.Timeout) or self._clock() >= deadline
            raise OutboundFault("timeout" if late else "unreachable") from None

    def _body_of(self, response: requests.Response, deadline: float) -> bytes:
        status = response.status_code
        if status in REDIRECTS:
            raise OutboundFault("redirect", status)
        if status != requests.codes.ok:
            raise OutboundFault("status", status, wait_of(response.headers) if status in BUSY else None)
        if not _is_json(response.headers.get("Content-Type", "")):
            raise OutboundFault("not-json")
        return checked_depth(self._read(response, deadline))

    def _read(self, response: requests.Response, deadline: float) -> bytes:
        parts, size = [], 0
        for part in response.iter_content(BLOCK):
            parts.append(part)
            size += len(part)
            if size > self._most_bytes:
                raise OutboundFault("too-large")
            if self._clock() >= deadline:
                raise OutboundFault("timeout")
        return b"".join(parts)


class _Straight(requests.Session):
    """Follows no redirect, and does not read its body to find out where it would go."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere."""


def _session(adapter: GuardedAdapter, ca_bundle: str) -> requests.Session:
    """Nothing of the environment, and nothing that one answer could leave behind for the next call."""
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # it writes URLs, which name patients
    session = _Straight()
    session.trust_env = False
    session.verify = ca_bundle or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers["User-Agent"] = "cobalamin-cds"
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


def wait_of(headers: Mapping[str, str]) -> float | None:
    """Seconds that a busy server asks to wait, a date by that server's own clock; None where it asks nothing."""
    asked = headers.get("Retry-After", "").strip()
    if SECONDS.fullmatch(asked):
        return float(asked)
    until, now = _date(asked), _date(headers.get("Date", ""))
    return max((until - now).total_seconds(), 0.0) if until and now else None


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _is_json(content_type: str) -> bool:
    """`application/json+fhir` is what servers of older FHIR say."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind in {"application/json", "text/json", "application/json+fhir"} or kind.endswith("+json")


ALL_BUT_STRUCTURE = bytes(set(range(256)) - set(b'"[]{}'))
STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""Down one level, up one level, as signed bytes."""


def checked_depth(body: bytes) -> bytes:
    """The body; raises OutboundFault where it is nested deeper than DEEPEST, before anything recurses into it."""
    bare = re.sub(rb"\\.", b"", body, flags=re.DOTALL) if b"\\" in body else body
    quoted = bare.translate(None, ALL_BUT_STRUCTURE).replace(b'""', b"")
    steps = re.sub(rb'"[^"]*"?', b"", quoted).translate(STEPS)
    if max(accumulate(memoryview(steps).cast("b")), default=0) > DEEPEST:
        raise OutboundFault("too-large")
    return body
