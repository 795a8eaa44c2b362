"""Functions that a server brings along and that change no schema: calling them raises no doubt."""

from __future__ import annotations

import re

from glowplug.dialect import Dialect

_PREFIXES = re.compile(
    r"(?:array|bit|current|date|jsonb?|percentile|pg|phraseto|regexp|regr|string|time|to|ts|txid|uuid|websearch_to|xml)_"
    r"|gen_random_|generate_s|has_\w+_privilege$|json_?|make_(?:date|interval|time)|set_(?:bit|byte|config|masklen)$|sha\d"
)
_NAMES = frozenset(
    """
    abs acos age any_value array ascii asin atan atan2 avg bin bit_length bool_and bool_or btrim cast cbrt ceil
    ceiling changes char char_length character_length chr clock_timestamp coalesce concat concat_ws convert
    convert_from convert_to corr cos cot
    count covar_pop covar_samp crc32 crypt cume_dist curdate currval curtime database date day dayofmonth dayofweek
    dayofyear decode degrees dense_rank digest div elt encode every exp extract factorial field find_in_set
    first_value floor format found_rows from_unixtime gcd gen_salt get_lock glob greatest group_concat grouping hex
    hmac hour if ifnull iif inet6_aton inet_aton inet_ntoa initcap insert instr interval is_free_lock isfinite
    isnull json julianday justify_days justify_hours justify_interval lag last_day last_insert_id last_insert_rowid
    lastval lcm lead least left length like likelihood likely ln localtime localtimestamp locate log log10 log2
    lower lpad ltree2text ltrim make_set masklen max md5 microsecond mid min minute mod mode month monthname
    name_const nanvl nextval nlevel now nth_value ntile nullif num_nonnulls num_nulls octet_length overlay
    parse_ident period_add pi plainto_tsquery position pow power printf quarter quote quote_ident quote_literal
    quote_nullable radians rand random randomblob range_merge rank release_lock repeat replace reverse right round
    row row_number row_to_json rpad rtrim scale sec_to_time second setseed setval setweight sign similarity sin
    sleep space sqlite_version sqrt starts_with statement_timestamp stddev stddev_pop stddev_samp str_to_date
    strftime strpos substr substring substring_index sum sysdate tan text text2ltree time timediff timestampadd
    timestampdiff to_char total total_changes transaction_timestamp translate trim trunc truncate ts_rank typeof
    unhex unistr unix_timestamp unixepoch unlikely unnest upper user utc_timestamp uuid uuid_generate_v1
    uuid_generate_v4 var_pop var_samp variance version week weekday width_bucket word_similarity xmlagg xpath year
    zeroblob
    """.split()  # noqa: SIM905 - a list would be a word a line
)


def known(name: str, dialect: Dialect) -> bool:
    """Whether a server's own function of this name is known to leave the schema alone.

    SQLite: all do. MySQL: a function may not change the schema (error 1422).
    """
    return dialect is not Dialect.POSTGRES or name in _NAMES or _PREFIXES.match(name) is not None
