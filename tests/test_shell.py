"""What a shell and man(1) get: completions that are right, and a manual page that says everything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from conftest import run

from infralint.cli import cli
from infralint.engine.registry import built_in_folder, built_in_names, load_checks

GROFF = shutil.which("groff")
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


def complete_in_bash(*words: str) -> list[str]:
    """What bash offers for the last word, with the script that infralint prints."""
    quoted = " ".join(f"'{word}'" for word in words)
    script = (
        f'eval "$(infralint completion bash)"; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1};'
        ' _infralint_completion infralint; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", script], env=os.environ | {"PATH": PATH}, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes_commands_options_and_checks() -> None:
    assert complete_in_bash("infralint", "ba") == ["baseline"]
    assert complete_in_bash("infralint", "check", "--changed") == ["--changed-since"]
    assert complete_in_bash("infralint", "check", "--select", "missing-st") == ["missing-sticky-sessions"]
    assert complete_in_bash("infralint", "check", "--ignore", "drift,buff") == ["drift,buffered-stream"]
    assert complete_in_bash("infralint", "audit", "aws", "--fail-on", "w") == ["warning"]
    assert complete_in_bash("infralint", "completion", "z") == ["zsh"]
    groups = {check.group for check in load_checks(built_in_folder())}
    assert set(complete_in_bash("infralint", "explain", "")) == groups | set(built_in_names())


@pytest.mark.parametrize(
    ("shell", "words", "index", "offered"),
    [
        ("zsh", "infralint explain cap", "2", "plain\ncapped-stream\n_\n"),
        ("fish", "infralint explain cap", "cap", "capped-stream"),
    ],
)
def test_other_shells_ask_for_the_same(shell: str, words: str, index: str, offered: str) -> None:
    script = run("completion", shell).output
    assert f"_INFRALINT_COMPLETE={shell}_complete" in script
    asked = {"_INFRALINT_COMPLETE": f"{shell}_complete", "COMP_WORDS": words, "COMP_CWORD": index, "PATH": PATH}
    done = subprocess.run(["infralint"], env=os.environ | asked, capture_output=True, text=True)
    assert offered in done.stdout


def commands(command: click.Command, context: click.Context) -> list[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        return [(context.command_path, command)]
    children = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [
        found
        for name, child in children
        if child is not None
        for found in commands(child, click.Context(child, info_name=name, parent=context))
    ]


def test_the_manual_page_has_every_command_and_option() -> None:
    page = run("man").output.replace("\\-", "-")
    assert "INFRALINT_CACHE" in page
    sections = {part.partition("\n")[0]: part for part in page.split(".SS ")[1:]}
    found = commands(cli, click.Context(cli, info_name="infralint"))
    assert sections.keys() == {name for name, _ in found}
    for name, command in found:
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.opts[-1] in sections[name], name


def test_nothing_in_the_manual_page_is_taken_for_a_request() -> None:
    """Lines that begin with a full stop are man(7)'s own; those with an apostrophe would be."""
    lines = run("man").output.splitlines()
    requests = {line.split(" ")[0] for line in lines if line.startswith(".")}
    assert requests <= {".TH", ".SH", ".SS", ".TP", ".PP", ".B"}
    assert not [line for line in lines if line.startswith("'")]


@pytest.mark.skipif(GROFF is None, reason="man(1) is not installed here")
def test_man_shows_it() -> None:
    done = subprocess.run(
        [str(GROFF), "-man", "-ww", "-Tascii", "-P-cbou"], input=run("man").output, capture_output=True, text=True
    )
    assert done.stderr == ""
    words = " ".join(done.stdout.split())
    assert "infralint - judge whether a token stream (SSE) or a WebSocket survives every hop" in words
    assert "--changed-since REV Only what a change since this git revision touches or brings." in words
