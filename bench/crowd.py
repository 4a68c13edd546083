"""Fills a database with citizens by the million, fast: keys are not checked meanwhile, indexes are made last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import ProgrammingError

from bench.crowd_rows import SCAFFOLD, fill_scaffold, statements
from bench.crowd_sample import add_sample
from citizen_app.app import all_tables


def fill(database_url: str, citizens: int, *, more: Callable[[Connection], None] | None = None) -> None:
    """Fill a migrated, empty database with a multiple of 1,000 citizens, 2,000 at least.

    With `more`, that is what is added to people and meetings instead of goals and the sample.
    """
    engine = create_engine(database_url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _hurry_sqlite)
    with engine.begin() as connection:
        _hurry_postgresql(connection)
        with _without_indexes(connection):
            SCAFFOLD.create_all(connection)
            fill_scaffold(connection, citizens)
            for statement in statements(citizens, only_meetings=more is not None):
                connection.execute(statement)
            if more is None:
                add_sample(connection, citizens)
            else:
                more(connection)
            SCAFFOLD.drop_all(connection)
    _settle(engine)
    engine.dispose()


def _hurry_sqlite(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _hurry_postgresql(connection: Connection) -> None:
    """Leave foreign keys unchecked where the role may say so; elsewhere filling takes some times longer."""
    if connection.dialect.name == "postgresql":
        try:
            with connection.begin_nested():
                connection.execute(text("SET LOCAL session_replication_role = replica"))
                connection.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        except ProgrammingError:
            return


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    indexes = [index for table in all_tables().sorted_tables for index in table.indexes]
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)


def _settle(engine: Engine) -> None:
    """Do for PostgreSQL what its own clean-up does within minutes; SQLite has nothing of the kind."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))
