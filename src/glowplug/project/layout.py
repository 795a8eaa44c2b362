"""One migrations directory, read exactly as Diesel reads it.

Source: migrations_internals 2.3 (``migrations_directories``, ``valid_sql_migration_directory``,
``version_from_string``) and diesel_migrations 2.3 (``FileBasedMigrations``, ``MigrationHarness``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.dialect import Direction
from glowplug.finding import Place
from glowplug.project import content
from glowplug.project.faults import DANGLING_LINK, LINK_LEAVES_CHECKOUT, NO_UP, UNREADABLE_FILE, VERSION_COLLISION
from glowplug.project.metadata import FILE_NAME as METADATA
from glowplug.project.metadata import read_metadata
from glowplug.project.migration import BEFORE_THE_FIRST, Migration, chain_digest, digest
from glowplug.project.tree import Entry, Kind, MappingTree, UnreadableError, as_diesel_prints
from glowplug.project.versions import remarks_on_versions, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glowplug.dialect import Dialect
    from glowplug.finding import Fault, Finding
    from glowplug.project.tree import Tree

UP = Direction.UP.file_name
TEST = "test.sql"
FILES = (UP, Direction.DOWN.file_name, METADATA, TEST)


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """What a migrations directory holds; the fields are those of ``Chain``."""

    migrations: tuple[Migration, ...]
    findings: tuple[Finding, ...]
    refused: str | None


class _Reading(msgspec.Struct):
    """What is gathered while a directory is read."""

    tree: Tree
    directory: str
    dialect: Dialect | None
    findings: list[Finding] = msgspec.field(default_factory=list)
    refusals: list[str] = msgspec.field(default_factory=list)

    def path(self, name: str) -> str:
        return name if self.directory == "." else f"{self.directory}/{name}"

    def add(self, fault: Fault, message: str, migration: Migration, file: str | None = None, *, line: int | None = None,
            subject: str = "") -> None:  # fmt: skip
        place = Place(file=migration.path if file is None else f"{migration.path}/{file}", line=line)
        self.findings.append(
            fault.found(message, version=migration.version, migration=migration.name, place=place, subject=subject)
        )


def is_listed(entry: Entry) -> bool:
    """Tell whether Diesel looks at this entry: neither a regular file, nor named with a dot at the start.

    A link to a regular file is looked at, since the link itself is no regular file.
    """
    return entry.kind is not Kind.FILE and not entry.name.startswith(".")


def read_layout(tree: Tree, directory: str, dialect: Dialect | None = None) -> Layout:
    """Read the migrations directory ``tree``, which lies at ``directory`` relative to the project's root.

    ``dialect`` decides how much a byte order mark and a long version weigh.

    Raises:
        FileNotFoundError: there is no such directory.
        NotADirectoryError: it is a file.
        UnreadableError: it can't be listed.
    """
    reading = _Reading(tree=tree, directory=directory, dialect=dialect)
    runs: dict[str, Migration] = {}
    shadowed: list[Migration] = []
    refused: list[Migration] = []
    for entry in tree.entries(""):
        if not is_listed(entry):
            continue
        migration = _read_migration(reading, entry)
        if not migration.runnable:
            refused.append(migration)
            continue
        if migration.version in runs:
            shadowed.append(runs[migration.version])
        runs[migration.version] = migration
    _tell_collisions(reading, runs, shadowed)
    idle = [*refused, *(replace(migration, runnable=False) for migration in shadowed)]
    order = sorted([*idle, *runs.values()], key=lambda one: (one.version, one.runnable, one.name))
    for remark in remarks_on_versions([one for one in order if one.runnable], dialect):
        reading.findings.append(remark)
    findings = sorted(reading.findings, key=lambda one: (one.version or "", one.severity.rank, one.migration or ""))
    return Layout(
        migrations=_with_chain_digests(order),
        findings=tuple(findings),
        refused="\n".join(sorted(reading.refusals)) or None,
    )


def versions_of(files: Mapping[str, bytes], directory: str) -> dict[str, tuple[Migration, ...]]:
    """Give what each version of a migrations directory is that is no longer on disk, such as a git tree.

    ``files`` are paths and contents, ``directory`` is where in them the migrations lie. A version is several migrations
    where several directories carry it: which of them ran depended on the file system. What Diesel would not load is
    left out.
    """
    try:
        layout = read_layout(MappingTree(files, directory), directory)
    except FileNotFoundError:
        return {}
    versions: dict[str, tuple[Migration, ...]] = {}
    for migration in layout.migrations:
        if migration.up is not None:
            versions[migration.version] = (*versions.get(migration.version, ()), migration)
    return versions


def _read_migration(reading: _Reading, entry: Entry) -> Migration:
    name = as_diesel_prints(entry.name)
    version, path = version_of(name), reading.path(name)
    bare = Migration(version=version, name=name, path=path, up=None, down=None, runnable=False)
    listed = _list(reading, entry, bare)
    if listed is None:
        return replace(bare, digest=digest(version=version, up=None, down=None, metadata=None))
    up, down, metadata, test = (_read_file(reading, f"{entry.name}/{file}", file, bare, listed) for file in FILES)
    run_in_transaction, remarks = read_metadata(metadata)
    for remark in remarks:
        reading.add(remark.fault, remark.message, bare, METADATA, line=remark.line, subject=remark.subject)
    migration = Migration(
        version=version,
        name=name,
        path=path,
        up=up,
        down=down,
        metadata=metadata,
        run_in_transaction=run_in_transaction,
        digest=digest(version=version, up=up, down=down, metadata=metadata),
        test=test,
    )
    down_readable = down is not None or Direction.DOWN.file_name not in listed
    reading.findings.extend(content.remarks(migration, reading.dialect, down_readable=down_readable))
    return migration


def _list(reading: _Reading, entry: Entry, migration: Migration) -> frozenset[str] | None:
    """List a migration's directory; None, and a finding that says why, where Diesel refuses it."""
    fault = NO_UP
    try:
        names = reading.tree.names(entry.name)
    except FileNotFoundError:
        fault, problem = DANGLING_LINK, "is a link that leads nowhere"
    except NotADirectoryError:
        problem = "is a link to a file" if entry.kind is Kind.LINK else "is neither a file nor a directory"
    except UnreadableError as error:
        fault = LINK_LEAVES_CHECKOUT if error.leaves_checkout else UNREADABLE_FILE
        problem = f"can't be read: {error.reason}"
    else:
        if UP in names:
            return frozenset(names)
        problem = f"has no up.sql: {_what_is_there(reading.tree, entry.name, names)}"
    if fault is LINK_LEAVES_CHECKOUT:
        message = f"{migration.name} is a link that leads out of the checkout; glowplug does not follow it."
    else:
        message = (
            f"{migration.name} {problem}. Diesel then refuses every command on the whole directory: give it an up.sql, "
            "or remove it."
        )
    reading.add(fault, message, migration)
    reading.refusals.append(f"{migration.path} {problem}")
    return None


