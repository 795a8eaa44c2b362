"""Rule ``ddl-commits-halfway``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity, Step
from glowplug.review.claims import Fails, Leaves
from glowplug.review.mysql_alter import ON_MARIADB, by_manual
from glowplug.review.rule import Hit, Rule
from glowplug.review.wording import lead, weight
from glowplug.sql import actions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import Name

_ROWS = (actions.Insert, actions.Update, actions.Delete)
_NOTHING = (
    *(actions.Select, actions.SetVariable, actions.Transaction, actions.LockTable, actions.Maintain, actions.Other),
    *(actions.ClientCommand, actions.Copy),
)
_UNKNOWN = (actions.Dynamic, actions.Block)
_ANEW = (
    *(actions.SetDefault, actions.AlterColumnSetting, actions.Delete, actions.Truncate, actions.Grant),
    actions.Comment,
)
_RISKY = (actions.AddConstraint, actions.ModifyColumn, actions.Insert, actions.Update, *_UNKNOWN)
_PARTITIONS = (actions.TableChange.PARTITIONING, actions.TableChange.DROP_PARTITION)
_COLUMNS = (actions.AddColumn, actions.DropColumn, actions.ModifyColumn, actions.DropConstraint, actions.AddConstraint)
MOST = 20  # statements that are written as one
_HEAD = re.compile(r"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:`[^`]*`|[\w$.]+)(?=\s)", re.IGNORECASE)


class DdlCommitsHalfway(Rule):
    """Several statements in one file, and MySQL commits each: what fails halfway stays half done.

    ## What it does
    Says once a file that one of its statements can't be run again, while others come after it: should one of these
    fail, the next run, or of a down.sql the next revert, stops at the first. It is silent for a file with one
    statement, for one of INSERT, UPDATE and DELETE alone, which Diesel's transaction holds together, and where all but
    the last can be run again: `IF EXISTS`, `IF NOT EXISTS`, `MODIFY`, `DROP TABLE IF EXISTS` in front of `CREATE
    TABLE`. It is a warning where more than new tables would stay and a later statement depends on what is there (a
    constraint, a unique index, MODIFY, INSERT, UPDATE, CALL), else a notice.

    ## Why it is harmful
    DDL commits by itself, the transaction around the file notwithstanding. Diesel records nothing for a file that
    failed, and begins at its top again: `Duplicate column name`, `Table already exists`. A down.sql that failed leaves
    its version recorded, and the next revert begins at its top. Somebody has to find out by hand what is there.

    ## Example
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN nick varchar(50);
    ALTER TABLE users ADD COLUMN email varchar(50) NOT NULL DEFAULT '-';
    ```

    ## Use instead
    One ALTER TABLE for the columns of a table, which is done or not done as a whole; else one migration for each.
    ```sql before
    CREATE TABLE users (id int PRIMARY KEY);
    ```
    ```sql up
    ALTER TABLE users ADD COLUMN nick varchar(50), ADD COLUMN email varchar(50) NOT NULL DEFAULT '-';
    ```

    ## How it was proven
    On MariaDB, within a transaction: the second statement fails with 1062, the column of the first is there after the
    ROLLBACK, and the same file then fails with 1060.
    """

    hazards = (106, 134)
    dialects = frozenset({Dialect.MYSQL})
    severity = Severity.WARNING
    claims = (
        Leaves(
            dialect=Dialect.MYSQL, what="what the first statement did, after the second failed", versions=ON_MARIADB
        ),
        Fails(dialect=Dialect.MYSQL, code="1062", versions=ON_MARIADB),
        Fails(dialect=Dialect.MYSQL, code="1060", versions=ON_MARIADB),
    )

    def check_file(self, contexts: Sequence[Context]) -> Iterator[Hit]:
        """Say where a second run would stop."""
        changing = [context for context in contexts if _changes(context.statement.actions)]
        last = max((n for n, each in enumerate(changing) if _is_ddl(each)), default=None)
        if last is None or len(changing) < 2:  # noqa: PLR2004 - one alone is done or not done
            return
        first, only_new = None, True
        made: set[Name] = set()
        dropped: set[Name] = set()
        for number, context in enumerate(changing[:-1]):
            its = context.statement.actions
            made |= {each.table for each in its if isinstance(each, actions.CreateTable)}
            stays = _is_ddl(context) or number < last  # DDL commits what was written before it
            if stays and not _again(context, dropped):
                first = number if first is None else first
                only_new = only_new and all(getattr(each, "table", None) in made for each in its)
            dropped |= {each.table for each in its if isinstance(each, actions.DropTable) and each.if_exists}
        if first is not None:
            risky = any(_may_fail(each) for context in changing[first + 1 :] for each in context.statement.actions)
            yield _hit(changing, first, Severity.WARNING if risky and not only_new else Severity.NOTICE)


def _hit(changing: Sequence[Context], number: int, severity: Severity) -> Hit:
    context, after = changing[number], len(changing) - number - 1
    fails = "the statement after it fails" if after == 1 else f"one of the {after} statements after it fails"
    recorded = "recorded, and the next revert" if context.down else "unrecorded, and the next run"
    return Hit(
        message=f"{lead(context)}the server commits each of these statements: where {fails}, this one stays done and "
        f"the migration {recorded} stops here, for it is done already{by_manual(context)}",
        span=context.statement.span,
        subject=context.migration.name,
        severity=weight(context, severity),
        safe_form=_safe_form(changing),
    )


def _is_ddl(context: Context) -> bool:
    return not all(isinstance(each, _ROWS) for each in context.statement.actions)


def _may_fail(action: Action) -> bool:
    """Whether it depends on what is in the database if it fails: on rows, or on what refers to what."""
    converts = isinstance(action, actions.AlterTableSetting) and action.change is actions.TableChange.CHARACTER_SET
    unique = isinstance(action, actions.CreateIndex) and action.unique
    inline = isinstance(action, actions.AddColumn) and bool(action.column.constraints)
    return converts or unique or inline or isinstance(action, _RISKY)


def _changes(done: tuple[Action, ...]) -> bool:
    return any(
        not isinstance(each, _NOTHING)
        and not getattr(each, "temporary", False)
        and not (isinstance(each, actions.Dynamic) and each.what == "prepare")
        for each in done
    )


def _again(context: Context, dropped: set[Name]) -> bool:
    """Whether the statement can be run once more after it was run, where the file has ``dropped`` tables before it."""
    return all(
        isinstance(each, (*_ANEW, *_NOTHING, *_UNKNOWN))
        or getattr(each, "table", None) in dropped
        or (isinstance(each, actions.AlterTableSetting) and each.change not in _PARTITIONS)
        or getattr(each, "if_exists", False)
        or getattr(each, "if_not_exists", False)
        or getattr(each, "or_replace", False)
        or getattr(each, "temporary", False)
        or (isinstance(each, actions.ModifyColumn) and each.definition.name.casefold() == each.column.casefold())
        or (isinstance(each, actions.Insert) and (each.replace or each.ignore or _on_duplicate(context)))
        or (isinstance(each, actions.Update) and _settles(each))
        for each in context.statement.actions
    )


def _on_duplicate(context: Context) -> bool:
    return "ON DUPLICATE KEY" in context.text(context.statement.span).upper()


def _settles(update: actions.Update) -> bool:
    """Whether it gives the same values when it runs twice: none of them is made from the columns that it sets."""
    own = {each.casefold() for each in update.columns}
    return not any(own & set(map(str.casefold, each.columns)) for each in update.values)


def _safe_form(changing: Sequence[Context]) -> SafeForm:
    """Write one ALTER TABLE where they are all of one table, else name the migrations."""
    context = changing[0]
    tables = {getattr(each, "table", None) for one in changing for each in one.statement.actions}
    heads = [_HEAD.match(one.text(one.statement.span)) for one in changing]
    columns = all(isinstance(each, _COLUMNS) for one in changing for each in one.statement.actions)
    if len(tables) == 1 and columns and all(heads) and len(changing) <= MOST:
        clauses = ",\n    ".join(
            one.text(one.statement.span)[head.end() :].strip()
            for one, head in zip(changing, heads, strict=True)
            if head
        )
        whole = f"{heads[0][0] if heads[0] else ''}\n    {clauses};"
        return SafeForm(
            steps=(
                Step(
                    name=context.migration.name.partition("_")[2] or "one_alter",
                    up=whole,
                    down="-- the opposite, as one ALTER TABLE too",
                    note="in the place of this file, unless one clause builds on another: done or not done as a whole",
                ),
            )
        )
    return SafeForm(
        note=f"a migration for each of the {len(changing)} statements; or make each of them one that can be run again: "
        "DROP … IF EXISTS, CREATE TABLE IF NOT EXISTS, on MariaDB ADD COLUMN IF NOT EXISTS"
    )
