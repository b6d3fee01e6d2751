"""Evaluations, cards, feedback and how far the spool has been read."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_evaluation()
    _create_card()
    _create_feedback()
    _create_spool_position()


def _create_evaluation() -> None:
    op.create_table(
        "evaluation",
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("hook", sa.Text(), nullable=False),
        sa.Column("hook_instance", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Text(), nullable=False),
        sa.Column("knowledge", sa.Text(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("microseconds", sa.BigInteger(), nullable=False),
        sa.Column("verdicts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evaluation"),
    )
    op.create_index("ix_evaluation_at", "evaluation", ["at"])


def _create_card() -> None:
    op.create_table(
        "card",
        sa.Column("uuid", sa.String(255), nullable=False),
        sa.Column("evaluation", sa.String(255), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("suggestions", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["evaluation"], ["evaluation.id"], name="fk_card_evaluation_evaluation"),
        sa.PrimaryKeyConstraint("uuid", name="pk_card"),
    )
    op.create_index("ix_card_evaluation", "card", ["evaluation"])


def _create_feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("client", sa.Text(), nullable=False),
        sa.Column("card", sa.String(255), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("outcome_timestamp", sa.Text(), nullable=False),
        sa.Column("suggestions", sa.Text(), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("reason_system", sa.Text(), nullable=False),
        sa.Column("reason_display", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
    )
    op.create_index("ix_feedback_at", "feedback", ["at"])
    op.create_index("ix_feedback_card", "feedback", ["card"])


def _create_spool_position() -> None:
    op.create_table(
        "spool_position",
        sa.Column("segment", sa.String(255), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("segment", name="pk_spool_position"),
    )


def downgrade() -> None:
    op.drop_table("spool_position")
    op.drop_table("feedback")
    op.drop_table("card")
    op.drop_table("evaluation")
