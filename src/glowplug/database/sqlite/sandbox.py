"""What a migration may not do on a machine that merely checks it: SQLite's authorizer, and limits."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from glowplug.sql.sqlite import tokens, words

if TYPE_CHECKING:
    import apsw

HEAP_LIMIT = 512 * 1024**2
"""Bytes that SQLite may allocate in the process that holds a sandboxed session; temporary tables live there too."""

_LONGEST_VALUE = 128 * 1024**2
_LONGEST_PATTERN = 4096

_REFUSED_FUNCTIONS = frozenset({"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "fsdir"})

# Read or written, they reach no further than this connection and this database.
_PRAGMAS = words(
    "analysis_limit application_id auto_vacuum automatic_index busy_timeout cache_size cache_spill",
    "case_sensitive_like cell_size_check checkpoint_fullfsync collation_list compile_options count_changes",
    "data_version database_list defer_foreign_keys empty_result_callbacks encoding foreign_key_check",
    "foreign_key_list foreign_keys freelist_count full_column_names fullfsync function_list",
    "ignore_check_constraints incremental_vacuum index_info index_list index_xinfo integrity_check journal_mode",
    "journal_size_limit legacy_alter_table legacy_file_format locking_mode module_list optimize page_count",
    "pragma_list query_only quick_check read_uncommitted recursive_triggers reverse_unordered_selects secure_delete",
    "short_column_names shrink_memory stats synchronous table_info table_list table_xinfo temp_store trusted_schema",
    "user_version wal_autocheckpoint wal_checkpoint",
)
"""``temp_store`` too: whatever it says, temporary files lie beside the database (SQLITE_TMPDIR is its directory, and
``temp_store_directory`` stays refused), each no larger than the process may write, and memory is bounded."""

# Looking does no harm, setting would lift a limit or make the schema a lie.
_READ_ONLY_PRAGMAS = frozenset({"max_page_count", "page_size", "schema_version", "mmap_size", "threads"})


# What may follow VACUUM where it really attaches something ("VACUUM temp" does nothing at all).
_WHOLE_VACUUMS: tuple[list[str], ...] = ([], [""], ["MAIN"], ["MAIN", ""], ["INTO", ""], ["MAIN", "INTO"])


class Sandbox:
    """An authorizer that remembers what it refused, to say so in the error."""

    def __init__(self) -> None:
        """Refuse nothing yet."""
        self.refusal: str | None = None
        self.looking = False  # what runs now is glowplug's own
        self._vacuuming = False

    def begin(self, statement: str) -> None:
        """Take note that ``statement`` begins to run: a VACUUM may attach once, what follows may not."""
        start = [token.word for token in itertools.islice(tokens(statement), 3)]
        self._vacuuming = start[:1] == ["VACUUM"] and start[1:] in _WHOLE_VACUUMS

    def authorize(
        self, action: int, first: str | None, second: str | None, _database: str | None, _trigger: str | None
    ) -> int:
        """Answer SQLite's question whether a statement may do ``action``; never raises."""
        import apsw  # noqa: PLC0415 - whichever SQLite this process opened

        refusal = None
        if self.looking:
            return apsw.SQLITE_OK
        if action == apsw.SQLITE_ATTACH:
            # VACUUM attaches a nameless temporary database, VACUUM INTO a named one, ATTACH any.
            if not (self._vacuuming and first == ""):
                refusal = "VACUUM INTO" if self._vacuuming else "ATTACH"
            self._vacuuming = False
        elif action == apsw.SQLITE_DETACH:
            refusal = "DETACH"
        elif action == apsw.SQLITE_FUNCTION:
            refusal = f"the function {second}" if (second or "").lower() in _REFUSED_FUNCTIONS else None
        elif action == apsw.SQLITE_PRAGMA:
            refusal = _refused_pragma((first or "").lower(), second)
        if refusal is None:
            return apsw.SQLITE_OK
        self.refusal = refusal
        return apsw.SQLITE_DENY

    @property
    def hint(self) -> str | None:
        """What to say beside "not authorized"."""
        if self.refusal is None:
            return None
        return f"{self.refusal} is refused on a scratch database; `[scratch] superuser = true` allows it"


def _refused_pragma(name: str, value: str | None) -> str | None:
    if name in _PRAGMAS or (name in _READ_ONLY_PRAGMAS and value is None):
        return None
    return f"PRAGMA {name}" if value is None else f"setting PRAGMA {name}"


def limit(connection: apsw.Connection) -> None:
    """Keep single values and patterns so small that no call on them takes the machine."""
    import apsw  # noqa: PLC0415 - whichever SQLite this process opened

    connection.limit(apsw.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    connection.limit(apsw.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, _LONGEST_PATTERN)
    connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
