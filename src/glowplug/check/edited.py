"""What it means for databases that ran a migration that its files are others than at the base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glowplug.check import faults
from glowplug.dialect import Direction
from glowplug.finding import Place, Severity
from glowplug.project.metadata import FILE_NAME as METADATA
from glowplug.sql.blank import without_blanks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glowplug.dialect import Dialect
    from glowplug.finding import Finding
    from glowplug.project import Migration


def edited_since(base: str, now: Migration, known: Sequence[Migration], dialect: Dialect) -> Finding:
    """Say what follows from it; ``known`` are the base's of this version, of which any one may have run."""
    before = known[0]
    if len(known) > 1 or not _same(before.up, now.up, dialect):
        return _found(
            now,
            f"edited since {base}: where it has run already, Diesel will not run it again, and nothing tells that "
            "database from a new one; write a migration that goes on from there",
        )
    if before.run_in_transaction != now.run_in_transaction:
        said, was = (str(each.run_in_transaction).lower() for each in (now, before))
        return _found(
            now,
            f"since {base} run_in_transaction is {said}, and was {was}: where it has run already, Diesel will not run "
            "its up again, and a revert goes by what is said now; hold against each other what up.sql does with a "
            "transaction and without",
            file=METADATA,
        )
    if not _same(before.down, now.down, dialect):
        return _of_down(base, now)
    what = " and ".join(
        name for name, differs in (
            ("comments or blanks", (before.up, before.down) != (now.up, now.down)),
            (f"what {METADATA} says beside run_in_transaction", before.metadata != now.metadata),
        ) if differs
    )  # fmt: skip
    return _found(
        now,
        f"edited since {base}, and only {what}: Diesel runs the same, and where it has run already nothing is missing",
        severity=Severity.NOTICE,
    )


def _of_down(base: str, now: Migration) -> Finding:
    file = Direction.DOWN.file_name
    if now.down is None:
        message = f"since {base} {file} is gone: where it has run already, it can't be reverted any more; put it back"
        return _found(now, message)
    return _found(
        now,
        f"only {file} is edited since {base}: a revert runs what it holds now, also where the up has run already",
        file=file,
        severity=Severity.NOTICE,
    )


def _found(now: Migration, message: str, *, file: str | None = None, severity: Severity | None = None) -> Finding:
    return faults.EDITED_SINCE_BASE.found(
        message,
        version=now.version,
        migration=now.name,
        place=Place(file=now.path if file is None else f"{now.path}/{file}"),
        severity=severity,
    )


def _same(before: bytes | None, now: bytes | None, dialect: Dialect) -> bool:
    """Whether a server is told the same by both: statements of the same bytes, whatever stands between them.

    Of files without a statement that is not said: Diesel refuses 0 bytes, and some servers what is blank.
    """
    if before is None or now is None or before == now:
        return before == now
    try:
        told = _told(before, dialect)
        return told != [] and told == _told(now, dialect)
    except UnicodeDecodeError:
        return False


def _told(sql: bytes, dialect: Dialect) -> list[bytes]:
    from glowplug.sql.reader import read  # noqa: PLC0415 - only where a migration was edited

    script = read(sql.decode(), dialect)
    told = []
    for span, statement in script.pieces():
        piece = script.text_of(span).encode()
        told.append(without_blanks(piece, dialect) if statement is None else piece)
    return [piece for piece in told if piece]
