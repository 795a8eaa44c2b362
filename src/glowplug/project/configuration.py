"""glowplug.toml: tables with positions, and the section that names the chains.

Each room declares a ``msgspec.Struct`` for its own section and asks for it by name; ``Configuration.reject_unknown``
then refuses what no room has claimed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import tomli

from glowplug.dialect import Dialect  # noqa: TC001 - msgspec reads the annotations when it decodes
from glowplug.errors import ConfigurationError
from glowplug.project.positions import line_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from glowplug.project.positions import Path as KeyPath

FILE_NAME = "glowplug.toml"
_UNKNOWN = "unknown key"
SettingsT = TypeVar("SettingsT", bound=msgspec.Struct)
_WORDS = {
    "str": "a string",
    "int": "an integer",
    "bool": "true or false",
    "array": "an array",
    "object": "a table",
    "float": "a number",
    "date": "a date",
    "datetime": "a date with a time",
}


class ChainSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ``[[chain]]`` of glowplug.toml; all of it optional but ``migrations``."""

    migrations: str = "migrations"
    backend: Dialect | None = None
    server_version: str | None = None
    encoding: str | None = None
    collation: str | None = None
    session_setup: tuple[str, ...] = ()
    database_setup: tuple[str, ...] = ()


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """The tables of one glowplug.toml; without a file, no tables.

    ``shown`` is how messages name it: ``glowplug.toml``, or ``glowplug.toml at origin/main``.
    """

    shown: str = FILE_NAME
    content: bytes = b""
    exists: bool = False
    tables: Mapping[str, Any] = msgspec.field(default_factory=dict)  # Any: TOML's values, typed by each room's Struct

    @classmethod
    def parse(cls, content: bytes, *, shown: str = FILE_NAME) -> Configuration:
        """Read a file's bytes.

        Raises:
            ConfigurationError: it is no TOML.
        """
        try:
            tables = tomli.loads(content.decode("utf-8").removeprefix("\ufeff"))
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise ConfigurationError("this is no UTF-8", file=Path(shown), line=line) from error
        except RecursionError as error:
            raise ConfigurationError("this is nested too deeply", file=Path(shown)) from error
        except tomli.TOMLDecodeError as error:
            reason = error.msg[:1].lower() + error.msg[1:]
            raise ConfigurationError(f"this is no TOML: {reason}", file=Path(shown), line=error.lineno) from error
        return cls(shown=shown, content=content.removeprefix(b"\xef\xbb\xbf"), exists=True, tables=tables)

    @classmethod
    def read(cls, file: Path) -> Configuration:
        """Read a file on disk; one that is not there has no tables.

        Raises:
            ConfigurationError: it can't be read, or it is no TOML.
        """
        try:
            if not file.is_file():  # a pipe would never end
                if file.exists() or file.is_symlink():
                    raise ConfigurationError("is no regular file", file=Path(FILE_NAME))
                return cls()
            content = file.read_bytes()
        except OSError as error:
            reason = (error.strerror or "unreadable").lower()
            raise ConfigurationError(f"can't be read: {reason}", file=Path(FILE_NAME)) from error
        return cls.parse(content)

    def section(self, name: str, kind: type[SettingsT]) -> SettingsT:
        """Give the table ``[name]`` as ``kind``, whose defaults stand where the file says nothing.

        Raises:
            ConfigurationError: an unknown key, a wrong type, a value that is not allowed.
        """
        table = self.tables.get(name, {})
        if not isinstance(table, dict):
            raise self.error(f"{name} is {_type_name(table)}; write a table: [{name}]", (name,))
        return self._convert(table, kind, (name,))

    def sections(self, name: str, kind: type[SettingsT]) -> tuple[SettingsT, ...]:
        """Give each table ``[[name]]`` as ``kind``, in the file's order.

        Raises:
            ConfigurationError: an unknown key, a wrong type, a value that is not allowed, a key that is missing.
        """
        tables = self.tables.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self.error(f"{name} is {_type_name(tables)}; write each as [[{name}]]", (name,))
        return tuple(self._convert(table, kind, (name, index)) for index, table in enumerate(tables))

    def reject_unknown(self, claimed: Collection[str]) -> None:
        """Refuse tables and keys at the top that no room has claimed.

        Raises:
            ConfigurationError: there is one.
        """
        for name in self.tables:
            if name not in claimed:
                what = "table" if isinstance(self.tables[name], (dict, list)) else "key"
                raise self.error(f"unknown {what} {name!r}{_meant(name, claimed)}", (name,))

    def line(self, *path: str | int) -> int | None:
        """Give the line (1-based) where a key stands: ``line("chain", 1, "backend")``."""
        return line_of(self.content, path)

    def error(self, message: str, path: KeyPath) -> ConfigurationError:
        """Make the error that points at a key."""
        return ConfigurationError(message, file=Path(self.shown), line=line_of(self.content, path))

    def _convert(self, table: Mapping[str, Any], kind: type[SettingsT], path: KeyPath) -> SettingsT:
        fields = {found.encode_name: found for found in msgspec.structs.fields(kind)}
        header = f"[{path[0]}]" if len(path) == 1 else f"[[{path[0]}]]"
        for key in table:
            if key not in fields:
                raise self.error(f"unknown key {key!r} in {header}{_meant(key, fields)}", (*path, key))
        values = {}
        for key, found in fields.items():
            if key in table:
                values[found.name] = self._value(table[key], found.type, (*path, key))
            elif found.required:
                raise self.error(f"{header} needs the key {key!r}", path)
        try:
            return kind(**values)
        except (TypeError, ValueError) as error:  # raised by a Struct's own __post_init__
            raise self.error(str(error), path) from error

    def _value(self, value: object, kind: Any, path: KeyPath) -> Any:  # noqa: ANN401 - types of a Struct's fields
        try:
            return msgspec.convert(value, kind, strict=True)
        except msgspec.ValidationError as error:
            message, inner = _explain(str(error), value)
            named = inner[:-1] if message.startswith(_UNKNOWN) else inner
            key = ".".join(str(part) for part in (*path, *named) if isinstance(part, str))
            allowed = _allowed(kind)
            if allowed and not inner:
                message = f"{value!r} is not allowed; one of {allowed}"
            raise self.error(f"{key}: {message}", (*path, *inner)) from error


