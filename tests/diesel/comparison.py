"""One layout on both sides: what the diesel command does of it, and what glowplug does.

Both begin with a fresh, equal database. What each did is a ``Behaviour``; two that differ are a defect of glowplug.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from glowplug.dialect import Dialect, Direction
from glowplug.errors import UsageError
from glowplug.project import find_project

from .command import HIDDEN_VERSION, MOST_REVERTS, Diesel
from .names import version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from glowplug.database.interface import Connection
    from glowplug.project import Chain, Migration

    from .layouts import Layout
    from .witness import State


_URLS = {Dialect.POSTGRES: "postgres://localhost/x", Dialect.MYSQL: "mysql://localhost/x", Dialect.SQLITE: "x.db"}


_TOLD = {"explanation", "server_said"}
Ran = tuple[tuple[str, ...], bool, str | None]
"""Directories, whether the last of them failed, and what the server said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A fresh database: the session glowplug runs migrations in (None for the command), and how to look at it."""

    connection: Connection | None
    url: str
    witness: Callable[[], State]
    reconnect: Callable[[], Connection] | None = None


class Bench(Protocol):
    """A server that both sides share, with databases that are alike."""

    def for_diesel(self) -> AbstractContextManager[Place]: ...

    def for_glowplug(self, chain: Chain) -> AbstractContextManager[Place]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What one side did; the names are those of directories, ``explanation`` is for people alone.

    ``server_said`` are the server's own messages, up and down, None where the failure is none of the server's.
    """

    refused: bool
    listed: tuple[str, ...] = ()
    pending_before: bool = False
    ups: tuple[str, ...] = ()
    up_failed: bool = False
    after_up: State | None = None
    pending_after: tuple[str, ...] = ()
    downs: tuple[str, ...] = ()
    down_failed: bool = False
    after_down: State | None = None
    explanation: tuple[str, ...] = ()
    server_said: tuple[str | None, str | None] = (None, None)
    passed_by: tuple[str, ...] = ()


def of_diesel(binary: Path, migrations: Path, place: Place, *, each: bool, again: bool = False) -> Behaviour:
    """Ask the command; ``again``: run it once more behind each up that fails and is recorded, which is passed by."""
    diesel = Diesel(binary=binary, migrations=migrations, url=place.url)
    listed = diesel.listed()
    if listed is None:
        return Behaviour(refused=True)
    pending = diesel.pending()
    if not listed:
        return Behaviour(refused=False)
    up, passed_by = diesel.run(), []
    while again and up.code and up.names and version_of(up.names[-1]) in place.witness().recorded:
        passed_by.append(up.names[-1])
        up = diesel.run()
    after_up = place.witness()
    unapplied = tuple(name for name, applied in diesel.listed() or () if not applied)
    versions = {version_of(name) for name, _ in listed}
    # Of two directories with one version, `revert -n` takes another than `run` and `revert -a`.
    down = diesel.revert_each() if each and len(versions) == len(listed) else diesel.revert_all()
    return Behaviour(
        refused=False,
        listed=_in_order(name for name, _ in listed),
        pending_before=bool(pending),
        ups=up.names,
        up_failed=up.code != 0,
        after_up=after_up,
        pending_after=_in_order(unapplied),
        downs=down.names,
        down_failed=down.code != 0,
        after_down=place.witness(),
        explanation=(up.error, down.error),
        server_said=(_of_server(up.error), _of_server(down.error)),
        passed_by=tuple(passed_by),
    )


def _of_server(error: str) -> str | None:
    """Cut what a server said of a file out of what the command says."""
    found = re.match(r"Failed to run .* with: (.*)", error, re.DOTALL)
    return found[1] if found else None


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Keep the order, but for directories of one version: theirs is not defined."""
    return tuple(name for _, same in groupby(names, version_of) for name in sorted(same))


def chain_of(root: Path, layout: Layout) -> Chain | Behaviour:
    """Find the layout's chain as ``glowplug check`` does, or what it does instead.

    A directory that is merely empty is fine with Diesel, and nothing for glowplug to check.
    """
    try:
        (chain,) = find_project(root, environment={"DATABASE_URL": _URLS[layout.dialect]}).chains
    except UsageError as error:
        looked_at = [one for one in os.scandir(root / "migrations") if not one.name.startswith(".")]
        return Behaviour(
            refused=any(not one.is_file(follow_symlinks=False) for one in looked_at), explanation=(str(error),)
        )
    return chain


def of_glowplug(chain: Chain | Behaviour, bench: Bench, *, each: bool) -> Behaviour:
    """Do the same with glowplug's rooms."""
    if isinstance(chain, Behaviour):
        return chain
    if chain.refused is not None:
        return Behaviour(refused=True)
    with bench.for_glowplug(chain) as place:
        explanation: list[str] = []
        assert place.connection is not None
        connection = place.connection
        pending = _pending(chain, connection.recorded())
        ups, up_failed, up_error = _up(pending, connection, explanation)
        connection = place.reconnect() if place.reconnect else connection
        recorded = connection.recorded()
        after_up = place.witness()
        assert recorded == after_up.recorded, "Connection.recorded() is not what the table holds"
        each = each and len({one.version for one in chain.migrations}) == len(chain.migrations)
        downs, down_failed, down_error = _down(chain, connection, explanation, each=each)
        connection.close()
        return Behaviour(
            refused=False,
            listed=_in_order(one.name for one in chain.migrations),
            pending_before=bool(pending),
            ups=ups,
            up_failed=up_failed,
            after_up=after_up,
            pending_after=_in_order(one.name for one in chain.migrations if one.version not in recorded),
            downs=downs,
            down_failed=down_failed,
            after_down=place.witness(),
            explanation=tuple(explanation),
            server_said=(up_error, down_error),
        )


