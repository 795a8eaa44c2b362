"""From a text to its Statements, whatever the text is."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from glowplug.sql.actions import ClientCommand
from glowplug.sql.postgres_lexer import tokens, unclosed_comment
from glowplug.sql.postgres_pieces import LONGEST_CHAIN, SUSPICIOUS_CHAIN, Piece, may_be_deep, pieces
from glowplug.sql.reader.postgres.here import Here
from glowplug.sql.reader.postgres.statements import statement_of
from glowplug.sql.statement import Statement, Unparsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glowplug.sql.reader.postgres.source import Source
    from glowplug.sql.reader.postgres.tree import Message

_postgast: Any = importlib.import_module("postgast")
_protobuf: Any = importlib.import_module("google.protobuf.message")
_LONGEST_REASON = 200  # a message may quote all that is left of the text
_SPACE = " \t\n\r\f\v"
_TOO_DEEP = "nested too deeply to be read"


def statements_of(source: Source) -> tuple[Statement, ...]:
    """Read a text; one statement that is refused hides no other."""
    found = _statements_of(source)
    start = unclosed_comment(source.text, source.inside(found[-1].span.end) if found else 0)
    if start is None:  # which the parser takes for the end of the text, and a server refuses
        return found
    span = source.span(start, len(source.text))
    return (*found, Statement(span=span, unparsed=Unparsed(reason="unterminated /* comment", offset=span.start)))


def _statements_of(source: Source) -> tuple[Statement, ...]:
    text = source.text
    if not may_be_deep(text):
        tree = _parse(text)
        if not isinstance(tree, _Refusal):
            return tuple(_of_tree(tree, source))
    return tuple(_of_pieces(list(pieces(text)), source))


class _Refusal:
    """Why a text was refused, and at which of its characters."""

    __slots__ = ("character", "reason")

    def __init__(self, reason: str, character: int = 0) -> None:
        self.reason = reason
        self.character = character


def _parse(text: str) -> Message | _Refusal:
    """Hand a text over; the error's position counts characters (postgast's documentation says bytes)."""
    if not _is_handed_over(text):
        return _Refusal("a NUL character or a lone surrogate")
    try:
        return _postgast.parse(text)
    except _postgast.PgQueryError as error:
        return _Refusal(str(error)[:_LONGEST_REASON], max(error.cursorpos - 1, 0))
    except _protobuf.DecodeError as error:
        return _Refusal(_TOO_DEEP if "depth" in str(error).lower() else str(error))
    except UnicodeDecodeError:
        return _Refusal("a name or a string that is no UTF-8 once it is cut or its escapes are read")


def _is_handed_over(text: str) -> bool:
    """Whether the parser gets all of a text: a NUL ends it, and a lone surrogate has no UTF-8."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _of_tree(tree: Message, source: Source, ends: Mapping[int, int] | None = None) -> Iterator[Statement]:
    """Read a tree's statements; ``ends`` where known, by their start."""
    for raw in tree.stmts:
        start = source.character(raw.stmt_location)
        end = None if ends is None else ends.get(start)
        if end is None:
            length = raw.stmt_len
            end = source.character(raw.stmt_location + length) if length else len(source.text)
            end = _trimmed(source.text, start, end)
        yield statement_of(raw.stmt, Here(source, start=start, end=end, read=statements_of))


def _trimmed(text: str, start: int, end: int) -> int:
    """Give the end of the last token: a statement's length in the tree covers the comments before its ``;``."""
    stripped = text[start:end].rstrip(_SPACE)
    end = start + len(stripped)
    last_line = max(stripped.rfind("\n"), stripped.rfind("\r")) + 1
    if stripped.endswith("*/") or stripped.find("--", last_line) >= 0:
        for token in tokens(text, start, end):
            end = token.end
    return end


def _of_pieces(cut: Sequence[Piece], source: Source) -> Iterator[Statement]:
    """Read pieces: as many at once as the parser takes."""
    group: list[Piece] = []
    for piece in cut:
        special = _special(piece, source)
        if special is None and piece.chain <= SUSPICIOUS_CHAIN:
            group.append(piece)
            continue
        yield from _of_group(group, source)
        group = []
        if special is None:
            yield from _of_group([piece], source)
        elif piece.parts > 1:
            yield from _of_parts(piece, source)
        else:
            yield special
    yield from _of_group(group, source)


def _special(piece: Piece, source: Source) -> Statement | None:
    """Give the Statement of a piece that the parser must not see."""
    text = source.text[piece.start : piece.end]
    if piece.command:
        span = source.span(piece.start, piece.end)
        return Statement(span=span, actions=(ClientCommand(span=span, command=_command(text)),))
    if piece.chain > LONGEST_CHAIN:
        return _unparsed(piece, source, _TOO_DEEP)
    if _is_handed_over(text):
        return None
    null = text.find("\0")
    if null >= 0:
        return _unparsed(piece, source, "a NUL character", null)
    surrogate = next(index for index, letter in enumerate(text) if "\ud800" <= letter <= "\udfff")
    return _unparsed(piece, source, "a lone surrogate: no text", surrogate)


def _command(text: str) -> str:
    """Name one of psql's commands; data behind COPY end with one."""
    return text.split(maxsplit=1)[0] if text.startswith("\\") else "\\."


def _of_group(group: Sequence[Piece], source: Source) -> Iterator[Statement]:
    """Read neighbouring pieces together; where they are refused, each half."""
    if not group:
        return
    start, end = group[0].start, group[-1].end
    part = source.part(start, end)
    tree = _parse(part.text)
    if not isinstance(tree, _Refusal):
        yield from _of_tree(tree, part, {piece.start - start: piece.end - start for piece in group})
    elif len(group) > 1:
        middle = len(group) // 2
        yield from _of_group(group[:middle], source)
        yield from _of_group(group[middle:], source)
    elif group[0].parts > 1:
        yield from _of_parts(group[0], source)
    else:
        yield _unparsed(group[0], source, tree.reason, tree.character)


def _of_parts(piece: Piece, source: Source) -> Iterator[Statement]:
    """Read a piece that was refused, cut at each ``;`` in its brackets as well."""
    for part in pieces(source.text[piece.start : piece.end], everywhere=True):
        yield from _of_pieces([part._replace(start=part.start + piece.start, end=part.end + piece.start)], source)


def _unparsed(piece: Piece, source: Source, reason: str, character: int = 0) -> Statement:
    offset = source.span(piece.start, min(piece.start + character, piece.end)).end
    return Statement(span=source.span(piece.start, piece.end), unparsed=Unparsed(reason=reason, offset=offset))
