"""What MySQL has and MariaDB lacks: told from a migration's own errors, where a MariaDB stands in for a MySQL.

Sources: MySQL 8.4's and 9's manuals, and what MariaDB 10.11 answers to each form; a MariaDB that has come to have one
of them takes it, and nothing is said. What MySQL would refuse as well is no lack but the migration's own error: each
form is as narrow as MySQL's syntax, as far as a line of words shows it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.database.mysql.flat import ENCLOSED, NAME, Flat
from glowplug.database.mysql.lacking_forms import FORMS

if TYPE_CHECKING:
    from glowplug.database.mysql.session import ServerError
    from glowplug.sql.mysql import Statement

_SYNTAX = 1064
_READ_AT_MOST = 200_000  # characters of a statement
_FUNCTIONS = frozenset(
    """
    ANY_VALUE BIN_TO_UUID CAN_ACCESS_COLUMN DISTANCE FORMAT_BYTES FORMAT_PICO_TIME GROUPING GTID_SUBSET GTID_SUBTRACT
    ICU_VERSION IS_UUID JSON_SCHEMA_VALID JSON_SCHEMA_VALIDATION_REPORT JSON_STORAGE_FREE JSON_STORAGE_SIZE
    JSON_OVERLAPS JSON_PRETTY MBRCOVEREDBY MBRCOVERS PS_CURRENT_THREAD_ID PS_THREAD_ID RANDOM_BYTES REGEXP_LIKE
    ROLES_GRAPHML STATEMENT_DIGEST STATEMENT_DIGEST_TEXT STRING_TO_VECTOR ST_ASGEOJSON ST_COLLECT ST_DISTANCE_SPHERE
    ST_FRECHETDISTANCE ST_GEOHASH ST_GEOMCOLLFROMTXT ST_HAUSDORFFDISTANCE ST_ISVALID ST_LATFROMGEOHASH ST_LATITUDE
    ST_LINEINTERPOLATEPOINT ST_LINEINTERPOLATEPOINTS ST_LONGFROMGEOHASH ST_LONGITUDE ST_MAKEENVELOPE
    ST_POINTATDISTANCE ST_POINTFROMGEOHASH ST_SIMPLIFY ST_SWAPXY ST_TRANSFORM ST_VALIDATE TO_VECTOR UUID_TO_BIN
    VALIDATE_PASSWORD_STRENGTH VECTOR_DIM VECTOR_TO_STRING WAIT_FOR_EXECUTED_GTID_SET
    """.split()  # noqa: SIM905 - quotes would hide the names
)
_VARIABLES = frozenset(
    """
    binlog_row_value_options binlog_transaction_compression cte_max_recursion_depth default_collation_for_utf8mb4
    default_table_encryption end_markers_in_json explain_format explain_json_format_version
    generated_random_password_length gtid_mode gtid_next information_schema_stats_expiry innodb_ddl_buffer_size
    innodb_ddl_threads innodb_parallel_read_threads internal_tmp_mem_storage_engine max_execution_time
    max_points_in_geometry optimizer_max_subgraph_pairs original_commit_timestamp parser_max_mem_size
    partial_revokes print_identified_with_as_hex range_optimizer_max_mem_size require_row_format
    restrict_fk_on_non_standard_key resultset_metadata secondary_engine_cost_threshold select_into_disk_sync
    session_track_gtids set_operations_buffer_size show_create_table_skip_secondary_engine
    show_create_table_verbosity show_gipk_in_create_table_and_information_schema sql_generate_invisible_primary_key
    sql_require_primary_key super_read_only terminology_use_previous transaction_isolation transaction_read_only
    use_secondary_engine windowing_use_high_precision xa_detach_on_prepare
    """.split()  # noqa: SIM905 - quotes would hide the names
)
_OPTIONS = "COMPRESSION|ENCRYPTION|AUTOEXTEND_SIZE|(?:SECONDARY_)?ENGINE_ATTRIBUTE|SECONDARY_ENGINE"
_LANGUAGES = "bg|bs|cs|da|de_pb|eo|es|es_trad|et|gl|hr|hu|is|la|lt|lv|mn_cyrl|nb|nn|pl|ro|ru|sk|sl|sr_latn|sv|tr|vi"
_COLLATIONS = (
    rf"utf8mb4_(?:0900_(?:ai_ci|as_ci|as_cs|bin)|(?:{_LANGUAGES})_0900_(?:ai_ci|as_cs)|ja_0900_as_cs(?:_ks)?"
    r"|zh_0900_as_cs)|gb18030_(?:bin|chinese_ci|unicode_520_ci)"
)

_SAID = (
    ({1273}, re.compile(rf"^(?:Unknown collation): '((?i:{_COLLATIONS}))'"), "the collation {}"),
    ({1115}, re.compile(r"^Unknown character set: '((?i:gb18030))'"), "the character set {}"),
    ({1193}, re.compile(rf"^Unknown system variable '((?i:{'|'.join(sorted(_VARIABLES))}))'"), "the variable {}"),
    ({1231}, re.compile(r"'sql_mode' can't be set to the value of '(TIME_TRUNCATE_FRACTIONAL)'"), "the sql_mode {}"),
    ({1305}, re.compile(rf"^FUNCTION (?:.*\.)?((?i:{'|'.join(sorted(_FUNCTIONS))})) does not"), "the function {}"),
    ({1901}, re.compile(rf"^Function or expression '`((?i:{'|'.join(sorted(_FUNCTIONS))}))`\(\)"), "the function {}"),
    ({1524}, re.compile(r"^Plugin '(caching_sha2_password|sha256_password)'"), "the plugin {}"),
    ({1128}, re.compile(r"^Function '((?i:ngram|mecab))' is not defined"), "the full-text parser {}"),
    ({1911}, re.compile(rf"^Unknown option '((?i:{_OPTIONS}))'"), "the option {}"),
    ({4161}, re.compile(r"^Unknown data type: '((?i:VECTOR|GEOMCOLLECTION))'"), "the type {}"),
    ({4162}, re.compile(r"^Operator does not exist: '(CAST\(expr AS \w+\))'"), "{}"),
    ({1221}, re.compile(r"^Incorrect usage of CUBE/(ROLLUP and ORDER BY)"), "{}"),
    # Neither server can do at once all that the other can.
    ({1845, 1846}, re.compile(r"^((?:ALGORITHM|LOCK)=\w+) is not supported"), "{}"),
)
"""The numbers of errors that name what is not there, and what that is for a person."""

_CHARACTERS = r"\b(?:CHARSET|CHARACTER SET|CHAR SET|COLLATE|ASCII|UNICODE)\b"
_REFUSED_BY_BOTH = tuple(
    (re.compile(reason), re.compile(statement))
    for reason, statement in (
        (r"Reason: Cannot change column type", rf"^(?!.*{_CHARACTERS})"),
        (r"Reason: Dropping a primary key is not allowed without also adding", ""),
        (r"Reason: Adding foreign keys needs foreign_key_checks=OFF", ""),
        (r"Reason: COPY algorithm requires a lock", ""),
        (r"Reason: Fulltext index creation requires a lock", ""),
        (r"Reason: Adding an auto-increment column requires a lock", ""),
        (r"Reason: InnoDB presently supports one FULLTEXT index creation at a time", ""),
        (r"^ALGORITHM=INSTANT is not supported\. Reason: ADD INDEX", ""),
        (r"^ALGORITHM=INSTANT is not supported\. Reason: DROP INDEX", r"\bDROP (?:INDEX|KEY)\b"),
        (r"^ALGORITHM=INSTANT is not supported\. Reason: Changing table options requires the table to be rebuilt", ""),
    )
)
"""Why MariaDB refuses an ALGORITHM or LOCK, and what the statement is like, where MySQL has the same rule.