def _pending(chain: Chain, recorded: tuple[str, ...]) -> list[Migration]:
    return [one for one in chain.migrations if one.runnable and one.version not in recorded]


def _printed(migrations: list[Migration]) -> tuple[str, ...]:
    return tuple(one.name for one in migrations if one.version != HIDDEN_VERSION)


def _up(pending: list[Migration], connection: Connection, explanation: list[str]) -> Ran:
    begun: list[Migration] = []
    for migration in pending:
        begun.append(migration)
        run = connection.run(migration, Direction.UP)
        if run.error is not None:
            explanation.append(f"{migration.name}: {run.error}")
            return _printed(begun), True, run.error.message if run.error.code else None
    return _printed(begun), False, None


def _down(chain: Chain, connection: Connection, explanation: list[str], *, each: bool) -> Ran:
    by_version = {one.version: one for one in chain.migrations if one.runnable}
    begun: list[Migration] = []
    versions = connection.recorded()
    while versions and len(begun) < MOST_REVERTS:
        migration = by_version.get(versions[0])
        if migration is None:
            explanation.append(f"{versions[0]!r} is not on disk")
            return _printed(begun), True, None
        begun.append(migration)
        run = connection.run(migration, Direction.DOWN)
        if run.error is not None:
            explanation.append(f"{migration.name}: {run.error}")
            return _printed(begun), True, run.error.message if run.error.code else None
        versions = connection.recorded() if each else versions[1:]
    return _printed(begun), False, None


def differences(diesel: Behaviour, glowplug: Behaviour) -> list[str]:
    """Say what differs, each with both sides."""
    diesel = _judged(diesel, glowplug)
    found = []
    for name in (one.name for one in fields(Behaviour) if one.name not in _TOLD):
        ours, theirs = getattr(glowplug, name), getattr(diesel, name)
        if ours != theirs:
            found.append(f"{name}:\n  diesel   {_shown(theirs, ours)}\n  glowplug {_shown(ours, theirs)}")
    for way, ours, theirs in zip(("up", "down"), glowplug.server_said, diesel.server_said, strict=True):
        if not found and ours and theirs and _bare(theirs) not in _bare(ours):
            found.append(f"cause of the failing {way}:\n  diesel   {theirs}\n  glowplug {ours}")
    return found


def _bare(message: str) -> str:
    """Leave out what two databases say differently, and how white space is shown."""
    return " ".join(re.sub(r"\b(layout|glowplug)_[0-9a-f]{10,12}\b", "DB", message).split())


def _judged(diesel: Behaviour, glowplug: Behaviour) -> Behaviour:
    """Call it a failure that a file leaves its transaction open, as glowplug does.

    The command reports success and goes on, in a transaction that is never committed: what it did is gone when it
    ends, unless a later file fails first. So it agrees if it ran that file, and recorded nothing of it.
    """
    if glowplug.up_failed and _left_open(glowplug):
        count = len(glowplug.ups)
        if (
            diesel.after_up
            and diesel.ups[count - 1 :]
            and version_of(diesel.ups[count - 1]) not in (diesel.after_up.recorded or ())
        ):
            diesel = replace(diesel, ups=diesel.ups[:count], up_failed=True)
    if glowplug.down_failed and _left_open(glowplug):
        count = len(glowplug.downs)
        if (
            diesel.after_down
            and diesel.downs[count - 1 :]
            and version_of(diesel.downs[count - 1]) in (diesel.after_down.recorded or ())
        ):
            diesel = replace(diesel, downs=diesel.downs[:count], down_failed=True)
    return diesel


def _left_open(glowplug: Behaviour) -> bool:
    return any("transaction open" in line for line in glowplug.explanation)


def _shown(value: object, other: object) -> str:
    mine, others = getattr(value, "contents", None), getattr(other, "contents", None)
    if mine is None or others is None:
        return repr(value)
    only = [line for line in mine if line not in others]
    return f"recorded {getattr(value, 'recorded', None)}, only here: {only}"


def report(layout: Layout, diesel: Behaviour, glowplug: Behaviour) -> str:
    """Say everything that is needed to repeat and understand a disagreement; empty where there is none."""
    found = differences(diesel, glowplug)
    if not found:
        return ""
    said = [f"diesel said   {diesel.explanation}", f"glowplug said {glowplug.explanation}"]
    again = f"GLOWPLUG_FULL=1 pytest tests/diesel -k {layout.dialect.value}-{layout.seed:05}"
    return "\n".join(["", *found, *said, layout.listing(), f"again: {again}"])
