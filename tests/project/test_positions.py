"""Where the keys of a TOML file stand."""

from __future__ import annotations

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from glowplug.project.positions import line_of

DOCUMENT = b'''# a comment = 1
top.dotted = 1
[x.y]
text = """
[no.table]
no = "key"
"""  # x
"quoted.key" = { inside = 1, 'literal' = [1, 2] }
literal = \'\'\'
k = 1\'\'\'

[[chain]]
migrations = "a"  # [[chain]]
[[chain]]
migrations = "b"
list = [
  # a comment
  "one",
  "two", { deep = 3 },
]
[chain.sub]
key = 1
[[chain.inner]]
[[chain.inner]]
date = 2026-12-31
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("top", "dotted"), 2),
        (("x",), 3),
        (("x", "y", "text"), 4),
        (("x", "y", "quoted.key"), 8),
        (("x", "y", "quoted.key", "inside"), 8),
        (("x", "y", "quoted.key", "literal", 1), 8),
        (("x", "y", "literal"), 9),
        (("chain",), 12),
        (("chain", 0), 12),
        (("chain", 0, "migrations"), 13),
        (("chain", 1), 14),
        (("chain", 1, "migrations"), 15),
        (("chain", 1, "list", 0), 18),
        (("chain", 1, "list", 1), 19),
        (("chain", 1, "list", 2, "deep"), 19),
        (("chain", 1, "sub", "key"), 22),
        (("chain", 1, "inner", 1, "date"), 25),
        (("chain", 1, "missing"), 14),
        (("chain", 0, "sub"), 12),
        (("no", "table"), None),
        ((), None),
    ],
)
def test_line_of(path: tuple[str | int, ...], line: int | None) -> None:
    assert line_of(DOCUMENT, path) == line


keys = st.text(alphabet='ab.\\"é =#[]', max_size=4)
values = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=6) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(keys, values, max_size=5))
def test_every_key_of_a_generated_document_has_the_line_that_names_it(document: dict[str, object]) -> None:
    text = tomlkit.dumps(document)
    lines = text.split("\n")
    for key in document:
        line = line_of(text.encode(), (key,))
        assert line is not None
        spelled = tomlkit.key(key).as_string()
        assert lines[line - 1].lstrip("[").startswith(spelled)
