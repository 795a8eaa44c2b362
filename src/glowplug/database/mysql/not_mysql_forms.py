"""What MariaDB takes and MySQL refuses whatever the tables are: a pattern over a flat line for each, and its versions.

Sources: MySQL's manuals of 5.7, 8.0, 8.4 and 9 (the syntax of each statement; "Keywords and Reserved Words"; "What Is
New", of what was added and removed), its shell's own grammar, and that MariaDB 10.11 takes each form.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from glowplug.database.mysql.flat import ENCLOSED, INDEX, INDEX_OPTIONS, INSIDE, NAME, OF_TYPE


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A phrase, a pattern whose group ``at`` is the place, and which of MySQL's versions refuse it."""

    what: str
    pattern: re.Pattern[str]
    since: tuple[int, ...] = ()
    until: tuple[int, ...] | None = None

    def refused_by(self, version: tuple[int, ...]) -> bool:
        """Whether MySQL of this version refuses it."""
        return version >= self.since and (self.until is None or version < self.until)


def _form(what: str, pattern: str, *, since: tuple[int, ...] = (), until: tuple[int, ...] | None = None) -> Form:
    return Form(what=what, pattern=re.compile(pattern), since=since, until=until)


def _any(words: str) -> str:
    return "|".join(words.split())


_TABLE = r"^(?:CREATE (?:OR REPLACE )?(?:TEMPORARY )?|ALTER (?:ONLINE |IGNORE )*)TABLE "
_DEFINER = r"DEFINER = (?:``|''|[\w$]+)(?: \( \)| @(?: ``| '')?)? "
_SPATIAL = r"(?:POINT|GEOMETRY|LINESTRING|POLYGON|MULTI\w+|GEOM\w+)"

_ANY_FUNCTIONS = _any(
    """
    ADD_MONTHS CHR COLUMN_ADD COLUMN_CHECK COLUMN_CREATE COLUMN_DELETE COLUMN_EXISTS COLUMN_GET COLUMN_JSON COLUMN_LIST
    CRC32C JSON_ARRAY_INTERSECT JSON_COMPACT JSON_DETAILED JSON_EQUALS JSON_EXISTS JSON_KEY_VALUE JSON_LOOSE
    JSON_NORMALIZE JSON_OBJECT_FILTER_KEYS JSON_OBJECT_TO_ARRAY JSON_QUERY KDF LASTVAL LENGTHB MEDIAN NATURAL_SORT_KEY
    NEXTVAL NVL NVL2 OLD_PASSWORD PERCENTILE_CONT PERCENTILE_DISC ROWNUM SETVAL SFORMAT ST_BOUNDARY ST_ISRING
    ST_POINTONSURFACE ST_RELATE SYS_GUID TO_CHAR UUID_V4 UUID_V7 VEC_DISTANCE VEC_DISTANCE_COSINE
    VEC_DISTANCE_EUCLIDEAN VEC_FROMTEXT VEC_TOTEXT
    """
)
_REMOVED_FUNCTIONS = _any("DECODE DES_DECRYPT DES_ENCRYPT ENCODE ENCRYPT PASSWORD")
_BEFORE_AN_EXPRESSION = (
    r"(?:[-=(,+*/<>|%!&^~]|\b(?:SELECT|DISTINCT|RETURN|SET|THEN|ELSE|WHEN|AND|OR|NOT|WHERE|DEFAULT|ON|HAVING|BY|LIKE))"
)


def _function(names: str) -> str:
    """A call: no table's name in CREATE INDEX, no column's with a length in a key, no name of WITH's.

    MariaDB has no index on an expression.
    """
    return (
        rf"^(?!CREATE (?:\w+ ){{0,4}}INDEX\b)(?:.*? )?{_BEFORE_AN_EXPRESSION} (?P<at>{names})"
        rf" (?!\( 0 \)(?: ASC| DESC)?(?: ,| \)))(?!{ENCLOSED} AS \()\("
    )


