"""The kinds of findings about the files of a migrations directory, before any SQL is read or run."""

from __future__ import annotations

from glowplug.finding import Fault, Harm, Severity

# What Diesel refuses, or silently drops.
VERSION_COLLISION = Fault(rule="version-collision", hazards=(121,), severity=Severity.ERROR, harm=Harm.INTEGRITY)
"""Two directories have the same version.

The version is the text before the first underscore, without dashes. Diesel silently runs only one of the two: the last
as the file system lists them, which differs from machine to machine.
"""

NO_UP = Fault(rule="no-up", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)
"""An entry of the migrations directory has no up.sql.

Diesel then refuses every command on the whole directory.
"""

DANGLING_LINK = Fault(rule="dangling-link", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)
"""A symbolic link of the migrations directory leads nowhere.

Of a migration's directory: Diesel refuses every command. Of a file: the migration can't run, or can't be reverted, or
runs in a transaction whatever its metadata.toml was to say.
"""

# What makes a file fail for certain when it is run.
UNREADABLE_FILE = Fault(rule="unreadable-file", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)
"""A file, or a directory of migrations, can't be read: its rights, or the disk, are in the way."""

NOT_SEARCHED = Fault(rule="directory-not-searched", severity=Severity.WARNING, harm=Harm.INTEGRITY)
"""A directory of the checkout can't be read, so that no migrations were looked for in it.

A server's data directory that belongs to another user, for one. A directory called `migrations` is more than that, and
found by unreadable-file. Where glowplug.toml names the chains, nothing is searched, and nothing said.
"""

DIRECTORY_ELSEWHERE = Fault(rule="directory-elsewhere", severity=Severity.WARNING, harm=Harm.FAILS)
"""A diesel.toml names a directory that is not there, and a chain was found whose path ends alike.

An absolute path of the machine that wrote it, as `diesel setup` once did; or a directory that lies in a member of the
workspace. The chain is checked in its place. Diesel itself refuses to run with such a file: correct `dir`.
"""

UP_IS_EMPTY = Fault(rule="up-is-empty", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)
"""up.sql has 0 bytes: Diesel fails with "empty migration"."""

BYTE_ORDER_MARK = Fault(rule="byte-order-mark", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)
"""A file begins with a byte order mark, as some editors write it.

Diesel sends it along, and the server takes it for a part of the first word: a syntax error. SQLite alone skips it.
"""

NUL_BYTE = Fault(rule="nul-byte", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)
"""A file holds a NUL byte.

Diesel can't send it, and the migration fails; MySQL accepts it inside a string.
"""

NOT_UTF8 = Fault(rule="not-utf8", hazards=(123,), severity=Severity.ERROR, harm=Harm.FAILS)
"""A file is no valid UTF-8, at the line and column that are given.

Diesel reads migrations as UTF-8 and refuses the file. Save it again as UTF-8.
"""

VERSION_TOO_LONG = Fault(rule="version-too-long", hazards=(121,), severity=Severity.ERROR, harm=Harm.FAILS)
"""A version has more than the 50 characters that Diesel's bookkeeping table takes.

PostgreSQL and MySQL refuse it after the migration has run; SQLite accepts it.
"""

# What glowplug does not read, though Diesel would.
LINK_LEAVES_CHECKOUT = Fault(rule="link-leaves-checkout", hazards=(123,), severity=Severity.ERROR, harm=Harm.SECURITY)
"""A symbolic link leads out of the checkout, and is not followed.

Diesel would run what is there, which no commit holds and no review has seen.
"""

# What runs, though hardly as it was meant.
VERSION_IS_CUT = Fault(rule="version-is-cut", hazards=(121,), severity=Severity.WARNING, harm=Harm.INTEGRITY)
"""A date is written with underscores, and the version ends at the first: the next one named so collides with it."""

ORDER_IS_BYTEWISE = Fault(rule="order-is-bytewise", hazards=(121,), severity=Severity.WARNING, harm=Harm.INTEGRITY)
"""Diesel compares versions as text, not as numbers, so that 10 runs before 9.

Write the numbers with leading zeros.
"""

DOWN_IS_MISSING = Fault(rule="down-is-missing", hazards=(127,), severity=Severity.WARNING, harm=Harm.FAILS)
"""There is no down.sql: `diesel migration revert` fails here, and for all that is older."""

DOWN_IS_EMPTY = Fault(rule="down-is-empty", hazards=(127,), severity=Severity.WARNING, harm=Harm.FAILS)
"""down.sql has 0 bytes: Diesel fails with "empty migration"."""

METADATA_WITHOUT_KEY = Fault(rule="metadata-without-key", hazards=(119,), severity=Severity.WARNING, harm=Harm.FAILS)
"""metadata.toml does not say run_in_transaction.

To Diesel that means false: the migration runs without a transaction, and what fails half-way stays half-done.
"""

METADATA_IGNORED = Fault(rule="metadata-ignored", hazards=(119,), severity=Severity.WARNING, harm=Harm.FAILS)
"""metadata.toml can't be understood, and Diesel silently ignores it: the migration runs in a transaction."""

METADATA_UNKNOWN_KEY = Fault(rule="metadata-unknown-key", hazards=(119,), severity=Severity.WARNING, harm=Harm.STYLE)
"""metadata.toml has a key that Diesel does not know: misspelt, or of no use."""
