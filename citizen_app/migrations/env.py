"""Alembic's entry: runs the migrations on the database that `db.migrate` names."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from citizen_app.app import all_tables
from citizen_app.db import UtcDateTime, make_engine


def _plain_type(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our time type as the database's own, so that old migrations do not need today's code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


engine = make_engine(context.config.attributes["database_url"])
with engine.execution_options(write=True).connect() as connection:
    is_sqlite = connection.dialect.name == "sqlite"
    # SQLite changes a table by copying it; dropping the old one must not count as deleting its rows.
    file = connection.connection.dbapi_connection
    if is_sqlite and file is not None:
        file.cursor().execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=all_tables(),
        render_item=_plain_type,
        render_as_batch=is_sqlite,
    )
    with context.begin_transaction():
        context.run_migrations()
        if is_sqlite:
            faults = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            assert not faults, f"rows point at rows that are gone: {faults[:3]}"
engine.dispose()
