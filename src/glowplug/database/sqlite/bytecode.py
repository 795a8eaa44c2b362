"""What a statement does to which b-trees, from the program that SQLite compiled for it.

``EXPLAIN`` lists the program (sqlite.org/opcode.html) without running it: what stands there is what runs, whatever the
planner chose, and hidden work (foreign keys, triggers, the checks within ALTER TABLE) stands there too. B-trees are
told by their root pages; only those of ``main`` are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_OPENS = frozenset({"OpenRead", "OpenWrite", "ReopenIdx"})
_SEEKS = frozenset({"SeekGE", "SeekGT", "SeekLE", "SeekLT", "SeekScan"})
_BOUNDS = frozenset({"Lt", "Le", "Gt", "Ge", "IdxLT", "IdxLE", "IdxGT", "IdxGE"})
_STEPS = frozenset({"Next", "Prev"})
_INSERTS = frozenset({"Insert", "IdxInsert"})
_ROOT_IN_REGISTER = 0x10  # OPFLAG_P2ISREG: a table that the statement itself makes
_MAIN = 0
_CATALOGUE = 1


class Operation(NamedTuple):
    """An instruction, as EXPLAIN gives it."""

    address: int
    opcode: str
    p1: int
    p2: int
    p3: int
    p4: object
    p5: int | None
    comment: object = None


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What a statement's program does.

    ``scanned``, ``filled`` and ``cleared`` are root pages of b-trees that are read from one end to the other, get
    entries, or lose all at once. ``fills_new``: it writes entries to a table that it makes. ``copies``: it goes
    through some table, of whatever database. ``locks``: it takes the write lock. ``vacuums``: it writes the file anew.
    ``checks_rows``: ALTER TABLE looks at each row through ``pragma_quick_check``.
    """

    scanned: frozenset[int] = frozenset()
    filled: frozenset[int] = frozenset()
    cleared: frozenset[int] = frozenset()
    fills_new: bool = False
    copies: bool = False
    locks: bool = False
    vacuums: bool = False
    checks_rows: bool = False


def read(operations: Iterable[Operation]) -> Program:
    """Read the program, with those of its triggers and foreign keys behind it, as EXPLAIN lists them."""
    found = _Found()
    for routine in _routines(operations):
        found.follow(routine)
    return Program(
        scanned=frozenset(found.scanned),
        filled=frozenset(found.filled),
        cleared=frozenset(found.cleared),
        fills_new=found.fills_new,
        copies=found.copies,
        locks=found.locks,
        vacuums=found.vacuums,
        checks_rows=found.checks_rows,
    )


class _Found:
    """What has been found so far, and the cursors of the routine that is gone through."""

    def __init__(self) -> None:
        self.scanned: set[int] = set()
        self.filled: set[int] = set()
        self.cleared: set[int] = set()
        self.fills_new = self.copies = self.locks = self.vacuums = self.checks_rows = False
        self._roots: dict[int, int | None] = {}  # None: not of main, or not known before it runs
        self._at_an_end: set[int] = set()

    def follow(self, routine: Sequence[Operation]) -> None:
        """Go through one routine; a cursor's number may stand for one b-tree after the other."""
        self._roots.clear()
        self._at_an_end.clear()
        for operation in routine:
            if not self._move(operation, routine):
                self._change(operation)

    def _move(self, operation: Operation, routine: Sequence[Operation]) -> bool:
        """Follow what opens and moves a cursor; tell whether it was that."""
        opcode, cursor = operation.opcode, operation.p1
        if opcode in _OPENS:
            in_register = opcode == "OpenWrite" and (operation.p5 or 0) & _ROOT_IN_REGISTER
            self._roots[cursor] = operation.p2 if operation.p3 == _MAIN and not in_register else None
            self._at_an_end.discard(cursor)
        elif opcode.startswith("Open") or opcode in {"SorterOpen", "VOpen"}:
            self._roots.pop(cursor, None)
        elif opcode in {"Rewind", "Last"}:
            self._at_an_end.add(cursor)
        elif opcode in _SEEKS:
            self._at_an_end.discard(cursor)
        elif cursor in self._roots and (
            opcode == "Count" or (opcode in _STEPS and cursor in self._at_an_end and _goes_on(routine, operation))
        ):
            self._scan(self._roots[cursor])
        else:
            return False
        return True

    def _change(self, operation: Operation) -> None:
        """Note what an operation writes, locks or calls."""
        opcode, cursor = operation.opcode, operation.p1
        if opcode in _INSERTS and cursor in self._roots:
            root = self._roots[cursor]
            if root is None:
                self.fills_new = True
            elif root != _CATALOGUE:
                self.filled.add(root)
        elif opcode == "Clear" and operation.p2 == _MAIN:
            self.cleared.add(cursor)
        self.locks |= opcode == "Transaction" and cursor == _MAIN and operation.p2 > 0
        self.vacuums |= opcode == "Vacuum"
        self.checks_rows |= opcode == "VFilter"

    def _scan(self, root: int | None) -> None:
        if root == _CATALOGUE:
            return
        self.copies = True
        if root is not None:
            self.scanned.add(root)


def _routines(operations: Iterable[Operation]) -> Iterator[list[Operation]]:
    routine: list[Operation] = []
    for operation in operations:
        if operation.address == 0 and routine:
            yield routine
            routine = []
        routine.append(operation)
    if routine:
        yield routine


def _goes_on(routine: Sequence[Operation], step: Operation) -> bool:
    """Tell whether a loop goes on to the other end.

    ``max(x)`` leaves it after the first row by a jump just before the step, "Cannot add a NOT NULL column" by an error,
    and ``id < 4`` by a comparison that jumps behind it (one that merely passes a row over jumps to the step).
    """
    index, body = step.address, routine[step.p2 : step.address]
    leaves_at_once = body[0].opcode == "Halt" or (body[-1].opcode == "Goto" and body[-1].p2 > index)
    ends_early = any(operation.opcode in _BOUNDS and operation.p2 > index for operation in body)
    return not leaves_at_once and not ends_early
