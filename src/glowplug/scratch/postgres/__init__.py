"""PostgreSQL as a scratch server: one that the user lends, or one of glowplug's own."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from glowplug.database.postgres import Administrator, identifier
from glowplug.errors import GlowplugError
from glowplug.scratch.area import Area, cache_directory
from glowplug.scratch.interface import ServerDescription
from glowplug.scratch.postgres.database import create_database
from glowplug.scratch.postgres.server import OwnServer
from glowplug.scratch.postgres.source import EMBEDDED, choose, production_major
from glowplug.scratch.postgres.url import find_named_server
from glowplug.scratch.size import LimitedDatabase, SizeWatch, parse_size, tree_size

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from glowplug.finding import Finding
    from glowplug.scratch.interface import Database
    from glowplug.scratch.postgres.url import NamedServer
    from glowplug.scratch.settings import Request
