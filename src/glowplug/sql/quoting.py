"""Names as SQL, for what glowplug proposes to write."""

from __future__ import annotations

import re

from glowplug.dialect import Dialect
from glowplug.sql.parts import Name

_PLAIN = {
    Dialect.POSTGRES: re.compile(r"[a-z_][a-z0-9_]*\Z"),
    Dialect.MYSQL: re.compile(r"[A-Za-z_][A-Za-z0-9_$]*\Z"),
    Dialect.SQLITE: re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z"),
}
# Reserved by the SQL standard or by one of the three servers: to quote one too many does no harm.
_RESERVED = frozenset(
    re.findall(
        r"\w+",
        """
        accessible add all alter analyse analyze and any array as asc asensitive asymmetric
        authorization autoincrement before between bigint binary blob both by call cascade case cast
        change char character check collate collation column commit concurrently condition
        constraint continue convert create cross cube cume_dist current_catalog current_date
        current_role current_schema current_time current_timestamp current_user cursor database
        databases day_hour day_microsecond day_minute day_second dec decimal declare default
        deferrable delayed delete delete_domain_id dense_rank desc describe deterministic distinct
        distinctrow div do do_domain_ids double drop dual each else elseif empty enclosed end escape
        escaped except exists exit explain false fetch first_value float float4 float8 for force
        foreign freeze from full fulltext function generated get grant group grouping groups having
        high_priority hour_microsecond hour_minute hour_second if ignore ignore_domain_ids ilike in
        index infile initially inner inout insensitive insert int int1 int2 int3 int4 int8 integer
        intersect interval into io_after_gtids io_before_gtids is isnull iterate join json_table key
        keys kill lag last_value lateral lead leading leave left like limit linear lines load
        localtime localtimestamp lock long longblob longtext loop low_priority manual master_bind
        master_demote_to_replica master_demote_to_slave master_ssl_verify_server_cert match maxvalue
        mediumblob mediumint mediumtext middleint minute_microsecond minute_second mod modifies
        natural no_write_to_binlog not nothing notnull nth_value ntile null numeric of offset on
        only optimize optimizer_costs option optionally or order out outer outfile over overlaps
        page_checksum parallel parse_vcol_expr partition percent_rank placing portion precision
        primary procedure purge qualify raise range rank read read_write reads real recursive
        ref_system_id references regexp release rename repeat replace require resignal restrict
        return returning revoke right rlike row row_number rows schema schemas second_microsecond
        select sensitive separator session_user set show signal similar smallint some spatial
        specific sql sql_big_result sql_buffer_result sql_cache sql_calc_found_rows sql_no_cache
        sql_small_result sqlexception sqlstate sqlwarning ssl starting stats_auto_recalc
        stats_persistent stats_sample_pages stored straight_join symmetric system system_user table
        tablesample terminated then tinyblob tinyint tinytext to trailing transaction trigger true
        undo union unique unlock unsigned update usage use user using utc_date utc_time
        utc_timestamp value values varbinary varchar varcharacter variadic varying verbose view
        virtual when where while window with write xor year_month zerofill
        """,
    )
)


def quoted(name: str | Name, dialect: Dialect) -> str:
    """Write a name as SQL, with its schema where it has one, and with quotes only where they are needed."""
    if isinstance(name, Name):
        own = quoted(name.name, dialect)
        return own if name.schema is None else f"{quoted(name.schema, dialect)}.{own}"
    if _PLAIN[dialect].match(name) and name.casefold() not in _RESERVED:
        return name
    mark = "`" if dialect is Dialect.MYSQL else '"'
    return mark + name.replace(mark, mark * 2) + mark
