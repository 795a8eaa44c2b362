"""``glowplug rules``."""

from __future__ import annotations

import json

import click

from glowplug.cli._options import everywhere
from glowplug.review.page import pages


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@everywhere
def command(form: str, *, verbose: int, quiet: bool, color: str) -> None:
    """List the rules of the review: name, severity, harm, backends, hazards.

    \b
    Examples:
      glowplug rules
      glowplug rules --format json
    """
    del verbose, quiet, color
    found = pages()
    if form == "json":
        listed = [
            {
                "name": page.name,
                "harm": page.harm.value,
                "severity": page.severity,
                "hazards": list(page.hazards),
                "dialects": [dialect.value for dialect in page.dialects],
                "summary": page.summary,
            }
            for page in found
        ]
        click.echo(json.dumps({"schema": "glowplug.rules/1", "rules": listed}, indent=2))
        return
    rows = [
        (
            page.name,
            page.severity,
            page.harm.value,
            ",".join(dialect.value for dialect in page.dialects),
            ",".join(map(str, page.hazards)),
        )
        for page in found
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, page in zip(rows, found, strict=True):
        facts = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        click.echo(f"{facts}  {page.summary}")
