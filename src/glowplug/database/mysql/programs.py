"""The bodies of stored programs, as far as glowplug reads them, and which routines a trigger comes to by calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from glowplug.database.mysql.trigger_body import Body, read_body

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from glowplug.database.mysql.catalogue import Catalogue, Record

_OTHER_STRINGS = "its strings end where sql_mode NO_BACKSLASH_ESCAPES has them end, which glowplug does not read"
_ORACLE = "it is written in Oracle's language (sql_mode ORACLE), which glowplug does not read"
_UNSEEN = "its text is not shown to the account that reads the schema"
_UNTOLD = (
    "its body handles errors itself, makes a temporary table, or has variables with fields: what fails in it need not"
    " fail the write, or can't be told from its text"
)

_Key = tuple[str, str]


class Routine(NamedTuple):
    """A routine that is called: what it does, and under which ``sql_mode``."""

    mode: str
    body: Body


def read_program(record: Record, text: str | None, parameters: Iterable[str] = ()) -> Body | str:
    """Read the body of a trigger or a routine, or say why it can't be."""
    mode = record["sql_mode"] or ""
    if text is None:
        return _UNSEEN
    if "ORACLE" in mode:
        return _ORACLE
    if "NO_BACKSLASH_ESCAPES" in mode and "\\" in text:
        return _OTHER_STRINGS
    body = read_body(text, parameters)
    return _UNTOLD if body is None else body


class Routines(NamedTuple):
    """All routines of a schema by kind and name, and the names of their parameters."""

    records: Mapping[_Key, Record]
    parameters: Mapping[_Key, list[str]]

    @classmethod
    def of(cls, catalogue: Catalogue) -> Routines:
        """Take them out of a catalogue."""
        records = {_key(each): each for each in catalogue.sections["routines"]}
        parameters: dict[_Key, list[str]] = {key: [] for key in records}
        for each in catalogue.sections["parameters"]:
            if each["parameter_name"] and _key(each) in parameters:
                parameters[_key(each)].append(each["parameter_name"])
        return cls(records, parameters)

    def called_by(self, body: Body) -> Iterator[Routine | str]:
        """Give each routine that a body comes to, by however many calls, or why one can't be read."""
        waiting = self._called(body)
        seen: set[_Key] = set()
        while waiting:
            key = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            record = self.records[key]
            read = read_program(record, record["routine_definition"], self.parameters[key])
            if isinstance(read, str):
                yield f"of the {key[0].lower()} {record['specific_name']} that it calls: {read}"
            else:
                yield Routine(record["sql_mode"] or "", read)
                waiting += self._called(read)

    def _called(self, body: Body) -> list[_Key]:
        procedures = {each.strip('`"').casefold() for each in body.procedures}
        return [
            (kind, name)
            for kind, name in self.records
            if name in (procedures if kind == "PROCEDURE" else body.functions)
        ]


def _key(record: Record) -> _Key:
    return (record["routine_type"] or "").upper(), str(record["specific_name"]).casefold()
