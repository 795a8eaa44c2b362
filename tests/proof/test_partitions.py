"""What is proposed instead of PARTITION OF lets others read and write, and reads no row of a DEFAULT partition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from glowplug.review import engine
from glowplug.review.context import Terms
from tests.review.planted import chain_of

from .postgres import administrator, available

if TYPE_CHECKING:
    from glowplug.finding import SafeForm

    from .proof import Servers

ROWS = "SELECT '2020-01-01'::date, 'z', repeat('.', 500) FROM generate_series(1, 600)"
DEFAULT = f"CREATE TABLE rest PARTITION OF events DEFAULT; INSERT INTO events {ROWS}"
COLUMNS = 'at date, "Kind" text, note text'


def safe_form(before: str, up: str) -> SafeForm:
    """What the rule proposes."""
    chain = chain_of((before, None), (up, None))
    (found,) = [
        each for each in engine.review(chain, Terms.of(chain)).findings if each.rule == "partition-of-blocks-parent"
    ]
    assert found.safe_form is not None
    return found.safe_form


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("by", "bounds"),
    [
        ("RANGE (at)", "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')"),
        ("RANGE (at)", "FOR VALUES FROM (MINVALUE) TO ('1999-01-01'::date)"),
        ("RANGE (at)", "FOR VALUES FROM ('2024-01-01') TO (MAXVALUE)"),
        ('LIST ("Kind")', "FOR VALUES IN ('a', 'b')"),
    ],
)
def test_a_default_partition_is_locked_and_not_read(servers: Servers, by: str, bounds: str) -> None:
    before = f"CREATE TABLE events ({COLUMNS}) PARTITION BY {by}; {DEFAULT}"
    steps = safe_form(before, f"CREATE TABLE new PARTITION OF events {bounds}").steps
    for major in sorted({available()[0], available()[-1]}):
        server = servers.get(f"postgres {major}", lambda major=major: administrator(major))
        server.execute("CREATE SCHEMA parts; SET search_path = parts")
        try:
            server.execute(before)
            for step in steps[:-1]:
                server.execute(step.up)
            server.execute("BEGIN")
            fetched = "SELECT pg_stat_get_xact_blocks_fetched('rest'::regclass)"
            was = server.execute(fetched).fetchone()
            server.execute(steps[-1].up)
            assert server.execute(fetched).fetchone() == was
            locks = server.execute(
                "SELECT relation::regclass::text, mode FROM pg_locks WHERE pid = pg_backend_pid() AND "
                "mode = 'AccessExclusiveLock' AND relation IN ('events'::regclass, 'rest'::regclass)"
            ).fetchall()
            assert locks == [("rest", "AccessExclusiveLock")]
        finally:
            server.execute("ROLLBACK; RESET ALL; DROP SCHEMA parts CASCADE")


def test_where_the_bounds_are_not_plain_the_reading_is_said() -> None:
    before = f"CREATE TABLE events ({COLUMNS}) PARTITION BY RANGE (at, note); {DEFAULT}"
    safe = safe_form(
        before, "CREATE TABLE new PARTITION OF events FOR VALUES FROM ('2024-01-01', 'a') TO (MAXVALUE, 'b')"
    )
    assert len(safe.steps) == 1
    assert "it reads rest whole under it: a CHECK on rest that is validated before" in (safe.note or "")


def test_what_is_not_known_is_said() -> None:
    chain = chain_of(("CREATE TABLE new PARTITION OF events FOR VALUES FROM (1) TO (2)", None))
    (found,) = [
        each
        for each in engine.review(chain, Terms.of(chain), known=False).findings
        if each.rule == "partition-of-blocks-parent"
    ]
    assert "on its DEFAULT partition, which it reads whole, if there is one" in found.message
    assert found.safe_form is not None
    assert "; where events has a DEFAULT partition, ATTACH locks that too, and reads" in (found.safe_form.note or "")
    assert "EXCLUDING IDENTITY" in found.safe_form.steps[0].up
