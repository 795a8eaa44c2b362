"""Digests: no two contents share one, and ``sha256sum`` can verify them."""

from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from glowplug.project.layout import read_layout, versions_of
from glowplug.project.migration import BEFORE_THE_FIRST, chain_digest, digest
from glowplug.project.tree import MappingTree

# Contents out of what netstrings are made of: lengths, colons, commas, the dash of a missing file.
pieces = st.lists(st.sampled_from([b"-", b"0:,", b"1:", b",", b":", b"1", b"2", b"a", b"\0"]), max_size=6).map(b"".join)
contents = st.none() | pieces | st.binary(max_size=8)
versions = st.text(alphabet="01:,-a", max_size=5)
migrations = st.tuples(versions, contents, contents, contents)


def digest_of(parts: tuple[str, bytes | None, bytes | None, bytes | None]) -> str:
    version, up, down, metadata = parts
    return digest(version=version, up=up, down=down, metadata=metadata)


@given(migrations, migrations)
def test_no_two_contents_give_one_digest(one: tuple, other: tuple) -> None:
    assert (digest_of(one) == digest_of(other)) == (one == other)


@given(migrations, st.integers(0, 3), st.integers(0, 3))
def test_content_moved_from_one_part_to_another_changes_the_digest(one: tuple, source: int, target: int) -> None:
    other = list(one)
    other[source], other[target] = other[target], other[source]
    if isinstance(other[0], str) and tuple(other) != one:
        assert digest_of(tuple(other)) != digest_of(one)


def test_the_digest_is_that_of_the_netstrings() -> None:
    expected = hashlib.sha256(b"14:20240101000000,9:SELECT 1;,0:,-").hexdigest()
    assert digest(version="20240101000000", up=b"SELECT 1;", down=b"", metadata=None) == expected


def test_a_chain_digest_is_that_of_two_hex_digests_in_a_row() -> None:
    files = {"1_a/up.sql": b"SELECT 1;", "2_b/up.sql": b"SELECT 2;", "2_b/down.sql": b""}
    first, second = read_layout(MappingTree(files, "."), ".").migrations
    assert first.chain_digest == hashlib.sha256(f"{BEFORE_THE_FIRST}{first.digest}".encode()).hexdigest()
    assert second.chain_digest == hashlib.sha256(f"{first.chain_digest}{second.digest}".encode()).hexdigest()


@given(st.permutations([f"{number}_x/up.sql" for number in range(4)]))
def test_the_order_of_reading_changes_no_digest(paths: list[str]) -> None:
    layout = read_layout(MappingTree({path: path.encode() for path in paths}, "."), ".")
    again = read_layout(MappingTree({path: path.encode() for path in sorted(paths)}, "."), ".")
    assert layout.migrations == again.migrations


def test_any_change_before_a_migration_changes_its_chain_digest_alone() -> None:
    files = {"1_a/up.sql": b"SELECT 1;", "2_b/up.sql": b"SELECT 2;"}
    before = read_layout(MappingTree(files, "."), ".").migrations[1]
    after = read_layout(MappingTree({**files, "1_a/down.sql": b"SELECT 3;"}, "."), ".").migrations[1]
    assert before.digest == after.digest
    assert before.chain_digest != after.chain_digest


def test_versions_of_a_mapping_are_those_of_the_disk_reader_with_every_directory_of_each() -> None:
    files = {
        "db/1_a/up.sql": b"SELECT 1;",
        "db/1_b/up.sql": b"SELECT 2;",
        "db/2_c/down.sql": b"no up: Diesel refuses it",
        "db/README.md": b"",
        "elsewhere/3_d/up.sql": b"SELECT 3;",
    }
    expected = {digest(version="1", up=up, down=None, metadata=None) for up in (b"SELECT 1;", b"SELECT 2;")}
    found = {version: {each.digest for each in known} for version, known in versions_of(files, "db").items()}
    assert found == {"1": expected}
    assert versions_of(files, "nowhere") == {}


def test_chain_digest_takes_nothing_but_hex() -> None:
    assert chain_digest("a" * 64, "b" * 64) == hashlib.sha256(b"a" * 64 + b"b" * 64).hexdigest()
