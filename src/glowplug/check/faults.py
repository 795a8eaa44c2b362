"""The kinds of findings that a rehearsal, and what surrounds it, can give."""

from __future__ import annotations

from glowplug.finding import Fault, Harm, Severity

UP_FAILS = Fault(rule="up-fails", severity=Severity.ERROR, harm=Harm.FAILS)
"""up.sql fails on the scratch server.

Every migration is run on an empty database as Diesel runs it; here the server refused a statement. The message is the
server's own. Where the batch is not atomic (MySQL, or without a transaction on SQLite), what ran before it stays.
"""

MYSQL_REFUSES = Fault(rule="mysql-refuses", severity=Severity.WARNING, harm=Harm.FAILS)
"""What only MariaDB takes, where production runs MySQL and the scratch server is a MariaDB.

No MySQL could be had, so a MariaDB stood in, and it took what MySQL refuses: `ADD COLUMN IF NOT EXISTS`, `CREATE OR
REPLACE TABLE`, `RETURNING`, a sequence, a name that is a reserved word there, a column that a query's groups leave open
(ONLY_FULL_GROUP_BY). The text of the statement tells it. With a MySQL in GLOWPLUG_SCRATCH_URL_MYSQL the server itself
says so.
"""

DOWN_FAILS = Fault(rule="down-fails", hazards=(131, 132), severity=Severity.ERROR, harm=Harm.FAILS)
"""down.sql fails right after its up.

Nothing else happened in between, so it fails in production as well: the migration can't be reverted.
"""

DOWN_DOES_NOT_RESTORE = Fault(
    rule="down-does-not-restore", hazards=(128,), severity=Severity.ERROR, harm=Harm.INTEGRITY
)
"""After up and down the schema is another one than before.

The whole catalogue is compared: columns with their types, defaults and order, constraints, indexes, triggers, grants,
comments and more. Each difference is listed. Let down.sql give it back; what nothing gives back is accepted in
down.sql, before a statement, or by `[[allow]]`. A label that ALTER TYPE … ADD VALUE leaves behind is a warning:
PostgreSQL has no statement that takes it away.
"""

DOWN_RESTORES_BUT_FOR_NOISE = Fault(
    rule="down-restores-but-for-noise", hazards=(128,), severity=Severity.NOTICE, harm=Harm.STYLE
)
"""After up and down the schema differs only in what changes nothing, such as the position of a column."""

LEAVES_BROKEN = Fault(rule="leaves-broken", hazards=(49, 142), severity=Severity.ERROR, harm=Harm.BREAKS_CODE)
"""After the file a view, a trigger or a function can't be used, and before it could, or was not there.

It names what was renamed, changed or dropped, or never was there, and the server says so only when it is used: a view
fails in each query, a trigger in each write that comes to what is gone. Asked is the server itself: SQLite compiles
each view and trigger anew, MariaDB and MySQL prepare a query of each view and the statements of each trigger and of
what it calls, PostgreSQL checks functions in SQL that were there before. What a server tells only by running it, as the
body of a function in PL/pgSQL, is not looked at; what it could not be asked is `broken-not-asked`. Drop it before the
change, and create it again after it, in the same file. Where the file itself makes it, let it name what is there.
"""

BROKEN_NOT_ASKED = Fault(rule="broken-not-asked", severity=Severity.WARNING, harm=Harm.BREAKS_CODE)
"""The server did not tell whether a view, a trigger or a function can still be used after the file.

The file changed it, or something that it names, so that `leaves-broken` may be true of it, and nothing shows it. A lock
that is held, a session that could not begin, a trigger in a language that glowplug does not read, a function that the
server looks at only when it is called: the message says which. Use it once after the migration, as an application
would, in its `test.sql` or by an `[[assert]]` of glowplug.toml. Of what the file itself makes it is a notice.
"""

SECOND_UP_FAILS = Fault(rule="second-up-fails", hazards=(128,), severity=Severity.ERROR, harm=Harm.FAILS)
"""After up and down, the up can't run again.

The schema is restored, so something that counts for no schema stayed behind: a row, a sequence's value, a role, a name.
Where that shows only with rows in the tables, the up fails on what its own first run, or the down, made of them: in
production too, when a migration that was reverted runs again. Of rows that were written after the up alone, it is a
warning.
"""

SECOND_UP_DIFFERS = Fault(rule="second-up-differs", hazards=(128,), severity=Severity.WARNING, harm=Harm.INTEGRITY)
"""After up and down, the up makes another schema than the first time."""

RECORD_IS_LOST = Fault(rule="record-is-lost", hazards=(), severity=Severity.ERROR, harm=Harm.INTEGRITY)
"""A migration removed rows from Diesel's own bookkeeping.

Diesel takes what is not recorded for not run: it runs it again, and never reverts it.
"""

