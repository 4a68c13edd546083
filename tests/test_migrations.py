"""Migrations make exactly the tables that the models say, on both databases, and can be taken back."""

from __future__ import annotations

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from citizen_app.app import all_tables
from citizen_app.db import MIGRATIONS, migrate


@pytest.fixture
def database_url(own_database_url: str) -> str:
    """These tests make and drop tables, so each has a database of its own."""
    return own_database_url


@pytest.fixture(scope="module")
def scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_a_migrated_database_is_what_the_models_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, all_tables()) == []
    assert tables(engine) == set(all_tables().tables)


def test_indexes_and_keys_have_the_models_names(engine: Engine) -> None:
    for table in all_tables().sorted_tables:
        found = {index["name"] for index in inspect(engine).get_indexes(table.name)}
        assert {index.name for index in table.indexes} <= found
        assert inspect(engine).get_pk_constraint(table.name)["constrained_columns"] == list(
            table.primary_key.columns.keys()
        )


def test_all_can_be_taken_back_and_made_again(engine: Engine, own_database_url: str) -> None:
    migrate(own_database_url, "base")
    assert tables(engine) == set()
    migrate(own_database_url)
    assert tables(engine) == set(all_tables().tables)


def test_there_is_one_head_and_numbers_follow_each_other(scripts: ScriptDirectory) -> None:
    assert len(scripts.get_heads()) == 1
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions == [f"{number:04d}" for number in range(len(revisions), 0, -1)]
    names = sorted(path.name for path in (MIGRATIONS / "versions").glob("*.py"))
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", name) for name in names)
    assert len(names) == len(revisions)


def test_every_row_belongs_to_a_municipality() -> None:
    without = {name for name, table in all_tables().tables.items() if "municipality_id" not in table.columns}
    assert without == {"municipalities", "failed_sign_ins", "push_services", "worker_beats"}
