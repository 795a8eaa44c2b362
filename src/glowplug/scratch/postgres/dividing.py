"""Whether what a chain does on PostgreSQL stays in its database, so that several can be worked on at once.

The migrations' role is another in every database, may connect to no other, and makes neither roles nor databases;
locks, advisory ones too, and notifications belong to a database. What is left is looked for by its words: names that
the whole server shares, views of what else it does, and ways to another server.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Direction

if TYPE_CHECKING:
    from glowplug.project import Chain

_OF_THE_SERVER = re.compile(
    rb"""\b(?:
        prepare\s+transaction | (?:commit|rollback)\s+prepared | dblink\w* | postgres_fdw | lo_(?:im|ex)port | txid_\w+
        | pg_(?: stat_(?!get_xact)\w+ | locks | lock_status | prepared_xacts? | ls_\w+ | read_\w+ | databases?
            | database_size | tablespace\w* | roles | user | shadow | group | authid | auth_members | shdepend
            | shdescription | replication\w* | logical\w* | current_(?:wal|xact|snapshot)\w* | snapshot_\w+
            | switch_wal | walfile\w* | wal_\w+ | show_all_file_settings )
        | (?:create|alter|drop)\s+(?:subscription|server|tablespace|system)
        | (?:create|drop)\s+database | alter\s+database\s+\S+\s+(?!(?:re)?set\b)\w+
    )\b""",
    re.VERBOSE | re.IGNORECASE,
)

_OF_THE_ROLE = re.compile(
    rb"""(?:^|[;'($]|\*/|\b(?:begin|then|else|loop|execute)\b)\s*(?:create|alter|drop)\s+(?:role|user|group)\b
    | \b(?: (?:reassign|drop)\s+owned | createdb | pg_(?:terminate|cancel)_backend | session_authorization
        | session\s+authorization )\b""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
"""Not where a comment's sentence says "to create user accounts": a statement begins with it."""

_OWN_SETUP = re.compile(r"\s*CREATE\s+(?:EXTENSION|SCHEMA)\b[^;]*;?\s*", re.IGNORECASE)


def stays_in_its_database(chain: Chain) -> bool:
    """Whether nothing in a chain's files and settings speaks of more than its database."""
    if not all(map(_OWN_SETUP.fullmatch, chain.settings.database_setup)):
        return False
    return not any(map(_OF_THE_SERVER.search, _texts(chain)))


def leaves_its_role(chain: Chain) -> bool:
    """Whether nothing there speaks of roles, or of the sessions of one: so that several databases may have the same."""
    return not any(map(_OF_THE_ROLE.search, _texts(chain)))


def _texts(chain: Chain) -> list[bytes]:
    texts = [migration.sql(direction) or b"" for migration in chain.migrations for direction in Direction]
    return texts + [statement.encode("utf-8", "surrogateescape") for statement in chain.settings.session_setup]