WAY_DOWN_FAILS = Fault(rule="way-down-fails", hazards=(132,), severity=Severity.ERROR, harm=Harm.FAILS)
"""Reverting all migrations one after the other stops here.

The down may pass right after its up, and fail with what later migrations have left behind.
"""

WAY_DOWN_BROKEN = Fault(rule="way-down-broken", hazards=(132,), severity=Severity.ERROR, harm=Harm.FAILS)
"""The way down stops in history, and did not before the new migrations were there."""

WAY_DOWN_LEAVES = Fault(rule="way-down-leaves", hazards=(128,), severity=Severity.ERROR, harm=Harm.INTEGRITY)
"""After the whole way down the database is not as empty as it was.

What is left without the new migrations as well is a notice: it was not their doing.
"""

HISTORY_STOPS = Fault(rule="history-stops", severity=Severity.NOTICE, harm=Harm.FAILS)
"""A migration of history can't go up on the scratch server, so nothing that comes after it can be checked.

As nothing behind it is new the answer may be yes, and says what it leaves out; with something new there it is none.
"""

MOSTLY_WITHOUT_DOWNS = Fault(rule="mostly-without-downs", hazards=(127,), severity=Severity.NOTICE, harm=Harm.FAILS)
"""Most migrations have no down.

Said once instead of at each. A project that goes only forward says so in glowplug.toml.
"""

ROWS_LOST_BY_UP = Fault(rule="rows-lost-by-up", hazards=(130,), severity=Severity.WARNING, harm=Harm.DATA_LOSS)
"""With rows in the tables, the up loses values that its down does not bring back.

Rows were written, then the up, the down and the up again ran, and every value was looked for again: in its own column,
in others that are new or changed, whole, split or computed, and in other tables. What is listed was nowhere after the
up, or nothing told it from others that had become the same. Where a rule of the review says so of the statement, this
is a notice.
"""

ROWS_LOST_BY_DOWN = Fault(rule="rows-lost-by-down", hazards=(129, 130), severity=Severity.ERROR, harm=Harm.DATA_LOSS)
"""The up keeps the rows, and the down loses some of them.

After the up each value was still there, as it was, split, or as another from which it can be computed (a price in
cents), and after the down it is gone, though the schema may be restored: a revert in production would lose it. Of rows
written after the up alone, it is a warning.
"""

DOWN_DROPS_NEW_ROWS = Fault(rule="down-drops-new-rows", hazards=(129,), severity=Severity.NOTICE, harm=Harm.DATA_LOSS)
"""The down takes away what was written to the up's own new tables and columns.

That is what such a down is for, and yet it is gone: copy it first, if users have written something by then.
"""

FAILS_ON_ROWS = Fault(rule="fails-on-rows", hazards=(54,), severity=Severity.WARNING, harm=Harm.FAILS)
"""The up works with plain rows, and fails where a row is like the one that is named.

The schema allows such a row before the migration. Whether production has one, the query tells: where it gives rows, the
up fails there. Where any row will do, and a rule of the review says so of the statement, this is a notice.
"""

DOWN_FAILS_ON_ROWS = Fault(rule="down-fails-on-rows", hazards=(131,), severity=Severity.WARNING, harm=Harm.FAILS)
"""The down works with plain rows, and fails where a row is like the one that is named.

The schema allows such a row once the up has run, so users may write it: from then on the migration can't be reverted
until the row is gone. The query finds such rows.

Where any row will do (a NOT NULL without a default comes back), it restores no database that is in use, and this is an
error.
"""

LOSES_ON_ROWS = Fault(rule="loses-on-rows", hazards=(29, 88, 89), severity=Severity.WARNING, harm=Harm.DATA_LOSS)
"""Nothing is refused and plain rows are kept, and yet values that are odd come out as others.

A text that is longer than the new type and is cut, a NULL that becomes a value, a number that is rounded: rows like
these were written before the up, as the schema allows, and were other after it and its down.
"""

DOWN_LOSES_ON_ROWS = Fault(rule="down-loses-on-rows", hazards=(131,), severity=Severity.WARNING, harm=Harm.DATA_LOSS)
"""The down works, and deletes or changes rows that can be written only once the up has run, without an error.

A NULL, a longer text, a label or a duplicate that the old schema has no room for: users may write it after the up, and
the down makes room by deleting the row or putting something else in its place. The up does not bring it back. Of the
up's own columns those count that hold what others did, so that the down brings some of it back and not all.
"""

FAILS_ON_DATA = Fault(rule="fails-on-data", hazards=(54, 131), severity=Severity.ERROR, harm=Harm.FAILS)
"""A file fails on rows that the chain's own migrations, or the project's `seeds/`, have written.

Without these rows it works, so the empty schema does not show it; databases that hold them will.
"""

