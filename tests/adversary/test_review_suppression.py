"""Suppressions that lie: what looks like one and is none, what accepts less than it says, and who may say `off`."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from .project import glowplug, write

if TYPE_CHECKING:
    from pathlib import Path

ALLOW = 'glowplug: allow table-dropped because "nobody reads it"'
LIES = {
    "in a string": f"SELECT '\n-- {ALLOW}\n'; DROP TABLE t;",
    "in a name": f'SELECT 1 AS "\n-- {ALLOW}\n"; DROP TABLE t;',
    "in an escaped string": f"SELECT E'\\'\n-- {ALLOW}\n'; DROP TABLE t;",
    "in a dollar quote": f"SELECT $a$\n-- {ALLOW}\n$a$; DROP TABLE t;",
    "in a dollar quote in a dollar quote": f"SELECT $a$ $b$ $a$, '\n-- {ALLOW}\n', $c$ $b$ $c$; DROP TABLE t;",
    "in a comment within a comment": f"/* /* x */ {ALLOW} */ DROP TABLE t;",
    "behind a comment's begin": f"/* /* -- */\n-- {ALLOW}\n*/ DROP TABLE t;",
    "after the colon of another word": f"-- not{ALLOW}\nDROP TABLE t;",
    "not at the begin": f"-- please: {ALLOW}\nDROP TABLE t;",
    "with a hyphen that is none": '-- glowplug: allow table\u2011dropped because "x"\nDROP TABLE t;',
    "with letters that are none": '-- glowplug: allow t\u0430ble-dropped because "x"\nDROP TABLE t;',
    "with a colon that is none": f"-- {ALLOW.replace(':', chr(0xFF1A))}\nDROP TABLE t;",
    "with quotes that are none": "-- glowplug: allow table-dropped because \u201cx\u201d\nDROP TABLE t;",
    "of everything": '-- glowplug: allow * because "x"\nDROP TABLE t;',
    "of all": '-- glowplug: allow all because "x"\nDROP TABLE t;',
    "of nothing": '-- glowplug: allow because "x"\nDROP TABLE t;',
    "without a reason": "-- glowplug: allow table-dropped\nDROP TABLE t;",
    "with an empty reason": '-- glowplug: allow table-dropped because ""\nDROP TABLE t;',
    "with a blank reason": '-- glowplug: allow table-dropped because "\u00a0\u2003"\nDROP TABLE t;',
    "expired": f"-- {ALLOW} until 2020-12-31\nDROP TABLE t;",
    "until a date that is none": f"-- {ALLOW} until 2099-02-30\nDROP TABLE t;",
    "until the year nought": f"-- {ALLOW} until 0000-01-01\nDROP TABLE t;",
    "until a date that is not ASCII": f"-- {ALLOW} until \uff12\uff10\uff19\uff19-01-01\nDROP TABLE t;",
    "twice until": f"-- {ALLOW} until 2099-01-01 until 2020-01-01\nDROP TABLE t;",
    "at another statement": f"-- {ALLOW}\nSELECT 1; DROP TABLE t;",
    "behind another statement": f"SELECT 1; -- {ALLOW}\nDROP TABLE t;",
    "within another statement": f"SELECT /* {ALLOW} */ 1; DROP TABLE t;",
    "behind the last": f"DROP TABLE t;\n-- {ALLOW}\n",
    "in the other file's words": f"SELECT $x$ DROP TABLE t; -- {ALLOW} $x$; DROP TABLE t;",
    "at an inner statement": f"DO $$ BEGIN\n-- {ALLOW}\nPERFORM 1;\nEND $$; DROP TABLE t;",
    "at a statement of a routine": (
        f"CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN\n-- {ALLOW}\nDROP TABLE t; END $$;DROP TABLE t;"
    ),
    "after a line's end that is none": f"-- x\u2028-- {ALLOW}\nDROP TABLE t;",
    "after a vertical tab": f"-- x\x0b-- {ALLOW}\nDROP TABLE t;",
}


def reviewed(root: Path, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """What ``glowplug lint`` says of the only chain."""
    done = glowplug("lint", "--format", "json", *arguments, where=root)
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)["chains"][0]["findings"]


def test_what_lies_accepts_nothing(tmp_path: Path) -> None:
    files = [("CREATE TABLE t (a int);", "DROP TABLE t;")]
    files += [(text, "CREATE TABLE t (a int);") for text in LIES.values()]
    files = [each for file in files[1:] for each in (files[0], file)]
    code, findings = reviewed(write(tmp_path, "postgres", files), "--all")
    assert code == 1
    errors = {each["version"] for each in findings if each["rule"] == "table-dropped" and each["suppressed"] is None}
    versions = {title: str(20240101000001 + 2 * number) for number, title in enumerate(LIES)}
    assert [title for title, version in versions.items() if version not in errors] == []


@pytest.mark.parametrize(
    ("backend", "lie"),
    [
        ("mysql", f'SELECT "\n-- {ALLOW}\n"; DROP TABLE t;'),
        ("mysql", f"SELECT '\\'\n-- {ALLOW}\n'; DROP TABLE t;"),
        ("mysql", f"SELECT 1 AS `\n# {ALLOW}\n`; DROP TABLE t;"),
        ("mysql", f"SELECT 1 --1; {ALLOW}\n; DROP TABLE t;"),
        ("mysql", f"/* /* */ -- {ALLOW}\nSELECT 1; DROP TABLE t;"),
        ("sqlite", f"SELECT [\n-- {ALLOW}\n]; DROP TABLE t;"),
        ("sqlite", f"SELECT '\\'; -- {ALLOW}\nDROP TABLE t;"),
        ("sqlite", f"SELECT `\n-- {ALLOW}\n`; DROP TABLE t;"),
        ("sqlite", f"/* /* */ SELECT 1; -- {ALLOW}\nDROP TABLE t;"),
    ],
)
def test_what_lies_in_other_dialects_accepts_nothing(tmp_path: Path, backend: str, lie: str) -> None:
    root = write(tmp_path, backend, [("CREATE TABLE t (a int);", "DROP TABLE t;"), (lie, "SELECT 1;")])
    code, findings = reviewed(root, "--all")
    assert code == 1
    assert [each["suppressed"] for each in findings if each["rule"] == "table-dropped"] == [None]


def test_thousands_of_them_accept_their_own(tmp_path: Path) -> None:
    tables = range(3000)
    made = "".join(f"CREATE TABLE t{n} (a int);\n" for n in tables)
    gone = "".join(f"-- {ALLOW}\nDROP TABLE t{n};\n" for n in tables if n != 1500) + "DROP TABLE t1500;\n"
    root = write(tmp_path, "postgres", [(made, "SELECT 1;"), (gone, "SELECT 1;")])
    begin = time.monotonic()
    code, findings = reviewed(root, "--all")
    assert time.monotonic() - begin < 60
    assert code == 1
    left = [each for each in findings if each["rule"] == "table-dropped" and each["suppressed"] is None]
    assert ["drops t1500 " in each["message"] for each in left] == [True]
    assert sum(each["rule"] == "table-dropped" for each in findings) == len(tables)


OFF = '[review.severity]\ntable-dropped = "off"\n'


@pytest.mark.parametrize(
    "configuration",
    [
        OFF,
        '[review.severity]\ntable-dropped = "notice"\n',
        '[[review.path]]\npaths = ["*"]\nseverity = { table-dropped = "off" }\n',
    ],
)
def test_a_change_can_not_switch_off_what_finds_it(tmp_path: Path, configuration: str) -> None:
    write(tmp_path, "postgres", [("CREATE TABLE t (a int);", "DROP TABLE t;")])
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "base"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    directory = tmp_path / "migrations" / "20250101000000_n"
    directory.mkdir()
    (directory / "up.sql").write_text("DROP TABLE t;")
    (directory / "down.sql").write_text("CREATE TABLE t (a int);")
    (tmp_path / "glowplug.toml").write_text(configuration)
    code, findings = reviewed(tmp_path, "--base", "HEAD")
    assert code == 1, configuration
    assert "table-dropped" in {each["rule"] for each in findings if each["severity"] == "error"}
    assert "settings-changed" in {each["rule"] for each in findings}