Source: MySQL 8.4's manual, "Online DDL Operations": a data type changes by COPY alone (but for a VARCHAR that grows
within its length bytes and an ENUM that grows at its end, which MariaDB does as well), a primary key is not dropped in
place without a new one, foreign keys come in place with foreign_key_checks off alone, COPY permits no LOCK=NONE, nor
does a FULLTEXT index or a new AUTO_INCREMENT, and an index, ROW_FORMAT or KEY_BLOCK_SIZE is never INSTANT. Of
character sets it tells too little.
"""

_NO_KEY, _OF_A_FOREIGN_KEY = 1005, "errno: 150 "
_A_CLAUSE = re.compile(rf"\bFOREIGN KEY(?: {NAME})? {ENCLOSED} REFERENCES {NAME}")
_WITHOUT_COLUMNS = re.compile(rf"\bREFERENCES {NAME}(?! [(.]|[\w$])")
_INLINE_SINCE = (9,)
"""MySQL reads over REFERENCES in a column's definition before 9.0; MariaDB makes a key of it, but where it names no
column. From 9.0 on, MySQL refers to the parent's own key there."""

_ABOUT_THE_TEXT = frozenset({_SYNTAX, *(number for numbers, _, _ in _SAID for number in numbers)})


def may_be_lacking(error: ServerError) -> bool:
    """Whether an error is one of those by which a server says that it does not know something."""
    return error.number in _ABOUT_THE_TEXT


def named_in(error: ServerError) -> str | None:
    """Give what of MySQL's an error's message itself names, as a phrase."""
    for numbers, pattern, phrase in _SAID:
        found = pattern.search(error.message) if error.number in numbers else None
        if found is not None:
            return phrase.format(found.group(1))
    return None


def asked_for(
    error: ServerError, text: str, statement: Statement, offset: int | None, version: tuple[int, ...]
) -> str | None:
    """Give what of a MySQL's of this ``version`` a statement of ``text`` asks for, as a phrase, by the error it met.

    ``offset`` is where a syntax error is. What MySQL refuses too, as the statement shows, is none.
    """
    if statement.end - statement.start > _READ_AT_MOST:
        return named_in(error)
    flat = Flat(text, statement.start, statement.end)
    if not flat.well_formed or _refused_by_both(error, flat):
        return None
    if error.number == _NO_KEY and _OF_A_FOREIGN_KEY in error.message:
        return _reference(flat, version)
    return named_in(error) or (None if offset is None else _form_at(flat, offset))


def _reference(flat: Flat, version: tuple[int, ...]) -> str | None:
    inline = _A_CLAUSE.sub("", flat.line)
    if _WITHOUT_COLUMNS.search(inline):
        return "REFERENCES without columns in a column's definition"
    ignored = version < _INLINE_SINCE and inline == flat.line and "REFERENCES" in flat.line
    return "REFERENCES in a column's definition that makes no foreign key" if ignored else None


def _refused_by_both(error: ServerError, flat: Flat) -> bool:
    return any(reason.search(error.message) and form.search(flat.line) for reason, form in _REFUSED_BY_BOTH)


def _form_at(flat: Flat, offset: int) -> str | None:
    for phrase, pattern in FORMS:
        for found in pattern.finditer(flat.line):
            start, end = flat.span(found, "at")
            if start <= offset < end:
                return phrase
    return None
