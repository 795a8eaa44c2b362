"""A name that the code alone gives to a column: what Diesel's CLI does to it in schema.rs."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from glowplug.dialect import Dialect
from glowplug.project import Chain, Migration
from glowplug.project.configuration import ChainSettings
from glowplug.review.context import Terms
from glowplug.review.engine import review

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "CREATE TABLE users (id INTEGER PRIMARY KEY NOT NULL, email TEXT);"
PATCH = """\
--- src/schema.rs
+++ src/schema.rs
@@ -4,4 +4,5 @@
     users (id) {
         id -> Integer,
-        email -> Nullable<Text>,
+        #[sql_name = "email"]
+        address -> Nullable<Text>,
     }
"""
RENAMED = '        #[sql_name = "email"]\n        address -> Nullable<Text>,\n'


@pytest.mark.diesel
@pytest.mark.sqlite
def test_a_name_in_schema_rs_is_written_over_unless_a_patch_file_keeps_it(diesel: Path, tmp_path: Path) -> None:
    def run() -> str:
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": "test.db"}
        command = [diesel, "migration", "redo" if (tmp_path / "test.db").exists() else "run"]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
        return schema.read_text()

    (tmp_path / "migrations" / "1_a").mkdir(parents=True)
    (tmp_path / "migrations" / "1_a" / "up.sql").write_text(TABLE)
    (tmp_path / "migrations" / "1_a" / "down.sql").write_text("DROP TABLE users;")
    schema = tmp_path / "src" / "schema.rs"
    schema.parent.mkdir()
    (tmp_path / "diesel.toml").write_text('[print_schema]\nfile = "src/schema.rs"\n')
    plain = "        email -> Nullable<Text>,\n"
    written = run()
    assert plain in written
    schema.write_text(written.replace(plain, RENAMED))
    assert run() == written
    (tmp_path / "diesel.toml").write_text('[print_schema]\nfile = "src/schema.rs"\npatch_file = "src/schema.patch"\n')
    (tmp_path / "src" / "schema.patch").write_text(PATCH)
    assert run() == written.replace(plain, RENAMED)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_who_renames_a_column_is_told_what_stays(dialect: Dialect) -> None:
    up = "ALTER TABLE users RENAME COLUMN email TO address;"
    migrations = (
        Migration(version="1", name="1", path="1", up=TABLE.encode(), down=None),
        Migration(version="2", name="2", path="2", up=up.encode(), down=None),
    )
    chain = Chain(directory="m", dialect=dialect, migrations=migrations, settings=ChainSettings())
    (found,) = (each for each in review(chain, Terms.of(chain), new={"2"}).findings if each.rule == "name-changed")
    assert found.safe_form is not None
    note = found.safe_form.note or ""
    assert "#[diesel(column_name = email)] at a struct's field" in note
    assert '#[sql_name = "email"] in schema.rs' in note
    assert "keep it as a patch_file" in note
