"""Forms of statements with what each rewrites and scans, and how SQLite itself is asked about it.

What is expected stands here by hand. The witness is the file: a virtual file system notes which pages are read, and
the pages of a table, as ``dbstat`` lists them, are compared before and after. The tables have some dozens of pages.

    python tests/database/sqlite_forms.py

runs all of them on whichever apsw is on the path, and prints what disagrees.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import apsw

from glowplug.database.sqlite.session import Session
from glowplug.database.sqlite.settings import SessionSettings
from glowplug.dialect import Direction
from glowplug.project import Migration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.trace import Trace

N = 600
PAGE = 1024
SCHEMA = f"""
PRAGMA page_size = {PAGE};
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT, age INTEGER, extra TEXT);
CREATE INDEX users_age ON users (age);
CREATE TABLE posts (
  id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id) ON DELETE CASCADE, body TEXT NOT NULL
);
CREATE TABLE tags (name TEXT PRIMARY KEY, note TEXT, more TEXT) WITHOUT ROWID;
CREATE TABLE logs (id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT);
CREATE TABLE blank (id INTEGER PRIMARY KEY, name TEXT);
WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {N})
INSERT INTO users SELECT n, 'user' || n || '@example.org', hex(zeroblob(30)), n % 90, hex(zeroblob(20)) FROM c;
INSERT INTO posts SELECT id, id, hex(zeroblob(40)) FROM users;
INSERT INTO tags SELECT email, hex(zeroblob(40)), 'x' FROM users;
INSERT INTO logs SELECT id, hex(zeroblob(40)) FROM users;
CREATE VIEW noted AS SELECT * FROM tags WHERE more <> '';
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A file, and what it does.

    ``touched``: tables whose pages are all read though nobody goes through them: they are given up (DROP TABLE, DELETE
    of all rows), or each row is looked up.
    ``since``: the first version of SQLite that runs it.
    """

    sql: str
    rewritten: str = ""
    scanned: str = ""
    touched: str = ""
    rows: int = 0
    rebuilt: str = ""
    foreign_keys: bool = False
    transaction: bool = True
    since: tuple[int, int] = (3, 40)


REBUILD = (
    "CREATE TABLE new_users (id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT);"
    "INSERT INTO new_users SELECT id, email, name FROM users; DROP TABLE users; ALTER TABLE new_users RENAME TO users;"
)
ONE_TO_NINE = "(1), (2), (3), (4), (5), (6), (7), (8), (9)"

FORMS = (
    Form(sql="ALTER TABLE users ADD COLUMN a TEXT;"),
    Form(sql="ALTER TABLE users ADD COLUMN a TEXT NOT NULL DEFAULT 'x';"),
    Form(sql="ALTER TABLE users ADD COLUMN a INTEGER CHECK (a > 0);", scanned="users"),
    Form(sql="ALTER TABLE users ADD COLUMN a INTEGER NOT NULL DEFAULT 1 CHECK (a > 0);", scanned="users"),
    Form(sql="ALTER TABLE users ADD COLUMN a INTEGER REFERENCES users (id);", foreign_keys=True),
    Form(sql="ALTER TABLE users ADD COLUMN a INTEGER AS (age + 1) VIRTUAL;"),
    Form(sql="ALTER TABLE users ADD COLUMN a INTEGER NOT NULL AS (age + 1) VIRTUAL;", scanned="users"),
    Form(sql="ALTER TABLE blank ADD COLUMN a TEXT NOT NULL DEFAULT 'x';"),
    Form(sql="ALTER TABLE users DROP COLUMN extra;", rewritten="users", scanned="users", rows=N),
    Form(sql="ALTER TABLE tags DROP COLUMN note;", rewritten="tags", scanned="tags", rows=N),
    Form(sql='ALTER TABLE main."users" DROP extra;', rewritten="users", scanned="users", rows=N),
    Form(sql="ALTER TABLE users RENAME COLUMN extra TO other;"),
    Form(sql="ALTER TABLE users RENAME TO people;"),
    Form(sql="ALTER TABLE users RENAME TO people; ALTER TABLE people DROP COLUMN extra;",
         rewritten="users", scanned="users", rows=N),
    Form(sql="CREATE INDEX i ON users (email);", scanned="users"),
    Form(sql="CREATE UNIQUE INDEX i ON users (email);", scanned="users"),
    Form(sql="CREATE INDEX i ON users (lower(email)) WHERE age > 20;", scanned="users"),
    Form(sql="CREATE INDEX IF NOT EXISTS users_age ON users (age);"),
    Form(sql="DROP INDEX users_age;", touched="users"),
    Form(sql="REINDEX users;", scanned="users", rebuilt="users_age"),
    Form(sql="REINDEX users_age;", scanned="users", rebuilt="users_age"),
    Form(sql="DROP TABLE users;", touched="users"),
    Form(sql="DROP TABLE posts;", touched="posts", foreign_keys=True),
    Form(sql="DROP TABLE users;", scanned="users posts", touched="users", rows=2 * N, foreign_keys=True),
    Form(sql="DROP VIEW noted;"),
    Form(sql="CREATE VIEW v AS SELECT * FROM users;"),
    Form(sql="CREATE TABLE t (a);"),
    Form(sql="CREATE TABLE t AS SELECT * FROM users;", scanned="users", rows=N),
    Form(sql="CREATE TEMP TABLE t AS SELECT * FROM users;", scanned="users"),
    Form(sql="CREATE TRIGGER t AFTER INSERT ON users BEGIN DELETE FROM logs; END;"),
    Form(sql="UPDATE users SET name = 'x';", scanned="users", rows=N),
    Form(sql="UPDATE users SET name = 'x' WHERE id = 7;", rows=1),
    Form(sql="UPDATE users SET name = 'x' WHERE age = 7;", rows=7),
    Form(sql="UPDATE users SET name = 'x' WHERE email = 'user7@example.org';", scanned="users", rows=1),
    Form(sql="UPDATE posts SET body = (SELECT name FROM users WHERE users.id = user_id);",
         scanned="posts", touched="users", rows=N),
    Form(sql="DELETE FROM logs;", touched="logs", rows=N),
    Form(sql="DELETE FROM logs WHERE line <> '';", scanned="logs", rows=N),
    Form(sql="DELETE FROM users WHERE id = 9;", foreign_keys=True, scanned="posts", rows=2),
    Form(sql="INSERT INTO blank (name) VALUES ('x');", rows=1),
    Form(sql=f"INSERT INTO blank (id) VALUES {ONE_TO_NINE};", rows=9),
    Form(sql="INSERT INTO logs (line) SELECT email FROM users;", scanned="users", rows=N),
    Form(sql="INSERT INTO logs (line) SELECT name FROM blank;", scanned="blank"),
    Form(sql="INSERT INTO blank (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET name = 'x';", rows=1),
    Form(sql="INSERT INTO blank SELECT max(id), '' FROM users;", rows=1),
    Form(sql="INSERT INTO blank SELECT count(*), '' FROM posts;", scanned="posts", rows=1),
    Form(sql="SELECT count(*) FROM logs;", scanned="logs"),
    Form(sql="SELECT * FROM users;", scanned="users"),
    Form(sql="SELECT * FROM users WHERE id = 5;"),
    Form(sql="SELECT * FROM users WHERE age > 88;"),
    Form(sql="SELECT * FROM users WHERE id < 5;"),
    Form(sql="SELECT * FROM tags WHERE name < 'user11';"),
    Form(sql="SELECT * FROM users WHERE extra < 'x';", scanned="users"),
    Form(sql="SELECT * FROM users ORDER BY id DESC;", scanned="users"),
    Form(sql="SELECT * FROM noted;", scanned="tags"),
    Form(sql="SELECT * FROM users JOIN posts ON posts.id = users.id WHERE users.id < 4;"),
    Form(sql="WITH n AS (SELECT name FROM tags) INSERT INTO blank (name) SELECT name FROM n;", scanned="tags", rows=N),
    Form(sql="ANALYZE logs;", scanned="logs"),
    Form(sql=REBUILD, rewritten="users", scanned="users", touched="users", rows=N),
    Form(sql=REBUILD, rewritten="users", scanned="users posts", touched="users", rows=3 * N, foreign_keys=True),
    Form(sql="ALTER TABLE logs RENAME TO logs_old; CREATE TABLE logs (id INTEGER PRIMARY KEY, line TEXT);"
         "INSERT INTO logs SELECT * FROM logs_old; DROP TABLE logs_old;",
         rewritten="logs", scanned="logs", touched="logs", rows=N),
    Form(sql="CREATE TEMP TABLE kept AS SELECT * FROM logs; DROP TABLE logs; CREATE TABLE logs (id, line);"
         "INSERT INTO logs SELECT id, line FROM kept; DROP TABLE kept;",
         rewritten="logs", scanned="logs", touched="logs", rows=N),
    Form(sql="CREATE TABLE kept AS SELECT * FROM logs; DROP TABLE logs; ALTER TABLE kept RENAME TO logs;",
         rewritten="logs", scanned="logs", touched="logs", rows=N),
    Form(sql="DROP TABLE logs; CREATE TABLE logs (id INTEGER PRIMARY KEY);", touched="logs"),
    Form(sql="SAVEPOINT s; DROP TABLE logs; ROLLBACK TO s; CREATE TABLE other (a);", touched="logs"),
    Form(sql="VACUUM;", rewritten="users posts tags logs blank", scanned="users posts tags logs blank",
         rebuilt="users_age", rows=4 * N + 1, transaction=False),
    Form(sql="PRAGMA user_version = 7;"),
    Form(sql="PRAGMA foreign_key_check;", scanned="posts", touched="users"),
    Form(sql="PRAGMA main.quick_check(logs);", scanned="logs"),
    Form(sql="ALTER TABLE users ALTER COLUMN name SET NOT NULL;", scanned="users", since=(3, 53)),
    Form(sql="ALTER TABLE users ALTER COLUMN email DROP NOT NULL;", since=(3, 53)),
    Form(sql="ALTER TABLE users ADD CONSTRAINT c CHECK (age >= 0);", scanned="users", since=(3, 53)),
)  # fmt: skip

_LEAVES = {0x0A, 0x0D}
TABLES = ("users", "posts", "tags", "logs", "blank")


class _File(apsw.VFSFile):
    def __init__(self, base: str, name: str | apsw.URIFilename | None, flags: list[int], read: set[int]) -> None:
        super().__init__(base, name, flags)
        self._read = read

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - SQLite's name
        self._read.update(range(offset // PAGE + 1, (offset + amount - 1) // PAGE + 2))
        return super().xRead(amount, offset)


class _Witness(apsw.VFS):
    """Notes which pages of databases are read."""

    def __init__(self) -> None:
        super().__init__("witness", "")
        self.read: set[int] = set()

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        main = flags[0] & apsw.SQLITE_OPEN_MAIN_DB
        return _File("", name, flags, self.read if main else set())


class Bench:
    """A database to copy for each form."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._model = directory / "model.db"
        connection = apsw.Connection(str(self._model))
        connection.execute(SCHEMA)
        connection.close()
        with Session(str(self._model), SessionSettings(foreign_keys=False)) as session:
            session.make_bookkeeping_table()
        self._witness = _Witness()

    def observe(self, form: Form, before: str = "") -> tuple[Trace, Trace]:
        """Run ``form`` with rows, and where tables are empty, when ``before`` has run."""
        return self._observe(form, "seen.db", before), self._observe(form, "empty.db", before, empty=True)

    def _observe(self, form: Form, name: str, before: str, *, empty: bool = False) -> Trace:
        path = self._directory / name
        shutil.copy(self._model, path)
        with apsw.Connection(str(path)) as connection:
            connection.execute(before)
        if empty:
            with apsw.Connection(str(path)) as connection:
                for table in TABLES:
                    connection.execute(f"DELETE FROM {table}")
        migration = Migration(
            version="1", name="1", path="1", up=form.sql.encode(), down=None, run_in_transaction=form.transaction
        )
        with Session(str(path), SessionSettings(foreign_keys=form.foreign_keys)) as session:
            return session.observe(migration, Direction.UP)

    def ask_the_file(self, form: Form) -> tuple[set[str], set[str]]:
        """Give the tables whose pages are all new, and those all of whose pages, or an index's, are read."""
        path = self._directory / "asked.db"
        shutil.copy(self._model, path)
        before = _pages(path)
        old = path.read_bytes()
        connection = apsw.Connection(str(path), vfs="witness")
        connection.pragma("foreign_keys", int(form.foreign_keys))
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        self._witness.read.clear()
        connection.execute("BEGIN" if form.transaction else "SELECT 1").fetchall()
        connection.execute(form.sql).fetchall()
        connection.execute("COMMIT" if form.transaction else "SELECT 1").fetchall()
        read = set(self._witness.read)
        connection.close()
        new, after = path.read_bytes(), _pages(path)
        scanned = {table for table, _, pages in before if len(pages) > 1 and pages <= read}
        rewritten = {
            table
            for table, name, pages in before
            if table == name and table in TABLES
            for also, its, now in after
            if also == its == table
            and len(now) > 1
            and all(_page(old, page) != _page(new, page) for page in pages & now)
        }
        return rewritten, scanned


