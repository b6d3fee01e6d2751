"""Whether the database answers at all: one small question, within a moment."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Lock, Thread

from sqlalchemy import Engine, text

from cds_service.store.database import engine_of

SECONDS = 1.0


class Reach:
    """
    Asks the database, at most `seconds` long, in a thread of its own: no driver gives up on a server that hangs.

    While a question hangs no other is asked. Build it before a fork or after: it connects when first asked.
    """

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        self._url, self._seconds = url, seconds
        self._engine: Engine | None = None
        self._asking = Lock()

    def __call__(self) -> bool:
        """Whether it answered in time."""
        if not self._asking.acquire(timeout=self._seconds):
            return False
        answer: Future[bool] = Future()
        Thread(target=self._ask, args=(answer,), name="reach", daemon=True).start()
        try:
            return answer.result(self._seconds)
        except Exception:  # noqa: BLE001 - whatever the reason, it does not answer
            return False

    def close(self) -> None:
        """Close its connections."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.dispose()

    def _ask(self, answer: Future[bool]) -> None:
        try:
            self._engine = self._engine or engine_of(self._url, self._seconds)
            with self._engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except Exception as fault:  # noqa: BLE001 - handed to the thread that asked
            answer.set_exception(fault)
        else:
            answer.set_result(True)
        finally:
            self._asking.release()
