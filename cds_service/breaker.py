"""
A circuit breaker for each host: one that keeps failing is left alone for a while.

Our own because it is short and takes its clock as an argument; the kept libraries read the wall clock themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock


class _Circuit:
    """Failures in a row of one host, and until when it is left alone."""

    def __init__(self) -> None:
        self.failures = 0
        self.shut_until = 0.0


class Breaker:
    """
    Counts failures in a row by host. After `most` of them nothing is sent for `rest` seconds, then one try at a time.

    `clock` gives seconds that never run backwards. Safe between threads.
    """

    def __init__(self, clock: Callable[[], float], most: int = 24, rest: float = 10.0, hosts: int = 1000) -> None:
        self._clock, self._most, self._rest, self._hosts = clock, most, rest, hosts
        self._circuits: dict[str, _Circuit] = {}
        self._lock = Lock()

    def may_try(self, host: str) -> bool:
        """Whether to call this host now. The one that is let through while others wait shuts the door behind it."""
        with self._lock:
            circuit = self._circuits.get(host)
            if circuit is None or circuit.failures < self._most:
                return True
            now = self._clock()
            if now < circuit.shut_until:
                return False
            circuit.shut_until = now + self._rest
            return True

    def succeeded(self, host: str) -> None:
        """The host answered."""
        with self._lock:
            self._circuits.pop(host, None)

    def failed(self, host: str) -> None:
        """The host did not answer, or was out of order."""
        with self._lock:
            if host not in self._circuits and len(self._circuits) >= self._hosts:
                self._circuits.pop(next(iter(self._circuits)))
            circuit = self._circuits.setdefault(host, _Circuit())
            circuit.failures += 1
            circuit.shut_until = self._clock() + self._rest
