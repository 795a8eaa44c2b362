"""From a catalogue's records to SchemaObjects."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.schema import SchemaObject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glowplug.database.mysql.catalogue import Catalogue, Record
    from glowplug.schema.model import Key

_KEY_LINE = re.compile(
    r"(PRIMARY KEY|(?:UNIQUE |FULLTEXT |SPATIAL |VECTOR )?(?:KEY|INDEX)) *(?:`((?:[^`]|``)*)` )?(.*)"
)
_CONSTRAINT_LINE = re.compile(r"CONSTRAINT `((?:[^`]|``)*)` (.*)")
_NO_PARTITIONED = re.compile(r"\s*\bpartitioned\b")
_TEXT = r"'(?:[^'\\]|''|\\.)*'"
_NAMES = r"(?:`(?:[^`]|``)*`|[^`)])*"
_UNTOLD_OPTION = re.compile(rf"(INSERT_METHOD=\w+|UNION=\({_NAMES}\))|{_TEXT}")
"""What ``create_options`` leaves out: found where no text is."""
_COLUMN_LINE = re.compile(r"`((?:[^`]|``)*)` ")
_UNTOLD_OF_COLUMN = re.compile(rf"/\*!\d+ ((?:SRID|COLUMN_FORMAT|STORAGE) \w+) \*/|{_TEXT}")
_EXTRAS = re.compile(
    r"\b(?:DEFAULT_GENERATED|(VIRTUAL|STORED|PERSISTENT) GENERATED|(INVISIBLE)|on update (\S+))(?:,\s*|\s*)",
    re.IGNORECASE,
)


def objects(
    catalogue: Catalogue,
    columns: Sequence[Record],
    checks: Sequence[Record],
) -> Iterator[SchemaObject]:
    """Give every object of a schema; names are ``table.child``, and the schema's own name is in none of them."""
    sections = catalogue.sections
    for record in sections["database"]:
        yield SchemaObject(
            kind="database",
            name="database",
            properties=_some(
                {
                    "charset": record["default_character_set_name"],
                    "collation": record["default_collation_name"],
                    "comment": record["comment"],
                }
            ),
        )
    kinds = {str(each["table_name"]): _kind(each) for each in sections["tables"]}
    for record in sections["tables"]:
        name = str(record["table_name"])
        if kinds[name] != "view":
            yield from _table(record, catalogue.creates[name], kinds[name])
    yield from _views(sections["views"])
    untold = untold_of_columns(catalogue.creates)
    for record in columns:
        if kinds.get(str(record["table_name"])) in {"table", "view"}:
            yield _column(record, kinds, untold.get((str(record["table_name"]), str(record["column_name"]))))
    yield from _column_checks(checks)
    for record in sections["triggers"]:
        yield _trigger(record)
    yield from _routines(sections["routines"], sections["parameters"])
    for record in sections["events"]:
        yield _event(record)


def _kind(table: Record) -> str:
    return {"VIEW": "view", "SEQUENCE": "sequence"}.get(table["table_type"] or "", "table")


def _some(properties: Mapping[str, str | None]) -> dict[str, str]:
    """The properties that apply."""
    return {name: value for name, value in properties.items() if value}


def _truth(value: object) -> str:
    return "true" if value else "false"


