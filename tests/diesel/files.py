"""The files of one migration directory: SQL that a backend's module wrote, and what befalls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

    from .layouts import Content
    from .sql import Author, Pair

METADATA: tuple[tuple[str, bytes | None], ...] = (
    ("true", b"run_in_transaction = true\n"),
    ("false", b"run_in_transaction = false\n"),
    ("false", b"run_in_transaction = false"),
    ("empty", b""),
    ("comment", b"# run_in_transaction = true\n"),
    ("misspelt", b"run_in_transactions = true\n"),
    ("other-case", b"Run_In_Transaction = true\n"),
    ("other-keys", b'owner = "data team"\nticket = 12\n'),
    ("unknown-beside-true", b'run_in_transaction = true\nowner = "x"\n[lint]\nskip = [1, "a", 2024-01-01]\n'),
    ("unknown-beside-false", b"[lint]\nskip = []\n[[step]]\nn = 1.5\n[x.y]\nrun_in_transaction = true\n"),
    ("in-a-table", b"[migration]\nrun_in_transaction = true\n"),
    ("dotted", b"migration.run_in_transaction = true\n"),
    ("quoted-key", b'"run_in_transaction" = false\n'),
    ("malformed", b"run_in_transaction = \n"),
    ("malformed", b"run_in_transaction: false\n"),
    ("malformed", b"run_in_transaction = false\n}\n"),
    ("twice", b"run_in_transaction = false\nrun_in_transaction = false\n"),
    ("wrong-type", b'run_in_transaction = "false"\n'),
    ("wrong-type", b"run_in_transaction = 0\n"),
    ("wrong-type", b"run_in_transaction = []\n"),
    ("upper-case-value", b"run_in_transaction = False\n"),
    ("bom", b"\xef\xbb\xbfrun_in_transaction = false\n"),
    ("crlf", b"run_in_transaction = false\r\nx = 1\r\n"),
    ("lone-cr", b"run_in_transaction = false\rx = 1\r"),
    ("nul", b"run_in_transaction = false\n\0"),
    ("control", b"run_in_transaction = false # \x01\n"),
    ("invalid-utf8", b"run_in_transaction = false # \xff\n"),
    ("unicode", 'run_in_transaction = false # größer\nname = "\N{ROCKET}"\n'.encode()),
    ("big-number", b"run_in_transaction = false\nn = 99999999999999999999\n"),
    ("special-float", b"run_in_transaction = false\nn = [nan, inf, 1e400, 0x1F, 1_000]\n"),
    ("date", b"run_in_transaction = false\nd = 2024-02-30\n"),
    ("toml-1.1", b"run_in_transaction = false\nn = { a = 1,\n b = 2, }\n"),
    ("toml-1.1", b'run_in_transaction = false\nn = "\\e[0m\\x41"\n'),
    ("toml-1.1", b"run_in_transaction = false\nn = 07:32\n"),
    ("directory", None),
)


def migration(
    chance: random.Random,
    author: Author,
    content: Content,
    kinds: set[str],
) -> dict[str, bytes | None]:
    """Write one migration's files; None stands for a directory in a file's place."""
    weights, pieces = zip(*content.PIECES, strict=True)
    drawn = chance.choices(pieces, weights, k=chance.randint(1, 3))
    if not author.tables and chance.randrange(100) < 90:
        drawn[0] = pieces[0]  # a table: most others need one
    pairs: list[Pair] = []
    for piece in drawn:
        pair = piece(author)
        if not (pair.alone and pairs and chance.randrange(100) < 70):
            pairs.append(pair)
        if pair.alone and len(pairs) == 1 and chance.randrange(100) < 70:
            break
    alone = any(pair.alone for pair in pairs)
    kinds |= {pair.kind for pair in pairs}
    ups = [statement for pair in pairs for statement in pair.up]
    downs = [statement for pair in reversed(pairs) for statement in pair.down]
    found: dict[str, bytes | None] = {}
    metadata = None
    if chance.randrange(100) < (85 if alone else 40):
        name, metadata = ("false", METADATA[1][1]) if alone and chance.randrange(100) < 60 else chance.choice(METADATA)
        kinds.add(f"metadata-{name}")
        found["metadata.toml"] = metadata
    if chance.randrange(100) < 45 and not alone:
        ups.append(content.PROBE.replace("{n}", str(author.next_number())))
        kinds.add("probe")
    found["up.sql"] = _spoil("up", ups, chance, content, kinds, percent=9)
    down = _spoil("down", downs, chance, content, kinds, percent=24)
    if down is None and chance.randrange(100) < 75:
        kinds.add("down-missing")
    else:
        found["down.sql"] = down
    items = list(found.items())
    chance.shuffle(items)
    return dict(items)


def _spoil(
    which: str,
    statements: list[str],
    chance: random.Random,
    content: Content,
    kinds: set[str],
    *,
    percent: int,
) -> bytes | None:
    """Join statements into a file's bytes, and with that probability let something befall them."""
    joined = ";\n".join(statements) + chance.choice((";\n", ";\n", ";", ""))
    if chance.randrange(100) >= percent:
        return joined.encode()
    kind, made = chance.choice(_SPOILT)(statements, joined, chance, content)
    kinds.add(f"{which}-{kind}")
    return made


