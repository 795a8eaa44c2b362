"""What to do next about an error."""

from __future__ import annotations

import pytest

from glowplug.check.advice import advice_on
from glowplug.database.interface import SqlError
from glowplug.dialect import Direction


@pytest.mark.parametrize(
    ("message", "setting"),
    [
        ('permission denied to create extension "pg_stat_statements"', 'trust_extensions = ["pg_stat_statements"]'),
        ("permission denied to create role", "superuser = true"),
    ],
)
def test_what_a_superuser_alone_may_do_names_the_least_that_allows_it(message: str, setting: str) -> None:
    advice = advice_on(SqlError(code="42501", message=message, needs_superuser=True))
    assert advice is not None
    assert f"say `{setting}` under `[scratch]`" in advice


@pytest.mark.parametrize(
    ("code", "message", "setting"),
    [
        ("42883", "function unaccent(text) does not exist", "CREATE EXTENSION …"),
        ("42704", 'type "geometry" does not exist', "CREATE EXTENSION …"),
        ("42704", 'operator class "gin_trgm_ops" does not exist for access method "gin"', "CREATE EXTENSION …"),
        ("42704", 'access method "hnsw" does not exist', "CREATE EXTENSION …"),
        ("42704", 'text search configuration "public.zhparser" does not exist', "CREATE EXTENSION …"),
        ("3F000", 'schema "supabase_functions" does not exist', "CREATE SCHEMA …"),
        ("42704", 'role "reader" does not exist', "CREATE ROLE …"),
    ],
)
def test_what_production_may_have_before_the_first_migration_is_asked_of_an_up_alone(
    code: str, message: str, setting: str
) -> None:
    error = SqlError(code=code, message=message)
    advice = advice_on(error, Direction.UP)
    assert advice is not None
    assert f'`database_setup = ["{setting}"]` under `[[chain]]`' in advice
    assert advice_on(error, Direction.DOWN) is None
