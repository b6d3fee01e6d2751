"""How often what came in which month, and the version of the protocol of each call."""

import sqlalchemy as sa
from alembic import op

from cds_service.store.tallies import add_all

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAMES = ("client", "hook", "protocol", "protocol_version", "knowledge", "rule")


def upgrade() -> None:
    op.add_column("evaluation", sa.Column("protocol_version", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "tally",
        sa.Column("month", sa.String(7), nullable=False),
        *(sa.Column(name, sa.String(255), nullable=False) for name in NAMES),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("item", sa.String(255), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", *NAMES, "kind", "item", name="pk_tally"),
    )
    # What workers of the version before still record while this one starts is kept, but not counted.
    add_all(op.get_bind())


def downgrade() -> None:
    op.drop_table("tally")
    op.drop_column("evaluation", "protocol_version")
