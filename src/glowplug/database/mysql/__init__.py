"""MySQL and MariaDB: run a file as Diesel does, see the schema, and hold two databases against each other."""

from __future__ import annotations

from glowplug.database.mysql.administration import Administrator, ServerVersion
from glowplug.database.mysql.connection import Access, MysqlConnection
from glowplug.database.mysql.generated import PROBE
from glowplug.database.mysql.leftovers import UNTOLD
from glowplug.database.mysql.session import PATIENCE, Address, Refused, StatementRefused, quote_text
from glowplug.database.mysql.snapshot import SnapshotReader
from glowplug.database.mysql.watchdog import Watchdog

__all__ = [
    "PATIENCE",
    "PROBE",
    "UNTOLD",
    "Access",
    "Address",
    "Administrator",
    "MysqlConnection",
    "Refused",
    "ServerVersion",
    "SnapshotReader",
    "StatementRefused",
    "Watchdog",
    "quote_text",
]
