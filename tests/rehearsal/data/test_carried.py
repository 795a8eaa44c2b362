"""What an up moves to a column or table of its own is still what there was before it: whoever loses it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.rehearsal.measured import DataOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conftest import Measure

    from glowplug.rehearsal.measured import Loss

pytestmark = pytest.mark.postgres

USERS = "CREATE TABLE users (id SERIAL PRIMARY KEY, name TEXT NOT NULL, bio TEXT);"
MOVED = "ALTER TABLE users ADD COLUMN about TEXT; UPDATE users SET about = bio; ALTER TABLE users DROP COLUMN bio;"
BACK = "ALTER TABLE users ADD COLUMN bio TEXT; UPDATE users SET bio = about{}; ALTER TABLE users DROP COLUMN about;"

ADMINS = "CREATE TABLE users (id SERIAL PRIMARY KEY, name TEXT NOT NULL, is_admin BOOLEAN NOT NULL DEFAULT 'f');"
ROLES = (
    "ALTER TABLE users ADD COLUMN role INTEGER NOT NULL DEFAULT 2; UPDATE users SET role = 0 WHERE is_admin;"
    "ALTER TABLE users DROP COLUMN is_admin;"
)
ADMINS_AGAIN = (
    "ALTER TABLE users ADD COLUMN is_admin BOOLEAN NOT NULL DEFAULT 'f'; UPDATE users SET is_admin = role = 0;"
    "ALTER TABLE users DROP COLUMN role;"
)


def told(losses: Iterable[Loss]) -> list[str]:
    return [
        f"{each.by} {each.table.removeprefix('public.')}.{each.column} {each.how} {each.written}"
        + (" expected" if each.expected else "")
        for each in losses
    ]


def test_the_down_loses_a_single_odd_value_that_the_up_has_moved(on_postgres: Measure) -> None:
    found = on_postgres(USERS, MOVED, BACK.format(" WHERE about <> ''")).data
    assert (found.outcome, found.losses) == (DataOutcome.LOSSLESS, ())
    assert "down users.bio nulled before" in told(found.odd_losses)
    assert not [each for each in told(found.odd_losses) if each.startswith("up ")]


def test_the_down_loses_a_single_plain_value_that_the_up_has_moved(on_postgres: Measure) -> None:
    chains = USERS + "INSERT INTO users (name, bio) VALUES ('root', 'x');"
    found = on_postgres(chains, MOVED, BACK.format(" WHERE about <> 'x'")).data
    assert told(found.losses) == ["down users.bio nulled before"]
    assert found.outcome is DataOutcome.LOSSY


def test_a_single_value_that_the_up_loses_is_still_its_loss(on_postgres: Measure) -> None:
    chains = USERS + "INSERT INTO users (name, bio) VALUES ('root', 'x');"
    moved = MOVED.replace("about = bio", "about = nullif(bio, 'x')")
    found = on_postgres(chains, moved, BACK.format("")).data
    assert told(found.losses) == ["up users.bio dropped before"]
    assert found.outcome is DataOutcome.IRREVERSIBLE


def test_the_down_loses_a_single_odd_value_that_the_up_has_moved_to_a_table(on_postgres: Measure) -> None:
    found = on_postgres(
        USERS,
        "CREATE TABLE bios (user_id INTEGER PRIMARY KEY REFERENCES users (id), bio TEXT);"
        "INSERT INTO bios SELECT id, bio FROM users; ALTER TABLE users DROP COLUMN bio;",
        "ALTER TABLE users ADD COLUMN bio TEXT;"
        "UPDATE users SET bio = left(b.bio, 255) FROM bios b WHERE b.user_id = users.id; DROP TABLE bios;",
    ).data
    assert told(found.odd_losses) == ["down users.bio changed before"]


def test_odd_values_of_a_column_that_holds_what_another_did_are_told(on_postgres: Measure) -> None:
    found = on_postgres(ADMINS, ROLES, ADMINS_AGAIN).data
    assert (found.outcome, found.losses) == (DataOutcome.LOSSLESS, ())
    (lost,) = found.odd_losses
    assert told([lost]) == ["down users.role changed after"]
    assert {each.after for each in lost.examples} == {"2"}


def test_what_plain_rows_show_to_be_lost_is_not_told_of_the_ups_own_columns_again(on_postgres: Measure) -> None:
    found = on_postgres(
        "CREATE TABLE users (id SERIAL PRIMARY KEY, name TEXT NOT NULL);",
        "ALTER TABLE users ADD COLUMN first TEXT, ADD COLUMN rest TEXT;"
        "UPDATE users SET first = split_part(name, ' ', 1), rest = substr(name, length(split_part(name, ' ', 1)) + 2);"
        "ALTER TABLE users DROP COLUMN name;",
        "ALTER TABLE users ADD COLUMN name TEXT; UPDATE users SET name = first || ' ' || split_part(rest, ' ', 1);"
        "ALTER TABLE users ALTER name SET NOT NULL; ALTER TABLE users DROP COLUMN first, DROP COLUMN rest;",
    ).data
    assert "down users.name changed before" in told(found.losses)
    assert not [each for each in told(found.odd_losses) if each.endswith("after")]


def test_odd_values_of_a_column_that_holds_nothing_of_before_are_the_downs_to_take(on_postgres: Measure) -> None:
    found = on_postgres(
        ADMINS,
        "ALTER TABLE users ADD COLUMN slug TEXT; UPDATE users SET slug = lower(name);",
        "ALTER TABLE users DROP COLUMN slug;",
    ).data
    assert told(found.losses) == ["down users.slug dropped after expected"]
    assert found.odd_losses == ()


def test_a_table_of_the_ups_own_hides_nothing_of_the_one_that_was_called_so(on_postgres: Measure) -> None:
    found = on_postgres(
        USERS,
        "ALTER TABLE users RENAME TO people; CREATE TABLE users (id SERIAL PRIMARY KEY, note TEXT);"
        "ALTER TABLE people ALTER bio TYPE VARCHAR;",
        "DROP TABLE users; ALTER TABLE people ALTER bio TYPE TEXT; ALTER TABLE people RENAME TO users;"
        "UPDATE users SET bio = left(bio, 255);",
    ).data
    assert told(found.losses) == ["down users.None dropped after expected"]
    assert "down users.bio changed before" in told(found.odd_losses)
