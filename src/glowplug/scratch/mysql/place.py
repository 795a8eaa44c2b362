"""A schema with the migrations' account on some server, as production had it before the first migration."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glowplug.database.mysql import Access, Administrator, MysqlConnection, SnapshotReader, Watchdog, quote_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from glowplug.database.interface import Run
    from glowplug.database.mysql import Address
    from glowplug.dialect import Direction
    from glowplug.project import Migration
    from glowplug.scratch.settings import Request

    Ran = Callable[[Migration, Direction, Run], None]


_STRICT = ("STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "TRADITIONAL")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The migrations' account: ``host`` as the server sees where it comes from."""

    user: str
    password: str
    host: str

    @classmethod
    def random(cls, user: str, *, host: str) -> Account:
        """An account with a password that nobody else knows."""
        return cls(user=user, password=secrets.token_urlsafe(24), host=host)


class Place:
    """One schema on one server, its account, and the connection of the migrations to it."""

    def __init__(
        self,
        request: Request,
        administrator: Address,
        account: Account,
        schema: str,
        *,
        ran: Ran,
        end: Callable[[], None] | None = None,
        is_lent: bool = False,
        stands_in: tuple[int, ...] = (),
    ) -> None:
        """Take over ``schema`` on the server at ``administrator``; nothing is made or connected yet.

        ``ran`` hears of every run. ``end`` ends the server, which is this place's alone, or removes what is there;
        None where another place's end does that too. ``is_lent``: the server is there for others, and stays.
        ``stands_in``: it is a MariaDB, and production runs this version of MySQL.
        """
        self._request = request
        self._account = account
        self.schema = schema
        self._ran = ran
        self._end = end
        self.administrator = Administrator(administrator)
        self._address = _address(administrator, account)
        self._access = Access(
            address=self._address.to(schema),
            session_setup=request.chain.session_setup,
            watchdog=Watchdog(administrator, seconds=request.statement_timeout),
            superuser=request.settings.superuser,
            readmit=self._readmit,
            is_lent=is_lent,
            stands_in=stands_in,
        )
        self.reader: SnapshotReader | None = None
        self._connection: MysqlConnection | None = None

    @property
    def connection(self) -> MysqlConnection:
        """The migrations' connection, made when first asked for."""
        return self._connection or self.connect()

    def create_account(self) -> None:
        """Make the account, with its rights on the schema; on a lent server both places have the same one."""
        self.administrator.create_account(
            self._address, host=self._account.host, schema=self.schema, everything=self._request.settings.superuser
        )
        if self._access.is_lent:  # of its own servers, glowplug knows the accounts
            self.administrator.see_it_in(self._address)

    def _readmit(self) -> None:
        self.administrator.readmit(
            self._address, host=self._account.host, schema=self.schema, everything=self._request.settings.superuser
        )

    def furnish(self) -> None:
        """Make the schema anew, whatever it held, run database_setup, and connect.

        Raises:
            ConfigurationError: a statement of database_setup or session_setup fails, or there is no such collation.
            MissingFeature: production's MySQL has what one of these asks for, and the MariaDB that stands in lacks it.
        """
        self.disconnect()
        chain = self._request.chain
        self.administrator.drop_schema(self.schema)
        self.administrator.create_schema(
            self.schema, charset=chain.encoding, collation=chain.collation, stands_in=self._access.stands_in
        )
        if chain.database_setup:
            self.administrator.set_up(
                self._address,
                chain.database_setup,
                host=self._account.host,
                schema=self.schema,
                everything=self._request.settings.superuser,
            )
        self.connect()

    def take_after(self, other: Place) -> bool:
        """Make the schema anew as ``other`` has it, rows and all, by the server's own statements, and connect.

        Whether that worked: what the migrations may have changed outside of their schema stays as it is.
        """
        blueprint = other.reader.blueprint() if other.reader is not None else None
        if blueprint is None or self._access.superuser:
            return False
        self.disconnect()
        there = None if self.reader is None else self.reader.standing()
        if self.reader is not None:
            self.reader.forget()
        if not self.administrator.build(blueprint, self.schema, there):
            return False
        self.connect()
        return True

    @property
    def other_world(self) -> str | None:
        """Whether strict mode may be off or on in production; None where glowplug.toml says what sql_mode is."""
        chain = self._request.chain
        if any("sql_mode" in each.lower() for each in (*chain.database_setup, *chain.session_setup)):
            return None
        return "strict mode off" if is_strict(self.administrator.sql_mode()) else "strict mode on"

    def enter_other_world(self) -> None:
        """Put the migrations' session, and any that follows it on this connection, under ``other_world``."""
        settings = self.connection.settings() or {}
        modes = [each for each in (settings.get("sql_mode") or "").split(",") if each]
        strict = is_strict(self.administrator.sql_mode())
        modes = [each for each in modes if each not in _STRICT] if strict else [*modes, _STRICT[0]]
        self.connection.settle("sql_mode", quote_text(",".join(modes)))

    def connect(self) -> MysqlConnection:
        """Give the migrations a new session."""
        self.disconnect()
        if self.reader is None:
            self.reader = SnapshotReader(self.administrator.address, self.schema)
        self.reader.forget()
        self._connection = MysqlConnection(self._access, self.reader, ran=self._ran)
        return self._connection

    def settings_of_another_session(self) -> dict[str, str | None] | None:
        """Read what a session of the migrations' account begins with; None where it won't tell."""
        if self.reader is None:
            return None
        with MysqlConnection(self._access, self.reader) as connection:
            return connection.settings()

    def state(self) -> str | None:
        """Everything that tells this database from another of the same chain; None where it can't be told."""
        return None if self.reader is None else self.reader.state()

    def disconnect(self) -> None:
        """End the migrations' session; never raises."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        """End all sessions, then what there is to end; never raises."""
        self.disconnect()
        if self.reader is not None:
            self.reader.close()
        self.administrator.close()
        if self._end is not None:
            self._end()


def is_strict(sql_mode: str) -> bool:
    """Whether values that don't fit are refused."""
    return not set(_STRICT).isdisjoint(sql_mode.split(","))


def _address(administrator: Address, account: Account) -> Address:
    return replace(administrator, user=account.user, password=account.password)
