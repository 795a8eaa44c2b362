"""The tokens of one statement, and a cursor over them."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING, NoReturn, TypeVar

from glowplug.sql.mysql import TOKEN
from glowplug.sql.parts import Name, Span
from glowplug.sql.reader.mysql.words import RESERVED

if TYPE_CHECKING:
    from collections.abc import Callable

Item = TypeVar("Item")

_CLOSED = re.compile(r"""'(?>(?:[^'\\]++|\\[\s\S]|'')*)'|"(?>(?:[^"\\]++|\\[\s\S]|"")*)"|`(?>(?:[^`]++|``)*)`""")
_ESCAPE = re.compile(r"\\([\s\S])|''|\"\"")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": "\0", "Z": "\x1a", "%": "\\%", "_": "\\_"}
_DEEPEST = 150  # levels of nesting; each takes up to four of Python's thousand frames
_SHOWN = 30  # characters of a token that a reason quotes


class NotUnderstood(Exception):
    """A statement can't be read: why, and at which offset. It never leaves the reader: it becomes ``Unparsed``."""

    def __init__(self, reason: str, offset: int) -> None:
        """Give up on a statement."""
        super().__init__(reason)
        self.reason = reason
        self.offset = offset


def closed(comment: re.Match[str]) -> bool:
    """Whether a comment has an end: a ``/*`` without one is refused by the servers."""
    value = comment.group()
    return not value.startswith("/*") or (value.endswith("*/") and len(value) > len("/*/"))


