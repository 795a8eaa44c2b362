"""metadata.toml of one migration, with Diesel's own defaults, and what they hide."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import tomli

from glowplug.project.faults import METADATA_IGNORED, METADATA_UNKNOWN_KEY, METADATA_WITHOUT_KEY
from glowplug.project.positions import line_of

if TYPE_CHECKING:
    from glowplug.finding import Fault

FILE_NAME = "metadata.toml"
_KEY = "run_in_transaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something to say about a metadata.toml: of which kind, at which line (1-based), about which key."""

    fault: Fault
    message: str
    line: int | None = None
    subject: str = ""


def read_metadata(content: bytes | None) -> tuple[bool, tuple[Remark, ...]]:
    """Tell whether Diesel runs the migration in a transaction, and what the file hides.

    No file, or one that is no TOML or no UTF-8, or where the value is no boolean: true, and Diesel is silent.
    A file without the key, or with the key misspelt: false. Keys that Diesel does not know are accepted.
    """
    if content is None:
        return True, ()
    table = _parse(content)
    if isinstance(table, Remark):
        return True, (table,)
    unknown = tuple(_unknown(key, content) for key in table if key != _KEY)
    if _KEY not in table:
        message = (
            f"metadata.toml has no {_KEY}, which to Diesel means {_KEY} = false: this migration runs without a "
            f"transaction. Say {_KEY} = true or {_KEY} = false."
        )
        return False, (Remark(fault=METADATA_WITHOUT_KEY, message=message), *unknown)
    value = table[_KEY]
    if not isinstance(value, bool):
        return True, (_ignored(f"{_KEY} is no boolean", line_of(content, (_KEY,))), *unknown)
    return value, unknown


def _finite(text: str) -> float:
    """Read a number as Diesel's parser does, which refuses one that is too large instead of making it infinite."""
    number = float(text)
    if math.isinf(number) and not text.endswith("inf"):
        raise ValueError(f"the number {text} is too large")
    return number


def _parse(content: bytes) -> dict[str, object] | Remark:
    try:
        return tomli.loads(content.decode("utf-8").removeprefix("\ufeff"), parse_float=_finite)
    except UnicodeDecodeError as error:
        return _ignored("it is no UTF-8", content.count(b"\n", 0, error.start) + 1)
    except tomli.TOMLDecodeError as error:
        return _ignored("it is no TOML", error.lineno)
    except RecursionError:
        return _ignored("it is nested too deeply")
    except ValueError as error:
        return _ignored(str(error))


def _ignored(reason: str, line: int | None = None) -> Remark:
    message = (
        f"Diesel silently ignores this metadata.toml, since {reason}: the migration runs in a transaction whatever "
        "the file says."
    )
    return Remark(fault=METADATA_IGNORED, message=message, line=line)


def _unknown(key: str, content: bytes) -> Remark:
    close = difflib.get_close_matches(key, [_KEY], cutoff=0.6)
    hint = f" Is {_KEY} meant?" if close else f" Its one key is {_KEY}."
    return Remark(
        fault=METADATA_UNKNOWN_KEY,
        message=f"Diesel silently ignores the key {key!r} of metadata.toml.{hint}",
        line=line_of(content, (key,)),
        subject=key,
    )