def _fault(statements: list[str], _joined: str, chance: random.Random, content: Content) -> tuple[str, bytes | None]:
    position = chance.choice((0, len(statements) // 2, len(statements)))
    place = {0: "first", len(statements): "last"}.get(position, "middle")
    return f"fault-{place}", _with(statements, position, chance.choice(content.FAULTS))


def _control(statements: list[str], _joined: str, chance: random.Random, _content: Content) -> tuple[str, bytes | None]:
    word = chance.choice(("COMMIT", "ROLLBACK", "BEGIN", "COMMIT AND CHAIN", "SAVEPOINT a", "END"))
    position = chance.choice((0, len(statements) // 2, len(statements)))
    return word.lower().replace(" ", "-"), _with(statements, position, word)


def _wrapped(statements: list[str], _joined: str, chance: random.Random, content: Content) -> tuple[str, bytes | None]:
    if chance.randrange(2):
        return "wrapped", _with(["BEGIN", *statements], len(statements) + 1, "COMMIT")
    return "commit-then-fault", _with(statements, len(statements), f"COMMIT;\n{chance.choice(content.FAULTS)}")


def _with(statements: list[str], position: int, extra: str) -> bytes:
    return (";\n".join([*statements[:position], extra, *statements[position:]]) + ";\n").encode()


def _bytes(statements: list[str], joined: str, chance: random.Random, _content: Content) -> tuple[str, bytes | None]:
    plain = joined.encode()
    variants: tuple[tuple[str, bytes | None], ...] = (
        ("empty", b""),
        ("empty", b""),
        ("directory", None),
        ("directory", None),
        ("comment-only", b"-- Your SQL goes here\n"),
        ("comment-only", b"/* nothing */"),
        ("white-space", b" \n\t\n"),
        ("semicolon", b";"),
        ("semicolons", b";;\n" + plain + b";;"),
        ("bom", b"\xef\xbb\xbf" + plain),
        ("crlf", plain.replace(b"\n", b"\r\n")),
        ("nul-last", plain + b"\0"),
        ("nul-middle", b";\n\0".join(part.encode() for part in (*statements, "SELECT 1"))),
        ("nul-first", b"\0" + plain),
        ("invalid-utf8", plain + b"-- \xff\n"),
        ("invalid-utf8", plain + b"-- \xed\xa0\x80\n"),
        ("unfinished-comment", plain + b"/* and so on"),
        ("unfinished-string", plain + b"SELECT 'abc"),
        ("trailing-comment", plain.rstrip(b";\n") + b"; -- the end"),
        ("commented", b"-- first; this\n/* then; /* that */\n" + plain),
        ("selects", b"SELECT 1; SELECT 2 WHERE 1 = 0;\n" + plain),
        ("no-break-space", "\u00a0".encode() + plain),
    )
    return chance.choice(variants)


_SPOILT = (_fault, _fault, _control, _control, _wrapped, _bytes, _bytes, _bytes)
