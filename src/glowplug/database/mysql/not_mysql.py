"""What MariaDB takes and MySQL refuses, told from a statement's text.

Sources: MySQL's manuals of 8.0 to 9 (the syntax of each statement, "Keywords and Reserved Words", "Features Removed"),
and that MariaDB 10.11 takes each form. What only the tables' own contents or settings decide is not told here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.mysql.flat import NAME, Flat
from glowplug.sql.actions import AddColumn, CreateTable, ModifyColumn
from glowplug.sql.reader.mysql.words import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Column
    from glowplug.sql.statement import Statement

_NEWEST = 999


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """What MySQL refuses, as a phrase that a sentence can begin with, and where it stands: offsets, half open."""

    what: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """A phrase, a pattern whose group ``at`` is the place, and which of MySQL's versions refuse it."""

    what: str
    pattern: re.Pattern[str]
    since: tuple[int, ...] = ()
    until: tuple[int, ...] | None = None


def _form(what: str, pattern: str, *, since: tuple[int, ...] = (), until: tuple[int, ...] | None = None) -> _Form:
    return _Form(what=what, pattern=re.compile(pattern), since=since, until=until)


_FUNCTIONS = "|".join(
    """
    ADD_MONTHS COLUMN_ADD COLUMN_CHECK COLUMN_CREATE COLUMN_DELETE COLUMN_EXISTS COLUMN_GET COLUMN_JSON COLUMN_LIST
    CRC32C DECODE DES_DECRYPT DES_ENCRYPT ENCODE ENCRYPT JSON_ARRAY_INTERSECT JSON_COMPACT JSON_DETAILED JSON_EQUALS
    JSON_EXISTS JSON_KEY_VALUE JSON_LOOSE JSON_NORMALIZE JSON_OBJECT_FILTER_KEYS JSON_OBJECT_TO_ARRAY JSON_QUERY KDF
    LASTVAL LENGTHB MEDIAN NATURAL_SORT_KEY NEXTVAL NVL NVL2 OLD_PASSWORD PASSWORD PERCENTILE_CONT PERCENTILE_DISC
    SETVAL SFORMAT SYS_GUID TO_CHAR UUID_V4 UUID_V7 VEC_DISTANCE VEC_FROMTEXT VEC_TOTEXT
    """.split()  # noqa: SIM905 - quotes would hide the names
)
_VARIABLES = (
    r"MAX_STATEMENT_TIME|CHECK_CONSTRAINT_CHECKS|ALTER_ALGORITHM|SYSTEM_VERSIONING_\w+|TX_ISOLATION|TX_READ_ONLY"
    r"|STORAGE_ENGINE|QUERY_CACHE_\w+|INNODB_FILE_FORMAT\w*|INNODB_LARGE_PREFIX|OLD_PASSWORDS|COLUMN_COMPRESSION_\w+"
    r"|MAX_RECURSIVE_ITERATIONS|IDLE_\w*TRANSACTION_TIMEOUT|SQL_IF_EXISTS|SEQUENCE_\w+|HISTOGRAM_\w+|JOIN_CACHE_LEVEL"
    r"|SYNC_FRM|LOG_WARNINGS|OPTIMIZER_USE_CONDITION_SELECTIVITY"
)
_RESERVED = (
    r"CUBE|CUME_DIST|DENSE_RANK|EMPTY|FIRST_VALUE|FUNCTION|GROUPING|GROUPS|JSON_TABLE|LAG|LAST_VALUE|LATERAL|LEAD"
    r"|NTH_VALUE|NTILE|OF|PERCENT_RANK|RANK|ROW_NUMBER|SYSTEM|WINDOW"
)
_NEWLY_RESERVED = "MANUAL|PARALLEL|QUALIFY|TABLESAMPLE"
_OF_TYPE = rf"(?:{'|'.join(sorted(TYPES))})\b"
_A_COLUMN = r"(?:[(,]|\bCOLUMN|\bADD|\bCHANGE (?:COLUMN )?[\w$`]+|\bMODIFY)"
_EXPRESSION = r"(?:[-=(,+*/<>]|\b(?:SELECT|RETURN|SET|THEN|ELSE|WHEN|AND|OR|NOT|WHERE|DEFAULT|VALUES|ON|HAVING|BY))"

