"""What keeps a chain from being found: the others are checked, and the answer is no yes."""

from __future__ import annotations

from pathlib import Path

from glowplug.check.check import check
from glowplug.check.report import Answer, Problem
from glowplug.check.settings import Settings
from glowplug.check.terms import Options, Part
from glowplug.errors import ConfigurationError
from glowplug.project import find_project


def test_of_several_each_is_named_and_the_first_decides() -> None:
    assert Problem.of_all(()) is None
    errors = [ConfigurationError(f"is bad {n}", file=Path(f"{n}.toml"), line=n, advice="correct it") for n in (1, 2)]
    assert Problem.of_all(errors) == Problem(
        message="is bad 1\n2.toml:2: is bad 2", file="1.toml", line=1, advice="correct it", exit_code=2
    )


def test_a_bad_diesel_toml_is_no_yes_and_hides_nothing(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name, up in (("a", "CREATE TABLE t (a int);"), ("b", "CREATE TABLE t (a int); DROP TABLE t;")):
        migration = tmp_path / name / "sqlite/migrations/1_m"
        migration.mkdir(parents=True)
        (migration / "up.sql").write_text(up)
        (migration / "down.sql").write_text("DROP TABLE IF EXISTS t;")
    (tmp_path / "c").mkdir()
    (tmp_path / "c/diesel.toml").write_text('[migrations_directory]\ndir = "nowhere"\n')
    project = find_project(tmp_path, environment={})
    options = Options(base="none", parts=frozenset({Part.REVIEW}), cached=False)
    report = check(project, Settings.of(project.configuration), options, environment={})
    assert [chain.chain.directory for chain in report.chains] == ["a/sqlite/migrations", "b/sqlite/migrations"]
    assert (report.answer, report.exit_code) == (Answer.ERROR, 2)
    assert report.problem is not None
    assert (report.problem.file, report.problem.line) == ("c/diesel.toml", 2)
    (tmp_path / "c/diesel.toml").write_text("")
    project = find_project(tmp_path, environment={})
    report = check(project, Settings.of(project.configuration), options, environment={})
    assert (report.problem, report.exit_code) == (None, 0)
