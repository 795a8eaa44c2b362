"""Proofs of ``foreign-key-on-default-charset``."""

from __future__ import annotations

from glowplug.review.rules.fails.foreign_key_on_default_charset import ForeignKeyOnDefaultCharset
from tests.proof.proof import Proof

CHANGED = """
ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_swedish_ci; CREATE TABLE users (id {} PRIMARY KEY);
CREATE TABLE notes (user_id {} NOT NULL); ALTER DATABASE CHARACTER SET utf8mb4
"""
KEY = "FOREIGN KEY (user_id) REFERENCES users (id)"
SAID = "CHARSET latin1 COLLATE latin1_swedish_ci"

PROOFS = (
    *(
        Proof(
            title=f"{kind}, foreign_key_checks = {checks}",
            rule=ForeignKeyOnDefaultCharset,
            claims=ForeignKeyOnDefaultCharset.claims,
            setup=CHANGED.format(kind, kind),
            unsafe=f"CREATE TABLE posts (user_id {kind}, {KEY})",
            safe=(
                f"CREATE TABLE posts (user_id {kind}, {KEY}) {SAID}",
                f"ALTER TABLE notes ADD {KEY}",
            ),
            settings={"foreign_key_checks": checks},
        )
        for kind in ("char(36)", "varchar(36)")
        for checks in ("0", "1")
    ),
    Proof(
        title="another collation alone",
        rule=ForeignKeyOnDefaultCharset,
        claims=ForeignKeyOnDefaultCharset.claims,
        setup="CREATE TABLE users (id char(36) COLLATE utf8mb4_bin PRIMARY KEY)",
        unsafe=f"CREATE TABLE posts (user_id char(36) COLLATE utf8mb4_general_ci, {KEY})",
        safe=(f"CREATE TABLE posts (user_id char(40) COLLATE utf8mb4_bin, {KEY})",),
    ),
    Proof(
        title="what is silent",
        rule=ForeignKeyOnDefaultCharset,
        claims=ForeignKeyOnDefaultCharset.claims,
        setup=f"{CHANGED.format('char(36)', 'int')}; CREATE TABLE kinds (id enum('a') CHARSET latin1 PRIMARY KEY); "
        "CREATE TABLE keys_ (id binary(16) PRIMARY KEY); CREATE TABLE counts (id int PRIMARY KEY)",
        unsafe=f"CREATE TABLE posts (user_id char(36), {KEY})",
        safe=(
            "CREATE TABLE of_kinds (k enum('a') CHARSET utf8mb4, FOREIGN KEY (k) REFERENCES kinds (id))",
            "CREATE TABLE of_keys (k binary(16), FOREIGN KEY (k) REFERENCES keys_ (id))",
            "CREATE TABLE of_counts (k int, FOREIGN KEY (k) REFERENCES counts (id))",
        ),
    ),
)
