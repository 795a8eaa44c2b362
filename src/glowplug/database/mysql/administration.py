"""What only the administrator of a scratch server does: accounts, schemas, what comes before the first migration."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glowplug.database.creation import refused_setting
from glowplug.database.interface import Closing
from glowplug.database.mysql.lacking import named_in
from glowplug.database.mysql.session import (
    ACCESS_DENIED,
    ALL_ROWS,
    Refused,
    Session,
    StatementRefused,
    first_column,
    quote_name,
    quote_text,
    text_of,
)
from glowplug.errors import ConfigurationError, EnvironmentFailure, MissingFeature

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glowplug.database.mysql.blueprint import Blueprint, Standing
    from glowplug.database.mysql.session import Address

_DROP_SECONDS = 30
_LIMITS = ("QUERIES_PER_HOUR", "UPDATES_PER_HOUR", "CONNECTIONS_PER_HOUR", "USER_CONNECTIONS")
_LONG_PATIENCE = 600.0  # seconds for a statement that may move any number of rows
_LONGEST_WAIT = 2147483  # seconds that an idle session lives: the most that every platform's server takes


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerVersion:
    """What a server says it is: ``vendor`` is "MariaDB" or "MySQL", ``number`` its version's digits and dots."""

    vendor: str
    number: str

    @property
    def series(self) -> str:
        """Major and minor: "10.11"."""
        return ".".join(self.number.split(".")[:2])

    @classmethod
    def of(cls, text: str) -> ServerVersion:
        """Read the answer of VERSION() or of ``--version``."""
        vendor = "MariaDB" if "mariadb" in text.lower() else "MySQL"
        found = re.search(r"\d+\.\d+(\.\d+)?", text.removeprefix("5.5.5-"))
        return cls(vendor=vendor, number=found.group(0) if found else "0")


