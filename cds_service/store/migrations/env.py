"""Runs the revisions beside this file on the connection that the caller gives."""

from alembic import context

from cds_service.store.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
    transactional_ddl=True,  # the caller's transaction is the only one
)
with context.begin_transaction():
    context.run_migrations()
