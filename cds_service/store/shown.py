"""
What a user was shown of a patient, and how the user answered: one question to the database, within a moment.

Cards wait for this answer, so a database that is away, hung or slow costs a call a fraction of a second, once in a
while, and no card.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from threading import Thread

from msgspec import Struct
from sqlalchemy import Engine, Row, Select, and_, select

from cds_service.breaker import Breaker
from cds_service.store.database import engine_of, reading
from cds_service.store.models import CardRow, EvaluationRow, FeedbackRow

LOG = logging.getLogger(__name__)
PATIENCE_SECONDS = 0.1
REST_SECONDS = 5.0
MOST_ROWS = 500
DATABASE = "database"


class Question(Struct, frozen=True):
    """Whether this user of this client was shown these pieces of advice on this patient in a span of time."""

    client: str
    patient_key: str
    user_key: str
    advice: tuple[str, ...]
    since: datetime
    until: datetime


class Showing(Struct, frozen=True):
    """
    A card that was shown, and one reaction to it if there was any; a card with several reactions is several showings.

    `reasoned`: the reaction names a reason or holds a comment.
    """

    advice: str
    hook: str
    instance: str
    at: datetime
    outcome: str = ""
    reasoned: bool = False
    reacted_at: datetime | None = None


class ShownLately:
    """
    Asks the database, at most `seconds` long, and after a failure not again for a while.

    `unanswered` counts the questions without an answer. Build it before a fork or after: it connects when first asked.
    """

    def __init__(self, url: str, clock: Callable[[], float], seconds: float = PATIENCE_SECONDS) -> None:
        self.unanswered = 0
        self._engine, self._seconds = reading(engine_of(url, seconds)), seconds
        self._breaker = Breaker(clock, most=1, rest=REST_SECONDS)

    def __call__(self, question: Question) -> Sequence[Showing] | None:
        """The newest showings; None if the database did not answer, which is logged and counted."""
        if not self._breaker.may_try(DATABASE):
            self.unanswered += 1
            return None
        try:
            found = self._ask(question)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the call must be answered
            self._breaker.failed(DATABASE)
            self.unanswered += 1
            LOG.warning("repeats not looked up, all is shown", extra={"fault": type(fault).__name__})
            return None
        self._breaker.succeeded(DATABASE)
        return found

    def close(self) -> None:
        """Close its connections."""
        self._engine.dispose()

    def _ask(self, question: Question) -> Sequence[Showing]:
        # A thread of its own: neither driver can be told to give up on a database that has stopped in the middle.
        # Not one of an executor, whose threads a process waits for as it ends. The pool bounds how many hang.
        answer: Future[Sequence[Showing]] = Future()
        Thread(target=_answer, args=(answer, self._engine, question), name="repeats", daemon=True).start()
        return answer.result(self._seconds)


def _answer(answer: Future[Sequence[Showing]], engine: Engine, question: Question) -> None:
    try:
        with engine.begin() as connection:
            found = [_showing(row) for row in connection.execute(_statement(question))]
    except Exception as fault:  # noqa: BLE001 - handed to the thread that asked
        answer.set_exception(fault)
    else:
        answer.set_result(found)


def _statement(question: Question) -> Select[str, str, str, datetime, str, bool, datetime]:
    card, call, said = CardRow, EvaluationRow, FeedbackRow
    # Feedback names a card and no user: it is the user's to whom the card was shown, if the same client sent it.
    reaction = and_(said.card == card.uuid, said.client == call.client)
    reason = (said.reason_code + said.reason_display + said.comment) != ""
    return (
        select(card.advice, call.hook, call.hook_instance, call.at, said.outcome, reason, said.at)
        .join(call, call.id == card.evaluation)
        .outerjoin(said, reaction)
        .where(call.patient_key == question.patient_key, call.at > question.since, call.at <= question.until)
        .where(call.user_key == question.user_key, call.client == question.client)
        .where(card.advice.in_(question.advice), card.held == "")
        .order_by(call.at.desc())
        .limit(MOST_ROWS)
    )


def _showing(row: Row[str, str, str, datetime, str, bool, datetime]) -> Showing:
    advice, hook, instance, at, outcome, reasoned, reacted_at = row
    return Showing(advice, hook, instance, at, outcome or "", bool(reasoned), reacted_at)
