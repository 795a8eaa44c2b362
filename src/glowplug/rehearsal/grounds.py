"""What a proof rests on, beside the migrations themselves: where any of it is another, nothing was proved yet."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from glowplug.store.machinery import contents

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.project import Chain
    from glowplug.rehearsal.trial import Trial
    from glowplug.scratch.settings import Request

_ROOMS = ("database", "project", "rehearsal", "schema", "scratch", "sql", "store")
_DISTRIBUTIONS = ("apsw", "msgspec", "postgast", "protobuf", "psycopg", "psycopg-binary", "PyMySQL", "syntaqlite")


class Grounds(msgspec.Struct, frozen=True, kw_only=True):
    """The server, as ``identity`` tells it from others, and all that the project and the user said of the rehearsal.

    Of ``request`` its environment does not count, nor for which extensions the server was chosen: the server is known.
    """

    server: str
    request: Request
    forward_only: bool
    trial: Trial | None = None


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """The names of what may have been kept.

    By a migration's path: ``proved``, what was shown of it, and ``after``, the state that it and all before it left.
    ``end`` is of the whole chain's.
    """

    proved: dict[str, str]
    after: dict[str, str]
    end: str

    @classmethod
    def of(cls, chain: Chain, grounds: Grounds) -> Keys:
        """Digest everything that each depends on; reads glowplug's own files, for some milliseconds."""
        machinery = contents(_ROOMS, _DISTRIBUTIONS)
        state = _digest(machinery, grounds.server, *_of_request(grounds.request))
        timeout = repr(grounds.request.statement_timeout)
        trial = None if grounds.trial is None else replace(grounds.trial, assertions=())
        proof = _digest(state, timeout, repr(grounds.forward_only), repr(trial))
        proved, after = {}, {}
        way = ""
        for item in chain.migrations:
            way = _digest(way, item.chain_digest, f"{item.runnable:d}{item.run_in_transaction:d}")
            after[item.path] = _digest("after", state, way)
            proved[item.path] = _digest("proved", proof, way, repr(item.test))
        paths = (item.path for item in chain.migrations)
        end = _digest("end", proof, repr(grounds.trial), way, *proved.values(), chain.directory, *paths)
        return cls(proved=proved, after=after, end=end)


def _of_request(request: Request) -> Iterator[str]:
    yield request.dialect.value
    yield repr(request.chain)
    yield repr(request.settings)
    yield repr(request.foreign_keys)


def _digest(*parts: str) -> str:
    """Digest texts so that no two lists of them are taken for one another: 64 hex digits."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(content))
        digest.update(content)
    return digest.hexdigest()
