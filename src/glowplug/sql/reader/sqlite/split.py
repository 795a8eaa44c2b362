"""Where the statements of a SQLite script begin and end, as SQLite itself and its shell see it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.sql.sqlite import tokens, words

if TYPE_CHECKING:
    from collections.abc import Iterator

# SQLite skips a vertical tab only inside a run of white space that begins with another character.
_BETWEEN = re.compile(
    r"""
    (?> (?:
      [ \t\n\f\r][ \t\n\f\r\v]*+ | [;\ufeff] | --[^\n]*+
      | /\*(?!\Z) [^*]*+ (?>(?:\*(?!/)[^*]*+)*) (?:\*/)?
    )* )
    """,
    re.VERBOSE,
)
_STRETCH = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*(?!\Z).*?(?:\*/|\Z) )
    | (?P<end> ; )
    | '[^']*(?:'|\Z) | "[^"]*(?:"|\Z) | `[^`]*(?:`|\Z) | \[[^\]]*(?:\]|\Z)
    | [^;'"`\[/-]+ | [/-]
    """,
    re.VERBOSE | re.DOTALL,
)
_SPACE = " \t\n\f\r\v\ufeff"
_COMMAND = re.compile(r"\.[A-Za-z][^\n]*")

# In a trigger's body these begin no statement: the trigger was left unfinished before them.
_NEVER_IN_A_BODY = words(
    "ALTER ANALYZE ATTACH BEGIN COMMIT CREATE DETACH DROP EXPLAIN PRAGMA REINDEX RELEASE ROLLBACK SAVEPOINT VACUUM"
)


class Piece(msgspec.Struct, frozen=True):
    """A statement's place, from its first token to its last; ``command`` for a line that only the shell reads."""

    start: int
    end: int
    command: bool = False


def pieces(text: str) -> Iterator[Piece]:
    """Cut a script into its statements; what lies between them is white space, comments and ``;``.

    A CREATE TRIGGER goes to the END after its body. One that is never finished goes to the end of the text, as
    SQLite would read it, or to the next statement that no body can hold.
    """
    position = _after_trivia(text, 0)
    while position < len(text):
        command = _COMMAND.match(text, position)
        if command:
            end = position + len(command.group().rstrip(_SPACE))
        elif text[position] in "cCeE" and _is_trigger(text, position):
            end = _end_of_trigger(text, position)
        else:
            end = _end_of_statement(text, position)
        yield Piece(position, end, command is not None)
        position = _after_trivia(text, end)


def without_comments(text: str) -> str:
    """Blank the comments out, so that every character keeps its place."""
    if "--" not in text and "/*" not in text:
        return text
    return "".join(
        " " * len(match.group()) if match.lastgroup == "comment" else match.group() for match in _STRETCH.finditer(text)
    )


def _after_trivia(text: str, position: int) -> int:
    found = _BETWEEN.match(text, position)
    return found.end() if found else position


def _end_of_statement(text: str, start: int) -> int:
    last = start
    for match in _STRETCH.finditer(text, start):
        if match.lastgroup == "end":
            break
        if match.lastgroup != "comment":
            content = match.group().rstrip(_SPACE)
            if not content and last == start:
                content = match.group().rstrip(_SPACE.replace("\v", ""))  # what begins with it is no white space
            if content:
                last = match.start() + len(content)
    return max(last, start + 1)


def _is_trigger(text: str, start: int) -> bool:
    skipped = {"EXPLAIN", "QUERY", "PLAN", "CREATE", "TEMP", "TEMPORARY"}
    for token in tokens(text, start):
        word = token.word
        if word not in skipped:
            return word == "TRIGGER"
        skipped.discard(word)
    return False


def _end_of_trigger(text: str, start: int) -> int:
    in_body = ended = False
    before_semicolon = last = start
    previous = ""
    for token in tokens(text, start):
        if token.text == ";":
            if ended or not in_body:
                return last
            before_semicolon = last
        elif previous == ";" and token.word in _NEVER_IN_A_BODY:
            return before_semicolon
        elif token.word == "BEGIN":
            in_body = True
        elif token.word == "END" and previous == ";":
            ended = True
        previous = token.text
        last = token.end
    return last
