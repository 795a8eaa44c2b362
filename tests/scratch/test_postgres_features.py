"""A server is chosen that was built with what the chain asks for, where one can be had."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project.configuration import ChainSettings
from glowplug.scratch.postgres import installation, source
from glowplug.scratch.settings import Request, ScratchSettings
from glowplug.sql.features import Feature

if TYPE_CHECKING:
    from pathlib import Path


def place(root: Path, version: str, where: str, *lacks: Feature) -> installation.Place:
    programs = root / f"{where}{version}"
    programs.mkdir()
    says = "".join(f"# {feature.value}\n" for feature in lacks)
    (programs / "postgres").write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n{says}", encoding="utf-8")
    (programs / "postgres").chmod(0o755)
    return installation.Place(programs=programs, source=where)


@pytest.mark.parametrize(
    ("wanted", "features", "expected"),
    [
        (None, set(), ("embedded", "18.6")),
        (None, {Feature.ICU}, ("cache", "16.1")),
        (None, {Feature.LZ4}, ("cache", "17.1")),
        (None, {Feature.ICU, Feature.LZ4}, ("machine", "15.2")),
        (None, {Feature.XML}, ("embedded", "18.6")),
        ("16", {Feature.ICU}, ("cache", "16.1")),
        ("16", set(), ("machine", "16.9")),
        ("18", {Feature.ICU}, ("embedded", "18.6")),
    ],
)
def test_the_newest_that_lacks_least(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: str | None,
    features: set[Feature],
    expected: tuple[str, str],
) -> None:
    machine = [place(tmp_path, "15.2", "machine"), place(tmp_path, "16.9", "machine", Feature.ICU, Feature.LZ4)]
    cache = [place(tmp_path, "16.1", "cache", Feature.LZ4), place(tmp_path, "17.1", "cache", Feature.ICU)]
    monkeypatch.setattr(source, "_on_machine", lambda _: machine)
    monkeypatch.setattr(source, "_in_cache", lambda _: cache)
    monkeypatch.setattr(source, "_embedded", lambda: [place(tmp_path, "18.6", "embedded", Feature.ICU, Feature.LZ4)])
    request = Request(
        dialect=Dialect.POSTGRES,
        chain=ChainSettings(server_version=wanted),
        settings=ScratchSettings(),
        environment=dict(os.environ),
    )
    chosen = source.choose(replace(request, features=frozenset(features))).installation
    assert (chosen.place.source, chosen.version) == expected
