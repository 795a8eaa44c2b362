"""Names of migration directories, usual and odd."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

_WORDS = ("create_users", "add_posts", "drop_x", "fix", "Größe", "a_b_c", "0", "")

# Kind, then names that show it; each is one directory, some of them share a version on purpose.
_ODD: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("underscores-in-date", ("2024_01_01_000000_a", "2024_02_02_000000_b")),
    ("underscores-in-date", ("2023_05_05_000000_only",)),
    ("no-underscore", ("foo", "2024-03-03")),
    ("leading-underscore", ("_x",)),
    ("leading-underscore", ("-_x", "--")),
    ("unicode", ("ünï_x", "uni_y", "u\u0308ni_z")),
    ("unicode", ("\N{ROCKET}_x", "\uffee_y")),
    ("space", ("2024 01_x", "2024_y z", "a b")),
    ("trailing-space", ("abc _x", "abc_y")),
    ("fifty", ("v" * 50 + "_x",)),
    ("very-long", ("w" * 51 + "_x",)),
    ("very-long", ("2024-06-06-" + "0" * 60 + "_x",)),
    ("long-name", ("2024-07-07-000000_" + "n" * 230,)),
    ("mixed-length", ("1_a", "2_b", "10_c", "010_d")),
    ("mixed-length", ("9_a", "10_b")),
    ("case", ("Alpha_x", "beta_y", "GAMMA_z")),
    ("case-collision", ("abc_x", "ABC_y")),
    ("accent-collision", ("cafe_x", "caf\N{LATIN SMALL LETTER E WITH ACUTE}_y")),
    ("quote", ("o'hara_x", 'q"t_y', "back\\slash_z")),
    ("markup", ("$(touch x)_y", "<b>_z", "100%s_x", "::error::_a")),
    ("newline", ("line\nbreak_x",)),
    ("escape", ("\x1b[31mred_x",)),
    ("initial", ("00000000000000_diesel_initial_setup",)),
    ("new-style", ("2026-07-13-150329-0000_x", "2026-07-13-150329-0001_y")),
    ("dashes", ("2024-10-10_x", "202410-09_y", "2-0-2-4-1011_z")),
    ("not-utf8", ("2024-\udcff_x",)),
    ("not-utf8", ("bad\udcfe_x", "bad\udcff_y")),
    ("backend-name", ("sqlite", "mysql")),
    ("full-stop", ("1.2_x", "1.10_y")),
)

# Pairs whose versions are one.
_DUPLICATES = (
    ("2024-09-09-000000_one", "20240909000000_two"),
    ("2024-09-09-000000_one", "2024-09-09-000000_two"),
    ("5_one", "5_two"),
    ("7_one", "7"),
    ("same_a", "sa-me_b"),
)


def choose(chance: random.Random, kinds: set[str]) -> list[str]:
    """Choose the names of one layout, none twice, in the order in which they are to be written."""
    if chance.randrange(100) < 3:
        kinds.add("no-migration")
        return []
    count = chance.randint(1, 6)
    found = [
        f"20{chance.randint(17, 25)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}-{number:06}_"
        + chance.choice(_WORDS)
        for number in range(count)
    ]
    found.sort()
    if chance.randrange(100) < 45:
        for _ in range(chance.randint(1, 2)):
            kind, odd = chance.choice(_ODD)
            kinds.add(kind)
            found += odd
    if chance.randrange(100) < 12:
        kinds.add("duplicate")
        found += chance.choice(_DUPLICATES)
    return list(dict.fromkeys(found))


def version_of(name: str) -> str:
    """Cut the version out of a directory's name."""
    return name.split("_", 1)[0].replace("-", "")
