"""`infralint completion`: what a shell needs to complete commands, options and the names of checks."""

from __future__ import annotations

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


@click.command("completion", short_help="Print what completes commands in a shell.")
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print a script that completes infralint's commands, options and checks in a shell.

    bash: put `eval "$(infralint completion bash)"` into ~/.bashrc. zsh: the same, after compinit, into ~/.zshrc.
    fish: `infralint completion fish > ~/.config/fish/completions/infralint.fish`.
    """
    found = SHELLS[shell](context.find_root().command, {}, "infralint", "_INFRALINT_COMPLETE")
    click.echo(ShellComplete.source(found))
