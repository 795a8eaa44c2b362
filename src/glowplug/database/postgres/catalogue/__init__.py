"""What a snapshot of PostgreSQL reads: the catalogues, as one query of many sections."""

from __future__ import annotations

from glowplug.database.postgres.catalogue.given import given
from glowplug.database.postgres.catalogue.others import others
from glowplug.database.postgres.catalogue.rarities import rarities
from glowplug.database.postgres.catalogue.relations import relations
from glowplug.database.postgres.catalogue.section import (
    CONSTANTS,
    KEYS,
    ROUTINES,
    SEQUENCES,
    TABLES,
    TRIGGERS,
    TYPES,
    VIEWS,
    Section,
    finish,
    probe,
    union,
)

__all__ = [
    "CONSTANTS",
    "OF_RELATIONS",
    "ROUTINES",
    "TABLES",
    "TRIGGERS",
    "TYPES",
    "VIEWS",
    "Section",
    "finish",
    "given",
    "probe",
    "sections",
    "union",
]

OF_RELATIONS = (TABLES, KEYS, TRIGGERS, SEQUENCES, VIEWS)


def sections(version: int) -> tuple[Section, ...]:
    """Give all sections for a server of this ``server_version_num``."""
    return (*relations(version), *others(version), *rarities(version))
