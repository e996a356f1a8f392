"""`infralint man`: the manual page of the command line, for man(1)."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator

import click

from infralint import __version__
from infralint.engine.pages import HOME

EXIT_STATUS = (
    ("0", "Clean, or nothing at or above --fail-on."),
    ("1", "Findings at or above --fail-on (warning, unless said otherwise)."),
    ("2", "Something could not be read, or the call was wrong; with --strict also where something could not be told."),
)
FILES = (
    ("infralint.yaml, .infralint.yaml, [tool.infralint] in pyproject.toml", "What streams, and how to be judged."),
    (".infralint-baseline.json", "The findings that are known and not reported: what infralint baseline writes."),
)
ENVIRONMENT = (
    ("NO_COLOR", "Where it is set, text has no colours."),
    (
        "INFRALINT_CACHE",
        "The folder in which infralint check keeps what it found, in place of infralint in XDG_CACHE_HOME or ~/.cache; "
        "empty: nothing is kept.",
    ),
    ("SOURCE_DATE_EPOCH", "Seconds since 1970: the time that reports bear, in place of now."),
    ("AWS_PROFILE, AWS_REGION", "And what else AWS's own programs read: whom infralint audit aws asks as, and where."),
)


@click.command("man", short_help="Print the manual page: infralint man | man -l -")
@click.pass_context
def man_command(context: click.Context) -> None:
    """Print the manual page: `infralint man | man -l -` shows it."""
    click.echo(man_page(context.find_root().command), nl=False)


def man_page(program: click.Command) -> str:
    """The manual page of a program and all its commands, in man(7)'s language."""
    root = click.Context(program, info_name="infralint", **program.context_settings)
    lines = [
        f'.TH INFRALINT 1 "" "infralint {__version__}" "User Commands"',
        ".SH NAME",
        f"infralint \\- {_escape('judge whether a token stream (SSE) or a WebSocket survives every hop')}",
        ".SH SYNOPSIS",
        ".B infralint",
        r"\fICOMMAND\fR [\fIOPTIONS\fR] [\fIARGUMENTS\fR]",
        ".SH DESCRIPTION",
        *_paragraphs(program.help or ""),
        ".SH COMMANDS",
        *_commands(root),
        ".SH EXIT STATUS",
        *_terms(EXIT_STATUS),
        ".SH FILES",
        *_terms(FILES),
        ".SH ENVIRONMENT",
        *_terms(ENVIRONMENT),
        ".SH SEE ALSO",
        f"{_escape('infralint explain CHECK prints the page of a check;')} {_escape(HOME)}",
    ]
    return "\n".join(lines) + "\n"


def _commands(root: click.Context) -> Iterator[str]:
    """A section each of the commands that do something, those of a group by their whole names."""
    for context in commands_below(root):
        command = context.command
        yield f".SS {_escape(context.command_path)}"
        yield f"\\fB{_escape(context.command_path)}\\fR {_escape(' '.join(command.collect_usage_pieces(context)))}"
        yield ".PP"
        yield from _paragraphs(command.help or "")
        yield from _terms(option_records(context))


def commands_below(context: click.Context) -> Iterator[click.Context]:
    """The contexts of the commands that do something: of a command itself, or of all in a group."""
    group = context.command
    if not isinstance(group, click.Group):
        yield context
        return
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if found is not None:
            yield from commands_below(click.Context(found, info_name=name, parent=context))


def option_records(context: click.Context) -> list[tuple[str, str]]:
    """The options of a command, each as it is written and what it does."""
    records = (parameter.get_help_record(context) for parameter in context.command.get_params(context))
    return [record for record in records if record is not None]


def _terms(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, meaning in pairs:
        yield from (".TP", f"\\fB{_escape(term)}\\fR", _escape(meaning))


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        yield from (_escape(" ".join(paragraph.split())), ".PP")


def _escape(text: str) -> str:
    """Text that man(7) takes for nothing but text."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq").replace("`", r"\(ga")
    return rf"\&{escaped}" if escaped.startswith(".") else escaped
