"""What glowplug says of the way from one type back to another is what every PostgreSQL accepts."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import psycopg
import pytest

from glowplug.dialect import Dialect
from glowplug.review.casts import cast
from glowplug.schema.simulation import Simulation
from glowplug.sql.actions import CreateTable
from glowplug.sql.reader import read

from .postgres import administrator, available
from .test_type_changes import TYPES

if TYPE_CHECKING:
    from .postgres import Session
    from .proof import Servers

OWN = "CREATE TYPE mood AS ENUM ('calm'); CREATE DOMAIN amount AS integer; CREATE DOMAIN note AS text;"
MORE = (
    "money",
    "macaddr8",
    "jsonb[]",
    "timestamp[]",
    "mood",
    "mood[]",
    "amount",
    "note",
    "int4range",
    "point",
    "name[]",
)
KINDS = (*TYPES, *MORE)
MORE_CASTS = {14: '"char"', 18: "bytea"}
"""Types that one version alone has casts for, of which nothing is said."""


@pytest.mark.postgres
@pytest.mark.parametrize("major", available())
def test_every_pair(major: int, servers: Servers) -> None:
    server = servers.get(f"postgres {major}", lambda: administrator(major))
    table = f"CREATE TABLE x ({', '.join(f'c{n} {kind}' for n, kind in enumerate(KINDS))})"
    simulation = Simulation(Dialect.POSTGRES)
    for statement in read(f"{OWN} {table}", Dialect.POSTGRES).statements:
        simulation.run(statement)
    (made,) = (each for each in statement.actions if isinstance(each, CreateTable))
    server.execute(f"CREATE SCHEMA casts; SET search_path = casts; {OWN} {table}")
    try:
        wrong = []
        for (one, now), (other, wanted) in itertools.product(enumerate(made.columns), repeat=2):
            assert now.type is not None
            assert wanted.type is not None
            said = cast(f"c{one}", now.type, wanted.type, simulation)
            if said is not None and not accepts(server, other, said):
                wrong.append(f"{now.type} -> {wanted.type}: {said} is refused")
            own = MORE_CASTS.get(major) in {str(now.type), str(wanted.type)}
            if said is None and not own and accepts(server, other, f"c{one}::{wanted.type}"):
                wrong.append(f"{now.type} -> {wanted.type}: a cast is there")
        assert "\n".join(wrong) == ""
    finally:
        server.execute("RESET ALL; DROP SCHEMA casts CASCADE")


def accepts(server: Session, column: int, value: str) -> bool:
    """Whether the server takes the expression for the column."""
    try:
        server.execute(f"EXPLAIN UPDATE x SET c{column} = {value}")
    except psycopg.Error:
        return False
    return True
