"""Write rows: all of them at once, else those that the server takes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from glowplug.database.postgres.session import TransactionStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glowplug.database.interface import SqlError
    from glowplug.database.postgres.batch import Runner
    from glowplug.database.postgres.session import Reply
    from glowplug.database.rows import Value

_KEY = re.compile(r"\(([^()]*)\)=\((.*)\)", re.DOTALL)
_UNIQUE_VIOLATION = "23505"
_ROLLBACK = "ROLLBACK"
_SAVE = "SAVEPOINT glowplug_row"
_KEEP = "RELEASE SAVEPOINT glowplug_row"
_UNDO = f"ROLLBACK TO SAVEPOINT glowplug_row;{_KEEP}"
_PER_ROW = 3  # statements
_DEFER = "SET CONSTRAINTS ALL DEFERRED"
_CHECK = "SET CONSTRAINTS ALL IMMEDIATE"


@dataclass(slots=True, kw_only=True)
class Writing:
    """One transaction that writes rows.

    ``begin`` opens it; ``statement`` gives what writes the rows with given numbers, for one of them a single statement;
    ``blamed`` finds those of some rows that an error speaks of.
    """

    runner: Runner
    begin: str
    statement: Callable[[Sequence[int]], str]
    blamed: Callable[[SqlError, Sequence[int]], Sequence[int]]
    refused: dict[int, SqlError] = field(default_factory=dict)

    def write(self, numbers: Sequence[int]) -> dict[int, SqlError]:
        """Write what can be written, committed; the error of each row that was refused.

        A row may be refused when the transaction ends, for the sake of a constraint that waits for that; rows that
        need each other there are taken together.
        """
        error = self._error(f"{self.begin};{self.statement(numbers)};COMMIT") if numbers else None
        if error is None:
            return {}
        if self._over(error) or len(numbers) == 1:
            self.refused = dict.fromkeys(numbers, error)
        else:
            taken = self._one_by_one(numbers)
            if taken and self._error(f"{_CHECK};COMMIT") is not None:
                self._roll_back()
                self._together(taken)
        self._roll_back()
        return self.refused

    def _one_by_one(self, numbers: Sequence[int]) -> list[int]:
        """Write each in a savepoint of its own, more and more in one message as they are taken; those that were."""
        taken: list[int] = []
        pending = list(numbers)
        opening, size = f"{_ROLLBACK};{self.begin}", 1
        while pending:
            tried = pending[:size]
            each = (f"{_SAVE};{self.statement([number])};{_KEEP}" for number in tried)
            reply = self._send(";".join([opening, *each] if opening else each))
            error = self.runner.verdict(reply, None)
            done = len(tried)
            opening, before, size = "", opening.count(";") + bool(opening), size * 2
            if error is not None:
                if self._over(error):
                    self.refused = dict.fromkeys(numbers, error)
                    return []
                done = (reply.completed - before) // _PER_ROW
                self.refused[tried[done]] = error
                opening, size = _UNDO, 1
            taken += tried[:done]
            pending = pending[done + (error is not None) :]
        if opening:
            self._send(opening)
        return taken

    def _together(self, numbers: Sequence[int]) -> None:
        """Write as many together as are taken together, what a constraint waits for looked at each time."""
        self._send(self.begin)
        self._try(numbers)
        error = self._error("COMMIT")
        if error is not None:
            self.refused.update(dict.fromkeys(numbers, error))

    def _try(self, numbers: Sequence[int]) -> None:
        """Leave out those that the server names; where it names none, try each half."""
        waiting = list(numbers)
        while waiting:
            error = self._error(f"{_SAVE};{_DEFER};{self.statement(waiting)};{_CHECK};{_KEEP}")
            if error is None:
                return
            blamed = set(self.blamed(error, waiting))
            if len(waiting) == 1 or self._over(error):
                blamed = set(waiting)
            self._send(_UNDO)
            if not blamed:
                half = len(waiting) // 2
                self._try(waiting[:half])
                self._try(waiting[half:])
                return
            self.refused.update(dict.fromkeys(blamed, error))
            waiting = [number for number in waiting if number not in blamed]

    def _over(self, error: SqlError) -> bool:
        """Whether it makes no sense to go on: the session is gone, or the time."""
        return error.timed_out or not self.runner.session.alive

    def _roll_back(self) -> None:
        if self.runner.session.transaction_status is not TransactionStatus.IDLE:
            self._send(_ROLLBACK)

    def _error(self, sql: str) -> SqlError | None:
        return self.runner.verdict(self._send(sql), None)

    def _send(self, sql: str) -> Reply:
        return self.runner.session.batch(sql.encode(), timed=True)


def named_in(
    error: SqlError, numbers: Sequence[int], columns: Sequence[str], rows: Sequence[Sequence[Value]]
) -> Sequence[int]:
    """Find the rows, of those with these numbers, that hold the key in an error's detail: "Key (a, b)=(1, 2) …".

    Where two are equal that must not be, the last of them.
    """
    found = _KEY.search(error.detail or "")
    names = [] if found is None else found[1].split(", ")
    if found is None or not set(names) <= set(columns):
        return ()
    places = [columns.index(name) for name in names]
    holding = [number for number in numbers if ", ".join(str(rows[number][place]) for place in places) == found[2]]
    return holding[-1:] if error.code == _UNIQUE_VIOLATION else holding
