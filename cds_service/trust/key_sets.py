"""
Key sets that clients publish at a URL, kept in memory, and on disk for the workers to come.

A call that comes with a known key never waits: what is old is fetched anew behind it, and goes on to be used while the
client's host is down. A call with an unknown key waits a short time for one fetch, of which there is at most one at a
time and one in RETRY_SECONDS, whatever is sent to us.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping

import msgspec

from cds_service.errors import OutboundFault
from cds_service.trust.kept_keys import KeptKeys
from cds_service.trust.keys import Key, read_keys

LOG = logging.getLogger(__name__)
FRESH_SECONDS = 3600
STALE_SECONDS = 24 * 3600
"""After which keys that could not be fetched again are no longer trusted: a stolen one must end some day."""
RETRY_SECONDS = 30
FETCH_SECONDS = 5
WAIT_SECONDS = 1.0
MOST_BYTES = 1_000_000

ACCEPT = {"Accept": "application/jwk-set+json, application/json"}

FetchKeys = Callable[[str, Mapping[str, str], float], bytes]
"""The JSON at a URL, asked with these headers, within so many seconds; raises OutboundFault."""


class KeySet:
    """The keys at one URL. `clock` gives seconds that never run backwards. Safe between threads."""

    def __init__(
        self,
        url: str,
        fetch: FetchKeys,
        clock: Callable[[], float],
        wait: float = WAIT_SECONDS,
        kept: KeptKeys | None = None,
    ) -> None:
        self._url, self._fetch, self._clock, self._wait, self._kept = url, fetch, clock, wait, kept
        self._lock = threading.Lock()
        self._keys: tuple[Key, ...] = ()
        self._read_at = self._tried_at = float("-inf")
        self._under_way = threading.Event()
        self._under_way.set()

    def named(self, kid: str) -> tuple[Key, ...]:
        """The keys of that name; none if the set does not have it or could not be had in time."""
        found = self._known(kid)
        if found and self._clock() - self._read_at < FRESH_SECONDS:
            return found
        under_way = self.refresh()
        if not found:
            under_way.wait(self._wait)
            found = self._known(kid)
        return found

    def refresh(self) -> threading.Event:
        """Fetch the set behind the caller unless that is under way or was just done; set once it is finished."""
        with self._lock:
            if self._under_way.is_set() and self._clock() - self._tried_at >= RETRY_SECONDS:
                self._tried_at, self._under_way = self._clock(), threading.Event()
                threading.Thread(target=self._load, args=(self._under_way,), name="key-set", daemon=True).start()
            return self._under_way

    def recall(self) -> None:
        """Begin with the keys that another worker fetched, as old as they are."""
        found = self._kept.recall(self._url) if self._kept else None
        if found is None or self._keys:
            return
        body, age = found
        try:
            self._keys, self._read_at = _read(body), self._clock() - age
        except (OutboundFault, ValueError, RecursionError) as fault:
            LOG.warning("kept key set not read", extra={"fault": type(fault).__name__})

    def _known(self, kid: str) -> tuple[Key, ...]:
        if self._clock() - self._read_at >= STALE_SECONDS:
            return ()
        return tuple(key for key in self._keys if key.kid == kid)

    def _load(self, under_way: threading.Event) -> None:
        try:
            body = self._fetch(self._url, ACCEPT, FETCH_SECONDS)
            self._keys, self._read_at = _read(body), self._clock()
            if self._kept:
                self._kept.keep(self._url, body)
        except (OutboundFault, ValueError, RecursionError) as fault:
            kind = fault.kind if isinstance(fault, OutboundFault) else type(fault).__name__
            LOG.warning("key set not fetched", extra={"fault": kind, "where": self._url})
        finally:
            under_way.set()


def _read(body: bytes) -> tuple[Key, ...]:
    if len(body) > MOST_BYTES:
        raise OutboundFault("too-large")
    return read_keys(msgspec.json.decode(body))


class KeySets:
    """The key sets of all clients, by URL. Nothing is fetched but the URLs named here."""

    def __init__(
        self,
        urls: Iterable[str],
        fetch: FetchKeys,
        clock: Callable[[], float],
        wait: float = WAIT_SECONDS,
        kept: KeptKeys | None = None,
    ) -> None:
        self._sets: Mapping[str, KeySet] = {url: KeySet(url, fetch, clock, wait, kept) for url in urls}

    def named(self, urls: Iterable[str], kid: str) -> tuple[Key, ...]:
        """The keys of that name in the first of these sets that has it."""
        for url in urls:
            if found := self._sets[url].named(kid):
                return found
        return ()

    def warm(self) -> None:
        """Recall all sets, and fetch them anew behind the caller, so that the first call need not wait."""
        for one in self._sets.values():
            one.recall()
            one.refresh()
