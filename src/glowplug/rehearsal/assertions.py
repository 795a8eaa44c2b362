"""``[[assert]]`` of glowplug.toml: SQL that must give no row at the end of every chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from glowplug.database.interface import SqlError
from glowplug.database.rows import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glowplug.database.rows import Rows
    from glowplug.project import Chain


class AssertSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[assert]]``; ``chain`` names a migrations directory where it is for that one alone."""

    sql: str
    because: str
    chain: str | None = None


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """An assertion that does not hold, or could not be asked: what the server said."""

    assertion: AssertSettings
    answer: Answer


def asserted(rows: Rows, assertions: Iterable[AssertSettings], chain: Chain) -> Iterator[Broken]:
    """Ask every assertion about ``chain`` in the state that its ups leave."""
    for assertion in assertions:
        if assertion.chain is not None and assertion.chain.strip("./") != chain.directory.strip("./"):
            continue
        answer = rows.query(assertion.sql)
        if answer.error is None and not answer.columns:
            answer = Answer(error=SqlError(code=None, message="this is no query; write a SELECT that gives no row"))
        if answer.error is not None or answer.rows:
            yield Broken(assertion=assertion, answer=answer)
