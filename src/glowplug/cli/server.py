"""``glowplug server``: put scratch servers of production's version into the cache, and show what there is."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
from dataclasses import asdict, dataclass

import click

from glowplug.cli._options import everywhere
from glowplug.errors import EnvironmentFailure, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One server in ``glowplug server list``."""

    server: str
    source: str
    path: str


@click.group()
def command() -> None:
    """Install and list scratch servers.

    \b
    Examples:
      glowplug server install 16           PostgreSQL 16
      glowplug server install sqlite-3.46  SQLite 3.46
      glowplug server list                 what check can use now
    """


@command.command()
@click.argument("version")
@everywhere(quiet="Only where it was put, without progress.")
def install(version: str, *, verbose: int, quiet: bool, color: str) -> None:
    """Fetch a scratch server of VERSION into the cache.

    VERSION is PostgreSQL's major ("16"), or sqlite-X.Y. It comes from the package index that pip or uv is set up
    for on this machine, and is held to hashes that glowplug carries.

    \b
    Examples:
      glowplug server install 16
      glowplug server install sqlite-3.46
    """
    del verbose, color
    from glowplug.scratch import wheel  # noqa: PLC0415 - only when it is run

    if version.startswith(wheel.SQLITE):
        exact = wheel.find_version(wheel.APSW, version.removeprefix(wheel.SQLITE))
        _say(f"getting SQLite {_of_apsw(exact)}", quiet=quiet)
        directory = wheel.install_apsw(exact, os.environ)
        click.echo(f"SQLite {_of_apsw(directory.name)}: {directory}")
    elif re.fullmatch(r"\d+(\.\d+)*", version):
        _install_postgres(version, quiet=quiet)
    else:
        raise UsageError(
            f"{version!r} is no version of a server that can be installed",
            advice='Write PostgreSQL\'s major version, as in "16", or "sqlite-3.46".',
        )


@command.command("list")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@everywhere(quiet="Without what can be installed.")
def list_servers(form: str, *, verbose: int, quiet: bool, color: str) -> None:
    """Show the servers that check can use, and what can be installed.

    \b
    Examples:
      glowplug server list
      glowplug server list --format json
    """
    del verbose, color
    from glowplug.scratch import wheel  # noqa: PLC0415 - only when it is run
    from glowplug.scratch.mysql import source as mysql_source  # noqa: PLC0415 - it brings a driver
    from glowplug.scratch.postgres import source  # noqa: PLC0415 - it brings a driver

    unusable: list[str] = []
    rows = [
        _Row(server=f"PostgreSQL {each.version}", source=each.place.source, path=str(each.place.programs))
        for each in source.find_all(os.environ, unusable)
    ]
    rows += [
        _Row(server=f"SQLite {_of_apsw(each.name)}", source="cache", path=str(each))
        for each in wheel.cached_apsws(os.environ)
    ]
    rows += [
        _Row(server=f"{each.version.vendor} {each.version.number}", source="machine", path=str(each.program))
        for each in mysql_source.find_all(os.environ)
    ]
    rows.append(
        _Row(
            server=f"SQLite {_of_apsw(importlib.metadata.version('apsw'))}",
            source="embedded",
            path=str(importlib.metadata.distribution("apsw").locate_file("apsw")),
        )
    )
    installable = [*wheel.names(wheel.POSTGRES), *wheel.names(wheel.APSW)]
    if form == "json":
        document = {
            "schema": "glowplug.servers/1",
            "servers": [asdict(row) for row in rows],
            "unusable": unusable,
            "installable": installable,
        }
        click.echo(json.dumps(document, indent=2))
        return
    width = max((len(row.server) for row in rows), default=0)
    for row in rows:
        click.echo(f"{row.server:<{width}}  {row.source:<8}  {row.path}")
    for reason in unusable:
        click.echo(f"unusable: {reason}")
    if not quiet:
        click.echo(f"To install: {' '.join(installable)}")


def _install_postgres(version: str, *, quiet: bool) -> None:
    from glowplug.scratch import wheel  # noqa: PLC0415 - only when it is run
    from glowplug.scratch.postgres import installation, source  # noqa: PLC0415 - it brings a driver

    exact = wheel.find_version(wheel.POSTGRES, version)
    _say(f"getting PostgreSQL {exact.removesuffix('.0')}", quiet=quiet)
    directory = wheel.install_postgres(exact, os.environ)
    try:
        installed = installation.try_out(source.cached_place(directory))
    except EnvironmentFailure as error:
        raise EnvironmentFailure(
            f"PostgreSQL {version} was fetched, but {error.message}", advice="Then run the same command again."
        ) from error
    click.echo(f"PostgreSQL {installed.version}: {directory}")


def _of_apsw(version: str) -> str:
    """SQLite's version, which apsw's begins with."""
    return ".".join(version.split(".")[:3])


def _say(line: str, *, quiet: bool) -> None:
    if not quiet:
        click.echo(f"{line} …", err=True)
