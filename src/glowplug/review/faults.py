"""The kinds of findings that the review gives by itself, beside its rules: what it could not read or see."""

from __future__ import annotations

from glowplug.finding import Fault, Harm, Severity

SQL_NOT_UNDERSTOOD = Fault(rule="sql-not-understood", hazards=(80, 139), severity=Severity.WARNING, harm=Harm.FAILS)
"""A statement was not understood.

Either the server refuses it as well, which the rehearsal shows, or glowplug's parser is older than the server. No rule
has looked at it, and what it changes is unknown to the rules that look at what comes after it. Where nothing is
rehearsed (`glowplug lint`, `check --only review`) nobody else looks at it, and it is an error; a whole check drops it
where the server refuses the statement, and leaves a warning where the server takes it. What only a client
understands (psql's `\\d`, `DELIMITER`) is such a statement: Diesel sends it to the server, which refuses it.
"""

SQL_NOT_SEEN = Fault(rule="sql-not-seen", hazards=(80,), severity=Severity.NOTICE, harm=Harm.SECURITY)
"""A statement runs SQL that is put together while it runs.

`EXECUTE`, `PREPARE`, `CALL` and code in other languages can do anything, and the text does not tell what; so can a
function of your own that another file makes, or that is written in a language which glowplug does not read. No rule has
looked at it, and the schema after it is not certain. Write it as plain SQL where that is possible; the rehearsal runs
it all the same.
"""
