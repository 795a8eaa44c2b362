"""What a look asks of the server in the migrations' own session, and its answers.

No name is resolved by the session's search_path. Scans are seen by the server's own counters of the transaction at
hand: they count the scans of ALTER TABLE and index builds, too (``heap_beginscan`` counts them all, in 14 to 18).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from psycopg.pq.abc import PGresult

MARK = b"glowplug: look"
_FIRST_USER_OID = 16384
_TOAST = 99  # the schema of what the tables' long values lie in
_LOOKS_FIELDS = 5
_FIELD, _ROW = "\x1f", "\x1e"


_HEX, _END_HEX = "pg_catalog.encode(pg_catalog.convert_to(", ", 'UTF8'), 'hex')"
"""Around a text: a file may set a client_encoding that lacks what its names are made of."""

_TIME = "pg_catalog.date_part('epoch'::pg_catalog.text, pg_catalog.clock_timestamp())"
RELATIONS = f"""
SELECT {_TIME} AS "{MARK.decode()}", pg_catalog.current_setting('track_counts'), NULL,
  {_HEX}pg_catalog.string_agg(pg_catalog.concat_ws('{_FIELD}', c.oid, c.relkind, c.relfilenode,
    pg_catalog.pg_stat_get_xact_numscans(c.oid), pg_catalog.pg_stat_get_xact_blocks_fetched(c.oid),
    c.relnamespace::pg_catalog.regnamespace, c.relname), '{_ROW}'){_END_HEX}
FROM pg_catalog.pg_class c
WHERE c.oid OPERATOR(pg_catalog.>=) {_FIRST_USER_OID}::pg_catalog.oid
  AND c.relpersistence OPERATOR(pg_catalog.<>) 't'::pg_catalog."char"
  AND c.relnamespace OPERATOR(pg_catalog.<>) {_TOAST}::pg_catalog.oid
  AND c.relkind OPERATOR(pg_catalog.=) ANY ('{{r,p,v,m,S,i,I}}'::pg_catalog."char"[])
"""
"""The relations that there are, with what the server has counted of each and not yet forgotten."""

CLOCK = f"SELECT {_TIME}"
"""The server's clock, at the transaction's end."""

_LOCKS = f"""
SELECT {_TIME} AS "{MARK.decode()}", pg_catalog.current_setting('track_counts'),
  {_HEX}pg_catalog.string_agg(pg_catalog.concat_ws('{_FIELD}', relation, mode,
    coalesce(pg_catalog.pg_relation_filenode(relation), 0), pg_catalog.pg_stat_get_xact_numscans(relation),
    pg_catalog.pg_stat_get_xact_blocks_fetched(relation), coalesce(pg_catalog.pg_relation_size(relation), -1),
    relation::pg_catalog.regclass), '{_ROW}'){_END_HEX}, {{counts}}, true
FROM pg_catalog.pg_lock_status()
WHERE pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() AND locktype OPERATOR(pg_catalog.=) 'relation'
  AND relation OPERATOR(pg_catalog.>=) {_FIRST_USER_OID}::pg_catalog.oid
"""

LOOK = _LOCKS.format(counts="NULL").replace("\n", " ")
"""The locks that are held, and of each locked relation its file, its counts and its size."""

FIRST = _LOCKS.format(
    counts=f"""(SELECT pg_catalog.string_agg(pg_catalog.concat_ws('{_FIELD}', c.oid,
      pg_catalog.pg_stat_get_xact_numscans(c.oid), pg_catalog.pg_stat_get_xact_blocks_fetched(c.oid)), '{_ROW}')
    FROM pg_catalog.pg_class c WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{{r,m}}'::pg_catalog."char"[])
      AND c.oid OPERATOR(pg_catalog.>=) {_FIRST_USER_OID}::pg_catalog.oid)"""
).replace("\n", " ")
"""The same, with the counts of all tables: the server may not yet have forgotten those of the transaction before."""

TOTALS = f"""
SELECT c.oid, pg_catalog.pg_stat_get_numscans(c.oid) OPERATOR(pg_catalog.+) pg_catalog.pg_stat_get_xact_numscans(c.oid)
FROM pg_catalog.pg_class c WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{{r,m}}'::pg_catalog."char"[])
  AND c.oid OPERATOR(pg_catalog.>=) {_FIRST_USER_OID}::pg_catalog.oid
