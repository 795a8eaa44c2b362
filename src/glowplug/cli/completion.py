"""``glowplug completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      glowplug completion bash > ~/.local/share/bash-completion/completions/glowplug
      glowplug completion zsh > "${fpath[1]}/_glowplug"
      glowplug completion fish > ~/.config/fish/completions/glowplug.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion is known for {shell}")
    root = context.find_root().command
    click.echo(kind(root, {}, "glowplug", "_GLOWPLUG_COMPLETE").source())