class Cursor:
    """One pass over the tokens of ``text`` between two offsets, comments left out.

    What stands in a vendor's comment (``/*!40101 … */``) is there as any other token: the server executes it.
    ``words`` holds words in capitals and other characters as they are, and nothing for strings and quoted names, so
    that comparing it can't mistake one for the other. A string or a name that is never closed has the kind ``open``.
    """

    __slots__ = ("after", "at", "depth", "ends", "kinds", "starts", "text", "whole", "words")

    def __init__(self, text: str, start: int, end: int | None) -> None:
        """Cut the text between ``start`` and ``end`` into tokens; without an end, up to the next ``;``."""
        self.text = text
        self.kinds: list[str] = []
        self.words: list[str] = []
        self.starts = array("q")
        self.ends = array("q")
        self.at = 0
        self.depth = 0
        self._read(start, end)

    def _read(self, start: int, end: int | None) -> None:
        kinds, words, starts, ends = self.kinds, self.words, self.starts, self.ends
        vendors = False  # within a vendor's comment
        begin: int | None = None
        finish = start
        for token in TOKEN.finditer(self.text, start, len(self.text) if end is None else end):
            kind = token.lastgroup or "other"
            if kind == "space" or (kind == "comment" and closed(token)):
                continue
            value = token.group()
            begin = token.start() if begin is None else begin
            if value != ";":
                finish = token.end()
            elif end is None:
                break
            if kind == "executable" and vendors is (value == "*/"):
                vendors = not vendors
                continue
            if kind in {"executable", "other"}:
                words.append(value)
            elif kind == "word":
                words.append(value.upper())
            else:
                words.append("")
            kinds.append("open" if kind == "comment" else kind)
            starts.append(token.start())
            ends.append(token.end())
        if kinds and kinds[-1] in {"string", "name"} and not _CLOSED.fullmatch(self.text, starts[-1], ends[-1]):
            kinds[-1] = "open"
        if vendors:
            kinds.append("open")
            words.append("/*!")
            starts.append(finish)
            ends.append(finish)
        self.after = max(finish, start)
        self.whole = Span(start if begin is None else begin, finish)  # vendor comments' ends included
        kinds.append("end")
        words.append("")
        starts.append(ends[-1] if ends else start)
        ends.append(ends[-1] if ends else start)

    @property
    def word(self) -> str:
        """The token's word in capitals, or its characters; empty for strings, names and the end."""
        return self.words[self.at]

    @property
    def kind(self) -> str:
        """The token's kind as the splitter names it, or ``end``."""
        return self.kinds[self.at]

    @property
    def value(self) -> str:
        """The token as written."""
        return self.text[self.starts[self.at] : self.ends[self.at]]

    def ahead(self, distance: int = 1) -> str:
        """Give the word that many tokens on."""
        index = self.at + distance
        return self.words[index] if index < len(self.words) else ""

    def kind_ahead(self, distance: int = 1) -> str:
        """Give the kind of the token that many tokens on."""
        index = self.at + distance
        return self.kinds[index] if index < len(self.kinds) else "end"

    def ended(self) -> bool:
        """Whether no token of the statement is left; a body's statement ends at its ``;``."""
        return self.kinds[self.at] == "end" or self.words[self.at] == ";"

    def take(self) -> str:
        """Go on by one token, and give it as written."""
        if self.kinds[self.at] == "end":
            self.fail()
        self.at += 1
        return self.text[self.starts[self.at - 1] : self.ends[self.at - 1]]

    def accept(self, *words: str) -> bool:
        """Go past these words if they come next."""
        if self.words[self.at] != words[0]:
            return False
        if len(words) > 1 and self.words[self.at : self.at + len(words)] != list(words):
            return False
        self.at += len(words)
        return True

    def accept_any(self, *words: str) -> str:
        """Go past one of these words, and give it; empty if none of them comes next."""
        word = self.words[self.at]
        if not word or word not in words:
            return ""
        self.at += 1
        return word

    def expect(self, *words: str) -> None:
        """Go past these words, which must come next."""
        for word in words:
            if self.words[self.at] != word:
                self.fail()
            self.at += 1

    def fail(self, reason: str | None = None) -> NoReturn:
        """Give up at this token."""
        if reason is None:
            kind, value = self.kinds[self.at], self.value
            if kind == "end":
                reason = "the statement ends too early"
            elif kind == "open":
                mark = self.words[self.at] or (value[:2] if value.startswith("/") else value[0])
                reason = f"{mark} is never closed"
            elif value == "\ufeff":
                reason = "a byte order mark is no SQL"
            else:
                reason = f"{value[:_SHOWN]!r} was not expected here"
        raise NotUnderstood(reason, self.starts[self.at])

    def deepen(self) -> None:
        """Note that something nests here; whoever calls takes 1 from ``depth`` when it is read."""
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail(f"it nests more than {_DEEPEST} levels deep")

    def span(self, index: int) -> Span:
        """Give the span from the token of this index to the last one taken."""
        return Span(self.starts[index], self.ends[max(self.at - 1, index)])

    def since(self, index: int) -> str:
        """Give the text from the token of this index to the last one taken."""
        return self.text[self.starts[index] : self.ends[self.at - 1]] if self.at > index else ""

    def is_identifier(self) -> bool:
        """Whether a name could stand here."""
        kind = self.kinds[self.at]
        if kind == "word":
            return self.words[self.at] not in RESERVED
        return kind == "name" or (kind == "number" and not re.fullmatch(r"[\d.]+|0[xX].*", self.value))

    def identifier(self, *, any_word: bool = False) -> str:
        """Take one name without its quotes; ``any_word``: reserved words too, as after a dot."""
        if not self.is_identifier() and not (any_word and self.kind in {"word", "number"}):
            self.fail()
        value = self.value
        if self.kind == "name":
            value = value[1:-1].replace("``", "`")
        self.at += 1
        return value

    def name(self) -> Name:
        """Take the name of an object, with its database if it is said."""
        self.accept(".")
        first = self.identifier()
        if self.accept("."):
            return Name(self.identifier(any_word=True), first)
        return Name(first)

    def text_value(self) -> str:
        """Take a string, and give what it holds."""
        if self.kind != "string":
            self.fail()
        value = self.value
        self.at += 1
        return _unescaped(value)

    def number(self) -> str:
        """Take a number, as written."""
        if self.kind != "number":
            self.fail()
        return self.take()

    def group(self) -> str:
        """Take a parenthesised group, whatever is in it, and give its text without the parentheses."""
        first = self.at
        self.expect("(")
        depth = 1
        while depth:
            word = self.words[self.at]
            if self.kinds[self.at] in {"end", "open"}:
                self.fail()
            depth += (word == "(") - (word == ")")
            self.at += 1
        return self.text[self.ends[first] : self.starts[self.at - 1]].strip()

    def rest(self) -> str:
        """Take all that is left, whose parentheses must match, and give its text."""
        first = self.at
        depth = 0
        while not self.ended():
            word = self.words[self.at]
            depth += (word == "(") - (word == ")")
            if depth < 0 or self.kinds[self.at] in {"executable", "open"}:
                self.fail()
            self.at += 1
        if depth:
            self.fail()
        return self.since(first)

    def several(self, read: Callable[[], Item]) -> list[Item]:
        """Take one or more of something, with commas between."""
        items = [read()]
        while self.accept(","):
            items.append(read())
        return items

    def listed(self, read: Callable[[], Item]) -> list[Item]:
        """Take one or more of something in parentheses, with commas between."""
        self.expect("(")
        items = self.several(read)
        self.expect(")")
        return items

    def account(self) -> str:
        """Take a user or a role, as written: ``'a'@'%'``, ``CURRENT_USER()``."""
        first = self.at
        if self.accept("CURRENT_USER"):
            if self.accept("("):
                self.expect(")")
        elif self.kind == "string":
            self.text_value()
        elif self.kind == "word":
            self.at += 1
        else:
            self.identifier()
        if self.kind == "variable":
            host = self.take()
            if host == "@" and self.kind in {"string", "name", "word"}:
                self.at += 1
        return self.since(first)


def _unescaped(value: str) -> str:
    inner, quote = value[1:-1], value[0]
    if "\\" not in inner and quote not in inner:
        return inner
    return _ESCAPE.sub(lambda found: _character(found, quote), inner)


def _character(found: re.Match[str], quote: str) -> str:
    if found.group(1) is None:
        return quote if found.group() == quote * 2 else found.group()
    return _ESCAPED.get(found.group(1), found.group(1))
