"""What tells one MySQL or MariaDB server from another on which a migration might show something else."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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


def own_identity(installation: Installation) -> str:
    """A server that glowplug makes: vendor and version, its program's size."""
    version = installation.version
    return f"{version.vendor} {version.number} machine {installation.program.stat().st_size}"


def lent_identity(administrator: Administrator) -> str:
    """A server that the user lends: its version, and the variables by which it would run a migration otherwise.

    Raises:
        EnvironmentFailure: it does not tell.
    """
    told = {name: value for name, value in administrator.variables().items() if not _OF_THE_PLACE.fullmatch(name)}
    return f"url {hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest()}"
