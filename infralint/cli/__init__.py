"""The command line: each command fills one options object, calls the engine and hands the report to a reporter."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from infralint import __version__
from infralint.cli.options import CONTEXT

COMMANDS = {
    "audit": "infralint.cli.audit:audit",
    "baseline": "infralint.cli.baseline:baseline_command",
    "check": "infralint.cli.check:check_command",
    "checks": "infralint.cli.manual:checks_command",
    "completion": "infralint.cli.completion:completion",
    "explain": "infralint.cli.manual:explain",
    "init": "infralint.cli.init:init_command",
    "man": "infralint.cli.man:man_command",
    "schema": "infralint.cli.schema:schema_command",
    "test-checks": "infralint.cli.testing:test_checks_command",
    "trace": "infralint.cli.trace:trace_command",
}
"""Each command's module and function, loaded when it is called."""


class LazyGroup(click.Group):
    """Commands that are loaded by need: `infralint explain` must not pay for the engine."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; one that Ctrl-C stops ends with 130, as programs do, and not as one that found something. One
        that fails in a way that nobody foresaw ends with 2, as bad input does."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("\ninfralint: stopped", err=True)
            ctx.exit(130)
        except (click.exceptions.NoArgsIsHelpError, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except click.UsageError as error:
            from infralint.text.display import visible_lines

            raise click.UsageError(visible_lines(error.format_message()), error.ctx) from error
        except click.ClickException:
            raise
        except Exception as error:
            from infralint.project.guard import describe_fault
            from infralint.text.writing import is_of_printing

            if is_of_printing(error):
                raise
            if isinstance(error, FileNotFoundError) and _is_nowhere():
                click.echo("infralint: the folder that this runs in is not there any more", err=True)
                ctx.exit(2)
            click.echo(f"infralint: nothing is judged: {describe_fault(error)}", err=True)
            if {"-v", "--verbose"} & set(sys.argv):
                raise
            ctx.exit(2)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, _, name = COMMANDS.get(cmd_name, "").partition(":")
        command: click.Command | None = getattr(import_module(module), name) if module else None
        return command


def _is_nowhere() -> bool:
    """Whether somebody took the working folder away."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


@click.group(cls=LazyGroup, context_settings=CONTEXT)
@click.version_option(__version__, message="infralint %(version)s")
def cli() -> None:
    """Will a token stream (SSE) or a WebSocket survive every hop between the browser and the model?"""
