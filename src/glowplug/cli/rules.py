"""``glowplug rules``."""

from __future__ import annotations

import json

import click

from glowplug.check.explain import all_pages
from glowplug.cli._options import everywhere


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@everywhere()
def command(form: str, *, verbose: int, quiet: bool, color: str) -> None:
    """List everything that is looked for: name, kind, severity, harm, backends, hazards.

    Of the kinds, `[review.severity]` of glowplug.toml can weigh the review alone; what the files, the rehearsal and
    the history show is accepted where it holds, by `[[allow]]`.

    \b
    Examples:
      glowplug rules
      glowplug rules --format json
    """
    del verbose, quiet, color
    found = all_pages()
    if form == "json":
        listed = [
            {
                "name": page.name,
                "kind": kind.value,
                "harm": page.harm.value,
                "severity": page.severity,
                "hazards": list(page.hazards),
                "dialects": [dialect.value for dialect in page.dialects],
                "summary": page.summary,
            }
            for kind, page in found
        ]
        click.echo(json.dumps({"schema": "glowplug.rules/1", "rules": listed}, indent=2))
        return
    rows = [
        (
            page.name,
            kind.value,
            page.severity,
            page.harm.value,
            ",".join(dialect.value for dialect in page.dialects),
            ",".join(map(str, page.hazards)),
        )
        for kind, page in found
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row, (_, page) in zip(rows, found, strict=True):
        facts = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))
        click.echo(f"{facts}  {page.summary}".rstrip())
