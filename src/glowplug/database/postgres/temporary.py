"""Whether a session has temporary objects: the schema for them, once made, stays to its end with nothing in it."""

HAS_TEMPORARY_OBJECTS = """(pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.<>) 0::pg_catalog.oid
  AND EXISTS (SELECT FROM pg_catalog.pg_depend d
    WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass
    AND d.refobjid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()))"""
"""SQL for it, in which no name is resolved by search_path; all that is in a schema depends on it."""
