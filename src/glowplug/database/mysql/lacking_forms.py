"""What of MySQL's syntax MariaDB lacks: a pattern over a flat line for each, no wider than MySQL's own syntax.

Sources: MySQL 8.4's and 9's manuals (the syntax of each statement), its shell's own grammar, and where MariaDB 10.11
says that its error is.
"""

from __future__ import annotations

import re

from glowplug.database.mysql.flat import ENCLOSED, INDEX, INDEX_OPTIONS, INSIDE, NAME, OF_TYPE

_END = r"(?= [,);]|$)"
_ATTRIBUTE = (
    "NOT NULL|NULL|PRIMARY|KEY|UNIQUE|DEFAULT|COMMENT|AUTO_INCREMENT|INVISIBLE|VISIBLE|CHECK|COLLATE|REFERENCES"
)
_OF_A_GENERATED_ONE = "NOT NULL|NULL|PRIMARY|KEY|UNIQUE|COMMENT|INVISIBLE|VISIBLE"
_NEXT = rf"(?= [,);]| (?:{_ATTRIBUTE}|FIRST|AFTER|CONSTRAINT|AS|GENERATED|ON UPDATE)\b|$)"
_IN_A_COLUMN = (
    rf"(?:{OF_TYPE}(?: {ENCLOSED})?"
    r"|\b(?:NULL|KEY|UNIQUE|UNSIGNED|ZEROFILL|SIGNED|AUTO_INCREMENT|CURRENT_TIMESTAMP)|''|\b0|\))"
)
_KEYS = r"(?<!PRIMARY )(?<!FOREIGN )(?<!FULLTEXT )(?<!SPATIAL )(?<!BY )(?<!LINEAR )\b(?:INDEX|KEY|UNIQUE)"
_AN_INDEX = rf"{_KEYS}(?: {NAME})?(?: USING \w+)?(?: ON {NAME})?"
_OF_ITS_KEYS = rf"{NAME}(?: \( 0 \))?(?: ASC| DESC)? ,"
_COLUMN = r"(?:``|[\w$]+)"
_AFTER_TABLE = r"(?= (?:ORDER BY|LIMIT|INTO|UNION|EXCEPT|INTERSECT|ON DUPLICATE KEY)\b| [,);]|$)"
_ALIAS = rf"(?!(?:AS|WHERE|ORDER|LIMIT)\b){NAME}"
_AFTER_DELETED = r"(?= WHERE\b| ORDER BY\b| LIMIT\b| ;|$)"
_OF_AN_ACCOUNT = (
    r"DEFAULT ROLE\b|PASSWORD (?:HISTORY|REUSE|REQUIRE)\b|FAILED_LOGIN_ATTEMPTS 0|PASSWORD_LOCK_TIME\b"
    r"|(?:COMMENT|ATTRIBUTE) ''|RETAIN CURRENT PASSWORD\b|DISCARD OLD PASSWORD\b"
)
_A_TABLESPACE = rf"(?!(?:ADD|TABLESPACE)\b){NAME}(?= (?:ADD|DROP|SET|RENAME|ENGINE|ENCRYPTION|AUTOEXTEND_SIZE)\b| ;|$)"
_AFTER_ROWS = r"(?= ON DUPLICATE KEY UPDATE\b| ;|$)"
_BEFORE_ROWS = r"(?>(?:(?! VALUES?\b| SET\b).)*)"
_INVISIBLE = "VISIBLE and INVISIBLE for an index or a column"
_TABLE = "the statement TABLE"
_ALGORITHMS = r"(?= (?:= )?(?:DEFAULT|INPLACE|COPY|INSTANT)\b)"
_LOCKS = r"(?= (?:= )?(?:DEFAULT|NONE|SHARED|EXCLUSIVE)\b)"

