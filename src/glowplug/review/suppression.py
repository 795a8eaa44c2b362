"""Suppressions in the SQL: ``-- glowplug: allow RULE because "…"`` before, or in, the statement that they accept.

The clauses after the rules, in any order: ``because "…"`` (required), ``rows <= 10000``, ``step "…"``,
``until 2026-12-31``. Any comment that the dialect knows can hold one, each on one line.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.finding import Place
from glowplug.review.comments import comments_of, statement_of
from glowplug.review.context import position
from glowplug.review.reviewed import AllowComment, AllowWords

if TYPE_CHECKING:
    from glowplug.dialect import Direction
    from glowplug.project import Migration
    from glowplug.sql.statement import Script

_MARK = re.compile(r"(?:--|#|/\*)[-#*!\s]*glowplug:\s*")
_RULES = re.compile(r"allow\s+(?P<rules>[\w-]+(?:\s*,\s*[\w-]+)*)(?=\s|$)")
_CLAUSE = re.compile(
    r'\s*(?:(?P<word>because|step)\s*"(?P<text>(?:[^"\\]|\\.)*)"'
    r"|rows\s*<=\s*(?P<rows>[0-9](?:_?[0-9]){0,17})"
    r"|until\s+(?P<until>[\w-]+))(?=\s|$)"
)


def allow_comments(script: Script, migration: Migration, direction: Direction) -> list[AllowComment]:
    """Find the suppressions in a file, well-formed or not."""
    found = []
    for comment in comments_of(script):
        text = script.text_of(comment)
        mark = _MARK.match(text)
        if mark is None:
            continue
        about = statement_of(script.text, script.statements, comment.start)
        line, column = position(script.text, comment.start)
        end_line, end_column = position(script.text, comment.end)
        found.append(
            AllowComment(
                place=Place(
                    file=migration.file(direction), line=line, column=column, end_line=end_line, end_column=end_column
                ),
                version=migration.version,
                migration=migration.name,
                words=parse(text[mark.end() :].removesuffix("*/").rstrip("* \t\r\n")),
                start=None if about is None else position(script.text, about.span.start),
                end=None if about is None else position(script.text, about.span.end),
            )
        )
    return found


def parse(text: str) -> AllowWords:
    """Read what stands behind ``glowplug:``."""
    head = _RULES.match(text)
    if head is None:
        word = text.split(maxsplit=1)[0] if text.split() else ""
        unknown = "" if word in {"", "allow"} else f"`{word}` is no word for it: "
        return AllowWords(fault=f"{unknown}after `allow` come one or more names of rules")
    words = AllowWords(rules=tuple(name.strip() for name in head["rules"].split(",")))
    said: set[str] = set()
    at = head.end()
    while at < len(text):
        clause = _CLAUSE.match(text, at)
        if clause is None:
            return replace(words, fault=f"`{text[at:].strip()}` is no clause of it")
        word = clause["word"] or ("rows" if clause["rows"] else "until")
        if word in said:
            return replace(words, fault=f"`{word}` stands twice")
        said.add(word)
        at = clause.end()
        if word == "rows":
            words = replace(words, rows=int(clause["rows"]))
        elif word == "until":
            until = _date(clause["until"])
            if until is None:
                return replace(words, fault=f"`{clause['until']}` is no date such as 2026-12-31")
            words = replace(words, until=until)
        elif word == "step":
            words = replace(words, step=_unescaped(clause["text"]))
        else:
            words = replace(words, because=_unescaped(clause["text"]))
    return words


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _date(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
