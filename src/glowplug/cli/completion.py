"""``glowplug completion``."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    A new shell completes then; zsh where `fpath+=~/.zfunc` stands before compinit in ~/.zshrc.

    \b
    Examples:
      mkdir -p ~/.local/share/bash-completion/completions
      glowplug completion bash > ~/.local/share/bash-completion/completions/glowplug
    \b
      mkdir -p ~/.zfunc
      glowplug completion zsh > ~/.zfunc/_glowplug
    \b
      mkdir -p ~/.config/fish/completions
      glowplug completion fish > ~/.config/fish/completions/glowplug.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion is known for {shell}")
    root = context.find_root().command
    click.echo(kind(root, {}, "glowplug", "_GLOWPLUG_COMPLETE").source())
