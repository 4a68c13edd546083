"""The database: times keep their zone, keys are checked, and two writers at once lose nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from citizen_app.db import make_engine, reading_session, writing_session
from citizen_app.people.models import FailedSignIn, Municipality, Person
from citizen_app.policy import Role
from tests.cast import Cast
from tests.plan import ON_SQLITE

MOMENT = datetime(2026, 3, 29, 1, 30, 15, 250000, tzinfo=UTC)


def test_a_moment_comes_back_in_utc_whatever_zone_it_was_given_in(session: Session) -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    session.add(FailedSignIn(tried="x", at=there))
    session.commit()
    found = session.scalars(select(FailedSignIn.at)).one()
    assert found == MOMENT
    assert found.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(session: Session) -> None:
    session.add(FailedSignIn(tried="x", at=MOMENT.replace(tzinfo=None)))
    with pytest.raises(StatementError, match="a time without a zone cannot be stored"):
        session.flush()


def test_a_row_of_an_unknown_municipality_is_refused(session: Session) -> None:
    session.add(Person(municipality_id=999, external_id="x", role=Role.CITIZEN, given_name="X"))
    with pytest.raises(IntegrityError):
        session.flush()


def test_counting_up_from_many_threads_loses_nothing(engine: Engine, cast: Cast) -> None:
    def count_up(_number: int) -> None:
        with writing_session(engine) as session:
            row = session.scalars(select(Municipality).filter_by(id=cast.solby).with_for_update()).one()
            row.phone = str(int(row.phone.replace(" ", "")) + 1)
            session.commit()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count_up, range(20)))
    with reading_session(engine) as session:
        assert session.get_one(Municipality, cast.solby).phone == "70000020"


def test_a_reader_does_not_wait_for_a_writer(engine: Engine, session: Session, cast: Cast) -> None:
    session.get_one(Municipality, cast.solby).name = "Not yet"
    session.flush()
    with reading_session(engine) as reader:
        assert reader.get_one(Municipality, cast.solby).name == "Solby Kommune"
    session.rollback()


def test_a_commit_that_fails_leaves_no_lock_behind(own_database_url: str) -> None:
    engine = make_engine(own_database_url)
    with writing_session(engine) as session:
        session.execute(text("CREATE TABLE above (id integer PRIMARY KEY)"))
        below = "CREATE TABLE below (above_id integer REFERENCES above (id) DEFERRABLE INITIALLY DEFERRED)"
        session.execute(text(below))
        session.commit()
    with writing_session(engine) as session:
        session.execute(text("INSERT INTO below VALUES (7)"))
        with pytest.raises(IntegrityError):
            session.commit()
    with writing_session(engine) as first, writing_session(engine) as second:
        first.execute(text("INSERT INTO above VALUES (8)"))
        first.commit()
        second.execute(text("INSERT INTO above VALUES (9)"))
        second.commit()
    engine.dispose()


@ON_SQLITE
def test_sqlite_is_set_up_for_many_readers_and_checked_keys(engine: Engine) -> None:
    with engine.connect() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10000, "synchronous": 1}