def _table(record: Record, create: str, kind: str) -> Iterator[SchemaObject]:
    name = str(record["table_name"])
    if kind == "sequence":
        # The engine's own table options say nothing about the sequence.
        yield SchemaObject(kind=kind, name=name, properties={"definition": create.partition("` ")[2]})
        return
    body, options = _split_create(create)
    plain, partitioned, partitions = options.partition("PARTITION BY")
    untold = [each.group(1) for each in _UNTOLD_OPTION.finditer(plain) if each.group(1)]
    collation = record["table_collation"]
    properties = {
        "type": None if record["table_type"] == "BASE TABLE" else record["table_type"],
        "engine": record["engine"],
        "row_format": record["row_format"],
        "charset": collation and collation.partition("_")[0],
        "collation": collation,
        "comment": record["table_comment"],
        "options": " ".join([_NO_PARTITIONED.sub("", record["create_options"] or "").strip(), *untold]).strip(),
        "partitions": partitioned and f"PARTITION BY{partitions}".removesuffix("*/").strip(),
        "periods": "; ".join(line for line in body if line.startswith("PERIOD FOR")),
    }
    table = SchemaObject(kind="table", name=name, properties=_some(properties))
    yield table
    seen: set[Key] = set()
    for line in body:
        child = _child(table, line, seen)
        if child is not None:
            seen.add(child.key)
            yield child


def _split_create(create: str) -> tuple[list[str], str]:
    """The lines between the parentheses of a CREATE TABLE, commas left out, and what follows them."""
    lines = create.split("\n")
    end = next((index for index, line in enumerate(lines) if line.startswith(")")), len(lines))
    body: list[str] = []
    for line in lines[1:end]:
        if line.startswith("  "):
            body.append(line.strip())
        elif body:
            body[-1] += "\n" + line
    return [line.removesuffix(",") for line in body], "\n".join(lines[end:])


def _child(table: SchemaObject, line: str, seen: set[Key]) -> SchemaObject | None:
    if found := _CONSTRAINT_LINE.match(line):
        name, definition = found.group(1).replace("``", "`"), found.group(2)
        kind = definition.partition(" (")[0]
        properties = {"type": kind, "definition": definition}
        key = ("constraint", f"{table.name}.{name}")
        # The names of CHECKs and foreign keys are two name spaces.
        name = key[1] if key not in seen else f"{key[1]} ({kind.lower()})"
        return SchemaObject(kind="constraint", name=name, properties=properties, parent=table.key)
    if not (found := _KEY_LINE.match(line)):
        return None
    kind, name, definition = found.group(1), (found.group(2) or "PRIMARY").replace("``", "`"), found.group(3)
    if kind == "PRIMARY KEY":
        properties = {"type": kind, "definition": f"{kind} {definition}"}
        return SchemaObject(kind="constraint", name=f"{table.name}.PRIMARY", properties=properties, parent=table.key)
    properties = {"unique": _truth(kind.startswith("UNIQUE")), "definition": f"{kind} {definition}"}
    return SchemaObject(kind="index", name=f"{table.name}.{name}", properties=properties, parent=table.key)


