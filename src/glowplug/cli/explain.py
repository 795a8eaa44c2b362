"""``glowplug explain``."""

from __future__ import annotations

import click

from glowplug.check.explain import explain
from glowplug.cli._options import everywhere


@click.command()
@click.argument("rule")
@everywhere
def command(rule: str, *, verbose: int, quiet: bool, color: str) -> None:
    """Say what a rule finds, why it is harmful, what to write instead, and how that was proven.

    \b
    Examples:
      glowplug explain index-blocks-writes
      glowplug explain down-does-not-restore
    """
    del verbose, quiet, color
    click.echo(str(explain(rule)))
