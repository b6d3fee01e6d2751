"""
How much one client may ask for: calls in a minute, calls at once, and wrong tokens from one address.

Counted in each worker for itself. More gets 429 and is told when to come back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import ceil
from threading import BoundedSemaphore, Lock
from time import monotonic

from flask import Flask, Response, g, request

from cds_service.clients import DEVELOPMENT, Client
from cds_service.errors import TooManyCalls, Unauthorized
from cds_service.settings import Settings
from cds_service.web.auth import admitted
from cds_service.web.replies import outcome
from cds_service.web.state import state
from cds_service.web.watch import watched

WRONG_TOKENS_PER_MINUTE = 60
AT_ONCE, PER_MINUTE, WRONG_TOKENS = "at once", "per minute", "wrong tokens"
ASKS = frozenset({"smart.story", "smart.calendar", "smart.resources"})
"""What the SMART app's page asks; nobody has to show a token for it, so it may never take the place of a call."""
ASKS_PER_MINUTE = 600
ASKS_SHARE = 4
"""For so many calls at once there is one place for the app."""
SOON = 1
"""Seconds after which one of the calls at once will have ended."""


MINUTE = 60.0
Tick = Callable[[], float]
"""A clock that only goes forward, in seconds."""


class PerMinute:
    """
    Allows each key `most` times within the running minute, which begins with the first key that comes.

    Ours, because the memory store of `limits`, which is the library for this, starts a thread at nearly every call.
    """

    def __init__(self, most: int, tick: Tick) -> None:
        self._most, self._tick, self._lock = most, tick, Lock()
        self._ends, self._counts = tick(), Counter[str]()

    def take(self, key: str) -> float:
        """Count `key` once more; 0 where that is allowed, else the seconds until it may come again."""
        now = self._tick()
        with self._lock:
            if now >= self._ends:
                self._ends, self._counts = now + MINUTE, Counter()
            self._counts[key] += 1
            return 0 if self._counts[key] <= self._most else self._ends - now


class Limits:
    """The counters of one application."""

    def __init__(self, settings: Settings, tick: Tick = monotonic) -> None:
        self._calls = PerMinute(settings.calls_per_minute, tick)
        self._wrong = PerMinute(WRONG_TOKENS_PER_MINUTE, tick)
        self._asks = PerMinute(ASKS_PER_MINUTE, tick)
        self._places = BoundedSemaphore(settings.calls_at_once)
        self._ask_places = BoundedSemaphore(max(1, settings.calls_at_once // ASKS_SHARE))

    def enter(self) -> None:
        """Before a call, feedback or a question of the SMART app; raises TooManyCalls and Unauthorized."""
        asks = request.endpoint in ASKS and request.method == "POST"
        if not (asks or watched()):
            return
        places = self._ask_places if asks else self._places
        if not places.acquire(blocking=False):
            raise TooManyCalls(AT_ONCE, SOON)
        g.place = places
        if asks:
            _take(self._asks, request.remote_addr or "", PER_MINUTE)
        else:
            _take(self._calls, _key(self._client()), PER_MINUTE)

    def leave(self, _: BaseException | None) -> None:
        """After every request, however it ended."""
        places: BoundedSemaphore | None = g.pop("place", default=None)
        if places is not None:
            places.release()

    def _client(self) -> Client:
        # A wrong token is looked at all the same: behind a proxy all clients have one address, and none of them is
        # to be locked out because another one, or an attacker, sends rubbish.
        try:
            return admitted()
        except Unauthorized as fault:
            state().metrics.token_refused(str(fault))
            _take(self._wrong, request.remote_addr or "", WRONG_TOKENS)
            raise


def install_limits(app: Flask, settings: Settings) -> None:
    """Refuse what is too much from here on."""
    limits = Limits(settings)
    app.before_request(limits.enter)
    app.teardown_request(limits.leave)
    app.register_error_handler(TooManyCalls, _later)


def _take(counted: PerMinute, key: str, limit: str) -> None:
    if seconds := counted.take(key):
        raise TooManyCalls(limit, max(SOON, ceil(seconds)))


def _key(client: Client) -> str:
    """Where nobody is checked, callers are told apart by their address."""
    return request.remote_addr or "" if client is DEVELOPMENT else client.id


def _later(fault: TooManyCalls) -> Response:
    state().metrics.limited.labels(fault.limit).inc()
    reply = outcome(429, "throttled", str(fault))
    reply.headers["Retry-After"] = str(fault.seconds)
    return reply
