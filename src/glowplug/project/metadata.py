"""metadata.toml of one migration, with Diesel's own defaults, and what they hide."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import tomli

from glowplug.project.faults import METADATA_IGNORED, METADATA_UNKNOWN_KEY, METADATA_WITHOUT_KEY
from glowplug.project.positions import line_of

if TYPE_CHECKING:
    from glowplug.finding import Fault

FILE_NAME = "metadata.toml"
_KEY = "run_in_transaction"
_SHOWN = 3  # keys are enough to recognise another tool's file


class Remark(msgspec.Struct, frozen=True, kw_only=True):
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
    unknown = [key for key in table if key != _KEY]
    if _KEY not in table:
        return False, _without_key(unknown, content)
    ignored = tuple(_unknown(key, content) for key in unknown)
    value = table[_KEY]
    if not isinstance(value, bool):
        return True, (_ignored(f"{_KEY} is no boolean", line_of(content, (_KEY,))), *ignored)
    return value, ignored


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


def _without_key(unknown: list[str], content: bytes) -> tuple[Remark, ...]:
    """One cause, one remark: it names what stands there instead; keys beside a misspelt one have their own."""
    import difflib  # noqa: PLC0415 - only where a key is wrong

    misspelt = next(iter(difflib.get_close_matches(_KEY, unknown, n=1)), None)
    said = f"metadata.toml has no {_KEY}"
    if misspelt is not None:
        said = f"metadata.toml has the key {misspelt!r}, which Diesel silently ignores, and no {_KEY}"
    elif unknown:
        shown = ", ".join(map(repr, unknown[:_SHOWN])) + (", …" if len(unknown) > _SHOWN else "")
        said = f"metadata.toml has no {_KEY}, only what Diesel silently ignores ({shown})"
    remark = Remark(
        fault=METADATA_WITHOUT_KEY,
        message=f"{said}. To Diesel that means {_KEY} = false: this migration runs without a transaction. "
        f"Say {_KEY} = true or {_KEY} = false.",
        line=line_of(content, (misspelt or unknown[0],)) if unknown else None,
    )
    beside = [key for key in unknown if key != misspelt] if misspelt is not None else []
    return remark, *(_unknown(key, content) for key in beside)


def _unknown(key: str, content: bytes) -> Remark:
    return Remark(
        fault=METADATA_UNKNOWN_KEY,
        message=f"Diesel silently ignores the key {key!r} of metadata.toml. Its one key is {_KEY}.",
        line=line_of(content, (key,)),
        subject=key,
    )