def _page(content: bytes, number: int) -> bytes:
    return content[(number - 1) * PAGE : number * PAGE]


def _pages(path: Path) -> list[tuple[str, str, frozenset[int]]]:
    """Give each table's and index's leaf pages (table, name, pages), as the file has them."""
    connection = apsw.Connection(str(path))
    roots = list(connection.execute("SELECT tbl_name, name, rootpage FROM sqlite_master WHERE rootpage > 0"))
    connection.close()
    content = path.read_bytes()
    return [(table, name, frozenset(_leaves(content, root))) for table, name, root in roots]


def _leaves(content: bytes, number: int) -> Iterator[int]:
    """Walk down a b-tree (sqlite.org/fileformat2.html#b_tree_pages)."""
    page = _page(content, number)
    if page[0] in _LEAVES:
        yield number
        return
    cells = int.from_bytes(page[3:5], "big")
    starts = [int.from_bytes(page[12 + 2 * cell : 14 + 2 * cell], "big") for cell in range(cells)]
    for child in [*(page[start : start + 4] for start in starts), page[8:12]]:
        yield from _leaves(content, int.from_bytes(child, "big"))


def disagreements(bench: Bench, form: Form) -> Iterator[str]:
    """Say where what is seen, what is expected and what the file shows are not the same."""
    trace, without_rows = bench.observe(form)
    if trace.error is not None or trace.blind is not None:
        yield f"not seen: {trace.error} {trace.blind}"
        return
    yield from _unexpected(trace, form)
    for full, bare in zip(trace.statements, without_rows.statements, strict=True):
        if (full.line, full.rewritten, full.scanned) != (bare.line, bare.rewritten, bare.scanned):
            yield f"without rows: {bare}"
    yield from _untrue(form, *bench.ask_the_file(form))


