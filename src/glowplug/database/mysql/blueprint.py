"""A schema as the statements that make it again, elsewhere or under another name: the server's own, and its rows."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from glowplug.database.interface import BOOKKEEPING_TABLE
from glowplug.database.mysql.generated import without_generated
from glowplug.database.mysql.session import StatementRefused, quote_name, quote_text, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from glowplug.database.mysql.catalogue import Catalogue, Record
    from glowplug.database.mysql.session import Row, Session

MOST_ROWS = 5000
"""A schema with more rows is not made again this way."""

_ENGINE = re.compile(r"^\) ENGINE=\S+", re.MULTILINE)
_SETTINGS = (
    "SET NAMES utf8mb4",
    "SET time_zone = '+00:00', foreign_key_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO', lock_wait_timeout = 30",
)
_ANY_ROW = "SET check_constraint_checks = 0"  # MariaDB's
_REFERENCES = re.compile(r"REFERENCES `((?:[^`]|``)*)` \(")
_FLOATS = ("float", "double")


class TableStanding(msgspec.Struct, frozen=True, kw_only=True):
    """What tells a table from another of its name: ``shape`` is all of its definition, its triggers too."""

    shape: str
    counter: str | None
    checksum: str | None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What tells a schema from another: ``frame`` is all but the tables; ``own`` is of Diesel's table."""

    frame: str
    tables: dict[str, TableStanding]
    own: tuple[str | None, ...]

    @classmethod
    def of(cls, catalogue: Catalogue, checksums: Mapping[str, str | None], own: Sequence[str | None]) -> Standing:
        """Take it from a catalogue, each table's checksum, and Diesel's table with its versions."""
        sections = catalogue.sections
        triggers: dict[str, list[Record]] = defaultdict(list)
        for record in sections["triggers"]:
            triggers[str(record["event_object_table"])].append(record)
        tables = {}
        others = []
        for record in sections["tables"]:
            name = str(record["table_name"])
            if record["table_type"] != "BASE TABLE":
                others.append(record)
                continue
            tables[name] = TableStanding(
                shape=repr((record, catalogue.creates[name], triggers[name])),
                counter=catalogue.counters.get(name),
                checksum=checksums.get(name),
            )
        frame = [sections[each] for each in sorted(sections) if each not in {"tables", "triggers"}]
        return cls(frame=repr((others, frame)), tables=tables, own=tuple(own))


