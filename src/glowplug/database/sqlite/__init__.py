"""SQLite through apsw: a session that runs files as Diesel does, its sandbox, its Snapshot, and a process to hold it.

``session`` is the connection, ``worker`` serves one to another process by the words of ``protocol``. Nothing here
imports apsw before a session is opened, so that the process that opens it decides which SQLite that is.
"""

from __future__ import annotations