def _unexpected(trace: Trace, form: Form) -> Iterator[str]:
    seen = {
        "rewritten": {name for one in trace.statements for name in one.rewritten},
        "scanned": {name for one in trace.statements for name in one.scanned},
        "rebuilt": {name for one in trace.statements for name in one.rebuilt_indexes},
    }
    for what, names in seen.items():
        if names != set(getattr(form, what).split()):
            yield f"{what}: {sorted(names)} seen, {getattr(form, what)!r} expected"
    rows = sum(one.rows_written or 0 for one in trace.statements)
    if rows != form.rows:
        yield f"{rows} rows seen, {form.rows} expected"


def _untrue(form: Form, rewritten: set[str], read: set[str]) -> Iterator[str]:
    small = {"blank"}  # one page: nothing can be told of it
    touched, scanned = set(form.touched.split()), set(form.scanned.split()) - small
    if form.sql.startswith(("UPDATE", "DELETE", "INSERT", "WITH")):
        rewritten = set()  # rows that are changed one by one may well be all of them
    elif "RENAME TO people" in form.sql or form.sql == "VACUUM;":
        rewritten = set(form.rewritten.split())  # another name; the very same page where it was
    if rewritten - small != set(form.rewritten.split()) - small:
        yield f"the file: {sorted(rewritten)} rewritten"
    if read != scanned | touched:
        yield f"the file: {sorted(read)} read"


def version() -> tuple[int, int]:
    """Give SQLite's version."""
    major, minor, *_ = map(int, apsw.sqlite_lib_version().split("."))
    return major, minor


def main() -> int:
    """Run all forms; the number of those that disagree."""
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(Path(directory))
        for form in FORMS:
            if form.since <= version():
                found = list(disagreements(bench, form))
                failed += bool(found)
                for line in found:
                    print(f"{form.sql[:70]}: {line}")  # noqa: T201 - it is a command
    print(f"SQLite {apsw.sqlite_lib_version()}: {len(FORMS)} forms, {failed} disagree")  # noqa: T201
    return failed


if __name__ == "__main__":
    sys.exit(min(main(), 1))
