"""A load of real HTTP calls from threads, every answer counted; to each card that is shown there is a reaction."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any, TypeGuard
from uuid import uuid4

import requests

from tests.helpers import wire

CALL = "/cds-services/b12-order-sign"
FEEDBACK = f"{CALL}/feedback"
THREADS = 4
SECONDS_TO_ANSWER = 60
"""An answer that takes longer counts as a hang: it is wrong."""
SECONDS_TO_ADVANCE = 90
PAUSE = 0.02
BUSY = frozenset({429, 503})
STRANGER = frozenset({401, 429})
"""How a token that does not hold is refused; many of them from one address in a minute are too many."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What one call says. `stranger`: it must not be answered."""

    body: Json
    headers: Callable[[str], dict[str, str]] = field(default=lambda _: {})
    stranger: bool = False


Ask = Callable[[int], Asked]


def slip(number: int) -> Asked:  # noqa: ARG001 - an Ask
    """An order of milligrams for micrograms, to which every answer has one critical card."""
    return Asked(wire.sign(wire.draft()))


@dataclass
class Tally:
    """
    What was sent, and what came back.

    `answered` are the uuids of the cards by hookInstance, `acknowledged` the cards of which feedback was acknowledged,
    `refused` counts by status or kind of fault, `wrong` are answers that must not be, in words.
    """

    sent: int = 0
    answered: dict[str, frozenset[str]] = field(default_factory=dict)
    acknowledged: set[str] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    feedback_refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Load:
    """Calls from THREADS clients at once. `url` may change while they are at it, as when a service starts anew."""

    def __init__(self, url: str, ask: Ask) -> None:
        self.url, self.tally = url, Tally()
        self._ask, self._numbers, self._lock = ask, count(), threading.Lock()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(THREADS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, after the calls under way were answered."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(SECONDS_TO_ADVANCE)

    def advance(self, calls: int) -> None:
        """Wait until so many more calls were sent and answered in one way or another."""
        self._wait(lambda: self.tally.sent, calls)

    def advance_answered(self, calls: int) -> None:
        """Wait until so many more calls were answered with cards."""
        self._wait(lambda: len(self.tally.answered), calls)

    def advance_acknowledged(self, items: int) -> None:
        """Wait until so many more pieces of feedback were acknowledged."""
        self._wait(lambda: len(self.tally.acknowledged), items)

    def advance_refused(self, items: int) -> None:
        """Wait until so many more pieces of feedback were refused."""
        self._wait(self.tally.feedback_refused.total, items)

    def _wait(self, reached: Callable[[], int], more: int) -> None:
        goal, end = reached() + more, time.monotonic() + SECONDS_TO_ADVANCE
        while reached() < goal:
            assert time.monotonic() < end, f"expected the load to go on, got {self.tally.wrong[-3:]}"
            time.sleep(0.01)

    def _run(self) -> None:
        waiting: list[str] = []
        with requests.Session() as session:
            while not self._stopping.is_set():
                waiting += self._call(session, self._ask(next(self._numbers)))
                waiting = [card for card in waiting if not self._react(session, card)]

    def _call(self, session: requests.Session, asked: Asked) -> frozenset[str]:
        """The cards that are to be reacted to."""
        instance = str(uuid4())
        reply = self._post(session, CALL, asked.body | {"hookInstance": instance}, asked)
        shown: frozenset[str] = frozenset()
        with self._lock:
            self.tally.sent += 1
            if _is_answer(reply) and not asked.stranger:
                shown = self._note_cards(instance, reply)
            else:
                self._note_refusal(reply, STRANGER if asked.stranger else BUSY, self.tally.refused)
        self._rest(reply)
        return shown

    def _note_cards(self, instance: str, reply: requests.Response) -> frozenset[str]:
        cards = reply.json()["cards"]
        if "dose_unit_mismatch" not in wire.topics(cards):
            self.tally.wrong.append(f"200 without its card, but {sorted(wire.topics(cards))}")
        shown = frozenset(card["uuid"] for card in cards)
        self.tally.answered[instance] = shown
        return shown

    def _react(self, session: requests.Session, card: str) -> bool:
        """Send feedback, as a client does that sends it again where it was not acknowledged."""
        item = wire.reaction(card=card, outcomeTimestamp=datetime(2026, 11, 20, tzinfo=UTC).isoformat())
        asked = self._ask(0)
        reply = self._post(session, FEEDBACK, {"feedback": [item]}, asked)
        with self._lock:
            if _is_answer(reply):
                self.tally.acknowledged.add(card)
            else:
                self._note_refusal(reply, BUSY, self.tally.feedback_refused)
        self._rest(reply)
        return _is_answer(reply)

    def _post(self, session: requests.Session, path: str, body: Json, asked: Asked) -> requests.Response | Exception:
        try:
            return session.post(self.url + path, json=body, headers=asked.headers(path), timeout=SECONDS_TO_ANSWER)
        except requests.RequestException as fault:
            return fault

    def _note_refusal(
        self, reply: requests.Response | Exception, expected: frozenset[int], counted: Counter[str]
    ) -> None:
        if isinstance(reply, Exception):
            gone = isinstance(reply, requests.ConnectionError | requests.exceptions.ChunkedEncodingError)
            counted[type(reply).__name__] += 1
            if not gone:
                self.tally.wrong.append(f"no answer: {type(reply).__name__}")
            return
        counted[str(reply.status_code)] += 1
        if reply.status_code not in expected or (reply.status_code in BUSY and "Retry-After" not in reply.headers):
            self.tally.wrong.append(f"status {reply.status_code}: {reply.text[:200]}")

    @staticmethod
    def _rest(reply: requests.Response | Exception) -> None:
        if not _is_answer(reply):
            time.sleep(PAUSE)


def _is_answer(reply: requests.Response | Exception) -> TypeGuard[requests.Response]:
    return isinstance(reply, requests.Response) and reply.status_code == requests.codes.ok


@contextmanager
def loading(url: str, ask: Ask = slip) -> Iterator[Load]:
    """A load that is under way; it ends with the block."""
    load = Load(url, ask)
    load.start()
    try:
        yield load
    finally:
        load.stop()