_ANY_VARIABLES = _any(
    r"""
    ALTER_ALGORITHM ARIA_\w+ CHARACTER_SET_COLLATIONS CHECK_CONSTRAINT_CHECKS COLUMN_COMPRESSION_\w+
    DEFAULT_REGEX_FLAGS EXPENSIVE_SUBQUERY_LIMIT GTID_DOMAIN_ID GTID_SEQ_NO HISTOGRAM_SIZE HISTOGRAM_TYPE
    IDLE_\w*TRANSACTION_TIMEOUT IN_PREDICATE_CONVERSION_THRESHOLD JOIN_CACHE_LEVEL MAX_RECURSIVE_ITERATIONS
    MAX_STATEMENT_TIME NOTE_VERBOSITY OLD_MODE OPTIMIZER_USE_CONDITION_SELECTIVITY PROGRESS_REPORT_TIME
    SKIP_REPLICATION SQL_IF_EXISTS STANDARD_COMPLIANT_CTE STORAGE_ENGINE SYSTEM_VERSIONING_\w+ USE_STAT_TABLES
    """
)
_REMOVED_VARIABLES = _any(
    r"""
    INNODB_FILE_FORMAT\w* INNODB_LARGE_PREFIX LOG_WARNINGS OLD_PASSWORDS QUERY_CACHE_\w+ SYNC_FRM TX_ISOLATION
    TX_READ_ONLY
    """
)
_SCOPE = r"@@(?:SESSION\.|GLOBAL\.|LOCAL\.)?"

_RESERVED = "DATABASE|GENERATED|GET|OPTIMIZER_COSTS|OPTION|SCHEMA|STORED|VIRTUAL"
_WINDOWS = _any(
    "CUBE CUME_DIST DENSE_RANK EMPTY FIRST_VALUE GROUPS LAG LAST_VALUE LEAD NTH_VALUE NTILE PERCENT_RANK RANK"
    " ROW_NUMBER SYSTEM WINDOW"
)
_RESERVED_SINCE_8 = rf"FUNCTION|GROUPING|JSON_TABLE|LATERAL|OF|ROW|{_WINDOWS}"
_RESERVED_SINCE_8_4 = "MANUAL|PARALLEL|QUALIFY|TABLESAMPLE"
_BEFORE_A_COLUMN = r"(?:[(,]|\bCOLUMN|\bADD|\bCHANGE (?:COLUMN )?[\w$`]+|\bMODIFY)"
_A_RESERVED_WORD = "a reserved word as a name, without quotes"


def _reserved(words: str, *since: int) -> Form:
    return _form(_A_RESERVED_WORD, rf"{_BEFORE_A_COLUMN} (?P<at>{words}) {OF_TYPE}", since=since)


_WAIT = r"(?P<at>WAIT 0|NOWAIT)\b"
_NAMES = rf"{NAME}(?: , {NAME})*"
_ONE_OF_ITS_GROUP = rf"(?:(?!(?:ORDER|HAVING|LIMIT|WINDOW|UNION|ASC|DESC)\b)[^() ;]++|{ENCLOSED}) "