"""
"""Scans that were ever counted, those of this session not yet reported included."""


class Relation(NamedTuple):
    """A relation as it was found; ``kind`` as in pg_class, ``scans`` and ``blocks`` as counted by then."""

    kind: str
    filenode: str
    scans: int
    blocks: int
    schema: str
    name: str

    @property
    def full_name(self) -> str:
        """As in a Schema: ``public.users``, parts quoted only where a dot would be ambiguous."""
        return f"{_part(self.schema)}.{_part(self.name)}"


class Relations(Mapping[str, Relation]):
    """All relations by oid, each read when it is asked for: a file has to do with few of them."""

    def __init__(self, text: str) -> None:
        """Take them as the server wrote them."""
        parts = (row.partition(_FIELD) for row in text.split(_ROW) if row)
        self._rows = {oid: rest for oid, _, rest in parts}
        self._read: dict[str, Relation] = {}

    def __getitem__(self, oid: str) -> Relation:
        """One of them."""
        found = self._read.get(oid)
        if found is None:
            kind, filenode, scans, blocks, schema, name = self._rows[oid].split(_FIELD)
            found = self._read[oid] = Relation(kind, filenode, int(scans), int(blocks), last_part(schema), name)
        return found

    def __contains__(self, oid: object) -> bool:
        """Whether there is one."""
        return oid in self._rows

    def __iter__(self) -> Iterator[str]:
        """The oids."""
        return iter(self._rows)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._rows)


class Held(NamedTuple):
    """A lock that is held, and its relation: ``name`` as the server shows it now, ``size`` in bytes, -1: it is gone."""

    oid: str
    mode: str
    filenode: str
    scans: int
    blocks: int
    size: int
    name: str


class Look(NamedTuple):
    """The answer to a look; ``time`` in seconds by the server's clock, ``counting`` whether it counts scans.

    ``counts`` are scans and blocks of tables by then, where they are not those of the Relations.
    """

    time: float
    counting: bool
    held: tuple[Held, ...]
    counts: dict[str, tuple[int, int]]


def relations(answer: PGresult) -> tuple[Relations, Look]:
    """Read the answer to RELATIONS: them, and a look at a transaction that holds nothing yet."""
    look = Look(float(_text(answer, 0, 0)), _text(answer, 0, 1) == "on", (), {})
    return Relations(_names(answer, 3)), look


def totals(answer: PGresult) -> dict[str, int]:
    """Read the answer to TOTALS, by oid."""
    return {_text(answer, row, 0): int(_text(answer, row, 1)) for row in range(answer.ntuples)}


def clock(answer: PGresult) -> float:
    """Read the answer to CLOCK."""
    return float(_text(answer, 0, 0))


def looks(results: list[PGresult]) -> list[Look]:
    """Pick the answers to looks out of those to a file."""
    return [_look(result) for result in results if result.fname(0) == MARK and result.nfields == _LOOKS_FIELDS]


def _look(answer: PGresult) -> Look:
    counts = (row.split(_FIELD) for row in _text(answer, 0, 3).split(_ROW) if row)
    return Look(
        time=float(_text(answer, 0, 0)),
        counting=_text(answer, 0, 1) == "on",
        held=tuple(_held(_names(answer, 2))),
        counts={oid: (int(scans), int(blocks)) for oid, scans, blocks in counts},
    )


def _held(text: str) -> Iterator[Held]:
    for row in text.split(_ROW):
        if row:
            oid, mode, filenode, scans, blocks, size, name = row.split(_FIELD)
            yield Held(oid, mode, filenode, int(scans), int(blocks), int(size), name)


def last_part(name: str) -> str:
    """Give the last part of a name as the server shows it, without quotes."""
    if not name.endswith('"'):
        return name.rpartition(".")[2]
    start = len(name) - 1
    while True:
        start = name.rindex('"', 0, start)
        if start == 0 or name[start - 1] != '"':
            return name[start + 1 : -1].replace('""', '"')
        start -= 1


def _text(answer: PGresult, row: int, column: int) -> str:
    return (answer.get_value(row, column) or b"").decode("utf-8", "replace")


def _names(answer: PGresult, column: int) -> str:
    return bytes.fromhex(_text(answer, 0, column)).decode("utf-8", "replace")


def _part(name: str) -> str:
    if "." not in name and '"' not in name:
        return name
    return '"' + name.replace('"', '""') + '"'
