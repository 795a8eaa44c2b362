"""PRAGMA, transactions, upkeep and attached databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.sql.actions import (
    Create,
    Drop,
    Maintain,
    ObjectKind,
    Other,
    Reindex,
    SetVariable,
    Transaction,
    TransactionKind,
)
from glowplug.sql.parts import Name

if TYPE_CHECKING:
    from glowplug.sql.actions import Action
    from glowplug.sql.reader.sqlite.source import Source

_TRANSACTIONS = {
    "BEGIN": TransactionKind.BEGIN,
    "COMMIT": TransactionKind.COMMIT,
    "END": TransactionKind.COMMIT,
    "ROLLBACK": TransactionKind.ROLLBACK,
    "SAVEPOINT": TransactionKind.SAVEPOINT,
    "RELEASE": TransactionKind.RELEASE,
}


def pragma(source: Source) -> SetVariable:
    """Read PRAGMA; an argument in brackets is its value as well."""
    source.expect("PRAGMA")
    name = source.qualified().name.lower()
    value = None
    if source.accept_text("=") or source.accept_text("("):
        sign = "-" if source.accept_text("-") else ""
        source.accept_text("+")
        value = sign + source.take().name
    return SetVariable(span=source.span, name=name, value=value)


def transaction(source: Source) -> Transaction:
    """Read BEGIN, COMMIT, END, ROLLBACK, SAVEPOINT and RELEASE."""
    kind = _TRANSACTIONS[source.take().word]
    if kind is TransactionKind.ROLLBACK and any(token.word == "TO" for token in source.rest()):
        kind = TransactionKind.ROLLBACK_TO
    return Transaction(span=source.span, kind=kind)


def upkeep(source: Source) -> Action:
    """Read VACUUM, ANALYZE and REINDEX."""
    verb = source.take().word
    target = None if source.done() or verb == "VACUUM" else source.qualified()
    if verb == "REINDEX":
        return Reindex(span=source.span, scope="database" if target is None else "name", target=target)
    return Maintain(span=source.span, verb=verb.lower(), table=target)


def attachment(source: Source) -> Action:
    """Read ATTACH and DETACH; the file of an ATTACH is its detail ``file``, as written."""
    attach = source.accept("ATTACH")
    if not attach:
        source.expect("DETACH")
    source.accept("DATABASE")
    if not attach:
        return Drop(span=source.span, kind=ObjectKind.DATABASE, name=Name(source.take().name))
    file = source.expression({"AS"})
    source.expect("AS")
    name = Name(source.take().name)
    return Create(span=source.span, kind=ObjectKind.DATABASE, name=name, details=(("file", file.text),))


def explain(source: Source) -> Other:
    """Read EXPLAIN: it runs nothing."""
    source.expect("EXPLAIN")
    return Other(span=source.span, verb="explain query plan" if source.accept("QUERY", "PLAN") else "explain")