REVERSIBILITY_DIFFERS = Fault(
    rule="reversibility-differs", hazards=(130,), severity=Severity.NOTICE, harm=Harm.DATA_LOSS
)
"""What the text of the two files says of the rows, and what became of them, are not the same.

From the text alone one would expect another outcome than the one that was measured. Either a statement does not do what
it seems to do, or no row that was written was one that it is about.
"""

ROWS_NOT_MEASURED = Fault(rule="rows-not-measured", severity=Severity.NOTICE, harm=Harm.DATA_LOSS)
"""What becomes of rows could not be measured for this migration, and why."""

NOT_SEEDED = Fault(rule="not-seeded", severity=Severity.NOTICE, harm=Harm.DATA_LOSS)
"""Tables got no rows, or fewer than were asked for, so that what a migration does to theirs was not seen.

`[[data.table]]` and `[[data.column]]` of glowplug.toml can give rows, or say how a column's values are made. Where a
table's own entry has no rows that the server takes, it is told at its line, and, as a warning, a file of `seeds/` that
runs on none of the chain's schemas, at that file's line, and an entry for a table or a column that no state of the
chain has.
"""

OTHER_WORLD = Fault(rule="other-world", hazards=(88, 113), severity=Severity.WARNING, harm=Harm.DATA_LOSS)
"""Under a setting that production may have, more is lost, or a file fails.

SQLite with foreign_keys on and off, MySQL with strict mode on and off: where nothing says which one production has,
the other one is tried as well. Say it in `session_setup` of glowplug.toml, and it is not.
"""

TEST_FAILS = Fault(rule="test-fails", severity=Severity.ERROR, harm=Harm.INTEGRITY)
"""The migration's own test.sql does not hold.

With the rows that it gives, what is read after the up, or after the down, is not what it expects; or it can't be
understood, or expects nothing.
"""

ASSERTION_BROKEN = Fault(rule="assertion-broken", severity=Severity.ERROR, harm=Harm.INTEGRITY)
"""An [[assert]] of glowplug.toml does not hold at the end of the chain: its query gives rows, or fails."""

FORWARD_ONLY = Fault(rule="forward-only", hazards=(127,), severity=Severity.NOTICE, harm=Harm.FAILS)
"""This project ships no downs, and says so in glowplug.toml."""

EDITED_SINCE_BASE = Fault(rule="edited-since-base", hazards=(122,), severity=Severity.WARNING, harm=Harm.INTEGRITY)
"""A migration that the base has was edited.

Diesel keeps no checksum: where it has run, it will not run again, and nothing tells that database from a new one. Of
another down.sql, which the next revert runs, and of comments and blanks between statements it is a notice.
"""

GONE_SINCE_BASE = Fault(rule="gone-since-base", hazards=(122,), severity=Severity.ERROR, harm=Harm.INTEGRITY)
"""A migration that the base has is gone.

A database that ran it can't revert it any more; if it was renamed, it runs again.
"""

OUT_OF_ORDER = Fault(rule="out-of-order", hazards=(122,), severity=Severity.WARNING, harm=Harm.INTEGRITY)
"""A new migration is older than the base's newest.

Databases that are up to date run it last, fresh ones earlier.
"""

CAGE_CHANGED = Fault(rule="cage-changed", severity=Severity.ERROR, harm=Harm.SECURITY)
"""A setting that decides how far a migration's SQL can reach differs from the base.

The check goes by the base's glowplug.toml: the change counts once it is merged into the base.
"""

SETTINGS_CHANGED = Fault(rule="settings-changed", severity=Severity.WARNING, harm=Harm.SECURITY)
"""A setting that decides how findings are judged differs from the base.

The check goes by the base's glowplug.toml: the change counts once it is merged into the base.
"""

SETTINGS_UNUSABLE = Fault(rule="settings-unusable", severity=Severity.WARNING, harm=Harm.SECURITY)
"""A server_version in the base's glowplug.toml is none that the chain's servers ever had.

The check goes by what this glowplug.toml says in its place.
"""

ALLOW_EXPIRED = Fault(rule="allow-expired", severity=Severity.ERROR, harm=Harm.STYLE)
"""A suppression's `until` has passed: it accepts nothing any more."""

ALLOW_UNNEEDED = Fault(rule="allow-unneeded", severity=Severity.WARNING, harm=Harm.STYLE)
"""A suppression accepts nothing: its rule found nothing there."""

ALLOW_MALFORMED = Fault(rule="allow-malformed", severity=Severity.ERROR, harm=Harm.STYLE)
"""A comment that begins as a suppression can't be understood, or stands at no statement: it accepts nothing."""

ALLOW_WITHOUT_REASON = Fault(rule="allow-without-reason", severity=Severity.ERROR, harm=Harm.STYLE)
"""A suppression gives no reason: it accepts nothing."""

LEFT_OUT = Fault(rule="directory-left-out", severity=Severity.ERROR, harm=Harm.SECURITY)
"""A directory that the base checks still holds migrations, and is left out by this glowplug.toml."""
