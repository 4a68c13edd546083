"""The database: table base, names of constraints, engine, sessions and times.

SQLite and PostgreSQL run the same code. On SQLite a transaction that will write takes the write lock at its
first statement (BEGIN IMMEDIATE): with the driver's own lazy locking, parallel updates were lost when tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    CursorResult,
    DateTime,
    Engine,
    ForeignKey,
    MetaData,
    Row,
    Select,
    SQLColumnExpression,
    bindparam,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from citizen_app.config import PROJECT_ROOT

AnyRow = Row[*tuple[Any, ...]]
"""A row of columns, as the hot pages select them."""

LARGEST_NUMBER = 2**31 - 1
"""The largest number that a row can have."""
MIGRATIONS = PROJECT_ROOT / "citizen_app" / "migrations"


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is put back on the way out. Naive times are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012 - read by SQLAlchemy as is


class InMunicipality:
    """A row that belongs to one municipality; every query is limited by it."""

    municipality_id: Mapped[int] = mapped_column(ForeignKey("municipalities.id"))


def make_engine(database_url: str) -> Engine:
    """Open the engine with the locking, waiting and key rules the app relies on."""
    if not database_url.startswith("sqlite"):
        return create_engine(database_url, pool_size=5, max_overflow=10, pool_pre_ping=True)
    engine = create_engine(database_url)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin by itself
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=10000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "reset")
    def _take_back(connection: Any, _record: Any, _state: Any) -> None:
        if connection.in_transaction:  # a commit that failed leaves it open, and with it the write lock
            connection.rollback()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def reading_session(engine: Engine) -> Session:
    """Open a session for pages that only read; PostgreSQL is spared the BEGIN and the COMMIT."""
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    return Session(engine, autoflush=False, info={"only_reads": True})


def writing_session(engine: Engine) -> Session:
    """Open a session that holds the write lock from its first statement (on SQLite)."""
    return Session(engine.execution_options(write=True))


def rows_of(
    session: Session, statement: Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]], values: Mapping[str, Any]
) -> CursorResult[*tuple[Any, ...]]:
    """Run a SELECT of columns past the ORM's loading, which costs a hot page more than the query itself."""
    session.flush()
    connection: Connection | None = session.info.get("connection")
    if connection is None or connection.closed:
        connection = session.info["connection"] = session.connection()
    return connection.execute(statement, values)


def insert_new(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], *returning: Any
) -> Sequence[AnyRow]:
    """Insert the rows whose key is not there yet, whoever else may be inserting; returns columns of those that were."""
    if not rows:
        return ()
    builder = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return session.execute(builder(table).on_conflict_do_nothing().returning(*returning), rows).all()


def one_of(column: SQLColumnExpression[Any], name: str, size: int) -> ColumnElement[bool]:
    """Return the condition that a column has one of `size` values, given by `spread` under this name.

    SQLAlchemy writes an IN for a list anew at each execution, which costs as much as the query; this one stands.
    """
    return column.in_([bindparam(f"{name}_no{number}") for number in range(size)])


def spread(name: str, values: Sequence[Any], size: int) -> dict[str, Any]:
    """Return the parameters for `one_of`; the last value fills what is left over."""
    return {f"{name}_no{number}": values[min(number, len(values) - 1)] for number in range(size)}


def room_for(count: int) -> int:
    """Return the next power of two from eight on, so that few sizes of a statement are ever needed."""
    return max(8, 1 << (count - 1).bit_length())


def migrate(database_url: str, revision: str = "head") -> None:
    """Bring the tables of a database to a revision, creating them in an empty one."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = database_url
    if revision == "base":
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)
