"""Tables as rows see them, from what a catalogue says and the server's own CREATE statements.

MariaDB's texts are read as its 10.11 writes them. MySQL's (CHECKs at the table alone, defaults without quotes, parts of
keys that are expressions) are read as its manual shows them: that has not been run.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from glowplug.database.mysql.partitions import partition_checks, partition_key
from glowplug.database.mysql.session import quote_name
from glowplug.database.mysql.types import type_of
from glowplug.schema.tables import Action, Check, Column, Family, ForeignKey, Table, Unique, Written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glowplug.database.mysql.catalogue import Catalogue, Record

_NAME = r"`((?:[^`]|``)*)`"
_UNIQUE = re.compile(rf"(PRIMARY KEY|UNIQUE (?:KEY|INDEX))(?: {_NAME})? \((.*)")
_CHECK = re.compile(rf"CONSTRAINT {_NAME} CHECK \((.*)\)(?: /\*!\d+ NOT ENFORCED \*/)?\Z", re.DOTALL)
_FOREIGN_KEY = re.compile(
    rf"CONSTRAINT {_NAME} FOREIGN KEY \((.*?)\) REFERENCES ((?:{_NAME}\.)?{_NAME}) \((.*?)\)(.*)\Z", re.DOTALL
)
_ACTION = r"(CASCADE|RESTRICT|SET NULL|SET DEFAULT|NO ACTION)"
_PREFIX = re.compile(rf"{_NAME}\((\d+)\)")
_TABLES = frozenset({"BASE TABLE", "SYSTEM VERSIONED"})


def tables(
    catalogue: Catalogue,
    columns: Sequence[Record],
    checks: Sequence[Record],
    *,
    schema: str,
    enforced: bool,
    counts: Mapping[str, int],
) -> Iterator[Table]:
    """Give every table with rows of its own, views and sequences left out.

    A system-versioned table is there as its present rows. A partitioned one is one table; where its partitions leave
    no room for some rows, that is a Check. ``enforced``: whether the session has foreign_key_checks on.
    """
    by_table: dict[str, list[Record]] = defaultdict(list)
    for record in columns:
        by_table[str(record["table_name"])].append(record)
    inline: dict[str, list[Check]] = defaultdict(list)
    for record in checks:
        inline[str(record["table_name"])].append(
            Check(name=record["constraint_name"] or "", expression=record["check_clause"] or "")
        )
    triggers: dict[str, list[str]] = defaultdict(list)
    for record in catalogue.sections["triggers"]:
        triggers[str(record["event_object_table"])].append(record["trigger_name"] or "")
    for record in catalogue.sections["tables"]:
        name = str(record["table_name"])
        if record["table_type"] not in _TABLES:
            continue
        create = catalogue.creates[name]
        own = tuple(_column(each, inline[name]) for each in by_table[name])
        found = [*inline[name], *_checks(create), *partition_checks(create)]
        yield Table(
            name=name,
            sql=f"{quote_name(schema)}.{quote_name(name)}",
            columns=own,
            checks=tuple(_with_columns(each, own) for each in found if not _is_json(each)),
            uniques=tuple(_uniques(create)),
            foreign_keys=tuple(_foreign_keys(create, schema, enforced=enforced)),
            partition_key=partition_key(create),
            triggers=tuple(triggers[name]),
            rows=counts.get(name, 0),
        )


def body_of(create: str) -> list[str]:
    """Give the lines between the parentheses of a CREATE TABLE, their commas left out."""
    lines: list[str] = []
    for line in create.split("\n")[1:]:
        if line.startswith(")"):
            break
        if line.startswith("  ") or not lines:
            lines.append(line.strip())
        else:
            lines[-1] += "\n" + line
    return [line.removesuffix(",") for line in lines]


def parts_of(text: str) -> Iterator[str]:
    """Cut at the commas that stand outside of names, strings and parentheses; the first ``)`` too many ends it."""
    depth, start = 0, 0
    for token in re.finditer(r"`(?:[^`]|``)*`|'(?:[^'\\]|\\.|'')*'|[(),]", text, re.DOTALL):
        mark = token.group()
        if mark == "(":
            depth += 1
        elif mark == ")":
            depth -= 1
            if depth < 0:
                yield text[start : token.start()].strip()
                return
        elif mark == "," and depth == 0:
            yield text[start : token.start()].strip()
            start = token.end()
    yield text[start:].strip()


def _column(record: Record, inline: Sequence[Check]) -> Column:
    name = str(record["column_name"])
    extra = (record["extra"] or "").lower()
    is_json = any(_json_of(each) == name for each in inline)
    generated = bool(record["generation_expression"])
    numbered = "auto_increment" in extra
    default = _default(record, extra)
    written = Written.ALWAYS_US
    if generated:
        written = Written.SERVER
    elif numbered or default is not None:
        written = Written.SERVER_IF_LEFT_OUT
    return Column(
        name=name,
        type=type_of(record["column_type"] or "", record["collation_name"], is_json=is_json),
        nullable=record["is_nullable"] == "YES",
        default=default,
        written=written,
        numbered=numbered,
    )


def _default(record: Record, extra: str) -> str | None:
    """The default as SQL: MariaDB tells it so, MySQL tells a literal without its quotes; NULL is none."""
    default = record["column_default"]
    if default is None or default == "NULL":
        return None
    plain = type_of(record["column_type"] or "", None).family in {Family.INTEGER, Family.DECIMAL, Family.FLOAT}
    is_sql = default.startswith(("'", "b'", "x'")) or "default_generated" in extra or plain
    if is_sql or default.lower().startswith("current_timestamp") or "(" in default:
        return default
    return "'" + default.replace("'", "''") + "'"


def _checks(create: str) -> Iterator[Check]:
    for line in body_of(create):
        if (found := _CHECK.match(line)) and not line.endswith("NOT ENFORCED */"):
            expression = found.group(2)
            inner = list(parts_of(expression[1:])) if expression.startswith("(") else []
            if len(inner) == 1 and len(inner[0]) == len(expression) - 2:
                expression = inner[0]
            yield Check(name=_unquoted(found.group(1)), expression=expression)


def _json_of(check: Check) -> str | None:
    """The column that MariaDB's alias JSON gave this CHECK to."""
    found = re.fullmatch(rf"json_valid\({_NAME}\)", check.expression)
    return _unquoted(found.group(1)) if found else None