class Administrator(Closing):
    """An administrator's session on a scratch server."""

    def __init__(self, address: Address) -> None:
        """Connect.

        Raises:
            LostConnection: the server can't be reached.
        """
        self.address = address.to(None)
        self._session = Session(self.address)
        self._session.rows(f"SET sql_select_limit = {ALL_ROWS}")

    def version(self) -> ServerVersion:
        """Ask the server what it is."""
        return ServerVersion.of(text_of(self._session.rows("SELECT VERSION()")[0][0][0]) or "")

    def variables(self) -> dict[str, str]:
        """What is set for the whole server."""
        rows = self._session.rows("SHOW GLOBAL VARIABLES")[0]
        return {text_of(row[0]) or "": text_of(row[1]) or "" for row in rows}

    def identity(self) -> str:
        """What tells the server from any other that its databases may be replicated to."""
        rows = self._session.rows("SELECT CONCAT_WS('/', @@hostname, @@port, @@server_id)")[0]
        return text_of(rows[0][0]) or ""

    def lock(self, name: str) -> bool:
        """Take the server's lock ``name`` for as long as this session lives, unless another session has it."""
        self._session.rows(f"SET wait_timeout = {_LONGEST_WAIT}")
        return first_column(self._session.rows(f"SELECT GET_LOCK({quote_text(name)}, 0)")[0]) == ["1"]

    def unlock(self, name: str) -> None:
        """Let go of the lock ``name``."""
        self._session.rows(f"DO RELEASE_LOCK({quote_text(name)})")

    def set_password(self, password: str) -> None:
        """Protect the administrator's own account with a password from now on."""
        self._session.rows(f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}'")

    def create_account(self, account: Address, *, host: str, schema: str, everything: bool) -> None:
        """Make ``account`` with all rights on ``schema`` and none elsewhere, or on the whole server if asked so."""
        name = f"'{account.user}'@'{host}'"
        self._session.rows(f"CREATE USER IF NOT EXISTS {name} IDENTIFIED BY '{account.password}'")
        self._grant(name, schema, everything=everything)

    def see_it_in(self, account: Address) -> None:
        """See that a new account gets in.

        Raises:
            EnvironmentFailure: the server takes who comes as it for somebody else, or refuses it.
        """
        try:
            Session(account).close()
        except Refused as refused:
            if refused.error.number != ACCESS_DENIED:
                raise
            nobody = self._anonymous()
            if not nobody:
                raise
            names = ", ".join(nobody)
            raise EnvironmentFailure(
                f"the scratch server lets the migrations' account not in: {refused.error.message}. It has an anonymous "
                f"account, {names}, and takes who comes from there for that one",
                advice=f"Remove it, on the scratch server: DROP USER {names};",
            ) from refused

    def _anonymous(self) -> list[str]:
        """The accounts without a name that are preferred to one with a name that may come from anywhere."""
        with contextlib.suppress(StatementRefused):
            hosts = first_column(self._session.rows("SELECT host FROM mysql.user WHERE user = '' ORDER BY host")[0])
            return [f"''@'{host}'" for host in hosts if host != "%"]
        return []

    def readmit(self, account: Address, *, host: str, schema: str, everything: bool) -> None:
        """Let ``account`` in again with its password and rights, whatever became of it."""
        self.create_account(account, host=host, schema=schema, everything=everything)
        name = f"'{account.user}'@'{host}'"
        limits = (f"MAX_{each} 0" for each in _LIMITS)
        self._session.rows(f"ALTER USER {name} IDENTIFIED BY '{account.password}' REQUIRE NONE WITH {' '.join(limits)}")
        with contextlib.suppress(StatementRefused):  # a server that can't unlock an account has locked none
            self._session.rows(f"ALTER USER {name} ACCOUNT UNLOCK")

    def drop_account(self, user: str, *, host: str) -> None:
        """Remove the account ``user``."""
        self._session.rows(f"DROP USER IF EXISTS '{user}'@'{host}'")

    def accounts(self) -> list[str]:
        """The users of all accounts; none where this one may not read them."""
        with contextlib.suppress(StatementRefused):
            return first_column(self._session.rows("SELECT user FROM mysql.user")[0])
        return []

    def create_schema(
        self, schema: str, *, charset: str | None, collation: str | None, stands_in: tuple[int, ...] = ()
    ) -> None:
        """Make an empty schema; ``stands_in``: it is a MariaDB, and production runs this version of MySQL.

        Raises:
            ConfigurationError: the server knows no such character set or collation.
            MissingFeature: a MySQL would.
        """
        options = (f" CHARACTER SET {_word(charset, 'encoding')}" if charset else "") + (
            f" COLLATE {_word(collation, 'collation')}" if collation else ""
        )
        try:
            self._session.rows(f"CREATE DATABASE {quote_name(schema)}{options}")
        except StatementRefused as refused:
            setting = refused_setting(refused.error.message, encoding=charset, collation=collation)
            missing = named_in(refused.error) if stands_in else None
            if missing is not None:
                raise MissingFeature(
                    f"glowplug.toml asks for {missing}, which the scratch server lacks", setting=setting
                ) from refused
            raise ConfigurationError(
                f"the scratch database can't be made: {refused.error.message}", setting=setting
            ) from refused

    def build(self, blueprint: Blueprint, schema: str, there: Standing | None) -> bool:
        """Make ``schema`` from another's blueprint, ``there`` being what it is; whether that worked."""
        session = Session(self.address, patience=_LONG_PATIENCE)
        try:
            return blueprint.build(session, schema, there)
        finally:
            session.close()

    def sql_mode(self) -> str:
        """The sql_mode that sessions begin with."""
        return text_of(self._session.rows("SELECT @@GLOBAL.sql_mode")[0][0][0]) or ""

    def schemas(self) -> list[str]:
        """The names of all schemas that this account sees."""
        return first_column(self._session.rows("SELECT schema_name FROM information_schema.schemata")[0])

    def drop_schema(self, schema: str) -> None:
        """Remove a schema with all that is in it; a session that works in it is waited for, half a minute at most."""
        self._session.rows(f"SET foreign_key_checks = 0, lock_wait_timeout = {_DROP_SECONDS}")
        self._session.rows(f"DROP DATABASE IF EXISTS {quote_name(schema)}")

    def set_up(self, account: Address, statements: Iterable[str], *, host: str, schema: str, everything: bool) -> None:
        """Run database_setup as ``account``, which has every right meanwhile: what it makes is the account's own.

        Raises:
            ConfigurationError: a statement fails.
        """
        name = f"'{account.user}'@'{host}'"
        self._session.rows(f"GRANT ALL PRIVILEGES ON *.* TO {name}")
        session = Session(account.to(schema), patience=_LONG_PATIENCE)
        try:
            for index, statement in enumerate(statements):
                reply = session.batch(statement.encode())
                if reply.error is not None:
                    raise ConfigurationError(
                        f"database_setup fails: {reply.error.message}",
                        advice=f"It is: {statement}",
                        setting=("database_setup", index),
                    )
        finally:
            session.close()
            if not everything:
                self._session.rows(f"REVOKE ALL PRIVILEGES ON *.* FROM {name}")

    def flush(self) -> None:
        """Write what the engines hold in memory alone; what a session has locked is left as it is."""
        for statement in ("SET lock_wait_timeout = 2", "FLUSH TABLES", "FLUSH ENGINE LOGS"):
            with contextlib.suppress(StatementRefused):
                self._session.rows(statement)

    def interrupt(self, user: str, *, by_force: bool) -> None:
        """End what sessions of ``user`` do at this moment, or the sessions."""
        own = f"SELECT id FROM information_schema.processlist WHERE user = '{user}'"
        for number in first_column(self._session.rows(own)[0]):
            with contextlib.suppress(StatementRefused):
                self._session.rows(f"KILL {'CONNECTION' if by_force else 'QUERY'} {int(number)}")

    def size(self, schemas: Iterable[str]) -> int:
        """Bytes that the tables of ``schemas`` take, as the server tells it."""
        names = ", ".join(map(quote_text, schemas))
        question = (
            "SELECT coalesce(sum(data_length + index_length), 0) FROM information_schema.tables"
            f" WHERE table_schema IN ({names})"
        )
        return int(float(text_of(self._session.rows(question)[0][0][0]) or 0))

    def wait_for(self, patience: float) -> None:
        """Take a server that is silent for so many seconds for lost from now on."""
        self._session.wait_for(patience)

    def close(self) -> None:
        """End the session; never raises."""
        self._session.close()

    def _grant(self, name: str, schema: str, *, everything: bool) -> None:
        if everything:
            self._session.rows(f"GRANT ALL PRIVILEGES ON *.* TO {name} WITH GRANT OPTION")
        else:
            pattern = schema.replace("_", r"\_")
            self._session.rows(f"GRANT ALL PRIVILEGES ON {quote_name(pattern)}.* TO {name}")


def _word(word: str, setting: str) -> str:
    """A character set's or collation's name, which is a word."""
    if not re.fullmatch(r"\w+", word):
        raise ConfigurationError(f"{word!r} is no character set or collation", setting=(setting,))
    return word
