"""What a file is expected to change: what such files did, or all that share one of its kinds of statements."""

from __future__ import annotations

from glowplug.database.postgres.expectations import Expectations
from glowplug.database.postgres.local import statement_kinds
from glowplug.database.postgres.questions import Wanted

TABLES = Wanted(("tables",))
KEYS = Wanted(("tables", "keys"), ("types",))
TRIGGERS = Wanted(("tables", "keys", "triggers"), ("types", "routines"))


def test_nothing_is_expected_of_what_was_never_seen() -> None:
    assert Expectations().of({"a"}) == Wanted()


def test_the_last_such_file_counts() -> None:
    expectations = Expectations()
    expectations.learn(frozenset({"a", "b"}), KEYS)
    expectations.learn(frozenset({"a", "b"}), TABLES)
    assert expectations.of({"b", "a"}) == TABLES


def test_another_file_is_expected_to_do_what_all_with_one_of_its_kinds_did() -> None:
    expectations = Expectations()
    expectations.learn(frozenset({"a"}), TABLES)
    expectations.learn(frozenset({"a", "b"}), KEYS)
    expectations.learn(frozenset({"b"}), TRIGGERS)
    assert expectations.of({"a", "c"}) == TABLES
    assert expectations.of({"b", "c"}) == Wanted(("tables", "keys"), ("types",))
    assert expectations.of({"c"}) == Wanted()


def test_kinds_tell_what_constraints_are_made() -> None:
    plain, not_null, foreign, table = (
        statement_kinds(text)
        for text in (
            "ALTER TABLE t ADD a int",
            "ALTER TABLE t ADD a int NOT NULL",
            "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES u",
            "CREATE TABLE t (a int REFERENCES u, FOREIGN KEY (a) REFERENCES u)",
        )
    )
    assert len({plain, not_null, foreign, table}) == 4
    assert plain < not_null
    assert (foreign & table) == {kind for kind in table if kind.startswith("constraint")}