_FORMS = (
    _form("IF EXISTS or IF NOT EXISTS in ALTER TABLE",
          r"^ALTER (?:ONLINE |IGNORE )*TABLE .*?\b(?P<at>IF (?:NOT )?EXISTS)\b"),
    _form("IF EXISTS or IF NOT EXISTS for an index or a constraint",
          r"^(?!ALTER\b).*?\b(?:INDEX|KEY|CONSTRAINT) (?P<at>IF (?:NOT )?EXISTS)\b"),
    _form("RENAME TABLE IF EXISTS", r"^RENAME TABLES? (?P<at>IF EXISTS)\b"),
    _form("CREATE VIEW IF NOT EXISTS", r"^CREATE .*?\bVIEW (?P<at>IF NOT EXISTS)\b", until=(9, 1)),
    _form("IF NOT EXISTS for a routine or a trigger",
          r"^CREATE .*?\b(?:TRIGGER|PROCEDURE|FUNCTION) (?P<at>IF NOT EXISTS)\b", until=(8, 0, 29)),
    _form("OR REPLACE for anything but a view",
          r"^CREATE (?P<at>OR REPLACE) (?:DEFINER = .{1,40}? )?(?:\w+ ){0,2}?(?:TABLE|INDEX|TRIGGER|PROCEDURE|FUNCTION"
          r"|EVENT|DATABASE|SCHEMA|SEQUENCE|USER|ROLE|SERVER|PACKAGE)\b"),
    _form("a sequence", r"^(?:CREATE|ALTER|DROP) (?:OR REPLACE )?(?:TEMPORARY )?(?P<at>SEQUENCE)\b"),
    _form("a sequence", r"\b(?P<at>(?:NEXT|PREVIOUS) VALUE FOR)\b"),
    _form("RETURNING", r"^(?:INSERT|REPLACE|DELETE)\b.*? (?P<at>RETURNING)\b"),
    _form("system versioning", r"\b(?P<at>(?:WITH|WITHOUT|ADD|DROP) SYSTEM VERSIONING|FOR SYSTEM_TIME)\b"),
    _form("a period", rf"\b(?P<at>PERIOD FOR) {NAME} \(|\bWITHOUT OVERLAPS\b"),
    _form("a period", r"\b(?P<at>FOR PORTION OF)\b"),
    _form("PERSISTENT", r"\) (?P<at>PERSISTENT)\b"),
    _form("IGNORED for an index", rf"(?:\)|\b(?:INDEX|KEY) {NAME}) (?P<at>(?:NOT )?IGNORED)\b"),
    _form("an engine that MySQL has not",
          r"\bENGINE (?:= )?"
          r"(?P<at>ARIA|COLUMNSTORE|CONNECT|MROONGA|OQGRAPH|ROCKSDB|S3|SEQUENCE|SPHINX|SPIDER|TOKUDB)\b"),
    _form("a table's option that MySQL has not",
          r"\b(?P<at>PAGE_COMPRESSED|PAGE_COMPRESSION_LEVEL|PAGE_CHECKSUM|ENCRYPTION_KEY_ID) (?:=|0|'')"),
    _form("a table's option that MySQL has not",
          r"^(?:CREATE|ALTER) (?:\w+ )*?TABLE .*\)[^()]* (?P<at>TRANSACTIONAL|ENCRYPTED) (?:= )?(?:0|''|YES|NO)\b"),
    _form("COMPRESSED for a column", r"(?:\)|\b\w*(?:TEXT|BLOB)) (?P<at>COMPRESSED)\b"),
    _form("REF_SYSTEM_ID", r"\b(?P<at>REF_SYSTEM_ID) ="),
    _form("ALGORITHM=NOCOPY", r"\bALGORITHM (?:= )?(?P<at>NOCOPY)\b"),
    _form("a compound statement outside of a routine", r"^(?P<at>BEGIN NOT ATOMIC|IF|CASE|LOOP|WHILE|REPEAT|FOR)\b"),
    _form("EXECUTE IMMEDIATE", r"\b(?P<at>EXECUTE IMMEDIATE)\b"),
    _form("SET STATEMENT", r"^SET (?P<at>STATEMENT) "),
    _form("a FOR loop", r"\b(?P<at>FOR) [\w$`]+ IN (?!BOOLEAN\b|NATURAL\b)"),
    _form("WAIT or NOWAIT for a change of a table",
          r"^(?:ALTER|DROP|OPTIMIZE|TRUNCATE|RENAME|CREATE (?:\w+ )?INDEX)\b.*? (?P<at>WAIT 0|NOWAIT)\b"),
    _form("FOR UPDATE WAIT", r"\bFOR UPDATE (?P<at>WAIT) 0"),
    _form("ONLINE", r"^(?:ALTER|CREATE|DROP) (?P<at>ONLINE) "),
    _form("ALTER IGNORE TABLE", r"^ALTER (?:ONLINE )?(?P<at>IGNORE) TABLE\b", since=(5, 7, 4)),
    _form("a collation that MySQL has not", r"\b(?P<at>(?:\w+_)?UCA1400_\w+|\w+_NOPAD_\w+)\b"),
    _form("VALUES without ROW as a table", r"(?:^|\bAS \( )(?P<at>VALUES) \("),
    _form("FETCH FIRST", r"\b(?P<at>FETCH (?:FIRST|NEXT) (?:0 )?ROWS?)\b"),
    _form("LIMIT ROWS EXAMINED", r"\b(?P<at>ROWS EXAMINED)\b"),
    _form("a function that MySQL has not", rf"{_EXPRESSION} (?P<at>{_FUNCTIONS}) \((?! 0 \)(?: ASC| DESC)?(?: ,| \)))"),
    _form("a variable that MySQL has not",
          rf"^SET (?:.*[ .])?(?:@@(?:SESSION\.|GLOBAL\.|LOCAL\.)?)?(?P<at>{_VARIABLES}) (?::=|=)"),
    _form("IDENTIFIED BY in GRANT", r"^GRANT\b.*?\b(?P<at>IDENTIFIED BY)\b", since=(8,)),
    _form("a reserved word as a name, without quotes",
          rf"{_A_COLUMN} (?P<at>{_RESERVED}) {_OF_TYPE}", since=(8,)),
    _form("a reserved word as a name, without quotes",
          rf"{_A_COLUMN} (?P<at>{_NEWLY_RESERVED}) {_OF_TYPE}", since=(8, 4)),
    _form("a reserved word as a name, without quotes",
          rf"\bTABLE (?:IF (?:NOT )?EXISTS )?(?P<at>{_RESERVED})(?: (?!\.)|$)", since=(8,)),
    _form("EXCEPT and INTERSECT", r"\b(?P<at>EXCEPT|INTERSECT) (?:ALL |DISTINCT )?[(S]", until=(8, 0, 31)),
    _form("WITH", r"^(?P<at>WITH)\b", until=(8,)),
    _form("a window function", r"\b(?P<at>OVER) (?:\(|[\w$`])", until=(8,)),
    _form("RENAME COLUMN", r"\b(?P<at>RENAME COLUMN)\b", until=(8,)),
    _form("DROP CONSTRAINT", r"\b(?P<at>DROP CONSTRAINT)\b", until=(8, 0, 19)),
    _form("INVISIBLE for a column", rf"\b{_OF_TYPE}(?: \( [^()]* \))? (?P<at>INVISIBLE)\b", until=(8, 0, 23)),
    _form("an expression as a default", r"\bDEFAULT (?P<at>\()(?! '' \)| 0 \))", until=(8, 0, 13)),
)  # fmt: skip

