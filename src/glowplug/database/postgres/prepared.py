"""glowplug's own prepared statements in the migrations' session, where a migration may see, drop or replace them."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from glowplug.database.postgres.within import ARE_SET, SEARCH_USUAL, SET, SET_USUAL, unreadable, within
from glowplug.errors import EnvironmentFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from psycopg.pq.abc import PGresult

    from glowplug.database.postgres.session import Session

    Calls = Sequence[tuple[str, str | None]]


_ARE_SET = "set"
_PLANNED_SOON = "SET LOCAL enable_mergejoin = off"  # plans as good are found in two thirds of the time
_BY_INDEX = ("enable_seqscan", "enable_bitmapscan")
"""Off: a plan stays, and the catalogues of an empty database grow; of a few rows, a bitmap is one more node."""
_FOR_FEW = ("enable_hashjoin", "enable_memoize", "enable_sort")
"""Off as well for what takes relations: few are given."""


class PreparedStatements:
    """Prepares each statement once, when first needed.

    A statement is known to be the one that was prepared here by the time of its preparation, which nothing can
    forge; one that was dropped or replaced is prepared again, with all others, under another name.
    """

    def __init__(
        self,
        session: Session,
        statements: Callable[[str], str],
        *,
        standing: Sequence[str] = (),
        frequent: Collection[str] = (),
    ) -> None:
        """Offer ``statements``: gives SQL for a key; one that takes relations names them ``$1``, an array of oids.

        Those of ``standing`` are there after every ``run``, for others to execute; ``frequent`` take no relations, and
        are planned as well as those that do.
        """
        self._session = session
        self._statements = statements
        self._standing = (_ARE_SET, *standing)
        self._frequent = frequent
        self._prefix = ""
        self._usual = False  # whether the session has by itself what a reading asks for
        self.generation = 0
        self._times: dict[str, bytes | None] = {}
        self._forget()

    def run(self, calls: Calls, *, check: bool = True, under: Sequence[str] = ()) -> list[PGresult]:
        """Run statements by key, each with its oids (as "1,2,3") if it takes some; one result for each.

        ``check=False`` is for when no statement can have been replaced since the last time. ``under`` are
        settings that hold for this time.

        Raises:
            LostConnection: the server is gone.
            EnvironmentFailure: the server refuses.
        """
        results = self._attempt(calls, self._new(calls), check=check, under=under)
        if results is None:
            self._forget()
            results = self._attempt(calls, self._new(calls), under=under, last=True)
        if results is None:
            raise EnvironmentFailure("the catalogue can't be read: the server does not keep prepared statements")
        return results

    def prepare(self, calls: Calls) -> None:
        """Have these there, and the standing ones, for others to execute; errors as for ``run``."""
        new = self._new(calls)
        if new and self._attempt([], new) is None:
            self._forget()
            self._attempt([], self._new(calls), last=True)

    def execute(self, key: str, oids: str = "") -> str:
        """Give the statement that executes one that was prepared, ``oids`` in SQL if it takes some."""
        return f"EXECUTE {self._prefix}{key}" + (f" ({oids})" if oids else "")

    def settings(self) -> str:
        """Give the statements that begin a reading; the one query has no row where it can't be under these."""
        return f"{SET_USUAL};{self.execute(_ARE_SET)}" if self._usual else SET

    @property
    def usual(self) -> bool:
        """Whether the session has by itself what a reading asks for, but for what SET_USUAL sets."""
        return self._usual

    def searching(self) -> str:
        """Give the statement that begins a reading which sets, and sees, what else it needs; a row unless ``usual``."""
        return SEARCH_USUAL if self._usual else SET

    def _forget(self) -> None:
        self.generation += 1
        self._prefix = f"glowplug_{secrets.token_hex(4)}_"  # short: a key is a part of a name
        self._times = {}

    def _text(self, key: str) -> str:
        return ARE_SET if key == _ARE_SET else self._statements(key)

    def _new(self, calls: Calls) -> dict[str, str | None]:
        wanted = {**dict.fromkeys(self._standing), **dict(calls)}
        return {key: oids for key, oids in wanted.items() if key not in self._times}

    def _attempt(
        self,
        calls: Calls,
        new: Mapping[str, str | None],
        *,
        check: bool = True,
        under: Sequence[str] = (),
        last: bool = False,
    ) -> list[PGresult] | None:
        check = check or bool(new)
        if _ARE_SET in new:
            asked = self._session.batch(ARE_SET.encode(), rows=True)
            self._usual = asked.ok and bool(asked.results[0].ntuples)
        settings = SET if _ARE_SET in new else self.settings()
        parts = [
            f"PREPARE {self._prefix}{key}{'' if oids is None else ' (oid[])'} AS {self._text(key)}"
            for key, oids in new.items()
        ]
        frequent = [self.execute(key) for key in new if key in self._frequent]
        of_given = [self.execute(key, "'{}'") for key, oids in new.items() if oids is not None]
        planned = [*frequent, *of_given]
        if planned:
            parts += [_PLANNED_SOON, *_switched(_BY_INDEX, "off"), *frequent]
            parts += [*_switched(_FOR_FEW, "off"), *of_given] if of_given else []
            parts += _switched((*_BY_INDEX, *_FOR_FEW) if of_given else _BY_INDEX, "on")
        elif new:
            parts.append(_PLANNED_SOON)
        if check:
            parts.append(
                "SELECT p.name, p.prepare_time::text FROM pg_prepared_statement() p"
                f" WHERE starts_with(p.name, '{self._prefix}')"
            )
        parts += [f"SET LOCAL {setting}" for setting in under]
        parts += [f"EXECUTE {self._prefix}{key}" + ("" if oids is None else f" ('{{{oids}}}')") for key, oids in calls]
        reply = within(self._session, ";".join(parts), settings=settings)
        if not reply.ok:
            if last or reply.lost is not None or reply.timed_out:
                raise unreadable(reply)
            return None
        results = reply.results[len(planned) :]
        return results if not check or self._genuine(results.pop(0), new) else None

    def _genuine(self, found: PGresult, new: Iterable[str]) -> bool:
        times = {
            (found.get_value(row, 0) or b"").decode().removeprefix(self._prefix): found.get_value(row, 1)
            for row in range(found.ntuples)
        }
        self._times.update({key: times.get(key) for key in new})
        return all(times.get(key) is not None and times.get(key) == time for key, time in self._times.items())


def _switched(settings: Iterable[str], to: str) -> list[str]:
    return [f"SET LOCAL {setting} = {to}" for setting in settings]
