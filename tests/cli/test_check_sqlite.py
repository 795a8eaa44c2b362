"""`glowplug check` as a person runs it: a process, on SQLite, which is always there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.sqlite

REHEARSAL = ("--only", "rehearsal", "--rows", "0")
GOOD = {"up.sql": "CREATE TABLE users (id INTEGER PRIMARY KEY);\n", "down.sql": "DROP TABLE users;\n"}


def project(root: Path, migrations: dict[str, dict[str, str]], **files: str) -> Path:
    (root / "Cargo.toml").write_text('[package]\nname = "x"\n[dependencies]\ndiesel = { features = ["sqlite"] }\n')
    (root / "diesel.toml").write_text("")
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text)
    for name, contents in migrations.items():
        directory = root / "migrations" / name
        directory.mkdir(parents=True)
        for file, text in contents.items():
            (directory / file).write_text(text)
    return root


def glowplug(where: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "glowplug", *arguments],
        cwd=where,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def checked(where: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = glowplug(where, "check", "--format", "json", *arguments)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


def rules(document: dict[str, Any]) -> list[str]:
    return [finding["rule"] for chain in document["chains"] for finding in chain["findings"]]


def test_a_good_chain_is_a_yes(tmp_path: Path) -> None:
    done = glowplug(project(tmp_path, {"2024-01-01-000000_users": GOOD}), "check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "All: 1 migration: 1 restores the schema" in done.stdout
    assert "The whole way down is complete (1 revert)" in done.stdout
    assert done.stdout.rstrip().splitlines()[-1].startswith("Yes")


def test_a_down_that_does_not_restore_is_a_no_with_its_reason(tmp_path: Path) -> None:
    bad = {
        "up.sql": "CREATE TABLE notes (id INTEGER PRIMARY KEY); CREATE INDEX notes_id ON notes (id);"
        "CREATE TABLE more (id INTEGER);",
        "down.sql": "DROP TABLE notes;",
    }
    code, document = checked(project(tmp_path, {"2024-01-01-000000_users": GOOD, "2024-01-02-000000_notes": bad}))
    assert (code, document["outcome"]) == (1, "fail")
    first, second = document["chains"][0]["migrations"]
    assert (first["version"], first["round_trip"]["outcome"]) == ("20240101000000", "restored")
    assert second["round_trip"]["outcome"] == "differs"
    (difference,) = second["round_trip"]["differences"]
    assert (difference["kind"], difference["name"], difference["property"]) == ("table", "more", "extra")
    assert second["round_trip"]["second_up"] == "failed"
    assert "down-does-not-restore" in rules(document)


def test_a_failing_up_stops_the_chain_and_the_way_down_still_runs(tmp_path: Path) -> None:
    bad = {"up.sql": "SELECT 1;\nCREATE TABLE users (id INTEGER);\n", "down.sql": "SELECT 1;"}
    root = project(tmp_path, {"2024-01-01-000000_a": GOOD, "2024-01-02-000000_b": bad, "2024-01-03-000000_c": GOOD})
    code, document = checked(root)
    assert code == 1
    chain = document["chains"][0]
    assert [item["round_trip"]["outcome"] for item in chain["migrations"]] == ["restored", "up_failed", "not_reached"]
    error = chain["migrations"][1]["round_trip"]["error"]
    assert error["file"] == "migrations/2024-01-02-000000_b/up.sql"
    assert error["line"] == 2
    assert (chain["chain_down"]["outcome"], chain["chain_down"]["reverted"]) == ("complete", 1)


def test_a_row_that_stays_behind_fails_the_second_up(tmp_path: Path) -> None:
    row = {
        "up.sql": "INSERT INTO users (id) VALUES (1);",
        "down.sql": "SELECT 1;",
    }
    code, document = checked(project(tmp_path, {"2024-01-01-000000_a": GOOD, "2024-01-02-000000_b": row}))
    assert code == 1
    trip = document["chains"][0]["migrations"][1]["round_trip"]
    assert (trip["outcome"], trip["second_up"]) == ("restored", "failed")
    assert "second-up-fails" in rules(document)


def test_a_down_that_passes_alone_and_fails_in_the_chain(tmp_path: Path) -> None:
    # The second migration's down drops a table that the first one's down needs: the second does not restore it.
    first = {"up.sql": "CREATE TABLE a (id INTEGER);", "down.sql": "DROP TABLE a;"}
    second = {"up.sql": "CREATE TABLE b (id INTEGER);", "down.sql": "DROP TABLE b; DROP TABLE a;"}
    code, document = checked(project(tmp_path, {"2024-01-01-000000_a": first, "2024-01-02-000000_b": second}))
    assert code == 1
    down = document["chains"][0]["chain_down"]
    assert (down["outcome"], down["failed_at"], down["reverted"]) == ("failed", "20240101000000", 1)
    assert "way-down-fails" in rules(document)


def test_column_order_alone_is_noise(tmp_path: Path) -> None:
    start = {"up.sql": "CREATE TABLE t (a INTEGER, b INTEGER, c INTEGER);", "down.sql": "DROP TABLE t;"}
    drop = {"up.sql": "ALTER TABLE t DROP COLUMN b;", "down.sql": "ALTER TABLE t ADD COLUMN b INTEGER;"}
    code, document = checked(project(tmp_path, {"2024-01-01-000000_a": start, "2024-01-02-000000_b": drop}), *REHEARSAL)
    assert code == 0
    assert document["chains"][0]["migrations"][1]["round_trip"]["outcome"] == "restored"
    assert rules(document) == ["down-restores-but-for-noise"]


def test_an_allowed_finding_does_not_count_and_an_unneeded_one_is_a_finding(tmp_path: Path) -> None:
    bad = {"up.sql": "CREATE TABLE b (id INTEGER);", "down.sql": "SELECT 1;"}
    allow = (
        '[[allow]]\nrule = "down-does-not-restore"\nversion = "20240101000000"\nbecause = "kept on purpose"\n'
        '[[allow]]\nrule = "down-fails"\nversion = "20240101000000"\nbecause = "once"\n'
    )
    code, document = checked(project(tmp_path, {"2024-01-01-000000_a": bad}, glowplug__toml=allow))
    findings = {finding["rule"]: finding for finding in document["chains"][0]["findings"]}
    assert findings["down-does-not-restore"]["suppressed"] == {
        "reason": "kept on purpose",
        "source": "glowplug.toml",
        "evidence": [],
    }
    assert findings["allow-unneeded"]["file"] == "glowplug.toml"
    assert findings["allow-unneeded"]["line"] == 5
    assert code == 0
    assert checked(tmp_path, "--fail-on", "warning")[0] == 1


def test_what_accepts_that_a_down_is_missing_is_not_called_unneeded_where_most_are(tmp_path: Path) -> None:
    ups = {f"2024-01-0{day}-000000_a": {"up.sql": f"CREATE TABLE t{day} (id INTEGER);"} for day in range(1, 5)}
    allow = '[[allow]]\nrule = "down-is-missing"\nversion = "20240102000000"\nbecause = "x"\n'
    _, document = checked(project(tmp_path, ups, glowplug__toml=allow), *REHEARSAL)
    assert rules(document) == ["mostly-without-downs"]


def test_nothing_found_to_check_is_exit_2_with_a_document(tmp_path: Path) -> None:
    (tmp_path / "diesel.toml").write_text("")
    code, document = checked(tmp_path)
    assert (code, document["outcome"]) == (2, "error")
    assert document["error"]["message"]


def test_a_command_line_that_makes_no_sense_is_exit_2_with_a_document(tmp_path: Path) -> None:
    done = glowplug(tmp_path, "check", "--format", "json", "--no-such-option")
    assert done.returncode == 2
    assert json.loads(done.stdout)["outcome"] == "error"
    assert "--no-such-option" in done.stderr


def test_a_mistake_in_glowplug_toml_has_its_line(tmp_path: Path) -> None:
    project(tmp_path, {"2024-01-01-000000_a": GOOD}, glowplug__toml="\n\n[scratch]\nsuperuse = true\n")
    done = glowplug(tmp_path, "check")
    assert done.returncode == 2
    assert "glowplug.toml:4" in done.stdout


def git(where: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=where, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_history_is_one_line_and_what_is_new_decides(tmp_path: Path) -> None:
    bad = {"up.sql": "CREATE TABLE b (id INTEGER);", "down.sql": "SELECT 1;"}
    root = project(tmp_path, {"2024-01-01-000000_old": bad})
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "history")
    new = root / "migrations" / "2024-02-01-000000_new"
    new.mkdir()
    for file, text in GOOD.items():
        (new / file).write_text(text)
    done = glowplug(root, "check", "--base", "HEAD")
    assert done.returncode == 0, done.stdout
    assert "New, which decide: 1 migration: 1 restores the schema" in done.stdout
    assert "History: 1 migration: 1 does not restore the schema; the way down is complete (2 reverts)" in done.stdout
    assert "; `--all` for the list" in done.stdout
    assert glowplug(root, "check", "--base", "HEAD", "--all").returncode == 1
    assert glowplug(root, "check", "--since", "20240101000000").returncode == 0
    assert glowplug(root, "check", "--since", "nothing").returncode == 2


def test_an_edited_migration_is_new_and_said(tmp_path: Path) -> None:
    root = project(tmp_path, {"2024-01-01-000000_a": GOOD})
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "history")
    up = root / "migrations" / "2024-01-01-000000_a" / "up.sql"
    content = up.read_text()
    for more, severity in (("-- and a word\n", "notice"), ("CREATE TABLE more (p INTEGER);\n", "warning")):
        up.write_text(content + more)
        _, document = checked(root, "--base", "HEAD")
        (chain,) = document["chains"]
        assert chain["migrations"][0]["new"] is True
        found = [each["severity"] for each in chain["findings"] if each["rule"] == "edited-since-base"]
        assert found == [severity]


def test_what_takes_too_long_in_history_asks_for_time_and_not_for_another_server(tmp_path: Path) -> None:
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n;"
    root = project(tmp_path, {"2024-01-01-000000_a": {"up.sql": endless, "down.sql": "SELECT 1;"}})
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "history")
    arguments = ("check", "--base", "HEAD", "--statement-timeout", "300ms")
    nothing_new = glowplug(root, *arguments)
    new = root / "migrations" / "2024-02-01-000000_b"
    new.mkdir()
    for file, text in GOOD.items():
        (new / file).write_text(text)
    for done in (nothing_new, glowplug(root, *arguments)):
        assert "--statement-timeout` gives it more time" in done.stdout
        assert "GLOWPLUG_SCRATCH_URL" not in done.stdout


def test_the_file_under_attack_does_not_open_its_own_cage(tmp_path: Path) -> None:
    attack = {"up.sql": "ATTACH 'stolen.db' AS stolen;", "down.sql": "SELECT 1;"}
    root = project(tmp_path, {"2024-01-01-000000_a": GOOD})
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "history")
    project_files = {"2024-02-01-000000_attack": attack}
    for name, contents in project_files.items():
        (root / "migrations" / name).mkdir()
        for file, text in contents.items():
            (root / "migrations" / name / file).write_text(text)
    (root / "glowplug.toml").write_text("[scratch]\nsuperuser = true\n")
    code, document = checked(root, "--base", "HEAD")
    assert code == 1
    assert document["chains"][0]["scratch"]["superuser"] is False
    assert document["chains"][0]["migrations"][1]["round_trip"]["outcome"] == "up_failed"
    assert "cage-changed" in rules(document)
    assert not (root / "stolen.db").exists()


def test_what_follows_from_a_setup_comes_from_the_base_too(tmp_path: Path) -> None:
    table = '[[chain]]\nmigrations = "migrations"\nbackend = "sqlite"\nsession_setup = ["PRAGMA foreign_keys = {}"]\n'
    root = project(tmp_path, {"2024-01-01-000000_a": GOOD}, glowplug__toml=table.format("ON"))
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "history")
    (root / "glowplug.toml").write_text(table.format("OFF"))
    _, document = checked(root, "--base", "HEAD")
    scratch = document["chains"][0]["scratch"]
    assert scratch["foreign_keys"] is True
    assert scratch["notes"][0].startswith("foreign_keys = ON: session_setup of glowplug.toml at HEAD@")
    assert rules(document).count("cage-changed") == 1
    (root / "glowplug.toml").write_text("")
    _, document = checked(root, "--base", "HEAD")
    assert document["chains"][0]["scratch"]["foreign_keys"] is True
    _, document = checked(root, "--base", "none")
    assert document["chains"][0]["scratch"]["foreign_keys"] is False


@pytest.mark.parametrize("base", ["HEAD", "none"])
def test_what_is_said_of_a_link_holds_where_it_leads(tmp_path: Path, base: str) -> None:
    root = project(tmp_path, {"2024-01-01-000000_a": GOOD})
    (root / "link").symlink_to("migrations")
    (root / "glowplug.toml").write_text(
        '[[chain]]\nmigrations = "link"\nserver_version = "3.0"\nsession_setup = ["PRAGMA foreign_keys = ON"]\n'
    )
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "history")
    (root / "glowplug.toml").write_text((root / "glowplug.toml").read_text() + '[rollback]\nstrategy = "down"\n')
    _, document = checked(root, "--base", base)
    scratch = document["chains"][0]["scratch"]
    assert (scratch["foreign_keys"], scratch["matches_production"]) == (True, False)
    assert "cage-changed" not in rules(document)


def test_a_setup_that_the_base_has_not_sets_nothing(tmp_path: Path) -> None:
    root = project(tmp_path, {"2024-01-01-000000_a": GOOD})
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "history")
    (root / "glowplug.toml").write_text(
        '[[chain]]\nmigrations = "migrations"\nserver_version = "3.0"\nsession_setup = ["PRAGMA foreign_keys = ON"]\n'
    )
    _, document = checked(root, "--base", "HEAD")
    scratch = document["chains"][0]["scratch"]
    assert scratch["foreign_keys"] is False
    assert scratch["notes"][0].startswith("foreign_keys = OFF: no Cargo.toml builds")
    assert scratch["matches_production"] is None
    changed = [finding["message"] for finding in document["chains"][0]["findings"]]
    assert any(message.startswith("server_version of migrations differs from HEAD@") for message in changed)


def test_a_directory_that_the_base_checks_is_not_left_out_in_silence(tmp_path: Path) -> None:
    root = project(tmp_path, {"2024-01-01-000000_a": GOOD})
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "history")
    decoy = root / "decoy" / "2024-01-01-000000_a"
    decoy.mkdir(parents=True)
    for file, text in GOOD.items():
        (decoy / file).write_text(text)
    (root / "glowplug.toml").write_text('[[chain]]\nmigrations = "decoy"\nbackend = "sqlite"\n')
    code, document = checked(root, "--base", "HEAD")
    assert code == 1
    assert [chain["directory"] for chain in document["chains"]] == ["decoy"]
    assert "directory-left-out" in rules(document)


def test_going_forward_only_counts_once_the_base_says_so(tmp_path: Path) -> None:
    root = project(tmp_path, {"2024-01-01-000000_a": GOOD})
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "history")
    new = root / "migrations" / "2024-02-01-000000_b"
    new.mkdir()
    (new / "up.sql").write_text("CREATE TABLE b (id INTEGER);")
    (root / "glowplug.toml").write_text('[rollback]\nstrategy = "forward-only"\n')
    _, document = checked(root, "--base", "HEAD")
    assert "down-is-missing" in rules(document)
    assert "settings-changed" in rules(document)
    (changed,) = [
        finding["message"]
        for chain in document["chains"]
        for finding in chain["findings"]
        if finding["rule"] == "settings-changed"
    ]
    assert changed.startswith("[rollback] differs from HEAD@")
    assert ": the change counts once it is merged; before that, `--base none` tries it" in changed
    _, document = checked(root, "--base", "none")
    assert "down-is-missing" not in rules(document)
    assert "forward-only" in rules(document)
    _, document = checked(root, "--base", "none", "--since", "20240101000000")
    assert [item["new"] for item in document["chains"][0]["migrations"]] == [False, True]
    assert "forward-only" in rules(document)


def test_a_cache_that_can_not_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    root = project(tmp_path, {"2024-01-01-000000_a": GOOD})
    place = str(tmp_path / "file" / "cache")
    done = glowplug(root, "check", GLOWPLUG_CACHE_DIR=place)
    assert done.returncode == 0
    assert f"The cache directory {place} can't be used: not a directory. What was proved is not kept" in done.stdout
    assert "set GLOWPLUG_CACHE_DIR to" in done.stdout
    assert "The cache directory" not in glowplug(root, "check", "--no-cache", GLOWPLUG_CACHE_DIR=place).stdout
    assert "The cache directory" not in glowplug(root, "check").stdout


@pytest.mark.parametrize(
    ("chain", "differs"),
    [
        ('migrations = "migrations"\n', False),
        ('migrations = "./migrations/"\nbackend = "sqlite"\n', False),
        ('migrations = "migrations"\nbackend = "postgres"\n', True),
        ('migrations = "elsewhere"\nbackend = "sqlite"\n', True),
    ],
)
def test_a_chain_that_names_what_is_found_without_it_changes_nothing(
    tmp_path: Path, chain: str, *, differs: bool
) -> None:
    root = committed(tmp_path, {"2024-01-01-000000_a": GOOD})
    shutil.copytree(root / "migrations", root / "elsewhere")
    (root / "glowplug.toml").write_text(f"[[chain]]\n{chain}")
    document = json.loads(glowplug(root, "lint", "--base", "HEAD", "--format", "json").stdout)
    assert ("settings-changed" in rules(document)) is differs
    assert ("directory-left-out" in rules(document)) is ("elsewhere" in chain)


def committed(tmp_path: Path, migrations: dict[str, dict[str, str]]) -> Path:
    root = project(tmp_path, migrations)
    git(root, "init")
    git(root, "add", ".")
    git(root, "commit", "-m", "history")
    return root


def test_a_migration_that_only_the_base_has_is_a_no(tmp_path: Path) -> None:
    second = {"up.sql": "CREATE TABLE b (id INTEGER);", "down.sql": "DROP TABLE b;"}
    root = committed(tmp_path, {"2024-01-01-000000_a": GOOD, "2024-01-02-000000_b": second})
    (root / "migrations" / "2024-01-02-000000_b").rename(root / "migrations" / "2024-01-03-000000_b")
    code, document = checked(root, "--base", "HEAD")
    assert code == 1
    (gone,) = (finding for finding in document["chains"][0]["findings"] if finding["rule"] == "gone-since-base")
    assert (gone["version"], gone["severity"]) == ("20240102000000", "error")


def test_a_new_migration_that_is_older_than_history_is_a_warning(tmp_path: Path) -> None:
    root = committed(tmp_path, {"2024-01-02-000000_a": GOOD})
    late = root / "migrations" / "2024-01-01-000000_late"
    late.mkdir()
    (late / "up.sql").write_text("CREATE TABLE b (id INTEGER);")
    (late / "down.sql").write_text("DROP TABLE b;")
    code, document = checked(root, "--base", "HEAD", "--rows", "0")
    assert code == 0
    (found,) = document["chains"][0]["findings"]
    assert (found["rule"], found["severity"], found["version"]) == ("out-of-order", "warning", "20240101000000")
    assert "20240102000000" in found["message"]


def test_a_rule_that_is_none_is_told_from_one_that_found_nothing(tmp_path: Path) -> None:
    allow = '[[allow]]\nrule = "down-does-not-restor"\nversion = "1"\nbecause = "x"\n'
    done = glowplug(project(tmp_path, {"2024-01-01-000000_a": GOOD}, glowplug__toml=allow), "check")
    assert "there is no such rule; is down-does-not-restore meant?" in done.stdout


def test_diesel_toml_does_not_lead_out_of_the_checkout(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    (outside / "migrations").mkdir(parents=True)
    inside = tmp_path / "inside"
    inside.mkdir()
    root = committed(inside, {"2024-01-01-000000_a": GOOD})
    (root / "diesel.toml").write_text('[migrations_directory]\ndir = "../outside/migrations"\n')
    done = glowplug(root, "check")
    assert done.returncode == 2
    assert "diesel.toml:2: migrations_directory.dir" in done.stdout
    assert "outside the checkout" in done.stdout


def test_a_verdict_is_not_lost_to_an_encoding(tmp_path: Path) -> None:
    bad = {"up.sql": "CREATE TABLE b (id INTEGER);", "down.sql": "SELECT 1;"}
    root = project(tmp_path, {"2024-01-01-000000_a": bad})
    done = glowplug(root, "check", PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (1, "")
    assert "down-does-not-restore" in done.stdout


def test_history_that_can_not_go_up_is_said_and_what_stands_behind_it_is_no_yes(tmp_path: Path) -> None:
    root = committed(tmp_path, {"2024-01-01-000000_a": {"up.sql": "SELECT nothing;", "down.sql": "SELECT 1;"}})
    code, document = checked(root, "--base", "HEAD")
    assert code == 0
    assert rules(document) == ["up-fails", "history-stops"]
    told = "Yes: 1 notice (new since HEAD@{}); but the way up stops in history: {}what comes next could not be checked"
    commit = git(root, "rev-parse", "--short=7", "HEAD")
    assert glowplug(root, "check", "--base", "HEAD", "-q").stdout == told.format(commit, "") + "\n"
    behind = root / "migrations" / "2024-01-02-000000_b"
    behind.mkdir()
    for file, text in GOOD.items():
        (behind / file).write_text(text)
    git(root, "add", ".")
    git(root, "commit", "-m", "more history")
    commit, left = git(root, "rev-parse", "--short=7", "HEAD"), "1 migration was not reached, and "
    assert glowplug(root, "check", "--base", "HEAD", "-q").stdout == told.format(commit, left) + "\n"
    assert glowplug(root, "check", "--base", "HEAD", "-q", "--all").stdout == "No: 1 error\n"
    new = root / "migrations" / "2024-02-01-000000_b"
    new.mkdir()
    for file, text in GOOD.items():
        (new / file).write_text(text)
    code, document = checked(root, "--base", "HEAD")
    assert (code, document["outcome"]) == (3, "error")
    assert "1 new migration could not be checked" in document["chains"][0]["error"]["message"]


@pytest.mark.parametrize("superuser", [False, True])
def test_where_temporary_tables_lie_may_be_said_as_to_diesel(tmp_path: Path, superuser: bool) -> None:
    first = {"up.sql": "PRAGMA temp_store = MEMORY;\nCREATE TABLE a (id INTEGER);", "down.sql": "DROP TABLE a;"}
    again = {"up.sql": "PRAGMA temp_store = MEMORY; CREATE TEMP TABLE x (a);", "down.sql": "DROP TABLE x;"}
    third = {"up.sql": "PRAGMA temp_store = MEMORY; INSERT INTO x VALUES (1);", "down.sql": "DELETE FROM x;"}
    late = {"up.sql": "PRAGMA temp_store = FILE;", "down.sql": "SELECT 1;"}
    text = f"[scratch]\nsuperuser = {str(superuser).lower()}\n"
    chain = {"2024-01-01-000000_a": first, "2024-01-02-000000_b": again, "2024-01-03-000000_c": third}
    root = project(tmp_path, {**chain, "2024-01-04-000000_d": late}, glowplug__toml=text)
    _, document = checked(root, "--base", "none")
    trips = [item["round_trip"] for item in document["chains"][0]["migrations"]]
    assert [trip["outcome"] for trip in trips] == ["restored", "restored", "restored", "up_failed"]
    assert trips[-1]["error"]["message"] == "temporary storage cannot be changed from within a transaction"
