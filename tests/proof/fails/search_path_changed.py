"""Proofs of ``search-path-changed``."""

from __future__ import annotations

from glowplug.review.rules.fails.search_path_changed import SearchPathChanged
from tests.proof.proof import Proof

RECORD = "INSERT INTO diesel_record VALUES ('20240101000000')"
"""What Diesel sends after the file, to a table of public's."""

PROOFS = tuple(
    Proof(
        title=title,
        rule=SearchPathChanged,
        claims=SearchPathChanged.claims,
        setup="""
        DROP TABLE IF EXISTS public.diesel_record;
        CREATE TABLE public.diesel_record (version varchar(50) PRIMARY KEY);
        """,
        unsafe=f"{unsafe}; {RECORD}",
        safe=(f"SET search_path = shop, public; {RECORD}",),
    )
    for title, unsafe in (
        ("SET", "SET search_path = shop"),
        ("SET LOCAL", "SET LOCAL search_path = shop"),
        ("as pg_dump writes it", "SELECT pg_catalog.set_config('search_path', '', false)"),
    )
)
