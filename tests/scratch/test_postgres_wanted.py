"""Where a chain uses more of an extension than glowplug's stand-in has, a server that has it is taken."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect, Direction
from glowplug.project import Migration
from glowplug.project.configuration import ChainSettings
from glowplug.scratch import open_server
from glowplug.scratch.postgres import installation, source
from glowplug.scratch.postgres.wanted import beyond_stand_in, extensions_wanted
from glowplug.scratch.settings import Request, ScratchSettings

if TYPE_CHECKING:
    from pathlib import Path

REQUEST = Request(
    dialect=Dialect.POSTGRES, chain=ChainSettings(), settings=ScratchSettings(), environment=dict(os.environ)
)


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ([b"CREATE EXTENSION pgcrypto; SELECT gen_random_uuid(), digest('a', 'sha256')"], set()),
        ([b"CREATE EXTENSION pgcrypto", b"SELECT Crypt ('a', b)"], {"pgcrypto"}),
        ([b"CREATE EXTENSION pgcrypto", b"SELECT public.\"gen_salt\"('bf')"], {"pgcrypto"}),
        ([b"CREATE EXTENSION pgcrypto; SELECT decrypted(a), my_crypt(b), crypt FROM t"], set()),
        ([b"SELECT crypt('a', 'b')"], set()),
        ([b"CREATE EXTENSION \"uuid-ossp\"; SELECT uuid_generate_v5(uuid_ns_url(), 'a')"], set()),
        ([b"CREATE EXTENSION hstore; CREATE EXTENSION pgcrypto"], {"hstore"}),
    ],
)
def test_what_a_server_must_have_itself(files: list[bytes], wanted: set[str]) -> None:
    assert extensions_wanted(files) == wanted


@pytest.mark.postgres
def test_all_that_the_stand_in_refuses_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_on_machine", lambda _: ())
    monkeypatch.setattr(source, "_in_cache", lambda _: ())
    with open_server(REQUEST) as server:
        asserted = (
            "CREATE EXTENSION pgcrypto; DO $$ BEGIN ASSERT (SELECT string_agg(DISTINCT proname, ' ' ORDER BY proname)"
            " FROM pg_proc WHERE prosrc LIKE '%beyond glowplug%')"
            f" = '{' '.join(sorted(beyond_stand_in('pgcrypto')))}'; END $$"
        )
        migration = Migration(version="1", name="1", path="1", up=asserted.encode(), down=None)
        assert server.create().connection.run(migration, Direction.UP).error is None
    assert beyond_stand_in("uuid-ossp") == ()


def place(root: Path, version: str, where: str, *extensions: str) -> installation.Place:
    programs = root / f"{where}{version}" / "bin"
    programs.mkdir(parents=True)
    directory = programs.parent / "share/extension"
    directory.mkdir(parents=True)
    for name in extensions:
        (directory / f"{name}.control").write_text("")
    (programs / "postgres").write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
    (programs / "postgres").chmod(0o755)
    return installation.Place(programs=programs, source=where)


@pytest.mark.parametrize(
    ("wanted", "extensions", "expected"),
    [
        (None, set(), ("embedded", "18.6")),
        (None, {"pgcrypto"}, ("machine", "15.2")),
        ("16", set(), ("machine", "16.9")),
        ("16", {"pgcrypto"}, ("cache", "16.1")),
        ("18", {"pgcrypto"}, ("embedded", "18.6")),
    ],
)
def test_the_one_that_has_it_comes_first(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: str | None,
    extensions: set[str],
    expected: tuple[str, str],
) -> None:
    machine = [place(tmp_path, "15.2", "machine", "pgcrypto"), place(tmp_path, "16.9", "machine")]
    cache = [place(tmp_path, "16.1", "cache", "pgcrypto")] if wanted else []
    monkeypatch.setattr(source, "_on_machine", lambda _: machine)
    monkeypatch.setattr(source, "_in_cache", lambda _: cache)
    monkeypatch.setattr(source, "_embedded", lambda: [place(tmp_path, "18.6", "embedded")])
    request = replace(REQUEST, chain=ChainSettings(server_version=wanted), extensions=frozenset(extensions))
    chosen = source.choose(request).installation
    assert (chosen.place.source, chosen.version) == expected