def _explain(message: str, value: object) -> tuple[str, KeyPath]:
    """Split msgspec's ``Expected `str`, got `int` - at `$[1].name` `` into words and path.

    Of a table whose keys are free it says ``[...]``: which key it is, ``value`` tells, whose other values are strings.
    """
    text, _, place = message.partition(" - at `$")
    path: list[str | int] = []
    for index, name in re.findall(r"\[(\d+|\.\.\.)\]|\.([^.\[`]+)", place):
        path.append(int(index) if index.isdigit() else name or _no_string(value))
        value = _within(value, path[-1])
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", text)
    if unknown:
        return f"{_UNKNOWN} {unknown[1]!r}", (*path, unknown[1])
    text = re.sub(r"`([a-z |]+)`", lambda found: " or ".join(map(_word, found[1].split(" | "))), text)
    text = text.replace(" or null", "")
    return text[:1].lower() + text[1:], tuple(path)


def _no_string(value: object) -> str:
    """Give the first key whose value is no string."""
    table = value if isinstance(value, dict) else {}
    return next((key for key, each in table.items() if not isinstance(each, str)), "")


def _within(value: object, key: str | int) -> object:
    if isinstance(value, list) and isinstance(key, int):
        return value[key]
    return value.get(key) if isinstance(value, dict) else None


def _word(kind: str) -> str:
    return _WORDS.get(kind, kind)


def _allowed(kind: object) -> str:
    """List an enum's values, also of one that may be None."""
    candidates = [kind, *getattr(kind, "__args__", ())]
    return ", ".join(
        f'"{member.value}"'
        for candidate in candidates
        if isinstance(candidate, type) and hasattr(candidate, "__members__")
        for member in candidate.__members__.values()
    )


def _meant(name: str, known: Collection[str]) -> str:
    import difflib  # noqa: PLC0415 - only where a name is wrong

    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; is {close[0]!r} meant?" if close else f"; there are: {', '.join(sorted(known))}"


def _type_name(value: object) -> str:
    names = {
        bool: "a boolean",
        str: "a string",
        int: "an integer",
        float: "a number",
        dict: "a table",
        list: "an array",
    }
    return names.get(type(value), "a value")
