"""What a live Snapshot and a Simulation both know of a schema, brought into one form so that they can be compared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from glowplug.schema import Schema, SchemaObject
    from glowplug.schema.simulation import Simulation

Projection = dict[tuple[str, str], dict[str, str]]

KINDS = frozenset({"table", "column", "constraint", "index", "trigger", "view", "materialized view", "type", "domain"})
_NAME = re.compile(r'"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|(\w+)')
_FLAGS = re.compile(r"\s*(ASC|DESC)?\s*$", re.IGNORECASE)
_LABEL = re.compile(r"(PRIMARY KEY|UNIQUE|CHECK|FOREIGN KEY)\b.*", re.DOTALL | re.IGNORECASE)
_WIDTHS = {"tinyint": "4", "smallint": "6", "mediumint": "9", "int": "11", "bigint": "20", "year": "4"}
_MYSQL_NAMES = {
    "integer": "int",
    "bool": "tinyint",
    "boolean": "tinyint",
    "numeric": "decimal",
    "dec": "decimal",
    "fixed": "decimal",
    "double precision": "double",
    "real": "double",
    "character": "char",
    "json": "longtext",
}


def of_simulation(simulation: Simulation, dialect: Dialect) -> Projection:
    return _projection(simulation.as_schema(), dialect, live=False)


def of_snapshot(snapshot: Schema, dialect: Dialect) -> Projection:
    return _projection(snapshot, dialect, live=True)


def _projection(schema: Schema, dialect: Dialect, *, live: bool) -> Projection:
    found: Projection = {}
    for item in schema:
        if item.kind not in KINDS:
            continue
        if item.kind == "constraint" and (item.parent is None or item.parent[0] == "domain"):
            continue
        if item.parent is not None and item.kind == "column" and item.parent[0] != "table":
            continue  # a view's, a composite type's
        name, properties = _projected(item, schema, dialect, live=live)
        key = (item.kind, name)
        while key in found:
            key = (item.kind, key[1] + "'")
        found[key] = properties
    return found


def _projected(item: SchemaObject, schema: Schema, dialect: Dialect, *, live: bool) -> tuple[str, dict[str, str]]:
    if item.kind == "column":
        return item.name, _column(item, schema, dialect)
    if item.kind == "constraint":
        return _constraint(item, dialect, live=live)
    if item.kind == "index":
        properties = {"unique": item.properties.get("unique"), "valid": item.properties.get("valid")}
        definition = item.properties.get("definition")
        if definition is not None:
            properties["columns"] = _index_columns(definition)
            properties["unique"] = properties["unique"] or ("true" if definition.startswith("UNIQUE") else "false")
        else:
            properties["columns"] = item.properties["columns"]
        properties["valid"] = properties["valid"] or "true"
        return item.name, {name: value for name, value in properties.items() if value is not None}
    kept = {"type": ("type", "labels"), "domain": ("not_null",)}.get(item.kind, ())
    properties = {name: item.properties[name] for name in kept if name in item.properties}
    return item.name, {name: value or "" for name, value in properties.items()}


def _column(item: SchemaObject, schema: Schema, dialect: Dialect) -> dict[str, str]:
    given = item.properties
    properties = {
        "position": given["position"],
        "type": _type(given.get("type", ""), dialect),
        "not_null": given.get("not_null", "false"),
        "default": str("default" in given and (dialect is Dialect.POSTGRES or given["default"].upper() != "NULL")),
        "generated": _generated(given.get("generated"), dialect),
        "identity": given.get("identity", ""),
    }
    collation = given.get("collation", "").rpartition(".")[2].strip('"')
    if collation and dialect is not Dialect.MYSQL and collation.upper() not in {"BINARY", "DEFAULT"}:
        properties["collation"] = collation.casefold()
    if dialect is Dialect.SQLITE and "primary_key" in given:
        properties["not_null"] = _holds_no_null(item, schema)
    return properties


def _generated(text: str | None, dialect: Dialect) -> str:
    if not text:
        return ""
    if dialect is Dialect.SQLITE and not text.lower().startswith(("stored:", "virtual:")):
        return text.rpartition(" ")[2].lower()
    return text.partition(":")[0].lower().replace("persistent", "stored")


def _holds_no_null(item: SchemaObject, schema: Schema) -> str:
    """SQLite: a primary key says nothing of NULL but where it is the rowid, in STRICT and WITHOUT ROWID tables."""
    table = schema.objects[item.parent or ("", "")]
    alone = sum("primary_key" in other.properties for other in schema if other.parent == item.parent) == 1
    rowid = alone and item.properties.get("type", "").casefold() == "integer"
    strict = "true" in {table.properties.get("without_rowid"), table.properties.get("strict")}
    holds = item.properties["not_null"] == "true" or rowid or strict
    return "true" if holds else "false"


def _type(text: str, dialect: Dialect) -> str:
    if dialect is Dialect.POSTGRES:
        return re.sub(r"^\w+\.", "", text)
    text = re.sub(r"\s*([(,])\s*|\s+(?=\))", r"\1", " ".join(text.casefold().split())).replace("'", "")
    if dialect is Dialect.SQLITE:
        return text
    text = re.sub(r" (?:character set|charset|collate) \w+", "", text)
    head = re.match(r"([a-z0-9 ]+?)(\(.*?\))?( unsigned| zerofill|$)+", text)
    if head is None:
        return text
    name = _MYSQL_NAMES.get(head.group(1), head.group(1))
    width = head.group(2) or {"decimal": "(10,0)", "char": "(1)", "binary": "(1)", "bit": "(1)"}.get(name, "")
    if name in _WIDTHS or name in {"text", "blob"}:
        width = ""
    if name == "decimal" and "," not in width:
        width = width[:-1] + ",0)"
    return name + width + (" unsigned" if "unsigned" in text else "")


def _constraint(item: SchemaObject, dialect: Dialect, *, live: bool) -> tuple[str, dict[str, str]]:
    given = item.properties
    if live:
        properties = _defined(given["definition"], dialect)
        properties["validated"] = given.get("validated", "true")
    else:
        properties = {name: given[name] for name in ("type", "columns", "references", "validated") if name in given}
    if dialect is not Dialect.SQLITE:
        return item.name, properties
    table = (item.parent or ("", ""))[1]
    own = item.name.removeprefix(f"{table}.")
    own = "" if _LABEL.match(own) else own
    properties = {name: value.casefold() for name, value in properties.items()}
    label = " ".join(value for name, value in sorted(properties.items()) if name != "validated")
    return f"{table}.{own} {label}", properties


def _defined(definition: str, dialect: Dialect) -> dict[str, str]:
    match = re.match(r"(PRIMARY KEY|UNIQUE|FOREIGN KEY|CHECK|EXCLUDE)", definition)
    assert match is not None, definition
    kind = match.group(1).lower()
    properties = {"type": kind}
    if kind == "exclude":
        properties["columns"] = _index_columns(definition, operators=True)
    elif kind != "check":
        properties["columns"] = _index_columns(definition)
    if kind == "foreign key":
        found = re.search(r"REFERENCES (.*?)\s*(?:\(|$| ON| MATCH| DEFERRABLE| NOT)", definition)
        assert found is not None, definition
        names = ["".join(parts) for parts in _NAME.findall(found.group(1))]
        if dialect is Dialect.POSTGRES and len(names) == 1:
            names = ["public", *names]
        properties["references"] = ".".join(names)
    return properties


def _index_columns(definition: str, *, operators: bool = False) -> str:
    start = definition.index("(", max(definition.find(" USING "), 0))
    columns: list[str] = []
    for part in _split(definition[start:]):
        part = part.rpartition(" WITH ")[0] if operators else part  # noqa: PLW2901 - what is before the operator
        name = _NAME.match(part)
        rest = "" if name is None else part[name.end() :]
        if name is None or (rest.lstrip().startswith(("(", "::", ".")) and not re.match(r"\s*\(\d+\)", rest)):
            columns.append("*")
        else:
            quoted, ticked, bracketed, bare = name.groups()
            columns.append((quoted or "").replace('""', '"') or (ticked or "").replace("``", "`") or bracketed or bare)
    return ", ".join(columns)


def _split(text: str) -> Iterable[str]:
    """Cut what stands in the parenthesis that ``text`` begins with at its commas."""
    depth, item, quote = 0, "", ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"`":
            quote = letter
        elif letter in "([":
            depth += 1
            if depth == 1:
                continue
        elif letter in ")]":
            depth -= 1
            if depth == 0:
                yield item.strip()
                return
        elif letter == "," and depth == 1:
            yield item.strip()
            item = ""
            continue
        item += letter


def differences(live: Projection, simulated: Projection) -> list[str]:
    """Name what differs, a line each."""
    found = [f"not simulated: {kind} {name} {live[kind, name]}" for kind, name in live.keys() - simulated.keys()]
    found += [f"not there: {kind} {name} {simulated[kind, name]}" for kind, name in simulated.keys() - live.keys()]
    for key in live.keys() & simulated.keys():
        old, new = dict(live[key]), dict(simulated[key])
        if "collation" not in new:
            old.pop("collation", None)
        if old != new:
            changed = {name: (old.get(name), new.get(name)) for name in old | new if old.get(name) != new.get(name)}
            found.append(f"{key[0]} {key[1]}: live, simulated: {changed}")
    return sorted(found)


def same_case(projection: Mapping[tuple[str, str], dict[str, str]]) -> Projection:
    return {(kind, name.casefold()): value for (kind, name), value in projection.items()}
