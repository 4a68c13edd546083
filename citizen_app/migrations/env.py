"""Alembic's entry: runs the migrations on the database that `db.migrate` names."""

from __future__ import annotations

from alembic import context

from citizen_app.app import all_tables
from citizen_app.db import make_engine

engine = make_engine(context.config.attributes["database_url"])
with engine.execution_options(write=True).connect() as connection:
    context.configure(
        connection=connection, target_metadata=all_tables(), render_as_batch=connection.dialect.name == "sqlite"
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