FORMS = tuple(
    (phrase, re.compile(pattern))
    for phrase, pattern in (
        ("an index on an expression", rf"{_AN_INDEX} \( (?:{_OF_ITS_KEYS} )*(?P<at>\()(?! {NAME} \))"),
        (_INVISIBLE, rf"{INDEX}{INDEX_OPTIONS} (?P<at>(?:IN)?VISIBLE)\b"),
        (_INVISIBLE, rf"\bALTER (?:(?:INDEX|KEY) {NAME}|(?:COLUMN )?{NAME} SET) (?P<at>(?:IN)?VISIBLE){_END}"),
        (_INVISIBLE, rf"^(?:CREATE|ALTER)\b.*?{_IN_A_COLUMN} (?P<at>VISIBLE){_NEXT}"),
        ("COLUMN_FORMAT", r"\bCOLUMN_FORMAT (?P<at>FIXED|DYNAMIC|DEFAULT)\b"),
        ("STORAGE", r"\b(?P<at>STORAGE) (?:DISK|MEMORY)\b"),
        ("NOT SECONDARY", r"\bNOT (?P<at>SECONDARY)\b"),
        ("SRID", r"\b(?:GEOMETRY|POINT|LINESTRING|POLYGON|MULTI\w+|GEOM\w+)(?: NOT NULL| NULL)? SRID (?P<at>0)"),
        ("ENGINE_ATTRIBUTE", r"\b(?:SECONDARY_)?ENGINE_ATTRIBUTE (?P<at>'')"),
        ("more attributes after a generated column's expression",
         rf"\bAS {ENCLOSED}(?: STORED| VIRTUAL)? (?P<at>{_OF_A_GENERATED_ONE})\b"),
        ("more attributes after a CHECK",
         rf"{_IN_A_COLUMN} (?:CONSTRAINT (?:{NAME} )?)?CHECK {ENCLOSED} (?P<at>{_ATTRIBUTE})\b"),
        ("a name for a column's CHECK", rf"{_IN_A_COLUMN} CONSTRAINT {NAME} (?P<at>CHECK) {ENCLOSED}"),
        ("a CHECK that is NOT ENFORCED", rf"\bCHECK {ENCLOSED} (?P<at>(?:NOT )?ENFORCED)\b"),
        ("ALTER CHECK", rf"\bALTER (?P<at>CHECK|CONSTRAINT) {NAME} (?:NOT )?ENFORCED{_END}"),
        ("DROP CHECK", rf"\bDROP (?P<at>CHECK) {NAME}{_END}"),
        ("ALGORITHM and LOCK of DROP INDEX",
         rf"^DROP INDEX {NAME} ON {NAME} (?P<at>ALGORITHM{_ALGORITHMS}|LOCK{_LOCKS})"),
        ("AUTOEXTEND_SIZE", r"\b(?P<at>AUTOEXTEND_SIZE) (?:= )?0"),
        ("TABLESPACE", rf"\bTABLESPACE (?P<at>=) {NAME}"),
        ("CREATE TABLESPACE", rf"^(?:CREATE|ALTER|DROP) (?P<at>(?:UNDO )?TABLESPACE) {_A_TABLESPACE}"),
        ("CREATE SPATIAL REFERENCE SYSTEM",
         r"^CREATE (?:OR REPLACE )?SPATIAL (?P<at>REFERENCE) SYSTEM (?:IF NOT EXISTS )?0 "),
        ("options of a database",
         r"^ALTER (?:DATABASE|SCHEMA)\b.*? (?P<at>READ ONLY|ENCRYPTION) (?:= )?(?:0|''|DEFAULT)"),
        ("the operator ->", rf"{_COLUMN} (?P<at>->) ''"),
        ("the operator ->>", rf"{_COLUMN} (?P<at>->>) ''"),
        ("MEMBER OF", r"\bMEMBER (?P<at>OF) \("),
        ("CAST to JSON, REAL or YEAR", rf"\bCAST \( {INSIDE}+?AS (?P<at>JSON|REAL|YEAR) \)"),
        ("CONVERT to JSON", rf"\bCONVERT \( {INSIDE}+?, (?P<at>JSON) \)"),
        ("clauses of JSON_VALUE",
         rf"\bJSON_VALUE \( {INSIDE}*?(?P<at>RETURNING|(?:NULL|ERROR|DEFAULT (?:''|0)) ON (?:EMPTY|ERROR))\b"),
        ("RESPECT NULLS", r"\b(?P<at>RESPECT NULLS)\b"),
        ("LATERAL", rf"(?:,|\bJOIN|\bFROM) LATERAL (?=(?P<at>\())(?={ENCLOSED} (?:AS )?(?!ON\b|WHERE\b){NAME})"),
        (_TABLE, rf"^(?P<at>TABLE) {NAME}{_AFTER_TABLE}"),
        (_TABLE, rf"(?:\(|\b(?:UNION|ALL|DISTINCT|EXCEPT|INTERSECT|AS)) (?P<at>TABLE) {NAME}{_AFTER_TABLE}"),
        (_TABLE, rf"^(?:INSERT|REPLACE)\b.*? (?P<at>TABLE) {NAME}{_AFTER_TABLE}"),
        ("VALUES ROW()", rf"\bVALUES (?P<at>ROW) {ENCLOSED}(?! ROW\b)"),
        ("a name for the new row",
         rf"^INSERT\b{_BEFORE_ROWS} (?:VALUES?|SET) .*?(?P<at>\bAS) {NAME}(?: {ENCLOSED})?{_AFTER_ROWS}"),
        ("FOR SHARE", r"\bFOR (?P<at>SHARE)(?= (?:OF|NOWAIT|SKIP LOCKED|INTO|FOR|UNION)\b| [);]|$)"),
        ("FOR UPDATE OF", rf"\bFOR UPDATE (?P<at>OF) {NAME}"),
        ("UPDATE and DELETE after WITH", r"^WITH\b.*?\) (?P<at>UPDATE|DELETE)\b"),
        ("another name for the table of a DELETE",
         rf"\bDELETE (?:\w+ ){{0,3}}?FROM {NAME} (?P<at>AS(?= {_ALIAS})|{_ALIAS})(?:(?<= AS) {NAME})?{_AFTER_DELETED}"),
        ("IDENTIFIED WITH … BY", rf"\bIDENTIFIED WITH (?:''|{NAME}) (?P<at>BY) (?:''|RANDOM PASSWORD)"),
        ("IDENTIFIED BY RANDOM PASSWORD", r"\bIDENTIFIED BY (?P<at>RANDOM) PASSWORD\b"),
        ("options of an account",
         rf"^(?:CREATE|ALTER) USER\b.*? (?P<at>{_OF_AN_ACCOUNT})"),
        ("REVOKE IF EXISTS", r"^REVOKE (?P<at>IF EXISTS)\b"),
        ("histograms", r"\b(?P<at>(?:UPDATE|DROP) HISTOGRAM) ON\b"),
        ("EXPLAIN ANALYZE",
         r"\bEXPLAIN (?P<at>ANALYZE) (?:FORMAT|SELECT|INSERT|REPLACE|UPDATE|DELETE|TABLE|WITH|FOR|\()"),
        ("SET PERSIST", rf"\bSET PERSIST(?:_ONLY)? (?P<at>{NAME}) (?::=|=)"),
        ("LOCK INSTANCE FOR BACKUP", r"^LOCK (?P<at>INSTANCE) FOR BACKUP(?= ;|$)"),
    )
)  # fmt: skip
"""What a syntax error may be about; ``at`` is where MariaDB then says that it is."""
