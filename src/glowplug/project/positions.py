"""Where a key of a TOML file stands, for messages of the form ``glowplug.toml:12: …``.

tomli keeps no positions, so the file is parsed a second time, by tree-sitter, once there is something to say.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import tomli

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

Path = tuple[str | int, ...]
"""Keys, and indices of arrays, from the document down: ``("chain", 1, "backend")``."""

_TABLES = frozenset({"table", "table_array_element"})
_KEYS = frozenset({"bare_key", "quoted_key", "dotted_key"})


def line_of(content: bytes, path: Path) -> int | None:
    """Give the line (1-based) where ``path`` is first named in valid TOML.

    Where it stands nowhere, the line of the nearest table that would hold it; None for the document itself.
    """
    lines = _lines(content)
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


@functools.lru_cache(maxsize=4)  # thousands of [[allow]] ask one by one
def _lines(content: bytes) -> dict[Path, int]:
    from tree_sitter import Language, Parser  # noqa: PLC0415 - a parser is loaded when it is needed, not at start
    from tree_sitter_toml import language  # noqa: PLC0415

    lines: dict[Path, int] = {}
    root = Parser(Language(language())).parse(content).root_node
    arrays: dict[Path, int] = {}
    for node in root.named_children:
        if node.type == "pair":
            _note_pair(lines, (), node)
        elif node.type in _TABLES:
            path = _note_header(lines, arrays, node)
            for pair in node.named_children:
                if pair.type == "pair":
                    _note_pair(lines, path, pair)
    return lines


def _note_header(lines: dict[Path, int], arrays: dict[Path, int], node: Node) -> Path:
    """Note a ``[table]`` or ``[[table]]`` and give its path; a name of an array stands for its last element."""
    path: Path = ()
    keys = list(_keys(node.named_children[0]))
    for depth, (key, line) in enumerate(keys):
        path = (*path, key)
        lines.setdefault(path, line)
        if depth == len(keys) - 1 and node.type == "table_array_element":
            arrays[path] = arrays.get(path, -1) + 1
        if path in arrays:
            path = (*path, arrays[path])
            lines.setdefault(path, line)
    return path


def _note_pair(lines: dict[Path, int], path: Path, pair: Node) -> None:
    key, value = pair.named_children[0], pair.named_children[-1]
    for name, line in _keys(key):
        path = (*path, name)
        lines.setdefault(path, line)
    _note_value(lines, path, value)


def _note_value(lines: dict[Path, int], path: Path, value: Node) -> None:
    if value.type == "inline_table":
        for pair in value.named_children:
            if pair.type == "pair":
                _note_pair(lines, path, pair)
    elif value.type == "array":
        elements = [element for element in value.named_children if element.type != "comment"]
        for index, element in enumerate(elements):
            lines.setdefault((*path, index), element.start_point.row + 1)
            _note_value(lines, (*path, index), element)


def _keys(node: Node) -> Iterator[tuple[str, int]]:
    if node.type == "dotted_key":
        for child in node.named_children:
            if child.type in _KEYS:
                yield from _keys(child)
        return
    text = (node.text or b"").decode("utf-8")
    name = text if node.type == "bare_key" else next(iter(tomli.loads(f"{text} = 0")))
    yield name, node.start_point.row + 1
