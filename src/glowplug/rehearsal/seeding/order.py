"""In which order tables are filled, so that what a foreign key refers to is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from glowplug.rehearsal.seeding.plan import Link


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """``groups`` of tables in the order of filling; ``delayed``: links whose columns are NULL first.

    A group of several is a knot: each needs rows of the next, and no link between them can be NULL.
    """

    groups: tuple[tuple[str, ...], ...]
    delayed: frozenset[Link]


def ordered(links: Mapping[str, Sequence[Link]]) -> Order:
    """Order tables by their links; in a cycle, links that may be NULL wait."""
    waiting = {name: {each for each in own if each.table in links and not each.itself} for name, own in links.items()}
    delayed = {each for own in links.values() for each in own if each.itself and each.optional}
    groups: list[tuple[str, ...]] = []
    while waiting:
        ready: list[tuple[str, ...]] = [(name,) for name, own in waiting.items() if not own]
        if not ready:
            cycle = _first_cycle(waiting)
            loose = _loose(cycle, waiting)
            if loose:
                delayed |= loose
                for name in cycle:
                    waiting[name] -= loose
                continue
            ready = [tuple(sorted(cycle))]
        for group in ready:
            groups.append(group)
            for name in group:
                del waiting[name]
        done = frozenset(name for group in ready for name in group)
        for name, own in waiting.items():
            waiting[name] = {each for each in own if each.table not in done}
    return Order(groups=tuple(groups), delayed=frozenset(delayed))


def _loose(cycle: frozenset[str], waiting: Mapping[str, Collection[Link]]) -> frozenset[Link]:
    """Give links of a cycle that may be NULL: of one table, if that alone lets it begin, else all."""
    within = {name: [each for each in waiting[name] if each.table in cycle] for name in sorted(cycle)}
    free = [own for own in within.values() if all(each.optional for each in own)]
    chosen = min(free, key=len) if free else [each for own in within.values() for each in own if each.optional]
    return frozenset(chosen)


def _first_cycle(waiting: Mapping[str, Collection[Link]]) -> frozenset[str]:
    """Give tables that all reach each other, and nothing else that waits."""
    reached = {name: _reached(name, waiting) for name in waiting}
    in_cycles = [frozenset(reached[name]) for name in waiting if name in reached[name]]
    return min(in_cycles, key=lambda each: (len(each), sorted(each)))


def _reached(start: str, waiting: Mapping[str, Collection[Link]]) -> set[str]:
    seen: set[str] = set()
    stack = [each.table for each in waiting[start]]
    while stack:
        name = stack.pop()
        if name not in seen:
            seen.add(name)
            stack.extend(each.table for each in waiting.get(name, ()))
    return seen


def with_referenced(only: Collection[str], links: Mapping[str, Sequence[Link]]) -> frozenset[str]:
    """Give the tables that are wanted and all that their links need."""
    found: set[str] = set()
    stack = [name for name in only if name in links]
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack.extend(each.table for each in links[name] if each.table in links)
    return frozenset(found)
