"""One reading of ``server_version``, for the review and for the scratch server; what never was is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.database.mysql import ServerVersion
from glowplug.dialect import Dialect
from glowplug.errors import ConfigurationError
from glowplug.project import find_project
from glowplug.project.server_version import vendor_and_number, wrong_with
from glowplug.review.version import Version
from glowplug.scratch.mysql.source import production_version

if TYPE_CHECKING:
    from pathlib import Path

MYSQL = Dialect.MYSQL


@pytest.mark.parametrize(
    ("text", "vendor", "number"),
    [
        ("8.4", "MySQL", "8.4"),
        ("8", "MySQL", "8"),
        ("9.1.0", "MySQL", "9.1.0"),
        ("5.7", "MySQL", "5.7"),
        ("5.7.44-log", "MySQL", "5.7.44"),
        ("mysql-8.0", "MySQL", "8.0"),
        ("Percona Server 8.0.36-28", "MySQL", "8.0.36"),
        ("8.0.mysql_aurora.3.05.2", "MySQL", "8.0"),
        ("mariadb-10.11", "MariaDB", "10.11"),
        ("MariaDB 5.5", "MariaDB", "5.5"),
        ("10.11", "MariaDB", "10.11"),
        ("11", "MariaDB", "11"),
        ("12.1", "MariaDB", "12.1"),
        ("5.5.5-10.6.14-MariaDB-log", "MariaDB", "10.6.14"),
    ],
)
def test_review_and_scratch_server_read_the_same(text: str, vendor: str, number: str) -> None:
    assert production_version(text) == ServerVersion(vendor=vendor, number=number)
    read = Version.of(text, MYSQL)
    assert (read.vendor, str(read)) == (vendor.lower(), f"{vendor} {number}")
    assert read.numbers == tuple(map(int, number.split(".")))
    assert wrong_with(text, MYSQL) is None


@pytest.mark.parametrize(
    ("text", "dialect", "number"),
    [
        ("16", Dialect.POSTGRES, "16"),
        ("PostgreSQL 16.3 (Debian 16.3-1)", Dialect.POSTGRES, "16.3"),
        ("9.6", Dialect.POSTGRES, "9.6"),
        ("19beta1", Dialect.POSTGRES, "19"),
        ("3.46.1", Dialect.SQLITE, "3.46.1"),
        ("3", Dialect.SQLITE, "3"),
    ],
)
def test_of_the_others_the_number_is_read(text: str, dialect: Dialect, number: str) -> None:
    assert vendor_and_number(text, dialect)[1] == number
    assert wrong_with(text, dialect) is None


@pytest.mark.parametrize(
    ("text", "dialect", "reason"),
    [
        ("99", Dialect.MYSQL, "there is no MariaDB 99"),
        ("7.1", Dialect.MYSQL, "there is no MySQL 7.1"),
        ("5.8", Dialect.MYSQL, "there is no MySQL 5.8"),
        ("8.9.1", Dialect.MYSQL, "there is no MySQL 8.9.1"),
        ("mariadb-10.12", Dialect.MYSQL, "there is no MariaDB 10.12"),
        ("9.8", Dialect.POSTGRES, "there is no PostgreSQL 9.8"),
        ("mysql-10.11", Dialect.MYSQL, "there is no MySQL 10.11"),
        ("mariadb-8.4", Dialect.MYSQL, "there is no MariaDB 8.4"),
        ("latest", Dialect.MYSQL, "names no version"),
        ("", Dialect.MYSQL, "names no version"),
        ("99", Dialect.POSTGRES, "there is no PostgreSQL 99"),
        ("mariadb-10.11", Dialect.POSTGRES, "names MariaDB, and the backend is postgres"),
        ("postgres 16", Dialect.MYSQL, "names PostgreSQL, and the backend is mysql"),
        ("99", Dialect.SQLITE, "there is no SQLite 99"),
        ("4.0", Dialect.SQLITE, "there is no SQLite 4.0"),
        ("newest", Dialect.SQLITE, "names no version"),
    ],
)
def test_what_never_was_is_an_error_of_the_configuration(
    tmp_path: Path, text: str, dialect: Dialect, reason: str
) -> None:
    directory = tmp_path / "migrations/1_m"
    directory.mkdir(parents=True)
    (directory / "up.sql").write_text("SELECT 1;")
    (tmp_path / "glowplug.toml").write_text(
        f'[[chain]]\nmigrations = "migrations"\nbackend = "{dialect.value}"\nserver_version = "{text}"\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        find_project(tmp_path, environment={})
    assert caught.value.line == 4
    assert caught.value.message.startswith(f'server_version = "{text}": {reason}; write "')
