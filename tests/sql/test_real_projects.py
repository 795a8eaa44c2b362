"""Every file of real projects is understood, whole; ``GLOWPLUG_REAL`` names checkouts, with ``:`` between them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from glowplug.dialect import Direction
from glowplug.project.discovery import find_project
from glowplug.sql.reader import read

REAL = [Path(name) for name in os.environ.get("GLOWPLUG_REAL", "").split(os.pathsep) if name]
NOT_SQL = {"20170318181441_downloads_need_no_id/down.sql"}
"""crates.io's first statement there lacks its ``;``: the server refuses it as well."""


@pytest.mark.skipif(not REAL, reason="GLOWPLUG_REAL names no checkouts")
@pytest.mark.parametrize("root", REAL, ids=lambda path: path.name)
def test_every_file_is_understood(root: Path) -> None:
    refused, seen = [], 0
    for chain in find_project(root, environment={}).chains:
        for migration in chain.migrations:
            for direction in Direction:
                content = migration.sql(direction)
                if content is None or f"{migration.name}/{direction.file_name}" in NOT_SQL:
                    continue
                seen += 1
                text = content.decode()
                script = read(text, chain.dialect)
                assert "".join(text[span.start : span.end] for span, _ in script.pieces()) == text
                refused += [
                    f"{migration.file(direction)}: {each.unparsed}"
                    for statement in script.statements
                    for each in (statement, *statement.body, *statement.routine_body)
                    if each.unparsed
                ]
    assert seen
    assert refused == []
