"""What is told from a PostgreSQL file's text alone: places, transactions, what it locks, what a trigger does."""

from __future__ import annotations

import pytest

from glowplug.sql.postgres import first_transaction_end, parse, position, statement_offsets
from glowplug.sql.postgres_locality import Locality, locality
from glowplug.sql.postgres_triggers import only_changes_its_row


def test_statements_are_found_by_their_first_word() -> None:
    text = "-- ü\nSELECT 'ö;';; /* ; */\nDO $$ BEGIN; END $$"
    offsets = statement_offsets(text)
    assert offsets is not None
    assert [text[offset:][:6] for offset in offsets] == ["SELECT", "DO $$ "]
    place = position(text, offsets[1])
    assert (place.line, place.column) == (3, 1)


@pytest.mark.parametrize("text", ["SELEC 1", "SELECT " + "(" * 20000, "SELECT 1" + "+1" * 5000])
def test_what_does_not_parse_has_no_statements(text: str) -> None:
    assert statement_offsets(text) is None
    assert locality(text) is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("SELECT 1; COMMIT", "COMMIT"),
        ("BEGIN; SELECT 1; end", "end"),
        ("SAVEPOINT a; ROLLBACK TO a; ROLLBACK", "ROLLBACK"),
    ],
)
def test_the_end_of_a_transaction_is_found(text: str, word: str) -> None:
    assert first_transaction_end(text) == len(text) - len(word)


@pytest.mark.parametrize("text", ["SELECT 1", "DO $$ BEGIN COMMIT; END $$", "BEGIN", "SAVEPOINT a; ROLLBACK TO a"])
def test_no_end_of_a_transaction_is_made_up(text: str) -> None:
    assert first_transaction_end(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CREATE TABLE t (a serial); DROP TABLE t", Locality()),
        ("CREATE TABLE t (a serial); CREATE INDEX ON t (a); ALTER TABLE t ADD b int", Locality(evaluates=True)),
        ("CREATE TYPE m AS ENUM ('a'); DROP TYPE m", Locality(types=True)),
        (
            "CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            Locality(routines=True, defines=True),
        ),
        ("CREATE VIEW v AS SELECT f(a) FROM t", Locality(defines=True)),
        ("CREATE MATERIALIZED VIEW v AS SELECT count(*) FROM t", Locality(evaluates=True)),
        ("ALTER TYPE m ADD VALUE 'x'", Locality(types=True)),
        ("UPDATE t SET a = lower(b)", Locality(writes=True, evaluates=True)),
        ("COMMENT ON COLUMN t.a IS 'x'; SET lock_timeout = 5", Locality(evaluates=True)),
    ],
)
def test_what_locks_tell(text: str, expected: Locality) -> None:
    assert locality(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "-- nothing", "ALTER TABLE t RENAME TO u", "ALTER TABLE t RENAME a TO b", "ALTER TABLE t SET SCHEMA s",
        "GRANT SELECT ON t TO PUBLIC", "DROP TABLE t CASCADE", "DROP SCHEMA s", "DO $$ BEGIN END $$", "SELECT f()",
        "UPDATE t SET a = f(a)", "COMMENT ON TYPE m IS 'x'", "ALTER TYPE m RENAME VALUE 'a' TO 'b'",
        "COPY t FROM STDIN",
        "ALTER INDEX i SET (fillfactor = 50)", "CREATE EXTENSION x", "CREATE SCHEMA s", "COMMIT", "CALL p()",
        "CREATE TRIGGER x AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f(); UPDATE t SET a = 1", "DROP EXTENSION x",
        "ALTER TABLE t ALTER a TYPE int USING f(a)", "DROP OWNED BY x", "CREATE DOMAIN d AS int",
        "ALTER TYPE m RENAME VALUE 'x' TO 'y'", "CREATE TEMP TABLE x AS SELECT 1", "CREATE TABLE x AS SELECT f()",
    ],
)  # fmt: skip
def test_what_locks_do_not_tell(text: str) -> None:
    assert locality(text) is None


@pytest.mark.parametrize(
    "body",
    [
        "BEGIN NEW.updated_at := now(); RETURN NEW; END",
        """BEGIN
          IF (NEW IS DISTINCT FROM OLD AND NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at) THEN
            NEW.updated_at := current_timestamp; -- an update, a select
          END IF;
          RETURN NEW;
        END;""",
        "BEGIN IF TG_OP = 'INSERT; DELETE' THEN NEW.\"select\" := coalesce(NEW.a, lower('x')); END IF; RETURN NEW; END",
    ],
)
def test_a_trigger_that_changes_its_row_alone_is_known(body: str) -> None:
    assert only_changes_its_row("plpgsql", body)


@pytest.mark.parametrize(
    ("language", "body"),
    [
        ("plpgsql", "BEGIN INSERT INTO log VALUES (1); RETURN NEW; END"),
        ("plpgsql", "BEGIN PERFORM f(); RETURN NEW; END"),
        ("plpgsql", "BEGIN NEW.id := nextval('s'); RETURN NEW; END"),
        ("plpgsql", "BEGIN NEW.id := f (1); RETURN NEW; END"),
        ("plpgsql", 'BEGIN NEW.id := "lower"(1); RETURN NEW; END'),
        ("plpgsql", "BEGIN NEW.id := (SELECT 1); RETURN NEW; END"),
        ("plpgsql", "BEGIN EXECUTE 'DROP TABLE t'; RETURN NEW; END"),
        ("plpgsql", "BEGIN NEW.a := E'\\'; DROP TABLE t; --'; RETURN NEW; END"),
        ("plpgsql", "BEGIN NEW.a := $x$'$x$; PERFORM f(); RETURN NEW; END"),
        ("sql", "SELECT 1"),
        ("c", "lib"),
        ("rule", ""),
    ],
)
def test_any_other_trigger_is_not(language: str, body: str) -> None:
    assert not only_changes_its_row(language, body)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "+".join(["1"] * 60_000),
        "SELECT 1" + "::int" * 40_000,
        "SELECT 1; \0 SELECT 2",
    ],
    ids=["a sum", "casts", "a NUL"],
)
def test_what_would_end_the_process_or_hide_a_part_is_not_handed_to_the_parser(text: str) -> None:
    assert parse(text) is None
