"""Which tables got no rows, and which rows of the project's own the server refuses: told where those stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from glowplug.check import faults
from glowplug.finding import Place, Severity, Text
from glowplug.rehearsal.seeding.settings import SECTION, is_about

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glowplug.check.settings import Settings
    from glowplug.finding import Finding
    from glowplug.project import Chain
    from glowplug.rehearsal.measured import Measurement, NotSeeded

SHOWN = 12  # tables of one message, in brief


def not_seeded(chain: Chain, measurements: Sequence[Measurement], settings: Settings) -> Iterator[Finding]:
    """Say it once for a chain: of a seed file only if it ran for no migration, of its most common error."""
    ran = {file for each in measurements for file in each.data.seeds_ran}
    reasons: defaultdict[str, Counter[NotSeeded]] = defaultdict(Counter)
    for each in measurements:
        for item in each.data.not_seeded:
            reasons[item.table][item] += 1
    found = {name: why.most_common(1)[0][0] for name, why in sorted(reasons.items()) if name not in ran}
    files = [item for item in found.values() if item.is_file]
    given = {name: index for name in found if (index := _entry(settings, name)) is not None}
    yield from _of_tables(chain, [item for name, item in found.items() if item not in files and name not in given])
    yield from _of_entries(given, found, settings)
    for item in files:
        yield faults.NOT_SEEDED.found(
            f"this file runs on none of the schemas that were given rows: {item.why}",
            place=Place(file=item.table, line=item.line),
            severity=Severity.WARNING,
            subject="seeds",
        )


def _of_tables(chain: Chain, tables: Sequence[NotSeeded]) -> Iterator[Finding]:
    if tables:
        many = "1 table" if len(tables) == 1 else f"{len(tables)} tables"
        message = f"{many} got no rows, or not those that were asked for, so that what becomes of such was not seen:\n"
        yield faults.NOT_SEEDED.found(message + _listed(tables), place=Place(file=chain.directory))


def _of_entries(given: Mapping[str, int], found: Mapping[str, NotSeeded], settings: Settings) -> Iterator[Finding]:
    configuration = settings.configuration
    for index in sorted(set(given.values())):
        tables = [found[name] for name, own in given.items() if own == index]
        yield faults.NOT_SEEDED.found(
            "this [[data.table]] gives no rows, or not those that were asked for, so that what becomes of such was not "
            "seen:\n" + _listed(tables),
            place=Place(file=configuration.shown, line=configuration.line(SECTION, "table", index, "table")),
            subject=f"{SECTION}.table {tables[0].table}",
        )


def _entry(settings: Settings, table: str) -> int | None:
    """Give which ``[[data.table]]`` has rows for a table."""
    entries = () if settings.data is None else settings.data.table
    first = next((index for index, each in enumerate(entries) if is_about(each.table, table)), None)
    return None if first is None or entries[first].skip else first


def _listed(tables: Sequence[NotSeeded]) -> Text:
    return Text.listed([f"{each.table}: {each.why}" for each in tables], most=SHOWN)