def untold_of_columns(creates: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """What no catalogue of MySQL's tells of a column, and its table's CREATE statement does, in a comment each."""
    found: dict[tuple[str, str], str] = {}
    for table, create in creates.items():
        for line in _split_create(create)[0] if "/*!" in create else ():
            column = _COLUMN_LINE.match(line)
            told = [each.group(1) for each in _UNTOLD_OF_COLUMN.finditer(line) if each.group(1)]
            if column is not None and told:
                found[table, column.group(1).replace("``", "`")] = ", ".join(told)
    return found


def _column(record: Record, kinds: Mapping[str, str], untold: str | None) -> SchemaObject:
    table = str(record["table_name"])
    extra = record["extra"] or ""
    found = list(_EXTRAS.finditer(extra))
    stored = next((each.group(1) for each in found if each.group(1)), None)
    properties = {
        "position": record["ordinal_position"],
        "type": record["column_type"],
        "not_null": _truth(record["is_nullable"] == "NO"),
        "default": record["column_default"],
        "on_update": next((each.group(3) for each in found if each.group(3)), None),
        "generated": stored and f"{stored}: {record['generation_expression']}",
        "invisible": _truth(any(each.group(2) for each in found)),
        "extra": _EXTRAS.sub("", extra).strip(", "),
        "charset": record["character_set_name"],
        "collation": record["collation_name"],
        "comment": record["column_comment"],
        "options": untold,
    }
    applying = _some(properties)
    if record["column_default"] is not None:
        applying["default"] = record["column_default"]  # an empty string is one
    return SchemaObject(
        kind="column", name=f"{table}.{record['column_name']}", properties=applying, parent=(kinds[table], table)
    )


def _column_checks(checks: Sequence[Record]) -> Iterator[SchemaObject]:
    for record in checks:
        column = ("column", f"{record['table_name']}.{record['constraint_name']}")
        definition = f"CHECK ({record['check_clause']})"
        yield SchemaObject(
            kind="constraint",
            name=f"{column[1]} (check)",
            properties={"type": "CHECK", "definition": definition},
            parent=column,
        )


def _views(views: Sequence[Record]) -> Iterator[SchemaObject]:
    for record in views:
        properties = {
            "definition": record["view_definition"],
            "check_option": record["check_option"],
            "security": record["security_type"],
            "algorithm": record.get("algorithm"),
            "definer": record["definer"],
            "charset": record["character_set_client"],
            "collation": record["collation_connection"],
        }
        yield SchemaObject(kind="view", name=str(record["table_name"]), properties=_some(properties))


def _trigger(record: Record) -> SchemaObject:
    table = str(record["event_object_table"])
    properties = {
        "definition": f"{record['action_timing']} {record['event_manipulation']}: {record['action_statement']}",
        "order": record["action_order"],
        **_environment(record),
    }
    return SchemaObject(
        kind="trigger",
        name=f"{table}.{record['trigger_name']}",
        properties=_some(properties),
        parent=("table", table),
    )


def _environment(record: Record) -> dict[str, str | None]:
    """What a stored program remembers of the session that made it."""
    return {
        "definer": record["definer"],
        "sql_mode": record["sql_mode"],
        "charset": record["character_set_client"],
        "collation": record["collation_connection"],
        "database_collation": record["database_collation"],
    }


def _routines(routines: Sequence[Record], parameters: Sequence[Record]) -> Iterator[SchemaObject]:
    for record in routines:
        own = [
            each
            for each in parameters
            if (each["specific_name"], each["routine_type"]) == (record["specific_name"], record["routine_type"])
            and each["ordinal_position"] != "0"
        ]
        types = ", ".join(each["dtd_identifier"] or "" for each in own)
        properties = {
            "definition": record["routine_definition"],
            "returns": record["dtd_identifier"] and _typed(record),
            "parameters": ", ".join(
                f"{each['parameter_mode'] or 'IN'} {each['parameter_name']} {_typed(each)}" for each in own
            ),
            "deterministic": _truth(record["is_deterministic"] == "YES"),
            "data_access": record["sql_data_access"],
            "security": record["security_type"],
            "comment": record["routine_comment"],
            **_environment(record),
        }
        yield SchemaObject(
            kind=(record["routine_type"] or "").lower(),
            name=f"{record['routine_name']}({types})",
            properties=_some(properties),
        )


def _typed(record: Record) -> str:
    """A parameter's or a result's type with its character set and collation, where it has some."""
    parts = (record["dtd_identifier"], record["character_set_name"], record["collation_name"])
    return " ".join(part for part in parts if part)


def _event(record: Record) -> SchemaObject:
    """An event; that it starts when it was made is the default, and no two makings agree on it."""
    by_default = record["starts"] in {record["created"], record["last_altered"]}
    properties = {
        "definition": record["event_definition"],
        "schedule": record["execute_at"] or f"EVERY {record['interval_value']} {record['interval_field']}",
        "starts": None if by_default else record["starts"],
        "ends": record["ends"],
        "status": record["status"],
        "on_completion": record["on_completion"],
        "time_zone": record["time_zone"],
        "comment": record["event_comment"],
        **_environment(record),
    }
    return SchemaObject(kind="event", name=str(record["event_name"]), properties=_some(properties))
