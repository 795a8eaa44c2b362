"""Names in ``[data]`` of glowplug.toml that no state of any chain has: what stands there would be done nowhere."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.check import faults
from glowplug.check.terms import Part
from glowplug.finding import Place, Severity
from glowplug.review.cache import Cache
from glowplug.store.machinery import stamps

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.check.report import ChainReport
    from glowplug.check.reviewing import Review
    from glowplug.check.terms import Terms
    from glowplug.finding import Finding
    from glowplug.project import Chain
    from glowplug.rehearsal.seeding import DataSettings
    from glowplug.rehearsal.seeding.chain_tables import ChainTables

_ROOMS = ("rehearsal/seeding", "schema", "sql", "store")
_PARSERS = ("postgast", "syntaqlite")


def with_misnamed(checked: Sequence[tuple[ChainReport, Review]], terms: Terms) -> Sequence[tuple[ChainReport, Review]]:
    """Add what is to be said of such names to the first chain's report.

    They are looked for in the text of the migrations, whatever was measured, and where that leaves a doubt nothing is
    said.
    """
    data, options = terms.settings.data, terms.options
    if data is None or not (data.table or data.column):
        return checked
    if Part.REHEARSAL not in options.parts or options.files is not None:
        return checked
    found = tuple(_findings(data, terms, [report.chain for report, _ in checked]))
    (first, review), *rest = checked
    return [(replace(first, findings=(*first.findings, *found)), review), *rest]


def _findings(data: DataSettings, terms: Terms, chains: Sequence[Chain]) -> Iterator[Finding]:
    from glowplug.rehearsal.seeding.misnamed import misnamed  # noqa: PLC0415 - only where glowplug.toml names any

    configuration = terms.settings.configuration
    for each in misnamed(data, [_tables(chain, terms) for chain in chains]):
        yield faults.NOT_SEEDED.found(
            each.message,
            place=Place(file=configuration.shown, line=configuration.line(*each.key)),
            severity=Severity.WARNING,
            subject=each.name,
        )


def _tables(chain: Chain, terms: Terms) -> ChainTables:
    """Follow a chain, or take what was found of the same bytes earlier: it is kept beside the reviews."""
    from glowplug.rehearsal.seeding.chain_tables import ChainTables, tables_of  # noqa: PLC0415 - they bring parsers

    setup = (*chain.settings.database_setup, *chain.settings.session_setup)
    shelf, key = Cache.of(terms.environment).shelf, _key(chain, setup)
    payload = shelf.load(key) if terms.options.cached else None
    if payload is not None:
        try:
            return msgspec.msgpack.decode(payload, type=ChainTables)
        except msgspec.MsgspecError:
            pass  # it is made again
    found = tables_of(chain, setup)
    if shelf.store(key, msgspec.msgpack.encode(found)):
        shelf.tidy()
    return found


def _key(chain: Chain, setup: tuple[str, ...]) -> str:
    parts = (
        "tables",
        stamps(_ROOMS, _PARSERS),
        chain.dialect.value,
        chain.chain_digest,
        *(f"{item.path} {item.runnable:d}" for item in chain.migrations),
        repr((chain.refused, setup)),
    )
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
