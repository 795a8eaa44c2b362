"""Keys that the server made by itself for a foreign key: they look like any other, and go when another key will do.

Their CREATE statement does not tell them. A copy of the table by LIKE keeps what they are, without its rows and foreign
keys: given a second key on the same columns, it loses those that were made so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.database.mysql.session import quote_name, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.database.mysql.session import Session

_NAME = r"`(?:[^`]|``)*`"
_KEY = re.compile(rf"^  KEY ({_NAME}) \(({_NAME}(?:,{_NAME})*)\),?$", re.MULTILINE)
_FOREIGN = re.compile(rf"^  CONSTRAINT ({_NAME}) (FOREIGN KEY \(({_NAME}(?:, ?{_NAME})*)\).*)$", re.MULTILINE)
PROBE = "_probe"
"""What a schema's name and this make the name of a schema beside it, which a run that is ended may leave."""


def may_be_generated(create: str) -> dict[str, str]:
    """Give the keys that may be, by name, with their columns, all as SQL."""
    foreign = {each.group(3).replace(", ", ",") for each in _FOREIGN.finditer(create)}
    return {each.group(1): each.group(2) for each in _KEY.finditer(create) if each.group(2) in foreign}


def generated_keys(session: Session, schema: str, table: str, keys: Mapping[str, str]) -> frozenset[str]:
    """Ask the server which of ``keys`` are; in a schema beside ``schema`` that is gone again afterwards.

    Raises:
        StatementRefused: it can't be asked.
    """
    beside = quote_name(schema + PROBE)
    added = ", ".join(f"ADD KEY `{number} probe` ({columns})" for number, columns in enumerate(keys.values()))
    try:
        answers = session.rows(
            f"CREATE DATABASE {beside}; CREATE TABLE {beside}.probe LIKE {quote_name(schema)}.{quote_name(table)};"
            f"ALTER TABLE {beside}.probe {added}; SHOW CREATE TABLE {beside}.probe"
        )
    finally:
        session.batch(f"DROP DATABASE IF EXISTS {beside}".encode())
    left = {each.group(1) for each in _KEY.finditer(text_of(answers[0][0][1]) or "")}
    return frozenset(keys.keys() - left)


def without_generated(create: str, table: str, generated: frozenset[str]) -> str:
    """Give a CREATE that leaves those keys to the server: it calls them as the foreign key, or as its first column.

    The latter where the foreign key has no name: it then gets a number, in their order, so that all that have one are
    left without.
    """
    for key in generated:
        create = re.sub(rf"^  KEY {re.escape(key)} \(.*\),?\n", "", create, flags=re.MULTILINE)
    if generated - {each.group(1) for each in _FOREIGN.finditer(create)}:
        create = re.sub(
            rf"^  CONSTRAINT `{re.escape(table)}_ibfk_\d+` FOREIGN", "  FOREIGN", create, flags=re.MULTILINE
        )
    return create