_MODES = re.compile(
    r"\b(?:NO_AUTO_CREATE_USER|EMPTY_STRING_IS_NULL|SIMULTANEOUS_ASSIGNMENT|TIME_ROUND_FRACTIONAL|IGNORE_BAD_TABLE_OPTIONS"
    r"|NO_FIELD_OPTIONS|NO_KEY_OPTIONS|NO_TABLE_OPTIONS|ORACLE|POSTGRESQL|MSSQL|MAXDB|DB2|MYSQL323|MYSQL40)\b",
    re.IGNORECASE,
)
_SETS_THE_MODE = re.compile(r"^SET (?:.*[ .])?(?:@@(?:SESSION\.|GLOBAL\.|LOCAL\.)?)?SQL_MODE (?::=|=)")
_MARIADBS_TYPES = frozenset({"uuid", "inet4", "inet6", "xmltype", "varchar2", "number", "raw", "clob"})
_WITHOUT_DEFAULT = re.compile(
    r"(?:tiny|medium|long)?(?:text|blob)|json|geometry|point|linestring|polygon|multi\w+|geom\w+", re.IGNORECASE
)
_NOW = frozenset({"current_timestamp", "now", "localtime", "localtimestamp"})


def version_of(number: str) -> tuple[int, ...]:
    """Read "8.4"; what is not said of it is taken as the newest."""
    said = tuple(int(part) for part in number.split(".")[:3])
    return said + (_NEWEST,) * (3 - len(said))


