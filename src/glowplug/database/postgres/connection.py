"""The migrations' session on PostgreSQL: run a file as Diesel does, see the schema, read the bookkeeping table."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from glowplug.database.interface import BOOKKEEPING_TABLE, Run, SqlError
from glowplug.database.postgres.batch import Failed, execute, failed, file_text, run_batch
from glowplug.database.postgres.session import Session, TransactionStatus
from glowplug.database.postgres.snapshot import Snapshots
from glowplug.dialect import Direction
from glowplug.errors import EnvironmentFailure, LostConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from glowplug.database.postgres.session import Reply
    from glowplug.project import Migration
    from glowplug.schema import Schema
