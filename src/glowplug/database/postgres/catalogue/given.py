"""The query that reads some relations: few nodes and few expressions, for each is started every time.

It has one row for a relation: the oid; its kind as in pg_class, schema and name as one text; and for each section one
text of all that it holds, without anything in between, in a column that is called by what ``Layout`` reads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.postgres.catalogue.section import (
    CALLED,
    FIRST_USER_OID,
    RELATION,
    SCHEMA,
    Given,
    Seldom,
    Spelt,
    name_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from glowplug.database.postgres.catalogue.section import Beside, Section

_NOTHING = "NULL::text"

# Both at once: the relation, and its schema.
_OWNED_BY_EXTENSION = (
    "SELECT FROM pg_depend e WHERE e.classid = ANY ('{pg_class,pg_namespace}'::regclass[]::oid[])"
    " AND e.objid = ANY (ARRAY[c.oid, s.oid]) AND e.objsubid = 0 AND e.deptype = 'e' OFFSET 0"
)
_RELATIONS = (
    f"FROM pg_class c JOIN (SELECT n.oid, n.nspname, {name_of('n.nspname')} AS name FROM pg_namespace n"
    f" WHERE {SCHEMA}) s ON s.oid = c.relnamespace"
    f" WHERE c.oid = ANY ($1) AND c.oid >= {FIRST_USER_OID} AND {RELATION} AND NOT EXISTS ({_OWNED_BY_EXTENSION})"
)
_SAID = {**CALLED, "nspname": "s.nspname"}
_OF_RELATION = re.compile(r"\br\.(\w+)")


@dataclass(frozen=True, slots=True)
class Layout:
    """What the texts of a section are made of, in the quick reading or the full one.

    Each object is ``names`` of properties, after its name if it is a part of a relation; ``spelt`` are the words for
    the values of each, if it has any. ``tells``: a last value says whether there is more to read. ``beside``: what the
    records of another text are made of, the first value of the objects that they belong to coming first; ``usual`` as
    Beside says.
    """

    number: int
    names: tuple[str, ...]
    spelt: tuple[Spelt | None, ...]
    tells: bool
    beside: tuple[str, ...]
    usual: Mapping[str, str]

    @classmethod
    def of(cls, number: int, section: Section, *, quick: bool) -> Layout:
        """Describe what ``given`` reads of a section."""
        about = _given(section)
        names = tuple(_read(section, about, quick=quick))
        expressions = [section.properties[name] for name in names]
        return cls(
            number,
            (*names, "comment") if section.commented else names,
            (*(one if isinstance(one, Spelt) else None for one in expressions), *[None] * bool(section.commented)),
            quick and bool(_unread(section)),
            tuple(about.beside.properties) if about.beside else (),
            about.beside.usual if about.beside else {},
        )

    def properties(self, values: Sequence[str | None]) -> dict[str, str]:
        """Give the properties that are there, of an object."""
        return {
            name: word
            for name, spelt, value in zip(self.names, self.spelt, values, strict=True)
            if value is not None and (word := value if spelt is None else spelt.of(value)) is not None
        }

    def unusual(self, values: Sequence[str | None], *, relation: str | None, part: str | None) -> dict[str, str]:
        """Give those beside that have to be told, of a part of a relation."""
        return {
            name: value
            for name, value in zip(self.beside, values, strict=True)
            if value is not None
            and (name not in self.usual or value != self.usual[name].format(relation=relation, part=part))
        }


def column(number: int, *, quick: bool) -> str:
    """Name the column of a section, which tells its layout."""
    return f"{'quick' if quick else 'full'}{number}"


def apart(number: int, *, quick: bool) -> str:
    """Name the column with what is looked up beside that."""
    return f"{column(number, quick=quick)}_apart"


def given(chosen: Iterable[tuple[int, Section]], *, quick: bool) -> str:
    """Give the query of what sections, with their numbers, hold of the relations that are its parameter.

    That is an array of oids. ``quick``: where anything is marked, or a last value true, there is more to read than this
    query does, and its answer is of no use.
    """
    texts: dict[str, str] = {}
    for number, section in chosen:
        about = _given(section)
        if quick and about.seldom:
            continue
        texts[column(number, quick=quick)] = _text(section, about, quick=quick)
        if about.beside:
            texts[apart(number, quick=quick)] = _beside(about.beside)
    texts = {"oid": "r.oid", "head": "ROW(r.relkind, r.nspname, r.relname)::text", **texts}
    inner = ", ".join(f"{text} AS {name}" for name, text in texts.items())
    asked = ", ".join(f"{_SAID.get(name, f'c.{name}')} AS {name}" for name in sorted({*_OF_RELATION.findall(inner)}))
    # The list of an EXECUTE's columns is copied at every start: outside, it is but names.
    outer = ", ".join(f"q.{name}" for name in texts)
    return f"SELECT {outer} FROM (SELECT {inner} FROM (SELECT {asked} {_RELATIONS}) r) q"


def _given(section: Section) -> Given:
    return section.given or Given()


def _read(section: Section, about: Given, *, quick: bool) -> dict[str, str]:
    """SQL for the values that are read."""
    elsewhere = about.beside.properties if about.beside else {}
    read = {}
    for name, expression in section.properties.items():
        seldom = Seldom.of(expression)
        if name in elsewhere or (quick and (name in about.left or (seldom and seldom.otherwise == _NOTHING))):
            continue
        if quick and seldom:
            read[name] = seldom.otherwise
        else:
            read[name] = expression.raw if isinstance(expression, Spelt) else str(expression)
    return read


def _unread(section: Section) -> list[str]:
    """When there is more to read than the quick reading does."""
    left = _given(section).left
    found = (Seldom.of(expression) for name, expression in section.properties.items() if name not in left)
    return list(dict.fromkeys(seldom.condition for seldom in found if seldom))


def _text(section: Section, about: Given, *, quick: bool) -> str:
    values = [section.name] if section.grouped else []
    if not section.grouped and not section.itself:
        values = [section.kind, section.name, *section.parent]
    values += _read(section, about, quick=quick).values()
    source = (about.quick_source if quick else "") or about.source
    conditions = about.scope if section.itself else f"{about.scope} AND {section.where}"
    if quick and about.quick_scope:
        conditions = about.quick_scope
    if section.commented and section.itself:
        values.append(section.comment)
    elif section.commented:
        values.append("d.description")
        source += section.comments
    unread = _unread(section)
    if quick and unread:
        values.append(" OR ".join(unread))
    text = f"ROW({', '.join(values)})::text"
    if quick:
        text = about.marking.replace("{}", text)
    if not section.itself:
        text = _gathered(text, source, conditions)
    elif source:
        text = f"(SELECT {text} FROM {source} WHERE {conditions})"
    return text if about.kinds == "true" else f"CASE WHEN {about.kinds} THEN {text} END"


def _beside(beside: Beside) -> str:
    values = ", ".join((beside.key, *beside.properties.values()))
    return _gathered(f"ROW({values})::text", beside.source, beside.scope)


def _gathered(text: str, source: str, condition: str) -> str:
    return f"(SELECT string_agg({text}, '') FROM {source} WHERE {condition})"
