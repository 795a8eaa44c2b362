"""`glowplug lint`, `rules` and `explain` as a person runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

if TYPE_CHECKING:
    from pathlib import Path

USERS = "CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);\n"
INDEX = "CREATE INDEX users_email_idx ON users (email);\n"
HARMLESS = "ALTER TABLE users ADD COLUMN name text;\n"
RULE = "index-blocks-writes"
OTHER_RULES_OFF = '[review.severity]\nlock-timeout-missing = "off"\n'


def project(root: Path, migrations: dict[str, str], configuration: str = "") -> Path:
    """A checkout on PostgreSQL, each migration by its up."""
    (root / "Cargo.toml").write_text('[package]\nname = "x"\n[dependencies]\ndiesel = { features = ["postgres"] }\n')
    (root / "diesel.toml").write_text("")
    (root / "glowplug.toml").write_text(configuration or OTHER_RULES_OFF)
    for name, up in migrations.items():
        directory = root / "migrations" / name
        directory.mkdir(parents=True)
        (directory / "up.sql").write_text(up)
        (directory / "down.sql").write_text("SELECT 1;\n")
    return root


def glowplug(where: Path, *arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "glowplug", *arguments],
        cwd=where,
        env={**os.environ, "GLOWPLUG_CACHE_DIR": str(where / ".cache"), **environment},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def linted(where: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = glowplug(where, "lint", "--format", "json", *arguments)
    assert done.stderr == ""
    document = json.loads(done.stdout)
    schema = json.loads(resources.files("glowplug.report").joinpath("check.schema.json").read_text("utf-8"))
    jsonschema.validate(document, schema)
    return done.returncode, document


def findings(document: dict[str, Any]) -> list[tuple[str, str | None, int | None]]:
    return [
        (item["rule"], item["file"], item["line"])
        for chain in document["chains"]
        for item in chain["findings"]
        if item["suppressed"] is None
    ]


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True)


UP = "migrations/2_b/up.sql"


def test_a_finding_is_shown_with_its_statement_and_what_to_write_instead(tmp_path: Path) -> None:
    done = glowplug(project(tmp_path, {"1_a": USERS, "2_b": f"-- a comment\n{INDEX}"}), "lint")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "migrations for PostgreSQL, reviewed without a server" in done.stdout
    lines = done.stdout.splitlines()
    at = lines.index(f"  error[{RULE}] {UP}:2:1")
    assert lines[at + 1] == "    2 │ CREATE INDEX users_email_idx ON users (email);"
    assert lines[at + 2] == "      │ " + "^" * len("CREATE INDEX users_email_idx ON users (email)")
    assert lines[at + 3].startswith("    │ builds users_email_idx under a SHARE lock on users")
    assert "    │     up.sql    CREATE INDEX CONCURRENTLY users_email_idx ON users (email);" in lines
    assert lines[-1] == "No: 1 error"


def test_the_document_is_that_of_check_and_says_what_was_looked_at(tmp_path: Path) -> None:
    code, document = linted(project(tmp_path, {"1_a": USERS, "2_b": INDEX}))
    assert (code, document["outcome"], document["schema"]) == (1, "fail", "glowplug.check/1")
    (chain,) = document["chains"]
    assert (chain["parts"], chain["scratch"], chain["chain_down"]["outcome"]) == (["review"], None, "skipped")
    assert {item["round_trip"]["outcome"] for item in chain["migrations"]} == {"not_reached"}
    (finding,) = chain["findings"]
    assert (finding["rule"], finding["basis"], finding["line"], finding["end_column"]) == (RULE, "predicted", 1, 46)
    (step,) = finding["safe_form"]["steps"]
    assert step["up"] == "CREATE INDEX CONCURRENTLY users_email_idx ON users (email);"
    assert step["run_in_transaction"] is False


def test_a_second_time_says_the_same_from_the_cache_and_imports_neither_parser_nor_rules_nor_drivers(
    tmp_path: Path,
) -> None:
    root = project(tmp_path, {"1_a": USERS, "2_b": INDEX})
    code = (
        "import sys\nfrom glowplug.cli import main\nsys.argv = ['glowplug', 'lint', '--base', 'none']\n"
        "try: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env={**os.environ, "GLOWPLUG_CACHE_DIR": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        for _ in range(2)
    ]
    cold, warm = (set(run.stderr.split()) for run in runs)
    first, second = (run.stdout.replace(" 0.1 s", " 0.0 s") for run in runs)
    assert [run.returncode for run in runs] == [1, 1]
    assert first.partition(" s\n")[2] == second.partition(" s\n")[2]
    assert f"error[{RULE}]" in second
    never = {"psycopg", "pymysql", "apsw", "rich", "glowplug.rehearsal", "glowplug.database", "tree_sitter", "jinja2"}
    assert cold & never == set()
    assert warm & never == set()
    parsers = {"postgast", "syntaqlite", "glowplug.review.engine", "glowplug.sql.reader"}
    assert cold & parsers == {"postgast", "glowplug.review.engine", "glowplug.sql.reader"}
    assert warm & parsers == set()
    assert not [name for name in warm if name.startswith("glowplug.review.rules.")]


def test_what_changed_is_looked_at_again(tmp_path: Path) -> None:
    root = project(tmp_path, {"1_a": USERS, "2_b": INDEX})
    assert linted(root)[0] == 1
    (root / UP).write_text(HARMLESS)
    assert linted(root)[0] == 0
    (root / UP).write_text(INDEX)
    assert linted(root)[0] == 1


def test_a_cache_that_was_tampered_with_changes_nothing(tmp_path: Path) -> None:
    root = project(tmp_path, {"1_a": USERS, "2_b": INDEX})
    before = findings(linted(root)[1])
    for file in (root / ".cache" / "review").iterdir():
        file.write_bytes(file.read_bytes()[:-3] + b"xyz")
    assert findings(linted(root)[1]) == before == [(RULE, UP, 1)]


def test_history_does_not_count_unless_asked(tmp_path: Path) -> None:
    root = project(tmp_path, {"1_a": USERS, "2_b": INDEX})
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")
    git(root, "checkout", "-qb", "work")
    assert linted(root, "--base", "main")[0] == 0
    assert linted(root, "--base", "main", "--all")[0] == 1
    assert linted(root, "--since", "1")[0] == 1
    new = root / "migrations" / "3_c"
    new.mkdir()
    (new / "up.sql").write_text("CREATE INDEX ON users (id);\n")
    (new / "down.sql").write_text("SELECT 1;")
    code, document = linted(root, "--base", "main")
    assert code == 1
    assert [item["new"] for item in document["chains"][0]["migrations"]] == [False, False, True]


def test_a_suppression_in_the_sql_with_its_evidence(tmp_path: Path) -> None:
    allow = f'-- glowplug: allow {RULE} because "it is small" rows <= 10000 step "asked the team"\n'
    root = project(tmp_path, {"1_a": USERS, "2_b": allow + INDEX})
    done = glowplug(root, "lint", "-v")
    assert done.returncode == 0
    assert f'{UP}:2:1 (accepted: it is small; rows <= 10000; step "asked the team")' in done.stdout
    (finding,) = linted(root)[1]["chains"][0]["findings"]
    assert finding["suppressed"] == {
        "reason": "it is small",
        "source": "sql",
        "evidence": ["rows <= 10000", 'step "asked the team"'],
    }


@pytest.mark.parametrize(
    ("comment", "rule"),
    [
        (f"-- glowplug: allow {RULE}\n", "allow-without-reason"),
        (f'-- glowplug: allow {RULE} because "x" until 2020-01-01\n', "allow-expired"),
        (f'-- glowplug: allow {RULE} because "x", y\n', "allow-malformed"),
    ],
)
def test_a_suppression_that_is_not_in_force(tmp_path: Path, comment: str, rule: str) -> None:
    code, document = linted(project(tmp_path, {"1_a": USERS, "2_b": comment + INDEX}))
    assert code == 1
    assert sorted(findings(document)) == sorted([(RULE, UP, 2), (rule, UP, 1)])


def test_an_unneeded_suppression_is_said_and_one_of_the_rehearsal_is_not_judged_by_lint(tmp_path: Path) -> None:
    unneeded = f'-- glowplug: allow {RULE}, up-fails because "x"\n'
    configuration = (
        OTHER_RULES_OFF
        + '[[allow]]\nrule = "down-fails"\nversion = "1"\nbecause = "x"\n'
        + f'[[allow]]\nrule = "{RULE}"\nversion = "1"\nbecause = "x"\nrows = 5\n'
    )
    code, document = linted(project(tmp_path, {"1_a": USERS, "2_b": unneeded + HARMLESS}, configuration))
    assert code == 0
    assert findings(document) == [("allow-unneeded", "glowplug.toml", 7), ("allow-unneeded", UP, 1)]


def test_what_accepts_a_finding_that_another_one_hides_is_not_called_unneeded(tmp_path: Path) -> None:
    numbered = "ALTER TABLE users ADD COLUMN number bigserial UNIQUE;\n"
    hidden = '[[allow]]\nrule = "unique-blocks-table"\nversion = "2"\nbecause = "x"\n'
    root = project(tmp_path, {"1_a": USERS, "2_b": numbered}, OTHER_RULES_OFF + hidden)
    for _ in ("reviewed", "from the cache"):
        assert findings(linted(root)[1]) == [("default-rewrites-table", UP, 1)]
    (root / "glowplug.toml").write_text(OTHER_RULES_OFF + hidden.replace('"2"', '"1"'))
    assert findings(linted(root)[1]) == [("allow-unneeded", "glowplug.toml", 3), ("default-rewrites-table", UP, 1)]


def test_a_rule_can_be_weighed_by_path(tmp_path: Path) -> None:
    configuration = f'{OTHER_RULES_OFF}[[review.path]]\npaths = ["migrations/2_*"]\nseverity = {{ {RULE} = "off" }}\n'
    root = project(tmp_path, {"1_a": USERS, "2_b": INDEX, "3_c": "CREATE INDEX ON users (id);"}, configuration)
    assert findings(linted(root)[1]) == [(RULE, "migrations/3_c/up.sql", 1)]


def test_an_unknown_rule_in_the_configuration_is_an_error_with_a_suggestion(tmp_path: Path) -> None:
    root = project(tmp_path, {"1_a": USERS}, '[review.severity]\nindex-blocks-write = "off"\n')
    done = glowplug(root, "lint")
    assert done.returncode == 2
    assert f"glowplug.toml:2: there is no rule 'index-blocks-write'; is '{RULE}' meant?" in done.stdout


def test_the_base_s_settings_are_in_force(tmp_path: Path) -> None:
    root = project(tmp_path, {"1_a": USERS})
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")
    git(root, "checkout", "-qb", "work")
    project_again = root / "migrations" / "2_b"
    project_again.mkdir()
    (project_again / "up.sql").write_text(INDEX)
    (project_again / "down.sql").write_text("SELECT 1;")
    (root / "glowplug.toml").write_text(f'{OTHER_RULES_OFF}{RULE} = "off"\n')
    code, document = linted(root, "--base", "main")
    assert code == 1
    assert findings(document) == [("settings-changed", "glowplug.toml", 1), (RULE, UP, 1)]


def test_files_are_read_in_their_chain_and_shown_alone(tmp_path: Path) -> None:
    root = project(tmp_path, {"1_a": USERS, "2_b": INDEX, "3_c": "CREATE INDEX ON users (id);"})
    code, document = linted(root, UP)
    assert code == 1
    assert findings(document) == [(RULE, UP, 1)]
    assert len(document["chains"][0]["migrations"]) == 3
    assert findings(linted(root, "migrations/1_a/up.sql", "migrations/3_c")[1]) == [(RULE, "migrations/3_c/up.sql", 1)]
    assert linted(root, "migrations/1_a/up.sql")[0] == 0


def test_a_file_alone_needs_a_backend_and_is_judged_with_an_unknown_schema(tmp_path: Path) -> None:
    (tmp_path / "seed.sql").write_text(INDEX)
    done = glowplug(tmp_path, "lint", "seed.sql")
    assert done.returncode == 2
    assert "seed.sql stands in no migrations directory" in done.stdout
    assert "--backend postgres" in done.stdout
    code, document = linted(tmp_path, "--backend", "postgres", "seed.sql")
    assert code == 1
    assert (RULE, "seed.sql", 1) in findings(document)


def test_a_file_alone_and_one_of_a_chain_in_one_run(tmp_path: Path) -> None:
    root = project(tmp_path, {"1_a": USERS, "2_b": INDEX})
    (root / "down.sql").write_text("DROP INDEX users_email_idx;")
    code, document = linted(root, "--backend", "postgres", UP, "down.sql")
    assert code == 1
    assert {file for _, file, _ in findings(document)} == {UP, "down.sql"}


def test_of_a_file_alone_it_is_said_that_nothing_is_known_before_it_and_what_stands_in_it(tmp_path: Path) -> None:
    (tmp_path / "down.sql").write_text("DROP TABLE a;")
    (tmp_path / "seed.sql").write_text("DROP TABLE a;\nALTER WHAT;\nALTER TABLE b ALTER x SET NOT NULL;")
    first = "drops a with all its rows, if it was there before this migration (what was there before this file is not "
    assert f"{first}known)" in glowplug(tmp_path, "lint", "--backend", "postgres", "down.sql").stdout
    shown = glowplug(tmp_path, "lint", "--backend", "postgres", "seed.sql").stdout
    assert f"{first}known)" in shown
    assert '(seed.sql:2: this statement is not understood: syntax error at or near "WHAT")' in shown
    assert "could not be read" not in shown


def test_what_may_be_there_before_a_file_alone_is_locked(tmp_path: Path) -> None:
    (tmp_path / "seed.sql").write_text("DROP TABLE IF EXISTS a;\nALTER WHAT;")
    _, document = linted(tmp_path, "--backend", "postgres", "seed.sql")
    assert ("lock-timeout-missing", "seed.sql", 1) in findings(document)


@pytest.mark.parametrize(
    ("content", "rule"),
    [(b"", "up-is-empty"), (b"\n\xff", "not-utf8"), (b"\xef\xbb\xbfSELECT 1;", "byte-order-mark")],
)
def test_a_file_alone_that_diesel_could_not_run_is_no_pass(tmp_path: Path, content: bytes, rule: str) -> None:
    (tmp_path / "seed.sql").write_bytes(content)
    code, document = linted(tmp_path, "--backend", "postgres", "seed.sql")
    assert (code, [found for found, _, _ in findings(document)]) == (1, [rule])
    assert document["chains"][0]["findings"][0]["message"].startswith("seed.sql ")


def test_standard_input_is_a_file_alone(tmp_path: Path) -> None:
    done = glowplug(tmp_path, "lint", "-", given="DROP TABLE a;")
    assert done.returncode == 2
    assert "--backend postgres" in done.stdout
    done = glowplug(tmp_path, "lint", "--backend", "sqlite", "-", given="SELECT 1;\nDROP TABLE a;")
    assert done.returncode == 1
    assert "error[table-dropped] -:2:1\n" in done.stdout
    assert glowplug(tmp_path, "lint", "--backend", "sqlite", "-", given="SELECT 1;").returncode == 0
    root = project(tmp_path, {"1_a": USERS, "2_b": INDEX}, '[[allow]]\nrule = "table-dropped"\nbecause = "x"\n')
    done = glowplug(root, "lint", "--backend", "sqlite", "--format", "json", UP, "-", "-", given="DROP TABLE a;")
    assert {("table-dropped", "-", 1), (RULE, UP, 1)} <= set(findings(json.loads(done.stdout)))


def test_a_pipe_or_a_device_is_not_waited_for(tmp_path: Path) -> None:
    root = project(tmp_path, {"1_a": USERS})
    os.mkfifo(root / "pipe")
    for paths in (("pipe",), ("/dev/null",), ("pipe", UP.replace("2_b", "1_a"))):
        done = glowplug(root, "lint", "--backend", "sqlite", *paths)
        assert done.returncode == 2
        assert f"{paths[0]} is a pipe or a device, which is not read" in done.stdout
        assert "glowplug lint --backend BACKEND -" in done.stdout


@pytest.mark.parametrize("path", ["nowhere.sql", "empty"])
def test_a_path_that_is_nothing(tmp_path: Path, path: str) -> None:
    root = project(tmp_path, {"1_a": USERS})
    (root / "empty").mkdir()
    done = glowplug(root, "lint", UP.replace("2_b", "1_a"), path)
    assert done.returncode == 2


def test_what_is_not_understood_is_no_pass_where_nobody_else_looks_at_it(tmp_path: Path) -> None:
    root = project(tmp_path, {"1_a": USERS, "2_b": "ALTER WHAT;\n"})
    for command in (("lint",), ("check", "--only", "review")):
        done = glowplug(root, *command, "--format", "json")
        document = json.loads(done.stdout)
        ((rule, severity),) = [(item["rule"], item["severity"]) for item in document["chains"][0]["findings"]]
        assert (done.returncode, document["outcome"], rule, severity) == (1, "fail", "sql-not-understood", "error")
    (root / "glowplug.toml").write_text('[review.severity]\nsql-not-understood = "warning"\n')
    assert glowplug(root, "lint").returncode == 0


def test_what_is_no_utf8_is_said(tmp_path: Path) -> None:
    root = project(tmp_path, {"1_a": USERS, "2_b": INDEX})
    (root / UP).write_bytes(b"CREATE TABLE \xff (x int);")
    code, document = linted(root)
    assert code == 1
    assert findings(document) == [("not-utf8", UP, 1)]


def test_a_rule_that_fails_is_no_verdict_and_hides_nothing(tmp_path: Path) -> None:
    root = project(tmp_path, {"1_a": USERS, "2_b": INDEX + HARMLESS + "CREATE INDEX ON users (id);"})
    script = (
        "import sys, glowplug.cli\n"
        "from glowplug.review.rules.lock.index_blocks_writes import IndexBlocksWrites\n"
        "check = IndexBlocksWrites.check\n"
        "def broken(self, action, context):\n"
        "    if action.index is None: raise TypeError('planted')\n"
        "    yield from check(self, action, context)\n"
        "IndexBlocksWrites.check = broken\n"
        "sys.argv = ['glowplug', 'lint', *sys.argv[1:]]\nglowplug.cli.main()\n"
    )

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", script, *arguments],
            cwd=root,
            env={**os.environ, "GLOWPLUG_CACHE_DIR": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )

    for _ in range(2):
        done = run()
        assert done.returncode == 3
        assert f"stopped: {UP}:3: glowplug itself failed: {RULE}: TypeError: planted" in done.stdout
        assert f"error[{RULE}] {UP}:1:1" in done.stdout
        assert "Traceback" in done.stderr
    document = json.loads(run("--format", "json").stdout)
    assert document["outcome"] == "error"
    assert document["chains"][0]["error"]["line"] == 3


def test_check_has_both_parts_and_either_alone(tmp_path: Path) -> None:
    root = project(tmp_path, {"1_a": USERS, "2_b": INDEX})

    def checked(*arguments: str) -> dict[str, Any]:
        return json.loads(glowplug(root, "check", "--format", "json", *arguments).stdout)["chains"][0]  # type: ignore[no-any-return]

    review = checked("--only", "review")
    assert (review["parts"], review["scratch"]) == (["review"], None)
    assert [item["rule"] for item in review["findings"]] == [RULE]


def test_rules_are_listed(tmp_path: Path) -> None:
    text = glowplug(tmp_path, "rules")
    assert text.returncode == 0
    assert f"{RULE}  " in text.stdout
    document = json.loads(glowplug(tmp_path, "rules", "--format", "json").stdout)
    (rule,) = [item for item in document["rules"] if item["name"] == RULE]
    assert rule == {
        "name": RULE,
        "kind": "review",
        "harm": "lock",
        "severity": "error",
        "hazards": [1],
        "dialects": ["postgres"],
        "summary": "An index is built while every write to its table waits.",
    }


@pytest.mark.parametrize("rule", [RULE, "sql-not-seen", "down-fails", "not-utf8"])
def test_a_rule_is_explained(tmp_path: Path, rule: str) -> None:
    done = glowplug(tmp_path, "explain", rule)
    assert done.returncode == 0
    assert done.stdout.startswith(f"# {rule}\n")


def test_an_unknown_rule_is_not_explained(tmp_path: Path) -> None:
    done = glowplug(tmp_path, "explain", "index-blocks-write")
    assert done.returncode == 2
    assert f"is {RULE} meant?" in done.stderr
