"""``glowplug explain``."""

from __future__ import annotations

import click

from glowplug.check.allow import known_rules
from glowplug.check.explain import explain
from glowplug.cli._options import everywhere


def _begun(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """Give the rules that begin so, for a shell to complete."""
    return sorted(rule for rule in known_rules() if rule.startswith(incomplete))


@click.command()
@click.argument("rule", shell_complete=_begun)
@everywhere()
def command(rule: str, *, verbose: int, quiet: bool, color: str) -> None:
    """Say what a rule finds, why it is harmful, what to write instead, and how that was proven.

    \b
    Examples:
      glowplug explain index-blocks-writes
      glowplug explain down-does-not-restore
    """
    del verbose, quiet, color
    click.echo(str(explain(rule)))
