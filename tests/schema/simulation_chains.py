"""Made-up DDL by a seed, one statement at a time, on what a Simulation says is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.dialect import Dialect

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from glowplug.schema.simulation import Simulation
    from glowplug.schema.simulation.values import TableFacts

TYPES = {
    Dialect.POSTGRES: (
        *("integer", "bigint", "text", "varchar(20)", "numeric(10,2)", "timestamptz", "boolean", "int[]"),
        *("uuid", "jsonb", "char(3)", "double precision", "date", "timestamp(3)", "serial"),
    ),
    Dialect.MYSQL: (
        *("INT", "BIGINT UNSIGNED", "VARCHAR(20)", "DECIMAL(10,2)", "DATETIME", "BOOLEAN", "CHAR(3)", "DATE"),
        *("TIMESTAMP", "DOUBLE", "ENUM('a','b')", "SMALLINT", "INTEGER", "TIMESTAMP NULL"),
    ),
    Dialect.SQLITE: ("INTEGER", "INT", "TEXT", "VARCHAR(20)", "REAL", "BLOB", "", "NUMERIC(10, 2)", "BOOLEAN"),
}
REMOTE = {Dialect.POSTGRES: "CASCADE", Dialect.MYSQL: "", Dialect.SQLITE: ""}


class Maker:
    """Makes statements; what it knows of the schema is what the Simulation says."""

    def __init__(self, dialect: Dialect, choice: random.Random, simulation: Simulation) -> None:
        self._dialect, self._choice, self._simulation = dialect, choice, simulation
        self._count = 0

    def statement(self) -> str:
        makers: list[Callable[[TableFacts], str]] = [
            *(self._add_column,) * 5,
            self._drop_column,
            self._rename_column,
            *(self._index,) * 3,
            self._drop_index,
            self._rename_table,
            self._view,
            self._drop_table,
            *((self._sqlite,) if self._dialect is Dialect.SQLITE else (self._constraint,) * 3),
        ]
        makers += {
            Dialect.POSTGRES: [self._postgres] * 10,
            Dialect.MYSQL: [self._mysql] * 6,
            Dialect.SQLITE: [],
        }[self._dialect]
        tables = sorted(self._simulation.tables(), key=lambda table: str(table.name))
        if len(tables) < 2 or self._choice.random() < 0.12:
            return self._create()
        return self._choice.choice(makers)(self._choice.choice(tables))

    def _new(self, prefix: str) -> str:
        self._count += 1
        name = f"{prefix}{self._count}"
        if self._choice.random() < 0.1:
            name += "_" + "long" * 14
        return name

    def _quoted(self, name: str) -> str:
        return f"`{name}`" if self._dialect is Dialect.MYSQL else f'"{name}"'

    def _column_of(self, table: TableFacts) -> str:
        return self._choice.choice([column.name for column in table.columns.values()] or ["nothing"])

    def _columns_of(self, table: TableFacts) -> str:
        names = [column.name for column in table.columns.values()] or ["nothing"]
        return ", ".join(map(self._quoted, self._choice.sample(names, min(len(names), self._choice.choice([1, 1, 2])))))

    def _other(self) -> tuple[str, str]:
        """A table to point at, and its key's column."""
        keyed = [
            (table.name.name, facts.definition.columns[0])
            for table in self._simulation.tables()
            for facts in table.constraints.values()
            if facts.definition.kind.value == "primary key" and len(facts.definition.columns) == 1
        ]
        return self._choice.choice(sorted(keyed) or [("nothing", "nothing")])

    def _definition(self, name: str) -> str:
        kind = self._choice.choice(TYPES[self._dialect])
        parts = [self._quoted(name), kind]
        numeric = kind.lower().startswith(("int", "bigint", "small", "num", "dec", "real", "double"))
        if kind == "int[]":
            numeric = False
        if self._choice.random() < 0.3 and kind != "serial":
            parts.append("DEFAULT NULL" if not numeric or self._choice.random() < 0.3 else "DEFAULT 7")
        if self._choice.random() < 0.3 and (parts[-1] != "DEFAULT NULL"):
            parts.append("NOT NULL")
        if self._choice.random() < 0.15:
            parts.append("UNIQUE")
        if numeric and self._choice.random() < 0.2:
            parts.append(f"CHECK ({self._quoted(name)} > 0)")
        if numeric and self._choice.random() < 0.25:
            table, column = self._other()
            parts.append(f"REFERENCES {self._quoted(table)} ({self._quoted(column)})")
        if self._dialect is Dialect.POSTGRES and kind == "text" and self._choice.random() < 0.3:
            parts.append('COLLATE "C"')
        return " ".join(parts)

    def _create(self) -> str:
        name = self._new("t")
        columns = [self._definition(self._new("c")) for _ in range(self._choice.randint(1, 3))]
        key = {
            Dialect.POSTGRES: ["id serial PRIMARY KEY", "id int PRIMARY KEY", "id bigint GENERATED ALWAYS AS IDENTITY",
                               "id int NOT NULL", "id int PRIMARY KEY UNIQUE"],
            Dialect.MYSQL: ["id INT PRIMARY KEY", "id INT AUTO_INCREMENT PRIMARY KEY", "id INT NOT NULL",
                            "id INT AUTO_INCREMENT UNIQUE"],
            Dialect.SQLITE: ["id INTEGER PRIMARY KEY", "id TEXT PRIMARY KEY", "id INT PRIMARY KEY",
                             "id INTEGER PRIMARY KEY AUTOINCREMENT", "id INTEGER", "id TEXT NOT NULL"],
        }[self._dialect]  # fmt: skip
        columns.insert(0, self._choice.choice(key))
        more = ["UNIQUE (id)", "CHECK (id <> id + 1)", "CONSTRAINT k_{} UNIQUE (id)"]
        columns += self._choice.choices(more, k=self._choice.choice([0, 0, 1, 2]))
        if self._dialect is Dialect.MYSQL and self._choice.random() < 0.3:
            columns.append("KEY (id)")
        tail = ""
        if self._dialect is Dialect.SQLITE:
            tail = self._choice.choice(["", "", "", " WITHOUT ROWID"])
        how = self._choice.choice(["", "", "", "IF NOT EXISTS "])
        text = f"CREATE TABLE {how}{self._quoted(name)} ({', '.join(columns)}){tail}"
        while "k_{}" in text:
            text = text.replace("k_{}", self._new("k"), 1)
        return text

    def _add_column(self, table: TableFacts) -> str:
        where = ""
        if self._dialect is Dialect.MYSQL:
            where = self._choice.choice(["", "", " FIRST", f" AFTER {self._quoted(self._column_of(table))}"])
        definition = self._definition(self._new("c"))
        return f"ALTER TABLE {self._quoted(table.name.name)} ADD COLUMN {definition}{where}"

    def _drop_column(self, table: TableFacts) -> str:
        cascade = self._choice.choice(["", REMOTE[self._dialect]])
        return (
            f"ALTER TABLE {self._quoted(table.name.name)} DROP COLUMN {self._quoted(self._column_of(table))} {cascade}"
        )

    def _rename_column(self, table: TableFacts) -> str:
        old, new = self._quoted(self._column_of(table)), self._quoted(self._new("r"))
        return f"ALTER TABLE {self._quoted(table.name.name)} RENAME COLUMN {old} TO {new}"

    def _index(self, table: TableFacts) -> str:
        unique = self._choice.choice(["", "", "UNIQUE "])
        name = self._quoted(self._new("i"))
        columns = self._columns_of(table)
        if self._dialect is Dialect.POSTGRES and self._choice.random() < 0.5:
            name = ""
            columns = self._choice.choice([columns, f"({self._quoted(self._column_of(table))}::text)",
                                           f"lower({self._quoted(self._column_of(table))}::text)",
                                           f"({self._quoted(self._column_of(table))} IS NULL)"])  # fmt: skip
        where = ""
        if self._dialect is not Dialect.MYSQL and self._choice.random() < 0.2:
            where = f" WHERE {self._quoted(self._column_of(table))} IS NOT NULL"
        text = f"CREATE {unique}INDEX {name} ON {self._quoted(table.name.name)} ({columns}){where}"
        if self._dialect is Dialect.MYSQL and self._choice.random() < 0.5:
            text = f"ALTER TABLE {self._quoted(table.name.name)} ADD {unique or 'INDEX '}({columns})"
        return text

    def _drop_index(self, table: TableFacts) -> str:
        names = [index.name for index in table.indexes.values()]
        if not names:
            return self._index(table)
        name = self._quoted(self._choice.choice(names))
        return f"DROP INDEX {name}" + (f" ON {self._quoted(table.name.name)}" if self._dialect is Dialect.MYSQL else "")

    def _rename_table(self, table: TableFacts) -> str:
        return f"ALTER TABLE {self._quoted(table.name.name)} RENAME TO {self._quoted(self._new('t'))}"

    def _view(self, table: TableFacts) -> str:
        views = sorted(view.name.name for view in self._simulation.views())
        if views and self._choice.random() < 0.4:
            return f"DROP VIEW {self._quoted(self._choice.choice(views))}"
        columns = self._columns_of(table)
        source = self._quoted(table.name.name)
        if views and self._choice.random() < 0.3:
            columns, source = "1 AS one", self._quoted(self._choice.choice(views))
        return f"CREATE VIEW {self._quoted(self._new('v'))} AS SELECT {columns} FROM {source}"

    def _drop_table(self, table: TableFacts) -> str:
        how = self._choice.choice(["", "IF EXISTS "])
        return f"DROP TABLE {how}{self._quoted(table.name.name)} {self._choice.choice(['', REMOTE[self._dialect]])}"

    def _constraint(self, table: TableFacts) -> str:
        alter = f"ALTER TABLE {self._quoted(table.name.name)} "
        named = self._choice.choice(["", "", f"CONSTRAINT {self._quoted(self._new('k'))} "])
        parent, column = self._other()
        names = [facts.name for facts in table.constraints.values()] or ["nothing"]
        name = self._quoted(self._choice.choice(names))
        key = f"FOREIGN KEY ({self._quoted(self._column_of(table))}) REFERENCES {self._quoted(parent)}"
        return alter + self._choice.choice([
            f"ADD {named}UNIQUE ({self._columns_of(table)})",
            f"ADD {named}PRIMARY KEY ({self._columns_of(table)})",
            f"ADD {named}CHECK ({self._quoted(self._column_of(table))} IS NOT NULL)",
            f"ADD {named}{key} ({self._quoted(column)})",
            f"ADD {named}{key} ({self._quoted(column)}) ON DELETE CASCADE",
            f"DROP CONSTRAINT {name}",
            f"DROP CONSTRAINT {name} {REMOTE[self._dialect]}",
        ])  # fmt: skip

    def _postgres(self, table: TableFacts) -> str:
        own, column = self._quoted(table.name.name), self._quoted(self._column_of(table))
        alter = f"ALTER TABLE {own} "
        names = [facts.name for facts in table.constraints.values()] or ["nothing"]
        indexes = [index.name for index in table.indexes.values()] or ["nothing"]
        name, index = self._quoted(self._choice.choice(names)), self._quoted(self._choice.choice(indexes))
        new = self._quoted(self._new("n"))
        return self._choice.choice([
            f"{alter}ALTER {column} SET NOT NULL",
            f"{alter}ALTER {column} DROP NOT NULL",
            f"{alter}ALTER {column} SET DEFAULT NULL",
            f"{alter}ALTER {column} DROP DEFAULT",
            f"{alter}ALTER {column} TYPE text USING NULL",
            f"{alter}ALTER {column} TYPE varchar(30)",
            f"{alter}ADD CHECK ({column} IS NOT NULL) NOT VALID",
            f"{alter}ADD CONSTRAINT {new} CHECK ({column} IS NOT NULL) NOT VALID",
            f"{alter}VALIDATE CONSTRAINT {name}",
            f"{alter}RENAME CONSTRAINT {name} TO {new}",
            f"ALTER INDEX {index} RENAME TO {new}",
            f"{alter}ADD CONSTRAINT {new} UNIQUE USING INDEX {index}",
            f"{alter}ADD UNIQUE USING INDEX {index}",
            f"{alter}ALTER {column} ADD GENERATED BY DEFAULT AS IDENTITY",
            f"{alter}ALTER {column} DROP IDENTITY IF EXISTS",
            f"{alter}ADD COLUMN {new} int GENERATED ALWAYS AS (1 + 1) STORED",
            f"CREATE TABLE {new} (LIKE {own} INCLUDING ALL)",
            f"CREATE TABLE {new} (LIKE {own})",
            f"CREATE TABLE {new} (own int) INHERITS ({own})",
            f"CREATE TABLE {new} (id int, at date, UNIQUE (id, at)) PARTITION BY RANGE (at)",
            f"CREATE TABLE {new} PARTITION OF {own} DEFAULT",
            f"CREATE MATERIALIZED VIEW {new} AS SELECT {column} FROM {own}",
            f"CREATE TYPE {new} AS ENUM ('a', 'b')",
            f"{alter}ALTER {column} DROP EXPRESSION IF EXISTS",
            f"{alter}DROP COLUMN IF EXISTS {column}, ADD COLUMN IF NOT EXISTS {column} text",
        ])  # fmt: skip

    def _mysql(self, table: TableFacts) -> str:
        own, column = self._quoted(table.name.name), self._quoted(self._column_of(table))
        alter = f"ALTER TABLE {own} "
        new = self._quoted(self._new("n"))
        keys = [facts.name for facts in table.constraints.values() if facts.definition.references] or ["nothing"]
        indexes = [index.name for index in table.indexes.values()] or ["nothing"]
        key, index = self._quoted(self._choice.choice(keys)), self._quoted(self._choice.choice(indexes))
        definition = self._definition("same").partition(" ")[2]
        plain = self._quoted(next((each.name for each in table.columns.values() if each.generated is None), "nothing"))
        return self._choice.choice([
            f"{alter}MODIFY COLUMN {column} {definition}",
            f"{alter}CHANGE COLUMN {column} {new} {definition}",
            f"{alter}MODIFY {column} BIGINT FIRST",
            f"{alter}DROP FOREIGN KEY {key}",
            f"{alter}DROP PRIMARY KEY",
            f"{alter}DROP INDEX {index}",
            f"{alter}RENAME INDEX {index} TO {new}",
            f"{alter}ALTER COLUMN {column} DROP DEFAULT",
            f"{alter}ALTER COLUMN {plain} SET DEFAULT 3",
            f"RENAME TABLE {own} TO {new}",
            f"CREATE TABLE {new} LIKE {own}",
            f"CREATE OR REPLACE TABLE {new} (id INT)",
            f"CREATE TRIGGER {new} BEFORE INSERT ON {own} FOR EACH ROW SET @a = 1",
            f"{alter}CONVERT TO CHARACTER SET utf8mb4",
            f"{alter}ADD COLUMN {new} INT AS (1 + 1) STORED",
            f"CREATE OR REPLACE VIEW {new} AS SELECT {column} FROM {own}",
        ])  # fmt: skip

    def _sqlite(self, table: TableFacts) -> str:
        own, column = self._quoted(table.name.name), self._quoted(self._column_of(table))
        new = self._quoted(self._new("n"))
        return self._choice.choice([
            f"CREATE TRIGGER {new} AFTER INSERT ON {own} BEGIN SELECT 1; END",
            f"CREATE TABLE {new} AS SELECT {column} FROM {own}",
            f"ALTER TABLE {own} ADD COLUMN {new} INT AS (1 + 1)",
            f"CREATE INDEX IF NOT EXISTS {new} ON {own} ({column} COLLATE NOCASE DESC)",
            f"CREATE TABLE {new} (a INT, b TEXT, PRIMARY KEY (a, b), FOREIGN KEY (a) REFERENCES {own})",
            f"CREATE TABLE {new} (a INT, b TEXT, PRIMARY KEY (a, b)) STRICT",
            f"PRAGMA foreign_keys = {self._choice.choice(['ON', 'OFF'])}",
        ])  # fmt: skip
