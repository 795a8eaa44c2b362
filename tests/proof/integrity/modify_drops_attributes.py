"""Proofs of ``modify-drops-attributes``."""

from __future__ import annotations

from glowplug.review.rules.integrity.modify_drops_attributes import ModifyDropsAttributes
from tests.proof.proof import Proof, Question

NULLABLE, WITHOUT_DEFAULT, WITHOUT_COMMENT, OTHER_SET, WITHOUT_CHECK, REFUSED = ModifyDropsAttributes.claims
SETUP = """
CREATE TABLE notes (id int PRIMARY KEY AUTO_INCREMENT, body varchar(20) CHARACTER SET ascii NOT NULL DEFAULT '-'
COMMENT 'its text' CHECK (body <> '')) CHARSET utf8mb4
"""
UNSAFE = "ALTER TABLE notes MODIFY body varchar(40)"
WHOLE = "varchar(40) CHARACTER SET ascii NOT NULL DEFAULT '-' COMMENT 'its text' CHECK (body <> '')"
SAFE = (f"ALTER TABLE notes MODIFY body {WHOLE}",)
ASKED = "SELECT {} FROM information_schema.columns WHERE table_schema = DATABASE() AND column_name = 'body'"
CHECKS = "SELECT COUNT(*) FROM information_schema.check_constraints WHERE constraint_schema = DATABASE()"

PROOFS = (
    *(
        Proof(
            title=claim.what,
            rule=ModifyDropsAttributes,
            claims=(claim,),
            setup=SETUP,
            unsafe=UNSAFE,
            safe=SAFE,
            question=question,
        )
        for claim, question in (
            (NULLABLE, Question(sql=ASKED.format("is_nullable"), unsafe="YES", safe="NO")),
            (WITHOUT_DEFAULT, Question(sql=ASKED.format("column_default"), unsafe="NULL", safe="'-'")),
            (WITHOUT_COMMENT, Question(sql=ASKED.format("column_comment"), unsafe="", safe="its text")),
            (OTHER_SET, Question(sql=ASKED.format("character_set_name"), unsafe="utf8mb4", safe="ascii")),
            (WITHOUT_CHECK, Question(sql=CHECKS, unsafe="0", safe="1")),
        )
    ),
    Proof(
        title="the default is gone, and an INSERT relies on it",
        rule=ModifyDropsAttributes,
        claims=(REFUSED,),
        setup=SETUP,
        unsafe="ALTER TABLE notes MODIFY body varchar(40) NOT NULL; INSERT INTO notes (id) VALUES (1)",
        safe=(f"{SAFE[0]}; INSERT INTO notes (id) VALUES (1)",),
        settings={"sql_mode": "'STRICT_TRANS_TABLES'"},
    ),
    Proof(
        title="AUTO_INCREMENT is gone, and an INSERT relies on it",
        rule=ModifyDropsAttributes,
        claims=(REFUSED,),
        setup=SETUP,
        unsafe="ALTER TABLE notes MODIFY id bigint; INSERT INTO notes (body) VALUES ('a')",
        safe=("ALTER TABLE notes MODIFY id bigint AUTO_INCREMENT; INSERT INTO notes (body) VALUES ('a')",),
        settings={"sql_mode": "'STRICT_TRANS_TABLES'"},
    ),
)
