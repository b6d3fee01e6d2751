"""Reading back what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from cds_service.store.database import reading
from cds_service.store.models import CardRow, EvaluationRow, FeedbackRow


@dataclass(frozen=True, slots=True)
class KeptFeedback:
    """Feedback on a card; `rule` is the card's rule, None if the card is not here."""

    id: str
    at: datetime
    outcome: str
    reason_code: str
    comment: str
    rule: str | None


def feedback_of(engine: Engine, card: str) -> list[KeptFeedback]:
    """Give the feedback on one card, the oldest first."""
    feedback = FeedbackRow
    question = (
        select(feedback.id, feedback.at, feedback.outcome, feedback.reason_code, feedback.comment, CardRow.rule)
        .outerjoin(CardRow, CardRow.uuid == feedback.card)
        .where(feedback.card == card)
        .order_by(feedback.at, feedback.id)
    )
    with reading(engine).begin() as connection:
        return [KeptFeedback(*row) for row in connection.execute(question)]


def counts(engine: Engine) -> dict[str, int]:
    """Count the rows of each table that keeps something."""
    with reading(engine).begin() as connection:
        return {
            table.__tablename__: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in (EvaluationRow, CardRow, FeedbackRow)
        }
