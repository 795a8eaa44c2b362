"""What tells one MySQL or MariaDB server from another on which a migration might show something else."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from glowplug.database.mysql import StatementRefused
from glowplug.database.mysql.session import NO_SUCH_TABLE, Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.database.mysql import Administrator
    from glowplug.scratch.mysql.source import Installation

_OF_THE_PLACE = re.compile(
    r"""basedir | .*dir(?:ectory)?(?:_path)? | .*file(?:_path|name)? | .*log_error | .*_log_(?:basename|index)
    | hostname | pid_file | port | report_\w+ | server_(?:uu)?id\w* | socket | gtid_\w+ | last_\w+
    | innodb_buffer_pool_size | innodb_(?:undo|temp)_\w+ | timestamp | version_malloc\w* | version_source\w* | wsrep_\w+
    | \w*ssl_\w+ | tls_\w+
    | admin_\w+ | mysqlx_\w+ | .*thread\w* | rand_seed\d | pseudo_\w+ | table_\w+cache\w* | open_files_limit""",
    re.VERBOSE,
)
"""Variables that tell where a server lies and how large it is, or that change by themselves."""

_ANYWHERE = (
    "SELECT * FROM information_schema.character_sets",
    "SELECT * FROM information_schema.collations",
    "SELECT * FROM information_schema.plugins",
    "SELECT * FROM information_schema.schemata WHERE schema_name NOT LIKE 'glowplug%'",
    "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema NOT LIKE 'glowplug%'",
    "SELECT * FROM information_schema.routines WHERE routine_schema NOT LIKE 'glowplug%'",
    "SELECT * FROM mysql.func",
    "CHECKSUM TABLE mysql.time_zone, mysql.time_zone_name EXTENDED",
    "CHECKSUM TABLE mysql.time_zone_transition, mysql.time_zone_transition_type, mysql.time_zone_leap_second EXTENDED",
    "SELECT * FROM mysql.user WHERE user NOT LIKE 'glowplug%'",
    "SELECT * FROM mysql.db WHERE user NOT LIKE 'glowplug%'",
    "SELECT * FROM mysql.tables_priv WHERE user NOT LIKE 'glowplug%'",
    "SELECT * FROM mysql.columns_priv WHERE user NOT LIKE 'glowplug%'",
    "SELECT * FROM mysql.procs_priv WHERE user NOT LIKE 'glowplug%'",
)
_SOMEWHERE = (
    "SELECT * FROM mysql.roles_mapping WHERE user NOT LIKE 'glowplug%'",  # MariaDB
    "SELECT * FROM mysql.role_edges WHERE to_user NOT LIKE 'glowplug%'",  # MySQL, as those below
    "SELECT * FROM mysql.default_roles WHERE user NOT LIKE 'glowplug%'",
    "SELECT * FROM mysql.global_grants WHERE user NOT LIKE 'glowplug%'",
    "SELECT * FROM mysql.component",
)
"""What only some servers have a table for."""


def own_identity(installation: Installation) -> str:
    """A server that glowplug makes: vendor and version, its program's size."""
    version = installation.version
    return f"{version.vendor} {version.number} machine {installation.program.stat().st_size}"


def lent_identity(administrator: Administrator) -> str | None:
    """A server that the user lends: all that it has, glowplug's own aside, by which a migration would run otherwise.

    Its variables, time zones, character sets, plugins and functions; accounts, roles and what they may do; the names of
    other databases and of what is in them, and their routines. None where this account may not read all of that.

    Raises:
        LostConnection: the server is gone.
    """
    told = {name: value for name, value in administrator.variables().items() if not _OF_THE_PLACE.fullmatch(name)}
    session = Session(administrator.address)
    try:
        answers = [sorted(map(repr, told.items())), *_answers(session)]
    except StatementRefused:
        return None
    finally:
        session.close()
    return f"url {hashlib.sha256(repr(answers).encode()).hexdigest()}"


def _answers(session: Session) -> Iterator[list[str]]:
    for question in _ANYWHERE:
        yield sorted(map(repr, session.rows(question)[0]))
    for question in _SOMEWHERE:
        try:
            yield sorted(map(repr, session.rows(question)[0]))
        except StatementRefused as refused:
            if refused.error.number != NO_SUCH_TABLE:
                raise
            yield []
