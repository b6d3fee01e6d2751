"""
How much one client may ask for: calls in a minute, calls at once, and wrong tokens from one address.

Counted in each worker for itself. More gets 429 and is told when to come back.
"""

from __future__ import annotations

import time
from math import ceil
from threading import BoundedSemaphore

from flask import Flask, Response, g, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

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


class Limits:
    """The counters of one application."""

    def __init__(self, settings: Settings) -> None:
        self._strategy = FixedWindowRateLimiter(MemoryStorage())
        self._calls = RateLimitItemPerMinute(settings.calls_per_minute, namespace="calls")
        self._wrong = RateLimitItemPerMinute(WRONG_TOKENS_PER_MINUTE, namespace="wrong-tokens")
        self._asks = RateLimitItemPerMinute(ASKS_PER_MINUTE, namespace="asks")
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
            self._take(self._asks, request.remote_addr or "", PER_MINUTE)
        else:
            self._take(self._calls, _key(self._client()), PER_MINUTE)

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
            self._take(self._wrong, request.remote_addr or "", WRONG_TOKENS)
            raise

    def _take(self, item: RateLimitItemPerMinute, key: str, limit: str) -> None:
        if not self._strategy.hit(item, key):
            until = self._strategy.get_window_stats(item, key).reset_time
            raise TooManyCalls(limit, max(SOON, ceil(until - time.time())))


def install_limits(app: Flask, settings: Settings) -> None:
    """Refuse what is too much from here on."""
    limits = Limits(settings)
    app.before_request(limits.enter)
    app.teardown_request(limits.leave)
    app.register_error_handler(TooManyCalls, _later)


def _key(client: Client) -> str:
    """Where nobody is checked, callers are told apart by their address."""
    return request.remote_addr or "" if client is DEVELOPMENT else client.id


def _later(fault: TooManyCalls) -> Response:
    state().metrics.limited.labels(fault.limit).inc()
    reply = outcome(429, "throttled", str(fault))
    reply.headers["Retry-After"] = str(fault.seconds)
    return reply
