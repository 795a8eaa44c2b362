"""metadata.toml: Diesel's defaults, and what they hide."""

from __future__ import annotations

import pytest

from glowplug.project.layout import read_layout
from glowplug.project.metadata import read_metadata
from glowplug.project.tree import MappingTree

CASES = {
    "absent": (None, True, []),
    "true": (b"run_in_transaction = true", True, []),
    "false": (b"run_in_transaction = false\n", False, []),
    "quoted": (b'"run_in_transaction" = false\r\n', False, []),
    "byte order mark": (b"\xef\xbb\xbfrun_in_transaction = false\n", False, []),
    "empty": (b"", False, [("metadata-without-key", None)]),
    "comment": (b"# run_in_transaction = true", False, [("metadata-without-key", None)]),
    "string": (b'\nrun_in_transaction = "false"', True, [("metadata-ignored", 2)]),
    "number": (b"run_in_transaction = 0", True, [("metadata-ignored", 1)]),
    "twice": (b"run_in_transaction = false\nrun_in_transaction = false", True, [("metadata-ignored", 2)]),
    "no toml": (b"# x\nrun_in_transaction = False", True, [("metadata-ignored", 2)]),
    "no utf-8": (b"\nrun_in_transaction = false # \xe9", True, [("metadata-ignored", 2)]),
    "toml 1.1": (b"x = {a = 1,\n}\nrun_in_transaction = false", False, [("metadata-unknown-key", 1)]),
    "misspelt": (
        b"# x\nrun-in-transaction = true",
        False,
        [("metadata-without-key", 2)],
    ),
    "misspelt beside": (
        b"owner = 'a'\nrun_in_transactoin = true\nlock = 3",
        False,
        [("metadata-without-key", 2), ("metadata-unknown-key", 1), ("metadata-unknown-key", 3)],
    ),
    "another tool's": (
        b"owner = 'a'\n[lint]\nrun_in_transaction = true\n",
        False,
        [("metadata-without-key", 1)],
    ),
    "unknown beside": (b"run_in_transaction = false\nlock = 3", False, [("metadata-unknown-key", 2)]),
}


@pytest.mark.parametrize("case", CASES)
def test_metadata(case: str) -> None:
    content, in_transaction, remarks = CASES[case]
    found, said = read_metadata(content)
    assert found is in_transaction
    assert [(remark.fault.rule, remark.line) for remark in said] == remarks


def test_a_misspelt_key_is_one_remark_that_says_both() -> None:
    _, (said,) = read_metadata(b"run_in_transactions = true")
    assert "'run_in_transactions', which Diesel silently ignores" in said.message
    assert "run_in_transaction = false: this migration runs without a transaction" in said.message


def test_another_tools_keys_are_named_in_one_remark() -> None:
    _, (said,) = read_metadata(b"owner = 'a'\n[lint]\nx = 1")
    assert "('owner', 'lint')" in said.message


def test_remarks_are_findings_with_file_and_line_and_one_for_each_key() -> None:
    files = {"1_a/up.sql": b"x", "1_a/down.sql": b"x", "1_a/metadata.toml": b"a = 1\nrun_in_transaction = true\nb = 2"}
    layout = read_layout(MappingTree(files, "."), "db")
    places = [(one.place.file, one.place.line) for one in layout.findings if one.place]
    assert places == [("db/1_a/metadata.toml", 1), ("db/1_a/metadata.toml", 3)]
    assert len({one.fingerprint for one in layout.findings}) == 2
    assert {one.hazards for one in layout.findings} == {(119,)}
