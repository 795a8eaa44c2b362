"""Rule ``type-copies-table``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from glowplug.dialect import Dialect
from glowplug.finding import SafeForm, Severity
from glowplug.review import mysql_alter
from glowplug.review.claims import Alters, Fails
from glowplug.review.mysql_type_change import MARIADB, MYSQL, WITH_CHARSET, Work, canonical, shown, work, written
from glowplug.review.rule import Hit, Rule
from glowplug.review.rules.rewrite import _words as words
from glowplug.review.wording import NOT_IN_A_DOWN, condition, is_new, lead, sql, weight
from glowplug.sql.actions import AlterTableSetting, ModifyColumn, TableChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glowplug.finding import Related
    from glowplug.review.context import Context
    from glowplug.sql.actions import Action
    from glowplug.sql.parts import TypeName


class TypeCopiesTable(Rule):
    """A column's type or character set changes, and the server copies the table while writers wait.

    ## What it does
    Finds `MODIFY` and `CHANGE COLUMN` with another type, and `CONVERT TO CHARACTER SET`, where the server needs
    `ALGORITHM=COPY`. It is silent where it needs none: a longer `VARCHAR` with as many length bytes, another display
    width, on MariaDB `utf8mb3` to `utf8mb4` and another collation as well. Where MySQL and MariaDB differ and
    `server_version` in glowplug.toml does not say which it is, the message says on which.

    ## Why it is harmful
    The table is copied row by row: for that long INSERT, UPDATE and DELETE wait (MariaDB from 11.2 on lets them go on,
    as its manual says), disk and replicas carry the table a second time, and a replica lags behind for as long.

    ## Example
    ```sql before
    CREATE TABLE attachments (id int PRIMARY KEY, file_size int NOT NULL);
    ```
    ```sql up
    ALTER TABLE attachments MODIFY file_size bigint NOT NULL;
    ```

    ## Use instead
    Add a column of the new type, let the application write both, copy the rows in batches, and give it what the old
    one has: NOT NULL, default, comment, indexes. Then read the new one, and drop the old; or let gh-ost or
    pt-online-schema-change do it. A down.sql can't do that, for no release comes between its statements: where the
    table is large, go back by new migrations.
    ```sql before
    CREATE TABLE attachments (id int PRIMARY KEY, file_size int NOT NULL);
    ```
    ```sql up
    ALTER TABLE attachments ADD COLUMN file_size_bigint bigint;
    ```

    ## How it was proven
    MariaDB refuses INSTANT, NOCOPY and INPLACE for it, and takes COPY with LOCK=SHARED; each pair of sixty types was
    changed, with an index and without. The migrations that it proposes were run forth and back with a row.
    There was no MySQL to try: of MySQL it is what the manual says.
    """

    hazards = (86, 87)
    dialects = frozenset({Dialect.MYSQL})
    severity = Severity.ERROR
    actions = (ModifyColumn, AlterTableSetting)
    claims = (
        Alters(dialect=Dialect.MYSQL, algorithm="COPY", lock="SHARED", versions=mysql_alter.BLOCKING_COPY),
        Fails(dialect=Dialect.MYSQL, code="1846", versions=mysql_alter.ON_MARIADB),
    )

    def check(self, action: Action, context: Context) -> Iterator[Hit]:
        """Say on which server the table is copied."""
        if isinstance(action, ModifyColumn) and action.definition.type is not None:
            yield from self._modified(action, action.definition.type, context)
        elif isinstance(action, AlterTableSetting) and action.change is TableChange.CHARACTER_SET:
            yield from self._converted(action, context)

    def _modified(self, action: ModifyColumn, kind: TypeName, context: Context) -> Iterator[Hit]:
        column = context.schema.column(action.table, action.column)
        facts = context.schema.table(action.table)
        if is_new(context, action.table) or (column is None and facts is not None and facts.columns_known):
            return
        name = f"{action.table}.{action.column}"
        needed, to = {MARIADB: Work.UNKNOWN}, f"change {name} to {shown(kind)}"
        unknown = "what it is now is not known here"
        related = () if column is None else (context.related(column.born, f"{name} was added here"),)
        if column is not None and column.type is not None:
            old, new = (mysql_alter.column_type(context, action.table, each) for each in (column.type, kind))
            if old.name == new.name and old.name in {"enum", "set"} and old.modifiers != new.modifiers:
                return  # enum-values-changed tells more
            indexed = mysql_alter.is_indexed(context, action.table, column)
            needed = {vendor: work(old, new, vendor, indexed=indexed) for vendor in mysql_alter.vendors(context)}
            to, unknown = f"change {name} from {_named(old, new)}", mysql_alter.undecided(old, new)
        safe = _new_column(action, kind, context)
        yield from _hits(action, context, name=name, to=to, needed=needed, unknown=unknown, related=related, safe=safe)

    def _converted(self, action: AlterTableSetting, context: Context) -> Iterator[Hit]:
        facts = context.schema.table(action.table)
        if facts is None or is_new(context, action.table):
            return
        needed = dict.fromkeys(mysql_alter.vendors(context), Work.NOTHING)
        for column in facts.columns.values():
            old = None if column.type is None else mysql_alter.column_type(context, action.table, column.type)
            if old is None or old.name not in WITH_CHARSET:
                continue
            new = replace(old, charset=action.value, collation=action.collation)
            for vendor, most in needed.items():
                each = work(old, canonical(new), vendor)
                needed[vendor] = most if most is Work.COPY or each is Work.NOTHING else each
        to = f"convert its texts to {action.value}"
        safe = SafeForm(note=mysql_alter.letters_lacking(context, facts, action.value))
        yield from _hits(action, context, name=str(action.table), to=to, needed=needed, safe=safe)


def _hits(
    action: ModifyColumn | AlterTableSetting,
    context: Context,
    *,
    name: str,
    to: str,
    needed: dict[str, Work],
    unknown: str = mysql_alter.ENCODING_UNKNOWN,
    related: tuple[Related, ...] = (),
    safe: SafeForm | None = None,
) -> Iterator[Hit]:
    table, works = action.table, set(needed.values())
    if works == {Work.NOTHING}:
        return
    severity = weight(context, Severity.WARNING)
    stops = "INSERT, UPDATE and DELETE on it wait"
    if works == {Work.COPY}:
        message, severity = mysql_alter.copies(context, table, to), mysql_alter.copy_weight(context)
    elif needed.get(MYSQL) is Work.COPY and needed.get(MARIADB) is Work.NOTHING:
        message = f"{lead(context)}on MySQL copies every row of {table} to {to}, according to its manual, while {stops}"
        message += "; MariaDB does so in an instant"
    else:
        message = f"{lead(context)}may copy every row of {table} to {to}, while {stops}: {unknown}"
    yield Hit(
        message=message + condition(context, table),
        span=action.span,
        subject=name,
        severity=severity,
        related=related,
        safe_form=_safe_form(action, context, safe or SafeForm()),
    )


def _safe_form(action: ModifyColumn | AlterTableSetting, context: Context, safe: SafeForm) -> SafeForm:
    if context.down:
        return SafeForm(note=NOT_IN_A_DOWN)
    tool = mysql_alter.outside_tool(context, action.table, context.text(action.span))
    tool = f"or {tool}" if safe.steps or safe.note else tool
    return replace(safe, note="\n".join(filter(None, (safe.note, tool))))


def _named(old: TypeName, new: TypeName) -> str:
    """Name both types, with their character sets where these alone tell them apart."""
    one, other = shown(old), shown(new)
    if one == other:
        one, other = (f"{one} {each.collation or each.charset or '(no character set said)'}" for each in (old, new))
    return f"{one} to {other}"


def _new_column(action: ModifyColumn, kind: TypeName, context: Context) -> SafeForm:
    table = context.schema.table(action.table)
    column = context.schema.column(action.table, action.column)
    instead = words.why_not(table, column, action.column)
    if instead is not None:
        return SafeForm(note=instead)
    said, was = action.definition, None if column is None else column.type
    renamed = said.name.casefold() != action.column.casefold()
    fresh = said.name if renamed else words.fresh_name(table, action.column, kind.name)
    held = words.kept_by(context, table, column)
    if held is not None:
        how = words.beside(action.column, fresh, written(kind), "copy the rows in batches")
        return SafeForm(note=f"{how}; {words.HELD}{held}")
    old = words.Shape.of(column, action.column, None if was is None else written(was))
    new = words.Shape(
        name=fresh,
        kind=written(kind),
        not_null=said.not_null,
        default=None if said.default is None else said.default.text,
        on_update=words.followed(said.on_update),
        comment=words.described(said.comment),
    )
    notes = [] if column is None else [words.also(table, column, action.column, new.name)]
    return SafeForm(
        steps=words.in_its_place(
            context, action.table, old, new, copied="copy the rows in batches", back=sql(context, new.name)
        ),
        note="; ".join(filter(None, notes)) or None,
    )
