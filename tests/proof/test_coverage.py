"""Every claim has a proof, and every proof a rule."""

from __future__ import annotations

from glowplug.dialect import Dialect
from glowplug.finding import Severity
from glowplug.review.claims import Claim, Fails, LockMode, Locks
from glowplug.review.rule import Rule, rules

from .proof import Proof, proofs


def unproven(every: tuple[Rule, ...], proven: tuple[Proof, ...]) -> list[tuple[str, Claim]]:
    """The claims that no proof executes, each with its rule."""
    missing: list[tuple[str, Claim]] = []
    for rule in every:
        shown = {claim for proof in proven if proof.rule is type(rule) for claim in proof.claims}
        missing += [(rule.name, claim) for claim in rule.claims if claim not in shown]
    return missing


def test_no_claim_is_without_a_proof() -> None:
    assert unproven(rules(), tuple(proof for of_a_rule in proofs().values() for proof in of_a_rule)) == []


def test_a_proof_stands_under_its_rules_name_and_proves_its_claims() -> None:
    known = {type(rule): rule for rule in rules()}
    for (harm, name), of_a_rule in proofs().items():
        assert of_a_rule, f"{harm}/{name}.py holds no proof"
        for proof in of_a_rule:
            assert proof.rule in known
            assert proof.rule.__module__.endswith(f".{harm}.{name}")
            assert proof.claims
            assert set(proof.claims) <= set(known[proof.rule].claims)


def test_titles_tell_the_proofs_of_a_rule_apart() -> None:
    for of_a_rule in proofs().values():
        titles = [proof.title for proof in of_a_rule]
        assert sorted(titles) == sorted(set(titles))


def test_a_claim_without_a_proof_is_seen() -> None:
    lock = Locks(dialect=Dialect.POSTGRES, on="table", mode=LockMode.SHARE)
    failure = Fails(dialect=Dialect.POSTGRES, code="42P01")

    class Claiming(Rule):
        hazards = (1,)
        dialects = frozenset({Dialect.POSTGRES})
        severity = Severity.ERROR
        claims = (lock, failure)

    one = Proof(rule=Claiming, claims=(lock,), unsafe="")
    name = Claiming().name
    assert unproven((Claiming(),), ()) == [(name, lock), (name, failure)]
    assert unproven((Claiming(),), (one,)) == [(name, failure)]