def _what_is_there(tree: Tree, directory: str, found: list[str]) -> str:
    names = sorted(one for one in found if not one.startswith("."))
    if not found:
        return "it is empty"
    if not names:
        return f"it holds {', '.join(sorted(map(as_diesel_prints, found))[:3])} alone"
    for name in names:
        if name.lower().strip() == UP:
            return f"its {as_diesel_prints(name)!r} is not up.sql"
    for name in names:
        try:
            if UP in tree.names(f"{directory}/{name}"):
                return "it holds a directory of migrations, and Diesel does not look deeper"
        except (OSError, UnreadableError):
            continue
    more = ", …" if len(names) > 3 else ""  # noqa: PLR2004 - three names are enough to recognise it
    return f"it holds {', '.join(map(as_diesel_prints, names[:3]))}{more}"


def _read_file(reading: _Reading, path: str, file: str, migration: Migration, listed: frozenset[str]) -> bytes | None:
    if file not in listed:
        return None
    try:
        return reading.tree.read(path)
    except FileNotFoundError:
        fault, problem = DANGLING_LINK, "is a link that leads nowhere"
    except UnreadableError as error:
        fault = LINK_LEAVES_CHECKOUT if error.leaves_checkout else UNREADABLE_FILE
        problem = f"can't be read: {error.reason}"
    if file == METADATA:
        effect = "Diesel silently takes it as run_in_transaction = true."
    elif file == UP:
        effect = "This migration can't run."
    elif file == TEST:
        effect = "It is not tested."
    else:
        effect = "This migration can't be reverted."
    reading.add(fault, f"{file} {problem}. {effect}", migration, file)
    return None


def _tell_collisions(reading: _Reading, runs: Mapping[str, Migration], shadowed: list[Migration]) -> None:
    for migration in shadowed:
        winner = runs[migration.version]
        reading.add(
            VERSION_COLLISION,
            f"{migration.name} and {winner.name} both have the version {migration.version!r} (the text before the "
            f"first _, without dashes), and Diesel silently runs only one: the last as the file system lists them, "
            f"here {winner.name}. Give one of them another version.",
            migration,
            subject=winner.name,
        )


def _with_chain_digests(migrations: list[Migration]) -> tuple[Migration, ...]:
    previous = BEFORE_THE_FIRST
    chained = []
    for migration in migrations:
        previous = chain_digest(previous, migration.digest)
        chained.append(replace(migration, chain_digest=previous))
    return tuple(chained)
