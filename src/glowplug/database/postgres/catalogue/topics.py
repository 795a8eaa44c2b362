"""Which sections of a snapshot have to be read again when which catalogues were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.database.postgres.catalogue.section import KEYS, SEQUENCES, TABLES, TRIGGERS, VIEWS

if TYPE_CHECKING:
    from collections.abc import Collection

    from glowplug.database.postgres.change import Change

_PG_18 = 180000

_WRITTEN = {
    TABLES: frozenset({
        "pg_attrdef", "pg_attribute", "pg_class", "pg_foreign_table", "pg_inherits", "pg_partitioned_table",
    }),
    KEYS: frozenset({"pg_constraint", "pg_index", "pg_inherits"}),
    TRIGGERS: frozenset({"pg_trigger"}),
    SEQUENCES: frozenset({"pg_sequence"}),
    VIEWS: frozenset({"pg_policy", "pg_rewrite"}),
}  # fmt: skip
_OF_KIND = {KEYS: "iI", SEQUENCES: "S", VIEWS: "vm"}
"""Kinds of relations that have more in pg_class, pg_attribute or pg_depend than TABLES reads."""

_BESIDE = frozenset({"pg_enum", "pg_proc", "pg_type"})
_NOT_READ = frozenset({"pg_depend", "pg_shdepend", "pg_statistic", "pg_statistic_ext_data"})
_COMMENTS = frozenset({"pg_description"})
KNOWN = frozenset().union(*_WRITTEN.values(), _BESIDE, _NOT_READ, _COMMENTS)
"""Catalogues of which it is known what has to be read again when they were written."""

CIRCUMSTANTIAL = frozenset({"pg_event_trigger", "pg_language", "pg_policy", "pg_proc", "pg_rewrite"})
TRIGGERING = CIRCUMSTANTIAL | {"pg_trigger"}
"""What decides whether code of the user's may run, and what it could do; in pg_trigger are foreign keys, too."""

DEPENDING = frozenset({"pg_policy", "pg_proc", "pg_rewrite"})
"""Where the text of what depends on a relation is kept."""


def beyond(change: Change) -> bool:
    """Whether more was written than ``topics``, and the topics of its types and routines, tell."""
    written = change.catalogues
    unknown = written - KNOWN - ({"pg_range"} if change.types else set())
    return (
        bool(unknown) or ("pg_enum" in written and not change.types) or ("pg_proc" in written and not change.routines)
    )


def topics(catalogues: Collection[str], kinds: Collection[str], version: int) -> tuple[str, ...]:
    """Name what has to be read of relations of these ``kinds`` that were locked while ``catalogues`` were written."""
    written = set(catalogues)
    if written & _COMMENTS:
        return tuple(_WRITTEN)
    if version >= _PG_18 and "pg_constraint" in written:
        written.add("pg_attribute")  # NOT NULL has its name there
    elsewhere = written & {"pg_attribute", "pg_class", "pg_depend"}
    return tuple(
        topic
        for topic, causes in _WRITTEN.items()
        if written & causes or (elsewhere and any(kind in _OF_KIND.get(topic, "") for kind in kinds))
    )
