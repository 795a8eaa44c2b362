"""What a file says of the insides of JSON documents: paths that it looks for or takes away, and those that it sets."""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING

import msgspec

from glowplug.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glowplug.sql.statement import Script

Path = tuple[str | None, ...]
"""Keys from the outermost one on; None is an element of an array."""

Scalar = str | int | bool

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/|\$(?:[A-Za-z_]\w*)?\$)
    | [eE]?(?P<text>'(?:[^']|'')*')
    | (?P<name>"(?:[^"]|"")*"|`[^`]*`)
    | (?P<word>\w+)
    | (?P<sign>->>|->|\#>>|\#>|\#-|\?\||\?&|@>|\|\||::|.)""",
    re.VERBOSE | re.DOTALL,
)
_STEP = re.compile(r"""\s*(?:\.\s*(?:"((?:[^"\\]|\\.)*)"|([^\s.\[\]"*?()<>=!,&|+/-]+)|\*)|(\[)[^\]]*\])""")
_NUMBER = re.compile(r"-?\d+")
_KEY = frozenset({"->", "->>"})
_KEYS = frozenset({"?", "?|", "?&"})
_WAYS = frozenset({"#>", "#>>", "#-"})
_ON_DOCUMENTS = _KEY | _KEYS | _WAYS
_OF_NO_DOCUMENT = frozenset(
    {"object", "array", "quote", "valid", "build_object", "build_array", "agg", "object_agg", "arrayagg", "objectagg"}
    | {"group_array", "group_object"}
)
"""Functions that take other values, or make documents of them."""
_TEXTS = frozenset({"text", "varchar", "character"})
_BY_KEYS = frozenset({"extract_path", "extract_path_text", "exists", "delete"})
_BY_WAY = frozenset({"set", "set_lax", "insert", "delete_path"})
_SETTING = frozenset({"set", "set_lax", "insert", "array_append", "array_insert"})
_BUILDING = frozenset({"build_object", "object"})
_MERGING = frozenset({"patch", "merge", "merge_patch", "merge_preserve"})
_TAKES = {
    **dict.fromkeys(("array_elements", "array_elements_text", "array_length"), "array"),
    **dict.fromkeys(("each", "each_text", "object_keys", "to_record", "populate_record"), "object"),
}
_FUNCTION = re.compile(r"jsonb?_(\w+)", re.IGNORECASE)
_TYPES = frozenset({"json", "jsonb"})
"""PostgreSQL's and MySQL's, and SQLite's functions that read a text as a document."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Paths that are there by what is said, each with the type that its value is cast to, and those that are set.

    ``values``: what is compared with the value at a path, as JSON. ``columns``: what is read as a document, in lower
    case.
    """

    there: Mapping[Path, str | None] = {}
    values: Mapping[Path, tuple[Scalar, ...]] = {}
    set: frozenset[Path] = frozenset()
    columns: frozenset[str] = frozenset()


class _Token(msgspec.Struct, frozen=True):
    """``kind`` is text, name, word or sign; ``value`` without quotes, words in lower case."""

    kind: str
    value: str


def paths_in(script: Script | None, dialect: Dialect) -> Said:
    """Read a file's text, bodies of blocks too."""
    return Said() if script is None else _said(script.text, dialect)


@functools.lru_cache(maxsize=2)
def _said(text: str, dialect: Dialect) -> Said:
    reading = _Reading(tuple(_tokens(text, dialect)))
    reading.read()
    values = {path: tuple(dict.fromkeys(found)) for path, found in reading.values.items()}
    return Said(there=reading.there, values=values, set=frozenset(reading.set), columns=frozenset(reading.columns))


def _tokens(text: str, dialect: Dialect) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "space"
        if kind == "text":
            yield _Token("text", match["text"][1:-1].replace("''", "'"))
        elif kind == "name":
            of_text = dialect is Dialect.MYSQL and match["name"][0] == '"'
            yield _Token("text" if of_text else "name", match["name"][1:-1])
        elif kind != "space":
            yield _Token(kind, match[kind].lower())


