"""Functions of PostgreSQL's own, or of its usual extensions, that leave nothing behind when they were called.

``statement_timestamp`` is none of them: to the server, what goes in one message is one statement. By name alone: where
a project has a function of its own by one of these names, nobody knows which of them is meant.
"""

from __future__ import annotations

FUNCTIONS = frozenset({
    "abs", "age", "array_agg", "array_append", "array_cat", "array_length", "array_position", "array_prepend",
    "array_remove", "array_replace", "array_to_json", "array_to_string", "ascii", "avg", "bit_and", "bit_or",
    "bool_and", "bool_or", "btrim", "cardinality", "ceil", "ceiling", "char_length", "character_length", "chr",
    "clock_timestamp", "concat", "concat_ws", "count", "crypt", "cume_dist", "date_bin", "date_part", "date_trunc",
    "decode", "dense_rank", "digest", "div", "encode", "every", "exp", "extract", "first_value", "floor", "format",
    "gen_random_bytes", "gen_random_uuid", "gen_salt", "generate_series", "generate_subscripts", "greatest", "hmac",
    "host", "initcap", "isempty", "json_agg", "json_array_elements", "json_array_elements_text", "json_array_length",
    "json_build_array", "json_build_object", "json_each", "json_each_text", "json_extract_path",
    "json_extract_path_text", "json_object", "json_object_agg", "json_object_keys", "json_strip_nulls", "json_typeof",
    "jsonb_agg", "jsonb_array_elements", "jsonb_array_elements_text", "jsonb_array_length", "jsonb_build_array",
    "jsonb_build_object", "jsonb_each", "jsonb_each_text", "jsonb_extract_path", "jsonb_extract_path_text",
    "jsonb_insert", "jsonb_object", "jsonb_object_agg", "jsonb_object_keys", "jsonb_pretty", "jsonb_set",
    "jsonb_strip_nulls", "jsonb_typeof", "justify_days", "justify_hours", "justify_interval", "lag", "last_value",
    "lca", "lead", "least", "left", "length", "ln", "log", "lower", "lpad", "ltree2text", "ltrim", "make_date",
    "make_interval", "make_time", "make_timestamp", "make_timestamptz", "masklen", "max", "md5", "min", "mod", "mode",
    "network", "nlevel", "now", "nth_value", "ntile", "num_nonnulls", "num_nulls", "octet_length", "overlay",
    "percent_rank", "percentile_cont", "percentile_disc", "phraseto_tsquery", "plainto_tsquery", "position", "power",
    "quote_ident", "quote_literal", "quote_nullable", "random", "range_merge", "rank", "regexp_match",
    "regexp_matches", "regexp_replace", "regexp_split_to_array", "regexp_split_to_table", "repeat", "replace",
    "reverse", "right", "round", "row_number", "row_to_json", "rpad", "rtrim", "setweight", "sha256", "sign",
    "similarity", "split_part", "sqrt", "starts_with", "stddev", "string_agg",
    "string_to_array", "strpos", "subltree", "subpath", "substr", "substring", "sum", "text2ltree", "timezone",
    "to_char", "to_date", "to_hex", "to_json", "to_jsonb", "to_number", "to_timestamp", "to_tsquery", "to_tsvector",
    "transaction_timestamp", "translate", "trim", "trunc", "ts_rank", "unaccent", "unnest", "upper",
    "uuid_generate_v1", "uuid_generate_v4", "variance", "websearch_to_tsquery", "width_bucket",
})  # fmt: skip