def _is_json(check: Check) -> bool:
    return _json_of(check) is not None


def _with_columns(check: Check, columns: Sequence[Column]) -> Check:
    named = {_unquoted(each) for each in re.findall(_NAME, check.expression)}
    return Check(
        name=check.name,
        expression=check.expression,
        columns=tuple(each.name for each in columns if each.name in named),
    )


def _uniques(create: str) -> Iterator[Unique]:
    for line in body_of(create):
        if not (found := _UNIQUE.match(line)):
            continue
        kind, name, rest = found.groups()
        columns: list[str | None] = []
        expressions: list[str] = []
        for part in parts_of(rest):
            if prefix := _PREFIX.match(part):
                columns.append(None)
                expressions.append(f"left({quote_name(_unquoted(prefix.group(1)))}, {prefix.group(2)})")
            elif part.startswith("`"):
                columns.append(_unquoted(re.match(_NAME, part).group(1)))  # type: ignore[union-attr]
            else:
                columns.append(None)
                expressions.append(part.removesuffix(" DESC")[1:-1])
        yield Unique(
            name=_unquoted(name or "PRIMARY"),
            columns=tuple(columns),
            expressions=tuple(expressions),
            primary=kind == "PRIMARY KEY",
        )


def _foreign_keys(create: str, schema: str, *, enforced: bool) -> Iterator[ForeignKey]:
    for line in body_of(create):
        if found := _FOREIGN_KEY.match(line):
            name, columns, _, elsewhere, table, referenced, actions = found.groups()
            table = _unquoted(table)
            yield ForeignKey(
                name=_unquoted(name),
                columns=_names(columns),
                table=table if elsewhere in {None, schema} else f"{_unquoted(elsewhere)}.{table}",
                referenced=_names(referenced),
                on_delete=_action("DELETE", actions),
                on_update=_action("UPDATE", actions),
                enforced=enforced,
            )


def _action(event: str, actions: str) -> Action:
    found = re.search(rf"ON {event} {_ACTION}", actions)
    return Action(found.group(1).lower()) if found else Action.NO_ACTION


def _names(text: str) -> tuple[str, ...]:
    return tuple(_unquoted(each) for each in re.findall(_NAME, text))


def _unquoted(name: str) -> str:
    return name.replace("``", "`")
