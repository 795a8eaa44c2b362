from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema

from glowplug.check.report import Problem, conclude
from glowplug.errors import NothingToCheck
from glowplug.finding import Severity
from glowplug.report.json import render

if TYPE_CHECKING:
    from glowplug.check.report import CheckReport


def schema() -> dict[str, Any]:
    return json.loads(resources.files("glowplug.report").joinpath("check.schema.json").read_text("utf-8"))  # type: ignore[no-any-return]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_a_full_document_fits_the_published_schema_and_says_no_more_than_it(full_report: CheckReport) -> None:
    document = json.loads(render(full_report))
    jsonschema.validate(document, _closed(schema()))
    assert document["outcome"] == "error"
    first, second = document["chains"]
    assert [item["new"] for item in first["migrations"]] == [False, True]
    assert [item["round_trip"]["outcome"] for item in first["migrations"]] == ["restored", "differs"]
    assert first["findings"][1]["suppressed"]["source"] == "glowplug.toml"
    assert second["scratch"] is None
    assert {item["round_trip"]["outcome"] for item in second["migrations"]} == {"not_reached"}
    assert second["error"]["line"] == 3


def test_a_document_is_printed_where_nothing_could_be_checked() -> None:
    problem = Problem.of(NothingToCheck("there is no migration"))
    document = json.loads(render(conclude((), fail_on=Severity.ERROR, base=None, problem=problem)))
    jsonschema.validate(document, schema())
    assert document["outcome"] == "error"
    assert document["chains"] == []
    assert document["error"]["message"] == "there is no migration"


def test_a_document_is_plain_ascii_and_commands_no_runner(full_report: CheckReport) -> None:
    text = render(full_report)
    assert text.isascii()
    assert "\x1b" not in text
    assert "##[" not in text
    assert not [line for line in text.splitlines() if line.lstrip().startswith("::")]


def _closed(node: Any) -> Any:  # noqa: ANN401 - a JSON Schema
    """The same schema, but with no room for keys that it does not name: so that it can't fall behind."""
    if isinstance(node, dict):
        closed = {key: _closed(value) for key, value in node.items()}
        return {**closed, "additionalProperties": False} if "properties" in node else closed
    return [_closed(item) for item in node] if isinstance(node, list) else node