def refused_by_mysql(text: str, statement: Statement, version: tuple[int, ...]) -> Iterator[Refused]:
    """Give what MySQL of this ``version`` refuses in one statement of ``text``, though a MariaDB takes it."""
    flat = Flat(text, statement.span.start, statement.span.end)
    for form in _FORMS:
        if version < form.since or (form.until is not None and version >= form.until):
            continue
        found = form.pattern.search(flat.line)
        if found is not None:
            group = "at" if found.group("at") is not None else 0
            start, end = flat.span(found, group)
            said = " ".join(text[start:end].split())
            what = form.what if said.upper() in form.what else f"{form.what} ({said})"
            yield Refused(what=what, start=start, end=end)
    if _SETS_THE_MODE.search(flat.line) and version >= (8,):
        for mode in _MODES.finditer(text, statement.span.start, statement.span.end):
            yield Refused(what=f"the sql_mode {mode.group()}", start=mode.start(), end=mode.end())
    for action in statement.actions:
        for column in _columns(action):
            yield from _in_column(column)


def _columns(action: Action) -> tuple[Column, ...]:
    if isinstance(action, CreateTable):
        return action.columns
    if isinstance(action, AddColumn):
        return (action.column,)
    return (action.definition,) if isinstance(action, ModifyColumn) else ()


def _in_column(column: Column) -> Iterator[Refused]:
    name = "" if column.type is None else column.type.name.lower()
    place = (column.span.start, column.span.end)
    if name in _MARIADBS_TYPES:
        yield Refused(what=f"the type {name.upper()} (of {column.name})", start=place[0], end=place[1])
    default = column.default
    if default is None or default.text.startswith("("):
        return
    if not default.constant and not _NOW.issuperset(default.functions):
        what = f"an expression without parentheses as a default (of {column.name})"
        yield Refused(what=what, start=place[0], end=place[1])
    elif default.constant and not default.null and _WITHOUT_DEFAULT.fullmatch(name):
        what = f"a default that is no expression in parentheses for a column of type {name.upper()} ({column.name})"
        yield Refused(what=what, start=place[0], end=place[1])
