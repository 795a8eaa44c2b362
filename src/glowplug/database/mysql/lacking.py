"""What MySQL has and MariaDB lacks: told from a migration's own errors, where a MariaDB stands in for a MySQL.

Sources: MySQL 8.4's and 9's manuals, and what MariaDB 10.11 answers to each form; a MariaDB that has come to have one
of them takes it, and nothing is said.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.database.mysql.flat import NAME, Flat

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


def _enclosed() -> str:
    """A pattern for parentheses with all that is in them, some levels deep."""
    pattern = r"\([^()]*+\)"
    for _ in range(6):
        pattern = rf"\((?>(?:[^()]++|{pattern})*)\)"
    return pattern


_SAID = (
    ({1273}, re.compile(r"^(?:Unknown collation): '((?:utf8mb4_(?:\w+_)?0900_|gb18030_)\w+)'"), "the collation {}"),
    ({1115}, re.compile(r"^Unknown character set: '(gb18030)'"), "the character set {}"),
    ({1193}, re.compile(rf"^Unknown system variable '((?i:{'|'.join(sorted(_VARIABLES))}))'"), "the variable {}"),
    ({1231}, re.compile(r"'sql_mode' can't be set to the value of '(TIME_TRUNCATE_FRACTIONAL)'"), "the sql_mode {}"),
    ({1305}, re.compile(rf"^FUNCTION (?:.*\.)?((?i:{'|'.join(sorted(_FUNCTIONS))})) does not"), "the function {}"),
    ({1901}, re.compile(rf"^Function or expression '`((?i:{'|'.join(sorted(_FUNCTIONS))}))`\(\)"), "the function {}"),
    ({1524}, re.compile(r"^Plugin '(caching_sha2_password|sha256_password)'"), "the plugin {}"),
    ({1911}, re.compile(rf"^Unknown option '((?i:{_OPTIONS}))'"), "the option {}"),
    ({4161}, re.compile(r"^Unknown data type: '((?i:VECTOR|GEOMCOLLECTION))'"), "the type {}"),
    ({4162}, re.compile(r"^Operator does not exist: '(CAST\(expr AS \w+\))'"), "{}"),
    ({1221}, re.compile(r"^Incorrect usage of CUBE/(ROLLUP and ORDER BY)"), "{}"),
    # Neither server can do at once all that the other can.
    ({1845, 1846}, re.compile(r"^((?:ALGORITHM|LOCK)=\w+) is not supported"), "{}"),
)
"""The numbers of errors that name what is not there, and what that is for a person."""

_ATTRIBUTE = "NOT NULL|NULL|PRIMARY|KEY|UNIQUE|DEFAULT|COMMENT|AUTO_INCREMENT|INVISIBLE|VISIBLE"

_AN_INDEX = rf"\b(?:INDEX|KEY|UNIQUE)(?: {NAME})?(?: USING \w+)?(?: ON {NAME})?"

_FORMS = tuple(
    (phrase, re.compile(pattern))
    for phrase, pattern in (
        (
            "an index on an expression",
            rf"{_AN_INDEX} \( (?:(?:{NAME}|\( 0 \)|,) )*?(?P<at>\()",
        ),
        ("the operator ->", r"(?P<at>->)(?= )"),
        ("the operator ->>", r"(?P<at>->>)"),
        ("VISIBLE and INVISIBLE for an index or a column", r"\b(?P<at>(?:IN)?VISIBLE)\b"),
        ("MEMBER OF", r"\bMEMBER (?P<at>OF) \("),
        ("CAST to JSON, REAL or YEAR", r"\bAS (?P<at>JSON|REAL|YEAR) \)"),
        ("CONVERT to JSON", r", (?P<at>JSON) \)"),
        ("LATERAL", r"\bLATERAL (?P<at>\()"),
        ("the statement TABLE", rf"^(?P<at>TABLE) {NAME}"),
        ("VALUES ROW()", r"\bVALUES (?P<at>ROW) \("),
        ("a name for the new row", rf"(?P<at>\bAS) {NAME} (?:\( [^()]* \) )?ON DUPLICATE KEY\b"),
        ("FOR SHARE", r"\bFOR (?P<at>SHARE)\b"),
        ("FOR UPDATE OF", rf"\bFOR UPDATE (?P<at>OF) {NAME}"),
        ("SRID", r"\bSRID (?P<at>0)"),
        ("CREATE SPATIAL REFERENCE SYSTEM", r"^CREATE (?:OR REPLACE )?SPATIAL (?P<at>REFERENCE) SYSTEM\b"),
        ("AUTOEXTEND_SIZE", r"\b(?P<at>AUTOEXTEND_SIZE)\b"),
        ("TABLESPACE", rf"\bTABLESPACE (?P<at>=) {NAME}"),
        ("CREATE TABLESPACE", r"^(?:CREATE|ALTER|DROP) (?P<at>(?:UNDO )?TABLESPACE)\b"),
        ("COLUMN_FORMAT", r"\bCOLUMN_FORMAT (?P<at>FIXED|DYNAMIC|DEFAULT)\b"),
        ("STORAGE", r"\b(?P<at>STORAGE) (?:DISK|MEMORY)\b"),
        ("NOT SECONDARY", r"\bNOT (?P<at>SECONDARY)\b"),
        ("ENGINE_ATTRIBUTE", r"\b(?:SECONDARY_)?ENGINE_ATTRIBUTE (?P<at>'')"),
        ("a CHECK that is NOT ENFORCED", r"\b(?P<at>(?:NOT )?ENFORCED)\b"),
        ("ALTER CHECK", rf"\bALTER (?P<at>CHECK|CONSTRAINT) {NAME} (?:NOT )?ENFORCED\b"),
        ("DROP CHECK", rf"\bDROP (?P<at>CHECK) {NAME}"),
        (
            "more attributes after a generated column's expression or a CHECK",
            rf"\b(?:AS|CHECK) {_enclosed()}(?: STORED| VIRTUAL)? (?P<at>{_ATTRIBUTE})\b",
        ),
        ("UPDATE and DELETE after WITH", r"^WITH\b.*?\) (?P<at>UPDATE|DELETE)\b"),
        (
            "another name for the table of a DELETE",
            rf"\bDELETE (?:\w+ )*?FROM {NAME} (?P<at>AS|(?!AS\b){NAME})(?: {NAME})?(?= WHERE| ORDER| LIMIT| ;|$)",
        ),
        ("ALGORITHM and LOCK of DROP INDEX", rf"^DROP INDEX {NAME} ON {NAME} .*?(?P<at>ALGORITHM|LOCK)\b"),
        ("clauses of JSON_VALUE", r"\bJSON_VALUE \(.{0,999}?(?P<at>RETURNING|(?:NULL|ERROR) ON (?:EMPTY|ERROR))\b"),
        ("RESPECT NULLS", r"\b(?P<at>RESPECT NULLS)\b"),
        ("IDENTIFIED WITH … BY", rf"\bIDENTIFIED WITH (?:''|{NAME}) (?P<at>BY)\b"),
        ("histograms", r"\b(?P<at>(?:UPDATE|DROP) HISTOGRAM)\b"),
        ("EXPLAIN ANALYZE", r"\bEXPLAIN (?P<at>ANALYZE)\b"),
        ("SET PERSIST", rf"\bSET PERSIST(?:_ONLY)? (?P<at>{NAME})"),
        ("LOCK INSTANCE FOR BACKUP", r"^LOCK (?P<at>INSTANCE)\b"),
    )
)
"""What a syntax error may be about; ``at`` is where MariaDB then says that it is."""

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


def asked_for(text: str, statement: Statement, offset: int) -> str | None:
    """Give what of MySQL's a syntax error at ``offset`` of ``text`` is about, as a phrase."""
    if statement.end - statement.start > _READ_AT_MOST:
        return None
    flat = Flat(text, statement.start, statement.end)
    for phrase, pattern in _FORMS:
        for found in pattern.finditer(flat.line):
            start, end = flat.span(found, "at")
            if start <= offset < end:
                return phrase
    return None