class TableBlueprint(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a table again: its CREATE, the INSERT of its rows if it has any, and its triggers."""

    name: str
    create: str
    rows: str | None
    triggers: tuple[str, ...] = ()
    counter: str | None = None

    def filled(self) -> list[str]:
        """Make it where it is not."""
        return [self.create, *self._rows(), *self.triggers]

    def refilled(self, have: TableStanding) -> list[str]:
        """Give it its rows again."""
        counter = (
            [f"ALTER TABLE {quote_name(self.name)} AUTO_INCREMENT = {self.counter or 1}"]
            if have.counter != self.counter
            else []
        )
        return [f"DELETE FROM {quote_name(self.name)}", *self._rows(), *counter]

    def _rows(self) -> list[str]:
        return [self.rows] if self.rows else []


class Blueprint(msgspec.Struct, frozen=True, kw_only=True):
    """What makes the schema called ``schema`` again; ``views`` in any order, though some need others."""

    schema: str
    standing: Standing
    database: str
    tables: tuple[TableBlueprint, ...]
    own: TableBlueprint
    views: tuple[str, ...]
    routines: tuple[str, ...]
    mariadb: bool

    def build(self, session: Session, schema: str, there: Standing | None) -> bool:
        """Make it under the name ``schema``; whether the server took all of it.

        ``there`` is what stands under that name already: of it what is no other is left as it is. None: unknown.

        Raises:
            LostConnection: the server is gone.
        """
        try:
            session.rows(";".join((*_SETTINGS, *([_ANY_ROW] if self.mariadb else ()))))
            if there is not None and there.frame == self.standing.frame:
                statements = [f"USE {quote_name(schema)}", *self._changes(there)]
                if _runs(session, ";".join(self._named(each, schema) for each in statements)):
                    return True
            return self._build_all(session, schema)
        except StatementRefused:
            return False

    def _build_all(self, session: Session, schema: str) -> bool:
        name = quote_name(schema)
        made = self.database.replace(quote_name(self.schema), name, 1)
        filled = [f"DROP DATABASE IF EXISTS {name}", made, f"USE {name}"]
        for table in (*self.tables, self.own):
            filled += [table.create, *([table.rows] if table.rows else [])]
        session.rows(";".join(filled))
        for each in self.routines:
            session.rows(self._named(each, schema))
        views = list(self.views)
        while views:
            left = [each for each in views if not _runs(session, self._named(each, schema))]
            if len(left) == len(views):
                return False
            views = left
        for each in (each for table in self.tables for each in table.triggers):
            session.rows(self._named(each, schema))
        return True

    def _changes(self, there: Standing) -> list[str]:
        """Drop all that is another before any is made: a foreign key that is left may not fit the new table."""
        gone = sorted(there.tables.keys() - self.standing.tables.keys())
        made, refilled = [], []
        for table in self.tables:
            have, wanted = there.tables.get(table.name), self.standing.tables[table.name]
            if have is None or have.shape != wanted.shape or (have != wanted and table.triggers):
                gone += [table.name] if have is not None else []
                made += table.filled()
            elif have != wanted:
                refilled += table.refilled(have)
        if there.own != self.standing.own:
            gone += [self.own.name] if there.own else []
            made += self.own.filled()
        dropped = [f"DROP TABLE {', '.join(map(quote_name, gone))}"] if gone else []
        return [*dropped, *made, *refilled]

    def _named(self, statement: str, schema: str) -> str:
        """A statement with the schema's other name before its tables; an account may be called as the schema is."""
        if schema == self.schema:
            return statement
        return statement.replace(f"{quote_name(self.schema)}.", f"{quote_name(schema)}.")


def read_blueprint(
    session: Session,
    schema: str,
    catalogue: Catalogue,
    standing: Standing,
    *,
    columns: Callable[[], Sequence[Record]],
    generated: Callable[[str, str], frozenset[str]],
    mariadb: bool,
) -> Blueprint | None:
    """Read what makes ``schema`` again; None where that is not all there is to it.

    Which is so with sequences and events (they have a state of their own), row versions, and very many rows.
    ``columns`` is asked for those of all tables where there are rows, ``generated`` for the keys of a table, with its
    CREATE, that the server made by itself.

    Raises:
        StatementRefused: a table is locked or broken.
    """
    sections = catalogue.sections
    kinds = {each["table_type"] for each in sections["tables"]}
    if not kinds <= {"BASE TABLE", "VIEW"} or sections["events"]:
        return None
    if not (standing.own and (standing.own[0] or "").startswith("CREATE TABLE")):
        return None  # a view in its place would run with the administrator's rights
    rows = _rows(session, schema, catalogue, columns)
    if rows is None:
        return None
    triggers: dict[str, list[str]] = defaultdict(list)
    for record in sorted(sections["triggers"], key=lambda each: int(each["action_order"] or 0)):
        row = _shown(session, schema, "TRIGGER", str(record["trigger_name"]))
        triggers[str(record["event_object_table"])].append(_made_in(row[3:5], text_of(row[1]) or "", row[2]))
    tables = []
    for name in _referring_first(catalogue.creates):
        create, counter = catalogue.creates[name], catalogue.counters.get(name)
        made = without_generated(create, name, generated(name, create))
        counted = _ENGINE.sub(rf"\g<0> AUTO_INCREMENT={counter}", made, count=1) if counter else made
        tables.append(
            TableBlueprint(
                name=name, create=counted, rows=rows.get(name), triggers=tuple(triggers[name]), counter=counter
            )
        )
    return Blueprint(
        schema=schema,
        standing=standing,
        database=text_of(session.rows(f"SHOW CREATE DATABASE {quote_name(schema)}")[0][0][1]) or "",
        tables=tuple(tables),
        own=TableBlueprint(name=BOOKKEEPING_TABLE, create=standing.own[0] or "", rows=rows.get(BOOKKEEPING_TABLE)),
        views=tuple(
            _made_in(row[2:4], "", row[1])
            for each in sections["tables"]
            if each["table_type"] == "VIEW"
            for row in [_shown(session, schema, "VIEW", str(each["table_name"]))]
        ),
        routines=tuple(
            _made_in(row[3:5], text_of(row[1]) or "", row[2])
            for each in sections["routines"]
            for row in [_shown(session, schema, str(each["routine_type"]), str(each["routine_name"]))]
        ),
        mariadb=mariadb,
    )


def _referring_first(creates: Mapping[str, str]) -> list[str]:
    """Put each table before those that it refers to: a foreign key that does not fit is taken then, not afterwards."""
    referring: dict[str, list[str]] = defaultdict(list)
    for name, create in creates.items():
        for found in _REFERENCES.finditer(create):
            referring[found.group(1).replace("``", "`")].append(name)
    placed: dict[str, None] = {}
    waiting: set[str] = set()

    def place(name: str) -> None:
        if name in waiting or name not in creates:
            return
        waiting.add(name)
        for each in referring[name]:
            place(each)
        placed[name] = None

    for name in creates:
        place(name)
    return list(placed)


def _shown(session: Session, schema: str, kind: str, name: str) -> Row:
    return session.rows(f"SHOW CREATE {kind} {quote_name(schema)}.{quote_name(name)}")[0][0]


def _made_in(charsets: Sequence[bytes | str | None], mode: str, create: bytes | str | None) -> str:
    """A definition in the session's settings that it remembers."""
    charset, collation = map(text_of, charsets)
    return (
        f"SET sql_mode = {quote_text(mode)}, character_set_client = {charset}, collation_connection = {collation};"
        f"{text_of(create)};{'; '.join(_SETTINGS)}"
    )


def _rows(
    session: Session, schema: str, catalogue: Catalogue, columns: Callable[[], Sequence[Record]]
) -> dict[str, str] | None:
    """The INSERT of each table that has rows; None where there are too many."""
    names = [*catalogue.creates, BOOKKEEPING_TABLE]
    counting = (
        f"(SELECT COUNT(*) FROM (SELECT 1 FROM {quote_name(schema)}.{quote_name(name)} LIMIT {MOST_ROWS + 1}) AS c)"
        for name in names
    )
    counts = [int(text_of(each) or 0) for each in session.rows(f"SELECT {', '.join(counting)}")[0][0]]
    if sum(counts) > MOST_ROWS:
        return None
    found = {}
    for name in (name for name, count in zip(names, counts, strict=True) if count):
        written = [("version", ""), ("run_on", "")]
        if name != BOOKKEEPING_TABLE:
            written = [
                (str(each["column_name"]), each["column_type"] or "")
                for each in columns()
                if each["table_name"] == name and not each["generation_expression"]
            ]
        found[name] = _insert(session, schema, name, written)
    return found


def _insert(session: Session, schema: str, table: str, columns: Sequence[tuple[str, str]]) -> str:
    names = ", ".join(quote_name(name) for name, _ in columns)
    shown = ", ".join(
        f"{quote_name(name)} + 0e0" if kind.startswith(_FLOATS) else quote_name(name) for name, kind in columns
    )
    reply = session.batch(f"SELECT {shown} FROM {quote_name(schema)}.{quote_name(table)}".encode(), rows=True)
    if reply.error is not None:
        raise StatementRefused(reply.error)
    binary = reply.binary[0]
    rows = (
        "(" + ", ".join(_literal(value, binary=index in binary) for index, value in enumerate(row)) + ")"
        for row in reply.rows[0]
    )
    return f"INSERT INTO {quote_name(table)} ({names}) VALUES {', '.join(rows)}"


def _literal(value: bytes | str | None, *, binary: bool) -> str:
    if value is None:
        return "NULL"
    raw = value if isinstance(value, bytes) else value.encode()
    return f"{'_binary' if binary else '_utf8mb4'} X'{raw.hex()}'"


def _runs(session: Session, statement: str) -> bool:
    try:
        session.rows(statement)
    except StatementRefused:
        return False
    return True
