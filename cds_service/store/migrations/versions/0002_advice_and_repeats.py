"""What holds back repeats and explains a fetched answer: pseudonyms, fingerprints of advice, held cards, fetches."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PATIENT = "ix_evaluation_patient_key_at"


def upgrade() -> None:
    # Only columns with constant defaults: SQLite adds them in place. To make a table anew, as it must for others,
    # would drop it while rows of another refer to it.
    op.add_column("evaluation", _text("patient_key", sa.String(32), ""))
    op.add_column("evaluation", _text("user_key", sa.String(32), ""))
    op.add_column("evaluation", _text("fetched", sa.Text(), "[]"))
    op.add_column("card", _text("advice", sa.String(32), ""))
    op.add_column("card", _text("held", sa.String(16), ""))
    op.create_index(PATIENT, "evaluation", ["patient_key", "at"])


def _text(name: str, kind: sa.String, default: str) -> sa.Column[str]:
    return sa.Column(name, kind, nullable=False, server_default=default)


def downgrade() -> None:
    op.drop_index(PATIENT, "evaluation")
    for table, column in (
        ("card", "held"),
        ("card", "advice"),
        ("evaluation", "fetched"),
        ("evaluation", "user_key"),
        ("evaluation", "patient_key"),
    ):
        op.drop_column(table, column)
