"""Who follows a finding's advice to the letter meets no error in ``glowplug check``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from glowplug.check.check import check
from glowplug.check.settings import Settings
from glowplug.check.terms import Options
from glowplug.finding import Severity
from glowplug.project import find_project

from .advised import Advised, all_advised

if TYPE_CHECKING:
    from pathlib import Path


ALL = [pytest.param(each, id=each.title, marks=getattr(pytest.mark, each.dialect.value)) for each in all_advised()]


@pytest.mark.full
@pytest.mark.parametrize("advised", ALL)
def test_it_passes(tmp_path: Path, advised: Advised) -> None:
    advised.write(tmp_path)
    project = find_project(tmp_path, environment=dict(os.environ))
    options = Options(since=advised.since, cached=False)
    report = check(project, Settings.of(project.configuration), options, environment=dict(os.environ))
    assert [chain.problem for chain in report.chains] == [None]
    new = {file.version for file in advised.new}
    steps = advised.finding.safe_form is not None and advised.finding.safe_form.steps
    unless = any("IF NOT EXISTS" in file.up for file in advised.new)  # what is there already, the down drops
    theirs = {"down-does-not-restore"} if unless or not steps else set()  # it is for the rest of a case's file to do
    errors = [
        f"{finding.rule}: {finding.place and finding.place.file}: {finding.message}"
        for chain in report.chains
        for finding in chain.findings
        if finding.severity is Severity.ERROR and finding.suppressed is None and finding.version in new
        if finding.rule not in theirs
    ]
    assert errors == []