class _Reading:
    """A walk over tokens that gathers paths."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self.there: dict[Path, str | None] = {}
        self.values: dict[Path, list[Scalar]] = {}
        self.set: set[Path] = set()
        self.columns: set[str] = set()

    def read(self) -> None:
        at = 0
        while at < len(self._tokens):
            at = self._step(at)

    def _at(self, at: int) -> _Token:
        return self._tokens[at] if 0 <= at < len(self._tokens) else _Token("end", "")

    def _step(self, at: int) -> int:
        """Read what begins at a token; give where to go on."""
        token = self._at(at)
        if token.kind == "word" and self._at(at + 1).value == "(":
            self._function(token.value, at + 1)
        elif token.kind == "text" and token.value.lstrip().startswith("{"):
            self.set |= set(_inside(token.value))
        elif token.kind == "sign":
            if token.value in _ON_DOCUMENTS or (
                token.value == "::" and self._at(at + 1).value in _TYPES and self._at(at - 2).value != "::"
            ):
                self._is_document(self._at(at - 1))
            if token.value in _KEY:
                return self._chain(at)
            if token.value in _KEYS | _WAYS | {"-"}:
                self._listed(token.value, at + 1)
            elif token.value == "@>" and self._at(at + 1).kind == "text":
                self._contained(self._at(at + 1).value)
                return at + 2
            elif token.value == "[" and self._at(at + 1).kind == "text" and self._at(at - 1).value != "array":
                return self._subscripts(at)
        return at + 1

    def _is_document(self, *tokens: _Token) -> None:
        self.columns |= {token.value.lower() for token in tokens if token.kind in {"word", "name"}}

    def _chain(self, at: int) -> int:
        """Read ``-> 'a' ->> 'b'``."""
        outer = self._outer(at - 1)
        path: Path = ()
        while self._at(at).value in _KEY and self._at(at).kind == "sign":
            inner = self._at(at + 1)
            if inner.kind == "text":
                path += _in_dollars(inner.value) if inner.value.startswith("$") else (inner.value,)
            elif inner.kind == "word" and _NUMBER.fullmatch(inner.value):
                path += (None,)
            else:
                break
            at += 2
        self._note(path, cast=outer or self._cast(at))
        self._compare(path, at, as_json=self._at(at - 2).value == "->")
        return at if path else at + 1

    def _outer(self, at: int) -> str | None:
        """Give what the function takes whose argument begins with the name at ``at``: an array, an object."""
        while self._at(at).kind in {"word", "name"} or self._at(at).value == ".":
            at -= 1
        match = _FUNCTION.fullmatch(self._at(at - 1).value) if self._at(at).value == "(" else None
        return None if match is None else _TAKES.get(match[1])

    def _subscripts(self, at: int) -> int:
        """Read ``['a']['b']``, which an UPDATE may set."""
        begins = self._at(at - 2).value
        path: Path = ()
        while self._at(at).value == "[" and self._at(at + 1).kind in {"text", "word"} and self._at(at + 2).value == "]":
            path += (self._at(at + 1).value,) if self._at(at + 1).kind == "text" else (None,)
            at += 3
        if begins in {"set", ","} and self._at(at).value == "=":
            self.set.add(path)
        else:
            self._note(path, cast=self._cast(at))
        return at if path else at + 1

    def _listed(self, sign: str, at: int) -> None:
        """Read the key, the keys, or the path, behind an operator."""
        token = self._at(at)
        if token.kind == "text":
            kind = self._at(at + 2).value if self._at(at + 1).value == "::" else "text"
            if kind not in _TEXTS or self._at(at - 2).value == "interval":
                return
            several = token.value.startswith("{") and (sign in _WAYS or self._at(at + 3).value == "[" or len(sign) > 1)
            words = _in_braces(token.value) if several else (token.value,)
        elif token.value == "array" and self._at(at + 1).value == "[":
            words = tuple(each.value for each in self._until("]", at + 2) if each.kind == "text")
        else:
            return
        if sign in _WAYS:
            self._note(_way(words), cast=self._cast(at + 1))
            self._compare(_way(words), at + 1, as_json=sign == "#>")
        else:
            self._note(*((word,) for word in words))

    def _function(self, name: str, at: int) -> None:
        match = _FUNCTION.fullmatch(name)
        if match is None and name not in {"cast", *_TYPES}:
            return
        arguments, end = self._arguments(at)
        taken = _document(name, arguments[0])
        if all(each.kind in {"word", "name"} or each.value == "." for each in taken):
            self._is_document(*taken[-1:])
        if match is not None:
            self._with_verb(match[1], arguments, end)

    def _with_verb(self, verb: str, arguments: Sequence[Sequence[_Token]], end: int) -> None:
        texts = [each[0].value for each in arguments if each and each[0].kind == "text"]
        ways = [_in_dollars(each) for each in texts if each.startswith("$")]
        if verb in _BUILDING:
            self.set |= {(each[0].value,) for each in arguments[::2] if each and each[0].kind == "text"}
        elif verb in _MERGING:
            for each in texts:
                self._merged(each)
        elif ways and verb in _SETTING:
            self.set |= set(ways)
        elif ways or verb in _BY_KEYS:
            found = ways or [tuple(texts)]
            self._note(*found, cast=self._cast(end))
            if len(found) == 1:
                self._compare(found[0], end + 1, as_json=not verb.endswith("_text") and verb != "extract")
        elif verb in _BY_WAY and len(arguments) > 1:
            self._by_way(verb, self._way_of(arguments[1]), arguments[2:])

    def _by_way(self, verb: str, way: Path, more: Sequence[Sequence[_Token]]) -> None:
        """Take the path of ``jsonb_set`` and the like, which replaces what is there where it may not create."""
        replaces = verb.startswith("set") and [_Token("word", "false")] in (list(each) for each in more[1:])
        if replaces or verb == "delete_path":
            self._note(way)
        elif way:
            self.set.add(way)

    def _merged(self, text: str) -> None:
        """Take the keys of a patch: what it makes null it takes away."""
        for path, value in _leaves(text):
            if value is None:
                self._note(path)
            else:
                self.set.add(path)

    def _way_of(self, argument: Sequence[_Token]) -> Path:
        first = argument[0] if argument else _Token("end", "")
        if first.kind == "text":
            return _way(_in_braces(first.value))
        return _way(tuple(each.value for each in argument if each.kind == "text")) if first.value == "array" else ()

    def _arguments(self, at: int) -> tuple[list[list[_Token]], int]:
        """Give the arguments of a call, whose bracket stands at ``at``, and where it ends."""
        depth = 0
        found: list[list[_Token]] = [[]]
        for end, token in enumerate(self._tokens[at:], at):
            sign = token.value if token.kind == "sign" else ""
            depth -= sign in {")", "]"}
            if depth == 0 and end > at:
                return found, end
            if depth == 1 and sign == ",":
                found.append([])
            elif depth:
                found[-1].append(token)
            depth += sign in {"(", "["}
        return found, len(self._tokens)

    def _until(self, sign: str, at: int) -> Iterator[_Token]:
        while self._at(at).kind != "end" and self._at(at).value != sign:
            yield self._at(at)
            at += 1

    def _cast(self, at: int) -> str | None:
        """Give the type that a value is cast to: ``) :: type``, or ``AS type)``."""
        while self._at(at).value == ")":
            at += 1
        return self._at(at + 1).value if self._at(at).value in {"::", "as"} else None

    def _contained(self, text: str) -> None:
        """Take a document that another is to hold, its values too."""
        for path, value in _leaves(text):
            self._note(path)
            if isinstance(value, str | int):
                self.values.setdefault(path, []).append(value)

    def _compare(self, path: Path, at: int, *, as_json: bool) -> None:
        """Take what the value at a path is compared with: ``) :: type = value``, or ``IN (value, value)``."""
        while self._at(at).value in {")", "::"} and self._at(at).kind == "sign":
            at += 1 if self._at(at).value == ")" else 2
        given: Sequence[_Token] = ()
        if self._at(at).value == "=" and self._at(at).kind == "sign":
            at += 1 + (self._at(at + 1).value == "=")
            given = (self._at(at),)
        elif self._at(at).value == "in" and self._at(at + 1).value == "(":
            given = tuple(self._until(")", at + 2))
        found = [value for token in given if (value := _scalar(token, as_json=as_json)) is not None]
        if found and path:
            self.values.setdefault(path, []).extend(found)

    def _note(self, *paths: Path, cast: str | None = None) -> None:
        for path in paths:
            if path:
                self.there[path] = self.there.get(path) or cast


def _scalar(token: _Token, *, as_json: bool) -> Scalar | None:
    """Read a constant; ``as_json``: a text is a document, else what one holds."""
    if token.kind == "word":
        return int(token.value) if _NUMBER.fullmatch(token.value) else {"true": True, "false": False}.get(token.value)
    if token.kind != "text" or not as_json:
        return token.value if token.kind == "text" else None
    try:
        value = json.loads(token.value)
    except ValueError:
        return token.value
    return value if isinstance(value, str | int) else None


def _document(name: str, argument: Sequence[_Token]) -> Sequence[_Token]:
    """Give what a function reads as a document, of its first argument; nothing where that is none."""
    if name == "cast":
        *what, said, kind = argument if len(argument) > 1 else [_Token("end", "")] * 2
        return what if said.value == "as" and kind.value in _TYPES else ()
    match = _FUNCTION.fullmatch(name)
    return () if match is not None and match[1] in _OF_NO_DOCUMENT else argument


def _in_dollars(text: str) -> Path:
    """Read ``$.a."b c"[0]``, as far as it is plain."""
    at = text.index("$") + 1
    found: list[str | None] = []
    while (match := _STEP.match(text, at)) is not None:
        key = match[1] if match[1] is not None else match[2]
        if key is None and match[3] is None:
            break
        found.append(key)
        at = match.end()
    return tuple(found)


def _in_braces(text: str) -> tuple[str, ...]:
    """Read ``{a,"b c"}``."""
    inner = text.strip()[1:-1]
    return tuple(part.strip().strip('"') for part in inner.split(",") if part.strip())


def _way(words: Sequence[str]) -> Path:
    return tuple(None if _NUMBER.fullmatch(word) else word for word in words)


def _inside(text: str) -> list[Path]:
    return [path for path, _ in _leaves(text)]


def _leaves(text: str) -> list[tuple[Path, object]]:
    """Give the paths of a document's values."""
    try:
        whole = json.loads(text)
    except ValueError:
        return []
    found: list[tuple[Path, object]] = []
    waiting: list[tuple[Path, object]] = [((), whole)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting += [((*path, key), inner) for key, inner in value.items()]
        elif path:
            found.append((path, value))
    return found
