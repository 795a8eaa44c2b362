"""Read a condition: one parser for what PostgreSQL, MySQL, MariaDB and SQLite show."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.sql.condition import grammar
from glowplug.sql.condition.expression import Call, Constant, Expression, Name, Unread, chained
from glowplug.sql.condition.tokens import Kind, NoTokenError, Token, UnreadableError, tokens

if TYPE_CHECKING:
    from collections.abc import Callable


@functools.lru_cache(maxsize=4096)
def parse(text: str, dialect: Dialect) -> Expression:
    """Read an expression; what can't be read is ``Unread``, never an error."""
    found = _read(text, dialect)
    return found[0] if found is not None and len(found) == 1 else Unread(text)


def parse_many(text: str, dialect: Dialect) -> tuple[Expression, ...] | None:
    """Read expressions with commas between them; None where one can't be read."""
    return _read(text, dialect)


def _read(text: str, dialect: Dialect) -> tuple[Expression, ...] | None:
    try:
        return _Parser(tokens(text, dialect), dialect).all()
    except (UnreadableError, NoTokenError):
        return None


class _Parser:
    """A cursor on tokens, and the rules for how tightly each operator binds."""

    def __init__(self, found: list[Token], dialect: Dialect) -> None:
        self._tokens = found
        self._at = 0
        self._depth = 0
        self._dialect = dialect

    def all(self) -> tuple[Expression, ...]:
        found = self._list()
        if self._now.kind is not Kind.END:
            raise UnreadableError(self._now.written)
        return found

    @property
    def _now(self) -> Token:
        return self._tokens[self._at]

    def _step(self) -> Token:
        token = self._tokens[self._at]
        if token.kind is Kind.END:
            raise UnreadableError("the end")
        self._at += 1
        return token

    def _is(self, *texts: str, ahead: int = 0) -> bool:
        index = min(self._at + ahead, len(self._tokens) - 1)
        token = self._tokens[index]
        return token.kind in {Kind.SIGN, Kind.WORD} and token.text in texts

    def _take(self, *texts: str) -> bool:
        if self._is(*texts):
            self._at += 1
            return True
        return False

    def _need(self, *texts: str) -> None:
        if not self._take(*texts):
            raise UnreadableError(f"{self._now.written} instead of {texts[0]}")

    def _list(self) -> tuple[Expression, ...]:
        found = [self._expression(0)]
        while self._take(","):
            found.append(self._expression(0))
        return tuple(found)

    def _expression(self, least: int) -> Expression:
        depth, self._depth = self._depth, self._depth + 1
        if self._depth > grammar.DEEPEST:
            raise UnreadableError("too deep")
        left = self._prefix()
        while (power := self._power()) > least:
            left = self._infix(left, power)
            self._depth += not (isinstance(left, Call) and left.name in grammar.FLAT)
        self._depth = depth
        return left

    def _power(self) -> int:  # noqa: PLR0911 - one a kind of token
        token = self._now
        if token.kind is Kind.WORD:
            if token.text == "not" and self._is(*grammar.WORDY_WORDS, ahead=1):
                return grammar.WORDY
            if token.text in grammar.WORDY_WORDS:
                return grammar.WORDY
            return grammar.WORDS.get(token.text, 0)
        if token.kind is not Kind.SIGN or token.text in ",()]:;.$":
            return 0
        if token.text == "::":
            return grammar.CAST
        if token.text == "[":
            return grammar.INDEX
        return grammar.BINARY.get(token.text, grammar.OTHER)

    def _prefix(self) -> Expression:  # noqa: PLR0911 - one a kind of token
        token = self._step()
        match token.kind:
            case Kind.NUMBER:
                return Constant(Decimal(token.text))
            case Kind.STRING:
                return Constant(token.text)
            case Kind.BYTES:
                return Constant(bytes.fromhex(token.text.zfill(len(token.text) + len(token.text) % 2)))
            case Kind.BITS:
                return Constant(token.text)
            case Kind.NAME:
                return self._named(token.text, quoted=True)
            case Kind.WORD:
                return self._word(token)
            case _:
                return self._sign(token)

    def _sign(self, token: Token) -> Expression:
        if token.text == "(":
            if self._is("select", "with", "values"):
                raise UnreadableError("a query")
            inner = self._list()
            self._need(")")
            return inner[0] if len(inner) == 1 else Call("row", inner)
        if token.text in {"-", "+"}:
            inner_one = self._expression(grammar.UNARY)
            if token.text == "+":
                return inner_one
            if isinstance(inner_one, Constant) and isinstance(inner_one.value, Decimal):
                return Constant(-inner_one.value)
            return Call("-", (inner_one,))
        if token.text in {"!", "~"}:
            return Call("not" if token.text == "!" else "bitwise not", (self._expression(grammar.UNARY),))
        raise UnreadableError(token.written)

    def _word(self, token: Token) -> Expression:
        special = _SPECIAL.get(token.text)
        if special is not None and (token.text in {"case", "not"} or self._is("(", "[")):
            return special(self)
        if token.text in {"select", "exists"}:
            raise UnreadableError("a query")
        if token.text in grammar.LITERALS and not self._is("(", "."):
            return Constant(grammar.LITERALS[token.text])
        if token.text in grammar.MOMENTS:
            if self._take("("):
                self._arguments()
            return Call(token.text)
        if token.text in grammar.TYPED and self._now.kind is Kind.STRING:
            return Call("cast", (Constant(self._step().text), Constant(token.text)))
        if token.text == "interval" and self._dialect is Dialect.MYSQL:
            amount = self._expression(grammar.OTHER)
            return Call("interval", (amount, Constant(self._step().text)))
        return self._named(token.written, quoted=False)

    def _named(self, name: str, *, quoted: bool) -> Expression:
        while self._take("."):
            token = self._step()
            if token.kind not in {Kind.NAME, Kind.WORD}:
                raise UnreadableError(token.written)
            name, quoted = (token.text, True) if token.kind is Kind.NAME else (token.written, False)
        if self._take("("):
            name = name.lower()
            return Call(f"{name}()" if name in grammar.OPERATORS else name, self._arguments())
        if not quoted and self._dialect is Dialect.POSTGRES:
            name = name.lower()
        return Name(name)

    def _arguments(self) -> tuple[Expression, ...]:
        if self._take(")"):
            return ()
        if self._take("*"):
            self._need(")")
            return ()
        self._take("distinct", "variadic")
        if self._is("select", "with"):
            raise UnreadableError("a query")
        found = self._list()
        self._need(")")
        return found

    def _not(self) -> Expression:
        return Call("not", (self._expression(grammar.NOT),))

    def _array(self) -> Expression:
        if self._take("["):
            found = () if self._is("]") else self._list()
            self._need("]")
            return Call("array", found)
        raise UnreadableError("a query")

    def _case(self) -> Expression:
        subject = None if self._is("when") else self._expression(0)
        parts: list[Expression] = []
        while self._take("when"):
            condition = self._expression(0)
            parts.append(condition if subject is None else Call("=", (subject, condition)))
            self._need("then")
            parts.append(self._expression(0))
        parts.append(self._expression(0) if self._take("else") else Constant(None))
        self._need("end")
        return Call("case", tuple(parts))

    def _cast(self) -> Expression:
        self._need("(")
        value = self._expression(0)
        if self._take("using"):
            self._step()
            self._need(")")
            return value
        self._need("as", ",")
        kind = self._type()
        self._need(")")
        return Call("cast", (value, Constant(kind)))

    def _extract(self) -> Expression:
        self._need("(")
        field = Constant(self._step().text)
        self._need("from", ",")
        value = self._expression(0)
        self._need(")")
        return Call("extract", (field, value))

    def _substring(self) -> Expression:
        self._need("(")
        parts = [self._expression(0)]
        while self._take("from", "for", ","):
            parts.append(self._expression(0))
        self._need(")")
        return Call("substring", tuple(parts))

    def _position(self) -> Expression:
        self._need("(")
        part = self._expression(grammar.WORDY)
        self._need("in", ",")
        whole = self._expression(0)
        self._need(")")
        return Call("strpos", (whole, part))

    def _trim(self) -> Expression:
        self._need("(")
        name = {"leading": "ltrim", "trailing": "rtrim"}.get(self._now.text, "trim")
        self._take("leading", "trailing", "both")
        parts = [] if self._is("from") else [self._expression(0)]
        if self._take("from"):
            parts.insert(0, self._expression(0))
        while self._take(","):
            parts.append(self._expression(0))
        self._need(")")
        return Call(name, tuple(parts))

    def _infix(self, left: Expression, power: int) -> Expression:  # noqa: PLR0911 - one an operator
        token = self._step()
        if token.text == "::":
            return Call("cast", (left, Constant(self._type())))
        if token.text == "[":
            index = self._expression(0)
            if self._take(":"):
                raise UnreadableError("a slice")
            self._need("]")
            return Call("element", (left, index))
        if token.kind is Kind.WORD:
            return self._wordy(left, token, power)
        if token.text == "||" and self._dialect is Dialect.MYSQL:
            return chained("or", left, self._expression(grammar.WORDS["or"]))
        if token.text == "&&" and self._dialect is Dialect.MYSQL:
            return chained("and", left, self._expression(grammar.WORDS["and"]))
        if self._is("any", "some", "all") and self._is("(", ahead=1):
            return self._quantified(left, token.text)
        right = self._expression(power)
        if isinstance(right, Call) and right.name in grammar.SIMILAR:
            similar: Expression = Call("similar", (left, right.arguments[0]))
            return Call("not", (similar,)) if token.text in grammar.NEGATED else similar
        if token.text in grammar.NEGATED:
            return Call("not", (Call(grammar.NEGATED[token.text], (left, right)),))
        return Call(grammar.SAME.get(token.text, token.text), (left, right))

    def _quantified(self, left: Expression, operator: str) -> Expression:
        every = self._step().text == "all"
        self._need("(")
        if self._is("select"):
            raise UnreadableError("a query")
        right = self._expression(0)
        self._need(")")
        if operator == "=" and not every:
            return Call("in", (left, right))
        if operator in {"<>", "!="} and every:
            return Call("not", (Call("in", (left, right)),))
        return Call(f"{operator} {'all' if every else 'any'}", (left, right))

    def _wordy(  # noqa: C901, PLR0911, PLR0912 - one a word
        self, left: Expression, token: Token, power: int
    ) -> Expression:
        match token.text:
            case "not":
                return Call("not", (self._wordy(left, self._step(), power),))
            case "and" | "or":
                return chained(token.text, left, self._expression(power))
            case "xor":
                return Call("xor", (left, self._expression(power)))
            case "isnull":
                return Call("is null", (left,))
            case "notnull":
                return Call("not", (Call("is null", (left,)),))
            case "is":
                return self._is_something(left)
            case "collate":
                self._named(self._step().text, quoted=True)
                return left
            case "at":
                self._need("time")
                self._need("zone")
                return Call("timezone", (self._expression(power), left))
            case "between":
                self._take("symmetric", "asymmetric")
                low = self._expression(grammar.WORDY)
                self._need("and")
                high = self._expression(grammar.WORDY)
                return Call("between", (left, low, high))
            case "in":
                self._need("(")
                inner = self._arguments()
                return Call("in", (left, Call("array", inner)))
            case "div" | "mod":
                return Call({"div": "div", "mod": "%"}[token.text], (left, self._expression(power)))
            case "similar":
                self._need("to")
                return Call("similar", (left, self._expression(grammar.WORDY)))
            case _:
                return self._like(left, token.text)

    def _like(self, left: Expression, word: str) -> Expression:
        right = self._expression(grammar.WORDY)
        if self._take("escape"):
            right = Call("like_escape", (right, self._expression(grammar.WORDY)))
        if word == "like" and self._dialect is not Dialect.POSTGRES:
            word = "ilike"
        if word in {"regexp", "rlike"}:
            word = "~*" if self._dialect is Dialect.MYSQL else "~"
        return Call(word, (left, right))

    def _is_something(self, left: Expression) -> Expression:
        negated = self._take("not")
        if self._take("distinct"):
            self._need("from")
            negated = not negated
            found: Expression = Call("is", (left, self._expression(grammar.COMPARISON)))
        elif self._take("null", "unknown"):
            found = Call("is null", (left,))
        elif self._is("true", "false"):
            found = Call("is", (left, Constant(self._step().text == "true")))
        elif self._is("json", "document", "normalized", "of"):
            raise UnreadableError(self._now.written)
        else:
            found = Call("is", (left, self._expression(grammar.COMPARISON)))
        return Call("not", (found,)) if negated else found

    def _type(self) -> str:
        token = self._step()
        if token.kind not in {Kind.WORD, Kind.NAME}:
            raise UnreadableError(token.written)
        words = [token.text]
        while self._take("."):
            words = [self._step().text]
        while True:
            if self._now.kind is Kind.WORD and self._now.text in grammar.TYPE_TAILS:
                words.append(self._step().text)
            elif self._is("(") and self._tokens[self._at + 1].kind is Kind.NUMBER:
                self._step()
                sizes = ",".join(str(each.value) for each in self._list() if isinstance(each, Constant))
                self._need(")")
                words.append(f"({sizes})")
            elif self._is("[") and self._is("]", ahead=1):
                self._at += 2
                words.append("[]")
            else:
                return " ".join(words)


_SPECIAL: dict[str, Callable[[_Parser], Expression]] = {
    "not": _Parser._not,  # noqa: SLF001 - the parser's own table
    "case": _Parser._case,  # noqa: SLF001 - the same
    "array": _Parser._array,  # noqa: SLF001 - the same
    "cast": _Parser._cast,  # noqa: SLF001 - the same
    "convert": _Parser._cast,  # noqa: SLF001 - the same
    "extract": _Parser._extract,  # noqa: SLF001 - the same
    "substring": _Parser._substring,  # noqa: SLF001 - the same
    "position": _Parser._position,  # noqa: SLF001 - the same
    "trim": _Parser._trim,  # noqa: SLF001 - the same
}