FORMS = (
    # Statements of definition.
    _form("IF EXISTS or IF NOT EXISTS in ALTER TABLE",
          r"^ALTER (?:ONLINE |IGNORE )*TABLE .*?\b(?P<at>IF (?:NOT )?EXISTS)\b"),
    _form("IF EXISTS or IF NOT EXISTS for an index or a constraint",
          r"^(?!ALTER\b).*?\b(?:INDEX|KEY|CONSTRAINT) (?P<at>IF (?:NOT )?EXISTS)\b"),
    _form("RENAME TABLE IF EXISTS", r"^RENAME TABLES? (?P<at>IF EXISTS)\b"),
    _form("CREATE VIEW IF NOT EXISTS", r"^CREATE .*?\bVIEW (?P<at>IF NOT EXISTS)\b", until=(9, 1)),
    _form("IF NOT EXISTS for a routine or a trigger",
          r"^CREATE .*?\b(?:TRIGGER|PROCEDURE|FUNCTION) (?P<at>IF NOT EXISTS)\b", until=(8, 0, 29)),
    _form("OR REPLACE for anything but a view",
          rf"^CREATE (?P<at>OR REPLACE) (?:{_DEFINER})?(?:(?:TEMPORARY|UNIQUE|FULLTEXT|SPATIAL|AGGREGATE) )?"
          r"(?:TABLE|INDEX|TRIGGER|PROCEDURE|FUNCTION|EVENT|DATABASE|SCHEMA|SEQUENCE|USER|ROLE|SERVER|PACKAGE)\b"),
    _form("a sequence", r"^(?:CREATE|ALTER|DROP) (?:OR REPLACE )?(?:TEMPORARY )?(?P<at>SEQUENCE)\b"),
    _form("a sequence", r"\b(?P<at>(?:NEXT|PREVIOUS) VALUE FOR) (?!UPDATE\b|SHARE\b)"),
    _form("a package", r"^(?:CREATE|DROP) (?:OR REPLACE )?(?P<at>PACKAGE)\b"),
    _form("a comment on a database", r"^(?:CREATE|ALTER) (?:OR REPLACE )?(?:DATABASE|SCHEMA)\b.* (?P<at>COMMENT)\b"),
    _form("system versioning", r"\b(?P<at>(?:WITH|WITHOUT|ADD|DROP) SYSTEM VERSIONING|FOR SYSTEM_TIME)\b"),
    _form("system versioning", r"\bPARTITION BY (?P<at>SYSTEM_TIME)\b"),
    _form("a period", rf"\b(?P<at>PERIOD FOR {NAME} \(|WITHOUT OVERLAPS\b|FOR PORTION OF\b)"),
    _form("PERSISTENT", rf"\bAS {ENCLOSED} (?P<at>PERSISTENT)\b"),
    _form("IGNORED for an index", rf"{INDEX}{INDEX_OPTIONS} (?P<at>(?:NOT )?IGNORED)\b"),
    _form("IGNORED for an index", rf"\bALTER (?:INDEX|KEY) {NAME} (?P<at>(?:NOT )?IGNORED)\b"),
    _form("an engine that MySQL has not",
          r"^(?:CREATE|ALTER)\b.*?\bENGINE (?:= )?"
          r"(?P<at>ARIA|COLUMNSTORE|CONNECT|MROONGA|OQGRAPH|ROCKSDB|S3|SEQUENCE|SPHINX|SPIDER|TOKUDB)\b"),
    _form("partitions of an engine that has none of its own",
          r"^(?:CREATE|ALTER)\b.*?\bENGINE (?:= )?(?P<at>ARCHIVE|HEAP|MEMORY|MYISAM)\b.* PARTITION BY\b", since=(8,)),
    _form("a table's option that MySQL has not",
          rf"{_TABLE}(?:(?!SELECT ){INSIDE})*?(?P<at>PAGE_COMPRESSED|PAGE_COMPRESSION_LEVEL|PAGE_CHECKSUM"
          r"|ENCRYPTION_KEY_ID|TRANSACTIONAL|ENCRYPTED) (?:= )?(?:0|''|YES|NO)(?= |$)"),
    _form("a partition for the rest", rf"^(?:CREATE|ALTER)\b.* PARTITION {NAME} (?P<at>DEFAULT)\b"),
    _form("REF_SYSTEM_ID",
          rf"\b{_SPATIAL}(?: {ENCLOSED})?(?: NOT NULL| NULL)? (?P<at>REF_SYSTEM_ID) ="),
    _form("a collation that MySQL has not",
          r"\bCOLLATE (?:= )?(?P<at>(?:\w+_)?UCA1400_\w+|\w+_NOPAD_\w+|\w+_CROATIAN_MYSQL561_CI"
          r"|\w+_(?:MYANMAR_CI|THAI_520_W2))\b"),
    _form("ALGORITHM=NOCOPY", r"^(?:ALTER|CREATE|DROP)\b.*? ALGORITHM (?:= )?(?P<at>NOCOPY)\b"),
    _form("ALGORITHM=INSTANT", r"^(?:ALTER|CREATE|DROP)\b.*? ALGORITHM (?:= )?(?P<at>INSTANT)\b", until=(8, 0, 12)),
    _form("WAIT or NOWAIT for a change of a table",
          r"^(?:(?:ALTER(?: ONLINE| IGNORE)*|OPTIMIZE(?: \w+)??|RENAME) TABLES?|TRUNCATE(?>(?: TABLE)?))"
          rf" {NAME} {_WAIT}"),
    _form("WAIT or NOWAIT for a change of a table",
          rf"^DROP (?:TEMPORARY )?TABLES? (?:IF EXISTS )?{_NAMES} {_WAIT}"),
    _form("WAIT or NOWAIT for a change of a table",
          rf"^(?:CREATE (?:\w+ ){{0,2}}INDEX {NAME}(?: USING \w+)? ON {NAME} {ENCLOSED}|DROP INDEX {NAME} ON {NAME})"
          rf" {_WAIT}"),
    _form("ONLINE", r"^(?:ALTER|CREATE|DROP) (?P<at>ONLINE) "),
    _form("ALTER IGNORE TABLE", r"^ALTER (?:ONLINE )?(?P<at>IGNORE) TABLE\b", since=(5, 7, 4)),
    _form("RENAME COLUMN", r"\b(?P<at>RENAME COLUMN)\b", until=(8,)),
    _form("DROP CONSTRAINT", r"^ALTER\b.*?\b(?P<at>DROP CONSTRAINT)\b", until=(8, 0, 19)),
    _form("ANALYZE TABLE … PERSISTENT FOR", r"^ANALYZE\b.* (?P<at>PERSISTENT FOR)\b"),
    # Accounts.
    _form("IDENTIFIED BY in GRANT", r"^GRANT\b.*?\b(?P<at>IDENTIFIED BY)\b", since=(8,)),
    _form("IDENTIFIED BY PASSWORD", r"\b(?P<at>IDENTIFIED BY PASSWORD) ''", since=(8,)),
    _form("IDENTIFIED VIA", r"\b(?P<at>IDENTIFIED VIA)\b"),
    _form("a role", r"^(?:CREATE|DROP) (?P<at>ROLE)\b", until=(8,)),
    # Programs.
    _form("a compound statement outside of a routine", r"^(?P<at>BEGIN NOT ATOMIC|IF|CASE|LOOP|WHILE|REPEAT|FOR)\b"),
    _form("EXECUTE IMMEDIATE", r"\b(?P<at>EXECUTE IMMEDIATE) (?!USING\b|;)"),
    _form("an expression as a statement to be prepared",
          rf"\bPREPARE {NAME} (?P<at>FROM) (?!(?:''|@(?: ``)?)(?: ;|$))"),
    _form("a value that is no variable of a session's for EXECUTE",
          rf"\b(?P<at>EXECUTE {NAME} USING) (?:@(?: ``)? , )*(?!@)"),
    _form("SET STATEMENT", r"^SET (?P<at>STATEMENT) "),
    _form("a FOR loop", r"\b(?P<at>FOR) [\w$`]+ IN (?!BOOLEAN\b|NATURAL\b)"),
    _form("TYPE OF", r"\bDECLARE [^;]*? (?P<at>(?:ROW )?TYPE OF)\b"),
    # Queries and rows.
    _form("RETURNING", rf"^(?:INSERT|REPLACE|DELETE) {INSIDE}*?(?P<at>RETURNING)\b"),
    _form("FOR UPDATE WAIT", r"\bFOR UPDATE (?P<at>WAIT) 0"),
    _form("FOR UPDATE with NOWAIT or SKIP LOCKED", r"\bFOR UPDATE (?P<at>NOWAIT|SKIP LOCKED)\b", until=(8, 0, 1)),
    _form("LOCK IN SHARE MODE with more", r"\bLOCK IN SHARE MODE (?P<at>WAIT 0|NOWAIT|SKIP LOCKED)\b"),
    _form("VALUES without ROW as a table", r"(?:^|\bAS \( )(?P<at>VALUES) \("),
    _form("FETCH FIRST", r"\b(?P<at>FETCH (?:FIRST|NEXT) (?:0 )?ROWS?) (?:ONLY|WITH)\b"),
    _form("LIMIT ROWS EXAMINED", r"\bLIMIT (?:[@\w$]+ )?(?P<at>ROWS EXAMINED)\b"),
    _form("LIMIT in GROUP_CONCAT or JSON_ARRAYAGG", rf"\b(?:GROUP_CONCAT|JSON_ARRAYAGG) \( {INSIDE}*?(?P<at>LIMIT)\b"),
    _form("ORDER BY or DISTINCT in JSON_ARRAYAGG", rf"\bJSON_ARRAYAGG \( {INSIDE}*?(?P<at>ORDER BY|DISTINCT)\b"),
    _form("ASC or DESC in GROUP BY",
          rf"\bGROUP BY (?:{_ONE_OF_ITS_GROUP}){{1,60}}(?P<at>ASC|DESC)\b", since=(8, 0, 13)),
    _form("SQL_CACHE",
          r"\bSELECT (?:(?:ALL|DISTINCT|DISTINCTROW|HIGH_PRIORITY|STRAIGHT_JOIN|SQL_\w+) )*?(?P<at>SQL_CACHE)"
          r"(?! ,| \.| FROM\b| AS\b|$)", since=(8,)),
    _form("a table of the SEQUENCE engine", r"\b(?:FROM|JOIN|,) (?P<at>SEQ_\d+_TO_\d+(?:_STEP_\d+)?)\b"),
    _form("ANALYZE of a statement", r"^(?P<at>ANALYZE) (?:FORMAT|SELECT|UPDATE|DELETE|INSERT|REPLACE|WITH)\b"),
    _form("a type that CAST has not", rf"\bCAST \( {INSIDE}+?AS (?P<at>INT|INTEGER|VARCHAR|UUID|INET4|INET6)\b"),
    _form("a type that CONVERT has not", rf"\bCONVERT \( {INSIDE}+?, (?P<at>INT|INTEGER|VARCHAR)(?: {ENCLOSED})? \)"),
    _form("EXCEPT and INTERSECT", r"\b(?P<at>EXCEPT|INTERSECT) (?:ALL |DISTINCT )?(?:\(|SELECT\b)", until=(8, 0, 31)),
    _form("WITH", rf"\b(?P<at>WITH) (?:RECURSIVE )?{NAME} (?:{ENCLOSED} )?AS \(", until=(8,)),
    _form("a window function", r"\) (?P<at>OVER) \(", until=(8,)),
    _form("a function that MySQL has not", _function(_ANY_FUNCTIONS)),
    _form("a function that MySQL has not", _function(_REMOVED_FUNCTIONS), since=(8,)),
    _form("a function that MySQL has not", _function("REGEXP_(?:INSTR|REPLACE|SUBSTR)|JSON_TABLE"), until=(8, 0, 4)),
    _form("a function that MySQL has not", _function("JSON_VALUE"), until=(8, 0, 21)),
    _form("a variable that MySQL has not", rf"^SET (?:.*[ .])?(?:{_SCOPE})?(?P<at>{_ANY_VARIABLES}) (?::=|=)"),
    _form("a variable that MySQL has not", rf"(?P<at>{_SCOPE}(?:{_ANY_VARIABLES})) (?!:=|=)"),
    _form("a variable that MySQL has not",
          rf"^SET (?:.*[ .])?(?:{_SCOPE})?(?P<at>{_REMOVED_VARIABLES}) (?::=|=)", since=(8,)),
    _form("a variable that MySQL has not", rf"(?P<at>{_SCOPE}(?:{_REMOVED_VARIABLES}))(?! :=| =)\b", since=(8,)),
    # Names.
    _reserved(_RESERVED, 5, 7),
    _reserved(_RESERVED_SINCE_8, 8),
    _reserved(_RESERVED_SINCE_8_4, 8, 4),
    _form(_A_RESERVED_WORD,
          rf"\b(?:TABLE(?: IF(?: NOT)? EXISTS)?|INTO|REFERENCES|UPDATE) (?P<at>FUNCTION|{_WINDOWS})(?! \.)(?= |$)",
          since=(8,)),
    _form(_A_RESERVED_WORD, rf"\b(?:FROM|JOIN) (?P<at>FUNCTION|{_WINDOWS})(?! \.| \()(?= |$)", since=(8,)),
    _form(_A_RESERVED_WORD, rf"[(,] (?P<at>{_WINDOWS}) [,)]", since=(8,)),
    _form(_A_RESERVED_WORD,
          rf"\b(?:SELECT|WHERE|AND|OR|BY|SET|AS) (?P<at>{_WINDOWS})(?= (?:[=<>,)]|FROM|ASC|DESC|IN|IS|LIKE)(?: |$)|$)",
          since=(8,)),
)  # fmt: skip
"""All of them; a version is told where some of MySQL's take it."""
